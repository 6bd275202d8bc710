"""What each of several workers may use of a limit that lives in a process. Pure.

`graph/worker.py` serves with the settings so divided; `stolon check --workers N` says what they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import msgspec

from graph.settings import Settings

DIVIDED: Final = ("connections", "streams")
"""Of `[limits]`."""
KEPT: Final = ("documents", "document_bytes")
"""Of `[limits]`, and of a process too: documents are parsed anew by each worker, so that each keeps as many."""


@dataclass(frozen=True, slots=True)
class Share:
    """A limit by its place in the project file: the whole of it, and what each worker has."""

    limit: str
    whole: int
    each: int

    def said(self, workers: int) -> str:
        """One line for people."""
        if self.each == self.whole and workers > 1:
            return f"{self.limit}: {self.whole} in each of {workers} workers"
        return f"{self.limit}: {self.whole}, of which each of {workers} workers has {self.each}"


def share(whole: int, workers: int) -> int:
    """What one of so many workers may use: at least 1, and together never less than the whole."""
    return max(1, -(-whole // workers))


def shares(settings: Settings, workers: int) -> Iterator[Share]:
    """Every limit that lives in a process, in the project file's order."""
    for name in DIVIDED:
        whole = getattr(settings.limits, name)
        yield Share(f"limits.{name}", whole, share(whole, workers))
    for name in KEPT:
        whole = getattr(settings.limits, name)
        yield Share(f"limits.{name}", whole, whole)
    for name, service in settings.services.items():
        yield Share(f"services.{name}.connections", service.connections, share(service.connections, workers))


def divided(settings: Settings, workers: int) -> Settings:
    """The settings of one of so many workers."""
    limits = {name: share(getattr(settings.limits, name), workers) for name in DIVIDED}
    services = {
        name: msgspec.structs.replace(service, connections=share(service.connections, workers))
        for name, service in settings.services.items()
    }
    return msgspec.structs.replace(
        settings,
        limits=msgspec.structs.replace(settings.limits, **limits),
        services=MappingProxyType(services),
    )
