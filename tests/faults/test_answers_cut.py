"""The transport behind a proxy that cuts answers at every byte: what calls come to, and that nothing is left."""

from __future__ import annotations

import gzip

import pytest
from msgspec.structs import replace

from tests.adapters.wire import answer, says, says_and_closes
from tests.faults.calls import GET, LOST, POST, SPOILT, UNREACHED, outcome, through
from tests.faults.proxy import (
    Fault,
    close,
    corrupt,
    drip,
    garbage,
    reset,
    reset_request,
    wrong_length,
)

BODY = b'{"id":12345}'
PLAIN = answer(BODY)
CHUNKED = (
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n"
    + BODY[:5]
    + b"\r\n7\r\n"
    + BODY[5:]
    + b"\r\n0\r\n\r\n"
)
PACKED = answer(gzip.compress(BODY, mtime=0), "200 OK", "content-encoding: gzip")
UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\n\r\n" + BODY


@pytest.mark.parametrize("cut", [reset, close], ids=["RST", "FIN"])
@pytest.mark.parametrize("said", [PLAIN, CHUNKED, PACKED], ids=["length", "chunks", "gzip"])
async def test_an_answer_cut_at_any_byte_is_never_taken_for_whole(cut, said: bytes):
    """Cut within its head there was no answer; within its body it is spoilt; RFC 9112, section 8: nothing but the
    last byte makes it whole. Each time the request was sent, once.
    """
    head = said.index(b"\r\n\r\n") + 4
    faults = [cut(at) for at in range(len(said) + 1)]
    async with through((says(said),), *faults) as (server, proxy, transport):
        seen = [await outcome(transport, GET) for _ in faults]
    assert seen == [LOST] * head + [SPOILT] * (len(said) - head) + [BODY]
    assert (len(server.requests), proxy.accepted) == (len(faults), len(faults))


async def test_a_body_that_ends_with_its_connection_ends_in_order():
    """RFC 9112, section 8: without a length the connection's end is the body's, unless the connection failed."""
    head = UNTIL_CLOSED.index(b"\r\n\r\n") + 4
    faults = [reset(at) for at in range(head + 1, len(UNTIL_CLOSED) + 1)]
    async with through((says_and_closes(UNTIL_CLOSED),), *faults, Fault()) as (_, _, transport):
        seen = [await outcome(transport, GET) for _ in faults]
        whole = await outcome(transport, GET)
    assert (seen, whole) == ([SPOILT] * len(faults), BODY)


@pytest.mark.parametrize("at", [1, 30, 100])
async def test_a_request_cut_at_a_byte_was_sent(at: int):
    """However little of the request got through: that it was not acted on can't be known here."""
    async with through((says(PLAIN),), reset_request(at), Fault()) as (server, _, transport):
        assert [await outcome(transport, POST), await outcome(transport, POST)] == [LOST, BODY]
    assert len(server.requests) == 1


async def test_a_large_request_that_is_reset_in_the_middle_leaves_nothing():
    """A service that dies while megabytes are on their way: sent, and the writer is gone too."""
    large = replace(POST, body=b"x" * 4_000_000)
    async with through((says(PLAIN),), reset_request(100_000), Fault()) as (server, _, transport):
        assert [await outcome(transport, large), await outcome(transport, GET)] == [LOST, BODY]
    assert len(server.requests) == 1


async def test_refused_then_accepted():
    """What is refused was not sent, reads and changes alike; once somebody listens, all is well."""
    async with through((says(PLAIN),)) as (server, proxy, transport):
        proxy.refuse()
        refused = [await outcome(transport, GET), await outcome(transport, POST)]
        await proxy.listen()
        assert (refused, await outcome(transport, POST)) == ([UNREACHED] * 2, BODY)
    assert [line.split()[0] for line in server.lines] == ["POST"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (garbage(), SPOILT),
        (garbage(b"\xff" * 9000), SPOILT),
        (garbage(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"), SPOILT),
        (garbage(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n"), SPOILT),
        (wrong_length(+3), SPOILT),
        (corrupt(0), SPOILT),
    ],
    ids=["garbage", "long garbage", "two lengths", "no header", "too long", "no HTTP"],
)
async def test_an_answer_that_is_spoilt(fault: Fault, expected):
    """What is no HTTP, or not of the length it names, is a bad answer."""
    async with through((says_and_closes(PLAIN),), fault, Fault()) as (server, _, transport):
        assert [await outcome(transport, POST), await outcome(transport, POST)] == [expected, BODY]
    assert len(server.requests) == 2


@pytest.mark.parametrize("said", [PLAIN, CHUNKED, PACKED], ids=["length", "chunks", "gzip"])
async def test_an_answer_that_drips_is_an_answer(said: bytes):
    """A byte at a time it is the same, and its connection is kept."""
    async with through((says(said),), drip()) as (_, proxy, transport):
        assert [await outcome(transport, GET), await outcome(transport, POST)] == [BODY, BODY]
    assert proxy.accepted == 1
