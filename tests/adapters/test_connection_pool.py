"""The connections of a service: which one a call gets, who waits, and what closing leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from adapters.transport.connection import Connection
from adapters.transport.kept_connections import ClosedError, KeptConnections
from tests.faults.skipped_time import skipped_time


class Socket(asyncio.Transport):
    """Tells its protocol of its end, one turn later, as a loop does."""

    def __init__(self, protocol: Connection) -> None:
        super().__init__()
        self.protocol = protocol
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True
        asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)


class Made:
    """Makes connections that are open to nobody, and remembers them."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self.failure: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def __call__(self) -> Connection:
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        connection = Connection(asyncio.get_running_loop(), 100)
        connection.connection_made(Socket(connection))
        self.connections.append(connection)
        return connection

    def numbers(self, *connections: Connection) -> list[int]:
        return [self.connections.index(one) for one in connections]


def kept(made: Callable[[], Awaitable[Connection]], most: int = 2) -> KeptConnections:
    return KeptConnections(made, most=most, seconds=4.0)


def aborted(connection: Connection) -> bool:
    return connection._transport is None or cast("Socket", connection._transport).aborted


async def turn() -> None:
    """Lets everything that is ready run."""
    for _ in range(3):
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.set_result, None)
        await future


async def test_the_one_that_was_used_last_goes_first():
    """A quiet service keeps one connection busy, and the others grow old."""
    made = Made()
    pool = kept(made)
    first, second = await pool.take(), await pool.take()
    pool.give_back(first)
    pool.give_back(second)
    assert pool.idle() is second
    assert pool.idle() is first
    assert pool.idle() is None
    pool.give_back(first)
    assert await pool.take() is first
    await pool.close()
    assert len(made.connections) == 2


async def test_one_that_cannot_be_used_again_is_closed():
    """Given back unusable, or gone while it was idle, it is nobody's any more, and its place is free."""
    made = Made()
    pool = kept(made, most=1)
    first = await pool.take()
    first.usable = False
    pool.give_back(first)
    assert aborted(first)
    second = await pool.take()
    pool.give_back(second)
    second.connection_lost(None)
    third = await pool.take()
    assert made.numbers(first, second, third) == [0, 1, 2]
    await pool.close()


async def test_who_comes_when_all_are_taken_waits_in_line():
    """Connections are handed over in the order of asking, and no more are made than there may be."""
    made = Made()
    pool = kept(made)
    taken = [await pool.take(), await pool.take()]
    waiting = [asyncio.create_task(pool.take()) for _ in range(3)]
    await turn()
    pool.give_back(taken[1])
    pool.give_back(taken[0])
    assert made.numbers(await waiting[0], await waiting[1]) == [1, 0]
    assert not waiting[2].done()
    taken[0].usable = False
    pool.give_back(taken[0])
    assert made.numbers(await waiting[2]) == [2]
    await pool.close()


async def test_one_that_ends_on_its_way_to_who_waits_is_replaced():
    """What was handed over and then closed by the service is not given to the call."""
    made = Made()
    pool = kept(made, most=1)
    first = await pool.take()
    waiting = asyncio.create_task(pool.take())
    await turn()
    pool.give_back(first)
    first.connection_lost(None)
    assert made.numbers(await waiting) == [1]
    await pool.close()


async def test_who_gives_up_waiting_keeps_nobody_waiting():
    """A turn that came to one who had just gone is the next one's."""
    made = Made()
    pool = kept(made, most=1)
    first = await pool.take()
    waiting = [asyncio.create_task(pool.take()) for _ in range(4)]
    await turn()
    waiting[0].cancel()
    await turn()
    pool.give_back(first)
    waiting[1].cancel()  # in the turn in which it came
    waiting[2].cancel()
    assert await waiting[3] is first
    assert [one.cancelled() for one in waiting[:3]] == [True] * 3
    pool.give_back(first)
    gone = asyncio.create_task(pool.take())
    await turn()
    pool.give_back(await gone)
    held = await pool.take()
    late = asyncio.create_task(pool.take())
    await turn()
    late.cancel()
    pool.give_back(held)  # it has gone, and has not left the line yet
    await turn()
    assert pool.idle() is first
    await pool.close()


async def test_a_connection_that_is_not_made_takes_no_place():
    """Refused, or given up while it is made: the next call tries again."""
    made = Made()
    pool = kept(made, most=1)
    made.failure = ConnectionRefusedError()
    with pytest.raises(ConnectionRefusedError):
        await pool.take()
    made.failure, made.gate = None, asyncio.Event()
    call = asyncio.create_task(pool.take())
    await turn()
    call.cancel()
    await turn()
    made.gate.set()
    assert made.numbers(await pool.take()) == [0]
    await pool.close()


async def test_idle_connections_grow_old():
    """After so many seconds they are closed, each in its time; so is one that is met too late."""
    with skipped_time() as skip:
        made = Made()
        pool = kept(made, most=3)
        taken = [await pool.take() for _ in range(3)]
        pool.give_back(taken[0])
        skip(3.0)
        pool.give_back(taken[1])
        skip(1.5)
        await asyncio.get_running_loop().run_in_executor(None, int)
        await turn()
        assert [aborted(one) for one in taken] == [True, False, False]
        skip(5.0)
        assert pool.idle() is None
        assert aborted(taken[1])
        await pool.close()


async def test_closing_ends_everything():
    """Idle, taken, waited for and half made: each call is told, every socket is closed, nothing is made any more."""
    made = Made()
    pool = kept(made, most=3)
    idle, taken = await pool.take(), await pool.take()
    pool.give_back(idle)
    made.gate = asyncio.Event()
    assert pool.idle() is idle
    half = asyncio.create_task(pool.take())
    waiting = asyncio.create_task(pool.take())
    await turn()
    pool.give_back(taken)
    assert await waiting is taken
    late = asyncio.create_task(pool.take())
    await turn()
    await pool.close()
    made.gate.set()
    found = await asyncio.gather(half, late, return_exceptions=True)
    assert [type(one) for one in found] == [ClosedError] * 2
    assert [aborted(one) for one in made.connections] == [True] * 3
    pool.give_back(idle)
    with pytest.raises(ClosedError):
        await pool.take()


async def test_closing_ends_what_is_idle():
    """The sockets of connections that nobody uses are closed too, and closing again does nothing."""
    made = Made()
    pool = kept(made)
    pool.give_back(await pool.take())
    await pool.close()
    await pool.close()
    assert [aborted(one) for one in made.connections] == [True]
