"""What a client may do to its connection: send much, send slowly, not read, go, or mean nothing well."""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
from typing import Any

import pytest
from aiohttp import web
from multidict import CIMultiDict

from graph.http.whole_answer import WholeAnswer
from graph.serving.client_connection import LEAST_TAKEN, MOST_AHEAD
from graph.serving.door import Door
from graph.serving.served import Served
from graph.serving.server import application
from graph.settings.settings import GraphSettings
from tests.graph.scripted_server import Everybody, Held, Scripted, edge, hello
from tests.graph.wires import connected, post, turns

FINE = b"HTTP/1.1 200 OK"
QUERY = b'{"query": "{hello}"}'
JSON = "Content-Type: application/json"


async def said(port: int, *sent: bytes) -> bytes:
    """All that comes back on one connection, until the server closes it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for one in sent:
            writer.write(one)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.transport.abort()


# --- reading


async def test_a_large_body_is_read_whole():
    """A body of more than aiohttp holds at once is read on when there is room again, and so is what follows it."""
    large = b'{"query": "{hello}", "variables": {"x": "' + b"y" * 900_000 + b'"}}'
    async with edge(body_limit=len(large)) as one:
        sent = [post(large, JSON, path="/graphql"), post(QUERY, JSON, "Connection: close", path="/graphql")]
        found = await said(one.port, *sent)
    assert found.count(b'{"data":{"hello":"world"}}') == 2


@pytest.mark.parametrize("many", [29, 30, 31, 40, 200])
async def test_all_that_was_sent_ahead_is_answered(many):
    """However many requests follow one whose body came after its head, each has its answer."""
    first = post(QUERY)
    connection, wire = connected()
    connection.data_received(first.partition(b"{")[0])
    await turns()
    connection.data_received(QUERY + post() * many)
    await turns(60 * many)
    assert wire.said.count(FINE) == many + 1
    connection.force_close()


@pytest.mark.parametrize("read", [True, False])
async def test_a_body_in_thousands_of_chunks_holds_up_nobody(read):
    """The request after a body in as many chunks as aiohttp lets wait is answered, whether that body was read or
    not.
    """

    async def replying(request: web.BaseRequest) -> WholeAnswer:
        if read:
            await request.read()
        return WholeAnswer(200, b"{}", CIMultiDict())

    connection, wire = connected(replying)
    chunks = b"1\r\nx\r\n" * 16_385
    connection.data_received(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    connection.data_received(b"0\r\n\r\n")
    await turns()
    connection.data_received(post())
    await turns(200)
    assert wire.said.count(FINE) == 2
    connection.force_close()


async def test_the_head_of_each_request_is_bounded():
    """A later request's head has the bound of the first: one byte more is refused, and the connection closed."""
    connection, wire = connected(head_bytes=1000)
    await turns()
    connection.data_received(post() + post())
    await turns()
    start = b"GET / HTTP/1.1\r\nHost: h\r\nX: "
    connection.data_received(start + b"y" * (1000 - len(start)))
    await turns()
    assert (wire.said.count(b"HTTP/1.1 "), wire.closing) == (2, False)
    connection.data_received(b"y")
    await turns()
    assert wire.said.endswith(b"The head of a request has more than 1000 bytes; at most 1000 are read.\n")
    assert (wire.said.count(b"HTTP/1.1 431 "), wire.closing) == (1, True)


async def test_heads_are_counted_each_for_itself():
    """What was counted of a head that has ended does not count for the next one."""
    connection, wire = connected(head_bytes=300, head=0.05)
    await turns()
    for _ in range(5):
        one = post(b"{}", "X: " + "y" * 200)
        connection.data_received(one[:200])
        await turns()
        connection.data_received(one[200:])
        await turns()
    assert (wire.said.count(FINE), wire.closing) == (5, False)
    connection.force_close()


async def test_the_head_of_each_request_has_its_time():
    """A later request's head that does not come whole in time closes its connection."""
    connection, wire = connected(head=0.01)
    await turns()
    connection.data_received(post())
    await turns()
    connection.data_received(b"GET / HT")
    async with asyncio.timeout(5):
        while not wire.closing:  # noqa: ASYNC110 - a timer closes it
            await asyncio.sleep(0.005)
    assert wire.said.count(b"HTTP/1.1 ") == 1


async def test_what_is_sent_ahead_is_bounded():
    """While a request runs no more than so many bytes of further ones are read; they are read when it has been
    answered.
    """
    let_go = asyncio.Event()

    async def replying(_request: web.BaseRequest) -> WholeAnswer:
        await let_go.wait()
        return WholeAnswer(200, b"{}", CIMultiDict())

    connection, wire = connected(replying)
    await turns()
    connection.data_received(post())
    await turns()
    large = post(b"{}", "X: " + "y" * 7000)
    while wire.reading:
        connection.data_received(large)
    ahead = MOST_AHEAD // len(large) + 1
    let_go.set()
    await turns(20 * ahead)
    assert (wire.reading, wire.said.count(FINE)) == (True, 1 + ahead)
    connection.force_close()


