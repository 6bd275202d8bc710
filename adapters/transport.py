"""The transport: a `Request` becomes bytes on a socket, and what comes back a `Response` or a failure. The
end of the stack.

One aiohttp session per service, with keep-alive and bounds. It tries once: aiohttp's own silent retry never
happens, no connection that spoke unasked is used again (`adapters/kept_connections.py`), no cookie is kept,
no proxy is taken from the environment. Time is bounded above, by `adapters/deadline.py`; only connecting has
a bound of its own here.

Every exception of aiohttp and the operating system is translated here, once:

| what happened | failure |
| --- | --- |
| refused, DNS, TLS | `Unavailable(sent=False)` |
| reset or closed before an answer | `Unavailable(sent=True)` |
| connecting took too long | `TimedOut(sent=False)` |
| malformed, cut short, headers or body over a bound, an encoding not offered | `BadAnswer(sent=True)` |

A kept connection that the service closes just as a request goes out is the second row: whether the service
read the request cannot be known.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from importlib import metadata
from io import BytesIO
from types import SimpleNamespace, TracebackType
from typing import Final, Self

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from multidict import CIMultiDictProxy
from yarl import URL

from adapters.body import ENCODINGS, Body, BodyError
from adapters.failures import BadAnswer, NotSent, TimedOut, Unavailable, UpstreamFailure
from adapters.kept_connections import Answer, KeptConnections
from adapters.messages import Request, Response
from adapters.redirect import HOPS, followed
from adapters.service import base_url

CONNECT_TIMEOUT: Final = 3.0
"""Seconds for one connection to be made, TLS included."""

KEEP_ALIVE: Final = 4.0
"""Seconds that an idle connection is kept: less than the 5 of the commonest servers, so that we close first.
"""

_LINE: Final = 8 * 1024
_FIELD: Final = 16 * 1024
_FIELDS: Final = 128
_PIECE: Final = 64 * 1024
_LARGE: Final = 256 * 1024

_OURS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade",
     "expect", "cookie", "accept-encoding", "proxy-authorization", "proxy-connection"}
)  # fmt: skip
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, section 5.6.2
_TEXT: Final = re.compile(
    r"[\t\x20-\x7e]*"
)  # aiohttp would send anything beyond ASCII as UTF-8, which no RFC foresees
_TARGET: Final = re.compile(r"/[\x21\x22\x24-\x7e]*")  # no blank, no control character, no fragment


def _version() -> str:
    try:
        return metadata.version("stolon")
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return "0"


_DEFAULTS: Final = {
    "accept": "application/json, application/problem+json",
    "accept-encoding": ENCODINGS,
    "user-agent": f"stolon/{_version()}",
}


class _OnceError(Exception):
    """Carries a failure past aiohttp's own retry, which looks for the exceptions that it repeats by class."""


async def _once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    try:
        return await handler(request)
    except (aiohttp.ClientError, OSError) as failure:
        raise _OnceError from failure


async def _headers_sent(_: object, context: SimpleNamespace, __: object) -> None:
    # aiohttp says this just before it writes the first byte: from here on it may have left.
    context.trace_request_ctx.mark()


