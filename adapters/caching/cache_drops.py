"""What was dropped from a store lately, so that nothing is put that was fetched before. Pure.

An answer is on its way for a while. If what it tells of is changed and dropped meanwhile, it must not be put when
it arrives, or it would stay for its whole life. Whoever fetches takes a moment of `Drops` first, and a store
(`adapters/caching/cache_store.py`) asks on putting whether key or tags were dropped since.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, TypeAlias

MOST: Final = 4096
"""Names that are remembered. Of older ones it is only known when the youngest of them was dropped."""

Name: TypeAlias = bytes | str
"""A key or a tag."""


class Drops:
    """When names were dropped, on a clock that counts drops."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._at: OrderedDict[Name, int] = OrderedDict()
        self._forgotten = 0
        self.moment = 0

    def record(self, names: Iterable[Name]) -> None:
        """These are dropped now."""
        self.moment += 1
        for name in names:
            self._at.pop(name, None)
            self._at[name] = self.moment
        while len(self._at) > self._most:
            _, self._forgotten = self._at.popitem(last=False)

    def everything(self) -> None:
        """All there is was dropped, whatever its name."""
        self.moment += 1
        self._at.clear()
        self._forgotten = self.moment

    def any_since(self, moment: int, names: Iterable[Name]) -> bool:
        """Whether one of the names was dropped after that moment, or may have been."""
        if moment == self.moment:
            return False
        return moment < self._forgotten or any(self._at.get(name, 0) > moment for name in names)
