"""Which workers there are to be: decided over workers that the tests script, on a clock of the tests' own."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

import pytest

from graph.workers.supervisor import NotStarted, Supervisor


class Fake:
    """A worker that ends when the test, or its supervisor, says so."""

    def __init__(self, pid: int, log: list[str], *, is_stubborn: bool = False) -> None:
        self.pid = pid
        self._log = log
        self._stubborn = is_stubborn
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def retire(self) -> None:
        self._log.append(f"retire {self.pid}")

    def stop(self, number: signal.Signals) -> None:
        self._log.append(f"{number.name} {self.pid}")
        if not self._stubborn:
            self.end(0)

    def kill(self) -> None:
        self._log.append(f"kill {self.pid}")
        self.end(-9)

    def end(self, code: int) -> None:
        if not self._code.done():
            self._code.set_result(code)

    async def ended(self) -> int:
        return await asyncio.shield(self._code)


class World:
    """Workers with the pids 1, 2, ... and what was done to them. `refuse` is how many starts fail; time passes
    only in pauses.
    """

    def __init__(self) -> None:
        self.log: list[str] = []
        self.workers: dict[int, Fake] = {}
        self.refuse = 0
        self.stubborn = False
        self.now = 0.0
        self.pauses: list[float] = []
        self.held: asyncio.Event | None = None

    async def start(self, patient: bool) -> Fake:
        await asyncio.sleep(0)
        if self.refuse:
            self.refuse -= 1
            raise NotStarted(["schema.py: wrong", "stolon.toml: wrong"])
        if self.held is not None:
            await self.held.wait()
        worker = Fake(len(self.workers) + 1, self.log, is_stubborn=self.stubborn)
        self.workers[worker.pid] = worker
        self.log.append(f"{'patient' if patient else 'start'} {worker.pid}")
        return worker

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def supervisor(self, count: int) -> Supervisor:
        return Supervisor(count, self.start, clock=lambda: self.now, sleep=self.sleep, chance=lambda: 1.0)


async def settled() -> None:
    """Everything that can happen without the test has happened."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_workers_are_replaced_one_by_one():
    """In each place the new worker serves before the old one is retired, and the next place waits for that."""
    world = World()
    supervisor = world.supervisor(2)
    await supervisor.begin()
    assert await supervisor.replace()
    assert world.log == ["start 1", "start 2", "patient 3", "retire 1", "patient 4", "retire 2"]
    assert supervisor.pids == (3, 4)


async def test_a_replacement_that_does_not_begin_changes_nothing(caplog):
    """Where a new worker does not begin, the old one stays, later places are left alone, and all reasons are told."""
    world = World()
    supervisor = world.supervisor(2)
    await supervisor.begin()
    world.refuse = 1
    assert not await supervisor.replace()
    assert (supervisor.pids, world.log) == ((1, 2), ["start 1", "start 2"])
    assert caplog.messages[-3:-1] == ["schema.py: wrong", "stolon.toml: wrong"]


async def test_the_first_workers_must_begin():
    """Where a worker does not begin at the start, that is raised, with its reasons."""
    world = World()
    world.refuse = 1
    supervisor = world.supervisor(2)
    with pytest.raises(NotStarted) as refused:
        await supervisor.begin()
    assert refused.value.lines == ["schema.py: wrong", "stolon.toml: wrong"]
    await supervisor.stop(signal.SIGTERM, 1.0)
    assert world.log == ["start 1", "SIGTERM 1"]


async def test_a_dead_worker_is_replaced_after_growing_pauses(caplog):
    """Each death in a row doubles the pause; a failed start counts as one; a worker that lived for a minute begins
    anew.
    """
    world = World()
    supervisor = world.supervisor(1)
    await supervisor.begin()
    world.workers[1].end(-9)
    await settled()
    world.refuse = 2
    world.workers[2].end(3)
    await settled()
    assert (world.pauses, supervisor.pids) == ([0.5, 1.0, 2.0, 4.0], (3,))
    world.now += 60.0
    world.workers[3].end(0)
    await settled()
    assert (world.pauses[-1], supervisor.pids) == (0.5, (4,))
    assert [message for message in caplog.messages if "died" in message] == [
        "worker 1 died: SIGKILL",
        "worker 2 died: exit code 3",
        "worker 3 died: exit code 0",
    ]
    await supervisor.stop(signal.SIGTERM, 1.0)


async def test_a_place_is_filled_once_when_a_worker_dies_while_it_is_replaced():
    """A worker that dies while the one in its place is started is not started again beside it."""
    world = World()
    supervisor = world.supervisor(1)
    await supervisor.begin()
    world.held = asyncio.Event()
    replacing = asyncio.create_task(supervisor.replace())
    await settled()
    world.workers[1].end(-11)
    await settled()
    world.held.set()
    assert await replacing
    await settled()
    assert (supervisor.pids, world.log) == ((2,), ["start 1", "patient 2"])


async def test_a_retired_worker_ends_without_another_in_its_place():
    """What a retired worker does is its own: its end starts nothing."""
    world = World()
    supervisor = world.supervisor(1)
    await supervisor.begin()
    await supervisor.replace()
    world.workers[1].end(-9)
    await settled()
    assert (supervisor.pids, world.pauses) == ((2,), [])


async def test_only_the_last_generation_may_drain_for_long():
    """Of retired workers as many drain in peace as there are places; older ones are told to end soon."""
    world = World()
    supervisor = world.supervisor(1)
    await supervisor.begin()
    await supervisor.replace()
    await supervisor.replace()
    assert world.log == ["start 1", "patient 2", "retire 1", "patient 3", "retire 2", "SIGTERM 1"]


async def test_stopping_ends_all_workers_and_kills_those_that_stay():
    """All workers get the signal, retired ones too; who has not ended in time is killed, and none begins again."""
    world = World()
    world.stubborn = True
    supervisor = world.supervisor(2)
    await supervisor.begin()
    world.stubborn = False
    await supervisor.replace()
    world.log.clear()
    await supervisor.stop(signal.SIGINT, 0.05)
    assert sorted(world.log) == ["SIGINT 1", "SIGINT 2", "SIGINT 3", "SIGINT 4", "kill 1", "kill 2"]
    await settled()
    assert len(world.workers) == 4
    assert not await supervisor.replace()


async def test_stopping_ends_a_pause_before_a_restart():
    """A worker that died is not waited for, nor started, when all are to end."""
    world = World()
    supervisor = world.supervisor(1)
    endless = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        await endless.wait()

    world.sleep = sleep  # type: ignore[method-assign,assignment]
    supervisor = world.supervisor(1)
    await supervisor.begin()
    world.workers[1].end(1)
    await settled()
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            await supervisor.stop(signal.SIGTERM, 1.0)
    assert (supervisor.pids, len(world.workers)) == ((None,), 1)
