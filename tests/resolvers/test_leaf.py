"""Leaves are strict: a JSON value has its contract's type, or it is a violation (design, section 5)."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.contract import Kind, Schema
from resolvers.reading.leaf import INT32, WrongLeaf, expected_type, found_type, leaf

LEAVES = [kind for kind in Kind if kind not in (Kind.OBJECT, Kind.ARRAY, Kind.UNION, Kind.ANY)]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.from_regex(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?", fullmatch=True)
    | st.from_regex(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,6})?", fullmatch=True)
    | st.uuids().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def of(kind: Kind, json_type: Any = "string", **more: Any) -> Schema:
    """A schema of a kind."""
    return Schema("#/x", kind, json_type, **more)


def passes(schema: Schema, value: object) -> bool:
    """Whether a leaf admits a value."""
    try:
        leaf(schema)(value)
    except WrongLeaf:
        return False
    return True


TYPES: dict[Kind, Any] = {
    Kind.BOOLEAN: bool,
    Kind.INTEGER: int,
    Kind.INT64: int,
    Kind.NUMBER: float,
    Kind.DECIMAL: Decimal,
    Kind.STRING: str,
    Kind.DATE: str,
    Kind.DATE_TIME: str,
    Kind.UUID: str,
}


@pytest.mark.parametrize("kind", LEAVES)
@pytest.mark.parametrize("json_type", ["string", "number"])
@given(value=JSON)
def test_any_value_passes_with_its_type_or_is_wrong(kind, json_type, value):
    """Whatever JSON comes, a leaf gives a value of its own Python type or raises WrongLeaf, and nothing else."""
    try:
        read = leaf(of(kind, json_type))(value)
    except WrongLeaf:
        return
    assert type(read) is TYPES[kind]
    if kind is Kind.INTEGER:
        assert read in INT32
    if isinstance(read, (float, Decimal)):
        assert isfinite(read)


@given(value=JSON, members=st.lists(st.text() | st.integers(), min_size=1, max_size=4))
def test_an_enumerated_leaf_admits_its_members_only(value, members):
    """Any JSON value is one of the contract's members, or WrongLeaf."""
    for kind in (Kind.STRING, Kind.INTEGER):
        try:
            read = leaf(of(kind, enum=tuple(members)))(value)
        except WrongLeaf:
            continue
        assert any(read is member for member in members)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.INTEGER, "12"),
        (Kind.INTEGER, True),
        (Kind.INTEGER, 2**31),
        (Kind.INTEGER, -(2**31) - 1),
        (Kind.INTEGER, 1.5),
        (Kind.INTEGER, Decimal("1.5")),
        (Kind.INT64, "12"),
        (Kind.INT64, False),
        (Kind.INT64, 1e300),
        (Kind.INT64, Decimal("1e999999")),
        (Kind.NUMBER, "1.5"),
        (Kind.NUMBER, "NaN"),
        (Kind.NUMBER, True),
        (Kind.NUMBER, 10**400),
        (Kind.NUMBER, Decimal("1e400")),
        (Kind.DECIMAL, "NaN"),
        (Kind.DECIMAL, "Infinity"),
        (Kind.DECIMAL, " 1"),
        (Kind.DECIMAL, "1_000"),
        (Kind.DECIMAL, "\u0661"),
        (Kind.DECIMAL, ""),
        (Kind.DECIMAL, 1),
        (Kind.BOOLEAN, 1),
        (Kind.BOOLEAN, "true"),
        (Kind.STRING, 1),
        (Kind.STRING, None),
        (Kind.DATE, "2026-02-30"),
        (Kind.DATE, "2026-2-3"),
        (Kind.DATE, "20260203"),
        (Kind.DATE_TIME, "2026-01-01"),
        (Kind.DATE_TIME, "2026-01-01T00:00:00"),
        (Kind.DATE_TIME, "2026-01-01T24:00:00Z"),
        (Kind.DATE_TIME, "2026-13-01T00:00:00Z"),
        (Kind.DATE_TIME, "2026-01-01T00:00:00Z\n"),
        (Kind.DATE_TIME, 1767225600),
        (Kind.UUID, "0123abcd"),
        (Kind.UUID, "{01234567-0000-4000-8000-000000000000}"),
    ],
)
def test_what_looks_like_a_value_is_none(kind, value):
    """Nothing is coerced: text for a number, numbers for booleans, no calendar's day, no number at all."""
    assert not passes(of(kind), value)


@pytest.mark.parametrize(
    ("schema", "value", "read"),
    [
        (of(Kind.INTEGER), 2**31 - 1, 2**31 - 1),
        (of(Kind.INTEGER), 3.0, 3),
        (of(Kind.INTEGER), Decimal("3.0"), 3),
        (of(Kind.INT64), 10**30, 10**30),
        (of(Kind.NUMBER), 3, 3.0),
        (of(Kind.NUMBER), Decimal("0.1"), 0.1),
        (of(Kind.DECIMAL), "1.10", Decimal("1.10")),
        (of(Kind.DECIMAL, "number"), Decimal("1.10"), Decimal("1.10")),
        (of(Kind.DECIMAL, "number"), 7, Decimal(7)),
        (of(Kind.DATE), "2024-02-29", "2024-02-29"),
        (of(Kind.DATE_TIME), "2026-01-01t00:00:60.123456789z", "2026-01-01t00:00:60.123456789z"),
        (of(Kind.UUID), "0123ABCD-0000-4000-8000-00000000000A", "0123ABCD-0000-4000-8000-00000000000A"),
        (of(Kind.STRING, enum=("a", "b")), "b", "b"),
        (of(Kind.NUMBER, enum=(1.5, 2)), Decimal("1.5"), 1.5),
        (of(Kind.INTEGER, enum=(1, 2)), 1.0, 1),
        (of(Kind.BOOLEAN, enum=(True,)), True, True),
    ],
)
def test_a_value_of_its_type_passes_with_every_digit(schema, value, read):
    """What the contract means by a type passes, and keeps its text or all its digits."""
    found = leaf(schema)(value)
    assert (type(found), str(found)) == (type(read), str(read))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (of(Kind.STRING, enum=("a",)), "A"),
        (of(Kind.STRING, enum=("1",)), 1),
        (of(Kind.INTEGER, enum=(1,)), True),
        (of(Kind.INTEGER, enum=(1, "x")), "x"),
        (of(Kind.STRING, enum=("a",)), ["a"]),
        (of(Kind.STRING, enum=("a",)), {"a": 1}),
        (of(Kind.BOOLEAN, enum=(True,)), False),
    ],
)
def test_no_other_value_of_an_enum_passes(schema, value):
    """Members are told apart by type and case; a list is none of them; a member of a wrong type can't be met."""
    assert not passes(schema, value)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (of(Kind.INTEGER), "Int (32 bits)"),
        (of(Kind.DECIMAL), "Decimal"),
        (of(Kind.DATE_TIME), "date-time"),
        (of(Kind.STRING, enum=("a",)), "one of the enumerated values"),
        (of(Kind.STRING, enum=("a",), name="Colour"), "one of the values of Colour"),
    ],
)
def test_what_is_expected_has_a_name(schema, said):
    """Errors name what the contract admits."""
    assert expected_type(schema) == said


@given(value=JSON)
def test_what_is_found_is_a_type_and_never_the_value(value):
    """Errors name the JSON type that was met, out of a closed list of words."""
    words = {"null", "boolean", "integer", "integer over 32 bits", "number", "string", "array", "object"}
    assert found_type(value) in words
    plain = value if not isinstance(value, Decimal) else float(value)
    assert msgspec.json.encode(plain).decode() not in words or value is None
