"""Slices of long lists: whole, in order, with a turn of the loop after each; short lists cost no turn."""

from __future__ import annotations

import pytest

from resolvers.loading.slices import slices


async def _taken(count: int, into: list[tuple[int, list[int]]]) -> None:
    async for start, some in slices(list(range(count)), 3):
        into.append((start, list(some)))


@pytest.mark.parametrize(
    ("count", "runs"),
    [
        (0, [(0, [])]),
        (1, [(0, [0])]),
        (3, [(0, [0, 1, 2])]),
        (4, [(0, [0, 1, 2]), (3, [3])]),
        (9, [(0, [0, 1, 2]), (3, [3, 4, 5]), (6, [6, 7, 8])]),
    ],
)
def test_the_loop_has_a_turn_after_each_of_several_slices(count, runs):
    """Also after the last, before whatever follows; what is a single slice is taken at once."""
    taken: list[tuple[int, list[int]]] = []
    work = _taken(count, taken)
    turns = 0
    while True:
        try:
            work.send(None)
        except StopIteration:
            break
        turns += 1
    assert (taken, turns) == (runs, len(runs) if len(runs) > 1 else 0)
