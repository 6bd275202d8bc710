"""The end of a request on the fast lane: cancelled or done, nothing of it is left."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graph.declaring.schema import Schema
from resolvers.context import Context
from resolvers.loading.store import Store
from stolon.testing import Services, caller
from tests.resolvers import town
from tests.resolvers.graphs import Gate, project, turns
from tests.resolvers.test_fast_faults import DEEP, rows
from tests.resolvers.three_lanes import lanes_of, on_lane, valid


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """The town."""
    return project(tmp_path_factory.mktemp("town"), town.MODULE, **town.CONTRACTS)


HELD = ["allPeople", "listPeople", "getDiary", "listNotes", "listWalks"]


def held(services: Services, operation: str) -> Gate:
    """Holds the calls of an operation back."""
    handler: Any = services._handlers["people", operation]
    gate = Gate(handler)
    services.on("people", operation, gate)
    return gate


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("after", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 200])
async def test_a_cancelled_request_leaves_nothing(schema, after):
    """Cancelled at any turn, it ends with every task and every call of its own; nothing warns."""
    services = town.town(rows())
    gates = [held(services, name) for name in HELD[1:]]
    before = asyncio.all_tasks()
    running = asyncio.ensure_future(on_lane("fast", schema, DEEP, services))
    await turns(after)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert asyncio.all_tasks() == before
    assert [gate.waiting for gate in gates] == [[]] * len(gates)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("operation", HELD)
async def test_the_store_is_closed_when_a_request_ends(schema, operation, monkeypatch):
    """Cancelled while one call is held, or well at its end: nobody can ask the store any more."""
    services = town.town(rows())
    gate = held(services, operation)
    lanes = lanes_of(schema, services, "fast", [])
    stores: list[Store] = []
    context = lanes.context

    def kept(*given: Any, **more: Any) -> Context:
        made = context(*given, **more)
        stores.append(made.store)
        return made

    monkeypatch.setattr(lanes, "context", kept)
    running = asyncio.ensure_future(lanes.execute(valid(schema, DEEP), caller("me"), {}, "r"))
    await turns()
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (gate.cancelled > 0, gate.waiting) == (True, [])
    gate.open()
    services.on("people", operation, gate._handler)
    await lanes.execute(valid(schema, DEEP), caller("me"), {}, "r")
    assert [one._closed for one in stores] == [True, True]
    assert [one._tasks for one in stores] == [set(), set()]
