"""Whether a kept answer will do for a request (RFC 9111, sections 4 and 5.2.1; RFC 5861)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.caching.cache_entry import Entry, Signpost, confirmed, entry_of, packed, unpacked
from adapters.caching.cache_life import Life
from adapters.caching.cache_reuse import ANYTHING, Use, Wanted, conditional, on_error, use, wanted
from adapters.messages import Freshness, Response


def entry(**given: Any) -> Entry:
    """Fresh for 60 seconds from 0, then usable for 10 meanwhile and for 30 on errors."""
    stated: dict[str, Any] = {
        "status": 200, "headers": {}, "body": b"{}", "received": 0.0, "age_then": 0.0, "fresh": 60.0,
        "meanwhile": 10.0, "on_error": 30.0, "never_stale": False, "as_stated": False,
        "shared": True,
    }  # fmt: skip
    return Entry(**{**stated, **given})


@pytest.mark.parametrize(
    ("now", "how"),
    [
        (0, Use.AS_IS),
        (59.9, Use.AS_IS),
        (60, Use.MEANWHILE),
        (69.9, Use.MEANWHILE),
        (70, Use.ASK),
        (1e9, Use.ASK),
    ],
)
def test_fresh_then_meanwhile_then_asked(now, how):
    """RFC 5861, section 3: fresh to its end, then used for the window while another is fetched, then no more."""
    assert use(entry(), ANYTHING, now) is how


@pytest.mark.parametrize(("now", "may"), [(0, True), (60, True), (89.9, True), (90, False)])
def test_an_error_finds_a_stale_answer_within_its_window(now, may):
    """RFC 5861, section 4."""
    assert on_error(entry(), ANYTHING, now) is may
    assert on_error(entry(never_stale=True), ANYTHING, now) is False


def test_what_must_be_asked_about_is_never_used_stale():
    """RFC 9111, section 4.2.4: `must-revalidate` and its like go before every window and every wish."""
    strict = entry(never_stale=True)
    wish = Wanted(max_stale=1000)
    assert [use(strict, one, 60.0) for one in (ANYTHING, wish)] == [Use.ASK, Use.ASK]
    assert use(strict, ANYTHING, 59.0) is Use.AS_IS


def test_where_an_answers_own_windows_are_all_there_is_max_stale_counts_for_nothing():
    """RFC 9111, sections 4.2.4 and 5.2.2.10: but for the windows that the answer itself allows."""
    kept, wish = entry(as_stated=True), Wanted(max_stale=1000)
    assert [use(kept, wish, now) for now in (59.0, 60.0, 70.0)] == [Use.AS_IS, Use.MEANWHILE, Use.ASK]
    assert [on_error(kept, wish, now) for now in (89.0, 90.0)] == [True, False]


@pytest.mark.parametrize(
    ("said", "now", "how"),
    [
        ("no-cache", 1, Use.ASK),
        ("max-age=10", 10, Use.AS_IS),
        ("max-age=10", 11, Use.ASK),
        ("max-age=0", 1, Use.ASK),
        ("max-age=x", 1, Use.ASK),
        ("min-fresh=10", 50, Use.AS_IS),
        ("min-fresh=10", 51, Use.ASK),
        ("min-fresh=10, max-stale", 65, Use.ASK),
        ("max-stale", 1e6, Use.AS_IS),
        ("max-stale=20", 80, Use.AS_IS),
        ("max-stale=20", 81, Use.ASK),
        ("max-stale=5", 66, Use.MEANWHILE),
        ("max-stale=100, max-age=65", 66, Use.ASK),
        ("no-transform", 1, Use.AS_IS),
    ],
)
def test_what_a_request_asks_of_caches(said, now, how):
    """RFC 9111, section 5.2.1: no-cache, max-age, min-fresh and max-stale."""
    assert use(entry(), wanted({"cache-control": said}), now) is how


def test_pragma_counts_where_nothing_else_is_said():
    """RFC 9111, section 5.4."""
    assert wanted({"pragma": "No-Cache"}) == Wanted(ask=True)
    assert wanted({"pragma": "no-cache", "cache-control": "max-age=5"}) == Wanted(max_age=5)
    assert wanted({"pragma": "x"}) is wanted({}) is ANYTHING


def test_a_read_anew_asks_whatever_else_it_wants():
    """What follows a change is asked of the service, whatever its headers say."""
    assert wanted({}, anew=True) == Wanted(ask=True)
    assert wanted({"cache-control": "max-stale"}, anew=True) == Wanted(ask=True, max_stale=1 << 31)


def test_storing_and_asking_can_be_forbidden():
    """RFC 9111, sections 5.2.1.5 and 5.2.1.7."""
    assert wanted({"cache-control": "no-store, only-if-cached"}) == Wanted(no_store=True, only_if_cached=True)


@pytest.mark.parametrize("said", ["no-cache", "max-age=0"])
def test_who_wants_an_answer_anew_gets_no_stale_one_on_errors(said):
    """A request that asks for the service's own word is not served without it."""
    assert on_error(entry(), wanted({"cache-control": said}), 61.0) is False


