"""`stolon serve --workers N`: the parent. It holds the listening sockets, which its workers inherit and accept on,
and never serves; the second address is its own, and tells what all workers counted together. What one worker drops
from its cache the others are told to drop.

`graph/workers/supervisor.py` says which workers there are to be, `graph/workers/worker.py` is one. The sockets
outlive every worker, so that connections wait in their queue, and none is refused, while workers change.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from graph.caching.open_caches import DropCall, Dropped
from graph.observing.second_address import listening
from graph.serving.door import BACKLOG, CannotListen, taken, url_of
from graph.serving.server import DRAIN_SECONDS, QUIET_SECONDS, first_signal, hangups
from graph.settings.address import Address
from graph.workers.channel import Figures
from graph.workers.collected import collected_application
from graph.workers.figures import Total
from graph.workers.supervisor import DRAIN_MARGIN_SECONDS, Supervisor
from graph.workers.worker_process import WorkerProcess

_log: Final = logging.getLogger("stolon.workers")


class Parent:
    """The parent of so many workers of a project, which share these sockets."""

    def __init__(self, project: Path, workers: int, sockets: list[socket.socket]) -> None:
        self._project = project.resolve()
        self._workers = workers
        self._sockets = sockets
        self._living: set[WorkerProcess] = set()
        self._total = Total()

    async def serve(self, ready: Callable[[], None], observe_at: Address | None) -> None:
        """Have the workers serve until SIGTERM or SIGINT, and replace them on SIGHUP. `ready` is called once, when
        all serve. Raises `NotStarted` where the first do not, and `CannotListen` of the second address.
        """
        supervisor = Supervisor(self._workers, self._start)
        with first_signal() as stop, hangups() as hangup:
            async with self._observed(observe_at):
                await self._work(supervisor, stop, hangup, ready)

    async def _work(
        self,
        supervisor: Supervisor,
        stop: asyncio.Future[signal.Signals],
        hangup: asyncio.Event,
        ready: Callable[[], None],
    ) -> None:
        working = asyncio.create_task(_working(supervisor, hangup, ready))
        either: set[asyncio.Future[Any]] = {stop, working}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                await working  # only a failure ends it
        finally:
            for one in self._sockets:
                one.close()  # who comes now is refused as soon as the workers have closed theirs
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            number = stop.result() if stop.done() else signal.SIGTERM
            _log.info("stopping: the workers' running requests have %g seconds to end", DRAIN_SECONDS)
            await supervisor.stop(number, QUIET_SECONDS + DRAIN_SECONDS + DRAIN_MARGIN_SECONDS)

    async def _start(self, patient: bool) -> WorkerProcess:
        if patient:  # where none of those that serve has what it depends on, there is nothing to lose
            patient = any(one.has_all for one in await self._collect())
        worker = await WorkerProcess.begun(
            self._project,
            self._sockets,
            self._workers,
            patient=patient,
            on_end=self._ended,
            on_stale=self._stale,
        )
        self._living.add(worker)
        worker.tell(None)  # what it kept in its first moments may have changed unheard
        return worker

    def _stale(self, worker: WorkerProcess, tags: tuple[str, ...] | None) -> None:
        for other in self._living:
            if other is not worker:
                other.tell(tags)

    async def _drop(self, call: DropCall) -> Dropped:
        """Has every worker do what a call wants; the worst that one of them says of it."""
        asked = list(self._living)
        said = await asyncio.gather(*(worker.drop(call) for worker in asked))
        answers = [one for one in said if one is not None]
        return max(answers, key=lambda one: one.status, default=Dropped(503, "Nothing is served yet."))

    def _ended(self, worker: WorkerProcess) -> None:
        self._living.discard(worker)
        if worker.figures is not None:
            self._total.ended(worker.figures)

    async def _collect(self) -> list[Figures]:
        asked = list(self._living)
        await asyncio.gather(*(worker.ask() for worker in asked))
        # Who has ended since is in the total: it must not count twice.
        return [one.figures for one in asked if one in self._living and one.figures is not None]

    @asynccontextmanager
    async def _observed(self, at: Address | None) -> AsyncIterator[None]:
        if at is None:
            yield
            return
        app = collected_application(self._collect, self._total, self._drop)
        async with listening(app, at) as url:
            _log.info("metrics and the health of integrations are told at %s", url)
            yield


async def _working(supervisor: Supervisor, hangup: asyncio.Event, ready: Callable[[], None]) -> None:
    await supervisor.begin()
    ready()
    while True:
        await hangup.wait()
        hangup.clear()
        _log.info("replacing the workers, one by one")
        if await supervisor.replace():
            _log.info("the workers were replaced")


def bound(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen at the port on every address that the host has: for port 0, one port that is free. Raises
    `CannotListen`.
    """
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            for family, kind, protocol, _, address in dict.fromkeys(found):
                one = stack.enter_context(socket.socket(family, kind, protocol))
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                one.bind((address[0], port or (sockets[0].getsockname()[1] if sockets else 0), *address[2:]))
                one.listen(BACKLOG)
                one.setblocking(False)
                sockets.append(one)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotListen(taken(host, port)) from None
            raise CannotListen(f"{host}:{port} cannot be listened on: {error.strerror}") from None
        stack.pop_all()
    return sockets


async def serve_with_workers(
    project: Path,
    workers: int,
    host: str,
    port: int,
    ready_callback: Callable[[str], None],
    observe_at: Address | None,
) -> None:
    """Serve a project with so many processes beside this one, until SIGTERM or SIGINT. `ready_callback` gets the URL
    when all of them serve. Raises `NotStarted` and `CannotListen`.
    """
    sockets = bound(host, port)
    url = url_of(sockets[0].getsockname())
    await Parent(project, workers, sockets).serve(lambda: ready_callback(url), observe_at)
