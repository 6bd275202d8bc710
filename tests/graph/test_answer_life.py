"""What clients are told of how they may use an answer again."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.caching.cache_control import directives
from graph.caching.answer_life import MOST_READ, AnswerLife, entity_tag, holds, life_headers
from graph.http.media_types import GRAPHQL, JSON
from graph.identity.passed_on import passed_on, varying

SECONDS = st.floats(-10, 1e6)


def test_headers_of_an_answer_for_its_caller():
    """`Age` counts from when the oldest part was made, and `max-age` with it; `Vary` says what it depends on."""
    assert life_headers(AnswerLife(29.9, 30.7, False, ("accept-language", "authorization"))) == {
        "cache-control": "private, max-age=59",
        "age": "30",
        "vary": "accept, accept-language, authorization",
    }
    assert life_headers(AnswerLife(60, 0, True)) == {
        "cache-control": "public, max-age=60",
        "age": "0",
        "vary": "accept",
    }


def test_what_clients_may_keep_for_a_shorter_time():
    """Where a service has its answer live shorter in clients' own caches, `max-age` says so, and `s-maxage` the rest
    to caches for all; where one wants to be asked about what is over, `must-revalidate` says it.
    """
    said = [
        life_headers(AnswerLife(60, 10.5, public, client=client, strict=strict))["cache-control"]
        for public, client, strict in [
            (True, 5.9, False),
            (False, 5.9, True),
            (True, -1, True),
            (True, 60, False),
        ]
    ]
    assert said == [
        "public, max-age=15, s-maxage=70",
        "private, max-age=15, must-revalidate",
        "public, max-age=10, s-maxage=70, must-revalidate",
        "public, max-age=70",
    ]


@given(SECONDS, SECONDS, st.booleans(), SECONDS | st.just(math.inf))
def test_no_cache_uses_an_answer_longer_than_it_lives(left: float, age: float, public: bool, client: float):
    """Whatever its life, a cache that reckons by RFC 9111 (section 4.2.1: `max-age` less `Age`) has at most what is
    left for it, and less than a second less; and `public` is said of nothing that is not.
    """
    headers = life_headers(AnswerLife(left, age, public, client=client))
    said = directives(headers["cache-control"])
    at_client = said.seconds("max-age") or 0
    shared = said.seconds("s-maxage")
    for stated, whole in ((at_client, min(left, client)), (at_client if shared is None else shared, left)):
        remaining = stated - int(headers["age"])
        assert 0 <= remaining <= max(whole, 0)
        assert max(whole, 0) - remaining < 1 or (not public and whole == left > client)
    assert ("public" in said, "private" in said) == (public, not public)


@given(st.binary(max_size=64), st.binary(max_size=64), st.sampled_from([GRAPHQL, JSON]))
def test_a_tag_is_of_bytes_and_form(one: bytes, other: bytes, form: str):
    """Equal bytes in one form have one strong tag; other bytes, and the other form, have another."""
    tag = entity_tag(one, form)
    assert re.fullmatch('"[0-9a-f]{32}"', tag)
    assert (tag == entity_tag(other, form)) is (one == other)
    assert tag != entity_tag(one, JSON if form == GRAPHQL else GRAPHQL)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (None, False), ("", False), ('"a"', True), ('W/"a"', True), ('"b", W/"a"', True), ('"b","a"', True),
        ("*", True), (" * ", True), ('"b"', False), ("a", False), ('"A"', False), ('"*"', False),
        ('"b"' * MOST_READ + '"a"', False),
    ],
)  # fmt: skip
def test_whether_a_client_has_the_answer(stated: str | None, expected: bool):
    """`If-None-Match` names it by its tag, weak or strong, or by `*` (RFC 9110, section 13.1.2)."""
    assert holds({} if stated is None else {"if-none-match": stated}, '"a"') is expected


def test_what_answers_vary_by():
    """By what services get of a request, but not by what only traces it; and by who asks, unless the answer is for
    all and services are told no tenant.
    """
    forward = ("x-locale", "traceparent", "accept-language", "x-request-id")
    assert varying(forward, None, public=True) == ("accept-language", "x-locale")
    private = ("accept-language", "authorization", "x-locale", "x-tenant-id")
    # Services are told the tenant that a token names: what is for all who have none is not for those who have.
    assert varying(forward, "x-tenant-id", public=True) == private
    assert varying(forward, "x-tenant-id", public=False) == private
    assert varying((), None, public=False) == ("authorization",)


def test_what_services_get_of_a_request():
    """The headers on the list, as far as they can be sent, and the tenant that was verified, never the client's."""
    sent = {"x-locale": "pt", "x-tenant-id": "theirs", "x-note": "tab\there", "x-other": "1"}
    forward = frozenset({"x-locale", "x-note", "x-tenant-id"})
    assert passed_on(sent, forward, "x-tenant-id", "acme") == {"x-locale": "pt", "x-tenant-id": "acme"}
    assert passed_on(sent, forward, "x-tenant-id", None) == {"x-locale": "pt"}
    assert passed_on(sent, forward, None, "acme") == {"x-locale": "pt", "x-tenant-id": "theirs"}
