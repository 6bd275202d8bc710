"""GraphQL over GET (GraphQL over HTTP, section 5.3): the parameters stand in the URL, and mutations are
refused.

`graph/http/http.py` gives it requests; the document goes on to `graph/http/exchange.py`. A GET is a simple
request, which pages of other sites may make: `graph/http/cross_site.py` has refused theirs, and nothing here
changes anything.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from graph.http.exchange import Exchange
from graph.http.media_types import GRAPHQL, JSON
from graph.http.request_form import of_url
from graph.http.whole_answer import Reply

METHOD: Final = "GET"


class Get:
    """Answers GET requests whose URL holds `query`, and maybe `variables`, `operationName` and
    `extensions`.
    """

    methods = (METHOD,)
    forms = (GRAPHQL, JSON)
    identifies = False

    def supports(self, request: web.Request) -> bool:
        """Whether the request came over GET."""
        return request.method == METHOD

    async def respond(self, request: web.Request, exchange: Exchange) -> Reply:
        """The answer, or 304 where the client has it already. Raises `Refused` (400) for parameters that are missing,
        repeated or malformed; 405 for mutations.
        """
        return await exchange.answer(of_url(request.query), may_mutate=False, validates=True)
