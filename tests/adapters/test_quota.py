"""What answers tell of how much may still be asked, in the spellings that services use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.messages import Response
from adapters.policies.quota import LONGEST, Quota, quota

NOW = 1_700_000_000.0


def told(status: int = 200, /, **headers: str) -> Quota | None:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return quota(Response(status, named, b""), NOW)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"ratelimit": '"default";r=50;t=30'}, Quota(50, 30.0)),
        ({"ratelimit": "default; r=50; t=30"}, Quota(50, 30.0)),
        ({"ratelimit": '"burst";r=7;t=1, "daily";r=3;t=200'}, Quota(3, 200.0)),
        ({"ratelimit": '"a";r=0;t=1,"b";r=0;t=9'}, Quota(0, 9.0)),
        ({"ratelimit": '"a,b;c";r=5;t=30'}, Quota(5, 30.0)),
        ({"ratelimit": r'"a\",b";r=5;t=30'}, Quota(5, 30.0)),
        # draft 10, section 4: without `t`, the window that the policy of that name states
        ({"ratelimit": '"day";r=5', "ratelimit_policy": '"day";q=100;w=60'}, Quota(5, 60.0)),
        ({"ratelimit": '"day";r=5'}, None),
        ({"ratelimit": '"day";t=5'}, None),
        ({"ratelimit": ""}, None),
    ],
)
def test_the_structured_header_is_read(headers: dict[str, str], found: Quota | None):
    """`RateLimit` is a list of policies by name (draft-ietf-httpapi-ratelimit-headers-10, section 4): the tightest
    counts, and of equal ones the longest.
    """
    assert told(**headers) == found


def test_the_dictionary_of_draft_7_is_read():
    """`RateLimit: limit=100, remaining=50, reset=5` (draft-ietf-httpapi-ratelimit-headers-07, section 3)."""
    assert told(ratelimit="limit=100, remaining=50, reset=5") == Quota(50, 5.0)
    assert told(ratelimit="limit=100, remaining=50") is None


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"ratelimit_remaining": "5", "ratelimit_reset": "30"}, Quota(5, 30.0)),
        ({"x_ratelimit_remaining": "5", "x_ratelimit_reset": "30"}, Quota(5, 30.0)),
        ({"x_ratelimit_remaining": "5", "x_ratelimit_reset": "1700000030"}, Quota(5, 30.0)),
        ({"x_ratelimit_remaining": "5", "x_ratelimit_reset": "1700000030000"}, Quota(5, 30.0)),
        ({"x_ratelimit_remaining": "5", "x_ratelimit_reset": "1699999999"}, Quota(5, 0.0)),
        ({"x_ratelimit_remaining": "59, 7", "x_ratelimit_reset": "60, 9"}, Quota(7, 9.0)),
        ({"x_rate_limit_remaining": "0", "x_rate_limit_reset": "30"}, Quota(0, 30.0)),
        (
            {
                "x_ratelimit_remaining": "1",
                "x_ratelimit_reset": "1700000030",
                "x_ratelimit_reset_after": "2.5",
            },
            Quota(1, 2.5),
        ),
        ({"ratelimit_remaining": "5"}, None),
        ({"ratelimit_reset": "5"}, None),
        ({"x_ratelimit_remaining": "many", "x_ratelimit_reset": "30"}, None),
        ({"x_ratelimit_remaining": "-1", "x_ratelimit_reset": "30"}, None),
        ({}, None),
    ],
)
def test_the_older_spellings_are_read(headers: dict[str, str], found: Quota | None):
    """A reset is a time to wait (draft-ietf-httpapi-ratelimit-headers-06, section 5.3); in the `X-` spellings it may
    be a moment, in seconds or milliseconds since 1970.
    """
    assert told(**headers) == found


def test_the_newest_spelling_counts():
    """Where a service tells in several spellings, the newest that is understood counts."""
    old = {"ratelimit_remaining": "1", "ratelimit_reset": "1"}
    assert told(ratelimit='"a";r=5;t=30', **old) == Quota(5, 30.0)
    assert told(ratelimit="what?", **old) == Quota(1, 1.0)


def test_too_many_requests_leave_nothing():
    """After a 429 nothing is left until `Retry-After` (RFC 6585, section 4; RFC 9110, section 10.2.3), whatever else
    is told; on other answers it says something else.
    """
    assert told(429, retry_after="7", ratelimit='"a";r=5;t=30') == Quota(0, 7.0)
    assert told(429, retry_after="Tue, 14 Nov 2023 22:13:25 GMT") == Quota(0, 5.0)
    assert told(429, ratelimit='"a";r=0;t=30') == Quota(0, 30.0)
    assert told(429) is None
    assert told(503, retry_after="7") is None


@pytest.mark.parametrize(
    "headers",
    [
        {"ratelimit": '"a";r=0;t=999999999'},
        {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "1999999999"},
        {"retry_after": "999999"},
    ],
)
def test_no_service_stops_calls_for_long(headers: dict[str, str]):
    """A wrong clock or unit at a service stops calls to it for five minutes at most."""
    assert told(429, **headers) == Quota(0, LONGEST)


@given(
    st.sampled_from([200, 429]),
    st.dictionaries(
        st.sampled_from(
            [
                *("ratelimit", "ratelimit-policy", "ratelimit-remaining", "ratelimit-reset", "retry-after"),
                *(
                    "x-ratelimit-remaining",
                    "x-ratelimit-reset",
                    "x-rate-limit-remaining",
                    "x-rate-limit-reset",
                ),
            ]
        ),
        st.text() | st.text(alphabet='rtqw=;, "\\0123456789.', max_size=40) | st.integers().map(str),
    ),
)
def test_no_header_breaks_anything(status: int, headers: dict[str, str]):
    """Whatever a service writes into its headers, it tells nothing, or a quota that ends within the bound."""
    found = quota(Response(status, headers, b""), NOW)
    if found is not None:
        assert found.remaining >= 0
        assert 0.0 <= found.reset <= LONGEST


def test_long_headers_are_read_to_a_bound():
    """Of a header's text so much is read, and no more: what stands behind it is not there."""
    long = ", ".join(f'"{index}";r=9;t=9' for index in range(16))
    assert told(ratelimit=f'{long}, "last";r=1;t=1') == Quota(9, 9.0)
    assert told(ratelimit=" " * 1024 + '"a";r=1;t=1') is None
