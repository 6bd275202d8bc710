"""A mistake in a project: what is wrong and where. Collected, never raised one by one; told together in one
`ProjectError`.

Contract reading (`adapters/contract/openapi.py`), settings and binding (`graph/`) all report in this form; the
command line prints one line each.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MOST_LISTED: Final = 12


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake. `line` counts from 1, 0 where it is not known; `path` is a JSON path or a dotted name, or
    empty.
    """

    file: Path
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class ProjectError(Exception):
    """A project that cannot be served. `mistakes` holds every one, ordered by file and line, each once."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(str(one) for one in self.mistakes))


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the known name most like `name`, or an empty string where none is like it."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {found[0]!r}?" if found else ""


def suggested(name: str, known: Iterable[str]) -> str:
    """What `nearest` gives; where none is like it, those there are, twelve at most: `; there are 'a', 'b'`."""
    names = sorted(known)
    if found := nearest(name, names):
        return found
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return f"; there are {', '.join(map(repr, names[:_MOST_LISTED]))}{more}" if names else ""
