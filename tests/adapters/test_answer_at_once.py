"""Answers that came at once: they are what they would be if read as all others, and the plain ones are read whole."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any
from unittest import mock

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.transport.answer_at_once import AnswersAtOnce
from adapters.transport.body import BodyError
from adapters.transport.connection import Answer, Connection
from tests.adapters.wire import answer

LIMIT = 40
ZIPPED = gzip.compress(b"{}", mtime=0)
LINES = (
    b"content-length: 2", b"content-length: 02", b"content-length: +2", b"Content-Length:2 ", b"content-length: 4",
    b"content-length: 0", b"content-length: 41", b"transfer-encoding: chunked", b"content-encoding: gzip",
    b"content-encoding: br", b"connection: close", b"connection: keep-alive", b"upgrade: h2c", b"x-a: 1",
    b"x-a: \xff",    b"x-a", b": 1", b" folded", b"x-a: \0", b"content-length: %d" % len(ZIPPED),
)  # fmt: skip
STATUSES = (
    b"200 OK",
    b"200",
    b"204 No Content",
    b"304 Not Modified",
    b"100 Continue",
    b"404 Not Found",
    b"2 OK",
)
BODIES = (
    b"",
    b"{}",
    b"{}{}",
    b"\r\n\r\n",
    b"{}\r\n",
    b"2\r\n{}\r\n0\r\n\r\n",
    b"x" * 41,
    ZIPPED,
    ZIPPED[:-1],
)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """What a service may say: mostly no HTTP that anybody should."""
    ends = draw(st.sampled_from((b"\r\n", b"\r\n", b"\r\n", b"\n")))
    version = draw(st.sampled_from((b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/3")))
    lines = draw(st.lists(st.sampled_from(LINES), max_size=3))
    head = ends.join([version + b" " + draw(st.sampled_from(STATUSES)), *lines, b"", b""])
    return head + draw(st.sampled_from(BODIES)) + draw(st.sampled_from((b"", b"", b"", head)))


class Wire:
    """A socket that takes everything."""

    def write(self, data: bytes) -> None:
        """Gone."""

    def abort(self) -> None:
        """Gone too."""


async def asked(said: bytes, *, bodiless: bool) -> tuple[object, bool]:
    """What a call comes to that is answered by this and the connection's end, by its type where it fails; and whether
    the connection could be asked again before that.
    """
    connection = Connection(asyncio.get_running_loop(), LIMIT)
    wire: Any = Wire()
    connection.connection_made(wire)
    call = asyncio.ensure_future(connection.ask(b"GET", None, bodiless=bodiless))
    await asyncio.sleep(0)
    connection.data_received(said)
    usable = connection.usable
    connection.connection_lost(None)
    try:
        return await call, usable
    except (aiohttp.ClientError, BodyError) as failure:
        return type(failure), usable


@given(answers(), st.booleans())
def test_an_answer_is_the_same_whichever_way_it_is_read(said: bytes, bodiless: bool):
    """Status, headers, body, what fails and how, whether the connection is kept: none depends on the way."""
    at_once = asyncio.run(asked(said, bodiless=bodiless))
    with mock.patch.object(AnswersAtOnce, "read", return_value=None):
        assert at_once == asyncio.run(asked(said, bodiless=bodiless))


TRAILED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n%b\r\n"
TRAILERS = (
    b"",
    b"x-a: 1\r\n",
    b"cache-control: public\r\n",
    b"content-encoding: gzip\r\n",
    b"content-length: 1\r\n",
)
FINE = (answer(b"{}"), answer(ZIPPED, "200 OK", "content-encoding: gzip"), answer(b"", "204 No Content"))


@st.composite
def many_answers(draw: st.DrawFn) -> list[list[bytes]]:
    """What a service says to several requests on one connection, each in one piece or two; mostly good answers."""
    found = []
    trailed = st.sampled_from(TRAILERS).map(lambda trailer: TRAILED % trailer)
    for _ in range(draw(st.integers(2, 5))):
        said = draw(st.one_of(trailed, trailed, st.sampled_from(FINE), answers()))
        cut = draw(st.integers(0, len(said)))
        found.append([piece for piece in (said[:cut], said[cut:]) if piece])
    return found


async def asked_often(all_said: list[list[bytes]], *, anew: bool) -> list[object]:
    """What calls on one connection come to, as long as it can be asked; `anew` with a new parser for each."""
    connection = Connection(asyncio.get_running_loop(), LIMIT)
    wire: Any = Wire()
    connection.connection_made(wire)
    found: list[object] = []
    for said in all_said:
        if not connection.usable:
            break
        if anew:
            connection._parser = None
        call = asyncio.ensure_future(connection.ask(b"GET", None, bodiless=False))
        await asyncio.sleep(0)
        for piece in said:
            connection.data_received(piece)
        await asyncio.sleep(0)
        if not call.done():  # it waits for more
            connection.connection_lost(None)
        try:
            found.append(await call)
        except (aiohttp.ClientError, BodyError) as failure:
            found.append(type(failure))
    return found


@given(many_answers())
def test_no_answer_leaves_anything_to_the_next(all_said: list[list[bytes]]):
    """Whatever answers, trailers among them, went before on a connection, the next is read as by a new parser."""
    kept = asyncio.run(asked_often(all_said, anew=False))
    with mock.patch.object(AnswersAtOnce, "read", return_value=None):
        assert kept == asyncio.run(asked_often(all_said, anew=True))


async def test_a_trailer_is_nobodys_header():
    """A trailer belongs to the answer that it ends: the next one on the connection has its own headers alone."""
    first = TRAILED % b"cache-control: public, max-age=60\r\n"
    _, second = await asked_often([[first], [answer(b"{}")]], anew=False)
    assert isinstance(second, Answer)
    assert "cache-control" not in second.headers


@pytest.fixture
async def whole() -> AnswersAtOnce:
    return AnswersAtOnce(asyncio.get_running_loop(), LIMIT)


def read(whole: AnswersAtOnce, said: bytes) -> tuple[int, bytes] | None:
    found = whole.read(said)
    return None if found is None else (found[0].code, found[1])


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (answer(b"{}"), (200, b"{}")),
        (answer(b""), (200, b"")),
        (answer(b"{}", "200 OK", "connection: close"), (200, b"{}")),
        (answer(ZIPPED, "200 OK", "content-encoding: gzip"), (200, b"{}")),
        (answer(b"", "200 OK", "content-encoding: gzip"), (200, b"")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
        (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n", (304, b"")),
        (answer(b"{}")[:-1], None),
        (answer(b"{}")[:20], None),
        (answer(b"{}") + b"{", None),
        (answer(b"x" * (LIMIT + 1)), None),
        (b"HTTP/1.1 100 Continue\r\ncontent-length: 0\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\n\r\n", None),
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", None),
        (b"nonsense\r\n\r\n", None),
    ],
)
def test_plain_answers_are_read_at_once(whole: AnswersAtOnce, said: bytes, found: tuple[int, bytes] | None):
    """An answer with its whole head and body, by a stated length, is read; others are not, nor in the way."""
    assert [read(whole, said), read(whole, answer(b"{}")), read(whole, said)] == [found, (200, b"{}"), found]


def test_a_body_that_cannot_be_used_is_told(whole: AnswersAtOnce):
    """A compressed body that was cut short is no body, though all of its bytes came."""
    with pytest.raises(BodyError, match="cut short"):
        whole.read(answer(ZIPPED[:-1], "200 OK", "content-encoding: gzip"))


def test_who_answers_in_chunks_is_believed_to_go_on(whole: AnswersAtOnce):
    """After one answer in chunks no head is read twice any more."""
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    assert [read(whole, chunked), read(whole, answer(b"{}"))] == [None, None]
