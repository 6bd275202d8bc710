"""How long tokens are used: bounds that hold for every life, clock and chance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.credentials.token_life import (
    MOST,
    RENEWALS,
    UNSTATED,
    Need,
    Token,
    ends,
    may_renew,
    need,
    pause,
)

_SECONDS = st.floats(0, 1e6)


@pytest.mark.parametrize(
    ("left", "wanted"),
    [
        (3600.0, Need.NOTHING),
        (60.1, Need.NOTHING),
        (60.0, Need.SOON),
        (5.1, Need.SOON),
        (5.0, Need.NOW),
        (0.0, Need.NOW),
        (-9.0, Need.NOW),
    ],
)
def test_an_hours_token_is_renewed_in_its_last_minute(left: float, wanted: Need):
    """A token of an hour is used as it is, renewed meanwhile in its last minute, and not used in its last 5 s."""
    assert need(Token("t", 0.0, 3600.0), 3600.0 - left) is wanted


def test_no_token_is_needed_now():
    """Without a token one is fetched first."""
    assert need(None, 0.0) is Need.NOW


@given(_SECONDS, st.none() | st.floats(-1e3, 1e12), st.floats(0, 1.2))
def test_no_token_is_used_past_its_end(got: float, stated: float | None, share: float):
    """RFC 6749, section 5.1: whatever is stated, a token is used within its life, and a fresh one is used."""
    token = Token("t", got, ends(got, stated))
    now = got + share * (token.ends - got)
    if now >= token.ends:
        assert need(token, now) is Need.NOW
    if share < 0.79 and token.ends - got > 1:
        assert need(token, now) is Need.NOTHING


@given(_SECONDS, st.none() | st.floats(-1e3, 1e12), st.floats(0, 1e6))
def test_a_life_is_bounded(got: float, stated: float | None, most: float):
    """A token lives as long as is stated, a stated while where nothing is, and never longer than the bound."""
    life = ends(got, stated, most)
    assert got <= life <= got + most
    assert ends(0.0, None) == UNSTATED
    assert ends(0.0, 1e12) == MOST


def test_a_refused_token_is_replaced_at_a_limited_rate():
    """The first refusal replaces a token at once, the next ones no sooner than the interval after it."""
    assert may_renew(None, 0.0)
    assert not may_renew(10.0, 10.0 + RENEWALS - 0.01)
    assert may_renew(10.0, 10.0 + RENEWALS)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_pauses_grow_to_half_a_minute(failures: int, chance: float):
    """Pauses double with failures up to 30 seconds; half of each is certain, the rest is chance."""
    whole = pause(failures, lambda: 1.0)
    assert whole == min(30.0, 0.5 * 2 ** min(failures - 1, 6))
    assert whole / 2 <= pause(failures, lambda: chance) <= whole


def test_a_token_is_not_shown():
    """No repr shows a token's text."""
    assert "s3cr3t" not in repr(Token("s3cr3t", 0.0, 1.0))
