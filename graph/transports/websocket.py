"""GraphQL over WebSocket: the upgrade, by the subprotocol `graphql-transport-ws`.

`graph/http/http.py` gives it requests; what is said on the socket is `graph/http/socket_session.py`'s.
Strawberry's handler of this protocol knows one context for a whole connection and no token that expires, so that
it is not used.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from graph.http.exchange import Exchange
from graph.http.request_form import bad
from graph.http.request_id import HEADER
from graph.http.socket_session import NOT_ACCEPTABLE, SUBPROTOCOL, Session
from graph.http.streams import Streams
from graph.identity.auth import Authenticator
from graph.settings.limits import Limits

_CLOSE_SECONDS: Final = 5.0
_GOING_AWAY: Final = 1001  # RFC 6455, section 7.4.1


class WebSockets:
    """Answers upgrades to WebSocket. Who asks is said by the upgrade's header or the first message."""

    methods = ("GET",)
    forms = ()
    identifies = True

    def __init__(self, limits: Limits, authenticator: Authenticator, streams: Streams) -> None:
        self._limits = limits
        self._authenticator = authenticator
        self._streams = streams

    def supports(self, request: web.Request) -> bool:
        """Whether the request wants to become a WebSocket."""
        return request.method == "GET" and request.headers.get("upgrade", "").strip().lower() == "websocket"

    async def respond(self, request: web.Request, exchange: Exchange) -> web.StreamResponse:
        """The socket, when it has been closed. Raises `Refused`: 401 for a bad token in the header, 503 where too
        many streams are open.
        """
        if "authorization" in request.headers:
            await self._authenticator.caller(request.headers)  # a bad token is told before the upgrade
        socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,),
            timeout=_CLOSE_SECONDS,
            heartbeat=self._limits.keep_alive,
            compress=False,  # what is unpacked would count, and unpacking costs more than it saves
            max_msg_size=self._limits.message,
        )
        socket.headers[HEADER] = exchange.request_id

        async def end() -> None:
            await socket.close(code=_GOING_AWAY, message=b"The server is going away")

        async with self._streams.opened(end):
            try:
                await socket.prepare(request)
            except web.HTTPBadRequest as error:  # not as RFC 6455, section 4.2.1, wants it
                raise bad(f"The WebSocket handshake is not valid: {error.text or error.reason}.") from None
            if socket.ws_protocol != SUBPROTOCOL:
                await socket.close(code=NOT_ACCEPTABLE, message=b"Subprotocol not acceptable")
                return socket
            await Session(socket, request, exchange, self._authenticator, self._limits).run()
        return socket
