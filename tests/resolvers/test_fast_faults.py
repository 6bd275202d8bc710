"""Changing lanes: whatever is not as promised is met again by the checked lane, which says what it is, once, and
fetches nothing twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from graph.declaring.schema import Schema
from resolvers.fast.run import FastRun
from resolvers.fast.uncompiled import Troubled
from resolvers.run.run import Run
from stolon.testing import Response, Services, TimedOut, Unavailable, answer
from tests.resolvers import town
from tests.resolvers.graphs import Gate, asked, project, turns
from tests.resolvers.three_lanes import Came, agreed, on_lane
from tests.resolvers.town import person

DEEP = """{ all { name home { street } boss { name diary { first writer { name } } } notes { id by { name } }
    friends { id boss { id } } place { name mayor { id } } flat { rent }
    walks { totalCount nodes { id to { id } } } } }"""
"""Steps of every kind, in three waves."""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """The town."""
    return project(tmp_path_factory.mktemp("town"), town.MODULE, **town.CONTRACTS)


def rows() -> list[dict[str, Any]]:
    """Three people who have a bit of everything."""
    return [person(key, key % 3 + 1, land="ES", zip=f"{key}", home={"street": "s"}) for key in (1, 2, 3)]


def broken(operation: str, given: Any) -> Callable[[], Services]:
    """Services of which one operation gives something else."""
    service = "places" if operation in ("getPlace", "listFlats") else "people"

    def made() -> Services:
        found = town.town(rows())
        if callable(given):
            found.on(service, operation, given)
        elif isinstance(given, Exception):
            found.on(service, operation, _raising(given))
        else:
            found.on(service, operation, lambda _: given)
        return found

    return made


def _raising(raised: Exception) -> Callable[[object], Response]:
    def handler(_: object) -> Response:
        raise raised

    return handler


async def faulty(schema: Schema, query: str, services: Callable[[], Services]) -> Came:
    """What comes on the fast lane where something is wrong: what the reference lane says, in as many calls."""
    return await agreed(schema, query, services, lanes=("plan: fault",))


OPERATIONS = [
    "allPeople", "listPeople", "getDiary", "listNotes", "listFriends", "getPlace", "listFlats", "listWalks"
]  # fmt: skip
WRONG = {
    "unavailable": Unavailable("down", sent=False),
    "timed out": TimedOut("slow", sent=True),
    "500": answer({"detail": "no"}, 500),
    "403": answer({"detail": "no"}, 403),
    "no json": Response(200, {}, b"<html>"),
    "empty": Response(200, {}, b""),
    "null": Response(200, {}, b"null"),
    "other": answer({"a": 1}),
    "number": answer(7),
    "not utf-8": Response(200, {}, b'{"a": "\xff"}'),
    "bom": Response(200, {}, b'\xef\xbb\xbf[]'),
}  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "wrong"),
    [
        *((operation, wrong) for operation in OPERATIONS for wrong in ("unavailable", "other", "not utf-8")),
        *((operation, wrong) for operation in ("allPeople", "listPeople") for wrong in WRONG),
    ],
)
async def test_a_fault_at_any_step_fetches_nothing_twice(schema, operation, wrong):
    """Whichever call fails, and however, the answer is the reference lane's, and so is the number of each call."""
    found = await faulty(schema, DEEP, broken(operation, WRONG[wrong]))
    assert found.errors != []


