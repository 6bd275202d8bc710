"""GraphQL over HTTP: each request to the endpoint gets an id, a transport, a form of answer and a caller, in
this order.

`graph/server.py` routes requests here. The transports of `graph/transports/` read documents;
`graph/exchange.py` has them executed. Whatever goes wrong becomes GraphQL's error body: `{"errors":
[{"message", "extensions": {"code", "requestId"}}]}`.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from aiohttp import web

from graph.auth import Authenticator
from graph.exchange import Exchange, own_headers, refusal
from graph.executor import Executor
from graph.media_types import acceptable
from graph.refused import Refused
from graph.request_id import HEADER, request_id
from graph.running import Running

_log: Final = logging.getLogger("stolon.http")


class Transport(Protocol):
    """One way in which requests arrive. `method` is the HTTP method that it answers to."""

    @property
    def method(self) -> str: ...

    def supports(self, request: web.Request) -> bool:
        """Whether this transport answers the request."""
        ...

    async def respond(self, request: web.Request, exchange: Exchange) -> web.StreamResponse:
        """The answer. Raises `Refused` for what it does not execute."""
        ...


def _new_id() -> str:
    return secrets.token_hex(16)


class GraphQLOverHTTP:
    """The endpoint. Transports are tried in their order; the first that supports a request answers it."""

    def __init__(
        self,
        executor: Executor,
        authenticator: Authenticator,
        transports: Sequence[Transport],
        running: Running,
        new_id: Callable[[], str] = _new_id,
    ) -> None:
        self._executor = executor
        self._authenticator = authenticator
        self._transports = tuple(transports)
        self._running = running
        self._new_id = new_id

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer to one request. Nothing of an unforeseen failure reaches the client but the request's
        id.
        """
        id_ = request_id(request.headers.get(HEADER), self._new_id)
        try:
            return await self._answer(request, id_)
        except Refused as refused:
            return refusal(refused, id_)
        except Exception:  # noqa: BLE001 - the edge: a client gets an answer whatever failed, and the log the reason
            _log.exception("request %s failed unforeseen", id_)
            return refusal(Refused(500, "INTERNAL_SERVER_ERROR", "The request failed unexpectedly."), id_)

    async def _answer(self, request: web.Request, id_: str) -> web.StreamResponse:
        transport = next((one for one in self._transports if one.supports(request)), None)
        if transport is None:
            methods = ", ".join(sorted({one.method for one in self._transports}))
            raise Refused(405, "METHOD_NOT_ALLOWED", f"The endpoint accepts {methods}.", {"allow": methods})
        media_type = acceptable(", ".join(request.headers.getall("accept", [])))
        if media_type is None:
            raise Refused(
                406,
                "NOT_ACCEPTABLE",
                "Answers are application/graphql-response+json or application/json.",
            )
        caller = await self._authenticator.caller(request.headers)
        exchange = Exchange(
            executor=self._executor,
            running=self._running,
            request_id=id_,
            media_type=media_type,
            caller=caller,
            headers={**own_headers(request), HEADER: id_},
        )
        return await transport.respond(request, exchange)