class Transport:
    """The connections to one service: a `Send`, opened inside the loop that uses it.

    `url` is the base URL; raises ValueError as `adapters.service.base_url` does. `connections` bounds the
    sockets, further calls wait for one; `answer_limit` bounds a body in bytes, before and after
    decompression. `tls` verifies and is verified in the place of the system's context.
    """

    def __init__(
        self,
        url: str,
        *,
        connections: int,
        answer_limit: int,
        connect_timeout: float = CONNECT_TIMEOUT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._base = base_url(url)
        self._connections = connections
        self._answer_limit = answer_limit
        self._connect_timeout = connect_timeout
        self._tls: ssl.SSLContext | bool = True if tls is None else tls  # True: verified as the system does
        self._session: aiohttp.ClientSession | None = None
        self._reading: set[ClientResponse] = set()

    def __repr__(self) -> str:
        return f"Transport(connections={self._connections}, open={self._session is not None})"

    async def open(self) -> Self:
        """Makes the session in the running loop. Opening twice is opening once."""
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_headers_sent)
            self._session = aiohttp.ClientSession(
                connector=KeptConnections(
                    limit=self._connections, keepalive_timeout=KEEP_ALIVE, ssl=self._tls
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_timeout),
                auto_decompress=False,
                trust_env=False,
                raise_for_status=False,
                skip_auto_headers=("content-type",),
                max_line_size=_LINE,
                max_field_size=_FIELD,
                max_headers=_FIELDS,
                read_bufsize=_PIECE,
                trace_configs=[trace],
                middlewares=(_once,),
                response_class=Answer,
            )
        return self

    async def close(self) -> None:
        """Closes every connection; calls that are under way fail. Waits until the sockets are closed."""
        session, self._session = self._session, None
        for answer in tuple(self._reading):
            answer.close()  # aiohttp closes the connection below a reader without telling it
        if session is not None:
            await session.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def __call__(self, request: Request) -> Response:
        """Sends once and reads the whole answer; cancelling closes the connection.

        Redirects are followed for GET and HEAD within the origin (`adapters/redirect.py`); any other 3xx is
        the answer. Raises `Unavailable`, `TimedOut` and `BadAnswer` as the module says, and `NotSent` for a
        request that must not leave: a header that is the transport's own or holds other than printable ASCII,
        a target that is no path.
        """
        headers = _outgoing(request)
        if _TARGET.fullmatch(request.target) is None:
            raise NotSent(
                f"{request.service}: the target of {request.operation} is not a percent-encoded path"
            )
        # Encoded already: yarl must neither decode nor encode again, or `%2F` would become a slash.
        prefix = f"{self._base.origin()}{self._base.raw_path.rstrip('/')}"
        url = URL(prefix + request.target, encoded=True)
        for _ in range(HOPS):
            response = await self._exchange(request, url, headers)
            onward = followed(request, url, response)
            if onward is None:
                return response
            url = onward
        return await self._exchange(request, url, headers)

    async def _exchange(self, request: Request, url: URL, headers: dict[str, str]) -> Response:
        session = self._session
        if session is None or session.closed:
            raise _closed(request)
        try:
            answer = await session.request(
                request.method,
                url,
                headers=headers,
                data=_in_pieces(request.body),
                allow_redirects=False,
                trace_request_ctx=request.departure,
            )
            self._reading.add(answer)
            try:
                if self._session is not session:  # closed while this answer was on its way up
                    raise _closed(request)
                body = await self._body(answer)
            finally:
                self._reading.discard(answer)
                answer.close()  # of an answer that was read to its end, the connection is back in the pool already
        except _OnceError as carried:
            raise _translated(request, carried.__cause__) from carried.__cause__
        except (aiohttp.ClientError, OSError, BodyError) as failure:
            raise _translated(request, failure) from failure
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._session is session or task is None or task.cancelling():
                raise
            # Nobody cancelled this call: closing a session cancels what waits for a connection.
            raise _closed(request) from None
        return Response(answer.status, _joined(answer.headers), body)

    async def _body(self, answer: ClientResponse) -> bytes:
        stated = answer.content_length
        if stated is not None and stated > self._answer_limit and answer.method != "HEAD":
            raise BodyError(f"the body is longer than {self._answer_limit} bytes")
        body = Body(answer.headers.get("content-encoding"), self._answer_limit)
        async for piece in answer.content.iter_any():
            body.feed(piece)
        if isinstance(answer, Answer) and answer.broken_off:
            raise BodyError("the connection failed in the middle of the body")
        return body.whole()


def _closed(request: Request) -> Unavailable:
    return Unavailable(f"{request.service}: the transport is closed", sent=request.departure.sent)


def _in_pieces(body: bytes | None) -> bytes | BytesIO | None:
    # aiohttp writes bytes in one go and a file in pieces, waiting for the peer in between.
    return BytesIO(body) if body is not None and len(body) >= _LARGE else body


def _outgoing(request: Request) -> dict[str, str]:
    headers = dict(_DEFAULTS)
    if request.body is not None:
        headers["content-type"] = "application/json"
    for name, text in request.headers.items():
        low = name.lower()
        if low in _OURS or _TOKEN.fullmatch(name) is None:
            raise NotSent(f"{request.service}: the header {low!r} must not be set on {request.operation}")
        if _TEXT.fullmatch(text) is None:
            raise NotSent(
                f"{request.service}: the header {low!r} of {request.operation} holds what no header may"
            )
        headers[low] = text
    return headers


def _joined(fields: CIMultiDictProxy[str]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, text in fields.items():
        low = name.lower()
        # Cookies are nobody's here, and the one field that must not be joined (RFC 9110, section 5.3).
        if low != "set-cookie":
            joined[low] = f"{joined[low]}, {text}" if low in joined else text
    return joined


def _translated(request: Request, failure: BaseException | None) -> UpstreamFailure:
    """The failure for an exception of aiohttp or the system. Names the exception's class only: texts hold
    URLs.
    """
    sent = request.departure.sent
    what = f"{request.service}: {request.operation}: {type(failure).__name__}"
    if isinstance(failure, BodyError):
        return BadAnswer(f"{request.service}: {request.operation}: {failure}", sent=True)
    if isinstance(failure, aiohttp.ClientResponseError | aiohttp.ClientPayloadError):
        return BadAnswer(what, sent=True)
    if isinstance(failure, asyncio.TimeoutError):
        return TimedOut(what, sent=sent)
    return Unavailable(what, sent=sent)
