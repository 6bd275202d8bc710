"""Scalars that keep every digit: BigInt and Decimal travel as text, DateTime, Date and UUID as the upstream
writes them.

JSON numbers lose digits in most clients beyond 2^53, so text is the only form that keeps them. Upstream
values are checked before they come here (`resolvers/reading/leaf.py`); values of hand-written resolvers are Python's
own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NewType
from uuid import UUID

import strawberry
from graphql import FloatValueNode, GraphQLError, IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from resolvers.reading.datetimes import ExactDateTime

BigInt = NewType("BigInt", int)
"""An integer of any size, as text."""

_INTEGER: Final = re.compile(r"-?\d{1,1000}\Z", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?(\d{1,1000}(\.\d{0,1000})?|\.\d{1,1000})([eE][+-]?\d{1,4})?\Z", re.ASCII)
_DATE_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,30})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)\Z",
    re.ASCII,
)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\Z", re.ASCII)
# More digits than a double holds were lost before the value came here.
_DOUBLE_DIGITS: Final = 15


def _wrong(expected: str) -> GraphQLError:
    return GraphQLError(f"expected {expected}")


def _write_bigint(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong("an integer")
    return str(value)


def _read_bigint(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.match(value):
        return int(value)
    raise _wrong("an integer, as digits in a string or as a number")


def _write_decimal(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, str)):
        raise _wrong("a Decimal")
    return str(value)


def _read_decimal(value: Any) -> Decimal:
    if isinstance(value, float):
        number = Decimal(repr(value))
        if not number.is_finite() or len(number.as_tuple().digits) > _DOUBLE_DIGITS:
            raise _wrong("a decimal number; send one of more than 15 digits as a string")
        return number
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    # Decimal itself takes `1_000`, digits of any script and exponents that nobody can write out.
    if isinstance(value, str) and _DECIMAL.match(text := value.strip()):
        return Decimal(text)
    raise _wrong("a decimal number, best as a string")


def _literal(node: ValueNode, _variables: Mapping[str, Any] | None = None) -> Any:
    if isinstance(node, (IntValueNode, FloatValueNode, StringValueNode)):
        return node.value
    raise _wrong("a number or a string")


def _decimal_literal(node: ValueNode, variables: Mapping[str, Any] | None = None) -> Decimal:
    return _read_decimal(_literal(node, variables))


def _bigint_literal(node: ValueNode, variables: Mapping[str, Any] | None = None) -> int:
    return _read_bigint(_literal(node, variables))


def _write_time(value: Any) -> str:
    if isinstance(value, ExactDateTime) and value.text:
        return value.text
    return value if isinstance(value, str) else str(value.isoformat())


def _read_date_time(value: Any) -> datetime:
    try:
        # fromisoformat takes other forms of ISO 8601 as well, and more of them with each version of Python.
        if isinstance(value, str) and _DATE_TIME.match(value):
            return ExactDateTime.read(value)
    except ValueError:
        raise _wrong("an RFC 3339 date-time with its offset") from None
    raise _wrong("an RFC 3339 date-time with its offset")


def _read_date(value: Any) -> date:
    try:
        # fromisoformat takes other forms of ISO 8601 as well.
        if isinstance(value, str) and _DATE.match(value):
            return date.fromisoformat(value)
    except ValueError:
        raise _wrong("a date (YYYY-MM-DD)") from None
    raise _wrong("a date (YYYY-MM-DD)")


def _read_uuid(value: Any) -> UUID:
    if isinstance(value, str) and _UUID.match(value):
        return UUID(value)
    raise _wrong("a UUID")


_RFC3339: Final = "https://datatracker.ietf.org/doc/html/rfc3339"

SCALARS: Final[dict[object, ScalarDefinition]] = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description="An integer of any size, as a string of digits.",
        serialize=_write_bigint,
        parse_value=_read_bigint,
        parse_literal=_bigint_literal,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="A decimal number with every digit, as a string.",
        serialize=_write_decimal,
        parse_value=_read_decimal,
        parse_literal=_decimal_literal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A date and time with its offset (RFC 3339).",
        specified_by_url=_RFC3339,
        serialize=_write_time,
        parse_value=_read_date_time,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day (RFC 3339, full-date).",
        specified_by_url=_RFC3339,
        serialize=_write_time,
        parse_value=_read_date,
    ),
    UUID: strawberry.scalar(
        name="UUID",
        description="A UUID (RFC 9562).",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc9562",
        serialize=str,
        parse_value=_read_uuid,
    ),
}
"""The scalar map of every Stolon schema."""
