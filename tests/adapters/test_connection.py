"""One connection on real sockets: which answers are whole, and after which of them it may be asked again."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest

from adapters.transport.body import BodyError
from adapters.transport.connection import Answer, Connection
from adapters.transport.kept_connections import KeptConnections
from tests.adapters.wire import Act, Server, answer, says, says_and_closes, serving
from tests.adapters.wire import Connection as Peer
from tests.graph.served import until

GET = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n"
PUT = b"PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n"
OK = answer(b'{"a":1}')
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@asynccontextmanager
async def connected(*acts: Act, limit: int = 1000) -> AsyncIterator[tuple[Server, Connection]]:
    """A service that does these acts, and a connection to it, which is closed afterwards."""
    loop = asyncio.get_running_loop()
    async with serving(*acts) as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        _, connection = await loop.create_connection(lambda: Connection(loop, limit), host, int(port))
        yield server, connection
        connection.end()
        await connection.lost()


@asynccontextmanager
async def accepted_by(
    handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[Connection]:
    """A connection, bounded to 10 bytes of a body, that this accepts; both ends are closed afterwards."""
    loop = asyncio.get_running_loop()
    writers: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await handler(reader, writer)

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    _, connection = await loop.create_connection(lambda: Connection(loop, 10), "127.0.0.1", port)
    async with asyncio.timeout(10):
        yield connection
    connection.end()
    await connection.lost()
    for writer in writers:
        writer.transport.abort()
    listening.close()
    await listening.wait_closed()


def remembered(peers: list[Peer], *pieces: bytes) -> Act:
    """The act of sending these bytes; the service's end of the connection is kept in the list."""

    async def act(peer: Peer) -> None:
        peers.append(peer)
        await peer.say(*pieces)

    return act


async def asked(connection: Connection, *, bodiless: bool = False) -> tuple[int, bytes]:
    async with asyncio.timeout(10):
        found = await connection.ask(GET, None, bodiless=bodiless)
    return found.status, found.body


@pytest.mark.parametrize(
    ("said", "found", "usable"),
    [
        (OK, (200, b'{"a":1}'), True),
        (answer(b""), (200, b""), True),
        (CHUNKED + b"1\r\na\r\n" * 500 + b"0\r\n\r\n", (200, b"a" * 500), True),
        (CHUNKED + b"2\r\n{}\r\n0\r\nx-sum: 1\r\n\r\n", (200, b"{}"), True),
        (b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + OK, (200, b'{"a":1}'), True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 16 + OK, (200, b'{"a":1}'), True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b""), True),
        (b"HTTP/1.1 304 Not Modified\r\netag: a\r\n\r\n", (304, b""), True),
        (answer(b"{}", "200 OK", "connection: close"), (200, b"{}"), False),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}", (200, b"{}"), False),
        (OK + OK, (200, b'{"a":1}'), False),
        (OK + b"HTTP/1.1 2", (200, b'{"a":1}'), False),
    ],
    ids=["length", "empty", "chunks", "trailer", "103", "many 100", "204", "304", "close", "1.0", "two",
         "and a beginning"],
)  # fmt: skip
async def test_which_answers_leave_a_connection_that_may_be_asked_again(
    said: bytes, found: tuple[int, bytes], usable: bool
):
    """RFC 9112, sections 6.3 and 9.3: an answer that is whole, wants no close, and with nothing behind it."""
    async with connected(says(said)) as (_, connection):
        assert await asked(connection) == found
        assert connection.usable is usable


async def test_an_answer_to_head_may_say_any_length():
    """RFC 9110, section 9.3.2: there is no body, and none is waited for."""
    said = b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\ncontent-encoding: gzip\r\n\r\n"
    async with connected(says(said), says(OK)) as (_, connection):
        assert await asked(connection, bodiless=True) == (200, b"")
        assert await asked(connection) == (200, b'{"a":1}')


async def test_a_304_may_say_the_length_of_what_it_spares():
    """RFC 9110, section 15.4.5: a 304 ends with its head, whatever length that names."""
    said = b"HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\netag: a\r\n\r\n"
    async with connected(says(said)) as (_, connection):
        assert await asked(connection) == (304, b"")


async def test_headers_are_told_as_they_came():
    """Names compare without regard to case, and equal ones stay apart."""
    async with connected(says(answer(b"", "200 OK", "X-A: 1", "x-a: 2"))) as (_, connection):
        found = await connection.ask(GET, None, bodiless=False)
    assert (type(found), found.headers.getall("X-a")) == (Answer, ["1", "2"])


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 17 + OK, aiohttp.ClientPayloadError),
        (
            b"HTTP/1.1 101 Switching\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
            aiohttp.ClientPayloadError,
        ),
        (b"nonsense\r\n\r\n", aiohttp.ClientPayloadError),
        (OK + b"\x00", aiohttp.ClientPayloadError),
        (answer(b"x" * 1001), BodyError),
        (CHUNKED + b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n", BodyError),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", BodyError),
        (answer(b"x", "200 OK", "content-encoding: br"), BodyError),
    ],
    ids=[
        "17 interim",
        "101",
        "no HTTP",
        "garbage behind it",
        "long",
        "long in chunks",
        "says that it is long",
        "encoding",
    ],
)
async def test_what_is_no_answer_is_an_error(said: bytes, failure: type[Exception]):
    """Malformed, unasked for, or over the bound: an error at once, and the connection is not asked again."""
    async with connected(says(said)) as (_, connection):
        with pytest.raises(failure):
            await asked(connection)
        assert connection.usable is False


