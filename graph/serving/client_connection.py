"""One connection of a client: aiohttp's own, but for two things that it does for every request and nobody needs.

`graph/serving/door.py` listens with these. A `WholeAnswer` is written at once, where aiohttp's own way of sending
looks each time for cookies, compression, bodies of unknown length, signals and HTTP/1.0. And only reading that was
paused is resumed: aiohttp runs its parser once more for each body that was read, over nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from aiohttp import HttpVersion11, web
from aiohttp.web_protocol import RequestHandler

from graph.http.whole_answer import Reply, WholeAnswer, response_of

_WITH_BODY: Final = frozenset({"GET", "POST"})


class ClientConnections(web.Server):
    """Makes the protocol of each new connection. `replying` answers its requests; options are aiohttp's."""

    def __init__(self, replying: Callable[[web.BaseRequest], Awaitable[Reply]], **options: Any) -> None:
        # aiohttp only awaits it, and gives what it gives to `finish_response` below.
        super().__init__(
            cast("Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]", replying), **options
        )

    def __call__(self) -> RequestHandler:
        """A connection in its first state."""
        return ClientConnection(self, loop=self._loop, **self._kwargs)


class ClientConnection(RequestHandler):
    """The protocol of a connection whose handler may give a `WholeAnswer`."""

    __slots__ = ()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Read on where reading was paused. Bodies ask for it after every chunk."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer, and say whether the client has gone. What has anything special about it is left to
        aiohttp: HTTP/1.0, a method without a body, a connection that ends or wanted to become another protocol's.
        """
        reply: Reply = resp
        if (
            not isinstance(reply, WholeAnswer)
            or request.version != HttpVersion11
            or not request.keep_alive
            or request.method not in _WITH_BODY
            or self._upgraded
        ):
            return await super().finish_response(request, response_of(reply), start_time)
        transport = self.transport
        if transport is None or transport.is_closing():
            return resp, True
        transport.write(reply.written())
        try:
            await self._drain_helper()
        except ConnectionError:
            return resp, True
        return resp, False
