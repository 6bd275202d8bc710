"""Which connections are let in: so many at once, and only those that say soon what they want.

`graph/serving/door.py` listens with this in place of aiohttp's own runner. Until the head of its first request is
whole, a connection costs a buffer of that head and nothing else; then aiohttp takes it over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from graph.settings.limits import Limits

HEAD_END: Final = b"\r\n\r\n"
_REFUSAL: Final = (
    b"HTTP/1.1 %s\r\nConnection: close\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s"
)
_TOO_MANY: Final = b"503 Service Unavailable\r\nRetry-After: 1"
_TOO_LONG: Final = b"431 Request Header Fields Too Large"


class BoundedRunner(web.ServerRunner):
    """aiohttp's runner, with a bound on connections of any kind and one on the time that a first head takes.
    A head of more than `head_bytes` is refused (431; RFC 6585, section 5). `limits` is asked at each connection:
    they change with the project that is served.
    """

    __slots__ = ("_gates", "_head_bytes", "_limits")

    def __init__(
        self, server: web.Server, *, limits: Callable[[], Limits], head_bytes: int, **options: Any
    ) -> None:
        super().__init__(server, **options)
        self._limits = limits
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
        """Close what has not asked yet."""
        for gate in list(self._gates):
            gate.close()
        await super().shutdown()

    def _gate(self) -> _Gate:
        server = super().server
        assert server is not None  # the listening socket is there between `setup` and `cleanup`
        refusal = None
        most = self._limits().connections
        if self.connections() >= most:
            said = f"{self.connections()} connections are open; at most {most} are served at once.\n"
            refusal = _refusal(_TOO_MANY, said)
        return _Gate(cast("Callable[[], RequestHandler]", server), self._gates, self, refusal)

    @property
    def head_timeout(self) -> float:
        """Seconds until the first head must be whole."""
        return self._limits().head_timeout

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
        """Hand over when the head is whole; refuse one that is longer than any may be."""
        if self._refusal is not None or self._transport is None:
            return
        # Empty lines before a request are passed over (RFC 9112, section 2.2): they are no head that has ended.
        self._head += data if self._head else data.lstrip(b"\r\n")
        searched = max(len(self._head) - len(data) - len(HEAD_END), 0)
        found, most = self._head.find(HEAD_END, searched), self._bounds.head_bytes
        if found > most or (found < 0 and len(self._head) > most):
            self._refusal = too_long(most)
            self._leave()
            self._transport.write(self._refusal)
            self._transport.close()
        elif found >= 0:
            self._hand_over(self._transport)

    def _hand_over(self, transport: asyncio.Transport) -> None:
        self._leave()
        handler = self._make()
        transport.set_protocol(handler)
        handler.connection_made(transport)
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


def too_long(most: int) -> bytes:
    """The answer to a head of more bytes (431; RFC 6585, section 5), the last on its connection."""
    said = f"The head of a request has more than {most} bytes; at most {most} are read.\n"
    return _refusal(_TOO_LONG, said)


def _refusal(status: bytes, said: str) -> bytes:
    return _REFUSAL % (status, len(said), said.encode())
