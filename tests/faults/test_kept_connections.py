"""Kept connections that are not what they were: what nobody asked for is on them, or nobody is at their end."""

from __future__ import annotations

import asyncio

import pytest

from adapters.messages import Request
from adapters.service import Service
from adapters.stack import open_service
from adapters.transport.transport import Transport
from tests.adapters.wire import answer, says
from tests.faults.calls import GET, LATE, POST, outcome, through
from tests.faults.proxy import FAITHFUL, End, Fault, half_open, wrong_length
from tests.faults.skipped_time import skipped_time
from tests.graph.served import settled, until

MINE, YOURS = answer(b'{"of":"me"}'), answer(b'{"of":"you"}')


def usable(transport: Transport) -> bool:
    """Whether a kept connection is silent and open, as far as bytes have come."""
    kept = transport._kept
    assert kept is not None
    return any(one.usable for one, _ in kept._idle)


@pytest.mark.parametrize(
    "stray",
    [YOURS, YOURS * 2, b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n", YOURS[:-1], b"\x00\xff"],
    ids=["an answer", "two", "408", "most of an answer", "garbage"],
)
async def test_what_nobody_asked_for_answers_nobody(stray: bytes):
    """RFC 9112, section 9.2: an answer that comes without a request is no answer to the next one; the connection is
    not used again.
    """
    async with through((says(MINE),)) as (server, proxy, transport):
        assert await outcome(transport, GET) == b'{"of":"me"}'
        proxy.say(stray)
        await until(lambda: not usable(transport))
        async with asyncio.timeout(10):
            assert await outcome(transport, POST) == b'{"of":"me"}'
    assert (len(server.requests), proxy.accepted) == (2, 2)


async def test_a_service_may_answer_as_it_accepts():
    """A new connection that speaks first, as an overloaded service's does, has answered the request."""
    busy = b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbusy"
    async with through((says(MINE),), Fault(greeting=busy, request=0, end=End.VANISH), FAITHFUL) as (
        _,
        proxy,
        transport,
    ):
        async with asyncio.timeout(10):
            assert [await outcome(transport, GET), await outcome(transport, GET)] == [b"busy", b'{"of":"me"}']
    assert proxy.accepted == 2


async def test_what_is_left_of_a_longer_answer_answers_nobody():
    """Of an answer longer than its stated length the rest is not the beginning of the next one."""
    said = answer(b'{"of":"me"}' + YOURS)
    async with through((says(said), says(MINE)), wrong_length(-len(YOURS)), FAITHFUL) as (
        server,
        proxy,
        transport,
    ):
        assert [await outcome(transport, GET), await outcome(transport, GET)] == [b'{"of":"me"}'] * 2
    assert (len(server.requests), proxy.accepted) == (2, 2)


async def test_a_kept_connection_that_was_reset_is_not_used():
    """A service that was started again: the next call makes a connection of its own, and nothing is repeated."""
    async with through((says(MINE),)) as (server, proxy, transport):
        await outcome(transport, GET)
        proxy.cut()
        await until(lambda: not usable(transport))
        await outcome(transport, POST)
    assert (len(server.requests), proxy.accepted) == (2, 2)


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
async def test_a_half_open_connection_costs_one_call_its_time(request_: Request):
    """Nobody is at the other end and nobody says so: the call ends with its deadline, as sent; the next one gets a
    connection of its own.
    """
    loop = asyncio.get_running_loop()
    with skipped_time() as skip:
        async with through((says(MINE),), half_open(len(MINE)), FAITHFUL) as (server, proxy, _):
            service = Service("users", f"http://127.0.0.1:{proxy.port}", timeout=60.0)
            async with open_service(service, lambda: loop.time()) as upstream:
                assert await outcome(upstream.send, GET) == b'{"of":"me"}'
                await proxy.holding.wait()
                call = asyncio.create_task(outcome(upstream.send, request_))
                await settled()
                skip(60.0)
                assert [await call, await outcome(upstream.send, request_)] == [LATE, b'{"of":"me"}']
    assert (len(server.requests), proxy.accepted) == (2, 2)
