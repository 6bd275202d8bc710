"""One worker process, started by `graph/workers/workers.py` and never by hand.

It serves a project on sockets that it inherits and shares with the other workers, tells its parent when it
accepts connections, and ends when it is told to, or when its parent has died.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from adapters.mistake import ProjectError
from graph.app import App, load
from graph.caching.open_caches import DropCall
from graph.observing.log_writer import Stream
from graph.serving.door import KEEP_ALIVE_SECONDS, Door
from graph.serving.reload import lines
from graph.serving.served import PATIENCE_SECONDS, Served
from graph.serving.server import QUIET_SECONDS, first_signal, run
from graph.workers.channel import Channel, Figures, Orders, Ready, Retire, Stale, ToWorker, Wrong
from graph.workers.figures import taken
from graph.workers.relay import Relay

_log: Final = logging.getLogger("stolon.workers")


class _Numbered:
    """A stream of JSON lines, each of which gets the id of this process."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._start = b'{"pid":%d,' % os.getpid()

    def write(self, data: bytes, /) -> object:
        whole = data.removeprefix(b"{").replace(b"\n{", b"\n" + self._start)  # JSON has no line ends within
        return self._stream.write(self._start + whole)

    def flush(self) -> object:
        return self._stream.flush()


class _Worker:
    """A worker at work."""

    def __init__(self, orders: Orders, app: App, channel: Channel) -> None:
        self._orders = orders
        self._app = app
        self._channel = channel
        self._served = Served()
        self._relay = Relay(channel)
        app.seeing.caches.beyond = self._relay.tell
        self._retired = asyncio.Event()
        self._orphaned = asyncio.Event()

    async def serve(self) -> None:
        """Serve to the end: by a signal, by the parent's word or by its death."""
        with first_signal() as stop, self._app.logging(_Numbered(sys.stderr.buffer)):
            served = self._served
            await served.open(self._app.application())
            door = Door(served)
            listening = asyncio.create_task(self._listen())
            told: set[asyncio.Future[Any]] = {
                asyncio.create_task(self._retired.wait()),
                asyncio.create_task(self._orphaned.wait()),
            }
            try:
                if self._orders.patient and not await served.has_all(PATIENCE_SECONDS):
                    self._channel.send(Wrong(["what the project depends on (keys) is not there"]))
                    return
                await door.listen_on(_inherited(fd) for fd in self._orders.sockets)
                self._channel.send(Ready())
                await asyncio.wait({stop, *told}, return_when=asyncio.FIRST_COMPLETED)
                await self._end(door, stop)
                self._channel.send(self._figures())
            finally:
                for task in (listening, *told):
                    task.cancel()
                await door.close()
                await self._relay.close()

    async def _end(self, door: Door, stop: asyncio.Future[signal.Signals]) -> None:
        """Close the door: slowly for a worker in whose place there is another, sooner when all are to end."""
        all_end = stop.done() or self._orphaned.is_set()
        if self._orphaned.is_set():
            _log.error("the parent has died: this worker ends")
        closing = asyncio.create_task(door.close(_quiet(stop) if all_end else KEEP_ALIVE_SECONDS))
        if not all_end:
            _log.info("retired: open connections are served to their end")
            orphaned = asyncio.create_task(self._orphaned.wait())
            sooner: set[asyncio.Future[Any]] = {closing, stop, orphaned}
            await asyncio.wait(sooner, return_when=asyncio.FIRST_COMPLETED)
            orphaned.cancel()
            if not closing.done():
                door.hurry(_quiet(stop))
        await closing

    async def _listen(self) -> None:
        while (message := await self._channel.read()) is not None:
            match message:
                case Retire():
                    self._retired.set()
                case Stale(tags):
                    await self._app.seeing.caches.hear(None if tags is None else tuple(tags))
                case DropCall():
                    self._channel.send(await self._app.seeing.caches.drop(message))
                case _:
                    self._channel.send(self._figures())
        self._orphaned.set()

    def _figures(self) -> Figures:
        seeing = self._app.seeing
        has_all = self._served.life.depends_on()
        return Figures(taken(seeing.metrics.registry), seeing.integrations.report(), has_all)


def _quiet(stop: asyncio.Future[signal.Signals]) -> float:
    return 0.0 if stop.done() and stop.result() is signal.SIGINT else QUIET_SECONDS


def _inherited(fd: int) -> socket.socket:
    os.set_inheritable(fd, False)
    inherited = socket.socket(fileno=fd)
    inherited.setblocking(False)
    return inherited


async def work(orders: Orders) -> None:
    """Be a worker. Nothing is raised for a project that is wrong: the parent is told."""
    channel = await Channel.open(_inherited(orders.channel), ToWorker)
    try:
        app = load(Path(orders.project), os.environ, workers=orders.workers)
    except ProjectError as error:
        channel.send(Wrong(list(lines(error))))
    else:
        await _Worker(orders, app, channel).serve()
    finally:
        await channel.close()


def main(orders: str) -> None:
    """Be the worker that these orders, in JSON, want."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it is the parent that reloads
    run(work(msgspec.json.decode(orders, type=Orders)))
