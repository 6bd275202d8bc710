"""The body of a POST, read within its bounds: so many bytes, unpacked, and so many seconds.

The transports of `graph/transports/` read with it; `graph/http/request_form.py` says what a body holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from graph.http.refused import Refused
from graph.http.request_form import bad

JSON: Final = "application/json"
_USUAL: Final = frozenset({JSON, f"{JSON}; charset=utf-8", f"{JSON};charset=utf-8", f"{JSON};charset=UTF-8"})


async def json_body(request: web.Request, most: int, seconds: float) -> bytes:
    """The bytes of a body that says it is JSON. Raises `Refused`: 415 for other than JSON in UTF-8, 413 over
    `most` bytes, 408 slower than `seconds`, 400 where it cannot be unpacked.
    """
    _check_content_type(request)
    check_announced(request, most)
    content = request.content
    if content.is_eof():  # it came together with its head, as small ones do: nothing to wait for, nor to time
        try:
            whole = content.read_nowait()
        except web.RequestPayloadError:
            raise bad("The request's body cannot be unpacked.") from None
        if len(whole) > most:
            raise too_large(most)
        return whole
    body = bytearray()
    async with arriving(seconds):
        async for chunk in content.iter_any():
            body += chunk
            if len(body) > most:
                raise too_large(most)
    return bytes(body)


def check_announced(request: web.Request, most: int) -> None:
    """Raises `Refused` (413) for a body that is announced larger than may come."""
    announced = request.content_length or 0
    if announced > most:
        raise too_large(most, announced)


@asynccontextmanager
async def arriving(seconds: float) -> AsyncIterator[None]:
    """While entered a body arrives. Raises `Refused`: 408 when it takes longer than this, 400 where it is broken."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        message = f"The request's body took longer than {seconds:g} seconds to arrive."
        raise Refused(408, "REQUEST_TIMEOUT", message) from None
    except web.RequestPayloadError:
        raise bad("The request's body cannot be unpacked.") from None


def too_large(most: int, figure: int | None = None, what: str = "The request's body") -> Refused:
    """The refusal of a body of `figure` bytes; None where reading was given up, and nobody knows."""
    found = f"more than {most}" if figure is None else str(figure)
    return Refused(413, "PAYLOAD_TOO_LARGE", f"{what} has {found} bytes; at most {most} are accepted.")


def _check_content_type(request: web.Request) -> None:
    if request.headers.get("content-type") in _USUAL:  # as nearly all clients write it: nothing to take apart
        return
    charset = (request.charset or "utf-8").strip("\"'").lower()
    if "content-type" not in request.headers or request.content_type != JSON:
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json.")
    if charset not in {"utf-8", "utf8"}:
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be JSON in UTF-8.")
