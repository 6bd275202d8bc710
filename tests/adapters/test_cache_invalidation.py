"""What changes drop from a store, where a service's own answers are kept and where they are not."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from adapters.caching.cache_invalidation import Invalidation
from adapters.caching.cache_keys import place_tag
from adapters.caching.cache_rule import CacheRule
from adapters.caching.cache_store import InProcessStore
from adapters.failures import BadAnswer, NotSent, TimedOut, Unavailable, UpstreamFailure
from adapters.messages import Departure, Request, Response
from adapters.policies.deadline import deadline
from adapters.policies.retry import retry
from adapters.policies.retry_decision import Retry
from adapters.service import Service
from adapters.stack import Upstream, stack
from tests.adapters.wire import answer, says, serving

CHANGE = Request("orders", "cancel", "POST", "/orders/1/cancel", tags=("Order:1", "Order:?"))
KEPT = {
    b"k" * 16: ("Order:*", "Order:1"), b"l" * 16: ("Order:*", "Order:?"), b"o" * 16: ("Order:*", "Order:2"),
    b"p" * 16: (place_tag("orders", "/orders/1/cancel"),), b"q" * 16: (place_tag("orders", "/orders/9"),),
}  # fmt: skip
GONE = {b"k" * 16, b"l" * 16, b"p" * 16}


async def filled() -> InProcessStore:
    """A store that keeps of each kind one."""
    store = InProcessStore(1 << 20, asyncio.get_running_loop().time)
    for key, tags in KEPT.items():
        await store.put(key, b"1", 60, tags)
    return store


async def gone(store: InProcessStore) -> set[bytes]:
    """What is not there any more."""
    return {key for key in KEPT if await store.get(key) is None}


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, GONE), (303, GONE), (503, GONE), (404, GONE), (409, GONE), (410, GONE), (412, GONE), (400, set()),
     (401, set()), (403, set()), (422, set()), (429, set())],
)  # fmt: skip
async def test_a_change_drops_its_places_and_its_entities(status: int, expected: set[bytes]) -> None:
    """What may have changed is gone when the answer is given on; what was refused leaves everything."""
    store = await filled()

    async def wire(request: Request) -> Response:
        return Response(status, {}, b"")

    response = await Invalidation("http://orders.example", store)(CHANGE, wire)
    assert (response.status, await gone(store)) == (status, expected)


async def test_what_an_answer_names_is_dropped() -> None:
    """RFC 9111, section 4.4: `Location` of the same origin."""
    store = await filled()

    async def wire(request: Request) -> Response:
        return Response(201, {"location": "http://orders.example/orders/9"}, b"")

    await Invalidation("http://orders.example", store)(CHANGE, wire)
    assert await gone(store) == {*GONE, b"q" * 16}


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (TimedOut("x", sent=True), GONE),
        (BadAnswer("x", sent=True), GONE),
        (Unavailable("x", sent=False), set()),
        (NotSent("x"), set()),
    ],
)
async def test_a_change_that_may_have_been_made_counts(
    failure: UpstreamFailure, expected: set[bytes]
) -> None:
    """Without an answer it counts whether the change may have left."""
    store = await filled()

    async def wire(request: Request) -> Response:
        if failure.sent:
            request.departure.mark()
        raise failure

    with pytest.raises(type(failure)):
        await Invalidation("http://orders.example", store)(replace(CHANGE, departure=Departure()), wire)
    assert await gone(store) == expected


async def test_a_change_that_no_one_waits_for_any_more_counts() -> None:
    """A deadline that ends the wait for a change that was sent drops what it may have changed."""
    store = await filled()
    clock = asyncio.get_running_loop().time

    async def wire(request: Request) -> Response:
        request.departure.mark()
        await asyncio.get_running_loop().create_future()
        raise AssertionError("it never ends")

    send = stack(deadline(0.01, clock), Invalidation("http://orders.example", store), transport=wire)
    with pytest.raises(TimedOut) as raised:
        await send(CHANGE)
    assert (raised.value.sent, await gone(store)) == (True, GONE)


async def test_a_change_that_was_refused_the_second_time_counts() -> None:
    """What failed when it was sent first may have been made, whatever the service says of its repetition."""
    store = await filled()
    sent: list[Request] = []

    async def wire(request: Request) -> Response:
        sent.append(request)
        request.departure.mark()
        if len(sent) == 1:
            raise Unavailable("reset", sent=True)
        return Response(422, {}, b"")

    async def at_once(_: float) -> None:
        return None

    repeating = retry(Retry(), asyncio.get_running_loop().time, sleep=at_once)
    send = stack(Invalidation("http://orders.example", store), repeating, transport=wire)
    with pytest.raises(Unavailable):
        await send(replace(CHANGE, keyed=True, departure=Departure()))
    assert (len(sent), await gone(store)) == (2, GONE)


async def test_a_read_drops_nothing() -> None:
    """What a read tells of is not changed by it."""
    store = await filled()

    async def wire(request: Request) -> Response:
        return Response(200, {}, b"")

    await Invalidation("http://orders.example", store)(replace(CHANGE, safe=True, method="GET"), wire)
    assert await gone(store) == set()


async def test_changes_of_a_service_that_is_not_cached_drop_what_is_kept_of_others() -> None:
    """A service whose own answers are not kept may change what others' tell of."""
    store = await filled()
    async with serving(says(answer())) as server:
        service = Service("orders", server.url, cache=CacheRule(enabled=False))
        async with Upstream(service, asyncio.get_running_loop().time, store=store) as upstream:
            await upstream.send(replace(CHANGE, departure=Departure()))
    assert await gone(store) == GONE
