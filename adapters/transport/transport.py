"""The transport: a `Request` becomes bytes on a socket, and what comes back a `Response` or a failure. The
end of the stack.

Per service a bounded number of kept connections (`adapters/transport/kept_connections.py`), each of which is asked
for one answer at a time (`adapters/transport/connection.py`). aiohttp's session does what this does not want, and
costs twice what is left here: it repeats silently, keeps cookies, and uses a connection again that spoke unasked. No
proxy is taken from the environment. Time is bounded above, by `adapters/policies/deadline.py`; only connecting has
a bound of its own here.

Every exception of a connection and of the operating system is translated here, once:

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

import re
import ssl
from collections.abc import Coroutine
from functools import lru_cache
from importlib import metadata
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from msgspec.structs import replace
from multidict import CIMultiDictProxy
from yarl import URL

from adapters.failures import BadAnswer, NotSent, TimedOut, Unavailable, UpstreamFailure
from adapters.messages import Request, Response
from adapters.service import base_url
from adapters.transport.body import ENCODINGS, BodyError
from adapters.transport.connecting import Connecting
from adapters.transport.kept_connections import ClosedError, KeptConnections
from adapters.transport.redirect import HOPS, followed

CONNECT_TIMEOUT: Final = 3.0
"""Seconds for one connection to be made, TLS included."""

KEEP_ALIVE: Final = 4.0
"""Seconds that an idle connection is kept: less than the 5 of the commonest servers, so that we close first.
"""

_OURS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade",
     "expect", "cookie", "accept-encoding", "proxy-authorization", "proxy-connection"}
)  # fmt: skip
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, section 5.6.2
_TEXT: Final = re.compile(
    r"[\t\x20-\x7e]*"
)  # what lies beyond ASCII has no meaning that all agree on (section 5.5)
_TARGET: Final = re.compile(r"/[\x21\x22\x24-\x7e]*")  # no blank, no control character, no fragment
_BODILESS: Final = ("GET", "HEAD", "OPTIONS", "TRACE")  # without a body they do not say that there is none


def _version() -> str:
    try:
        return metadata.version("stolon")
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return "0"


_DEFAULTS: Final = {
    "accept": "accept: application/json, application/problem+json\r\n",
    "accept-encoding": f"accept-encoding: {ENCODINGS}\r\n",
    "user-agent": f"user-agent: stolon/{_version()}\r\n",
}
"""Lines of a head, by name."""
_DEFAULT_LINES: Final = "".join(_DEFAULTS.values())


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
        base = base_url(url)
        self._origin = str(base.origin())
        self._path = base.raw_path.rstrip("/")
        self._host = f" HTTP/1.1\r\nhost: {base.host_port_subcomponent}\r\n"
        self._connecting = Connecting(base, timeout=connect_timeout, answer_limit=answer_limit, tls=tls)
        self._connections = connections
        self._kept: KeptConnections | None = None

    def __repr__(self) -> str:
        return f"Transport(connections={self._connections}, open={self._kept is not None})"

    async def open(self) -> Self:
        """Makes it ready in the running loop; no connection yet. Opening twice is opening once."""
        if self._kept is None:
            self._kept = KeptConnections(self._connecting, most=self._connections, seconds=KEEP_ALIVE)
        return self

    async def close(self) -> None:
        """Closes every connection; calls that are under way fail. Waits until the sockets are closed."""
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __call__(self, request: Request) -> Coroutine[Any, Any, Response]:
        """Sends once and reads the whole answer; cancelling closes the connection.

        Redirects are followed for GET and HEAD within the origin (`adapters/transport/redirect.py`); any other 3xx is
        the answer. Raises `Unavailable`, `TimedOut` and `BadAnswer` as the module says, and `NotSent` for a
        request that must not leave: a header that is the transport's own or holds other than printable ASCII,
        a target that is no path, a method that is none.
        """
        if _TARGET.fullmatch(request.target) is None:
            raise NotSent(
                f"{request.service}: the target of {request.operation} is not a percent-encoded path"
            )
        method = _method(request.method)
        if method is None:
            raise NotSent(f"{request.service}: the method of {request.operation} is not an HTTP method")
        fields = self._host + _outgoing(request, method)
        return self._exchange(request, method, f" {self._path}{request.target}{fields}", fields)

    async def _followed(self, request: Request, method: str, response: Response, fields: str) -> Response:
        # Encoded already: yarl must neither decode nor encode again, or `%2F` would become a slash.
        url = URL(f"{self._origin}{self._path}{request.target}", encoded=True)
        for _ in range(HOPS):
            onward = followed(request, url, response)
            if onward is None:
                break
            url = onward
            response = await self._exchange(request, method, f" {url.raw_path_qs}{fields}")
            response = replace(response, moved=True)
        return response

    async def _exchange(
        self, request: Request, method: str, rest: str, onward: str | None = None
    ) -> Response:
        """The answer; where it leads elsewhere, what is there, `onward` being the head's fields for that."""
        kept = self._kept
        if kept is None:
            raise _closed(request)
        try:
            connection = kept.idle() or await kept.take()
            try:
                if connection.usable:
                    request.departure.mark()  # from here on it may have left
                status, headers, body = await connection.ask(
                    f"{method}{rest}".encode("ascii"), request.body, bodiless=method == "HEAD"
                )
            finally:
                kept.give_back(connection)
        except ClosedError:
            raise _closed(request) from None
        except (aiohttp.ClientError, OSError, BodyError) as failure:
            raise _translated(request, failure) from failure
        if self._kept is not kept:  # closed while this answer was on its way up
            raise _closed(request)
        response = Response(status, _joined(headers), body)
        if onward is None or not 300 <= status < 400:
            return response
        return await self._followed(request, method, response, onward)


