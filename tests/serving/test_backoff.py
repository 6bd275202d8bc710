"""The pause before a dead worker's place is filled."""

from __future__ import annotations

import pytest

from graph.workers.backoff import Backoff

BACKOFF = Backoff(first=0.5, most=30.0, stable=60.0)


@pytest.mark.parametrize(
    ("deaths", "chance", "seconds"),
    [
        (1, 1.0, 0.5),
        (2, 1.0, 1.0),
        (3, 1.0, 2.0),
        (3, 0.0, 1.0),
        (3, 0.5, 1.5),
        (7, 1.0, 30.0),
        (5_000, 1.0, 30.0),
    ],
)
def test_the_pause_doubles_up_to_its_bound_and_half_of_it_is_chance(deaths, chance, seconds):
    """With every death in a row the pause doubles, to 30 seconds at most, and chance takes up to half of it away."""
    assert BACKOFF.pause(deaths, lambda: chance) == seconds


def test_a_stable_worker_begins_a_new_row():
    """Deaths count in a row, which ends with a worker that lived for a minute."""
    assert [BACKOFF.row(0, 1.0), BACKOFF.row(4, 59.9), BACKOFF.row(4, 60.0)] == [1, 5, 1]
