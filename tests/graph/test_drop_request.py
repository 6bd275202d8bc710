"""What a call wants dropped: read from its body, or refused with all that is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.caching.entity_tags import Change
from adapters.contract.contract import Kind
from graph.binding.keyed_types import KeyedType
from graph.caching.drop_request import MOST_ENTITIES, Drop, Unfit, drop_of

TYPES = {
    "Order": KeyedType("Order", "shop", "#/Order", ("id",), (Kind.INT64,)),
    "Seat": KeyedType("Seat", "shop", "#/Seat", ("row", "place"), (Kind.STRING, Kind.INTEGER)),
    "User": KeyedType("User", "users", "#/User", ("id",), (Kind.UUID,)),
}
FORM = "expected 'entities', a list such as [\"Order:42\", \"User:*\"], or 'everything', true"
UUID = "0000000A-0000-4000-8000-000000000000"


def wanted(body: Any) -> Drop:
    return drop_of(json.dumps(body).encode(), TYPES)


def told(body: Any) -> list[tuple[str, str]]:
    """What is wrong with a body."""
    with pytest.raises(Unfit) as raised:
        wanted(body)
    assert str(raised.value) == "The body is not what it should be."
    return raised.value.errors


def test_entities_are_read_in_their_canonical_form() -> None:
    """However a key is written, it is the one that answers are tagged with."""
    texts = ["Order:0042", "Seat:a%2Cb,7", f"User:{UUID}", "User:*"]
    assert wanted({"entities": texts}) == Drop(
        (
            Change("Order", ("42",)),
            Change("Seat", ("a,b", "7")),
            Change("User", (UUID.lower(),)),
            Change("User"),
        )
    )


def test_everything_may_be_wanted() -> None:
    """`everything` stands alone."""
    assert wanted({"everything": True}) == Drop(everything=True)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("#", FORM)]),
        ([], [("#", FORM)]),
        ("Order:42", [("#", FORM)]),
        ({"entities": ["Order:1"], "everything": True}, [("#", f"{FORM}; not both")]),
        ({"everything": 1}, [("#/everything", "expected true")]),
        ({"everything": False}, [("#/everything", "expected true")]),
        (
            {"entitys": ["Order:1"]},
            [("#/entitys", "is no member of this call; did you mean 'entities'?"), ("#", FORM)],
        ),
        ({"everything": True, "a/~b": 1}, [("#/a~1~0b", "is no member of this call")]),
        ({"entities": []}, [("#/entities", 'expected a list such as ["Order:42", "User:*"], not empty')]),
        (
            {"entities": "Order:1"},
            [("#/entities", 'expected a list such as ["Order:42", "User:*"], not empty')],
        ),
        ({"entities": ["Order:1"] * (MOST_ENTITIES + 1)}, [("#/entities", "expected at most 1000 entities")]),
    ],
)
def test_what_is_no_call_is_refused(body: Any, errors: list[tuple[str, str]]) -> None:
    """Each mistake has its place and says what was expected."""
    assert told(body) == errors


def test_all_mistakes_are_told_at_once() -> None:
    """Whatever is wrong with the entities is told in one answer, with the nearest names; what is right is not."""
    texts = ["Order:1", "Oder:1", "Order:x", "Seat:a", "Seat:a,b", 7, "Order", "User:?", "User:1"]
    assert told({"entities": texts}) == [
        ("#/entities/1", "'Oder' is no bound type with a key; did you mean 'Order'?"),
        ("#/entities/2", "expected a key of Order: 'id' (int64)"),
        ("#/entities/3", "the key of Seat is 'row', 'place', and this has 1; a comma in one is written %2C"),
        ("#/entities/4", "expected a key of Seat: 'place' (integer)"),
        ("#/entities/5", "expected text, such as 'Order:42' or 'User:*'"),
        (
            "#/entities/6",
            "expected a type's name, a colon and a key, as 'User:42', or 'User:*' for all of a type",
        ),
        ("#/entities/7", "expected '?' (%3F) in a key to be percent-encoded, or 'User:*' for all"),
    ]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"entities": ["\xff"]}', b"[" * 100_000])
def test_what_is_no_json_is_told_as_that(body: bytes) -> None:
    """A body that cannot be read has no places to point at."""
    with pytest.raises(Unfit) as raised:
        drop_of(body, TYPES)
    assert (str(raised.value), raised.value.errors) == (f"The body is no JSON: {FORM}.", [])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)


@given(JSON | st.fixed_dictionaries({"entities": st.lists(JSON, max_size=4)}))
def test_any_json_is_a_call_or_is_refused(body: Any) -> None:
    """Nothing but Unfit is raised, and what is read names known types alone."""
    try:
        drop = wanted(body)
    except Unfit:
        return
    assert drop.everything or {one.name for one in drop.changes} <= set(TYPES)
