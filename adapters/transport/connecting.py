"""How a connection to a service is made: its name resolved, its addresses tried (RFC 8305), TLS shaken hands.

`adapters/transport/kept_connections.py` asks for one where none is idle; what comes of it is
`adapters/transport/connection.py`'s.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from contextlib import suppress
from functools import cache
from typing import Final, TypeAlias

import aiohappyeyeballs
from yarl import URL

from adapters.transport.connection import Connection

_REMEMBERED: Final = 10.0
"""Seconds for which the addresses of a name are not asked for again."""
_ATTEMPT: Final = 0.25
"""Seconds before the next address is tried beside the one before (RFC 8305, section 5)."""


class Connecting:
    """The way to one origin. `timeout` is seconds for one connection, `answer_limit` what an answer of it may have;
    `tls` verifies in the place of the system's context.
    """

    def __init__(self, url: URL, *, timeout: float, answer_limit: int, tls: ssl.SSLContext | None) -> None:
        assert url.raw_host is not None  # adapters.service.base_url has seen to it
        self._host = url.raw_host
        self._port = url.port
        self._timeout = timeout
        self._answer_limit = answer_limit
        self._tls = (tls or _verified()) if url.scheme == "https" else None
        self._resolving = asyncio.Lock()
        self._addresses: list[aiohappyeyeballs.AddrInfoType] = []
        self._until = 0.0

    async def __call__(self) -> Connection:
        """A new connection, TLS included. Raises TimeoutError where that takes too long, and OSError where nothing
        comes of it.
        """
        async with asyncio.timeout(self._timeout):
            left = await self._resolved()
            while True:
                # All are tried for a connection, and where none has one, that is that.
                opened = await aiohappyeyeballs.start_connection(left, happy_eyeballs_delay=_ATTEMPT)
                peer = _peer(opened)
                try:
                    return await self._over(opened)
                except OSError:
                    # But only the first that had one was tried for TLS.
                    _remove(peer, left)
                    if not left:
                        raise

    async def _over(self, opened: socket.socket) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: Connection(loop, self._answer_limit),
            sock=opened,
            ssl=self._tls,
            # A name's last dot stands in no certificate.
            server_hostname=self._host.rstrip(".") if self._tls is not None else None,
        )
        return connection

    async def _resolved(self) -> list[aiohappyeyeballs.AddrInfoType]:
        """The addresses, another one first each time: a service behind several gets calls on each."""
        loop = asyncio.get_running_loop()
        async with self._resolving:  # who waits finds what the first one found
            if not self._addresses or loop.time() >= self._until:
                self._addresses = await self._looked_up()
                self._until = loop.time() + _REMEMBERED
        self._addresses = [*self._addresses[1:], self._addresses[0]]
        return list(self._addresses)

    async def _looked_up(self) -> list[aiohappyeyeballs.AddrInfoType]:
        try:
            family = socket.AF_INET if ipaddress.ip_address(self._host).version == 4 else socket.AF_INET6
        except ValueError:
            found = await asyncio.get_running_loop().getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
            )
            if not found:
                raise OSError("the name has no address") from None
            return [*found]
        place = (self._host, self._port) if family == socket.AF_INET else (self._host, self._port, 0, 0)
        return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place)]


_Peer: TypeAlias = tuple[str, int] | tuple[str, int, int, int]


def _peer(opened: socket.socket) -> _Peer | None:
    try:
        peer: _Peer = opened.getpeername()
    except OSError:
        return None  # it is gone already
    return peer


def _remove(peer: _Peer | None, addresses: list[aiohappyeyeballs.AddrInfoType]) -> None:
    before = len(addresses)
    if peer is not None:
        with suppress(ValueError):  # none of them is written like that
            aiohappyeyeballs.remove_addr_infos(addresses, peer)
    if len(addresses) == before:
        addresses.pop(0)  # nobody knows which it was, and each try leaves fewer


@cache
def _verified() -> ssl.SSLContext:
    """Verifies as the system does. Reading its certificates takes milliseconds: once for all services."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
