"""Subscriptions in the lane: whose context an event gets, who may see what, and that nothing of them is left over."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from adapters.contract.contract import MISSING
from adapters.messages import Request, Response
from graph.executing.executor import Answer, GraphQLRequest
from graph.executing.lanes import Lanes
from graph.executing.subscription import for_events
from graph.project.project import load_schema
from resolvers.caller import Caller
from stolon import testing
from tests.graph import projects

USERS = projects.contract(
    projects.operation("GET /users/{id}", "getUser", projects.ref("User")),
    User=projects.an({"id": projects.TEXT, "name": projects.TEXT}),
)
MODULE = """
import asyncio
from collections.abc import AsyncGenerator

import strawberry
from stolon import Context, rest

users = rest.contract("users")
Info = strawberry.Info[Context, None]
CONTEXTS: list[Context] = []
ENDED: list[str] = []


@rest.type(users.schema("User"), key="id", one=users.op("getUser", id=rest.key), scopes=["users"])
class User:
    id: rest.auto
    name: rest.auto = rest.field(scopes=["pii"])


@strawberry.type
class Event:
    number: int
    user: User | None = rest.query(users.op("getUser", id="7"))

    @strawberry.field
    def seen(self, info: Info) -> int:
        CONTEXTS.append(info.context)
        return len(CONTEXTS)


@strawberry.type
class Query:
    hello: str = "world"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def users(self, info: Info, times: int) -> AsyncGenerator[User | None, None]:
        CONTEXTS.append(info.context)
        for _ in range(times):
            yield await info.context.load(User, "7")

    @strawberry.subscription
    async def events(self, times: int) -> AsyncGenerator[Event, None]:
        try:
            for number in range(times):
                yield Event(number=number)
        finally:
            ENDED.append("events")

    @strawberry.subscription
    async def changes(self, info: Info) -> AsyncGenerator[str, None]:
        last = None
        while last != "Ada 5":
            last = (await info.context.load(User, "7")).name
            assert (await info.context.call(users.op("getUser", id="7"))).name != last
        yield last

    @strawberry.subscription
    async def timed(self) -> AsyncGenerator[int, None]:
        try:
            async with asyncio.timeout(0.05), asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(0))
                yield 1
                await asyncio.Event().wait()
        except TimeoutError:
            yield 2


schema = rest.Schema(query=Query, subscription=Subscription)
"""
ALL = Caller(authenticated=True, scopes=frozenset({"users", "pii"}))


class Graph:
    """The lane of the project over a service that counts its calls."""

    def __init__(self, folder: Path) -> None:
        projects.write(folder, MODULE, {"users": USERS})
        self.schema = load_schema(folder, "schema:schema")
        self.services = testing.Services()
        self.services.on("users", "getUser", self.user)
        self.held: asyncio.Event | None = None
        self.calls = 0

    async def user(self, _request: Request) -> Response:
        self.calls += 1
        if self.held is not None:
            self.held.set()
            await asyncio.Event().wait()
        return testing.answer({"id": "7", "name": f"Ada {self.calls}"})

    def stream(self, query: str, caller: Caller = ALL) -> AsyncGenerator[Answer, None]:
        lane = Lanes(self.schema, self.services.upstreams(self.schema))
        return lane.stream(GraphQLRequest(query), caller, {}, "r")

    async def answers(self, query: str, caller: Caller = ALL) -> list[tuple[Any, list[dict[str, Any]]]]:
        return [(answer.data, answer.errors) async for answer in self.stream(query, caller)]

    @property
    def module(self) -> dict[str, Any]:
        return vars(sys.modules["schema"])


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    """The graph of this file."""
    return Graph(tmp_path)


async def test_each_event_has_a_context_of_its_own(graph):
    """Events share nothing; the context of one is closed when its answer is given on."""
    assert await graph.answers("subscription{events(times: 2){number seen user{name}}}") == [
        ({"events": {"number": 0, "seen": 1, "user": {"name": "Ada 1"}}}, []),
        ({"events": {"number": 1, "seen": 2, "user": {"name": "Ada 2"}}}, []),
    ]
    first, second = graph.module["CONTEXTS"]
    assert first is not second
    for context in (first, second):
        with pytest.raises(RuntimeError, match="the request has ended"):
            await context.load(graph.module["User"], "8")
    assert (first.caller, first.request_id, graph.calls) == (ALL, "r", 2)


async def test_what_a_source_reads_is_read_anew(graph):
    """A generator that asks until something changes sees the change; it need not yield for that."""
    assert await graph.answers("subscription{changes}") == [({"changes": "Ada 5"}, [])]
    assert graph.calls == 6
    [(data, errors)] = await graph.answers("subscription{users(times: 1){name}}")
    assert (data, errors) == ({"users": {"name": "Ada 7"}}, [])
    [context] = graph.module["CONTEXTS"]
    with pytest.raises(RuntimeError, match="the request has ended"):
        await context.load(graph.module["User"], "8")


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (Caller(), (MISSING, "UNAUTHENTICATED", ["users"])),
        (Caller(authenticated=True), (MISSING, "FORBIDDEN", ["users"])),
        (
            Caller(authenticated=True, scopes=frozenset({"users"})),
            ({"users": {"id": "7", "name": None}}, "FORBIDDEN", ["users", "name"]),
        ),
    ],
)
async def test_who_may_not_see_it_gets_no_event(graph, caller, expected):
    """A subscription to a type that not everyone may see decides before its generator runs; fields decide for
    themselves.
    """
    [(data, [error])] = await graph.answers("subscription{users(times: 1){id name}}", caller)
    assert (data, error["extensions"]["code"], error["path"]) == expected
    assert graph.calls == (0 if data is MISSING else 1)


async def test_leaving_between_events_ends_the_source(graph):
    """Closing the stream between two events runs the generator's `finally`; no task is left."""
    before = asyncio.all_tasks()
    stream = graph.stream("subscription{events(times: 5){number}}")
    async with aclosing(stream):
        assert (await anext(stream)).data == {"events": {"number": 0}}
    assert graph.module["ENDED"] == ["events"]
    assert asyncio.all_tasks() == before


async def test_leaving_within_an_event_ends_its_calls(graph):
    """Who leaves while an event is answered ends the calls of that event; nothing is left half made."""
    before = asyncio.all_tasks()
    graph.held = asyncio.Event()

    async def consume() -> None:
        await graph.answers("subscription{events(times: 5){number user{name}}}")

    consuming = asyncio.create_task(consume())
    async with asyncio.timeout(5):
        await graph.held.wait()
    consuming.cancel()
    await asyncio.gather(consuming, return_exceptions=True)
    assert graph.module["ENDED"] == ["events"]
    assert asyncio.all_tasks() == before


async def test_what_a_source_holds_open_lives_in_one_task(graph):
    """A generator may hold a timeout and a task group open between its events."""
    assert [data for data, _ in await graph.answers("subscription{timed}")] == [{"timed": 1}, {"timed": 2}]


async def test_a_bad_document_is_one_answer(graph):
    """What cannot be executed is one answer without data."""
    for query in ("subscription{", "subscription A{timed} subscription B{timed}", "subscription{nothing}"):
        [(data, errors)] = await graph.answers(query)
        assert (data, len(errors)) == (MISSING, 1)


def test_a_projects_own_executor_stays():
    """An executor class that a project gives to its schema is kept, and gains the contexts of events."""

    class Own(StrawberryGraphQLCoreExecutionContext): ...

    assert issubclass(for_events(Own), Own)
    assert issubclass(for_events(None), StrawberryGraphQLCoreExecutionContext)
