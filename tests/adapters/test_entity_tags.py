"""Tags of entities: what reads carry, what changes drop, and how both are written."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.caching.entity_tags import (
    ANYTHING,
    MOST_KEYS,
    MOST_TYPES,
    MOST_WRITTEN,
    BadChange,
    Change,
    change_of,
    dropped_by,
    fewer,
    read_tags,
    read_tags_of_types,
)

NAMES = st.from_regex(r"[_A-Za-z][_0-9A-Za-z]{0,80}", fullmatch=True)
PARTS = st.text(min_size=1, max_size=200)
KEYS = st.lists(PARTS, min_size=1, max_size=3).map(tuple)


def test_a_read_by_key_tells_of_its_keys() -> None:
    """An answer by key carries its type and each key asked for, once."""
    assert read_tags("User", [("42",), ("7",), ("42",)]) == ("User:*", "User:42", "User:7")


def test_a_read_of_whatever_tells_of_any() -> None:
    """A list or search carries its type, and that nobody knows which of it."""
    assert read_tags("User") == ("User:*", "User:?")


def test_a_read_of_many_keys_tells_of_any() -> None:
    """An answer of more keys than are worth a tag each is as one of whichever."""
    keys = [(str(one),) for one in range(MOST_KEYS + 1)]
    assert read_tags("User", keys) == ("User:*", "User:?")
    assert len(read_tags("User", keys[1:])) == MOST_KEYS + 1


def test_a_read_of_types_tells_of_any_of_each() -> None:
    """An answer that shows several types carries the tags of each, and nothing for no type."""
    assert read_tags_of_types(["User", "Order", "User"]) == ("User:*", "User:?", "Order:*", "Order:?")
    assert read_tags_of_types([]) == ()


def test_a_read_of_many_types_tells_of_anything() -> None:
    """An answer that shows more types than are worth tags is dropped by any change."""
    names = [f"T{one}" for one in range(MOST_TYPES + 1)]
    assert read_tags_of_types(names) == (ANYTHING,)
    assert len(read_tags_of_types(names[1:])) == 2 * MOST_TYPES


def test_a_change_drops_its_key_and_what_may_tell_of_it() -> None:
    """A change to one entity leaves the others of its type; a change to all of a type leaves none."""
    assert dropped_by([Change("User", ("42",))]) == ("User:42", "User:?", ANYTHING)
    assert dropped_by([Change("User")]) == ("User:*", ANYTHING)
    assert dropped_by([]) == ()


@pytest.mark.parametrize(
    ("key", "spelled"),
    [
        (("42",), "42"), (("a", "b"), "a,b"), (("a,b",), "a%2Cb"), (("*",), "%2A"), (("?",), "%3F"),
        (("a:b",), "a%3Ab"), (("100%",), "100%25"), (("", "b"), ",b"), (("é x/~",), "é x/~"),
    ],
)  # fmt: skip
def test_keys_are_spelled_unmistakably(key: tuple[str, ...], spelled: str) -> None:
    """Commas join the parts of a key, and what means something in a tag is percent-encoded."""
    assert str(Change("User", key)) == f"User:{spelled}"
    assert read_tags("User", [key]) == ("User:*", f"User:{spelled}")
    assert change_of(f"User:{spelled}") == Change("User", key)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("User:*", Change("User")), ("_x1:a%C3%A9", Change("_x1", ("aé",))), ("U:%41", Change("U", ("A",))),
        ("U:a%2cb,c", Change("U", ("a,b", "c"))),
    ],
)  # fmt: skip
def test_changes_are_read_from_texts(text: str, change: Change) -> None:
    """Whatever is percent-encoded is read, also where it need not be."""
    assert change_of(text) == change


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("User", "expected a type's name, a colon and a key, as 'User:42', or 'User:*' for all of a type"),
        ("", "expected a type's name, a colon and a key, as 'User:42', or 'User:*' for all of a type"),
        ("1x:2", "expected a type's name, a colon and a key, as 'User:42', or 'User:*' for all of a type"),
        ("*:*", "expected a type's name, a colon and a key, as 'User:42', or 'User:*' for all of a type"),
        ("User:", "expected a key after 'User:', or 'User:*' for all"),
        ("User:?", "expected '?' (%3F) in a key to be percent-encoded, or 'User:*' for all"),
        ("User:a:*", "expected '*' (%2A) and ':' (%3A) in a key to be percent-encoded, or 'User:*' for all"),
        ("User:1%", "expected two hexadecimal digits after each '%', which itself is written '%25'"),
        ("User:%ff", "expected what is percent-encoded to be UTF-8"),
        ("User:" + "x" * MOST_WRITTEN, "expected at most 4096 characters"),
    ],
)  # fmt: skip
def test_what_names_no_entity_is_refused(text: str, message: str) -> None:
    """A text that names no entity is an error that says what was expected."""
    with pytest.raises(BadChange) as raised:
        change_of(text)
    assert str(raised.value) == message


@given(NAMES, KEYS)
def test_what_is_written_is_read_again(name: str, key: tuple[str, ...]) -> None:
    """A change is read as it was, unless its key is so long that its digest stands for it."""
    text = str(Change(name, key))
    assume("%-" not in text)
    assert change_of(text) == Change(name, key)


@given(st.text(max_size=60))
def test_any_text_is_a_change_or_is_refused(text: str) -> None:
    """Reading raises nothing but BadChange, and what is read is written so that it is read as the same."""
    try:
        change = change_of(text)
    except BadChange:
        return
    assert change_of(str(change)) == change


@given(NAMES, KEYS, KEYS)
def test_a_change_drops_just_what_tells_of_it(
    name: str, one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    """A by-key answer is dropped by a change of its own key and of all, and by no other; one of any by each."""
    change = set(dropped_by([Change(name, one)]))
    assert change & set(read_tags(name, [one]))
    assert bool(change & set(read_tags(name, [other]))) is (one == other)
    assert change & set(read_tags(name))
    everything = set(dropped_by([Change(name)]))
    assert everything & set(read_tags(name, [one]))
    assert everything & set(read_tags(name))
    assert not everything & set(read_tags(f"{name}_", [one]))
    assert not change & set(read_tags(f"_{name}", [one]))


@given(NAMES, st.lists(st.text(max_size=500), min_size=1, max_size=3).map(tuple))
def test_tags_are_short(name: str, key: tuple[str, ...]) -> None:
    """No tag is longer than a store takes, whatever keys and names are."""
    assert all(len(tag) <= 200 for tag in (*read_tags(name * 5, [key]), *dropped_by([Change(name * 5, key)])))


def test_what_is_no_text_in_utf_8_is_spelled_too() -> None:
    """A key that JSON may hold and UTF-8 may not has a spelling of its own, also where it is long."""
    long = "\ud800" * 300
    assert read_tags("User", [("\ud800",)]) == ("User:*", "User:\ud800")
    assert read_tags("User", [(long,)])[1].startswith("User:%-")


@given(
    st.lists(st.tuples(NAMES, st.none() | st.lists(KEYS, max_size=4)), max_size=6),
    st.lists(st.tuples(NAMES, st.none() | KEYS).map(lambda one: Change(*one)), max_size=4),
    st.integers(0, 30),
)
def test_fewer_tags_are_dropped_by_no_fewer_changes(
    reads: list[tuple[str, list[tuple[str, ...]] | None]], changes: list[Change], most: int
) -> None:
    """Fewer tags are as many as are asked for, and whatever change drops the tags drops the fewer."""
    tags = list(dict.fromkeys(["at:0", *(tag for name, keys in reads for tag in read_tags(name, keys))]))
    less = fewer(tags, most)
    if less is None:
        assert len(tags) > most
        return
    assert len(less) <= most
    assert "at:0" in less
    dropped = set(dropped_by(changes))
    assert not dropped & set(tags) or dropped & set(less)


def test_keys_give_way_where_there_are_many_tags() -> None:
    """Where there are too many tags, those of keys become one for each type; types are not left out."""
    tags = ("at:9", "User:*", "User:1", "User:2", "Order:*", "Order:?")
    assert fewer(tags, 6) == tags
    assert fewer(tags, 5) == ("at:9", "User:*", "User:?", "Order:*", "Order:?")
    assert fewer(tags, 4) is None
    long = "N" * 80
    assert fewer(read_tags(long, [("1",), ("2",)]), 2) == read_tags(long)
