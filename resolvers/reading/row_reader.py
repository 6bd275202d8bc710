"""Finding the rows of an answer: one pass over its bytes, which makes no object of any row.

What comes out is the answer as if it were decoded, but only the places that somebody reads, and with rows where its
objects stand. Whatever is not there as the contract has it is left to decoding the whole, which tells what is wrong
(`resolvers/reading/answered.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec

from adapters.contract.contract import Contract, Kind, Use
from resolvers.paging.page_styles import ByLink, Paging
from resolvers.reading.row import Path, Row

_NULL: Final = msgspec.Raw(b"null")
_ROWS: Final = "rows"
_VALUE: Final = "value"


class RowReader:
    """Reads the rows of one operation's answers at the path `items`: a list of them, or, not `many`, a single one.
    `others` are the places that are decoded beside them. Raises ValueError where one place lies in another, and for
    names that JSON has to escape, which msgspec does not take.
    """

    __slots__ = ("_decode", "_exact", "_many", "_paths", "_top")

    def __init__(self, items: Path, others: Iterable[Path] = (), *, many: bool, exact: bool) -> None:
        self._paths = dict.fromkeys((items, *others))
        self._many = many
        self._exact = exact
        self._decode: Callable[[bytes], Any] | None = None
        self._top: _Place = _ROWS
        for one in self._paths:
            if any(one is not other and other[: len(one)] == one for other in self._paths):
                raise ValueError("what is read beside the rows stands in their way")
            if not all(name.isprintable() and '"' not in name and "\\" not in name for name in one):
                raise ValueError("a name holds what has to be escaped")

    def __call__(self, body: bytes) -> Any:
        """What the answer spells as far as it is read; None where it has to be decoded as a whole."""
        decode = self._decode
        if decode is None:
            decode = self._decode = msgspec.json.Decoder(self._made()).decode
        try:
            if not body.isascii():
                body.decode()  # msgspec passes over what is no UTF-8 where it decodes nothing
            return self._read(decode(body), self._top)
        except (msgspec.MsgspecError, ValueError, RecursionError, _NoRows):
            return None

    def _made(self) -> Any:
        items, *others = self._paths
        leaf: Any = list[msgspec.Raw] if self._many else msgspec.Raw
        if not items:
            return leaf
        tree: dict[str, Any] = {}
        for path, of in ((items, _ROWS), *((other, _VALUE) for other in others)):
            here = tree
            for name in path[:-1]:
                here = here.setdefault(name, {})
            here[path[-1]] = of
        made, self._top = _struct(tree, leaf)
        return made

    def _read(self, found: Any, place: _Place) -> Any:
        if place is _VALUE:
            return found
        if place is _ROWS:
            if self._many:
                exact = self._exact
                return [None if one == _NULL else Row(one, exact) for one in found]
            if found == _NULL:
                raise _NoRows
            return Row(found, self._exact)
        assert isinstance(place, _Object)
        made: dict[str, Any] = {}
        for attribute, name, below in place.properties:
            value = getattr(found, attribute)
            if value is not msgspec.UNSET:
                made[name] = self._read(value, below)
            elif below is _ROWS or (isinstance(below, _Object) and below.holds_rows):
                raise _NoRows
        return made


class _NoRows(Exception):
    """There are none where they should be."""


@dataclass(frozen=True, slots=True)
class _Object:
    """What is read of an object: attributes of its Struct, each with its upstream name and what stands there."""

    properties: tuple[tuple[str, str, _Place], ...]
    holds_rows: bool


_Place: TypeAlias = "_Object | str"


def _struct(tree: dict[str, Any], leaf: Any) -> tuple[Any, _Object]:
    fields: list[Any] = []
    properties: list[tuple[str, str, _Place]] = []
    holds = False
    for name, below in tree.items():
        attribute, place, of = f"f{len(fields)}", below, Any
        if isinstance(below, dict):
            of, place = _struct(below, leaf)
            holds |= place.holds_rows
        elif below is _ROWS:
            of, holds = leaf, True
        fields.append((attribute, of | msgspec.UnsetType if of is not Any else Any, msgspec.UNSET))
        properties.append((attribute, name, place))
    renamed = {attribute: name for attribute, name, _ in properties}
    return msgspec.defstruct("Answer", fields, rename=renamed, gc=False), _Object(tuple(properties), holds)


def rows_in(text: bytes, *, exact: bool) -> list[Row | None] | None:
    """The rows of a list by itself; None where it is none."""
    found: list[Row | None] | None = _LISTS[exact](text)
    return found


_LISTS: Final = {exact: RowReader((), many=True, exact=exact) for exact in (False, True)}


def row_reader(
    contract: Contract, result: Use | None, pick: Path, paging: Paging | None, *, exact: bool
) -> RowReader | None:
    """The reader of an operation's rows; None where its result holds no objects of one schema."""
    if result is None:
        return None
    schema = contract.schema(result)
    many = schema.kind is Kind.ARRAY and schema.items is not None
    of = contract.schema(schema.items) if many and schema.items is not None else schema
    if of.kind is not Kind.OBJECT or of.variants is not None:
        return None
    try:
        if paging is None:
            return RowReader(pick, many=many, exact=exact)
        return RowReader(paging.items, _told_beside(paging), many=True, exact=exact)
    except ValueError:
        return None


def _told_beside(paging: Paging) -> list[Path]:
    """Where pages say more than their items."""
    more = None if isinstance(paging, ByLink) else paging.more
    following = getattr(paging, "next", None)
    return [path for path in (paging.total, more, following) if path is not None]