def _closed(request: Request) -> Unavailable:
    return Unavailable(f"{request.service}: the transport is closed", sent=request.departure.sent)


def _outgoing(request: Request, method: str) -> str:
    """The fields of the request's head, and its end."""
    body = request.body
    lines: dict[str, str] = {}
    if body is not None:
        lines["content-type"] = "content-type: application/json\r\n"
    for name, text in request.headers.items():
        low = _field(name)
        if low is None:
            raise NotSent(
                f"{request.service}: the header {name.lower()!r} must not be set on {request.operation}"
            )
        if not (text.isascii() and text.isprintable()) and _TEXT.fullmatch(text) is None:
            raise NotSent(
                f"{request.service}: the header {low!r} of {request.operation} holds what no header may"
            )
        lines[low] = f"{low}: {text}\r\n"
    if body is not None or method not in _BODILESS:  # RFC 9110, section 8.6
        lines["content-length"] = f"content-length: {len(body or b'')}\r\n"
    defaults = _DEFAULT_LINES
    if not _DEFAULTS.keys().isdisjoint(lines):
        defaults = "".join([line for name, line in _DEFAULTS.items() if name not in lines])
    return f"{defaults}{''.join(lines.values())}\r\n"


@lru_cache(maxsize=1024)
def _field(name: str) -> str | None:
    """The name in lower case; None where it is no name (RFC 9110, section 5.6.2) or the transport's own."""
    low = name.lower()
    return None if low in _OURS or _TOKEN.fullmatch(name) is None else low


@lru_cache(maxsize=64)
def _method(name: str) -> str | None:
    """The method as it is sent; None where it is none (RFC 9110, section 9.1)."""
    return None if _TOKEN.fullmatch(name) is None else name.upper()


def _joined(fields: CIMultiDictProxy[str]) -> dict[str, str]:
    joined = {name.lower(): text for name, text in fields.items()}
    if len(joined) == len(fields) and "set-cookie" not in joined:
        return joined
    joined.clear()
    for name, text in fields.items():
        low = name.lower()
        # Cookies are nobody's here, and the one field that must not be joined (RFC 9110, section 5.3).
        if low != "set-cookie":
            joined[low] = f"{joined[low]}, {text}" if low in joined else text
    return joined


def _translated(request: Request, failure: BaseException | None) -> UpstreamFailure:
    """The failure for an exception of a connection or the system. Names the exception's class only: texts hold
    URLs.
    """
    sent = request.departure.sent
    what = f"{request.service}: {request.operation}: {type(failure).__name__}"
    if isinstance(failure, BodyError):
        return BadAnswer(f"{request.service}: {request.operation}: {failure}", sent=True)
    if isinstance(failure, aiohttp.ClientResponseError | aiohttp.ClientPayloadError):
        return BadAnswer(what, sent=True)
    if (
        isinstance(failure, TimeoutError) and failure.errno is None
    ):  # not the system's: that one gave up by itself
        return TimedOut(what, sent=sent)
    return Unavailable(what, sent=sent)
