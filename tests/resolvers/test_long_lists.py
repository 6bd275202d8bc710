"""Long lists on every lane: as on the reference lane, good or bad; and the loop has turns while they are built."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from graph.schema import Schema
from resolvers.fast import run as fast_run
from resolvers.run import values as checked_run
from stolon.testing import Services, answer
from tests.resolvers import town
from tests.resolvers.graphs import asked, project
from tests.resolvers.three_lanes import LANES, Came, Lane, agreed, on_lane
from tests.resolvers.town import person

SOME = 2 * fast_run.SLICE + 500
"""More than two slices of either lane."""
LATE = SOME - 100
"""In the last slice of either."""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """The town."""
    return project(tmp_path_factory.mktemp("town"), town.MODULE, **town.CONTRACTS)


def many(bad: dict[str, Any] | None = None, *, bosses: int = 7) -> Services:
    """A town of very many, one of them late in the list bad, who have so many bosses among them."""
    rows: list[Any] = [person(key, key % bosses + 1, nick="n") for key in range(1, SOME + 1)]
    if bad is not None:
        rows[LATE] = rows[LATE] | bad
    made = town.town(rows)
    made.on(
        "people",
        "listPeople",
        lambda one: answer([person(int(key)) for key in asked(one, "ids")]),
    )
    return made


@contextmanager
def counted() -> Iterator[list[int]]:
    """Counts turns of the loop, in one number, while somebody else is at work."""
    turns = [0]

    async def count() -> None:
        while True:
            turns[0] += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count())
    try:
        yield turns
    finally:
        counting.cancel()


LINKED = "{ all { name nick boss { id name } } }"


async def test_a_good_long_list_with_links(schema):
    """All of it, in order; each boss is asked for once."""
    found = await agreed(schema, LINKED, many)
    assert len(found.data["all"]) == SOME
    assert found.data["all"][LATE] == {
        "name": f"name of {LATE + 1}",
        "nick": "n",
        "boss": {"id": f"{(LATE + 1) % 7 + 1}", "name": f"name of {(LATE + 1) % 7 + 1}"},
    }
    assert found.calls == {"people.allPeople": 1, "people.listPeople": 1}


async def test_more_keys_than_one_slice_holds_make_one_batch(schema):
    """Slices let the loop turn; they do not cut batches."""
    found = await agreed(schema, "{ all { boss { id } } }", lambda: many(bosses=SOME))
    assert len({one["boss"]["id"] for one in found.data["all"]}) == SOME
    most = 100  # the batch limit of a service
    assert found.calls == {"people.allPeople": 1, "people.listPeople": SOME // most}


@pytest.mark.parametrize(
    ("bad", "query", "there"),
    [
        ({"nick": 7}, "{ all { name nick } }", True),
        ({"nick": 7}, "{ all { name nick boss { id } } }", True),
        ({"boss_id": "x"}, "{ all { name boss { id } } }", True),
        ({"name": 7}, "{ some { name boss { id } } }", True),
        ({"name": 7}, "{ all { name } }", False),
        ({"name": None}, "{ all { id name } }", False),
    ],
)
async def test_one_bad_item_in_a_late_slice(schema, bad, query, there):
    """Where it may be null it alone is; where it may not, the list is, whatever was built of it before."""
    found = await agreed(schema, query, lambda: many(bad), lanes=("plan: fault",))
    (rows,) = found.data.values()
    assert [one["path"][:2] for one in found.errors] == [[next(iter(found.data)), LATE]]
    assert (rows is not None) == there
    if there:
        assert [index for index, one in enumerate(rows) if one is None or None in one.values()] == [LATE]


async def test_a_bad_item_takes_a_list_that_insists_and_what_hangs_on_it(schema):
    """Links of items before it were asked for; none of what they gave is left."""
    lanes = [
        await on_lane(lane, schema, "{ every { name boss { id } } }", many({"name": 7})) for lane in LANES
    ]
    assert {one.bytes for one in lanes} == {b"null"}
    assert [list(one.told) for one in lanes] == [list(lanes[0].told)] * 3
    assert [one.calls["people.allPeople"] for one in lanes] == [1, 1, 1]


async def _turns(schema: Schema, lane: Lane, query: str, services: Services) -> tuple[Came, int]:
    with counted() as turns:
        found = await on_lane(lane, schema, query, services)
        return found, turns[0]


@pytest.mark.parametrize(
    ("lane", "bad", "least"),
    [
        ("fast", None, SOME // fast_run.SLICE),
        ("plan", None, SOME // checked_run.SLICE - 1),
        ("plan", {"nick": 7}, SOME // checked_run.SLICE - 1),
        ("fast", {"nick": 7}, SOME // checked_run.SLICE - 1),
    ],
)
async def test_the_loop_turns_while_a_long_list_is_built(schema, lane, bad, least):
    """Once for each slice at least, more than for a list that is one slice alone."""
    query = "{ all { id nick } }"
    short, few = await _turns(schema, lane, query, town.town([person(1, nick="n" if bad is None else 7)]))
    found, turns = await _turns(schema, lane, query, many(bad))
    assert (len(found.errors), len(short.errors)) == ((0, 0) if bad is None else (1, 1))
    assert found.lanes == short.lanes
    assert turns - few >= least


@pytest.mark.parametrize(
    ("query", "operation", "least"),
    [
        ("{ all { boss { id } } }", "listPeople", 2 * (SOME // fast_run.SLICE)),
        ("{ all { diary { first } } }", "getDiary", SOME // fast_run.ASKED),
        ("{ all { notes { id } } }", "listNotes", SOME // fast_run.ASKED),
    ],
)
async def test_the_loop_turns_while_the_links_of_a_long_list_are_asked_for(schema, query, operation, least):
    """A call for each of very many parents, or a key for each, does not hold it either."""
    found, turns = await _turns(schema, "fast", query, many(bosses=SOME))
    short, few = await _turns(schema, "fast", query, town.town([person(1, 2)]))
    assert (found.lanes, short.lanes) == (["fast"], ["fast"])
    assert found.calls[f"people.{operation}"] >= 1
    assert turns - few >= least


async def test_many_lists_are_built_in_runs_of_a_slice(schema):
    """Lists of many parents are as many objects as one long list is."""

    def services() -> Services:
        made = town.town([person(key) for key in range(1, 31)])
        made.on(
            "people",
            "listNotes",
            lambda one: answer(
                [{"id": f"{of}-{n}", "of": int(of), "by": 1} for of in asked(one, "of") for n in range(100)]
            ),
        )
        return made

    query = "{ all { notes { id by { id } } } }"
    found = await agreed(schema, query, services)
    assert [len(one["notes"]) for one in found.data["all"]] == [100] * 30
    assert list(fast_run._runs([[0] * 400, [0] * 400, [0] * 400, [0] * 2000, [], [0]])) == [
        [[0] * 400, [0] * 400],
        [[0] * 400],
        [[0] * 2000],
        [[], [0]],
    ]
    assert list(fast_run._runs(list(range(fast_run.SLICE + 1)))) == [
        list(range(fast_run.SLICE)),
        [fast_run.SLICE],
    ]
