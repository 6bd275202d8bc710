"""Health probes: a service that names a health path is asked there now and then, whether or not clients ask it
anything.

A probe is a request of Stolon's own: it carries no caller, no credentials and no header of anybody's, passes
no flight and no queue, and is told to observers as `Probed` alone. `graph/observing/integrations.py` judges by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from adapters.facts import Clock, Observer, Probed, tell
from adapters.failures import UpstreamFailure
from adapters.messages import Request, Send

OPERATION: Final = "health"
SPREAD: Final = 0.2


def pause(interval: float, chance: float) -> float:
    """Seconds to the next probe: the interval, a fifth less to a fifth more by `chance` from 0 to 1, so that
    replicas which started together do not ask together.
    """
    return interval * (1 + SPREAD * (2 * chance - 1))


@dataclass(frozen=True, slots=True)
class Probe:
    """Asks one service at `path`, below its base URL, every `interval` seconds."""

    service: str
    path: str
    interval: float
    send: Send
    observers: tuple[Observer, ...]
    clock: Clock
    chance: Callable[[], float]
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    async def run(self) -> None:
        """Ask until cancelled, the first time at once."""
        while True:
            await self.ask()
            await self.sleep(pause(self.interval, self.chance()))

    async def ask(self) -> None:
        """Ask once, and tell."""
        request = Request(self.service, OPERATION, "GET", self.path, safe=True)
        started = self.clock()
        status: int | None = None
        failure: str | None = None
        try:
            status = (await self.send(request)).status
        except UpstreamFailure as raised:
            failure = type(raised).__name__
        tell(self.observers, Probed(self.service, status, failure, self.clock() - started))


@asynccontextmanager
async def probing(probes: Sequence[Probe]) -> AsyncIterator[None]:
    """While entered, every probe runs in a task of its own; on leaving, none is left."""
    tasks = [asyncio.create_task(one.run(), name=f"probe {one.service}") for one in probes]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
