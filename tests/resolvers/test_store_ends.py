"""The store owns its tasks: they end with the request, however it ends (design, section 6)."""

from __future__ import annotations

import asyncio
import sys

import pytest

from graph.declaring.schema import Schema
from graph.executing.lanes import Lanes
from resolvers.caller import Caller
from resolvers.loading.settled import Settled, Slot
from stolon.testing import Services, execute
from tests.resolvers.graphs import (
    PEOPLE,
    POSTS,
    SOCIAL,
    Gate,
    person,
    post,
    project,
    row_of,
    rows_of,
    social,
    turns,
)

OUTLIVING = SOCIAL.replace(
    "    posts: list[Post] | None",
    """    @strawberry.field
    async def outlives(self, info: rest.Info) -> bool:
        context = info.context

        async def later() -> None:
            for _ in range(100):
                await asyncio.sleep(0)
            try:
                await context.load(Person, "z")
            except BaseException as raised:
                ENDED.append(type(raised).__name__)
                raise

        TASKS.append(asyncio.ensure_future(later()))
        return True

    posts: list[Post] | None""",
).replace("schema = rest", "ENDED: list[str] = []\nTASKS: list[asyncio.Future[None]] = []\nschema = rest")


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """People, posts and comments."""
    return project(tmp_path_factory.mktemp("social"), OUTLIVING, people=PEOPLE, posts=POSTS)


def held() -> tuple[Services, Gate, Gate]:
    """Services whose people, by one and by many, wait."""
    people = [person("a"), person("b")]
    services = social(people, [post("1", "a", "b"), post("2", "b")])
    one, many = Gate(row_of(people)), Gate(rows_of(people))
    services.on("people", "getPerson", one)
    services.on("people", "listPeople", many)
    return services, one, many


QUERIES = [
    "{ posts { author { id boss { id } } reviewer { id } comments { id } } }",
    '{ person(id: "a") { id } post(id: "1") { slowAuthor { id } } }',
    '{ post(id: "1") { author { id } } }',
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("after", [*range(40), 200])
async def test_a_cancelled_request_leaves_no_task(schema, query, after):
    """Cancelled at any turn, a request ends with every task that it started, and with every call to a service."""
    services, one, many = held()
    before = asyncio.all_tasks()
    running = asyncio.ensure_future(execute(schema, query, services))
    await turns(after)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert asyncio.all_tasks() == before
    assert (one.waiting, many.waiting) == ([], [])
    calls = services.calls
    await turns()
    assert services.calls == calls, "something was called after the end"
    assert asyncio.all_tasks() == before


async def test_a_finished_request_leaves_no_task(schema):
    """A request that was answered has no task left, even where a failure cut a branch off that still waited."""
    services, one, many = held()
    before = asyncio.all_tasks()
    running = asyncio.ensure_future(execute(schema, QUERIES[0], services))
    await turns()
    many.open()
    await running
    assert services.calls == {"posts.listPosts": 1, "posts.listComments": 1, "people.listPeople": 1}
    assert asyncio.all_tasks() == before
    assert (one.waiting, many.waiting) == ([], [])


async def test_the_end_of_a_request_ends_its_upstream_calls(schema):
    """A call that hangs is cancelled with the request that alone waits for it."""
    services, _, many = held()
    running = asyncio.ensure_future(execute(schema, QUERIES[0], services))
    await turns()
    assert len(many.waiting) == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (many.waiting, many.cancelled) == ([], 1)


async def test_other_requests_go_on(schema):
    """The end of one request does not touch the calls of another."""
    services, one, _ = held()
    ended = asyncio.ensure_future(execute(schema, '{ person(id: "a") { id } }', services))
    other = asyncio.ensure_future(execute(schema, '{ person(id: "a") { name } }', services))
    await turns()
    assert len(one.waiting) == 2
    ended.cancel()
    await asyncio.gather(ended, return_exceptions=True)
    one.open()
    assert (await other).data == {"person": {"name": "name of a"}}


async def test_what_outlives_its_request_can_ask_no_more(schema):
    """A task that a resolver left behind gets an error when it asks, and neither hangs nor calls."""
    module = sys.modules["schema"]
    services, _, _ = held()
    found = await execute(schema, "{ outlives }", services)
    assert found.data == {"outlives": True}
    await asyncio.gather(*module.TASKS, return_exceptions=True)
    assert module.ENDED == ["RuntimeError"]
    assert services.calls == {}


async def test_the_cancellation_of_one_waiter_reaches_no_other():
    """Every waiter has a future of its own: cancelling one leaves the rest waiting, and the result arrives."""
    slot = Slot(asyncio.get_running_loop())
    first, second = slot.ask(), slot.ask()
    assert isinstance(first, asyncio.Future)
    assert isinstance(second, asyncio.Future)
    first.cancel()
    slot.settle(Settled(1))
    assert (first.cancelled(), (await second).value) == (True, 1)
    assert slot.ask() == Settled(1)


async def test_an_abandoned_slot_keeps_nobody_waiting():
    """Who asks, before or after, for what nobody will settle is cancelled at once."""
    slot = Slot(asyncio.get_running_loop())
    before = slot.ask()
    slot.abandon()
    after = slot.ask()
    assert isinstance(before, asyncio.Future)
    assert isinstance(after, asyncio.Future)
    assert (before.cancelled(), after.cancelled()) == (True, True)


async def test_a_store_is_closed_once_and_for_all(schema):
    """A closed context refuses reads that it does not have, and changes always."""

    services = social([person("a")])
    context = Lanes(schema, services.upstreams(schema)).context(Caller(), {}, "r")

    bound = sys.modules["schema"].Person
    known = await context.load(bound, "a")
    assert known is not None
    await context.close()
    await context.close()
    assert (await context.load(bound, "a")) == known
    with pytest.raises(RuntimeError, match="the request has ended"):
        await context.load(bound, "b")
    assert services.calls == {"people.getPerson": 1}


async def test_keys_that_did_not_leave_are_cancelled_at_the_end(schema):
    """Who waits for a batch that has not left when the request ends is cancelled, not told of a failure."""
    services = social([person("a")])
    context = Lanes(schema, services.upstreams(schema)).context(Caller(), {}, "r")
    waiting = asyncio.ensure_future(context.load(sys.modules["schema"].Person, "a"))
    await turns(1)
    await context.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert services.calls == {}
