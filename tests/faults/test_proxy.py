"""The fault proxy itself, by plain sockets: each fault is on the wire what its name says."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.adapters.wire import Server, answer, says, serving
from tests.faults.leftovers import nothing_left
from tests.faults.proxy import (
    FAITHFUL,
    Fault,
    Proxy,
    close,
    corrupt,
    drip,
    garbage,
    greeting,
    half_open,
    proxied,
    reset,
    reset_request,
    stall,
    wrong_length,
)

ASKED = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
ANSWER = answer(b'{"id":1}')


@asynccontextmanager
async def between(*faults: Fault, said: bytes = ANSWER) -> AsyncIterator[tuple[Server, Proxy]]:
    """A service behind the proxy; afterwards nothing of either is left."""
    async with nothing_left(), serving(says(said)) as server, proxied(server.url, *faults) as proxy:
        yield server, proxy


class Client:
    """One plain connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, request: bytes = ASKED) -> None:
        self.writer.write(request)
        await self.writer.drain()

    async def rest(self) -> tuple[bytes, str]:
        """All that comes, and how it ended."""
        got = b""
        try:
            while piece := await self.reader.read(1000):
                got += piece
        except ConnectionResetError:
            return got, "reset"
        return got, "closed"


@asynccontextmanager
async def client(proxy: Proxy) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (reset(), (b"", "reset")),
        (reset(5), (ANSWER[:5], "reset")),
        (close(), (b"", "closed")),
        (close(5), (ANSWER[:5], "closed")),
        (garbage(b"\x00\xff"), (b"\x00\xff", "closed")),
    ],
    ids=["reset", "reset at 5", "close", "close at 5", "garbage"],
)
async def test_a_connection_ends_as_is_said(fault: Fault, seen: tuple[bytes, str]):
    """The request arrives, so many bytes of the answer come back, and then an RST or a FIN."""
    async with between(fault) as (server, proxy), client(proxy) as one:
        await one.ask()
        assert await one.rest() == seen
        await proxy.quiet()
        assert [server.requests, proxy.accepted] == [[ASKED], 1]


async def test_a_request_is_cut_at_a_byte():
    """An RST after so many bytes of the request: the service never sees it whole."""
    async with between(reset_request(9)) as (server, proxy), client(proxy) as one:
        await one.ask()
        assert await one.rest() == (b"", "reset")
        await proxy.quiet()
        assert server.requests == []


async def test_a_stalled_connection_stays_until_its_client_goes():
    """So many bytes come, then neither more nor an end; what the client still says arrives."""
    async with between(stall(5)) as (server, proxy):
        async with client(proxy) as one:
            await one.ask()
            assert await one.reader.readexactly(5) == ANSWER[:5]
            server.arrived.clear()
            await one.ask()
            await server.arrived.wait()
            assert (one.reader.at_eof(), proxy.open) == (False, 1)
        await proxy.quiet()
        assert server.requests == [ASKED, ASKED]


async def test_a_half_open_connection_does_not_notice_its_client():
    """Once its other end is gone nothing is read, and not even the client's end is seen."""
    async with between(half_open(len(ANSWER))) as (server, proxy):
        async with client(proxy) as one:
            await one.ask()
            assert await one.reader.readexactly(len(ANSWER)) == ANSWER
            await server.hung_up.wait()
            await one.ask()
        async with client(proxy) as another:  # by when the first one's end would have been seen
            await another.ask()
            await another.reader.readexactly(len(ANSWER))
        assert [server.requests, proxy.open] == [[ASKED, ASKED], 2]


async def test_a_dripped_answer_comes_whole():
    """A byte at a time is the same answer, and the connection stays usable."""
    async with between(drip()) as (server, proxy), client(proxy) as one:
        for _ in range(2):
            await one.ask()
            assert await one.reader.readexactly(len(ANSWER)) == ANSWER
        assert server.connections == 1


@pytest.mark.parametrize(("by", "length"), [(3, b"11"), (-3, b"5")])
async def test_a_wrong_length_is_told(by: int, length: bytes):
    """Only the stated length is another."""
    async with between(wrong_length(by)) as (_, proxy), client(proxy) as one:
        await one.ask()
        changed = ANSWER.replace(b"length: 8", b"length: " + length)
        assert await one.reader.readexactly(len(changed)) == changed != ANSWER


async def test_one_bit_is_another():
    """The byte at the place differs by a bit."""
    async with between(corrupt(0)) as (_, proxy), client(proxy) as one:
        await one.ask()
        assert await one.reader.readexactly(len(ANSWER)) == b"I" + ANSWER[1:]


async def test_what_nobody_asked_for_is_said():
    """A greeting comes before a request, and `say` at any time."""
    async with between(greeting(b"hello")) as (server, proxy), client(proxy) as one:
        assert await one.reader.readexactly(5) == b"hello"
        proxy.say(b"still there?")
        assert await one.reader.readexactly(12) == b"still there?"
        assert server.requests == []


async def test_refused_connections_and_the_port_kept():
    """While it refuses nobody connects, the port stays its own, and connections that there are stay too."""
    async with between() as (server, proxy), client(proxy) as before:
        await before.ask()
        await before.reader.readexactly(len(ANSWER))
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", proxy.port))
        await before.ask()
        assert await before.reader.readexactly(len(ANSWER)) == ANSWER
        await proxy.listen()
        async with client(proxy) as after:
            await after.ask()
            assert await after.reader.readexactly(len(ANSWER)) == ANSWER
        assert (proxy.accepted, len(server.requests)) == (2, 3)


async def test_faults_are_taken_in_turn():
    """The nth connection gets the nth fault, further ones the last; `behave` begins anew, `cut` ends all."""
    async with between(reset(), FAITHFUL) as (_, proxy):
        seen = []
        for _ in range(3):
            async with client(proxy) as one:
                await one.ask()
                seen.append(await one.reader.read(1) if proxy.accepted > 1 else await one.rest())
        assert seen == [(b"", "reset"), b"H", b"H"]
        proxy.behave(close())
        async with client(proxy) as one:
            await one.ask()
            assert await one.rest() == (b"", "closed")
        proxy.behave(FAITHFUL)
        async with client(proxy) as one:
            await one.ask()
            await one.reader.readexactly(len(ANSWER))
            proxy.cut()
            assert await one.rest() == (b"", "reset")


async def test_tls_fails_by_what_is_not_tls():
    """Garbage in the place of a handshake, and a handshake cut off, are what a TLS client chokes on."""
    context = ssl.create_default_context()
    async with between(greeting(b"no TLS here\r\n")) as (_, proxy):
        with pytest.raises(ssl.SSLError):
            await asyncio.open_connection("127.0.0.1", proxy.port, ssl=context)
