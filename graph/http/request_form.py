"""The parameters of a GraphQL request (GraphQL over HTTP, section 5.1) as they are written: in JSON or in a URL.
Pure.

The transports of `graph/transports/` read requests with these; `graph/http/exchange.py` goes on with them.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from multidict import MultiMapping

from graph.executing.executor import GraphQLRequest
from graph.http.refused import Refused


class _Parameters(msgspec.Struct, rename="camel"):
    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


_DECODER: Final = msgspec.json.Decoder(_Parameters)
BATCHES: Final = (
    "Batches of requests are not served: send one request, an object, and put its fields together."
)


def of_json(body: bytes, what: str = "body") -> GraphQLRequest:
    """The request that a JSON object holds. `what` names it in messages.

    Raises `Refused` (400): no UTF-8, no JSON, no GraphQL request, or a list of them.
    """
    try:
        body.decode()  # whole: msgspec looks only at what it takes
        found = _DECODER.decode(body)
    except msgspec.ValidationError as error:  # names types and keys, never a value
        if body.lstrip()[:1] == b"[":
            raise Refused(400, "BATCHING_NOT_SERVED", BATCHES) from None
        raise bad(f"The {what} is no GraphQL request: {error}.") from None
    except UnicodeDecodeError:
        raise bad(f"The {what} is not UTF-8.") from None
    except (msgspec.DecodeError, RecursionError):
        raise bad(f"The {what} is no valid JSON.") from None
    return _request(found, what)


def of_message(payload: object) -> GraphQLRequest:
    """The request that decoded JSON holds, as a WebSocket's message does. Raises `Refused` (400)."""
    try:
        found = msgspec.convert(payload, _Parameters)
    except msgspec.ValidationError as error:
        raise bad(f"The payload is no GraphQL request: {error}.") from None
    return _request(found, "payload")


def of_url(parameters: MultiMapping[str]) -> GraphQLRequest:
    """The request that a URL's parameters hold. Raises `Refused` (400): missing, repeated or malformed."""
    query = _single(parameters, "query")
    if not query:
        raise bad("The parameter query is required.")
    return GraphQLRequest(
        query=query,
        variables=_mapping(parameters, "variables"),
        operation_name=_single(parameters, "operationName") or None,
        extensions=_mapping(parameters, "extensions"),
    )


def _request(found: _Parameters, what: str) -> GraphQLRequest:
    if not found.query:
        raise bad(f"The {what} is no GraphQL request: query is empty.")
    return GraphQLRequest(
        query=found.query,
        variables=found.variables or {},
        operation_name=found.operation_name or None,
        extensions=found.extensions or {},
    )


def _single(parameters: MultiMapping[str], name: str) -> str | None:
    values = parameters.getall(name, [])
    if len(values) > 1:
        raise bad(f"The parameter {name} is given {len(values)} times; once is expected.")
    return values[0] if values else None


def _mapping(parameters: MultiMapping[str], name: str) -> dict[str, Any]:
    text = _single(parameters, name)
    if not text:
        return {}
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise bad(f"The parameter {name} is no valid JSON.") from None
    if found is not None and not isinstance(found, dict):
        raise bad(f"The parameter {name} is no JSON object.")
    return found or {}


def bad(message: str) -> Refused:
    """The refusal of a request that is not well formed."""
    return Refused(400, "BAD_REQUEST", message)
