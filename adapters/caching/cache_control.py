"""The directives of `Cache-Control` (RFC 9111, section 5.2), of requests and answers alike. Pure.

`adapters/caching/cache_life.py` and `adapters/caching/cache_reuse.py` ask. A directive that says something
unreadable is read as what keeps less: a life that is no number is over (section 4.2.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MOST_SECONDS: Final = 1 << 31
"""A number of seconds that is greater counts as this one (RFC 9111, section 1.2.2)."""

# A quoted text may hold commas, which end nothing. One that never ends reaches to the end.
_ITEM: Final = re.compile(r'[^,"]*(?:"(?:[^"\\]|\\.)*(?:"|$)[^,"]*)*', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_SECONDS: Final = re.compile("[0-9]+")


@dataclass(frozen=True, slots=True)
class Directives:
    """What a `Cache-Control` says. Names are in lower case; a directive without an argument has None."""

    said: dict[str, str | None]

    def __contains__(self, name: str) -> bool:
        return name in self.said

    def seconds(self, name: str) -> int | None:
        """The directive's seconds; None where it is not there, 0 where its argument is no whole number."""
        if name not in self.said:
            return None
        return delta_seconds(self.said[name] or "") or 0


NOTHING: Final = Directives({})


def directives(text: str | None) -> Directives:
    """The directives of a field's value; None for a field that is not there.

    Of a directive that comes more than once the first holds (RFC 9111, section 4.2.1). An argument in quotes is the
    same as one without (section 5.2).
    """
    if not text:
        return NOTHING
    said: dict[str, str | None] = {}
    for name, argument in _items(text):
        said.setdefault(name, argument)
    return Directives(said)


def delta_seconds(text: str) -> int | None:
    """Whole seconds, not negative (RFC 9111, section 1.2.2); None for anything else."""
    if not _SECONDS.fullmatch(text):
        return None
    return MOST_SECONDS if len(text.lstrip("0")) > 10 else min(int(text), MOST_SECONDS)


def _items(text: str) -> Iterator[tuple[str, str | None]]:
    for item in _ITEM.findall(text):
        name, equals, argument = item.strip().partition("=")
        if not name:
            continue
        if len(argument) > 1 and argument[0] == argument[-1] == '"':
            argument = _ESCAPED.sub(r"\1", argument[1:-1])
        yield name.lower(), argument if equals else None
