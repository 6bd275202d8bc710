"""Running compiled plans: the reference lane's data, byte for byte, for as few calls, on the fast lane itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from graph.declaring.schema import Schema
from resolvers.reading.answered import Answered
from stolon.testing import Services, answer, caller
from tests.resolvers import town
from tests.resolvers.graphs import Gate, asked, project, turns
from tests.resolvers.three_lanes import agreed, on_lane
from tests.resolvers.town import person

FULL = {
    "nick": "n", "note": "m", "points": 2**70, "pay": "1.50", "height": 1, "alive": True, "mood": "glad",
    "born": "2020-02-29", "seen": "2020-02-29T03:04:05.678Z", "uid": "00000000-0000-0000-0000-0000000000AB",
    "extra": {"a": [1, 1.5, None]}, "tags": ["a", None, "ñ"], "grid": [[1, 2], [], [3]],
    "home": {"street": "s", "geo": {"lat": 1, "spot": None}, "keeper_id": 2, "past": [{"lat": 2.5, "spot": "x"}]},
    "homes": [{"street": "t", "keeper_id": 3}, {"street": "u", "geo": None}], "secret": "x", "land": "ES", "zip": "1",
    "class": "c", "f0": "q",
}  # fmt: skip
NULLS = {name: None for name in FULL if name not in ("home", "homes")} | {
    "home": {"street": "s"},
    "homes": [],
}


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """The town."""
    return project(tmp_path_factory.mktemp("town"), town.MODULE, **town.CONTRACTS)


def some() -> Services:
    """Somebody with everything, somebody with nothing, somebody with nulls."""
    return town.town([person(1, 2, **FULL), person(2, 1), person(3, 9, **NULLS), person(4, 1, home=None)])


async def data(schema: Schema, query: str, services: Callable[[], Services] = some, **given: Any) -> Any:
    """The data on the fast lane, which are the reference lane's; there are no errors."""
    found = await agreed(schema, query, services, given, caller("me", number=1))
    assert found.errors == []
    return found.data


# --- properties


async def test_leaves_of_every_kind(schema):
    """Each leaves in GraphQL's own form; what is optional and missing, or null, is null."""
    names = "key name nick note points pay height alive mood born seen uid extra tags grid klass f0"
    first, second, third, fourth = (await data(schema, f"{{ all {{ {names} }} }}"))["all"]
    nothing = dict.fromkeys(names.split())
    assert first == {
        "key": "1", "name": "name of 1", "nick": "n", "note": "m", "points": str(2**70), "pay": "1.50", "height": 1.0,
        "alive": True, "mood": "GLAD", "born": "2020-02-29", "seen": "2020-02-29T03:04:05.678Z",
        "uid": "00000000-0000-0000-0000-0000000000AB", "extra": {"a": [1, 1.5, None]}, "tags": ["a", None, "ñ"],
        "grid": [[1, 2], [], [3]], "klass": "c", "f0": "q",
    }  # fmt: skip
    assert second == nothing | {"key": "2", "name": "name of 2"}
    assert third == nothing | {"key": "3", "name": "name of 3"}
    assert fourth == nothing | {"key": "4", "name": "name of 4"}


async def test_objects_in_objects_and_in_lists(schema):
    """Each is null where its own place is; what stands in it is its own."""
    query = "{ all { home { street geo { lat spot } past { spot } } homes { geo { lat } street } } }"
    assert (await data(schema, query))["all"] == [
        {
            "home": {"street": "s", "geo": {"lat": 1.0, "spot": None}, "past": [{"spot": "x"}]},
            "homes": [{"geo": None, "street": "t"}, {"geo": None, "street": "u"}],
        },
        {"home": None, "homes": None},
        {"home": {"street": "s", "geo": None, "past": None}, "homes": []},
        {"home": None, "homes": None},
    ]


