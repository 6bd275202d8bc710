"""Scalars that keep every digit, out of literals, variables and answers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from graph.types.scalars import SCALARS, BigInt


@strawberry.type
class Query:
    """Gives back what it takes."""

    @strawberry.field
    def big(self, value: BigInt) -> BigInt:
        return value

    @strawberry.field
    def decimal(self, value: Decimal) -> Decimal:
        return value

    @strawberry.field
    def moment(self, value: datetime) -> datetime:
        return value

    @strawberry.field
    def day(self, value: date) -> date:
        return value

    @strawberry.field
    def uuid(self, value: UUID) -> UUID:
        return value


SCHEMA = strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map=SCALARS))
TYPES = {"big": "BigInt", "decimal": "Decimal", "moment": "DateTime", "day": "Date", "uuid": "UUID"}


def by_literal(field: str, literal: str) -> object:
    """What a literal comes back as, or the error's text."""
    result = SCHEMA.execute_sync(f"{{ {field}(value: {literal}) }}")
    return result.errors[0].message if result.errors else (result.data or {})[field]


def by_variable(field: str, value: object) -> object:
    """What a variable comes back as, or the error's text."""
    query = f"query($v: {TYPES[field]}!) {{ {field}(value: $v) }}"
    result = SCHEMA.execute_sync(query, variable_values={"v": value})
    return result.errors[0].message if result.errors else (result.data or {})[field]


@pytest.mark.parametrize(
    ("field", "literal", "expected"),
    [
        ("big", '"123456789012345678901234567890"', "123456789012345678901234567890"),
        ("big", "9007199254740993", "9007199254740993"),
        ("big", "-1", "-1"),
        ("decimal", '"10.10"', "10.10"),
        ("decimal", "10.100000000000000000000000001", "10.100000000000000000000000001"),
        ("decimal", "1e3", "1E+3"),
        ("decimal", "7", "7"),
        ("moment", '"2026-11-20T10:00:00.123456789Z"', "2026-11-20T10:00:00.123456789Z"),
        ("moment", '"2026-11-20T10:00:00+05:30"', "2026-11-20T10:00:00+05:30"),
        ("day", '"2026-11-20"', "2026-11-20"),
        ("uuid", '"01234567-89AB-cdef-0123-456789abcdef"', "01234567-89ab-cdef-0123-456789abcdef"),
    ],
)
def test_a_literal_keeps_what_it_says(field: str, literal: str, expected: str) -> None:
    """Numbers are read from the document's text, not from a float."""
    assert by_literal(field, literal) == expected


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("big", 2**70, str(2**70)),
        ("big", "-12", "-12"),
        ("decimal", 10.1, "10.1"),
        ("decimal", 3, "3"),
        ("decimal", "1.5e9999", "1.5E+9999"),
        ("decimal", " 1.50 ", "1.50"),
        ("moment", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
        ("day", "2026-11-20", "2026-11-20"),
    ],
)
def test_a_variable_keeps_what_it_says(field: str, value: object, expected: str) -> None:
    """Text and JSON numbers alike."""
    assert by_variable(field, value) == expected


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("big", True, "expected an integer, as digits in a string or as a number"),
        ("big", 1.0, "expected an integer, as digits in a string or as a number"),
        ("big", "1.0", "expected an integer, as digits in a string or as a number"),
        ("big", "9" * 1001, "expected an integer, as digits in a string or as a number"),
        ("big", "\u0661", "expected an integer, as digits in a string or as a number"),
        ("decimal", True, "expected a decimal number, best as a string"),
        ("decimal", "ten", "expected a decimal number"),
        ("decimal", "NaN", "expected a decimal number, best as a string"),
        ("decimal", "Infinity", "expected a decimal number, best as a string"),
        ("decimal", "1_000", "expected a decimal number, best as a string"),
        ("decimal", "\u0663", "expected a decimal number, best as a string"),
        ("decimal", "1E+999999999", "expected a decimal number, best as a string"),
        ("decimal", "9" * 1001, "expected a decimal number, best as a string"),
        (
            "decimal",
            0.1234567890123456,
            "expected a decimal number; send one of more than 15 digits as a string",
        ),
        ("moment", "2026-11-20T10:00:00", "expected an RFC 3339 date-time with its offset"),
        ("moment", 5, "expected an RFC 3339 date-time with its offset"),
        ("moment", "20261120T100000Z", "expected an RFC 3339 date-time with its offset"),
        ("moment", "2026-W47-5T10:00:00Z", "expected an RFC 3339 date-time with its offset"),
        ("moment", "2026-11-20T24:00:00Z", "expected an RFC 3339 date-time with its offset"),
        ("moment", "2026-11-20T10:00:00+00:00:01", "expected an RFC 3339 date-time with its offset"),
        ("moment", "2026-02-30T10:00:00Z", "expected an RFC 3339 date-time with its offset"),
        ("day", "2026-02-30", "expected a date (YYYY-MM-DD)"),
        ("day", "20261120", "expected a date (YYYY-MM-DD)"),
        ("uuid", "x", "expected a UUID"),
        ("uuid", 5, "expected a UUID"),
        ("uuid", "{01234567-89ab-cdef-0123-456789abcdef}", "expected a UUID"),
    ],
)
def test_what_is_no_value_of_the_scalar_is_refused(field: str, value: object, told: str) -> None:
    """With what was expected."""
    assert told in str(by_variable(field, value))


@pytest.mark.parametrize(
    ("field", "literal"),
    [("big", "true"), ("big", "1.5"), ("decimal", "[1]"), ("decimal", "{a: 1}"), ("day", "5")],
)
def test_a_literal_of_another_kind_is_refused(field: str, literal: str) -> None:
    """It never becomes a value."""
    assert "xpected" in str(by_literal(field, literal))


@given(st.integers())
def test_integers_of_any_size_come_back_whole(value: int) -> None:
    """As a JSON number and as text."""
    if len(str(abs(value))) <= 1000:
        assert by_variable("big", value) == by_variable("big", str(value)) == str(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_decimals_come_back_with_every_digit(value: Decimal) -> None:
    """Trailing zeros are digits, too."""
    assert by_variable("decimal", str(value)) == str(value)


def test_values_of_resolvers_are_written_as_text() -> None:
    """A float is no Decimal and a bool no BigInt: their digits were never exact."""
    big, decimal = SCALARS[BigInt], SCALARS[Decimal]
    moment = SCALARS[datetime]
    assert big.serialize is not None
    assert decimal.serialize is not None
    assert moment.serialize is not None
    assert (big.serialize(5), decimal.serialize(Decimal("1.0")), decimal.serialize("2.50")) == (
        "5",
        "1.0",
        "2.50",
    )
    assert moment.serialize(datetime(2026, 11, 20, tzinfo=UTC)) == "2026-11-20T00:00:00+00:00"
    for write, value in (
        (big.serialize, True),
        (big.serialize, "5"),
        (decimal.serialize, 1.5),
        (decimal.serialize, True),
    ):
        with pytest.raises(Exception, match="expected"):
            write(value)
