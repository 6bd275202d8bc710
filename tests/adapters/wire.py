"""Servers on loopback that do exactly what a test says, byte for byte; and small ways to say it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass
class Connection:
    """One accepted connection, as an act sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, *pieces: bytes) -> None:
        """Sends the pieces, each flushed."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    def reset(self) -> None:
        """Ends the connection with RST, as a process that dies does."""
        self.writer.transport.abort()


Act: TypeAlias = Callable[[Connection], Awaitable[None]]


@dataclass
class Server:
    """What came in: whole requests as bytes, and how many connections. `hung_up` is set when a client closed
    early.
    """

    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def lines(self) -> list[str]:
        """The request lines."""
        return [one.split(b"\r\n", 1)[0].decode("ascii") for one in self.requests]

    def headers(self, at: int = 0) -> dict[str, str]:
        """The header fields of one request, names in lower case."""
        head = self.requests[at].split(b"\r\n\r\n", 1)[0].decode("latin-1")
        pairs = (line.split(": ", 1) for line in head.split("\r\n")[1:])
        return {name.lower(): text for name, text in pairs}

    def body(self, at: int = 0) -> bytes:
        """The body of one request."""
        return self.requests[at].split(b"\r\n\r\n", 1)[1]


@asynccontextmanager
async def serving(*acts: Act) -> AsyncIterator[Server]:
    """A server whose nth request, over all connections, gets the nth act; the last act serves all further
    ones.
    """
    server = Server()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        connection = Connection(reader, writer)
        try:
            while True:
                server.requests.append(await _request(reader))
                server.arrived.set()
                await acts[min(len(server.requests), len(acts)) - 1](connection)
        except (asyncio.IncompleteReadError, ConnectionError):
            server.hung_up.set()
        finally:
            writer.close()

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return head + await reader.readexactly(length)


def answer(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> bytes:
    """One whole answer with a content length."""
    fields = "".join(f"{one}\r\n" for one in headers)
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{fields}\r\n".encode("latin-1") + body


def says(*pieces: bytes) -> Act:
    """The act of sending these bytes and keeping the connection."""

    async def act(connection: Connection) -> None:
        await connection.say(*pieces)

    return act


def says_and_closes(*pieces: bytes) -> Act:
    """The act of sending these bytes and closing the connection in order."""

    async def act(connection: Connection) -> None:
        await connection.say(*pieces)
        connection.writer.close()

    return act


def says_and_resets(*pieces: bytes) -> Act:
    """The act of sending these bytes and resetting the connection."""

    async def act(connection: Connection) -> None:
        await connection.say(*pieces)
        connection.reset()

    return act
