"""Long lists of an answer, read item by item when the items are taken: the whole of one would hold the loop.

`resolvers/resolve.py` gives them; `resolvers/run/values.py` takes them in slices, graphql-core as any iterable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, overload

from resolvers.reading.reader import ArrayReader, item_of
from resolvers.reading.where import Where

LONG: Final = 100
"""Items of a list that are read at once."""


class LongList(Sequence[Any]):
    """The items of a list that is read by `reader`, Violations in the places of those that break the contract."""

    __slots__ = ("_reader", "_values", "_where")

    def __init__(self, reader: ArrayReader, values: list[Any], where: Where) -> None:
        self._reader = reader
        self._values = values
        self._where = where

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        return item_of(self._reader.items, self._values[index], (self._where, index), self._reader.nullable)