@pytest.mark.parametrize(
    ("query", "row", "errors"),
    [
        ("{ all { name } }", {"name": None}, [("all", 1)]),
        ("{ all { name } }", {"name": 7}, [("all", 1)]),
        ("{ all { nick } }", {"nick": 7}, [("all", 1, "nick")]),
        ("{ all { points } }", {"points": "7"}, [("all", 1, "points")]),
        ("{ all { id } }", {"id": 2**31}, [("all", 1)]),
        ("{ all { mood } }", {"mood": "MAD"}, [("all", 1, "mood")]),
        ("{ all { born } }", {"born": "2023-02-29"}, [("all", 1, "born")]),
        ("{ all { pay } }", {"pay": "NaN"}, [("all", 1, "pay")]),
        ("{ all { height } }", {"height": True}, [("all", 1, "height")]),
        ("{ all { alive } }", {"alive": 1}, [("all", 1, "alive")]),
        ("{ all { uid } }", {"uid": "x"}, [("all", 1, "uid")]),
        ("{ all { tags } }", {"tags": ["a", 1]}, [("all", 1, "tags", 1)]),
        ("{ all { grid } }", {"grid": [[1], [None]]}, [("all", 1, "grid", 1, 0)]),
        ("{ all { home { street } } }", {"home": {"street": 1}}, [("all", 1, "home", "street")]),
        ("{ all { home { street } } }", {"home": []}, [("all", 1, "home")]),
        ("{ all { homes { street } } }", {"homes": [None]}, [("all", 1, "homes", 0)]),
        ("{ all { street } }", {"home": 1}, [("all", 1, "street")]),
        ("{ all { geo { lat } } }", {"home": {"street": "s", "geo": 1}}, [("all", 1, "geo")]),
        ("{ all { boss { id } } }", {"boss_id": 1.5}, [("all", 1, "boss")]),
        ("{ all { boss { id } } }", {"boss_id": True}, [("all", 1, "boss")]),
        ("{ all { boss { id } } }", {"boss_id": "x"}, [("all", 1, "boss")]),
        ("{ all { keeper { id } } }", {"home": 1}, None),
        ("{ all { place { name } } }", {"land": 7, "zip": ["1"]}, [("all", 1, "place")]),
        ("{ every { sureBoss { id } } }", {"boss_id": 99}, [("every", 1, "sureBoss")]),
    ],
)
async def test_one_bad_value_is_told_at_its_own_place(schema, query, row, errors):
    """GraphQL's rules for nulls apply there and nowhere else; the body is fetched once."""
    bad = [one | (row if one["id"] == 2 else {}) for one in rows()]
    found = await agreed(schema, query, broken("allPeople", answer(bad)), lanes=("plan: fault",))
    paths = [tuple(one["path"]) for one in found.errors]
    if errors is not None:
        assert [path[: len(expected)] for path, expected in zip(paths, errors, strict=True)] == errors
    assert found.calls["people.allPeople"] == 1


async def test_a_link_that_insists_and_leads_nowhere_takes_what_holds_it(schema):
    """Nothing is asked for a key that is null; the error stands at the link."""
    found = await faulty(schema, "{ every { sureBoss { id } } }", broken("allPeople", answer([person(1)])))
    assert (found.data, found.calls) == (None, {"people.allPeople": 1})
    assert list(found.told) == [(("every", 0, "sureBoss"), "NOT_FOUND", "Not found.")]


async def test_a_list_that_insists_and_is_not_there_takes_all(schema):
    """An optional step of `pick` leads to nothing; where the field may be null it is, without an error."""
    nothing = broken("boxedPeople", answer({"note": "n"}))
    found = await agreed(schema, "{ boxed { id } }", nothing)
    assert (found.data, found.errors) == ({"boxed": None}, [])
    found = await faulty(schema, "{ sureBoxed { id } }", nothing)
    assert (found.data, len(found.errors)) == (None, 1)


async def test_what_nobody_asked_for_may_be_wrong(schema):
    """As on the other lanes, a property is checked where it is shown."""
    bad = [one | {"nick": 7, "home": [], "mood": None} for one in rows()]
    found = await agreed(schema, "{ all { id name } }", broken("allPeople", answer(bad)))
    assert found.errors == []


async def test_a_body_that_is_no_utf8_is_refused_wherever_it_is_not(schema):
    """Also in a property that nobody asked for."""
    body = b'[{"id": 1, "name": "Ana", "boss_id": null, "nick": "\xff"}]'
    found = await faulty(schema, "{ all { id name } }", broken("allPeople", Response(200, {}, body)))
    assert [one["extensions"]["code"] for one in found.errors] == ["CONTRACT_VIOLATION"]
    fine = '[{"id": 1, "name": "Ana", "boss_id": null, "nick": "ñ"}]'.encode()
    assert (await agreed(schema, "{ all { id } }", broken("allPeople", Response(200, {}, fine)))).errors == []


async def test_integers_that_are_written_with_a_fraction_pass_on_the_checked_lane(schema):
    """A JSON number with a zero fraction is an integer (JSON Schema 2020-12, section 6.1.1)."""
    body = b'[{"id": 1.0, "name": "Ana", "boss_id": null}]'
    found = await faulty(schema, "{ all { id } }", broken("allPeople", Response(200, {}, body)))
    assert (found.data, found.errors) == ({"all": [{"id": "1"}]}, [])


async def test_a_batch_that_ended_in_faults_is_not_called_again(schema):
    """Of the keys of a batch those that failed keep their fault, those that came their objects."""

    def services() -> Services:
        made = town.town(rows())
        made.on("people", "listPeople", lambda one: answer([{"id": int(key), "name": 7 if key == "2" else "n",
            "boss_id": None} for key in asked(one, "ids")]))  # fmt: skip
        return made

    found = await faulty(schema, "{ all { boss { name } } }", services)
    assert found.data == {"all": [{"boss": None}, {"boss": {"name": "n"}}, {"boss": {"name": "n"}}]}
    assert found.calls == {"people.allPeople": 1, "people.listPeople": 1}


