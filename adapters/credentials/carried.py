"""Where credentials stand in a request: a header, or a query parameter. Pure.

Each way of `adapters/credentials/credentials.py` puts its own there with these, and takes away what stood there
before: nobody but a way says who a call is from.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from msgspec.structs import replace

from adapters.messages import Request, Response

AUTHORIZATION: Final = "authorization"
_ESCAPE: Final = re.compile("%[0-9A-F]{2}")
HIDDEN: Final = "[key]"
"""What stands in an answer where a key of a query stood."""


def bare(request: Request) -> Request:
    """The request without an `authorization` of its own."""
    if AUTHORIZATION not in request.headers:
        return request
    return request.carrying({name: text for name, text in request.headers.items() if name != AUTHORIZATION})


def with_header(request: Request, name: str, text: str) -> Request:
    """The request with this header, and without an `authorization` of its own."""
    headers = {**request.headers, name: text}
    if name != AUTHORIZATION:
        headers.pop(AUTHORIZATION, None)
    return request.carrying(headers)


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


def key_of(target: str) -> str:
    """The text that `with_query` put into a target."""
    return unquote(target.rpartition("=")[2])


def scrubbed(response: Response, key: str) -> Response:
    """The answer without the key, raw or encoded: services repeat a request's URL in `next` links, in `Link` headers
    and in what they complain of, and all of these may reach clients.
    """
    encoded = quote(key, safe="")
    forms = {key, encoded, quote_plus(key), _ESCAPE.sub(lambda found: found[0].lower(), encoded)}
    body, headers = response.body, response.headers
    for form in sorted(forms, key=len, reverse=True):
        body = body.replace(form.encode(), HIDDEN.encode())
        if any(form in text for text in headers.values()):
            headers = {name: text.replace(form, HIDDEN) for name, text in headers.items()}
    if body is response.body and headers is response.headers:
        return response
    return replace(response, body=body, headers=headers)
