"""Two things that aiohttp leaves open about a connection: whether a kept one may be used again, and whether an answer
without a length ended with it in order. `adapters/transport.py` uses both.
"""

from __future__ import annotations

from typing import Final
from weakref import WeakSet

import aiohttp
from aiohttp import ClientRequest, ClientResponse, ClientTimeout
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

_BODILESS: Final = (204, 304)
# Those that a request went over. A new one may speak first: an overloaded service says 503 as it accepts.
_USED: Final[WeakSet[ResponseHandler]] = WeakSet()


class KeptConnections(aiohttp.TCPConnector):
    """Connections of which none is used again after it said what nobody asked for.

    RFC 9112, section 9.2: what comes on a kept connection without a request is not a valid answer. aiohttp looks for
    it when a connection is given back and not when it is taken, and so would hand it, another caller's late answer
    or a service's 408, to whoever calls next.
    """

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> Connection:
        """A connection as aiohttp gives it: kept and silent, or new."""
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            assert protocol is not None  # it has one until it is given back
            if protocol not in _USED:
                _USED.add(protocol)
                return connection
            if not protocol.should_close:
                return connection
            connection.close()


class Answer(ClientResponse):
    """An answer that knows whether its connection failed under it."""

    _handler: ResponseHandler | None = None

    async def start(self, connection: Connection) -> ClientResponse:
        """Reads the head. The connection's handler is kept: by the body's end the connection has been given back."""
        self._handler = connection.protocol
        return await super().start(connection)

    @property
    def broken_off(self) -> bool:
        """Of an answer that was read to its end: whether that end was a failure of the connection.

        RFC 9112, section 8: a body without a length is whole where its connection ends, unless that failed. For all
        others it makes no difference how the connection ends, once they are whole.
        """
        if self.content_length is not None or "transfer-encoding" in self.headers:
            return False
        if self.method == "HEAD" or self.status in _BODILESS or self._handler is None:
            return False
        return isinstance(self._handler.exception(), aiohttp.ClientOSError)
