"""One GraphQL exchange: a document that a transport read is executed for its caller, and answered in the
accepted form.

`graph/http.py` opens an exchange per request; the transports of `graph/transports/` call `answer`; the
`Executor` works.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from aiohttp import web
from graphql import OperationType

from adapters.contract import Missing
from graph import media_types
from graph.executor import Answer, Executor, GraphQLRequest, operation_kind
from graph.refused import Refused
from graph.request_id import HEADER
from graph.running import Running
from resolvers.caller import Caller

_CREDENTIALS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is settled before the document is read: the caller, the form of the answer, the request's id."""

    executor: Executor
    running: Running
    request_id: str
    media_type: str
    caller: Caller
    headers: Mapping[str, str] = field(repr=False)

    async def answer(self, document: GraphQLRequest, *, may_mutate: bool) -> web.Response:
        """The HTTP answer to the document. A mutation runs to its end even if the client goes; a query ends
        with it.

        Raises `Refused` for a mutation where none may be (405) and for a subscription (400).
        """
        kind = operation_kind(document.query, document.operation_name)
        if kind is OperationType.SUBSCRIPTION:
            raise Refused(
                400, "BAD_REQUEST", "Subscriptions are not served over plain GET and POST requests."
            )
        if kind is OperationType.MUTATION and not may_mutate:
            raise Refused(
                405, "METHOD_NOT_ALLOWED", "Mutations are accepted over POST only.", {"allow": "POST"}
            )
        work = self.executor.execute(document, self.caller, self.headers, self.request_id)
        answer = await (self.running.to_its_end(work) if kind is OperationType.MUTATION else work)
        return rendered(answer, self.media_type, self.request_id)


def own_headers(request: web.Request) -> dict[str, str]:
    """The client's headers in lower case, equal ones joined (RFC 9110, section 5.3), without credentials."""
    joined: dict[str, str] = {}
    for name, value in request.headers.items():
        lower = name.lower()
        if lower not in _CREDENTIALS:
            joined[lower] = f"{joined[lower]}, {value}" if lower in joined else value
    return joined


def rendered(answer: Answer, media_type: str, request_id: str) -> web.Response:
    """The answer as bytes. Its status says whether anything was executed, except in plain JSON, where it is
    200.

    (GraphQL over HTTP, sections 6.4.1 and 6.4.2.) Each error gets the request's id in its extensions.
    """
    body: dict[str, Any] = {}
    if answer.errors:  # first, so that a reader of a long answer sees them (GraphQL, section 7.1)
        body["errors"] = [_with_id(error, request_id) for error in answer.errors]
    if not isinstance(answer.data, Missing):
        body["data"] = answer.data
    if answer.extensions:
        body["extensions"] = answer.extensions
    executed = "data" in body or media_type == media_types.JSON
    return _response(200 if executed else 400, body, media_type, request_id)


def refusal(refused: Refused, request_id: str) -> web.Response:
    """The answer to a request that is not executed: GraphQL's error body in plain JSON, with the status that
    says why.
    """
    error = {"message": refused.message, "extensions": {"code": refused.code, "requestId": request_id}}
    response = _response(refused.status, {"errors": [error]}, media_types.JSON, request_id)
    response.headers.update(refused.headers)
    return response


def _with_id(error: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    return {**error, "extensions": {**(error.get("extensions") or {}), "requestId": request_id}}


def _response(status: int, body: Mapping[str, Any], media_type: str, request_id: str) -> web.Response:
    return web.Response(
        status=status,
        body=msgspec.json.encode(body, enc_hook=_plain),
        headers={
            "content-type": f"{media_type}; charset=utf-8",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            HEADER: request_id,
        },
    )


def _plain(value: object) -> object:
    """What msgspec does not encode itself: subclasses of str, such as text that a library marked."""
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
