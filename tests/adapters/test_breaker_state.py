"""When a breaker opens, how long it stays so, and what closes it: states, outcomes and a clock, nothing else."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.failures import (
    BadAnswer,
    NotSent,
    RateExceeded,
    Refused,
    TimedOut,
    Unauthenticated,
    Unavailable,
)
from adapters.messages import Response
from adapters.policies.breaker_state import (
    SLICES,
    SOON,
    BreakerRule,
    Closed,
    HalfOpen,
    Open,
    Slice,
    State,
    Verdict,
    begun,
    ended,
    refusal,
    verdict,
)

RULE = BreakerRule(window=10.0, calls=4, failures=0.5, slow_after=1.0, slow=0.75, pause=5.0, probes=2)
WELL, FAILED, SLOW = Verdict(), Verdict(failed=True), Verdict(slow=True)
SAID = {"+": WELL, "-": FAILED, "~": SLOW, "?": None}


def after(calls: str, rule: BreakerRule = RULE, at: float = 100.0) -> State:
    """The state after calls that came one by one at one moment: `+` well, `-` failed, `~` slow, `?` nothing."""
    state: State = Closed()
    for one in calls:
        state = begun(state)
        state = ended(rule, state, state.number, SAID[one], at)
    return state


@pytest.mark.parametrize(
    ("calls", "opens"),
    [
        ("", False),
        ("---", False),  # too few to judge by
        ("----", True),
        ("++--", True),  # half of them is enough
        ("+++-", False),
        ("--++", False),  # a call that went well never opens
        ("--++-", True),
        ("~~~", False),
        ("~~~~", True),
        ("+~~~", True),
        ("++~~", False),
        ("-~~+", False),  # shares are judged one by one
        ("--??", False),  # what says nothing does not count
        ("--?+-", True),
    ],
)
def test_the_share_of_failed_or_slow_calls_opens(calls: str, opens: bool):
    """A breaker opens at the call that makes either share too large, if enough calls ended in the window."""
    state = after(calls)
    assert (state == Open(1, 105.0)) is opens
    assert isinstance(state, Open) is opens


def test_old_calls_slide_out_of_the_window():
    """What ended a whole window ago no longer counts, and is no longer kept."""
    state = after("---")
    assert state == Closed(0, (Slice(100, 3, 3, 0),))
    assert isinstance(ended(RULE, state, 0, FAILED, 109.9), Open)
    assert ended(RULE, state, 0, FAILED, 110.0) == Closed(0, (Slice(110, 1, 1, 0),))


@given(st.lists(st.tuples(st.floats(0, 4), st.sampled_from("+-~?")), max_size=60))
def test_a_window_forgets_at_its_pace_and_never_grows(calls: list[tuple[float, str]]):
    """Whatever comes at whatever pace, a closed breaker holds one tenth each of the last window, in order, and what
    it counted is what ended there.
    """
    now, state, seen = 1000.0, Closed(), list[tuple[int, str]]()
    patient = BreakerRule(window=10.0, calls=1_000)
    for wait, said in calls:
        now += wait
        found = ended(patient, state, 0, SAID[said], now)
        assert isinstance(found, Closed)
        state = found
        if said != "?":
            seen.append((int(now), said))
    numbers = [one.number for one in state.slices]
    assert numbers == sorted(set(numbers))
    assert len(numbers) <= SLICES
    newest = seen[-1][0] if seen else 0
    kept = [said for number, said in seen if number > newest - SLICES]
    counted = (
        sum(one.calls for one in state.slices),
        sum(one.failed for one in state.slices),
        sum(one.slow for one in state.slices),
    )
    assert counted == (len(kept), kept.count("-"), kept.count("~"))


def test_an_open_breaker_says_when_the_next_try_is():
    """While open nothing goes, and the wait is what is left of the pause; at its end a call may go."""
    state = Open(1, until=105.0)
    assert [refusal(RULE, state, now) for now in (100.0, 104.5, 105.0, 200.0)] == [5.0, 0.5, None, None]
    assert refusal(RULE, Closed(), 100.0) is None


def test_so_many_probes_go_through_a_half_open_breaker():
    """After the pause the first calls are probes; further ones are refused until these have ended."""
    state = begun(Open(1, until=105.0))
    assert state == HalfOpen(2, under_way=1)
    assert refusal(RULE, state, 105.0) is None
    state = begun(state)
    assert state == HalfOpen(2, under_way=2)
    assert refusal(RULE, state, 105.0) == SOON


def test_probes_that_all_go_well_close():
    """A breaker closes when as many probes as its rule says went well, with nothing of the past counted."""
    state = ended(RULE, HalfOpen(2, under_way=2), 2, WELL, 105.0)
    assert state == HalfOpen(2, under_way=1, passed=1)
    assert refusal(RULE, state, 105.0) == SOON  # the second probe is still under way
    assert ended(RULE, state, 2, WELL, 105.0) == Closed(3)


@pytest.mark.parametrize("said", [FAILED, SLOW])
def test_one_bad_probe_opens_again(said: Verdict):
    """The first probe that fails, or is slow, opens the breaker for another pause."""
    assert ended(RULE, HalfOpen(2, under_way=2, passed=0), 2, said, 106.0) == Open(3, 111.0)


def test_a_probe_that_says_nothing_gives_its_place_to_another():
    """A probe whose caller went away proves nothing: the next call takes its place."""
    state = ended(RULE, HalfOpen(2, under_way=2), 2, None, 105.0)
    assert state == HalfOpen(2, under_way=1)
    assert refusal(RULE, state, 105.0) is None


@given(st.sampled_from(list(SAID.values())), st.sampled_from([Closed(5), Open(5, 1.0), HalfOpen(5, 1, 1)]))
def test_what_began_under_another_state_says_nothing_of_this_one(said: Verdict | None, state: State):
    """An outcome that arrives after the state has turned changes nothing."""
    assert ended(RULE, state, 4, said, 100.0) == state


def test_no_outcome_is_that_of_an_open_breaker():
    """No call begins while a breaker is open, so that nothing is said to it."""
    assert ended(RULE, Open(5, 1.0), 5, FAILED, 100.0) == Open(5, 1.0)


@given(
    st.builds(
        BreakerRule,
        calls=st.integers(1, 5),
        failures=st.floats(0.1, 1),
        slow=st.floats(0.1, 1),
        pause=st.floats(0.5, 9),
        probes=st.integers(1, 4),
    ),
    st.lists(
        st.tuples(st.sampled_from(["begin", "end"]), st.sampled_from("+-~?"), st.floats(0, 3)), max_size=80
    ),
)
def test_a_breaker_never_lets_more_through_than_it_says(
    rule: BreakerRule, moves: list[tuple[str, str, float]]
):
    """Whatever comes in whatever order: nothing goes while open, never more probes than the rule says, every open
    state ends by itself, and a service that does well again is asked again.
    """
    now, state = 0.0, begun(Closed())
    under_way: list[int] = []
    for move, said, wait in moves:
        now += wait
        if move == "begin" and refusal(rule, state, now) is None:
            state = begun(state)
            under_way.append(state.number)
        elif move == "end" and under_way:
            state = ended(rule, state, under_way.pop(0), SAID[said], now)
        if isinstance(state, HalfOpen):
            probing = under_way.count(state.number)
            assert state.under_way == probing
            assert 0 <= state.passed + probing <= rule.probes
        if isinstance(state, Open):
            assert state.until <= now + rule.pause
    for number in under_way:
        state = ended(rule, state, number, WELL, now)
    now += rule.pause
    for _ in range(rule.probes):
        assert refusal(rule, state, now) is None
        state = begun(state)
        state = ended(rule, state, state.number, WELL, now)
    assert isinstance(state, Closed)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Response(200, {}, b""), WELL),
        (Response(404, {}, b""), WELL),
        (Response(429, {}, b""), WELL),  # how much may be asked is the limit's concern
        (Response(500, {}, b""), FAILED),
        (Response(503, {}, b""), FAILED),
        (Unavailable("refused", sent=False), FAILED),
        (BadAnswer("garbage", sent=True), FAILED),
        (TimedOut("late", sent=True), FAILED),
        (Refused("full", retry_after=1.0), None),
        (RateExceeded("spent", retry_after=1.0), None),
        (NotSent("refused"), None),
        (Unauthenticated("nobody"), None),
        (asyncio.CancelledError(), None),
        (KeyError("a fault of our own"), None),
    ],
)
def test_what_an_outcome_says_of_its_service(outcome: Response | BaseException, said: Verdict | None):
    """A service fails by a 5xx, no connection or no usable answer; what was refused here, or given up, is nothing."""
    assert verdict(RULE, outcome, 0.5, patience=5.0) == said


def test_a_wait_given_up_counts_once_it_was_long():
    """Who asks with no time to spare opens no breaker; a service that gave no answer for long has failed."""
    gone = asyncio.CancelledError()
    assert verdict(RULE, gone, 4.9, patience=5.0) is None
    assert verdict(RULE, gone, 5.0, patience=5.0) == Verdict(failed=True, slow=True)


def test_slow_is_what_took_longer_than_the_rule_says():
    """An answer is slow above `slow_after`, not at it; without one, no answer is."""
    answer = Response(200, {}, b"")
    assert [verdict(RULE, answer, seconds, patience=5.0) for seconds in (1.0, 1.01)] == [WELL, SLOW]
    assert verdict(BreakerRule(), answer, 1000.0, patience=5.0) == WELL
    assert verdict(RULE, Response(502, {}, b""), 2.0, patience=5.0) == Verdict(failed=True, slow=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": 0.0},
        {"pause": 0.0},
        {"calls": 0},
        {"probes": 0},
        {"failures": 0.0},
        {"failures": 1.1},
        {"slow": 0.0},
        {"slow_after": 0.0},
    ],
)
def test_a_rule_that_cannot_work_is_refused(wrong: dict[str, float]):
    """Bounds that would never open, or never close again, are refused when the rule is made."""
    with pytest.raises(ValueError, match=f"breaker: .*{next(iter(wrong))}"):
        BreakerRule(**wrong)  # type: ignore[arg-type]  # each is of its field's kind
