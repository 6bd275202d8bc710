"""The HTTP server: routes, health checks, listening, and a stop that lets what runs come to its end.

`graph/app.py` builds the application and serves it; requests to the endpoint go on to `graph/http/http.py`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Final

from aiohttp import web

from graph.documents.documents import Documents
from graph.executing.executor import Executor
from graph.http.http import GraphQLOverHTTP
from graph.http.streams import Streams
from graph.http.whole_answer import Replying, routed
from graph.identity.auth import Authenticator
from graph.observing.observe import Watch
from graph.playground import Playground
from graph.serving.collector import settle
from graph.serving.door import HEADER_BYTES, CannotListen, Door
from graph.serving.life import ENDPOINT, LIFE, LIMITS, RUNNING, STREAMS, Endpoint, Life
from graph.serving.running import Running
from graph.serving.served import Served
from graph.settings.limits import Limits
from graph.settings.settings import GraphSettings
from graph.transports.get import Get
from graph.transports.multipart import Multipart
from graph.transports.post import Post
from graph.transports.sse import ServerSentEvents
from graph.transports.websocket import WebSockets

try:
    import uvloop
except ImportError:  # a platform without uvloop runs on asyncio's own loop
    new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    new_event_loop = uvloop.new_event_loop

__all__ = (  # with what others look for where applications are made
    "DRAIN_SECONDS", "HEADER_BYTES", "LIFE", "LIMITS", "PORTS_TRIED", "QUIET_SECONDS", "RUNNING", "STREAMS",
    "CannotListen", "Life", "application", "first_signal", "hangups", "new_event_loop", "run", "serve", "serving",
)  # fmt: skip

DRAIN_SECONDS: Final = 30.0
QUIET_SECONDS: Final = 3.0
PORTS_TRIED: Final = 100
_log: Final = logging.getLogger("stolon.http")


def _always() -> bool:
    return True


def application(
    executor: Executor,
    authenticator: Authenticator,
    settings: GraphSettings,
    *,
    depends_on: Callable[[], bool] = _always,
    drain: float = DRAIN_SECONDS,
    playground: Playground | None = None,
    watch: Watch | None = None,
    limits: Limits | None = None,
    documents: Documents | None = None,
) -> web.Application:
    """The application of a project: its endpoint, `/health/live` and `/health/ready`. Serve it with `serve`.

    `documents` are those of the executor's schema.
    `depends_on` is asked by `/health/ready`. What the executor needs (sessions, keys) belongs in
    `app.cleanup_ctx`: it is taken away only after every mutation has ended, or `drain` seconds have passed.
    """
    app = web.Application()
    app[LIFE] = Life(depends_on, drain)
    app[RUNNING] = running = Running()
    limits = Limits() if limits is None else limits
    app[STREAMS] = streams = Streams(limits.streams)
    app[LIMITS] = limits
    endpoint = GraphQLOverHTTP(
        executor,
        authenticator,
        [
            WebSockets(limits, authenticator, streams),
            ServerSentEvents(settings.body_limit, limits, authenticator, streams),
            Multipart(settings.body_limit, limits),
            Post(settings.body_limit, limits.body_timeout),
            Get(),
        ],
        running,
        documents=Documents(limits) if documents is None else documents,
        origins=settings.origins,
        watch=watch,
    )
    replying: Replying = endpoint.handle
    if playground is not None:
        replying = playground.before(replying)
        playground.add_routes(app)
    app.router.add_route("*", settings.path, routed(replying))
    app[ENDPOINT] = Endpoint(settings.path, replying)
    app.router.add_get("/health/live", _live)
    app.router.add_get("/health/ready", _ready)
    app.on_shutdown.append(_stopping)
    app.on_cleanup.insert(0, _drained)  # before cleanup_ctx ends what mutations without a client still use
    return app


async def _stopping(app: web.Application) -> None:
    app[LIFE].stop(asyncio.get_running_loop().time())
    await app[STREAMS].stop()  # by themselves they would last as long as their clients


async def _drained(app: web.Application) -> None:
    life, now = app[LIFE], asyncio.get_running_loop().time()
    life.stop(now)
    left = await app[RUNNING].drained((life.ends_at or now) - now)
    if left:
        _log.error("%d mutations did not end within %g seconds and were cut off", left, life.drain)


async def _live(_request: web.Request) -> web.Response:
    return web.Response(text="live\n")


async def _ready(request: web.Request) -> web.Response:
    is_ready = request.app[LIFE].is_ready
    return web.Response(status=200 if is_ready else 503, text="ready\n" if is_ready else "not ready\n")


async def serve(
    app: web.Application,
    host: str,
    port: int,
    ready_callback: Callable[[str], None],
    *,
    port_is_fixed: bool = True,
    beside: Callable[[Served], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Serves the application until SIGTERM or SIGINT, then stops accepting and lets what runs come to its
    end. On SIGTERM idle connections may ask once more within three seconds; a person who ends it does not wait.

    `ready_callback` gets the URL once the server listens: `http://127.0.0.1:8000`. Where the port is not
    fixed, the next free one of a hundred is taken. `beside` runs meanwhile, and may replace what is served. A
    second signal ends the process at once. Raises `CannotListen`.
    """
    with first_signal() as stop:
        async with _door(app, host, port, port_is_fixed) as (door, served, url):
            async with _running(None if beside is None else beside(served)):
                settle()
                ready_callback(url)
                number = await stop
            _log.info("stopping: running requests have %g seconds to end", served.life.drain)
            await door.close(QUIET_SECONDS if number is signal.SIGTERM else 0.0)


@asynccontextmanager
async def serving(
    app: web.Application, host: str, port: int, *, port_is_fixed: bool = True
) -> AsyncIterator[str]:
    """The URL of the application being served; leaving the context drains it. Raises `CannotListen`."""
    async with _door(app, host, port, port_is_fixed) as (_, _, url):
        yield url


@asynccontextmanager
async def _door(
    app: web.Application, host: str, port: int, port_is_fixed: bool
) -> AsyncIterator[tuple[Door, Served, str]]:
    served = Served()
    await served.open(app)
    door = Door(served)
    try:
        yield door, served, await door.listen(host, port, tries=1 if port_is_fixed else PORTS_TRIED)
    finally:
        await door.close()


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None] | None) -> AsyncIterator[None]:
    """While entered the work runs; it is cancelled on leaving. What it fails with is raised then."""
    if work is None:
        yield
        return
    task = asyncio.create_task(work)
    await asyncio.sleep(
        0
    )  # its first step is done, such as to catch signals, before anybody is told to send them
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@contextmanager
def first_signal() -> Iterator[asyncio.Future[signal.Signals]]:
    """The first SIGTERM or SIGINT that comes while entered; the second ends the process at once."""
    loop = asyncio.get_running_loop()
    first: asyncio.Future[signal.Signals] = loop.create_future()

    def received(number: signal.Signals) -> None:
        if first.done():
            os._exit(128 + number)  # at once: no handler and no clean-up, as was asked for twice
        first.set_result(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, received, number)
    try:
        yield first
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@contextmanager
def hangups() -> Iterator[asyncio.Event]:
    """Set by every SIGHUP that comes while entered. What comes later, while requests are drained, ends nobody."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    try:
        yield asked
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Runs the coroutine to its end on a loop of its own, uvloop's where there is one."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main)
