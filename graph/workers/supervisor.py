"""Which workers there are to be: one in each place, another for each that dies, and all anew, one by one.

It starts nothing itself: `start` does (`graph/workers/workers.py`), and the clock, the pauses and chance are
arguments. A place is changed under its lock, so that a restart and a replacement never both fill it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Protocol

from graph.workers.backoff import Backoff

DRAIN_MARGIN_SECONDS: Final = 5.0
_log: Final = logging.getLogger("stolon.workers")


class NotStarted(Exception):
    """A worker did not begin to serve. `lines` say why, one a reason."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


class Worker(Protocol):
    """A worker process that serves."""

    @property
    def pid(self) -> int: ...

    def retire(self) -> None:
        """Have it serve what it has to the end, and no more."""
        ...

    def stop(self, number: signal.Signals) -> None:
        """Have it end soon."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    async def ended(self) -> int:
        """Its exit code, negative for a signal, when it has ended."""
        ...


class Supervisor:
    """So many workers. `start` gives one that serves, or raises `NotStarted`; with True, one that is patient: it
    serves only when it has what it depends on, if those before it do.
    """

    def __init__(
        self,
        count: int,
        start: Callable[[bool], Awaitable[Worker]],
        *,
        backoff: Backoff | None = None,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._start = start
        self._backoff = Backoff() if backoff is None else backoff
        self._clock = asyncio.get_running_loop().time if clock is None else clock
        self._sleep = sleep
        self._chance = chance
        self._places: list[Worker | None] = [None] * count
        self._locks = [asyncio.Lock() for _ in range(count)]
        self._deaths = [0] * count
        self._retired: list[Worker] = []
        self._watching: dict[Worker, asyncio.Task[None]] = {}
        self._restarts: set[asyncio.Task[None]] = set()
        self._stopping = False

    @property
    def pids(self) -> tuple[int | None, ...]:
        """Of the worker in each place; None where it died and no other has begun."""
        return tuple(None if one is None else one.pid for one in self._places)

    async def begin(self) -> None:
        """Fill every place. Raises `NotStarted` where one cannot be; those that began are to be stopped."""
        begun = await asyncio.gather(
            *(self._fill(place, patient=False) for place in range(len(self._places))), return_exceptions=True
        )
        for outcome in begun:
            if isinstance(outcome, BaseException):
                raise outcome

    async def replace(self) -> bool:
        """Put a new worker in each place, one after the other: each serves before the one it replaces is retired.
        Whether all were replaced; where a new one does not begin, the others stay, and the log says why.
        """
        for place in range(len(self._places)):
            if self._stopping:
                return False
            async with self._locks[place]:
                try:
                    await self._fill(place, patient=True)
                except NotStarted as reason:
                    for line in reason.lines:
                        _log.error("%s", line)
                    _log.error("no more workers are replaced: those that are there serve on as before")
                    return False
        return True

    async def stop(self, number: signal.Signals, seconds: float) -> None:
        """End all workers: by this signal, and those that have not ended within so many seconds at once."""
        self._stopping = True
        for restart in list(self._restarts):
            restart.cancel()
        await asyncio.gather(*self._restarts, return_exceptions=True)
        for worker in list(self._watching):
            worker.stop(number)
        if self._watching:
            await asyncio.wait(set(self._watching.values()), timeout=seconds)
        for worker in list(self._watching):
            _log.error("worker %d did not end within %g seconds and is killed", worker.pid, seconds)
            worker.kill()
        if self._watching:
            await asyncio.wait(set(self._watching.values()))

    async def _fill(self, place: int, *, patient: bool) -> None:
        worker = await self._start(patient)
        before, self._places[place] = self._places[place], worker
        self._watching[worker] = asyncio.create_task(self._watch(place, worker, self._clock()))
        _log.info("worker %d serves", worker.pid)
        if self._stopping:  # since it was started
            worker.stop(signal.SIGTERM)
        if before is not None:
            self._retire(before)

    def _retire(self, worker: Worker) -> None:
        _log.info("worker %d is retired", worker.pid)
        worker.retire()
        self._retired.append(worker)
        # One generation may drain for as long as its clients are idle; of those before it nobody waits that long.
        for older in self._retired[: -len(self._places)]:
            older.stop(signal.SIGTERM)

    async def _watch(self, place: int, worker: Worker, since: float) -> None:
        code = await worker.ended()
        del self._watching[worker]
        if worker in self._retired:
            self._retired.remove(worker)
        if self._places[place] is not worker or self._stopping:
            _log.info("worker %d ended", worker.pid)
            return
        self._places[place] = None
        self._deaths[place] = self._backoff.row(self._deaths[place], self._clock() - since)
        _log.error("worker %d died: %s", worker.pid, _cause(code))
        self._keep(self._restart(place))

    async def _restart(self, place: int) -> None:
        while self._places[place] is None and not self._stopping:
            pause = self._backoff.pause(self._deaths[place], self._chance)
            _log.info("another worker is started in %.1f seconds", pause)
            await self._sleep(pause)
            async with self._locks[place]:
                if self._places[place] is not None:
                    return  # replaced meanwhile
                try:
                    await self._fill(place, patient=False)
                except NotStarted as reason:
                    self._deaths[place] = self._backoff.row(self._deaths[place], 0.0)
                    for line in reason.lines:
                        _log.error("%s", line)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._restarts.add(task)
        task.add_done_callback(self._restarts.discard)


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
