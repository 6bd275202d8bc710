"""Collecting mistakes while a schema is bound: every one with the place in the project's code that it is
about.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapters.mistake import Mistake, ProjectError
from graph.declaring.declare import Position


class Mistakes:
    """A list that only grows; `raise_if_any` ends it."""

    def __init__(self) -> None:
        self.found: list[Mistake] = []

    def at(self, position: Position, path: str, message: str) -> None:
        """Note a mistake at a place. `path` is what it is about, as `User.email`."""
        self.found.append(Mistake(position.file, position.line, path, message))

    def add(self, mistakes: Iterable[Mistake]) -> None:
        """Note mistakes found elsewhere, as in a contract."""
        self.found.extend(mistakes)

    def raise_if_any(self) -> None:
        """Raises ProjectError with every mistake noted."""
        if self.found:
            raise ProjectError(self.found)
