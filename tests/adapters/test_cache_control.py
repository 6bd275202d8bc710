"""`Cache-Control` and dates, as RFC 9111 and RFC 9110 have them: what is unreadable keeps less, never more."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.caching.cache_control import MOST_SECONDS, delta_seconds, directives
from adapters.http_date import http_date

NOW = datetime(2026, 11, 21, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, {}),
        ("", {}),
        (" , ,", {}),
        ("no-store", {"no-store": None}),
        ("Max-Age=60, PUBLIC", {"max-age": "60", "public": None}),
        ('max-age="60"', {"max-age": "60"}),
        ("max-age=1, max-age=2", {"max-age": "1"}),
        ('private="set-cookie, x", max-age=5', {"private": "set-cookie, x", "max-age": "5"}),
        (r'x="a\"b, no-store", max-age=5', {"x": 'a"b, no-store', "max-age": "5"}),
        ('x="never ends, no-store', {"x": '"never ends, no-store'}),
        ("max-age=", {"max-age": ""}),
        ("=5", {}),
        ('max-age="', {"max-age": '"'}),
    ],
)
def test_directives_are_read_as_the_grammar_has_them(text, said):
    """RFC 9111, section 5.2: names in any case, arguments in quotes or not, the first of several."""
    assert directives(text).said == said


@pytest.mark.parametrize(
    "text", ["max-age=1.5", "max-age=-1", "max-age=x", "max-age", "max-age='5'", "max-age=٣"]
)
def test_a_life_that_is_no_number_is_over(text):
    """RFC 9111, section 4.2.1: an answer with freshness that cannot be read is stale."""
    assert directives(text).seconds("max-age") == 0


def test_what_is_not_said_is_none():
    """No directive is not the same as one of 0 seconds."""
    assert directives("public").seconds("max-age") is None
    assert "max-age" not in directives("public")


@given(st.integers(0, 10**40), st.integers(0, 5))
def test_seconds_never_overflow(number, zeros):
    """RFC 9111, section 1.2.2: what is too large counts as 2^31, however many digits it has."""
    assert delta_seconds("0" * zeros + str(number)) == min(number, MOST_SECONDS)


@given(st.text(max_size=60))
def test_no_text_is_too_strange(text):
    """Whatever a service sends is read in some way, and `seconds` is never less than 0."""
    found = directives(text)
    assert all((found.seconds(name) or 0) >= 0 for name in found.said)


@given(st.integers(0, 253_402_300_799))
def test_a_date_in_the_form_that_is_to_be_sent_is_read(seconds):
    """RFC 9110, section 5.6.7: IMF-fixdate, to the second."""
    when = datetime.fromtimestamp(seconds, UTC)
    assert http_date(format_datetime(when, usegmt=True), NOW) == seconds


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sunday, 06-Nov-77 08:49:37 GMT", datetime(1977, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sunday, 06-Nov-76 08:49:37 GMT", datetime(2076, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun Nov  6 08:49:37 1994", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun Nov 16 08:49:37 1994", datetime(1994, 11, 16, 8, 49, 37, tzinfo=UTC)),
        ("Sun, 06 Nov 1994 08:49:60 GMT", datetime(1994, 11, 6, 8, 49, 59, tzinfo=UTC)),
    ],
)
def test_old_forms_and_leap_seconds_are_read(text, when):
    """RFC 9110, section 5.6.7: two forms that are still to be read; two digits mean a year at most 50 years ahead."""
    assert http_date(text, NOW) == when.timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-1",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 +0200",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
    ],
)
def test_what_is_no_date_is_none(text):
    """RFC 9111, section 5.3: what is in no form of the RFC's is not guessed at."""
    assert http_date(text, NOW) is None
