"""What is tried again, after how long, and why anything is not: a pure decision, case by case and by property."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.failures import (
    BadAnswer,
    NotSent,
    RateExceeded,
    Refused,
    TimedOut,
    Unauthenticated,
    Unavailable,
)
from adapters.messages import Request, Response
from adapters.policies.retry_decision import (
    PASSING,
    Kept,
    Outcome,
    Retry,
    backoff,
    decide,
    may_have_worked,
    may_pass,
    may_repeat,
)

READ = Request("users", "listUsers", "GET", "/users", safe=True)
POST = Request("users", "createUser", "POST", "/users", body=b"{}")
PUT = replace(POST, method="PUT")
KEYED = replace(POST, keyed=True)
LOOKUP = replace(POST, safe=True)
REFUSED = Unavailable("refused", sent=False)
RESET = Unavailable("reset", sent=True)
DEFAULT = Retry()


def said(status: int) -> Response:
    return Response(status, {}, b"")


def decided(
    request: Request,
    outcome: Outcome,
    attempts: int = 1,
    settings: Retry = DEFAULT,
    *,
    now: float = 100.0,
    asked: float | None = None,
    chance: float = 0.5,
) -> float | Kept:
    return decide(request, outcome, attempts, settings, now=now, asked=asked, chance=lambda: chance)


@pytest.mark.parametrize(
    ("outcome", "passes"),
    [
        (REFUSED, True),
        (RESET, True),
        (TimedOut("connecting", sent=False), True),
        (BadAnswer("cut short", sent=True), False),
        (NotSent("a header"), False),
        (Refused("the breaker is open", retry_after=3.0), False),
        (RateExceeded("too many", retry_after=3.0), False),
        (Unauthenticated("no token"), False),
    ],
)
def test_failures_that_may_pass(outcome: Outcome, passes: bool):
    """No connection, and one that ended before an answer, may fare better; a broken answer and a refusal of Stolon's
    own would come again, or is there to end attempts.
    """
    assert may_pass(outcome) is passes
    if not passes:
        assert decided(READ, outcome) is Kept.FINAL


@given(st.integers(100, 599))
def test_statuses_that_may_pass(status: int):
    """408, 429, 502, 503 and 504 may pass (RFC 9110, sections 15.5.9 and 15.6.3 to 15.6.5; RFC 6585, section 4); no
    other status does, 500 included.
    """
    assert may_pass(said(status)) is (status in (408, 429, 502, 503, 504))
    assert (decided(READ, said(status)) is Kept.FINAL) is (status not in PASSING)


@pytest.mark.parametrize("outcome", [RESET, *map(said, sorted(PASSING))])
@pytest.mark.parametrize(
    ("request_", "repeats"),
    [
        (READ, True),
        (LOOKUP, True),
        (PUT, True),
        (replace(POST, method="DELETE"), True),
        (KEYED, True),
        (replace(POST, method="PATCH"), False),
        (replace(POST, headers={"idempotency-key": "k"}), False),
        (POST, False),
    ],
    ids=[
        "GET",
        "lookup by POST",
        "PUT",
        "DELETE",
        "POST with key",
        "PATCH",
        "a header that nobody declared",
        "POST",
    ],
)
def test_what_is_safe_to_repeat(request_: Request, repeats: bool, outcome: Outcome):
    """What may have reached the service is repeated if it is safe, idempotent by its method (RFC 9110, section
    9.2.2), or carries a key that its operation declares; nothing else is.
    """
    assert may_repeat(request_, outcome) is repeats
    assert decided(request_, outcome) == (0.05 if repeats else Kept.UNSAFE)


@pytest.mark.parametrize("failure", [REFUSED, TimedOut("connecting", sent=False)])
def test_what_never_left_is_safe_to_repeat(failure: Outcome):
    """A change that was certainly never applied may be repeated whatever its method (RFC 9110, section 9.2.2)."""
    assert decided(POST, failure) == 0.05


def test_attempts_are_bounded():
    """There are as many repetitions as the settings say, and with 0 there are none."""
    assert [decided(READ, RESET, attempts) for attempts in (1, 2, 3)] == [0.05, 0.1, Kept.ATTEMPTS]
    assert decided(READ, RESET, 1, Retry(retries=0)) is Kept.ATTEMPTS


def test_retry_after_is_obeyed_and_bounded():
    """What the service asks to wait (RFC 9110, section 10.2.3) is waited whole, with jitter on top; more than the
    bound is not waited at all, rather than cut.
    """
    assert decided(READ, said(503), asked=5) == 5.05
    assert decided(READ, said(503), asked=0) == 0.05
    assert decided(READ, said(429), asked=6) is Kept.RETRY_AFTER
    assert decided(READ, said(429), asked=10**400) is Kept.RETRY_AFTER


@pytest.mark.parametrize(
    ("deadline", "wanted"), [(100.06, 0.05), (100.05, Kept.DEADLINE), (99.0, Kept.DEADLINE), (None, 0.05)]
)
def test_a_wait_that_cannot_end_in_time_is_not_begun(deadline: float | None, wanted: float | Kept):
    """A wait that would last to the deadline or beyond it is none: the outcome is told while there is time."""
    assert decided(replace(READ, deadline=deadline), RESET) == wanted


@given(
    attempts=st.integers(1, 5_000),
    first=st.floats(0, 100),
    longest=st.floats(0, 100),
    chance=st.floats(0, 1),
)
def test_full_jitter(attempts: int, first: float, longest: float, chance: float):
    """A wait is chance's part, from nothing to all, of a bound that doubles with each attempt up to the longest."""
    settings = Retry(first=first, longest=longest)
    wait = backoff(attempts, settings, lambda: chance)
    bound = backoff(attempts, settings, lambda: 1.0)
    assert 0 <= wait <= bound <= longest
    assert wait == chance * bound
    if attempts <= 30:
        assert bound == min(longest, first * 2 ** (attempts - 1))


