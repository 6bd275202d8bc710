"""Keys in their canonical text (design, section 6: keyed by canonical parameters)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.contract import Kind
from resolvers.loading.keys import canonical
from resolvers.reading.datetimes import ExactDateTime

VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text()
    | st.uuids()
    | st.lists(st.text())
)


@given(kind=st.sampled_from(Kind), value=VALUES)
def test_a_key_is_text_or_none_and_canonical_text_stays(kind, value):
    """Any value has one canonical text or is no key; canonical text is its own."""
    text = canonical(kind, value)
    assert text is None or (text != "" and canonical(kind, text) == text)


@given(number=st.integers(-(10**39), 10**39), zeros=st.integers(0, 1))
def test_an_integer_is_one_key_in_any_spelling(number, zeros):
    """The number, its digits, and its digits after a zero are one key."""
    sign, digits = ("-", str(-number)) if number < 0 else ("", str(number))
    spellings = [number, str(number), f"{sign}{'0' * zeros}{digits}"]
    assert {canonical(Kind.INT64, one) for one in spellings} == {str(number)}


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Kind.INTEGER, "-0", "0"),
        (Kind.INTEGER, "1.0", None),
        (Kind.INTEGER, "+1", None),
        (Kind.INTEGER, "\u0661", None),
        (Kind.INTEGER, "", None),
        (Kind.INTEGER, "9" * 41, None),
        pytest.param(Kind.INTEGER, 10**5000, None, id="5001 digits"),
        (Kind.INTEGER, True, None),
        (Kind.STRING, "012", "012"),
        (Kind.STRING, 12, "12"),
        (Kind.STRING, "", None),
        (Kind.STRING, 1.5, None),
        (Kind.STRING, Decimal(1), None),
        (Kind.STRING, ["a"], None),
        (Kind.UUID, "AB", "ab"),
        (Kind.UUID, UUID(int=10), "00000000-0000-0000-0000-00000000000a"),
        (Kind.DATE, date(2026, 1, 2), "2026-01-02"),
        (Kind.DATE_TIME, ExactDateTime.read("2026-01-02T00:00:00.120Z"), "2026-01-02T00:00:00.120Z"),
    ],
)
def test_what_a_kind_of_key_admits(kind, value, text):
    """Text and integers are keys, and the Python values that GraphQL makes of them; nothing else is."""
    assert canonical(kind, value) == text
