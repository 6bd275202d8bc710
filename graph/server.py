"""The HTTP server: routes, health checks, listening, and a stop that lets what runs come to its end.

`graph/app.py` builds the application and serves it; requests to the endpoint go on to `graph/http.py`.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from graph.admission import BoundedRunner
from graph.auth import Authenticator
from graph.documents import Documents
from graph.executor import Executor
from graph.http import GraphQLOverHTTP
from graph.limits import Limits
from graph.observe import Watch
from graph.playground import Playground
from graph.running import Running
from graph.settings import GraphSettings
from graph.streams import Streams
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

DRAIN_SECONDS: Final = 30.0
KEEP_ALIVE_SECONDS: Final = 75.0
PORTS_TRIED: Final = 100
HEADER_BYTES: Final = 16 * 1024  # of one line: a token of 8 KiB fits, and a longer one is told so
_log: Final = logging.getLogger("stolon.http")


class CannotListen(Exception):
    """The address cannot be listened on: it is taken, forbidden or not this machine's."""


@dataclass(slots=True)
class Life:
    """Where the server stands between start and stop. `depends_on` says whether what it needs is there.

    `drain` is how long running requests may take to end, in seconds; `ends_at` when they must have, on the
    loop's clock.
    """

    depends_on: Callable[[], bool]
    drain: float
    is_serving: bool = False
    ends_at: float | None = None

    @property
    def is_ready(self) -> bool:
        """True from the first moment of listening to the signal to stop, while all that is needed is
        there.
        """
        return self.is_serving and self.ends_at is None and self.depends_on()

    def stop(self, now: float) -> None:
        """Begins the drain, once."""
        self.ends_at = now + self.drain if self.ends_at is None else self.ends_at


LIFE: Final = web.AppKey("life", Life)
RUNNING: Final = web.AppKey("running", Running)
STREAMS: Final = web.AppKey("streams", Streams)
LIMITS: Final = web.AppKey("limits", Limits)


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
    if playground is None:
        app.router.add_route("*", settings.path, endpoint.handle)
    else:
        app.router.add_route("*", settings.path, playground.before(endpoint.handle))
        playground.add_routes(app)
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
) -> None:
    """Serves the application until SIGTERM or SIGINT, then stops accepting and lets what runs come to its
    end.

    `ready_callback` gets the URL once the server listens: `http://127.0.0.1:8000`. Where the port is not
    fixed, the next free one of a hundred is taken. A second signal ends the process at once. Raises
    `CannotListen`.
    """
    stop = asyncio.Event()
    with _signals(stop):
        async with serving(app, host, port, port_is_fixed=port_is_fixed) as url:
            ready_callback(url)
            await stop.wait()
            _log.info("stopping: running requests have %g seconds to end", app[LIFE].drain)


@asynccontextmanager
async def serving(
    app: web.Application, host: str, port: int, *, port_is_fixed: bool = True
) -> AsyncIterator[str]:
    """The URL of the application being served; leaving the context drains it. Raises `CannotListen`."""
    limits = app[LIMITS]
    runner = BoundedRunner(
        app,
        most=limits.connections,
        head_timeout=limits.head_timeout,
        head_bytes=2 * HEADER_BYTES,
        handler_cancellation=True,  # off by default: a client that goes would leave its query running
        # aiohttp waits this long for handlers to end, then as long again before it cancels them.
        shutdown_timeout=app[LIFE].drain / 2,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        max_line_size=HEADER_BYTES,
        max_field_size=HEADER_BYTES,
        access_log=None,
    )
    try:
        await runner.setup()
        url = await _listen(runner, host, port, 1 if port_is_fixed else PORTS_TRIED)
        app[LIFE].is_serving = True
        yield url
    finally:
        app[LIFE].stop(asyncio.get_running_loop().time())
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int, tries: int) -> str:
    for candidate in range(port, min(port + tries, 65_536)):
        site = web.TCPSite(runner, host, candidate)
        try:
            await site.start()
        except OSError as error:
            await site.stop()
            if error.errno != errno.EADDRINUSE:
                raise CannotListen(f"{host}:{candidate} cannot be listened on: {error.strerror}") from None
            continue
        bound = runner.addresses[0]
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        return f"http://{shown}:{bound[1]}"
    taken = (
        f"{host}:{port} is taken" if tries == 1 else f"all ports from {port} to {port + tries - 1} are taken"
    )
    raise CannotListen(taken)


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """While entered, the first SIGTERM or SIGINT sets the event and the second ends the process."""

    def received(number: signal.Signals) -> None:
        if stop.is_set():
            os._exit(128 + number)  # at once: no handler and no clean-up, as was asked for twice
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, received, number)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Runs the coroutine to its end on a loop of its own, uvloop's where there is one."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main)
