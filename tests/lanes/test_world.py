"""The tools of the lanes' property test: a world that is the same for the same seed, time that jumps, operations that
are valid.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from graphql import parse, validate
from graphql.language import visit
from graphql.language.visitor import Visitor

from graph.executing.executor import GraphQLRequest
from tests.lanes.clock import Deadlock, JumpingLoop
from tests.lanes.contracts import CONTRACTS
from tests.lanes.contracts_hoard import FORMS
from tests.lanes.endpoints import ENDPOINTS
from tests.lanes.operations import Drawing, Drawn
from tests.lanes.rows import World
from tests.lanes.services import Services, Weather
from tests.lanes.world import LANES, Ran, cursors, graphql_schema, run_lane, somebody


@pytest.fixture
def loop() -> Iterator[JumpingLoop]:
    made = JumpingLoop()
    yield made
    made.close()


def drawn(number: int) -> Drawn:
    """The operation of a number."""
    pick = Random(number).randrange  # noqa: S311 - a test's choices
    return Drawing(graphql_schema(), pick, cursors()).draw()


def test_every_operation_of_the_contracts_is_answered() -> None:
    """The services know each operation, and no other."""
    stated = {
        one["operationId"]
        for document in CONTRACTS.values()
        for methods in document["paths"].values()
        for one in methods.values()
    }
    assert set(ENDPOINTS) == stated


def test_time_jumps_and_keeps_its_order(loop: JumpingLoop) -> None:
    """What sleeps wakes in the order of its timers, an hour of which takes no time."""
    woken: list[str] = []

    async def sleep(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append(name)

    async def both() -> float:
        await asyncio.gather(sleep("late", 3600), sleep("early", 0.5))
        return loop.time()

    assert (loop.complete(both()), woken) == (3600.0, ["early", "late"])


def test_what_would_wait_for_ever_is_told(loop: JumpingLoop) -> None:
    """A future that nobody sets ends the run with an error instead of hanging it."""

    async def wait() -> None:
        await loop.create_future()

    with pytest.raises(Deadlock):
        loop.complete(wait())


# The whole rule set over many large documents is most of this test's time.
def test_drawn_operations_are_valid_and_of_every_kind() -> None:
    """Each operation that is drawn is valid; among some hundreds is everything that the lanes are asked about."""
    seen: Counter[str] = Counter()

    class Look(Visitor):
        def enter(self, node: Any, *_: Any) -> None:
            seen[node.kind] += 1
            if node.kind == "field":
                seen["alias"] += node.alias is not None
                seen[node.name.value] += 1

    for number in range(350):
        one = drawn(number)
        document = parse(one.document)
        assert validate(graphql_schema(), document) == [], one.document
        visit(document, Look())
        seen["mutation"] += one.mutates
        seen["operation name"] += one.operation_name is not None
        seen["null variable"] += None in one.variables.values()
    wanted = ("alias", "mutation", "operation name", "null variable", "__typename", "directive", "variable")
    fragments = ("fragment_definition", "inline_fragment", "fragment_spread", "variable_definition")
    types = ("Query", "Mutation", "Person", "Claim", "Bond", "Coin", "Deed", "Car", "Truck", "Flash")
    fields = {name for of in types for name in graphql_schema().type_map[of].fields}  # type: ignore[attr-defined]
    assert [name for name in (*wanted, *fragments, *sorted(fields)) if not seen[name]] == []


def test_drawn_operations_call_a_lot(loop: JumpingLoop) -> None:
    """Links below links below connections: at least four calls an operation, on average, where nothing goes wrong."""
    calls, chains = 0, 0
    logging.disable(logging.CRITICAL)
    try:
        for number in range(60):
            one = drawn(number)
            request = GraphQLRequest(one.document, one.variables, one.operation_name)
            services = Services(Weather(World(number), latency=True))
            loop.complete(run_lane("plan", request, services, somebody("pii", "secrets", staff=True)))
            calls += len(services.calls)
            chains += len({at for at, _ in services.begun}) >= 3
    finally:
        logging.disable(logging.NOTSET)
    assert (calls >= 4 * 60, chains >= 15) == (True, True), (calls, chains)


def test_the_worlds_objects_are_of_every_kind_and_of_none() -> None:
    """Each variant is met; where things go wrong, so are discriminators that are unknown, missing, or no text."""

    def told(wrongness: float) -> set[object]:
        rows = [World(n, wrongness).row("hoard", "Asset", n) for n in range(300)]
        return {one["form"] if isinstance(one.get("form", ...), str | None) else "…" for one in rows}

    assert told(0) == {*FORMS}
    assert {*FORMS, "unheard-of", None, "…"} <= told(0.4)
    rides = [World(n).row("hoard", "Vehicle", n) for n in range(50)]
    assert {frozenset(one) & {"seats", "load", "claim_id"} for one in rides if one["type"] == "Car"} == {
        frozenset({"seats"})
    }


def test_an_operation_is_drawn_the_same_from_the_same_choices() -> None:
    """A failing case can be drawn again."""
    assert [drawn(number) for number in range(20)] == [drawn(number) for number in range(20)]


def test_the_world_is_decided_by_what_is_asked_not_by_when(loop: JumpingLoop) -> None:
    """The same calls get the same answers in any order; another seed is another world."""
    query = "{ staff { name boss { name } badges { id } } ledger { amount } feed { id } }"
    halves = ("{ feed { id } ledger { amount } }", "{ staff { badges { id } boss { name } name } }")

    def answers(seed: int, *documents: str) -> Any:
        services = Services(Weather(World(seed, 0.1), failing=0.2))
        for one in documents:
            loop.complete(run_lane("reference", GraphQLRequest(one), services))
        return sorted(services.told)

    logging.disable(logging.CRITICAL)
    try:
        assert answers(5, query) == answers(5, *halves)
        assert answers(5, query) != answers(6, query)
    finally:
        logging.disable(logging.NOTSET)


def test_each_lane_runs_where_it_says(loop: JumpingLoop) -> None:
    """The reference lane is graphql-core, the others run on a plan, the fast one compiled: otherwise one is compared
    with itself.
    """

    def ran(lane: Any) -> Ran:
        request = GraphQLRequest('{ person(id: "p1") { id } }')
        return loop.complete(run_lane(lane, request, Services(Weather(World(1))), somebody()))

    assert [ran(lane).lanes for lane in LANES] == [
        ["reference: switched_off"],
        ["plan: first"],
        ["fast"],
    ]
