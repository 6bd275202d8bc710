"""What is given of a parent to those who make calls from it: its properties, where they stand in its JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Get: TypeAlias = Callable[[Any], Any]
Given: TypeAlias = tuple[tuple[tuple[str, ...], Get], ...]
"""Paths of a parent's properties, each with what gets it of the parent as it was decoded."""


def given_of(of: Given, parent: Any) -> Any:
    """The JSON of a parent, as far as it is needed; None where nothing is."""
    made: dict[str, Any] = {}
    for path, get in of:
        here = made
        for name in path[:-1]:
            here = here.setdefault(name, {})
        here[path[-1]] = get(parent)
    return made or None
