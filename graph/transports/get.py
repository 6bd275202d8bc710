"""GraphQL over GET (GraphQL over HTTP, section 5.3): the parameters stand in the URL, and mutations are
refused.

`graph/http.py` gives it requests; the document goes on to `graph/exchange.py`.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from aiohttp import web
from multidict import MultiMapping

from graph.exchange import Exchange
from graph.executor import GraphQLRequest
from graph.refused import Refused

METHOD: Final = "GET"


class Get:
    """Answers GET requests whose URL holds `query`, and maybe `variables`, `operationName` and
    `extensions`.
    """

    method = METHOD

    def supports(self, request: web.Request) -> bool:
        """Whether the request came over GET."""
        return request.method == METHOD

    async def respond(self, request: web.Request, exchange: Exchange) -> web.StreamResponse:
        """The answer. Raises `Refused` (400) for parameters that are missing, repeated or malformed; 405 for
        mutations.
        """
        parameters = request.query
        query = _single(parameters, "query")
        if not query:
            raise Refused(400, "BAD_REQUEST", "The parameter query is required.")
        document = GraphQLRequest(
            query=query,
            variables=_mapping(parameters, "variables"),
            operation_name=_single(parameters, "operationName") or None,
            extensions=_mapping(parameters, "extensions"),
        )
        return await exchange.answer(document, may_mutate=False)


def _single(parameters: MultiMapping[str], name: str) -> str | None:
    values = parameters.getall(name, [])
    if len(values) > 1:
        raise Refused(
            400, "BAD_REQUEST", f"The parameter {name} is given {len(values)} times; once is expected."
        )
    return values[0] if values else None


def _mapping(parameters: MultiMapping[str], name: str) -> dict[str, Any]:
    text = _single(parameters, name)
    if not text:
        return {}
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Refused(400, "BAD_REQUEST", f"The parameter {name} is no valid JSON.") from None
    if found is not None and not isinstance(found, dict):
        raise Refused(400, "BAD_REQUEST", f"The parameter {name} is no JSON object.")
    return found or {}
