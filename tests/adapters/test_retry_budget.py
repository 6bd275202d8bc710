"""Retries are at most a share of the calls, and a burst: over any stretch, in any order."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.policies.retry_budget import RetryBudget


@given(
    st.floats(0, 1).map(lambda one: round(one, 6)),
    st.integers(1, 20),
    st.lists(st.booleans(), max_size=300),
)
def test_retries_are_a_share_of_the_calls_and_a_burst(share: float, burst: int, wanted: list[bool]):
    """Of calls (false) and wishes to repeat (true) in any order, between any two moments no more are granted than
    the burst and the share of the calls in between.
    """
    budget = RetryBudget(share, burst)
    granted, calls = [0], [0]
    for wish in wanted:
        if wish:
            granted.append(granted[-1] + budget.take())
            calls.append(calls[-1])
        else:
            budget.called()
            granted.append(granted[-1])
            calls.append(calls[-1] + 1)
    # granted[j] - granted[i] <= burst + share * (calls[j] - calls[i]) for every i <= j, in one pass, in millionths.
    over = [
        done * 1_000_000 - round(share * 1_000_000) * made for done, made in zip(granted, calls, strict=True)
    ]
    lowest = accumulate(over, min)
    assert max(high - low for high, low in zip(over, lowest, strict=True)) <= burst * 1_000_000


def test_a_share_is_exact():
    """With a share of 0.1 every tenth call pays for one repetition, however many calls there were."""
    budget = RetryBudget(0.1, 1)
    assert (budget.take(), budget.take()) == (True, False)
    granted = []
    for _ in range(1000):
        budget.called()
        granted.append(budget.take())
    assert [number for number, one in enumerate(granted, start=1) if one] == list(range(10, 1001, 10))


def test_quiet_times_save_no_more_than_the_burst():
    """Any number of calls without trouble leaves as many repetitions as the burst, which is there at first."""
    budget = RetryBudget(0.5, 3)
    assert repr(budget) == "RetryBudget(tokens=3)"
    for _ in range(100):
        budget.called()
    assert [budget.take() for _ in range(5)] == [True, True, True, False, False]
    assert repr(budget) == "RetryBudget(tokens=0)"


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_ends_of_the_share(share: float):
    """A share of 0 leaves the burst alone, one of 1 allows a repetition for each call."""
    budget = RetryBudget(share, 1)
    assert budget.take()
    budget.called()
    assert budget.take() is (share == 1)