async def test_paths_of_properties(schema):
    """What a path leads to is null below a null; leaves, objects and lists alike, also beside the object itself."""
    query = "{ all { street geo { lat } past { lat } home { street } } }"
    rows = [
        {"street": "s", "geo": {"lat": 1.0}, "past": [{"lat": 2.5}], "home": {"street": "s"}},
        {"street": None, "geo": None, "past": None, "home": None},
        {"street": "s", "geo": None, "past": None, "home": {"street": "s"}},
        {"street": None, "geo": None, "past": None, "home": None},
    ]
    assert (await data(schema, query))["all"] == rows


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("{ all { b: name a: id b: name } }", {"b": "name of 1", "a": "1"}),
        ("{ all { id name } }", {"id": "1", "name": "name of 1"}),
        ("{ all { name id } }", {"name": "name of 1", "id": "1"}),
        ("{ all { x: home { street } y: home { z: street } } }", {"x": {"street": "s"}, "y": {"z": "s"}}),
        ("{ all { __typename t: __typename home { __typename } } }",
         {"__typename": "Person", "t": "Person", "home": {"__typename": "Home"}}),
        ("{ all { ...F ... on Person { nick } } } fragment F on Person { id nick }", {"id": "1", "nick": "n"}),
        ("{ all { id ... on Person @skip(if: true) { name } nick @include(if: true) } }", {"id": "1", "nick": "n"}),
        ("{ all { id @skip(if: true) } }", {}),
        ("{ all { x: home { street } y: home { street @skip(if: true) } } }", {"x": {"street": "s"}, "y": {}}),
        ("{ all { home { street } home { geo { lat } } } }", {"home": {"street": "s", "geo": {"lat": 1.0}}}),
        ("{ boxed { id } }", {"id": "1"}),
        ("{ some { id } }", {"id": "1"}),
        ("{ every { id } }", {"id": "1"}),
    ],
)  # fmt: skip
async def test_selections_leave_as_they_were_written(schema, query, first):
    """Aliases, fragments, conditions, `__typename`, merged and repeated fields; in the order of the selection."""
    found = await data(schema, query)
    (rows,) = found.values()
    assert (rows[0], list(rows[0]), len(rows)) == (first, list(first), 4)


async def test_an_operation_of_nothing_is_an_empty_object(schema):
    """Where all of it is skipped nothing is called."""
    found = await agreed(schema, "query ($x: Boolean!) { all @skip(if: $x) { id } }", some, {"x": True})
    assert (found.data, found.calls) == ({}, {})


async def test_conditions_and_arguments_take_variables(schema):
    """One text, several plans; and one plan, several arguments."""
    query = "query ($id: ID!, $more: Boolean!) { person(id: $id) { id name @include(if: $more) } }"
    found = [await data(schema, query, id=key, more=more) for key in ("1", "2") for more in (True, False)]
    assert [one["person"] for one in found] == [
        {"id": "1", "name": "name of 1"}, {"id": "1"}, {"id": "2", "name": "name of 2"}, {"id": "2"}
    ]  # fmt: skip


async def test_constants_and_claims_are_asked_with(schema):
    """An argument that stands in the document, and a key that the caller's token says."""
    found = await data(schema, '{ all(mood: "glad") { id } me { id } place(land: "ES", zip: "1") { name } }')
    assert (found["me"], found["place"], len(found["all"])) == ({"id": "1"}, {"name": "Ur"}, 4)


# --- links


async def test_one_batch_for_a_plans_lookups(schema):
    """Keys of all parents leave in one call, each once; those that are null, or lead to nothing, are null."""
    found = await agreed(schema, "{ all { boss { id name } } }", some)
    assert [one["boss"] for one in found.data["all"]] == [
        {"id": "2", "name": "name of 2"}, {"id": "1", "name": "name of 1"}, None, {"id": "1", "name": "name of 1"},
    ]  # fmt: skip
    assert found.calls == {"people.allPeople": 1, "people.listPeople": 1}


async def test_a_batch_asks_for_no_key_twice(schema):
    """However many steps, at whatever depth, ask for one key, it leaves once."""
    services = some()
    query = (
        "{ all { boss { boss { boss { id } } } b: boss { name } keeper { id } homes { keeper { name } } } }"
    )
    found = await on_lane("fast", schema, query, services)
    keys = [key for one in services.requests if one.operation == "listPeople" for key in asked(one, "ids")]
    keys += [one.target.rpartition("/")[2] for one in services.requests if one.operation == "getPerson"]
    assert (sorted(keys), found.lanes, found.errors) == (["1", "2", "3", "9"], ["fast"], [])
    assert (await agreed(schema, query, some)).calls == found.calls


async def test_a_single_key_is_fetched_by_one(schema):
    """As on the other lanes: a batch of one is the lookup of one."""
    found = await agreed(schema, "{ person(id: 2) { boss { id } } }", some)
    assert found.calls == {"people.getPerson": 2}


