"""The parameters of an operation that a paging can be made of, with the sizes that they take. Pure.

`graph/paging/recognition.py` looks for them by well-known names, `graph/paging/stated_paging.py` by those that a
project states; where the answer holds what is the concern of `graph/paging/paged_answer.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, TypedDict

from adapters.contract.contract import Contract, Kind, Operation, Parameter
from graph.paging.paging_words import plain
from resolvers.paging.paging import LINK_PARAMETERS

DEFAULT_SIZE: Final = 20
MAX_SIZE: Final = 100

INTEGERS: Final = (Kind.INTEGER, Kind.INT64)
CURSORS_ARE: Final = (Kind.STRING, Kind.UUID, Kind.INTEGER, Kind.INT64, Kind.ANY)


class Sizes(TypedDict):
    """How many items a page may hold: fields that every style of paging has."""

    default_size: int
    max_size: int
    min_size: int


class Parameters:
    """The query parameters of an operation, but for those that its declaration binds: nothing pages with
    them.
    """

    def __init__(self, contract: Contract, operation: Operation, bound: Collection[str]) -> None:
        self._contract = contract
        query = [one for one in operation.parameters if one.location == "query"]
        self.bound = [one for one in query if one.name in bound]
        self.free = [one for one in query if one.name not in bound]

    def named(
        self, names: Iterable[str], kinds: Collection[Kind], among: list[Parameter] | None = None
    ) -> Parameter | None:
        """The first parameter, in the order of the names, of one of these kinds; of the free ones if not
        said.
        """
        for name in names:
            for one in self.free if among is None else among:
                if plain(one.name) == name and self.kind(one) in kinds:
                    return one
        return None

    def kind(self, parameter: Parameter) -> Kind:
        """The kind of values that a parameter takes."""
        return self._contract.schema(parameter.use).kind

    def lists_sizes(self, parameter: Parameter) -> bool:
        """Whether the contract lists the numbers that may be asked for, so that not any can be."""
        return self._contract.schema(parameter.use).enum is not None

    def sizes(self, parameter: Parameter | None) -> Sizes:
        """The bounds of a size, 20 and 100 where nothing is said; the default is never above the maximum."""
        if parameter is None:
            return Sizes(default_size=DEFAULT_SIZE, max_size=MAX_SIZE, min_size=1)
        bounds = self._contract.schema(parameter.use).bounds
        above, below = _count(bounds.exclusive_minimum), _count(bounds.exclusive_maximum)
        least = max(1, _count(bounds.minimum) or 0, 0 if above is None else above + 1)
        said = [
            one for one in (_count(bounds.maximum), None if below is None else below - 1) if one is not None
        ]
        default = max(_count(parameter.use.default) or DEFAULT_SIZE, least)
        # A default above 100 shows that the service sends so many.
        most = max(least, min(said) if said else max(MAX_SIZE, default))
        return Sizes(default_size=min(default, most), max_size=most, min_size=least)

    def first_number(self, parameter: Parameter) -> int:
        """0 where a minimum or default of 0 shows that pages count from there, else 1."""
        bounds = self._contract.schema(parameter.use).bounds
        return 0 if 0 in (_count(bounds.minimum), _count(parameter.use.default)) else 1

    def starts_at_one(self, parameter: Parameter) -> bool:
        """Whether an offset counts from 1, as its minimum or default shows."""
        bounds = self._contract.schema(parameter.use).bounds
        return (
            1 in (_count(bounds.minimum), _count(parameter.use.default))
            or _count(bounds.exclusive_minimum) == 0
        )

    def linked(self) -> frozenset[str]:
        """The names that a next URL may set: what the operation takes and what is well known, but nothing
        bound.
        """
        return (LINK_PARAMETERS | {one.name for one in self.free}) - {one.name for one in self.bound}


def _count(value: object) -> int | None:
    """A whole number of 0 or more, however a document writes it; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value >= 0 and value == int(value) else None
