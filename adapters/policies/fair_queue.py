"""A bounded queue in which nobody waits for another's crowd: each party has a line of its own, and lines take turns.

`adapters/policies/limit.py` queues calls by their callers' partition. A party with a thousand calls in the queue
delays one with a single call by one call; and where the queue is full, whoever has most in it gives way to who has
less. Pure.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """At most `most` items, which are told apart by their hash."""

    __slots__ = ("_lines", "count", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self._lines: OrderedDict[str, OrderedDict[Item, None]] = OrderedDict()
        self.count = 0
        """How many wait, for who asks with every call."""

    def __len__(self) -> int:
        return self.count

    @property
    def parties(self) -> Iterable[str]:
        """Who waits, in the order of their turns."""
        return self._lines.keys()

    def ahead(self, party: str) -> int:
        """How many go before an item that the party would put in now, as long as no one else comes."""
        mine = self._line_of(party)
        others = sum(min(len(line), mine + 1) for name, line in self._lines.items() if name != party)
        return mine + others

    def put(self, party: str, item: Item) -> Item | None:
        """Puts the item at the end of the party's line. Gives the item for which there is no place: where the queue
        is full, the last in the longest line, if that is longer than the party's will be; else this very one.
        """
        displaced = None
        if self.count >= self.most:
            longest = max(self._lines, key=self._line_of, default=party)
            if self._line_of(longest) <= self._line_of(party) + 1:
                return item
            displaced, _ = self._lines[longest].popitem()
            self.count -= 1
        self._lines.setdefault(party, OrderedDict())[item] = None
        self.count += 1
        return displaced

    def take(self, may: Callable[[str], bool]) -> tuple[str, Item] | None:
        """The first item of the first party that may have its turn, which is last from then on; None where no one
        may.
        """
        for party, line in self._lines.items():
            if may(party):
                item, _ = line.popitem(last=False)
                self.count -= 1
                self._lines.move_to_end(party)
                if not line:
                    del self._lines[party]
                return party, item
        return None

    def remove(self, party: str, item: Item) -> bool:
        """Takes the item out of the queue, wherever it stands. Whether it was there."""
        line = self._lines.get(party)
        if line is None or item not in line:
            return False
        del line[item]
        self.count -= 1
        if not line:
            del self._lines[party]
        return True

    def _line_of(self, party: str) -> int:
        line = self._lines.get(party)
        return 0 if line is None else len(line)
