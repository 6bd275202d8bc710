"""Makes the weather happen: a door before each service, which lets through, spoils or leads elsewhere, and the
processes behind it, which die and come back.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

from aiohttp import web

from examples.parfinanciero.launch import KEYED, Launched
from tests.faults import proxy as spoilt
from tests.faults.proxy import FAITHFUL, Fault, Proxy, port_of
from tests.soak.weather import Kind, Spell, Weather

_FAULTS: Final[Mapping[Kind, Fault]] = {
    Kind.RESET: spoilt.reset(),
    Kind.CUT: spoilt.close(150),
    Kind.STALLED: spoilt.stall(),
    Kind.HALF_OPEN: spoilt.half_open(),
    Kind.DRIPPING: spoilt.drip(64, 0.02),
    Kind.GARBAGE: spoilt.garbage(),
    Kind.MISCOUNTED: spoilt.wrong_length(7),
}
_STATUSES: Final[Mapping[Kind, int]] = {Kind.FAILING: 500, Kind.AWAY: 503, Kind.BUSY: 429}


class Door(Proxy):
    """A proxy that can lead to another port than its service's."""

    def lead(self, port: int) -> None:
        """From now on connections go there."""
        self._target = port

    def cut(self) -> None:
        """Resets all connections that there are, and lets go of those that are held in silence."""
        for task, writer in tuple(self._connections.items()):
            raw: socket.socket = writer.get_extra_info("socket")
            if raw.fileno() >= 0:  # one that its client has left may be closed already
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            task.cancel()

    async def _between(
        self, fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError):  # nobody listens behind it: then the door is as dead
            await super()._between(fault, reader, writer)


class Sky:
    """All doors by their services' names, and what is behind them. `secrets` are the folders in which services and
    the gateway have their secrets; each reads its own.
    """

    def __init__(
        self,
        launched: Launched,
        doors: Mapping[str, Door],
        sulking: Mapping[int, int],
        secrets: tuple[Path, ...],
    ) -> None:
        self.launched = launched
        self._secrets = secrets
        self.doors = doors
        self._sulking = sulking

    async def make(self, weather: Weather, rotated: Callable[[], Awaitable[object]]) -> None:
        """Everything at its moment; returns when all is well again. `rotated` gets new keys."""
        async with asyncio.TaskGroup() as group:
            for spell in weather.spells:
                group.create_task(self._spell(spell))
            for at in weather.rotated:
                group.create_task(_later(at, rotated))
            for at in weather.restarted:
                group.create_task(_later(at, self._restart))

    async def _spell(self, spell: Spell) -> None:
        await asyncio.sleep(spell.begins)
        try:
            await self.begin(spell.service, spell.kind)
            await asyncio.sleep(spell.ends - spell.begins)
        finally:
            await asyncio.shield(self.end(spell.service, spell.kind))

    async def begin(self, service: str, kind: Kind) -> None:
        """From now on the service does this."""
        door = self.doors[service]
        if kind is Kind.DEAD:
            door.refuse()
        elif kind is Kind.KILLED:
            await _kill(self.launched, service)
            if service == KEYED:
                self._rekey()
        elif kind in _STATUSES:
            door.lead(self._sulking[_STATUSES[kind]])
        else:
            door.behave(_FAULTS[kind])
        door.cut()

    async def end(self, service: str, kind: Kind) -> None:
        """The service is well again."""
        door = self.doors[service]
        if kind is Kind.DEAD:
            await door.listen()
        elif kind is Kind.KILLED:
            await self.launched.start(service)
        elif kind in _STATUSES:
            door.lead(port_of(self.launched.url(service)))
        else:
            door.behave(FAITHFUL)
        door.cut()

    def _rekey(self) -> None:
        """The service takes another key from its next start on; the gateway finds it in its file."""
        key = token_urlsafe(32)
        for folder in self._secrets:
            file = folder / f"{KEYED}.secret"
            new = file.with_suffix(".new")
            new.write_text(key, encoding="utf-8")
            new.replace(file)  # in one step: whoever reads it reads one of the two

    async def _restart(self) -> None:
        await _kill(self.launched, "identity")
        await self.launched.start("identity")


async def _later(at: float, what: Callable[[], Awaitable[object]]) -> None:
    await asyncio.sleep(at)
    await what()


async def _kill(launched: Launched, service: str) -> None:
    process = launched.services[service].process
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()


@asynccontextmanager
async def sky(launched: Launched, *secrets: Path) -> AsyncIterator[Sky]:
    """A door before each service but the identity provider, whose address is in all tokens."""
    doors = {name: Door(port_of(one.url)) for name, one in launched.services.items() if name != "identity"}
    async with _sulking() as ports:
        try:
            for door in doors.values():
                await door.listen()
            yield Sky(launched, doors, ports, secrets)
        finally:
            for door in doors.values():
                await door.stop()


@asynccontextmanager
async def _sulking() -> AsyncIterator[Mapping[int, int]]:
    """Servers that answer everything with one status, without doing anything; their ports."""
    runners: list[web.AppRunner] = []
    ports: dict[int, int] = {}
    try:
        for status in _STATUSES.values():
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", _sulk(status))
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            runners.append(runner)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            ports[status] = runner.addresses[0][1]
        yield ports
    finally:
        for runner in runners:
            await runner.cleanup()


def _sulk(status: int) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(
            {"title": "Not now", "status": status}, status=status, content_type="application/problem+json"
        )

    return answer
