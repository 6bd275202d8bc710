"""Which connections are let in: so many at once, and only those that say soon what they want.

`graph/server.py` listens with this in place of aiohttp's own runner. Until the head of its first request is
whole, a connection costs a buffer of that head and nothing else; then aiohttp takes it over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

HEAD_END: Final = b"\r\n\r\n"
_TOO_MANY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s"
)


class BoundedRunner(web.AppRunner):
    """aiohttp's runner, with a bound on connections of any kind and one on the time that a first head takes.
    `head_bytes` are handed on at the latest: what is then wrong with the head, aiohttp says.
    """

    __slots__ = ("_gates", "_head_bytes", "_head_timeout", "_most")

    def __init__(
        self, app: web.Application, *, most: int, head_timeout: float, head_bytes: int, **options: Any
    ) -> None:
        super().__init__(app, **options)
        self._most = most
        self._head_timeout = head_timeout
        self._head_bytes = head_bytes
        self._gates: set[_Gate] = set()

    @property
    def server(self) -> Any:
        """What makes the protocol of a new connection; None before `setup`."""
        return None if super().server is None else self._gate

    def connections(self) -> int:
        """How many connections there are."""
        server = super().server
        return len(self._gates) + (0 if server is None else len(server.connections))

    async def shutdown(self) -> None:
        """Close what has not asked yet, then shut the application down."""
        for gate in list(self._gates):
            gate.close()
        await super().shutdown()

    def _gate(self) -> _Gate:
        server = super().server
        assert server is not None  # the listening socket is there between `setup` and `cleanup`
        refusal = None
        if self.connections() >= self._most:
            said = b"%d connections are open; at most %d are served at once.\n" % (
                self.connections(),
                self._most,
            )
            refusal = _TOO_MANY % (len(said), said)
        return _Gate(cast("Callable[[], RequestHandler]", server), self._gates, self, refusal)

    @property
    def head_timeout(self) -> float:
        """Seconds until the first head must be whole."""
        return self._head_timeout

    @property
    def head_bytes(self) -> int:
        """Bytes of a head that are waited for."""
        return self._head_bytes


class _Gate(asyncio.Protocol):
    """A connection until the head of its first request has come."""

    def __init__(
        self,
        make: Callable[[], RequestHandler],
        gates: set[_Gate],
        bounds: BoundedRunner,
        refusal: bytes | None,
    ) -> None:
        self._make = make
        self._gates = gates
        self._bounds = bounds
        self._refusal = refusal
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait, or refuse."""
        self._transport = cast("asyncio.Transport", transport)
        if self._refusal is not None:
            self._transport.write(self._refusal)
            self._transport.close()
            return
        self._gates.add(self)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._bounds.head_timeout, self.close)

    def data_received(self, data: bytes) -> None:
        """Hand over when the head is whole, or longer than any may be."""
        if self._refusal is not None or self._transport is None:
            return
        searched = max(len(self._head) - len(HEAD_END), 0)
        self._head += data
        if HEAD_END not in self._head[searched:] and len(self._head) < self._bounds.head_bytes:
            return
        self._leave()
        handler = self._make()
        self._transport.set_protocol(handler)
        handler.connection_made(self._transport)
        handler.data_received(bytes(self._head))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._leave()

    def close(self) -> None:
        """Close a connection that did not ask."""
        self._leave()
        if self._transport is not None:
            self._transport.abort()

    def _leave(self) -> None:
        self._gates.discard(self)
        if self._timer is not None:
            self._timer.cancel()
