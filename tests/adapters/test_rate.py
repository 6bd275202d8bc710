"""Rates: how they are written, and that calls at their pace never exceed them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.policies.rate import Rate, gone, pace, rate, wait


@st.composite
def bursts(draw: st.DrawFn) -> tuple[Rate, int]:
    calls = draw(st.integers(1, 40))
    return Rate(calls, draw(st.sampled_from([1.0, 60.0, 3600.0]))), draw(st.integers(1, calls))


@given(bursts(), st.lists(st.floats(0, 2), max_size=120))
def test_no_window_sees_more_than_the_rate(kept: tuple[Rate, int], pauses: list[float]):
    """However calls come, and wait when they are told to: in no stretch of the rate's time are there more than its
    calls, wherever the service begins to count (ITU-T I.371, annex A).
    """
    allowed, burst = kept
    paced = pace(allowed, burst)
    arrival, now, went = 0.0, 10_000.0, list[float]()
    for pause in pauses:
        now += pause * paced.interval
        now += wait(paced, arrival, now)
        arrival = gone(paced, arrival, now)
        went.append(now)
    tolerance = 1e-6  # of the sums of floats
    for first in went:
        assert sum(first <= at < first + allowed.seconds - tolerance for at in went) <= allowed.calls


@given(bursts())
def test_so_many_go_at_once_and_the_next_waits(kept: tuple[Rate, int]):
    """A service that was left alone is asked `burst` times at once; the next waits, as long as was said before."""
    allowed, burst = kept
    paced = pace(allowed, burst)
    arrival, now = 0.0, 10_000.0
    for _ in range(burst):
        assert wait(paced, arrival, now) == 0.0
        arrival = gone(paced, arrival, now)
    assert wait(paced, 0.0, now, calls=burst) == pytest.approx(paced.interval)
    assert wait(paced, arrival, now) == pytest.approx(paced.interval)
    assert wait(paced, arrival, now, calls=2) == pytest.approx(3 * paced.interval)


def test_the_more_at_once_the_slower_after():
    """What may go at once is taken from the pace that follows, so that the rate holds in every window."""
    assert pace(Rate(100, 60.0), 1).interval == 0.6
    assert pace(Rate(100, 60.0), 41).interval == 1.0
    assert pace(Rate(100, 60.0), 100).interval == 60.0


@pytest.mark.parametrize("burst", [0, 11])
def test_a_burst_within_the_rate(burst: int):
    """No more can go at once than may go at all, and no fewer than one."""
    with pytest.raises(ValueError, match="burst must be at least 1, and at most the calls of the rate"):
        pace(Rate(10, 1.0), burst)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10/s", Rate(10, 1.0)),
        ("100/min", Rate(100, 60.0)),
        ("5000 / h", Rate(5000, 3600.0)),
        ("1/d", Rate(1, 86_400.0)),
        ("0/s", None),
        ("10", None),
        ("10/m", None),
        ("-1/s", None),
        ("1.5/s", None),
        ("10/s ", None),
        ("", None),
    ],
)
def test_a_rate_is_calls_in_a_unit(text: str, found: Rate | None):
    """A rate is a whole number of calls in a second, minute, hour or day."""
    assert rate(text) == found


def test_a_rate_is_written_as_it_is_read():
    """A rate in a known unit is its text; another says its seconds."""
    assert [str(Rate(10, 1.0)), str(Rate(100, 60.0)), str(Rate(1, 80.0))] == ["10/s", "100/min", "1 in 80 s"]


@given(st.integers(1, 10_000), st.integers(1, 64))
def test_workers_together_keep_to_the_rate(calls: int, workers: int):
    """What each of so many workers may do is together never more than the rate, and never nothing."""
    each = Rate(calls, 60.0).shared(workers)
    assert each.calls >= 1
    assert workers * each.calls / each.seconds <= calls / 60.0 * (1 + 1e-9)
    if calls >= workers:
        assert each.seconds == 60.0
        assert each.calls * workers > calls - workers


@pytest.mark.parametrize("wrong", [(0, 1.0), (1, 0.0)])
def test_a_rate_of_nothing_is_refused(wrong: tuple[int, float]):
    """A rate without calls, or without time, is none."""
    with pytest.raises(ValueError, match="calls must be at least 1, and seconds greater than 0"):
        Rate(*wrong)


def test_a_tenth_goes_at_once_where_nobody_says_it():
    """The usual burst is a tenth of the calls, and at least one."""
    assert [Rate(one, 1.0).usual_burst for one in (1, 9, 10, 100)] == [1, 1, 1, 10]
