"""Long lists on every lane: as on the reference lane, good or bad; and the loop has turns while they are built."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.contract.contract import Kind
from graph.declaring.schema import Schema
from resolvers.fast import lookups
from resolvers.fast import run as fast_run
from resolvers.loading import load, load_entities, load_groups
from resolvers.loading.batch import QUIET_TURNS
from resolvers.loading.settled import Settled
from resolvers.loading.store import Store
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


async def test_many_keys_are_asked_for_in_slices_and_looked_at_once_more(schema, monkeypatch):
    """Between two slices of them the loop has a turn; when they have landed none is asked for twice."""
    asked_for: list[tuple[int, int]] = []
    entities = Store.entities
    with counted() as turns:

        def noted(self: Store, entity: Any, keys: Any, *, alone: bool = False) -> Any:
            asked_for.append((turns[0], len(keys)))
            return entities(self, entity, keys, alone=alone)

        monkeypatch.setattr(Store, "entities", noted)
        found = await on_lane("fast", schema, "{ all { boss { id } } }", many(bosses=SOME))
    assert (found.lanes, found.errors) == (["fast"], [])
    assert [size for _, size in asked_for] == 2 * [fast_run.SLICE, fast_run.SLICE, 500]
    assert len({turn for turn, _ in asked_for}) == len(asked_for)


async def test_keys_of_many_parents_are_spelled_in_slices(monkeypatch):
    """The loop has a turn between them, but never so many that keys of others, which wait for quiet turns, leave."""
    spelled: list[tuple[int, int]] = []
    texts = lookups._texts
    with counted() as turns:

        def noted(entity: Any, keys: Any) -> Any:
            spelled.append((turns[0], len(keys)))
            return texts(entity, keys)

        class Known:
            """Everybody's name."""

            def entities(
                self, _: object, keys: list[tuple[str, ...]], *, alone: bool = False
            ) -> list[Settled]:
                return [Settled((f"{key[0]}!", ())) for key in keys]

        monkeypatch.setattr(lookups, "_texts", noted)
        source: Any = SimpleNamespace(entity=SimpleNamespace(kinds=(Kind.INTEGER,)))
        store: Any = Known()
        items = await lookups.lookups(
            source, [None, *range(100)], store, alone=False, branches=False, most=10
        )
    assert items == {key: f"{key}!" for key in range(100)}
    assert [size for _, size in spelled] == [13] * 7 + [10]
    assert len(spelled) < QUIET_TURNS
    assert len({turn for turn, _ in spelled}) == len(spelled)


@pytest.mark.parametrize(
    ("query", "module", "matching"),
    [(LINKED, load_entities, "keys_of"), ("{ all { notes { id } } }", load_groups, "texts_of")],
)
@pytest.mark.parametrize(("rows", "sizes"), [(load.SLICE, [load.SLICE]), (SOME, [1000, 1000, 500])])
async def test_the_rows_of_one_answer_are_matched_in_slices(
    schema, monkeypatch, query, module, matching, rows, sizes
):
    """The loop has a turn between slices; what is one slice is matched at once."""
    matched: list[tuple[int, int]] = []
    keys = getattr(module, matching)
    services = town.town([person(1, 1), person(2, 2)])
    services.on("people", "listPeople", lambda _: answer([person(key) for key in range(1, rows + 1)]))
    notes = [{"id": f"n{key}", "of": 1, "by": None} for key in range(rows)]
    services.on("people", "listNotes", lambda _: answer(notes))
    with counted() as turns:

        def noted(*given: Any) -> Any:
            matched.append((turns[0], len(given[-1])))
            return keys(*given)

        monkeypatch.setattr(module, matching, noted)
        found = await on_lane("fast", schema, query, services)
    assert (found.lanes, found.errors) == (["fast"], [])
    assert [size for _, size in matched] == sizes
    assert len({turn for turn, _ in matched}) == len(sizes)
    if matching == "texts_of":
        assert [one["id"] for one in found.data["all"][0]["notes"]] == [one["id"] for one in notes]


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


async def test_the_loop_turns_between_lists_of_lists(schema):
    """Many short lists that land together are completed in slices, as one long list is; good and bad alike."""

    def noted(count: int) -> Services:
        made = town.town([person(key) for key in range(1, 91)])
        rows = [{"id": f"n{number}", "of": of, "by": 1} for of in range(1, 91) for number in range(count)]
        made.answer("people", "listNotes", json=rows)
        return made

    query = "{ all { notes { id } } }"
    short, few = await _turns(schema, "plan", query, noted(1))
    found, turns = await _turns(schema, "plan", query, noted(checked_run.SLICE - 10))
    assert [len(one["notes"]) for one in found.data["all"]] == [checked_run.SLICE - 10] * 90
    assert (found.errors, short.errors) == ([], [])
    assert turns - few >= 90 * (checked_run.SLICE - 10) // checked_run.TURN - 3
    assert (await agreed(schema, query, lambda: noted(checked_run.SLICE - 10))).calls["people.listNotes"] == 1