async def test_a_packed_body_that_nobody_wants_is_not_unpacked():
    """Behind a refusal the rest of a packed body is left where it is, and the connection ends; other bodies are
    read away, and the connection stays.
    """
    bomb = gzip.compress(b" " * 50_000_000)
    refused = ("Authorization: no", JSON)
    async with edge() as one:
        head = f"POST /graphql HTTP/1.1\r\nHost: h\r\nContent-Length: {len(bomb) + 1}\r\n".encode()
        lines = "\r\n".join((*refused, "Content-Encoding: gzip")).encode()
        found = await said(one.port, head + lines + b"\r\n\r\n" + bomb)
        assert (found.count(b"HTTP/1.1 401 "), found.count(b"Connection: close")) == (1, 1)
        plain = post(b" " * 200_000, *refused, path="/graphql")
        found = await said(one.port, plain[:1000], plain[1000:] + post(b"", *refused, "Connection: close"))
        assert found.count(b"HTTP/1.1 ") == 2


# --- writing


async def test_a_client_that_does_not_read_is_not_answered_further():
    """While what was written waits for the client to read, its next request waits, so that answers do not pile up."""
    connection, wire = connected()
    connection.pause_writing()
    connection.data_received(post() * 2)
    await turns()
    assert wire.said.count(FINE) == 1
    connection.resume_writing()
    await turns()
    assert wire.said.count(FINE) == 2
    connection.force_close()


async def test_a_client_that_takes_nothing_is_cut_off():
    """What waits for a client that takes less than 16 KiB of it in the given time is not kept for it."""
    connection, wire = connected(send=0.01)
    wire.waiting = 1_000_000
    connection.pause_writing()
    await asyncio.wait_for(wire.aborted.wait(), 5)


async def test_a_client_that_reads_slowly_is_served():
    """As long as a client takes 16 KiB in each stretch of the given time, all is kept for it; then its time is
    over.
    """
    connection, wire = connected(send=0.01)
    left = []

    def size() -> int:
        left.append(wire.waiting)
        wire.waiting = max(wire.waiting - LEAST_TAKEN, 0) if len(left) % 2 else wire.waiting
        return left[-1]

    wire.waiting = 4 * LEAST_TAKEN
    wire.get_write_buffer_size = size  # type: ignore[method-assign] # the test's own client
    connection.pause_writing()
    await asyncio.wait_for(wire.aborted.wait(), 5)
    assert left[-1] == 0


async def test_a_client_that_has_taken_all_is_not_cut_off():
    """Once the client has taken what waited, or is gone, nobody looks any more."""
    connection, wire = connected(send=0.01)
    connection.pause_writing()
    connection.resume_writing()
    other, gone = connected(send=0.01)
    other.pause_writing()
    other.connection_lost(None)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.gather(wire.aborted.wait()), 0.05)
    assert (wire.aborted.is_set(), gone.aborted.is_set()) == (False, False)
    connection.force_close()


@pytest.mark.parametrize("waiting", [False, True])
async def test_a_client_that_goes_ends_its_connection(waiting, caplog):
    """Whether an answer was to be written or waited to be read: nothing more is said, and nothing is logged."""
    connection, wire = connected()
    wire.closing = not waiting
    connection.pause_writing()
    connection.data_received(post() * 2)
    await turns()
    connection.connection_lost(ConnectionResetError())
    await turns()
    assert (wire.said.count(b"HTTP/1.1"), caplog.text) == (int(waiting), "")


# --- the end


@pytest.mark.parametrize("running", [False, True])
async def test_an_answer_of_a_server_that_ends_says_so(running):
    """Once the server was told to end, each answer is the last on its connection, of requests that ran before,
    too.
    """
    held = Held()
    one = Served()
    script: Any = held if running else hello
    await one.open(application(Scripted(script), Everybody(), GraphSettings(schema="s:s")))
    door = Door(one)
    url = await door.listen("127.0.0.1", 0)
    if not running:
        one.stop()
    asking = asyncio.create_task(said(int(url.rpartition(":")[2]), post(QUERY, JSON, path="/graphql")))
    if running:
        await held.begun.wait()
        one.stop()
        held.let_go.set()
    found = await asking
    await door.close()
    assert (found.count(FINE), found.count(b"Connection: close")) == (1, 1)


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost : h\r\n\r\n"])
async def test_what_is_no_request_is_no_error_of_the_server(sent, caplog):
    """A malformed request is answered with 400, and told in one line that holds nothing of it."""
    caplog.set_level(logging.INFO)
    async with edge() as one:
        assert b" 400 Bad Request" in await said(one.port, sent)
    [line] = [one for one in caplog.records if one.name != "stolon.identity"]
    assert (line.levelname, line.exc_info) == ("INFO", None)
    assert re.fullmatch(r"a request was not HTTP as it should be: Bad\w+", line.getMessage())
