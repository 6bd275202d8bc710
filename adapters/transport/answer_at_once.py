"""An answer that came at once, read at once: its head by aiohttp's parser, which is llhttp, its body by its length.

Most answers are short, and one read of the socket brings them whole. The parser would make a stream for each body,
with all that it takes to wait for more; here nothing is waited for. What is not as plain as that,
`adapters/transport/connection.py` reads from its beginning as it reads all others.
"""

from __future__ import annotations

import asyncio
from typing import Final, cast

import aiohttp
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpProcessingError, HttpResponseParser, RawResponseMessage

from adapters.transport.body import Body

_LINE: Final = 8 * 1024
_FIELD: Final = 16 * 1024
_FIELDS: Final = 128
BODILESS: Final = (204, 304)  # RFC 9110, sections 15.3.5 and 15.4.5
_END: Final = b"\r\n\r\n"


def new_parser(
    protocol: BaseProtocol | None, loop: asyncio.AbstractEventLoop, limit: int, *, with_body: bool
) -> HttpResponseParser:
    """A parser of answers, bounded as all of them are; or of heads alone, whatever they say of bodies."""
    return HttpResponseParser(
        cast("BaseProtocol", protocol),
        loop,
        limit,
        max_line_size=_LINE,
        max_field_size=_FIELD,
        max_headers=_FIELDS,
        payload_exception=aiohttp.ClientPayloadError,
        response_with_body=with_body,
        read_until_eof=True,
        auto_decompress=False,
    )


class AnswersAtOnce:
    """The answers of one connection, as far as they come at once. `limit` bounds a body in bytes."""

    __slots__ = ("_limit", "_loop", "_parser", "_stated")

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: int) -> None:
        self._loop = loop
        self._limit = limit
        self._parser: HttpResponseParser | None = None  # of heads, each of them whole
        self._stated = True

    def read(self, data: bytes) -> tuple[RawResponseMessage, bytes] | None:
        """The message and its body, unfolded, where these bytes are one whole answer to a request that was no HEAD;
        else None. Raises BodyError for a body that cannot be used.
        """
        end = data.find(_END) + len(_END) if self._stated else 0
        if end < len(_END):
            return None
        message = self._head(data[:end])
        if message is None or message.chunked:
            self._stated = message is None  # a service that does not say how long its answers are never does
            return None
        headers, bodiless = message.headers, message.code in BODILESS
        stated = "0" if bodiless else headers.get("content-length")
        size = len(data) - end
        # As text, since `+5` is a number too: the parser took it for digits, and so does nobody else.
        if stated != str(size) or message.code < 200 or size > self._limit:
            return None
        encoding = None if bodiless else headers.get("content-encoding")
        if encoding is None:
            return message, data[end:]
        body = Body(encoding, self._limit)
        body.feed(data[end:])
        return message, body.whole()

    def _head(self, head: bytes) -> RawResponseMessage | None:
        parser, self._parser = self._parser, None
        if parser is None:
            # Without a protocol, since there are no streams that would ask anything of it.
            parser = new_parser(None, self._loop, self._limit, with_body=False)
        try:
            messages, upgraded, _ = parser.feed_data(head)
            if upgraded or len(messages) != 1 or parser.feed_eof() is not None:
                return None
        except (HttpProcessingError, ValueError):
            return None  # whatever is wrong is told by whom it is read then
        message: RawResponseMessage = messages[0][0]
        if not message.should_close:
            self._parser = parser
        return message
