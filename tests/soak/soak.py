"""One soak from beginning to end: all is well, then the weather, then all is well again; then what must hold is
looked at.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from tests.soak.books import read_ledger
from tests.soak.checks import Soaked, broken
from tests.soak.gauges import Figures, Gauge, figures, gauge
from tests.soak.load import Load
from tests.soak.questions import READS
from tests.soak.weather import Kind, weather
from tests.soak.world import World, world

CLIENTS: Final = 8
_BOUND: Final = 60.0
_GLANCE: Final = 0.05
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a soak. `broken` is empty where all held; `spells` counts what happened."""

    soaked: Soaked
    broken: tuple[str, ...]
    spells: int
    seconds: float


async def soak(
    folder: Path, seconds: float, seed: int, say: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Soaks for so many seconds of weather, in an empty folder. Raises AssertionError where nothing could be soaked:
    something did not start, or was not well to begin with.
    """
    async with world(folder) as running:
        drawn = weather(seed, seconds, tuple(running.sky.doors))
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            load = Load(running, session, seed)
            await load.learn()
            before = await _calm(running, session, load)
            say(f"all is well; {len(drawn.spells)} spells in {seconds:g} seconds")
            async with _clients(load):
                await _first(running, session)
                await running.sky.make(drawn, load.rotate)
                say("the weather is over")
                await load.admitted()
                await _until_closed(running, session)
            await load.settle()
            unwell = await _unwell(load)
            after = await _calm(running, session, load)
            told = await figures(session, running.second)
        logged = tuple(_defects(running))
    soaked = Soaked(load.books, read_ledger(folder), told, before, after, unwell, logged)
    return Outcome(soaked, tuple(broken(soaked)), len(drawn.spells), seconds)


@asynccontextmanager
async def _clients(load: Load) -> AsyncIterator[None]:
    """While entered, clients ask."""
    stopped = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(load.client(stopped))
        try:
            yield
        finally:
            stopped.set()


async def _calm(running: World, session: aiohttp.ClientSession, load: Load) -> Gauge:
    """The gateway after everything was read by all, at once and more than once, and nothing is under way."""
    for _ in range(_ROUNDS):
        await asyncio.gather(*(load.read(read, caller) for read in READS for caller in read.callers))

    def idle(told: Figures) -> bool:
        return not told.all("stolon_upstream_in_flight") and not told.all("stolon_requests_in_flight")

    await _until(running, session, idle)
    return gauge(running.gateway.process.pid)


async def _first(running: World, session: aiohttp.ClientSession) -> None:
    """The first trouble lasts until a breaker has opened for it, however slow the machine is."""
    await running.sky.begin("users", Kind.DEAD)
    try:
        await _until(running, session, lambda told: told.all("stolon_breaker_opened_total") > 0)
    finally:
        await running.sky.end("users", Kind.DEAD)


async def _until_closed(running: World, session: aiohttp.ClientSession) -> None:
    """The clients' calls close all breakers again."""
    await _until(running, session, lambda told: not told.all("stolon_breakers_not_closed"))


async def _until(running: World, session: aiohttp.ClientSession, holds: Callable[[Figures], bool]) -> None:
    """Waits until something holds of the figures, a minute at most: what does not hold then is told at the end."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + _BOUND
    while not holds(await figures(session, running.second)) and loop.time() < ends:  # noqa: ASYNC110 - it is a process's
        await asyncio.sleep(_GLANCE)


async def _unwell(load: Load) -> tuple[str, ...]:
    """Reads that have errors though all is well; a used up rate is none."""
    found = []
    for read in READS:
        for caller in read.callers:
            codes = [one for one in await load.read(read, caller) if one != "RATE_LIMITED"]
            if codes:
                found.append(f"{read.name} of {caller.person if caller else 'a visitor'}: {codes}")
    return tuple(found)


def _defects(running: World) -> list[str]:
    """Lines of the log that tell of a fault of the gateway's own: exceptions, and what is no line of it."""
    found = []
    for line in running.gateway.err:
        try:
            told = json.loads(line)
        except ValueError:
            found.append(line[:500])
            continue
        if "exception" in told or told.get("status") == 500:
            found.append(line[:2000])
    return found[:20]
