"""GraphQL over POST (GraphQL over HTTP, section 5.4): one JSON object in the body.

`graph/http.py` gives it requests; the document goes on to `graph/exchange.py`. Only `application/json` is
read: a page of another site cannot send that without the browser asking first (CORS), so that simple
cross-site requests are refused.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from aiohttp import web

from graph.exchange import Exchange
from graph.executor import GraphQLRequest
from graph.refused import Refused

METHOD: Final = "POST"
BODY_SECONDS: Final = 30.0


class _Body(msgspec.Struct, rename="camel"):
    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


class Post:
    """Answers POST requests. `body_limit` is in bytes, unpacked; `body_seconds` the longest that a body may
    take to come.
    """

    method = METHOD

    def __init__(self, body_limit: int, body_seconds: float = BODY_SECONDS) -> None:
        self._body_limit = body_limit
        self._body_seconds = body_seconds
        self._decoder = msgspec.json.Decoder(_Body)

    def supports(self, request: web.Request) -> bool:
        """Whether the request came over POST."""
        return request.method == METHOD

    async def respond(self, request: web.Request, exchange: Exchange) -> web.StreamResponse:
        """The answer. Raises `Refused`: 415 for other than JSON in UTF-8, 413 over the limit, 408 too slow,
        400 malformed.
        """
        _check_content_type(request)
        body = self._decoded(await self._read(request))
        document = GraphQLRequest(
            query=body.query,
            variables=body.variables or {},
            operation_name=body.operation_name or None,
            extensions=body.extensions or {},
        )
        return await exchange.answer(document, may_mutate=True)

    async def _read(self, request: web.Request) -> bytes:
        too_large = Refused(
            413, "PAYLOAD_TOO_LARGE", f"The request's body is larger than {self._body_limit} bytes."
        )
        if (request.content_length or 0) > self._body_limit:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_seconds):
                async for chunk in request.content.iter_any():
                    body += chunk
                    if len(body) > self._body_limit:
                        raise too_large
        except TimeoutError:
            raise Refused(408, "REQUEST_TIMEOUT", "The request's body took too long to arrive.") from None
        except web.RequestPayloadError:
            raise Refused(400, "BAD_REQUEST", "The request's body cannot be unpacked.") from None
        return bytes(body)

    def _decoded(self, body: bytes) -> _Body:
        try:
            body.decode()  # whole: msgspec looks only at what it takes
            found = self._decoder.decode(body)
        except msgspec.ValidationError as error:  # names types and keys, never a value
            raise Refused(400, "BAD_REQUEST", f"The body is no GraphQL request: {error}.") from None
        except UnicodeDecodeError:
            raise Refused(400, "BAD_REQUEST", "The body is not UTF-8.") from None
        except (msgspec.DecodeError, RecursionError):
            raise Refused(400, "BAD_REQUEST", "The body is no valid JSON.") from None
        if not found.query:
            raise Refused(400, "BAD_REQUEST", "The body is no GraphQL request: query is empty.")
        return found


def _check_content_type(request: web.Request) -> None:
    charset = (request.charset or "utf-8").strip("\"'").lower()
    if "content-type" not in request.headers or request.content_type != "application/json":
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json.")
    if charset not in {"utf-8", "utf8"}:
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be JSON in UTF-8.")
