"""Under which keys answers are kept: what tells two requests apart, and what does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.caching.cache_keys import (
    MOST_NAMES,
    Keys,
    changed_places,
    differing,
    flight_of,
    keys_of,
    place_tag,
    tags_of,
    variant_key,
)
from adapters.messages import Identity, Once, Request, Response
from adapters.policies.flight import LEFT_OUT

READ = Request(
    "users",
    "listUsers",
    "GET",
    "/users?a=1",
    {"accept": "a"},
    None,
    safe=True,
    identity=Identity("p1", "t1", "n1"),
)

OTHERS: list[dict[str, Any]] = [
    {"service": "orders"}, {"method": "HEAD"}, {"target": "/users?a=2"}, {"body": b""}, {"body": b"{}"},
    {"headers": {"accept": "b"}}, {"headers": {}}, {"headers": {"accept": "a", "x-tenant-id": "n1"}},
]  # fmt: skip


@pytest.mark.parametrize("other", OTHERS)
def test_every_part_of_a_request_tells_it_apart(other):
    """Service, method, target, body and headers are in both keys: none of two different requests is the same."""
    keys, others = (keys_of(one, by_headers=True) for one in (READ, replace(READ, **other)))
    assert not set(keys) & set(others)


@pytest.mark.parametrize(
    "identity", [Identity("p2", "t1", "n1"), Identity("p1", "t1", "n2"), Identity("p1", "t1")]
)
def test_callers_are_apart_but_for_what_is_for_all(identity):
    """Partition and tenant tell callers apart, in the private key alone."""
    keys, others = (keys_of(one, by_headers=True) for one in (READ, replace(READ, identity=identity)))
    assert (keys.shared == others.shared, keys.private == others.private) == (True, False)


def test_a_new_token_finds_what_the_old_one_fetched():
    """The partition stands for the caller; the token itself and what is made of it are in no key."""
    renewed = replace(
        READ, identity=Identity("p1", "t2", "n1"), headers={"accept": "a", "authorization": "Bearer t2"}
    )
    assert keys_of(renewed, by_headers=True) == keys_of(READ, by_headers=True)


@pytest.mark.parametrize("name", [*sorted(LEFT_OUT), "cache-control", "pragma"])
def test_tracing_tells_nothing_apart(name):
    """Trace and request ids differ with every request, and what caches are asked is no part of what is asked."""
    assert keys_of(replace(READ, headers={"accept": "a", name: "x"}), by_headers=True) == keys_of(
        READ, by_headers=True
    )


def test_of_no_consequence_is_what_the_answer_does_not_depend_on():
    """Operation ids, deadlines, tags and keys of changes are Stolon's own, and reach no service."""
    other = replace(
        READ, operation="x", deadline=5.0, tags=("User:*",), once=Once("k", b"d"), entitled=True, anew=True
    )
    assert keys_of(other, by_headers=True) == keys_of(READ, by_headers=True)


def test_without_headers_only_vary_tells_requests_apart():
    """A project may leave it to the answer's `Vary`."""
    other = replace(READ, headers={"accept": "b"})
    assert keys_of(other, by_headers=False) == keys_of(READ, by_headers=False)
    assert keys_of(READ, by_headers=True).shared != keys_of(READ, by_headers=False).shared


@given(
    st.lists(st.text("ab:,1 \ud800", max_size=3), min_size=4, max_size=4),
    st.lists(st.text("ab:,1 \ud800", max_size=3), min_size=4, max_size=4),
)
def test_no_two_requests_spell_the_same(one, other):
    """However their parts are cut, different requests have different keys, lone surrogates of JSON texts included."""

    def keys(parts: list[str]) -> Keys:
        service, target, header, partition = parts
        identity = Identity(partition, None, None)
        return keys_of(
            Request(service, "x", "GET", target, {"x": header}, identity=identity), by_headers=True
        )

    assert (keys(one).private == keys(other).private) == (one == other)
    assert (keys(one).shared == keys(other).shared) == (one[:3] == other[:3])


def test_keys_and_tags_show_nothing():
    """Keys are digests, and tags of places too: what names people stands in none."""
    keys = keys_of(READ, by_headers=True)
    assert [len(one) for one in keys] == [32, 64]
    assert tags_of(replace(READ, tags=("User:*",))) == (place_tag("users", "/users"), "User:*")
    assert place_tag("users", "/users/ada@example.com").startswith("at:")
    assert "ada" not in place_tag("users", "/users/ada@example.com")


