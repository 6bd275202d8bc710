"""GraphQL over POST (GraphQL over HTTP, section 5.4): one JSON object in the body.

`graph/http/http.py` gives it requests; the document goes on to `graph/http/exchange.py`. Only `application/json` is
read: a page of another site cannot send that without the browser asking first (CORS), so that simple
cross-site requests are refused.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from graph.http.exchange import Exchange
from graph.http.media_types import GRAPHQL, JSON
from graph.http.request_body import json_body
from graph.http.request_form import of_json
from graph.http.whole_answer import Reply

METHOD: Final = "POST"


class Post:
    """Answers POST requests. `body_limit` is in bytes, unpacked; `body_seconds` the longest that a body may
    take to come.
    """

    methods = (METHOD,)
    forms = (GRAPHQL, JSON)
    identifies = False

    def __init__(self, body_limit: int, body_seconds: float) -> None:
        self._body_limit = body_limit
        self._body_seconds = body_seconds

    def supports(self, request: web.Request) -> bool:
        """Whether the request came over POST."""
        return request.method == METHOD

    async def respond(self, request: web.Request, exchange: Exchange) -> Reply:
        """The answer. Raises `Refused`: 415 for other than JSON in UTF-8, 413 over the limit, 408 too slow,
        400 malformed.
        """
        document = of_json(await json_body(request, self._body_limit, self._body_seconds))
        return await exchange.answer(document, may_mutate=True)
