"""One connection to a service: a request's bytes go out, and the answer to them comes back, whole.

HTTP/1.1 (RFC 9112) is read by aiohttp's parser, which is llhttp; what stands between it and a call is no more than it
needs: no session, one future. `adapters/transport/answer_at_once.py` reads what comes at once,
`adapters/transport/kept_connections.py` has the connections of a service, and `adapters/transport/transport.py`
makes the bytes and translates what is raised here.
"""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple, cast

import aiohttp
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpProcessingError, HttpResponseParser, RawResponseMessage
from aiohttp.streams import StreamReader
from multidict import CIMultiDictProxy

from adapters.transport.answer_at_once import BODILESS, AnswersAtOnce, new_parser
from adapters.transport.body import Body, BodyError

_INTERIM: Final = 16  # answers of 1xx before the one that counts; real ones have none or one
_EARLY: Final = 64 * 1024  # bytes that a new connection may say before it is asked
_PIECE: Final = 64 * 1024
_LARGE: Final = 256 * 1024


class Answer(NamedTuple):
    """One whole answer, its body unfolded."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes


class Connection(asyncio.Protocol):
    """Asked once at a time. `limit` bounds a body in bytes, as it travels and as it unfolds.

    RFC 9112, section 9.2: what comes on a kept connection without a request is no answer, and the connection is
    closed at once. A new one may speak first: an overloaded service says 503 as it accepts.
    """

    __slots__ = (
        "_bodiless",
        "_body",
        "_early",
        "_fed",
        "_fit",
        "_head",
        "_interim",
        "_limit",
        "_loop",
        "_lost",
        "_parser",
        "_paused",
        "_payload",
        "_rest",
        "_transport",
        "_waiter",
        "_whole",
        "_with_body",
        "usable",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: int) -> None:
        self._loop = loop
        self._limit = limit
        self._lost: asyncio.Future[None] = loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._paused = False
        self._rest: memoryview | None = None  # of a large body, what was not written yet
        self._early: bytes | None = b""  # None once it was asked
        self._whole = AnswersAtOnce(loop, limit)
        self._parser: HttpResponseParser | None = None  # of other answers, with bodies or without
        self._with_body = True
        # Failures land as results: a future whose exception nobody came to fetch would be logged as a bug.
        self._waiter: asyncio.Future[Answer | Exception] | None = None
        # Of the answer that is coming.
        self._fed = self._bodiless = False
        self._head: RawResponseMessage | None = None
        self._payload: StreamReader | None = None
        self._body: Body | None = None
        self._interim = 0
        self._fit = True  # for another request, once this one is answered
        self.usable = True
        """Whether it may be asked: it is open, and said nothing but answers, each of them whole and asked for."""

    async def ask(self, head: bytes, body: bytes | None, *, bodiless: bool) -> Answer:
        """The answer to a request; `bodiless` where it has none, whatever its head says, as to HEAD.

        Raises ClientError where the connection or the answer is broken, and BodyError for a body that cannot be used.
        Whatever ends this but a whole answer leaves the connection unusable; then it is for the caller to close.
        """
        transport = self._transport
        if transport is None or not self.usable:
            raise aiohttp.ServerDisconnectedError
        self.usable = False
        self._fed, self._bodiless, self._interim = False, bodiless, 0
        waiter: asyncio.Future[Answer | Exception] = self._loop.create_future()
        self._waiter = waiter
        if body is None:
            transport.write(head)
        elif len(body) < _LARGE:
            transport.write(head + body)
        else:
            # In pieces, as the service takes them: the whole at once would be encrypted, or copied, at once.
            transport.write(head)
            self._rest = memoryview(body)
            self._write_on()
        early, self._early = self._early, None
        if early:
            # Whoever speaks first may answer the request as well: that answer would be the next one's.
            self._fit = False
            self.data_received(early)
        try:
            outcome = await waiter
        finally:
            # An idle connection would hold an answer, and what its caller asked, for as long as it is kept.
            self._waiter = self._rest = self._head = self._payload = self._body = None
            if not self.usable:
                self._parser = None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _parser_for_all(self) -> HttpResponseParser:
        """Of whatever answer comes: the last one's, where that came to its end and was of the same kind."""
        if self._parser is not None and (self._head is not None or self._with_body is not self._bodiless):
            return self._parser
        self._with_body = not self._bodiless
        protocol = cast("BaseProtocol", self)  # as far as the parser's payloads go
        self._parser = new_parser(protocol, self._loop, self._limit, with_body=self._with_body)
        return self._parser

    def end(self, failure: Exception | None = None) -> None:
        """Closes the connection without waiting for anything; a call that is under way fails with this."""
        self.usable = False
        self._rest = None
        if failure is not None:
            self._land(failure)
        if self._transport is not None:
            self._transport.abort()

    async def lost(self) -> None:
        """Waits until the socket is closed."""
        await asyncio.shield(self._lost)

    # What the loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast(
            "asyncio.Transport", transport
        )  # the loop makes this protocol for TCP and TLS alone

    def data_received(self, data: bytes) -> None:
        """These bytes came."""
        waiter = self._waiter
        if waiter is None or waiter.done():
            self._unasked(data)
            return
        try:
            if not self._fed:
                self._fed = True
                whole = None if self._bodiless else self._whole.read(data)
                if whole is not None:
                    message, body = whole
                    self.usable = self._may_stay(message)
                    waiter.set_result(Answer(message.code, message.headers, body))
                    return
            messages, upgraded, _ = self._parser_for_all().feed_data(data)
            if upgraded:
                raise aiohttp.ClientPayloadError("an upgrade that nobody asked for")
            for message, payload in messages:
                self._begin(message, payload)
            self._take()
        except (BodyError, aiohttp.ClientError) as failure:
            self._land(failure)
        except (HttpProcessingError, ValueError) as failure:
            self._land(_malformed(failure))

    def eof_received(self) -> None:
        """The service says no more. The loop closes the connection."""
        self.usable = self._fit = False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed, by whomever."""
        self.usable = False
        self._transport = self._rest = None
        if not self._lost.done():
            self._lost.set_result(None)
        if self._waiter is None:
            self._parser = None  # or the two would hold each other
        elif not self._waiter.done():
            self._ended(exc)

    def pause_writing(self) -> None:
        """What was written is more than the service takes at once."""
        self._paused = True

    def resume_writing(self) -> None:
        """The service took what was written."""
        self._paused = False
        self._write_on()

    # What the parser's payloads ask of a protocol. They are read as they come, and bounded here.

    def pause_reading(self) -> None:
        """Nothing to do: what came is read before more does."""

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Nothing to do: reading never paused."""

    def _write_on(self) -> None:
        while self._rest and not self._paused and self._transport is not None:
            piece, self._rest = self._rest[:_PIECE], self._rest[_PIECE:]
            self._transport.write(piece)

    def _unasked(self, data: bytes) -> None:
        if self._early is None or len(self._early) + len(data) > _EARLY:
            self.end()
        else:
            self._early += data

    def _begin(self, message: RawResponseMessage, payload: StreamReader) -> None:
        if self._head is not None:
            self._fit = False  # the first answer is the one that was asked for
        elif 100 <= message.code < 200:
            self._interim += 1
            if self._interim > _INTERIM:
                raise aiohttp.ClientPayloadError("too many interim answers")
        else:
            self._head, self._payload = message, payload
            if message.code in BODILESS:
                self._bodiless = True
            if self._bodiless:
                return
            encoding = message.headers.get("content-encoding")
            if encoding is not None:
                self._body = Body(encoding, self._limit)
            stated = None if payload.is_eof() else message.headers.get("content-length")
            if stated is not None and int(stated) > self._limit:
                raise BodyError(f"the body is longer than {self._limit} bytes")

    def _take(self) -> None:
        """Reads what came of the body, and lands when that was the last of it."""
        head, payload, body = self._head, self._payload, self._body
        if head is None or payload is None:
            return
        ended = payload.is_eof()
        if self._bodiless:
            whole = b""
        elif body is None and ended:
            whole = payload.read_nowait()
            if len(whole) > self._limit:
                raise BodyError(f"the body is longer than {self._limit} bytes")
        else:
            if body is None:
                self._body = body = Body(None, self._limit)
            body.feed(payload.read_nowait())
            if not ended:
                return
            whole = body.whole()
        self.usable = (
            ended
            and self._may_stay(head)
            # Or else the parser holds the beginning of something that nobody asked for.
            and (self._parser is None or self._parser.feed_eof() is None)
        )
        if head.chunked:
            # The parser holds back the last line of a trailer, and would give it to the next answer as its header.
            self._parser = None
        self._land(Answer(head.code, head.headers, whole))

    def _may_stay(self, head: RawResponseMessage) -> bool:
        """Whether nothing speaks against another request once the answer with this head was whole."""
        return self._fit and not head.should_close and not self._rest and self._transport is not None

    def _ended(self, exc: Exception | None) -> None:
        """What a call comes to whose connection was closed before its answer was whole."""
        failed = aiohttp.ClientOSError(*exc.args) if isinstance(exc, OSError) else None
        if self._head is None or self._parser is None:
            self._land(failed or aiohttp.ServerDisconnectedError())
            return
        try:
            self._parser.feed_eof()
            # RFC 9112, section 8: a body without a length is whole where its connection ends, unless that failed.
            if failed is not None:
                raise BodyError("the connection failed in the middle of the body")
            self._take()
        except BodyError as failure:
            self._land(failure)
        except (HttpProcessingError, ValueError) as failure:
            self._land(_malformed(failure))

    def _land(self, outcome: Answer | Exception) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(outcome)


def _malformed(failure: Exception) -> Exception:
    # Nothing of the parser's own error is kept: its text may hold what the service said.
    return aiohttp.ClientPayloadError(type(failure).__name__)
