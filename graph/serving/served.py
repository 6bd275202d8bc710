"""Which application answers: one at a time, replaced by another without a request being dropped.

Every request of every connection goes to the application that is served when its head has arrived
(`graph/serving/door.py` has the connections). One that was replaced answers what it had begun; what it uses is closed
when that has ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from aiohttp import web

from graph.http.whole_answer import Reply
from graph.serving.life import ENDPOINT, LIFE, LIMITS, STREAMS, Life
from graph.settings.limits import Limits

MOST_RETIRING: Final = 3
PATIENCE_SECONDS: Final = 10.0
STREAM_SECONDS: Final = 5.0
_GLANCE_SECONDS: Final = 0.1
_log: Final = logging.getLogger("stolon.http")


class NotReady(Exception):
    """An application lacks what it needs, which the one that is served has."""


class _Behind:
    """An application with its resources open, and how many requests are in it.

    Requests for its endpoint go straight there, which spares a tenth of what they cost: the router would find
    nothing else at that path. Whatever is more than that goes through the router, as all does where an application
    has middlewares.
    """

    def __init__(self, app: web.Application) -> None:
        self.app = app
        self.life: Life = app[LIFE]
        # It has no sockets of its own: the runner opens the application and gives the function that answers.
        self._runner = web.AppRunner(app, shutdown_timeout=STREAM_SECONDS)
        self._closed = False
        self._entered = 0
        self._left: asyncio.Event | None = None

    async def open(self) -> None:
        """Open what the application uses. What was opened before a failure is closed."""
        try:
            await self._runner.setup()
        except BaseException:
            await self._runner.cleanup()
            raise
        server = self._runner.server
        assert server is not None  # after setup
        self._route = server.request_handler
        self.request = server.request_factory
        is_plain = not self.app.middlewares and not self.app.on_response_prepare
        self._endpoint = self.app.get(ENDPOINT) if is_plain else None

    async def answer(self, request: web.BaseRequest) -> Reply:
        self._entered += 1
        endpoint = self._endpoint
        try:
            if endpoint is None or request.raw_path != endpoint.path or "expect" in request.headers:
                return await self._route(request)
            assert isinstance(request, web.Request)  # of this application's own factory
            return await endpoint.replying(request)
        finally:
            self._entered -= 1
            if self._left is not None and not self._entered:
                self._left.set()

    async def left(self, seconds: float) -> int:
        """Waits at most so long until no request is in it; how many are."""
        if self._entered:
            self._left = asyncio.Event()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._left.wait(), max(seconds, 0.0))
        return self._entered

    async def close(self) -> None:
        """Let mutations end that nobody waits for, and close what the application uses, once."""
        if not self._closed:
            self._closed = True
            await self._runner.cleanup()


class Served:
    """The application that is served, and those that were and have not ended yet: three at most."""

    def __init__(self) -> None:
        self._behind: _Behind | None = None
        self._retiring: list[asyncio.Task[None]] = []
        self._listening = False
        self.closing = False  # whether each answer is the last on its connection

    @property
    def limits(self) -> Limits:
        """Those of the application that is served."""
        return self._now.app[LIMITS]

    @property
    def life(self) -> Life:
        """That of the application that is served."""
        return self._now.life

    @property
    def is_busy(self) -> bool:
        """Whether an application that was replaced has not ended yet."""
        return bool(self._retiring)

    async def open(self, app: web.Application) -> None:
        """Serve the first application. Raises what its resources raise."""
        behind = _Behind(app)
        await behind.open()
        self._behind = behind

    def listens(self) -> None:
        """Connections are accepted from now on: what is served may be ready."""
        self._listening = True
        self.life.is_serving = True

    async def has_all(self, seconds: float) -> bool:
        """Whether what is served has what it depends on, now or within so many seconds."""
        return await _within(seconds, lambda: self.life.depends_on())

    async def replace(self, app: web.Application, *, patience: float = PATIENCE_SECONDS) -> None:
        """Serve another application from now on; return when it is served, while the one before still drains.

        Its resources are opened first. Where what it depends on is missing but the one before has it, it is waited
        for, `patience` seconds at most. Raises `NotReady` then, and what its resources raise: nothing has
        changed in both cases.
        """
        while len(self._retiring) >= MOST_RETIRING:
            await asyncio.wait({self._retiring[0]})
        behind = _Behind(app)
        await behind.open()
        try:
            there = await _within(patience, lambda: behind.life.depends_on() or not self.life.depends_on())
            if not there:
                raise NotReady(f"what it depends on was not there within {patience:g} seconds")
        except BaseException:
            await behind.close()
            raise
        behind.life.is_serving = self._listening
        before, self._behind = self._now, behind
        task = asyncio.create_task(self._retired(before))
        self._retiring.append(task)
        task.add_done_callback(self._retiring.remove)

    async def _retired(self, behind: _Behind) -> None:
        """Streams may last for days, so that they are ended when requests must have been."""
        try:
            behind.life.stop(asyncio.get_running_loop().time())
            await behind.left(behind.life.drain)
            await behind.app[STREAMS].stop()
            left = await behind.left(STREAM_SECONDS)
            if left:
                _log.error("%d requests did not end within %g seconds of a reload", left, behind.life.drain)
            await behind.close()
        except Exception:  # noqa: BLE001 - nobody waits for this task; what is served goes on
            _log.exception("an application that was replaced could not be closed")

    # --- asked by the door

    def answer(self, request: web.BaseRequest) -> Awaitable[Reply]:
        """The answer of the application that is served now."""
        return self._now.answer(request)

    def request(self, *parts: object) -> web.BaseRequest:
        """A request in the form that the application takes."""
        return self._now.request(*parts)  # type: ignore[arg-type]  # aiohttp's own, handed through

    # --- the end

    def stop(self) -> None:
        """No longer ready; each answer from now on is the last on its connection."""
        self.closing = True
        self.life.stop(asyncio.get_running_loop().time())

    async def end_streams(self) -> None:
        """End WebSockets and event streams, as their protocols do."""
        await self._now.app[STREAMS].stop()

    async def end(self) -> None:
        """Close every application; all requests have ended."""
        await self._now.close()
        while self._retiring:
            await asyncio.wait(set(self._retiring))

    @property
    def _now(self) -> _Behind:
        assert self._behind is not None  # `open` comes first
        return self._behind


async def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Whether something holds, now or within so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not holds():  # noqa: ASYNC110 - it only tells when asked
                await asyncio.sleep(_GLANCE_SECONDS)
    return holds()
