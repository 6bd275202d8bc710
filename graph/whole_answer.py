"""An HTTP answer whose head and body are known at once, and leave at once.

`graph/exchange.py` makes one for each answer. aiohttp's own way of sending must allow for cookies, compression,
bodies of unknown length, signals and HTTP/1.0, all of which it looks for each time; where `graph/served.py` found
that none of it can be, this sends the same bytes in two calls of aiohttp's writer.
"""

from __future__ import annotations

from typing import Final

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import SERVER_SOFTWARE
from multidict import CIMultiDict

_WITH_BODY: Final = frozenset({"GET", "POST"})


class WholeAnswer(web.Response):
    """A response of a status that has a body. It `goes_straight` where its request came past router, middlewares
    and signals.
    """

    def __init__(self, status: int, body: bytes, headers: CIMultiDict[str]) -> None:
        super().__init__(status=status, body=body, headers=headers)
        self.goes_straight = False
        self._whole = body
        self._sent: AbstractStreamWriter | None = None

    @property
    def size(self) -> int:
        """The bytes of the body, sent or not."""
        return len(self._whole)

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection stays open: None before that is known."""
        return super().keep_alive if self._sent is None else True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write the head, which leaves with the body."""
        if (
            not self.goes_straight
            or request.method not in _WITH_BODY
            or request.version != HttpVersion11
            or not request.keep_alive
            or self.keep_alive is not None  # it is the last one on its connection
        ):
            return await super().prepare(request)
        headers = self.headers
        headers[hdrs.CONTENT_LENGTH] = str(len(self._whole))
        headers[hdrs.DATE] = rfc822_formatted_time()
        headers[hdrs.SERVER] = SERVER_SOFTWARE
        self._sent = writer = request.writer
        await writer.write_headers(f"HTTP/1.1 {self.status} {self.reason}", headers)
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Write the body."""
        if self._sent is None:
            await super().write_eof(data)
        else:
            await self._sent.write_eof(self._whole)
