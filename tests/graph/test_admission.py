"""Connections on real sockets: how many are let in, and how long they may keep silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from graph.serving.server import HEADER_BYTES, new_event_loop
from graph.settings.limits import Limits
from tests.graph.scripted_server import Edge, edge

REQUEST = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(one: Edge) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def line(streams: Streams, request: bytes = REQUEST) -> bytes:
    """The first line of the answer to a request."""
    streams[1].write(request)
    async with asyncio.timeout(5):
        return await streams[0].readline()


async def rest_of(streams: Streams) -> bytes:
    """What comes until the server closes the connection, however it does that."""
    async with asyncio.timeout(5):
        try:
            return await streams[0].read()
        except ConnectionError:
            return b""


async def test_connections_are_bounded():
    """One connection too many is answered with 503, the figure and the limit, and closed; idle ones count too."""
    async with edge(limits=Limits(connections=2)) as one:
        async with connected(one) as first, connected(one) as second:
            assert await line(first) == b"HTTP/1.1 200 OK\r\n"
            assert await line(second) == b"HTTP/1.1 200 OK\r\n"
            async with connected(one) as third, asyncio.timeout(5):
                third[1].write(REQUEST)
                head, _, body = (await third[0].read()).partition(b"\r\n\r\n")
                assert head.startswith(
                    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
                )
                assert body == b"2 connections are open; at most 2 are served at once.\n"
        async with asyncio.timeout(5):
            while True:  # until the server has seen the others go
                async with connected(one) as again:
                    if await line(again) == b"HTTP/1.1 200 OK\r\n":
                        break


async def test_a_silent_connection_counts_and_is_closed():
    """A connection that sends nothing, or half a head, counts, and is closed when its time is over."""
    async with edge(limits=Limits(connections=1, head_timeout=0.2)) as one:
        async with connected(one) as silent:
            async with connected(one) as other:
                assert await line(other) == b"HTTP/1.1 503 Service Unavailable\r\n"
            silent[1].write(REQUEST[:-2])
            assert await rest_of(silent) == b""
        async with connected(one) as after:
            assert await line(after) == b"HTTP/1.1 200 OK\r\n"


async def test_empty_lines_are_no_head():
    """Empty lines before the first request are passed over (RFC 9112, section 2.2): its head has its bound and its
    time.
    """
    async with edge(limits=Limits(head_timeout=0.2)) as one:
        async with connected(one) as polite:
            assert await line(polite, b"\r\n\r\n" + REQUEST) == b"HTTP/1.1 200 OK\r\n"
        async with connected(one) as long:
            long[1].write(b"\r\n\r\n" + REQUEST[:-2] + b"x: " + b"y" * 2 * HEADER_BYTES)
            assert await line(long, b"y") == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
        async with connected(one) as slow:
            slow[1].write(b"\r\n\r\n" + REQUEST[:-2])
            assert await rest_of(slow) == b""


async def test_a_head_may_come_in_pieces():
    """However a head and what follows it are cut, the request is answered, and the next on its connection too."""
    async with edge() as one, connected(one) as streams:
        for byte in REQUEST[:-1]:
            streams[1].write(bytes([byte]))
            await asyncio.sleep(0)
        assert await line(streams, REQUEST[-1:] + REQUEST) == b"HTTP/1.1 200 OK\r\n"
        async with asyncio.timeout(5):
            await streams[0].readuntil(b"live\n")
            assert await streams[0].readline() == b"HTTP/1.1 200 OK\r\n"


async def test_a_head_over_the_limit_is_refused():
    """A head longer than any may be is 431 with the limit, whether or not it ends."""
    fields = b"".join(b"x-%d: %s\r\n" % (n, b"y" * (HEADER_BYTES // 4)) for n in range(9))
    for end in (b"", b"\r\n"):
        async with edge() as one, connected(one) as streams:
            assert await line(streams, REQUEST[:-2] + fields + end) == (
                b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
            )
            rest = await streams[0].read()
            assert rest.endswith(
                b"The head of a request has more than 32768 bytes; at most 32768 are read.\n"
            )


async def test_a_head_within_the_limit_is_read():
    """A head of many long fields, such as a long token among others, is read."""
    fields = b"".join(b"x-%d: %s\r\n" % (n, b"y" * (HEADER_BYTES // 4)) for n in range(7))
    async with edge() as one, connected(one) as streams:
        assert await line(streams, REQUEST[:-2] + fields + b"\r\n") == b"HTTP/1.1 200 OK\r\n"


async def test_silent_connections_do_not_hold_a_stop_up():
    """A server that stops closes connections that have not asked anything yet."""
    loop = asyncio.get_running_loop()
    async with edge() as one:
        streams = await asyncio.open_connection("127.0.0.1", one.port)
        started = loop.time()
    assert loop.time() - started < 3
    assert await rest_of(streams) == b""
    streams[1].transport.abort()


def test_connections_are_let_in_on_the_loop_that_serves():
    """The bound works on the loop that the server runs on, which may be uvloop's."""

    async def main() -> bytes:
        async with edge(limits=Limits(connections=1)) as one, connected(one) as first:
            assert await line(first) == b"HTTP/1.1 200 OK\r\n"
            async with connected(one) as second:
                return await line(second)

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert runner.run(main()) == b"HTTP/1.1 503 Service Unavailable\r\n"
