"""One connection of a client: aiohttp's own, with what aiohttp leaves open, and without what it does for nobody.

`graph/serving/door.py` listens with these.

- A `WholeAnswer` is written at once; aiohttp's own way of sending looks each time for cookies, compression, bodies of
  unknown length, signals and HTTP/1.0.
- Reading is resumed where it may have been paused; aiohttp runs its parser once more for each body that was read.
- The head of each request has its bounds in bytes and time, as the first has in `graph/serving/admission.py`, and so
  has what a client sends before it was answered; aiohttp would take 128 lines of a head, and 32 requests.
- A client takes what it is sent, or is cut off: aiohttp would wait for ever, and hold the connection's place and
  all that is to be said meanwhile.
- What is left of a packed body that nobody wants is not unpacked; aiohttp would, to throw it away.
- A request that is none is the client's mistake, and no error in the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple, cast

from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import MAX_MSG_QUEUE_SIZE, RequestHandler

from graph.http.whole_answer import Reply, WholeAnswer, response_of
from graph.serving.admission import too_long

LEAST_TAKEN: Final = 16 << 10
"""Bytes that a client takes within `[limits] send_timeout`, where so many wait for it."""
MOST_AHEAD: Final = 64 << 10
"""Bytes of further requests that are read before the one under way is answered; what the socket gave at once comes on
top.
"""
_log: Final = logging.getLogger("stolon.http")
_WITH_BODY: Final = frozenset({"GET", "POST"})


class Asked(NamedTuple):
    """What connections ask of what is served: these change while they last. Times are in seconds; `ends` says whether
    each answer is the last on its connection.
    """

    head_bytes: int
    head_timeout: Callable[[], float]
    send_timeout: Callable[[], float]
    ends: Callable[[], bool]


class ClientConnections(web.Server):
    """Makes the protocol of each new connection. `replying` answers its requests; options are aiohttp's."""

    def __init__(
        self, replying: Callable[[web.BaseRequest], Awaitable[Reply]], asked: Asked, **options: Any
    ) -> None:
        # aiohttp only awaits it, and gives what it gives to `finish_response` below.
        super().__init__(
            cast("Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]", replying), **options
        )
        self.asked = asked

    def __call__(self) -> RequestHandler:
        """A connection in its first state."""
        return ClientConnection(self, loop=self._loop, **self._kwargs)


class ClientConnection(RequestHandler):
    """The protocol of a connection whose handler may give a `WholeAnswer`."""

    __slots__ = (
        "_ahead",
        "_asked",
        "_head",
        "_head_timer",
        "_taking",
        "_untaken",
        "_was_full",
        "_was_paused",
    )

    def __init__(self, manager: ClientConnections, **options: Any) -> None:
        super().__init__(manager, **options)
        self._asked = manager.asked
        self._was_paused = False
        self._was_full = False
        self._head = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._ahead = 0
        self._untaken = 0
        self._taking: asyncio.TimerHandle | None = None

    # --- reading

    def data_received(self, data: bytes) -> None:
        """Take what came: a request, a part of one, or of those that are to follow it."""
        waiting = self._waiter
        super().data_received(data)
        if waiting is None:
            self._came_ahead(len(data))
        elif not waiting.done():
            self._came_of_head(len(data))
        elif self._head_timer is not None:
            self._end_head()

    def _came_of_head(self, size: int) -> None:
        if self._head_timer is None:
            self._head_timer = self._loop.call_later(self._asked.head_timeout(), self.force_close)
        self._head += size
        if self._head > self._asked.head_bytes and self.transport is not None:
            self.transport.write(too_long(self._asked.head_bytes))
            self._end_head()
            self.force_close()

    def _end_head(self) -> None:
        self._head = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _came_ahead(self, size: int) -> None:
        request = self._current_request
        if (
            request is None
            or self._upgraded
            or self._payload_parser is not None
            or not request.content.is_eof()
        ):
            return
        before, self._ahead = self._ahead, self._ahead + size
        if before <= MOST_AHEAD < self._ahead:
            self._pause_transport_reading()

    def _read_ahead(self) -> None:
        held, self._ahead = self._ahead > MOST_AHEAD, 0
        if held and not self._reading_paused and not self._buffer_paused:
            self._resume_transport_reading()

    def pause_reading(self) -> None:
        """Read no further for now: a body has more than is held of it."""
        self._was_paused = True
        super().pause_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Read on where reading was paused. Bodies ask for it after every chunk; the parser of a connection that was
        paused once may stand still without saying so.
        """
        if self._was_paused:
            super().resume_reading(resume_parser)

    def _read_what_waits(self) -> None:
        # The parser counts a request whose body came after its head twice, and stops one request before the queue is
        # full, where nobody resumes it.
        if len(self._messages) >= MAX_MSG_QUEUE_SIZE - 2:
            self._was_full = True
        elif self._was_full and not self._messages and not self._upgraded:
            self._was_full = False
            self.data_received(b"")

    # --- writing

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer, and say whether the client has gone. What has anything special about it is left to
        aiohttp: HTTP/1.0, a method without a body, a connection that ends or wanted to become another protocol's.
        """
        self._read_what_waits()
        if self._ahead:
            self._read_ahead()
        reply: Reply = resp
        leaves_packed = not request.content.is_eof() and "content-encoding" in request.headers
        if leaves_packed:
            self._lingering_time = 0.0  # reading it away would unpack it
        if leaves_packed or self._asked.ends():
            reply = response_of(reply)
            reply.force_close()  # says `Connection: close`, unless the head has been sent
        if (
            not isinstance(reply, WholeAnswer)
            or request.version != HttpVersion11
            or not request.keep_alive
            or request.method not in _WITH_BODY
            or self._upgraded
        ):
            return await super().finish_response(request, response_of(reply), start_time)
        transport = self.transport
        if transport is None or transport.is_closing():
            return resp, True
        transport.write(reply.written())
        try:
            await self._drain_helper()
        except ConnectionError:
            return resp, True
        return resp, False

    def pause_writing(self) -> None:
        """Write no further until the client takes what waits; it has the time that it is given."""
        super().pause_writing()
        self._expect_taken()

    def resume_writing(self) -> None:
        """Write on."""
        self._end_expecting()
        super().resume_writing()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Nothing more is expected."""
        self._end_expecting()
        self._end_head()
        super().connection_lost(exc)

    def _expect_taken(self) -> None:
        if self.transport is not None:
            self._untaken = self.transport.get_write_buffer_size()
            self._taking = self._loop.call_later(self._asked.send_timeout(), self._see_what_was_taken)

    def _see_what_was_taken(self) -> None:
        if self.transport is None:
            return
        if self._untaken - self.transport.get_write_buffer_size() < LEAST_TAKEN:
            self.transport.abort()
        else:
            self._expect_taken()

    def _end_expecting(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    # --- what is logged

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log what failed here; of a client's malformed request only that there was one, and of which kind."""
        error = kw.get("exc_info")
        if isinstance(error, (HttpProcessingError, web.RequestPayloadError)):
            _log.info("a request was not HTTP as it should be: %s", type(error).__name__)
        else:
            super().log_exception(*args, **kw)
