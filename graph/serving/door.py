"""Where connections come in: listening, and an end that no client need notice.

`graph/serving/admission.py` bounds connections; `graph/serving/served.py` answers what they ask.

What is guaranteed when a door closes: a connection that was accepted is served. Its next answer says
`Connection: close` (RFC 9112, section 9.6), and it is closed after that; an idle one may ask once more within the
`quiet` seconds. Only then is an idle connection closed, and only a request that crosses this on the wire is lost,
as with any server's keep-alive timeout: it was not read, and its client may repeat it (section 9.3.1).
"""

from __future__ import annotations

import asyncio
import errno
import math
import socket
from collections.abc import Iterable
from typing import Final

from aiohttp import web

from graph.serving.admission import BoundedRunner
from graph.serving.client_connection import Asked, ClientConnections
from graph.serving.served import Served

KEEP_ALIVE_SECONDS: Final = 75.0
BACKLOG: Final = 1024
HEADER_BYTES: Final = 16 * 1024  # of one line: a token of 8 KiB fits, and a longer one is told so
_GLANCE_SECONDS: Final = 0.02


class CannotListen(Exception):
    """The address cannot be listened on: it is taken, forbidden or not this machine's."""


class Door:
    """The connections of one process. Made inside the loop; what is served must be open."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._closed = False
        self._until = math.inf
        server = ClientConnections(
            served.answer,
            Asked(
                2 * HEADER_BYTES,
                lambda: served.limits.head_timeout,
                lambda: served.limits.send_timeout,
                lambda: served.closing,
            ),
            request_factory=served.request,
            handler_cancellation=True,  # off by default: a client that goes would leave its query running
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            max_line_size=HEADER_BYTES,
            max_field_size=HEADER_BYTES,
            access_log=None,
        )
        self._runner = BoundedRunner(
            server,
            limits=lambda: served.limits,
            head_bytes=2 * HEADER_BYTES,
            # aiohttp waits this long for handlers to end, then as long again before it cancels them.
            shutdown_timeout=served.life.drain / 2,
        )

    async def listen(self, host: str, port: int, *, tries: int = 1) -> str:
        """The URL at which connections are accepted from now on: of this port, or the next free one of so many.
        Raises `CannotListen`.
        """
        await self._runner.setup()
        for candidate in range(port, min(port + tries, 65_536)):
            site = web.TCPSite(self._runner, host, candidate, backlog=BACKLOG)
            try:
                await site.start()
            except OSError as error:
                await site.stop()
                if error.errno != errno.EADDRINUSE:
                    raise CannotListen(
                        f"{host}:{candidate} cannot be listened on: {error.strerror}"
                    ) from None
                continue
            self._served.listens()
            return url_of(self._runner.addresses[0])
        raise CannotListen(taken(host, port, tries))

    async def listen_on(self, sockets: Iterable[socket.socket]) -> None:
        """Accept connections of sockets that listen already, and that other processes may share."""
        await self._runner.setup()
        for one in sockets:
            await web.SockSite(self._runner, one, backlog=BACKLOG).start()
        self._served.listens()

    async def close(self, quiet: float = 0.0) -> None:
        """Stop accepting, serve what has been accepted as the module says, and close what is served.

        Streams are ended after `quiet` seconds, too, or when running requests must have ended, if that is sooner.
        """
        if self._closed:
            return
        self._closed = True
        for site in self._runner.sites:
            await site.stop()
        self._served.stop()
        now = asyncio.get_running_loop().time()
        self._until = min(self._until, now + quiet)
        await self._emptied(now + self._served.life.drain)
        await self._served.end_streams()
        await self._emptied(math.inf)
        await self._runner.cleanup()
        await self._served.end()

    def hurry(self, quiet: float) -> None:
        """While it closes: idle connections have no more than so many seconds from now."""
        self._until = min(self._until, asyncio.get_running_loop().time() + quiet)

    async def _emptied(self, until: float) -> None:
        clock = asyncio.get_running_loop().time
        while self._runner.connections() and clock() < min(until, self._until):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(_GLANCE_SECONDS)


def url_of(address: tuple[str, int]) -> str:
    """`http://127.0.0.1:8000` of what a socket says that it is bound to."""
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"http://{host}:{address[1]}"


def taken(host: str, port: int, tries: int = 1) -> str:
    """What is said where no port of so many is free."""
    if tries == 1:
        return f"{host}:{port} is taken"
    return f"all ports from {port} to {port + tries - 1} are taken"