@pytest.mark.parametrize(
    "act",
    [says(b"HTTP/1.1 200 OK\r\ns3cret\r\n\r\n"), says_and_closes(CHUNKED + b"a\r\ns3cret")],
    ids=["while it comes", "at its end"],
)
async def test_a_malformed_answer_is_not_told_in_its_failure(act: Act):
    """The parser's error quotes what the service said, and a log has the causes of what it logs."""
    async with connected(act) as (_, connection):
        with pytest.raises(aiohttp.ClientPayloadError) as caught:
            await asked(connection)
    failure = caught.value
    assert (failure.__cause__, failure.__context__, "s3cret" in str(failure)) == (None, None, False)


async def test_what_a_kept_connection_says_unasked_closes_it():
    """RFC 9112, section 9.2: be it but the beginning of a head, which the next answer would end otherwise."""
    peers: list[Peer] = []
    async with connected(remembered(peers, OK)) as (server, connection):
        await asked(connection)
        await peers[0].say(b"HTTP/1.1 200 OK\r\nx-a:")
        await until(lambda: not connection.usable)
        await connection.lost()
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await asked(connection)
    assert len(server.requests) == 1


async def test_a_new_connection_may_say_only_so_much_unasked():
    """What comes before the first request is held for it, up to 64 KiB."""

    async def talks(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * 70_000)

    async with accepted_by(talks) as connection:
        await connection.lost()
        assert connection.usable is False


async def test_what_a_new_connection_says_is_the_answer_to_its_first_request():
    """An overloaded service says 503 as it accepts: that is what the call is told, and nothing else answers it."""

    async def greets(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"", "503 Busy"))

    async with accepted_by(greets) as connection:
        await until(lambda: connection._early != b"")
        assert await asked(connection) == (503, b"")


async def test_a_connection_that_spoke_first_is_not_kept():
    """Its service may answer the request as well: the next caller must not be given what the one before asked for."""
    made: list[Connection] = []

    async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"early"))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"of one"))

    async with accepted_by(greets) as one, accepted_by(greets) as two:
        waiting = iter((one, two))

        async def connect() -> Connection:
            made.append(next(waiting))
            await until(lambda: made[-1]._early != b"")
            return made[-1]

        kept = KeptConnections(connect, most=1, seconds=4.0)
        first = await kept.take()
        assert (await asked(first), first.usable) == ((200, b"early"), False)
        kept.give_back(first)
        await first.lost()
        second = await kept.take()
        assert (made, second) == ([one, two], two)
        kept.give_back(second)
        await kept.close()


async def test_an_idle_connection_holds_nothing_of_its_last_answer():
    """Many are kept, and an answer may be large: it ends with the call, however that ended."""
    packed = answer(gzip.compress(b"x"), "200 OK", "content-encoding: gzip")
    async with connected(says(packed), says(packed[:-9])) as (server, connection):
        assert await asked(connection) == (200, b"x")
        assert (connection._head, connection._payload, connection._body) == (None, None, None)
        call = asyncio.create_task(asked(connection))
        await until(lambda: connection._body is not None)
        call.cancel()
        await asyncio.wait({call})
        assert (connection._head, connection._payload, connection._body) == (None, None, None)
    assert len(server.requests) == 2


async def test_a_body_that_ends_with_the_connection():
    """RFC 9112, section 6.3: without a length the connection's end is the body's; then it is not asked again."""
    async with connected(says_and_closes(b"HTTP/1.1 200 OK\r\n\r\n{}")) as (_, connection):
        assert await asked(connection) == (200, b"{}")
        assert connection.usable is False


async def test_a_connection_that_ended_before_it_was_asked_sends_nothing():
    """Nobody is at its end: it is told before a byte is written."""
    async with connected(says(OK)) as (server, connection):
        connection.end()
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await asked(connection)
    assert server.requests == []


async def test_an_answer_may_come_before_the_request_is_whole():
    """RFC 9112, section 9.3: who has seen enough answers; the rest is not sent, and the connection closed."""

    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"", "413 Too Large"))

    body = b"x" * 40_000_000
    async with accepted_by(refuses) as connection:
        found = await connection.ask(PUT % len(body), body, bodiless=False)
        assert (found.status, connection.usable) == (413, False)


@pytest.mark.parametrize("size", [10, 300_000, 30_000_000])
async def test_a_body_of_any_size_arrives(size: int):
    """What the service takes slowly is written on as it takes it, byte for byte, and the connection is kept."""
    body = bytes(range(256)) * (size // 256 + 1)
    async with connected(says(OK)) as (server, connection):
        found = await connection.ask(PUT % len(body), body, bodiless=False)
        assert (found.status, connection.usable, server.body()) == (200, True, body)


async def test_the_end_tells_who_waits_why():
    """A call under way fails with what the connection was ended with; ending twice is ending once."""
    async with connected(says()) as (server, connection):
        call = asyncio.create_task(asked(connection))
        await server.arrived.wait()
        connection.end(ConnectionAbortedError("closing"))
        connection.end(ConnectionAbortedError("again"))
        with pytest.raises(ConnectionAbortedError, match="closing"):
            await call


async def test_an_answer_to_nobody_closes_the_connection():
    """A call that was given up leaves no answer for the next one."""
    peers: list[Peer] = []
    async with connected(remembered(peers)) as (server, connection):
        call = asyncio.create_task(asked(connection))
        await server.arrived.wait()
        await until(lambda: peers != [])
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert connection.usable is False
        await peers[0].say(OK)
        await connection.lost()