@pytest.mark.parametrize(
    "name", ["range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"]
)
def test_parts_and_conditions_pass_by(name):
    """What a request asks for by condition or part is for the service to answer."""
    assert conditional({name: "x"})
    assert not conditional({"accept": "x"})


@given(
    st.floats(0, 1e6),
    st.floats(0, 1e6),
    st.floats(0, 1e6),
    st.floats(0, 1e6),
    st.booleans(),
    st.floats(-1e6, 1e6),
)
def test_nothing_is_used_beyond_its_windows(age_then, fresh, meanwhile, window, strict, now):
    """For any life and any time: what is used as it is is fresh, what is used meanwhile is within its window, and
    a clock that was put back makes nothing younger than it was.
    """
    kept = entry(age_then=age_then, fresh=fresh, meanwhile=meanwhile, on_error=window, never_stale=strict)
    age = kept.age(now)
    assert age >= age_then
    how = use(kept, ANYTHING, now)
    assert (how is Use.AS_IS) == (age < fresh)
    assert how is not Use.MEANWHILE or (not strict and age - fresh < meanwhile)
    assert not on_error(kept, ANYTHING, now) or (not strict and age - fresh < window)


def test_a_given_answer_says_its_age_and_what_is_left():
    """RFC 9111, section 5.1: `Age` in whole seconds; and for the layers above the truth to the moment."""
    kept = entry(headers={"etag": '"a"'}, age_then=5.0, shared=False)
    assert kept.given(20.5) == Response(200, {"etag": '"a"', "age": "25"}, b"{}")
    assert kept.given(20.5).freshness == Freshness(
        left=34.5, age=25.5, private=True, cached=True, stale=False
    )
    assert kept.given(56.0).freshness == Freshness(left=0.0, age=61.0, private=True, cached=True, stale=True)


LIFE = Life(1.0, 60.0, 10.0, 30.0, never_stale=False, as_stated=True, shared=True)


def test_what_belongs_to_a_connection_is_not_kept():
    """RFC 9111, section 3.1: hop-by-hop fields, those that `Connection` names, and the age of then."""
    sent = {"connection": "x-hop, close", "x-hop": "1", "keep-alive": "1", "te": "1", "upgrade": "1", "age": "9",
            "transfer-encoding": "chunked", "set-cookie": "a=b", "content-type": "application/json"}  # fmt: skip
    kept = entry_of(Response(200, sent, b"{}"), LIFE, 7.0)
    assert kept == Entry(
        200, {"content-type": "application/json"}, b"{}", 7.0, 1.0, 60.0, 10.0, 30.0, False, True, True
    )


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ({}, {}),
        ({"etag": 'W/"a"'}, {"if-none-match": 'W/"a"'}),
        ({"last-modified": "then"}, {"if-modified-since": "then"}),
        ({"etag": '"a"', "last-modified": "then"}, {"if-none-match": '"a"', "if-modified-since": "then"}),
    ],
)
def test_the_service_is_asked_by_its_own_validators(headers, asked):
    """RFC 9111, section 4.3.1."""
    assert entry(headers=headers).validators() == asked


def test_a_304_renews_what_it_tells_of():
    """RFC 9111, section 3.2: its fields replace those that were kept, but for those of the kept bytes."""
    kept = entry(headers={"etag": '"a"', "x": "old", "y": "old", "content-encoding": "gzip"})
    told = Response(304, {"etag": '"a"', "x": "new", "content-encoding": "br", "content-length": "0"}, b"")
    assert confirmed(kept, told) == Response(
        200, {"etag": '"a"', "x": "new", "y": "old", "content-encoding": "gzip"}, b"{}"
    )


@pytest.mark.parametrize(
    ("kept", "told", "same"),
    [
        ({"etag": '"a"'}, {"etag": '"b"'}, False),
        ({"etag": '"a"'}, {"etag": 'W/"a"'}, True),
        ({"etag": 'W/"a"'}, {"etag": '"a"'}, True),
        ({"etag": '"a"'}, {}, True),
        ({"last-modified": "then"}, {"etag": '"b"'}, True),
    ],
)
def test_a_304_of_something_else_confirms_nothing(kept, told, same):
    """RFC 9111, section 4.3.4: the tags must be the same, weak or strong."""
    assert (confirmed(entry(headers=kept), Response(304, told, b"")) is not None) is same


@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3))
def test_bytes_become_what_they_were(body, headers):
    """What is packed is unpacked as it was, signposts too."""
    kept = entry(body=body, headers=headers)
    assert unpacked(packed(kept)) == kept
    post = Signpost(tuple(headers))
    assert unpacked(packed(post)) == post


@given(st.binary(max_size=200))
def test_foreign_bytes_are_nothing(value):
    """What another program or version left in a store is no answer, and breaks nothing."""
    assert unpacked(value) is None or isinstance(unpacked(value), Entry | Signpost)
    assert unpacked(packed(entry())[:-1]) is None
    assert unpacked(None) is None


def test_its_text_shows_nothing_of_an_answer():
    """Headers and bodies are nobody's business in a log."""
    assert repr(entry(headers={"x": "secret"}, body=b"secret")) == "Entry(200, 6 bytes, shared=True)"
