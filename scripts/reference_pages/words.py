"""What people say of settings, codes and metrics: `docs/reference/words.toml`, one short table for each page.

Every page asks for the words of what it shows. What has none is `untold`, and what is told of but is not there any
more is `stale`: `tests/docs/test_reference.py` wants neither.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

UNTOLD = "(not described yet)"


@dataclass(slots=True)
class Words:
    """The words by table and name, and what was asked for so far."""

    tables: dict[str, dict[str, str]]
    asked: set[tuple[str, str]] = field(default_factory=set)
    untold: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, file: Path) -> Words:
        """The words in a file."""
        return cls(tomllib.loads(file.read_text(encoding="utf-8")))

    def of(self, table: str, name: str, otherwise: str | None = None) -> str:
        """What is said of a name, or else what the code says of it itself."""
        self.asked.add((table, name))
        told = self.tables.get(table, {}).get(name) or otherwise
        if told is None:
            self.untold.append(f"{table}: {name}")
            return UNTOLD
        return " ".join(told.split())

    @property
    def stale(self) -> list[str]:
        """What is told of and was never asked for."""
        told = {(table, name) for table, names in self.tables.items() for name in names}
        return sorted(f"{table}: {name}" for table, name in told - self.asked)