@pytest.mark.parametrize(
    ("vary", "all_of_them", "names"),
    [
        (None, True, ()),
        ("", True, ()),
        ("Accept, accept-language", True, ()),
        ("Accept, accept-language,accept", False, ("accept", "accept-language")),
        ("Authorization, Accept", True, ("authorization",)),
        ("traceparent", True, ("traceparent",)),
        ("accept, *", True, None),
        (",".join(f"x-{number}" for number in range(MOST_NAMES + 1)), False, None),
        (",".join(f"x-{number}" for number in range(MOST_NAMES + 1)), True, ()),
    ],
)
def test_vary_counts_for_what_is_in_no_key(vary, all_of_them, names):
    """RFC 9111, section 4.1: the names, once each; not those that the key tells apart already, and not too many."""
    assert differing({} if vary is None else {"vary": vary}, by_headers=all_of_them) == names


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ({"a": "1, 2"}, True),
        ({"a": "1,2"}, True),
        ({"a": " 1 ,2 ", "c": "x"}, True),
        ({"a": "2,1"}, False),
        ({"a": ""}, False),
        ({}, False),
        ({"a": "1,2", "b": ""}, False),
    ],
)
def test_variants_are_told_by_their_headers(headers, same):
    """RFC 9111, section 4.1: blanks do not matter; a header that is not there is not one that is empty."""
    names = ("a", "b")
    assert (variant_key(b"k", names, headers) == variant_key(b"k", names, {"a": "1,2"})) is same


def test_variants_of_two_requests_are_apart():
    """The key of what they are variants of is in theirs."""
    assert variant_key(b"k", ("a",), {}) != variant_key(b"l", ("a",), {}) != b"l"


def test_a_flight_for_all_is_of_no_caller():
    """Equal requests of any callers are one under equal conditions; trace ids and credentials make no difference."""
    other = replace(
        READ, identity=Identity("p2"), headers={"accept": "a", "authorization": "x", "traceparent": "t"}
    )
    assert flight_of(READ, {}) == flight_of(other, {})
    assert flight_of(READ, {"if-none-match": '"a"'}) not in (
        flight_of(READ, {}),
        flight_of(READ, {"if-none-match": "b"}),
    )


BASE = "http://users.example:80/api"


@pytest.mark.parametrize(
    ("headers", "paths"),
    [
        ({}, ["/users/1"]),
        ({"location": "/api/users/2?x=1"}, ["/users/1", "/users/2"]),
        (
            {"location": "2", "content-location": "http://users.example:80/api/users"},
            ["/users/1", "/users/2", "/users"],
        ),
        ({"location": "http://users.example/api/users/2"}, ["/users/1", "/users/2"]),
        ({"location": "https://users.example:80/api/users/2"}, ["/users/1"]),
        ({"location": "http://other.example:80/api/users/2"}, ["/users/1"]),
        ({"location": "/elsewhere/2"}, ["/users/1"]),
        ({"location": "http://[::1/"}, ["/users/1"]),
        ({"location": "http://users.example:x/api/users/2"}, ["/users/1"]),
    ],
)
def test_a_change_is_felt_at_its_place_and_where_it_points(headers, paths):
    """RFC 9111, section 4.4: the target, `Location` and `Content-Location`, if of this service."""
    change = Request("users", "change", "PATCH", "/users/1?notify=1")
    assert changed_places(change, Response(200, headers, b""), BASE) == tuple(
        place_tag("users", one) for one in paths
    )


def test_a_change_without_an_answer_is_felt_at_its_place():
    """Where the answer was lost, the place of the change is all that is known."""
    assert changed_places(Request("users", "x", "DELETE", "/users/1"), None, BASE) == (
        place_tag("users", "/users/1"),
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("/users/jos%c3%a9", "/users/jos%C3%A9", True),
        ("/users/%7eann%2D1", "/users/~ann-1", True),
        ("/users/a%2Fb", "/users/a/b", False),
        ("/users/a%3ab", "/users/a:b", False),
        ("/users/a%25b", "/users/a%b", False),
        ("/users/A", "/users/a", False),
    ],
)
def test_a_place_is_one_however_it_is_spelled(one, other, same):
    """RFC 3986, sections 6.2.2.1 and 6.2.2.2: escapes in either case, and of what needs none; nothing else."""
    assert (tags_of(replace(READ, target=one)) == tags_of(replace(READ, target=f"{other}?a=1"))) is same


def test_an_answer_names_the_place_of_a_change_in_any_spelling():
    """`Location` is compared in the same spelling, its base path too, and a place that is named twice is one."""
    change = Request("users", "change", "PUT", "/users/jos%C3%A9")
    answer = Response(
        200, {"location": "/%61pi/users/jos%c3%a9", "content-location": "/api/users/%c3%89va"}, b""
    )
    assert changed_places(change, answer, BASE) == (
        place_tag("users", "/users/jos%C3%A9"),
        place_tag("users", "/users/%C3%89va"),
    )
