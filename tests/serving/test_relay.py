"""Dropped tags on their way between workers: told soon, told together, and never more of them than is bounded."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from graph.caching.open_caches import DropCall, Dropped
from graph.workers.channel import Channel, Figures, Stale, ToParent, ToWorker
from graph.workers.relay import MOST_TAGS, Relay
from graph.workers.worker_process import WorkerProcess
from graph.workers.workers import Parent

CALL = DropCall("key", b"{}")


@pytest.fixture
async def ends() -> AsyncIterator[tuple[Channel, Channel]]:
    """Both ends of a channel: the parent's, and the worker's."""
    pair = socket.socketpair()
    for one in pair:
        one.setblocking(False)
    parent, worker = await Channel.open(pair[0], ToParent), await Channel.open(pair[1], ToWorker)
    yield parent, worker
    await parent.close()
    await worker.close()


async def test_tags_are_told_together(ends: tuple[Channel, Channel]) -> None:
    """What was dropped before anything could be sent is one message, each tag once, in order."""
    relay = Relay(ends[1])
    relay.tell(("Order:1", "Order:?"))
    relay.tell(("Order:2", "Order:?"))
    assert await ends[0].read() == Stale(["Order:1", "Order:?", "Order:2"])
    relay.tell(("Order:3",))
    assert await ends[0].read() == Stale(["Order:3"])
    await relay.close()


async def test_everything_goes_before_tags(ends: tuple[Channel, Channel]) -> None:
    """Whatever was dropped beside everything need not be told; what comes later is."""
    relay = Relay(ends[1])
    relay.tell(("Order:1",))
    relay.tell(None)
    relay.tell(("Order:2",))
    assert await ends[0].read() == Stale(None)
    relay.tell(("Order:3",))
    assert await ends[0].read() == Stale(["Order:3"])
    await relay.close()


async def test_too_many_tags_are_everything(ends: tuple[Channel, Channel]) -> None:
    """Where more wait than are remembered, all of them are told as everything."""
    relay = Relay(ends[1])
    relay.tell(tuple(f"Order:{number}" for number in range(MOST_TAGS)))
    assert len((await ends[0].read()).tags) == MOST_TAGS
    relay.tell(tuple(f"Order:{number}" for number in range(MOST_TAGS + 1)))
    assert await ends[0].read() == Stale(None)
    await relay.close()


async def test_who_does_not_read_is_told_later_and_in_few_messages() -> None:
    """While the other end does not read, what is dropped waits together, and not message by message."""
    pair = socket.socketpair()
    for one in pair:
        one.setblocking(False)
    channel = await Channel.open(pair[1], ToWorker)
    relay = Relay(channel)
    told = [f"Order:{turn}:{'x' * 2000}" for turn in range(900)]
    for tag in told:
        relay.tell((tag,))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    reading = await Channel.open(pair[0], ToParent)
    heard: list[list[str]] = []
    while sum(map(len, heard)) < len(told):
        heard.append((await reading.read()).tags)
    assert [tag for message in heard for tag in message] == told
    assert len(heard) < len(told) / 2
    await relay.close()
    await channel.close()
    await reading.close()


async def test_what_waits_is_told_at_the_end(ends: tuple[Channel, Channel]) -> None:
    """A worker that ends tells what it dropped last; one that dropped nothing has nothing to wait for."""
    relay = Relay(ends[1])
    await relay.close()
    relay.tell(("Order:1",))
    await relay.close()
    assert await ends[0].read() == Stale(["Order:1"])


async def test_the_dead_are_told_nothing(ends: tuple[Channel, Channel]) -> None:
    """Where the other end is closed, telling ends without a failure."""
    relay = Relay(ends[1])
    await ends[0].close()
    for turn in range(3):
        relay.tell((f"Order:{turn}",))
        await relay.close()
    assert repr(CALL) == "DropCall()"


def worker(channel: Channel) -> WorkerProcess:
    """The parent's view of a worker whose process never ends by itself."""

    async def wait() -> int:
        return 0

    made = WorkerProcess(cast("Any", SimpleNamespace(pid=1, wait=wait)), channel)
    made._over = asyncio.create_task(made._follow())
    return made


async def test_calls_are_answered_in_turn(ends: tuple[Channel, Channel]) -> None:
    """Each call gets the answer to it; once the worker has gone there is none, and nothing to drop."""
    one = worker(ends[0])
    calls = [asyncio.create_task(one.drop(CALL)) for _ in range(3)]
    for status in (204, 422):
        assert await ends[1].read() == CALL
        ends[1].send(Dropped(status))
    assert [await calls[0], await calls[1]] == [Dropped(204), Dropped(422)]
    await ends[1].close()
    assert await calls[2] is None
    assert await one.ended() == 0
    assert await one.drop(CALL) is None


async def test_a_worker_that_does_not_answer_is_told_of(
    ends: tuple[Channel, Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call is answered in time whatever a worker does, and its late answer is not taken for another's."""
    monkeypatch.setattr("graph.workers.worker_process.DROP_SECONDS", 0.01)
    one = worker(ends[0])
    late = await one.drop(CALL)
    assert late is not None
    assert late.status == 504
    monkeypatch.setattr("graph.workers.worker_process.DROP_SECONDS", 5.0)
    ends[1].send(Dropped(422))
    call = asyncio.create_task(one.drop(CALL))
    await ends[1].read()
    await ends[1].read()
    ends[1].send(Dropped(204))
    assert await call == Dropped(204)
    ends[1].send(Dropped(500))  # to nobody's call
    ends[1].send(Figures([], {}, True))
    await ends[1].close()
    assert await one.ended() == 0
    assert one.figures == Figures([], {}, True)


async def test_the_worst_that_a_worker_says_is_told(tmp_path: Any) -> None:
    """One worker that has not dropped makes the call fail; those that have ended have nothing to drop."""

    class Says:
        def __init__(self, status: int | None) -> None:
            self.status = status

        async def drop(self, _: DropCall) -> Dropped | None:
            return None if self.status is None else Dropped(self.status)

    async def told(*statuses: int | None) -> int:
        parent = Parent(tmp_path, 2, [])
        parent._living.update(cast("Any", map(Says, statuses)))
        return (await parent._drop(CALL)).status

    assert await told(204, 204) == 204
    assert await told(204, 504, None) == 504
    assert await told(None, 204) == 204
    assert await told(None) == 503
    assert await told() == 503
