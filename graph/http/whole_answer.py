"""An HTTP answer whose head and body are known at once.

`graph/http/exchange.py` makes one for each answer; `graph/serving/client_connection.py` writes it. Whatever else
stands between the two, such as a router with middlewares, gets it as aiohttp's own response (`response_of`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, TypeAlias

import msgspec
from aiohttp import hdrs, web
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import SERVER_SOFTWARE
from aiohttp.http_writer import _serialize_headers
from multidict import CIMultiDict

_STATUS_LINES: Final = {int(status): f"HTTP/1.1 {status} {status.phrase}" for status in HTTPStatus}


class WholeAnswer(msgspec.Struct, eq=False):
    """A status that has a body, the body, and the headers that say what the body is."""

    status: int
    body: bytes
    headers: CIMultiDict[str]

    @property
    def keep_alive(self) -> bool:
        """What may be said of it on a connection that ends is said by aiohttp's own response."""
        return True

    def written(self) -> bytes:
        """What is sent in HTTP/1.1, on a connection that stays open: the bytes that aiohttp would send. Raises
        ValueError for a header with a line break in it.
        """
        headers = self.headers
        headers[hdrs.CONTENT_LENGTH] = str(len(self.body))
        headers[hdrs.DATE] = rfc822_formatted_time()
        headers[hdrs.SERVER] = SERVER_SOFTWARE
        return _serialize_headers(_STATUS_LINES[self.status], headers) + self.body

    def response(self) -> web.Response:
        """The same as aiohttp's response."""
        return web.Response(status=self.status, body=self.body, headers=self.headers)


Reply: TypeAlias = web.StreamResponse | WholeAnswer
"""What a request is answered with."""

Replying: TypeAlias = Callable[[web.Request], Awaitable[Reply]]


def response_of(reply: Reply) -> web.StreamResponse:
    """The reply in the form in which aiohttp takes it from handlers."""
    return reply.response() if isinstance(reply, WholeAnswer) else reply


def routed(replying: Replying) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The same as a handler for aiohttp's router."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return response_of(await replying(request))

    return handle