async def test_composite_keys_and_keys_in_paths(schema):
    """A key of two parts, of which both must be there; a key within an object."""
    query = "{ all { place { name mayor { name } } keeper { id } flat { id rent size rooms } } }"
    rows = (await data(schema, query))["all"]
    flat = {"id": "1", "rent": "1.25", "size": 2.5, "rooms": 3}
    assert rows[0] == {
        "place": {"name": "Ur", "mayor": {"name": "name of 2"}},
        "keeper": {"id": "2"},
        "flat": flat,
    }
    assert rows[1:] == [{"place": None, "keeper": None, "flat": None}] * 3


async def test_calls_of_each_parent(schema):
    """One call for each parent's own value, shared where values are equal; none where it is null."""
    found = await agreed(schema, "{ all { diary { first writer { name } } bossDiary { first } } }", some)
    assert found.data["all"][3] == {
        "diary": {"first": "day of 4", "writer": {"name": "name of 1"}}, "bossDiary": {"first": "day of 1"}
    }  # fmt: skip
    assert found.calls == {"people.allPeople": 1, "people.getDiary": 5, "people.getPerson": 1}
    kept = await data(schema, "{ all { keeperDiary { first } } }")
    assert [one["keeperDiary"] for one in kept["all"]] == [{"first": "day of 2"}, None, None, None]
    alone = await agreed(schema, "{ all { bossDiary { first } } }", lambda: town.town([person(1)]))
    assert (alone.data, alone.calls) == ({"all": [{"bossDiary": None}]}, {"people.allPeople": 1})


async def test_lists_of_each_parent_with_nulls_in_them(schema):
    """Nulls keep their places, and links hang on what is there."""
    rows = (await data(schema, "{ all { friends { id boss { id } } } }"))["all"]
    assert rows[0] == {"friends": [{"id": "2", "boss": None}, None, {"id": "3", "boss": {"id": "1"}}]}


async def test_groups(schema):
    """One call for all parents, matched by what repeats the parent's value; a list, and a single one."""
    found = await agreed(schema, "{ all { notes { id by { name } } noteOf { id } } }", some)
    assert found.data["all"][1] == {
        "notes": [{"id": "n2", "by": {"name": "name of 1"}}],
        "noteOf": {"id": "n2"},
    }
    assert found.calls == {"people.allPeople": 1, "people.listNotes": 1, "people.getPerson": 1}


async def test_nobody_to_ask_for_costs_no_call(schema):
    """Steps below an empty list, or below a null, do not start."""
    query = "{ all { boss { id } notes { id } diary { first } walks { totalCount } } }"
    found = await agreed(schema, query, lambda: town.town([]))
    assert (found.data, found.calls) == ({"all": []}, {"people.allPeople": 1})


# --- when


async def test_a_step_waits_for_nothing_but_its_own_parents(schema):
    """While one branch's answer is held back, what hangs on the other is asked for, and answered."""
    services = some()
    held = Gate(lambda _: answer([]))
    services.on("people", "listNotes", held)
    running = _fast(schema, "{ all { notes { id } diary { writer { name } } } }", services)
    await turns()
    assert services.calls == {
        "people.allPeople": 1, "people.listNotes": 1, "people.getDiary": 4, "people.getPerson": 1
    }  # fmt: skip
    held.open()
    found = await running
    assert (found.lanes, found.data["all"][0]) == (
        ["fast"], {"notes": [], "diary": {"writer": {"name": "name of 1"}}}
    )  # fmt: skip


async def test_an_answer_that_parents_share_is_decoded_once(schema, monkeypatch):
    """However many parents one answer serves."""
    decoded: list[bytes] = []
    real = Answered.decoded

    def counted(self, decode):
        def noted(body: bytes) -> Any:
            decoded.append(body)
            return decode(body)

        return real(self, noted)

    monkeypatch.setattr(Answered, "decoded", counted)
    services = town.town([person(key, 7) for key in range(1, 20)])
    found = await on_lane("fast", schema, "{ all { bossDiary { first } } }", services)
    assert found.data == {"all": [{"bossDiary": {"first": "day of 7"}}] * 19}
    assert (found.lanes, len(decoded), services.calls["people.getDiary"]) == (["fast"], 2, 1)


def _fast(schema: Schema, query: str, services: Services) -> Any:
    """A request that is under way on the fast lane."""
    return asyncio.ensure_future(on_lane("fast", schema, query, services))
