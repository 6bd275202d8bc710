"""Keys in their canonical text: one text for one key, however GraphQL, a parent's property or an answer
writes it.
"""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from adapters.contract import Kind
from resolvers.datetimes import ExactDateTime
from resolvers.record import raw
from resolvers.source import Entity

_MOST_DIGITS: Final = 40
_TOO_LARGE: Final = 10**_MOST_DIGITS


def canonical(kind: Kind, value: object) -> str | None:
    """The text of a key value: `12`, `"12"` and `"012"` are one integer; UUIDs ignore case (RFC 9562, section
    4).

    None for what can be no key of that kind. Empty text is none.
    """
    if type(value) is int and -_TOO_LARGE < value < _TOO_LARGE:  # most keys are: no need to look further
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


def key_of(entity: Entity, item: object) -> tuple[str, ...] | None:
    """The key of an object of an answer; None where a part of it is no key."""
    if len(entity.key) == 1 and len(entity.key[0]) == 1 and type(item) is dict:
        single = canonical(entity.kinds[0], item.get(entity.key[0][0]))
        return None if single is None else (single,)
    parts: list[str] = []
    for path, kind in zip(entity.key, entity.kinds, strict=True):
        part = canonical(kind, raw(item, path))
        if part is None:
            return None
        parts.append(part)
    return tuple(parts)
