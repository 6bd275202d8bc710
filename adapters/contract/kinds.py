"""What kind of value a schema's `type`, `format` and limits speak of together, and numbers as the model holds
them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, TypeVar

from adapters.contract.contract import NO_BOUNDS, Bounds, JsonType, Kind, Number

_SMALL: Final = frozenset({"int8", "int16", "int32", "uint8", "uint16", "byte"})
_DECIMAL: Final = frozenset({"decimal", "money"})
_TEXT_FORMATS: Final = {"date": Kind.DATE, "date-time": Kind.DATE_TIME, "uuid": Kind.UUID}
_TYPED: Final[dict[type, JsonType]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    Decimal: "number",
    str: "string",
    dict: "object",
    list: "array",
}
JSON_TYPES: Final = ("boolean", "integer", "number", "string", "object", "array")


def scalar_kind(json_type: JsonType, format_: str | None, numbers: Iterable[object]) -> Kind:
    """The kind of a boolean, integer, number or string; `numbers` are its bounds, enum values and default.

    An integer of 32 bits needs no format or a small one; an unknown format (`unix-time`) promises no small
    number.
    """
    if json_type == "integer":
        beyond = any(_beyond_32_bits(one) for one in numbers)
        return Kind.INT64 if beyond or (format_ is not None and format_ not in _SMALL) else Kind.INTEGER
    if json_type == "number":
        return Kind.DECIMAL if format_ in _DECIMAL else Kind.NUMBER
    if json_type == "string":
        return Kind.DECIMAL if format_ in _DECIMAL else _TEXT_FORMATS.get(format_ or "", Kind.STRING)
    return Kind(json_type)


def _beyond_32_bits(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return False
    return not -(2**31) <= value < 2**31


def type_of_values(values: Iterable[object]) -> JsonType:
    """The one JSON type of all values that are not null, or "any" where there is no such type."""
    found = {_TYPED[type(one)] for one in values if one is not None}
    if found == {"integer", "number"}:
        return "number"
    return found.pop() if len(found) == 1 else "any"


def fits(value: object, json_type: JsonType) -> bool:
    """Whether an enum's value can be one of that JSON type; null always can, which is a question of its own."""
    if value is None or json_type == "any":
        return True
    found = _TYPED[type(value)]
    if json_type == "number":
        return found in ("integer", "number")
    if json_type == "integer" and isinstance(value, Decimal):
        return value == value.to_integral_value()
    return found == json_type


def number(value: Number) -> Number:
    """An int for what is whole, a float where it keeps every digit, else the Decimal itself."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else plain(value)


def plain(value: Decimal) -> float | Decimal:
    """A float where it says the same number as the document, else the Decimal itself."""
    short = float(value)
    return short if Decimal(repr(short)) == value else value


def thawed(value: object, decimals: bool) -> object:
    """A default as callers meet it: numbers with a point as Decimal where `decimals` is true, else as float
    if exact."""
    if isinstance(value, Decimal):
        return value if decimals else plain(value)
    if isinstance(value, list):
        return [thawed(one, decimals) for one in value]
    if isinstance(value, dict):
        return {key: thawed(one, decimals) for key, one in value.items()}
    return value


def bounds_of(schema: Mapping[str, object]) -> Bounds:
    """The bounds that one schema object states. Exclusive limits are read in both spellings (3.0: true beside
    the limit)."""
    low, high = _limit(schema, "minimum"), _limit(schema, "maximum")
    above, below = _limit(schema, "exclusiveMinimum"), _limit(schema, "exclusiveMaximum")
    if schema.get("exclusiveMinimum") is True:
        low, above = None, low
    if schema.get("exclusiveMaximum") is True:
        high, below = None, high
    pattern = schema.get("pattern")
    return Bounds(
        minimum=low,
        maximum=high,
        exclusive_minimum=above,
        exclusive_maximum=below,
        multiple_of=_limit(schema, "multipleOf"),
        min_length=_count(schema, "minLength"),
        max_length=_count(schema, "maxLength"),
        pattern=pattern if isinstance(pattern, str) else None,
        min_items=_count(schema, "minItems"),
        max_items=_count(schema, "maxItems"),
        unique_items=schema.get("uniqueItems") is True,
    )


def narrower(one: Bounds, other: Bounds) -> Bounds:
    """The bounds of a value that must keep both; of two patterns or steps, the later one."""
    if one == NO_BOUNDS:
        return other
    return Bounds(
        minimum=_most(one.minimum, other.minimum),
        maximum=_least(one.maximum, other.maximum),
        exclusive_minimum=_most(one.exclusive_minimum, other.exclusive_minimum),
        exclusive_maximum=_least(one.exclusive_maximum, other.exclusive_maximum),
        multiple_of=one.multiple_of if other.multiple_of is None else other.multiple_of,
        min_length=_most(one.min_length, other.min_length),
        max_length=_least(one.max_length, other.max_length),
        pattern=other.pattern or one.pattern,
        min_items=_most(one.min_items, other.min_items),
        max_items=_least(one.max_items, other.max_items),
        unique_items=one.unique_items or other.unique_items,
    )


def _limit(schema: Mapping[str, object], key: str) -> Number | None:
    value = schema.get(key)
    return number(value) if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) else None


def _count(schema: Mapping[str, object], key: str) -> int | None:
    value = _limit(schema, key)
    return value if isinstance(value, int) else None


_Limit = TypeVar("_Limit", bound=Number)


def _most(one: _Limit | None, other: _Limit | None) -> _Limit | None:
    stated = [limit for limit in (one, other) if limit is not None]
    return max(stated, default=None)


def _least(one: _Limit | None, other: _Limit | None) -> _Limit | None:
    stated = [limit for limit in (one, other) if limit is not None]
    return min(stated, default=None)