@given(
    request=st.sampled_from([READ, LOOKUP, PUT, KEYED, POST]),
    outcome=st.sampled_from(
        [RESET, REFUSED, BadAnswer("x", sent=True), *map(said, (200, 404, 429, 500, 503))]
    ),
    attempts=st.integers(1, 12),
    retries=st.integers(0, 10),
    now=st.floats(-1e6, 1e6),
    left=st.none() | st.floats(-1, 20),
    asked=st.none() | st.integers(0, 20),
    chance=st.floats(0, 1),
)
def test_whatever_is_waited_for_is_within_every_bound(
    request: Request,
    outcome: Outcome,
    attempts: int,
    retries: int,
    now: float,
    left: float | None,
    asked: int | None,
    chance: float,
):
    """A wait, whenever there is one: something that may pass and may be repeated, an attempt left, no less than the
    service asks and no more than is obeyed plus the backoff, and over before the deadline.
    """
    settings = Retry(retries=retries)
    timed = replace(request, deadline=None if left is None else now + left)
    wait = decide(timed, outcome, attempts, settings, now=now, asked=asked, chance=lambda: chance)
    if isinstance(wait, Kept):
        return
    assert may_pass(outcome)
    assert may_repeat(request, outcome)
    assert attempts <= retries
    assert (asked or 0) <= wait <= settings.retry_after + settings.longest
    assert timed.deadline is None or now + wait < timed.deadline


@pytest.mark.parametrize(
    ("outcome", "unsure"),
    [(RESET, True), (said(502), True), (said(504), True), (REFUSED, False)]
    + [(said(status), False) for status in (408, 429, 503)],
)
def test_what_may_have_worked_unseen(outcome: Outcome, unsure: bool):
    """A change whose answer was lost, here or behind the service's gateway, may have been made; a read makes none."""
    assert may_have_worked(PUT, outcome) is unsure
    assert may_have_worked(READ, outcome) is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"retries": -1},
        {"burst": 0},
        {"share": -0.1},
        {"share": 1.1},
        {"share": float("nan")},
        {"first": -1.0},
        {"longest": -1.0},
        {"retry_after": -1.0},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, float]):
    """Nothing negative, no empty budget, no share beyond the whole."""
    with pytest.raises(ValueError, match=r"^retry: "):
        Retry(**wrong)  # type: ignore[arg-type]  # drawn by name
