"""What a run writes down of itself, for those who asked to see it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from adapters.messages import Freshness, Response
from graph.declaring.schema import Schema
from graph.executing.executor import GraphQLRequest
from graph.executing.lanes import Lanes
from resolvers.caller import Caller
from resolvers.lane_choice import LaneChoice
from resolvers.run.ledger import Ledger, StepDone
from stolon.testing import Services, answer
from tests.resolvers.graphs import Gate, project
from tests.resolvers.test_run import HOUSES, MODULE, PEOPLE, person, services_of


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """People with bosses and houses; houses with notes by people."""
    folder: Path = tmp_path_factory.mktemp("ledger")
    return project(folder, MODULE, people=PEOPLE, houses=HOUSES)


async def ledger_of(schema: Schema, query: str, services: Services) -> Ledger:
    """The ledger of one request."""
    lane = Lanes(schema, services.upstreams(schema), open_plans=True)
    kept: list[Ledger] = []
    made = lane.context

    def context(*given: object, **more: object) -> object:
        one = made(*given, **more)  # type: ignore[arg-type]
        kept.append(one)  # type: ignore[arg-type]
        return one

    lane.context = context  # type: ignore[method-assign,assignment]
    await lane.execute(GraphQLRequest(query, extensions={"plan": True}), Caller(), {}, "r-1")
    found = kept[0].lane.ledger  # type: ignore[attr-defined]
    assert found is not None
    return found


def counts(done: StepDone) -> tuple[int, int, int]:
    """For how many parents, how many results asked for, how many of those there already."""
    return done.parents, done.asked, done.from_store


async def test_a_step_says_what_it_asked_for_and_what_was_there(schema):
    """Two parents of one boss ask twice and are served once; a second step of the same entity finds all there."""
    services = services_of(person("a", boss="b"), person("c", boss="b"), person("d", boss="e"))
    found = await ledger_of(schema, "{ every { boss { name } again: boss { id } } }", services)
    assert [counts(one) for one in found.steps] == [(1, 1, 0), (3, 3, 1), (3, 3, 3)]
    assert [(one.operation, one.status, one.served, one.steps) for one in found.calls] == [
        ("allPeople", 200, "upstream", (0,)),
        ("listPeople", 200, "upstream", (1,)),
    ]
    assert [one.bytes > 0 for one in found.calls] == [True, True]


async def test_a_call_for_two_steps_names_both(schema):
    """Keys of two steps that leave in one batch make one call, on behalf of both."""
    services = services_of(person("a", boss="b"))
    found = await ledger_of(
        schema, '{ every { boss { id } } person(id: "z") { boss { id } name } }', services
    )
    assert sorted((one.operation, one.steps) for one in found.calls)[0] == ("allPeople", (0,))
    assert {step for one in found.calls for step in one.steps} <= {0, 1, 2, 3}


async def test_a_call_that_failed_has_no_status(schema):
    """A call without an answer is written down all the same, with its time and without bytes."""
    services = services_of()
    services.answer("people", "allPeople", status=503)
    [call] = (await ledger_of(schema, "{ every { id } }", services)).calls
    assert (call.status, call.ended >= call.begun >= 0) == (503, True)


async def test_an_answer_shared_with_another_request_says_so(schema):
    """What came with another request's call under way is told as a flight, and as nobody's call of its own."""
    services = services_of()
    services.on("people", "allPeople", lambda _: Response(200, {}, b"[]", shared=True))
    [call] = (await ledger_of(schema, "{ every { id } }", services)).calls
    assert call.served == "flight"


async def test_an_answer_from_the_cache_says_so(schema):
    """What was kept and given without a call is told as such, whoever it was fetched for."""
    services = services_of()
    kept = Freshness(left=5.0, age=1.0, private=False, cached=True)
    services.on("people", "allPeople", lambda _: Response(200, {}, b"[]", freshness=kept))
    [call] = (await ledger_of(schema, "{ every { id } }", services)).calls
    assert (call.served, call.status) == ("cache", 200)


async def test_times_are_of_the_step_itself(schema):
    """A step begins when its parents are there, and ends with its own values, not with those below."""
    services = services_of(person("a", boss="b"))
    held = Gate(lambda one: answer(person(one.target.rpartition("/")[2])))
    services.on("people", "getPerson", held)
    asking = asyncio.ensure_future(ledger_of(schema, "{ every { boss { id } } }", services))
    for _ in range(80):
        await asyncio.sleep(0)
    held.open()
    first, second = (await asking).steps
    assert None not in (first.begun, first.ended, second.begun, second.ended)
    assert first.begun <= first.ended <= second.begun <= second.ended  # type: ignore[operator]


async def test_looking_whether_more_follows_is_the_pages_own_call(schema):
    """The call that only tells hasNextPage belongs to the step of its connection, whatever began meanwhile."""
    services = services_of(person("a", house="h"))
    row = {"items": [{"id": "n", "by": "w"}], "total": None}
    services.answer("houses", "listNotes", json=row)
    query = "{ every { house { notes(first: 1) { pageInfo { hasNextPage } nodes { by { name } } } } } }"
    found = await ledger_of(schema, query, services)
    assert sorted((one.operation, one.steps) for one in found.calls) == [
        ("allPeople", (0,)), ("getPerson", (3,)), ("listHouses", (1,)), ("listNotes", (2,)), ("listNotes", (2,))
    ]  # fmt: skip


def test_times_are_finer_than_a_loop_counts():
    """A ledger's clock tells microseconds: uvloop's own time stands still for a millisecond."""
    assert LaneChoice().clock is time.perf_counter
    assert time.get_clock_info("perf_counter").resolution <= 1e-6