@pytest.mark.parametrize("key", ["x", "1.5", ""])
async def test_a_key_that_is_none_is_refused_before_anything_is_asked(schema, key):
    """What a client gives as a key has to be one."""
    found = await agreed(
        schema, "query ($id: ID!) { person(id: $id) { id } }", broken("getDiary", answer(1)), {"id": key},
        lanes=("plan: fault",),
    )  # fmt: skip
    assert (found.data, found.calls) == ({"person": None}, {})
    assert [one["extensions"]["code"] for one in found.errors] == ["BAD_USER_INPUT"]


async def test_a_refused_window_is_told_at_its_argument(schema):
    """What a connection cannot serve fails on either lane alike."""
    query = "{ walks(first: 1000) { totalCount } all { walks(first: -1) { nodes { id } } } }"
    found = await faulty(schema, query, lambda: town.town(rows()))
    assert Counter(one["extensions"]["code"] for one in found.errors) == {"BAD_USER_INPUT": 4}


@pytest.mark.parametrize("operation", ["allPeople", "listPeople", "getDiary"])
async def test_a_defect_of_sending_is_an_error_at_its_field(schema, operation):
    """What no sending may raise settles like any failure: it cancels no request, and nobody waits for ever."""
    query = "{ all { boss { id } diary { first } } }"
    found = await faulty(schema, query, broken(operation, RuntimeError("unforeseen")))
    assert {one["extensions"]["code"] for one in found.errors} == {"INTERNAL_SERVER_ERROR"}
    assert found.calls[f"people.{operation}"] == (3 if operation == "getDiary" else 1)


# --- once


@pytest.fixture
def ran(monkeypatch) -> list[str]:
    """The lanes that began to run, in order."""
    began: list[str] = []
    fast, checked = FastRun.execute, Run.execute

    async def fast_run(self: FastRun) -> Any:
        began.append("fast")
        return await fast(self)

    def checked_run(self: Run) -> Any:
        began.append("checked")
        return checked(self)

    monkeypatch.setattr(FastRun, "execute", fast_run)
    monkeypatch.setattr(Run, "execute", checked_run)
    return began


@pytest.mark.parametrize(
    ("operation", "wrong", "lanes"),
    [("getPlace", answer({"land": "ES", "zip": "1", "name": "Ur"}), ["fast"]), ("allPeople", answer(1), None),
     ("listWalks", Unavailable("down", sent=False), None), ("listPeople", answer(7), None)],
)  # fmt: skip
async def test_a_request_changes_lanes_once(schema, ran, operation, wrong, lanes):
    """It begins on the fast lane, and what is wrong moves it to the checked lane, which runs to the end."""
    services = broken(operation, wrong)()
    found = await on_lane("fast", schema, DEEP, services)
    assert (ran, found.lanes) == ((["fast"], ["fast"]) if lanes else (["fast", "checked"], ["plan: fault"]))
    assert max(Counter((one.operation, one.target) for one in services.requests).values()) == 1


async def test_the_cause_is_kept_with_the_trouble(schema, monkeypatch):
    """Whoever looks for a defect of the fast lane finds what was raised."""
    causes: list[BaseException | None] = []
    fast = FastRun.execute

    async def told(self: FastRun) -> Any:
        try:
            return await fast(self)
        except Troubled as troubled:
            causes.append(troubled.__cause__)
            raise

    monkeypatch.setattr(FastRun, "execute", told)
    await on_lane("fast", schema, "{ all { id } }", broken("allPeople", answer(7))())
    assert [type(one).__name__ for one in causes] == ["ValidationError"]


async def test_what_is_under_way_when_a_branch_fails_is_found_again(schema):
    """The checked lane waits for the calls that the fast lane began, and makes none of them anew."""
    services = broken("listNotes", answer(7))()
    held = Gate(lambda one: answer({"of": 1, "first": "held", "writer": 1}))
    services.on("people", "getDiary", held)
    running = asyncio.ensure_future(
        on_lane("fast", schema, "{ all { notes { id } diary { first writer { id } } } }", services)
    )
    await turns()
    assert (running.done(), services.calls["people.getDiary"], len(held.waiting)) == (False, 3, 3)
    held.open()
    found = await running
    assert (found.lanes, held.cancelled) == (["plan: fault"], 0)
    assert [one["diary"] for one in found.data["all"]] == [{"first": "held", "writer": {"id": "1"}}] * 3
    assert services.calls == {
        "people.allPeople": 1, "people.listNotes": 1, "people.getDiary": 3, "people.getPerson": 1
    }  # fmt: skip
