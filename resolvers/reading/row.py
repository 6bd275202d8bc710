"""Rows: objects of an answer as they came, each with its own JSON text. Whoever knows just what of them is needed
decodes that (`resolvers/fast`); to everybody else a row is the object that it spells.

`resolvers/reading/row_reader.py` finds them in answers; `resolvers/loading/keys.py` reads their keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

import msgspec

from resolvers.reading.json_text import Unreadable, decoded
from resolvers.reading.record import raw

Path: TypeAlias = tuple[str, ...]
Text: TypeAlias = msgspec.Raw | bytes
"""JSON in UTF-8; a `Raw` is a view of the answer that it stands in."""

FEW: Final = 500
"""Rows that are read one by one for one odd row among them."""
_UNREAD: Final = object()
_LEAF: Final = object()


class Row:
    """One object of an answer. `exact`: its decimals are JSON numbers and must keep their digits."""

    __slots__ = ("_object", "exact", "text")

    def __init__(self, text: Text, exact: bool) -> None:
        self.text = text
        self.exact = exact
        self._object: Any = _UNREAD

    @property
    def object(self) -> Any:
        """What it spells, decoded once. Raises Unreadable."""
        if self._object is _UNREAD:
            self._object = decoded(self.text, exact=self.exact)
        return self._object

    def __repr__(self) -> str:
        return f"Row({len(memoryview(self.text))} bytes)"  # never values


def plain(value: Any) -> Any:
    """A row as the object that it spells, None where it spells none; anything else as it is."""
    if type(value) is not Row:
        return value
    try:
        return value.object
    except Unreadable:
        return None


def joined(rows: Iterable[Row]) -> bytes:
    """The JSON array of these rows."""
    return b"[" + b",".join([row.text for row in rows]) + b"]"


def parts(rows: Sequence[Row], paths: tuple[Path, ...]) -> list[tuple[Any, ...]]:
    """What stands at these paths of each row, None where nothing does: many rows are read at once, without the rest
    of them. Where there is an odd one among these, which is not as the paths have it, few are read one by one.
    """
    read = _parts_reader(paths)
    if read is None:
        return _each(rows, paths)
    found = read(rows)
    if found is not None:
        return found
    made: list[tuple[Any, ...]] = []
    for start in range(0, len(rows), FEW):
        some = rows[start : start + FEW]
        few = read(some) if len(rows) > FEW else None
        made += _each(some, paths) if few is None else few
    return made


def _each(rows: Iterable[Row], paths: tuple[Path, ...]) -> list[tuple[Any, ...]]:
    objects = map(plain, rows)
    return [tuple([raw(one, path) for path in paths]) for one in objects]


@lru_cache(maxsize=1024)
def _parts_reader(paths: tuple[Path, ...]) -> Callable[[Sequence[Row]], list[tuple[Any, ...]] | None] | None:
    """What reads the parts of rows, or gives None where they are not as the paths have them; None where there is no
    such thing, as for paths that lie in each other.
    """
    tree: dict[str, Any] = {}
    for path in paths:
        here: Any = tree
        for name in path[:-1]:
            here = here.setdefault(name, {})
            if here is _LEAF:
                return None
        if not path or path[-1] in here:
            return None
        here[path[-1]] = _LEAF
    try:
        decode = msgspec.json.Decoder(list.__class_getitem__(_struct(tree))).decode
    except ValueError:  # names that msgspec does not take
        return None
    flat = all(len(path) == 1 for path in paths)
    gets = [_getter(tree, path) for path in paths]

    def read(rows: Sequence[Row]) -> list[tuple[Any, ...]] | None:
        try:
            found = decode(joined(rows))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        if flat:
            return list(map(msgspec.structs.astuple, found))
        return list(zip(*[map(get, found) for get in gets], strict=True))

    return read


def _struct(tree: dict[str, Any]) -> Any:
    fields = [
        (f"f{index}", Any if below is _LEAF else _struct(below) | None, None)
        for index, below in enumerate(tree.values())
    ]
    renamed = {f"f{index}": name for index, name in enumerate(tree)}
    return msgspec.defstruct("Parts", fields, rename=renamed, gc=False)


def _getter(tree: dict[str, Any], path: Path) -> Callable[[Any], Any]:
    attributes: list[str] = []
    here: Any = tree
    for name in path:
        attributes.append(f"f{list(here).index(name)}")
        here = here[name]

    def get(found: Any) -> Any:
        for attribute in attributes:
            if found is None:
                return None
            found = getattr(found, attribute)
        return found

    return get
