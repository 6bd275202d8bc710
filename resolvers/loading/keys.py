"""Keys in their canonical text: one text for one key, however GraphQL, a parent's property or an answer
writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, cast
from uuid import UUID

from adapters.contract.contract import Kind
from resolvers.reading.datetimes import ExactDateTime
from resolvers.reading.record import raw
from resolvers.reading.row import Row, parts, plain
from resolvers.source import Entity

_MOST_DIGITS: Final = 40
_TOO_LARGE: Final = 10**_MOST_DIGITS
_TOO_SMALL: Final = -_TOO_LARGE


def canonical(kind: Kind, value: object) -> str | None:
    """The text of a key value: `12`, `"12"` and `"012"` are one integer; UUIDs ignore case (RFC 9562, section
    4).

    None for what can be no key of that kind. Empty text is none.
    """
    if type(value) is int and _TOO_SMALL < value < _TOO_LARGE:  # most keys are: no need to look further
        return str(value)
    if isinstance(value, (UUID, date)):
        value = value.text or value.isoformat() if isinstance(value, ExactDateTime) else str(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    if isinstance(value, int):
        return str(value) if abs(value) < _TOO_LARGE else None
    if kind in (Kind.INTEGER, Kind.INT64):
        digits = value.removeprefix("-")
        return (
            str(int(value)) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else None
        )
    return (value.lower() if kind is Kind.UUID else value) or None


def keys_of(entity: Entity, items: Sequence[Any]) -> list[tuple[str, ...] | None]:
    """The key of each object of an answer; None for null, and where a part of it is no key."""
    found = _parts(items, entity.key)
    if found is None:
        return [None if item is None else key_of(entity, plain(item)) for item in items]
    kinds = entity.kinds
    if len(kinds) == 1:
        kind = kinds[0]
        texts = [None if part is None else canonical(kind, part[0]) for part in found]
        return [None if text is None else (text,) for text in texts]
    return [None if part is None else _key(kinds, part) for part in found]


def texts_of(kind: Kind, path: tuple[str, ...], items: Sequence[Any]) -> list[str | None]:
    """The text of the key that stands at a path of each object; None for null, and where there is no key."""
    found = _parts(items, (path,))
    if found is None:
        return [None if item is None else canonical(kind, raw(plain(item), path)) for item in items]
    return [None if part is None else canonical(kind, part[0]) for part in found]


def _parts(items: Sequence[Any], paths: tuple[tuple[str, ...], ...]) -> list[tuple[Any, ...] | None] | None:
    """What stands at the paths of rows, all of them read at once; None where these are no rows."""
    rows = [item for item in items if type(item) is Row]
    if len(rows) < len(items) and any(item is not None and type(item) is not Row for item in items):
        return None
    found = parts(rows, paths)
    if len(rows) == len(items):
        return cast("list[tuple[Any, ...] | None]", found)
    left = iter(found)
    return [None if item is None else next(left) for item in items]


def _key(kinds: Sequence[Kind], values: Sequence[Any]) -> tuple[str, ...] | None:
    texts = tuple(map(canonical, kinds, values))
    return None if None in texts else cast("tuple[str, ...]", texts)


def key_of(entity: Entity, item: object) -> tuple[str, ...] | None:
    """The key of an object of an answer; None where a part of it is no key."""
    return _key(entity.kinds, [raw(item, path) for path in entity.key])
