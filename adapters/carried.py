"""Where credentials stand in a request: a header, or a query parameter. Pure.

Each way of `adapters/credentials.py` puts its own there with these, and takes away what stood there before: nobody
but a way says who a call is from.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import quote, unquote_plus

from adapters.messages import Request

AUTHORIZATION: Final = "authorization"


def bare(request: Request) -> Request:
    """The request without an `authorization` of its own."""
    if AUTHORIZATION not in request.headers:
        return request
    return replace(
        request, headers={name: text for name, text in request.headers.items() if name != AUTHORIZATION}
    )


def with_header(request: Request, name: str, text: str) -> Request:
    """The request with this header, and without an `authorization` of its own."""
    return replace(request, headers={**bare(request).headers, name: text})


def bearing(request: Request, token: str) -> Request:
    """The request with a bearer token (RFC 6750, section 2.1)."""
    return with_header(request, AUTHORIZATION, f"Bearer {token}")


def with_query(request: Request, name: str, text: str) -> Request:
    """The request with this query parameter, without those of its name that it held, however they are encoded,
    and without an `authorization` of its own.
    """
    path, _, query = request.target.partition("?")
    kept = [one for one in query.split("&") if one and unquote_plus(one.partition("=")[0]) != name]
    pair = f"{quote(name, safe='')}={quote(text, safe='')}"
    return replace(bare(request), target=f"{path}?{'&'.join([*kept, pair])}")
