"""Keys in their canonical text: one text for one key, however GraphQL, a parent's property or an answer
writes it.
"""

from __future__ import annotations

from adapters.contract import Kind
from resolvers.record import raw
from resolvers.source import Entity


def canonical(kind: Kind, value: object) -> str | None:
    """The text of a key value: `12`, `"12"` and `"012"` are one integer; UUIDs ignore case (RFC 9562, section
    4).

    None for what can be no key of that kind.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value)
    if kind in (Kind.INTEGER, Kind.INT64):
        digits = text.removeprefix("-")
        return str(int(text)) if digits.isascii() and digits.isdigit() and len(digits) <= 40 else None
    return text.lower() if kind is Kind.UUID else text


def key_of(entity: Entity, item: object) -> tuple[str, ...] | None:
    """The key of an object of an answer; None where a part of it is no key."""
    parts: list[str] = []
    for path, kind in zip(entity.key, entity.kinds, strict=True):
        part = canonical(kind, raw(item, path))
        if part is None:
            return None
        parts.append(part)
    return tuple(parts)
