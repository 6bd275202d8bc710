"""What is read off the gateway from outside: its memory and sockets from the system, its metrics from its second
address.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Gauge:
    """The gateway's process at one moment: bytes of memory, and open sockets."""

    resident: int
    sockets: int


def gauge(pid: int) -> Gauge:
    """Of a process of this machine (Linux, proc(5))."""
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    return Gauge(resident, sum(map(_is_socket, Path(f"/proc/{pid}/fd").iterdir())))


def _is_socket(entry: Path) -> bool:
    try:
        return os.readlink(entry).startswith("socket:")
    except FileNotFoundError:  # closed meanwhile
        return False


@dataclass(frozen=True, slots=True)
class Figures:
    """All samples of `/metrics`, by name and labels."""

    samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float]

    def by(
        self, name: str, label: str, fits: Callable[[Mapping[str, str]], bool] = lambda _: True
    ) -> dict[str, float]:
        """The sums of a name's samples for each value of a label."""
        found: dict[str, float] = {}
        for (one, labels), value in self.samples.items():
            told = dict(labels)
            if one == name and label in told and fits(told):
                found[told[label]] = found.get(told[label], 0.0) + value
        return found

    def all(self, name: str) -> float:
        """The sum of a name's samples."""
        return sum(value for (one, _), value in self.samples.items() if one == name)


async def figures(session: aiohttp.ClientSession, url: str) -> Figures:
    """What the second address tells now."""
    async with session.get(f"{url}/metrics") as response:
        response.raise_for_status()
        text = await response.text()
    return Figures(
        {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
    )
