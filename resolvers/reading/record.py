"""A record: one object of an upstream's answer, as resolvers meet it: `self` on a bound type, what `load` and
`call` give.

Every property of the contract's schema is an attribute, under its name in Python (`placedAt` is `placed_at`).
A bound type's records are instances of a class derived from it, so that its own methods work on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapters.mistake import nearest
from resolvers.reading.where import Where

if TYPE_CHECKING:
    from resolvers.reading.reader import ObjectReader


class Record:
    """An object with a place and a reader. Attributes are read, and checked against the contract, when they
    are asked.

    Raises AttributeError for a name that the schema does not have, naming the nearest; a `Violation` where
    the value breaks the contract.
    """

    _stolon_data: Mapping[str, Any]
    _stolon_where: Where
    _stolon_reader: ObjectReader

    def __init__(self, data: Mapping[str, Any], where: Where, reader: ObjectReader) -> None:
        # object.__setattr__ keeps records of frozen user classes possible.
        object.__setattr__(self, "_stolon_data", data)
        object.__setattr__(self, "_stolon_where", where)
        object.__setattr__(self, "_stolon_reader", reader)

    def __getattr__(self, name: str) -> Any:
        # What Python itself looks for is no property; `_1st` is one.
        if name.startswith("_") and not name[1:2].isdigit():
            raise AttributeError(name)
        reader = self._stolon_reader
        upstream = reader.names.get(name)
        if upstream is None:
            raise AttributeError(f"{reader.title} has no property {name!r}{nearest(name, reader.names)}")
        return reader.property(self, upstream)

    def __repr__(self) -> str:
        # Values may be personal data, and reprs end in logs.
        return f"<{self._stolon_reader.title} record>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return self._stolon_reader is other._stolon_reader and self._stolon_data == other._stolon_data

    __hash__ = None  # type: ignore[assignment]  # its data may hold lists


def record(data: Mapping[str, Any], where: Where, reader: ObjectReader) -> Record:
    """A record of the reader's class: of the bound type where there is one."""
    made = Record.__new__(reader.record_class)
    Record.__init__(made, data, where, reader)
    return made


def record_class(bound: type | None) -> type[Record]:
    """The class of a bound type's records: the type's methods over a record's attributes. Plain `Record`
    without a type.
    """
    if bound is None:
        return Record
    return type(bound.__name__, (Record, bound), {"__module__": bound.__module__, "__doc__": bound.__doc__})


def raw(value: object, path: tuple[str, ...]) -> object:
    """What stands at a path of upstream names in a record, unchecked; None where a step is null or not there."""
    here: Any = value._stolon_data if isinstance(value, Record) else value
    for step in path:
        if not isinstance(here, Mapping):
            return None
        here = here.get(step)
    return here


class Limited:
    """A record of which only the properties that a resolver said it needs can be seen."""

    __slots__ = ("_needs", "_record")

    def __init__(self, of: Record, needs: tuple[str, ...]) -> None:
        self._record = of
        self._needs = needs

    def __getattr__(self, name: str) -> Any:
        if name not in self._needs:
            raise AttributeError(
                f"{name!r} is not among the needs of this resolver{nearest(name, self._needs)}"
            )
        return getattr(self._record, name)

    def __repr__(self) -> str:
        return repr(self._record)


def limited(of: Any, needs: tuple[str, ...]) -> Any:
    """The record with only these attributes; anything else than a record as it is."""
    return Limited(of, needs) if isinstance(of, Record) else of
