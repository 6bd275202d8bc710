"""Strict reading of leaves: a JSON value is checked against its contract's type before GraphQL coerces it.

GraphQL's own coercion would pass `"12"` or `true` for an Int; here they are violations. Bounds and patterns
are checked on inputs only. `resolvers/reading/reader.py` puts leaves together to whole values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

from adapters.contract.contract import Kind, Schema

Leaf: TypeAlias = Callable[[object], object]
"""Takes a JSON value that is not null; gives the value for GraphQL; raises WrongLeaf."""

INT32: Final = range(-(2**31), 2**31)


class WrongLeaf(Exception):
    """The value is not of its contract's type. Holds no message: the reader says what was expected and found."""


_DATE_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,30})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)\Z",
    re.ASCII,
)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\Z", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?(\d{1,1000}(\.\d{0,1000})?|\.\d{1,1000})([eE][+-]?\d{1,4})?\Z", re.ASCII)


def _boolean(value: object) -> object:
    if value is True or value is False:
        return value
    raise WrongLeaf


def _integer(value: object) -> object:
    # A JSON number with a zero fraction is an integer to JSON Schema (2020-12, section 6.1.1).
    number = _int64(value)
    if number not in INT32:
        raise WrongLeaf
    return number


def _int64(value: object) -> int:
    if type(value) is int:
        return value
    if isinstance(value, Decimal) and value.adjusted() < 1000 and value == value.to_integral_value():
        return int(value)
    # Beyond 2^53 a float names no single integer.
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        return int(value)
    raise WrongLeaf


def _number(value: object) -> object:
    if type(value) is float:
        return value
    if type(value) is int or isinstance(value, Decimal):
        try:
            number = float(value)
        except OverflowError:
            raise WrongLeaf from None
        if number in (float("inf"), float("-inf")):
            raise WrongLeaf
        return number
    raise WrongLeaf


def _decimal_text(value: object) -> object:
    if isinstance(value, str) and _DECIMAL.match(value):
        return Decimal(value)
    raise WrongLeaf


def _decimal_number(value: object) -> object:
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if type(value) is int:
        return Decimal(value)
    raise WrongLeaf


def _string(value: object) -> object:
    if isinstance(value, str):
        return value
    raise WrongLeaf


def _date(value: object) -> object:
    if isinstance(value, str) and _DATE.match(value):
        _calendar_day(value)
        return value
    raise WrongLeaf


def _date_time(value: object) -> object:
    found = _DATE_TIME.match(value) if isinstance(value, str) else None
    if found is None:
        raise WrongLeaf
    _calendar_day(found[1])
    return value


def _calendar_day(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise WrongLeaf from None


def _uuid(value: object) -> object:
    if isinstance(value, str) and _UUID.match(value):
        return value
    raise WrongLeaf


_BY_KIND: Final[dict[Kind, Leaf]] = {
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _integer,
    Kind.INT64: _int64,
    Kind.NUMBER: _number,
    Kind.STRING: _string,
    Kind.DATE: _date,
    Kind.DATE_TIME: _date_time,
    Kind.UUID: _uuid,
}


def leaf(schema: Schema) -> Leaf:
    """The strict check of a leaf schema (any kind but object, array and any). Enumerated ones admit only
    their values.
    """
    check: Leaf
    if schema.kind is Kind.DECIMAL:
        check = _decimal_text if schema.json_type == "string" else _decimal_number
    else:
        check = _BY_KIND[schema.kind]
    if schema.enum is None:
        return check
    # Compared as their kind reads them, so that 1 and 1.0 are one member and true is none; given back as the
    # contract writes them, as the members of GraphQL's enum are.
    members = {read: member for member in schema.enum if (read := _read(check, member)) is not None}

    def enumerated(value: object) -> object:
        read = check(value)
        if read not in members:
            raise WrongLeaf
        return members[read]

    return enumerated


def _read(check: Leaf, member: object) -> object:
    try:
        return check(member)
    except WrongLeaf:
        return None  # the contract lists a value that its own type does not admit: no answer can hold it


_TYPES: Final = {
    Kind.DECIMAL: "Decimal",
    Kind.INTEGER: "Int (32 bits)",
    Kind.INT64: "BigInt",
    Kind.NUMBER: "Float",
}


def expected_type(schema: Schema) -> str:
    """The name of what a schema admits, for errors: `Int (32 bits)`, `one of the values of OrderStatus`."""
    if schema.enum is not None:
        return f"one of the values of {schema.name}" if schema.name else "one of the enumerated values"
    return _TYPES.get(schema.kind, str(schema.kind))


def found_type(value: object) -> str:
    """The JSON type of a value, for errors; never the value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer" if value in INT32 else "integer over 32 bits"
    if isinstance(value, (float, Decimal)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
