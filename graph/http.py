"""GraphQL over HTTP: each request to the endpoint gets an id, a transport, a form of answer and a caller, in
this order.

`graph/server.py` routes requests here. The transports of `graph/transports/` read documents;
`graph/exchange.py` has them executed. Whatever goes wrong becomes GraphQL's error body: `{"errors":
[{"message", "extensions": {"code", "requestId"}}]}`.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Final, Protocol

from aiohttp import web

from graph.auth import Authenticator
from graph.cross_site import check_site
from graph.documents import Documents
from graph.exchange import Exchange, own_headers, refusal
from graph.executor import Executor
from graph.media_types import acceptable
from graph.observe import GONE, Seen, Watch, caller_hash
from graph.refused import Refused
from graph.request_id import HEADER, request_id
from graph.running import Running
from graph.trace_context import HEADER as TRACE
from graph.trace_context import STATE
from resolvers.caller import NOBODY

_log: Final = logging.getLogger("stolon.http")
_LONG: Final = 256  # characters of an `Accept` that is worth remembering: clients send few and short ones


class Transport(Protocol):
    """One way in which requests arrive.

    `methods` are the HTTP methods that it answers to, `forms` the media types that it answers in: none where
    that is not for the client to say. One that `identifies` finds out by itself who asks.
    """

    @property
    def methods(self) -> Sequence[str]: ...

    @property
    def forms(self) -> Sequence[str]: ...

    @property
    def identifies(self) -> bool: ...

    def supports(self, request: web.Request) -> bool:
        """Whether this transport answers the request."""
        ...

    async def respond(self, request: web.Request, exchange: Exchange) -> web.StreamResponse:
        """The answer. Raises `Refused` for what it does not execute, before it has begun to answer."""
        ...


def new_id() -> str:
    """A request id that nobody else has."""
    return secrets.token_hex(16)


class GraphQLOverHTTP:
    """The endpoint. Transports are tried in their order; the first that supports a request answers it.
    `origins` are those of other sites whose pages may ask.
    """

    def __init__(
        self,
        executor: Executor,
        authenticator: Authenticator,
        transports: Sequence[Transport],
        running: Running,
        new_id: Callable[[], str] = new_id,
        *,
        documents: Documents | None = None,
        origins: Collection[str] = (),
        watch: Watch | None = None,
    ) -> None:
        self._executor = executor
        self._authenticator = authenticator
        self._transports = tuple(transports)
        self._running = running
        self._new_id = new_id
        self._documents = Documents() if documents is None else documents
        self._origins = frozenset(origins)
        self._watch = Watch() if watch is None else watch

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer to one request. Nothing of an unforeseen failure reaches the client but the request's
        id.
        """
        id_ = request_id(request.headers.get(HEADER), self._new_id)
        seen = self._watch.begin(id_, request.headers)
        status, size = GONE, 0
        try:
            response = await self._answered(request, id_, seen)
            status, size = response.status, _size(response)
            return response
        finally:
            self._watch.end(seen, status, size)

    async def _answered(self, request: web.Request, id_: str, seen: Seen) -> web.StreamResponse:
        try:
            return await self._answer(request, id_, seen)
        except Refused as refused:
            return refusal(refused, id_)
        except Exception:  # noqa: BLE001 - the edge: a client gets an answer whatever failed, and the log the reason
            _log.exception("request %s failed unforeseen", id_)
            return refusal(Refused(500, "INTERNAL_SERVER_ERROR", "The request failed unexpectedly."), id_)

    async def _answer(self, request: web.Request, id_: str, seen: Seen) -> web.StreamResponse:
        check_site(request.headers, self._origins)
        transport = next((one for one in self._transports if one.supports(request)), None)
        if transport is None:
            methods = ", ".join(sorted({name for one in self._transports for name in one.methods}))
            raise Refused(405, "METHOD_NOT_ALLOWED", f"The endpoint accepts {methods}.", {"allow": methods})
        media_type = _form(request, transport.forms)
        caller = NOBODY if transport.identifies else await self._authenticator.caller(request.headers)
        seen.caller = caller_hash(caller.identity.partition)
        headers = own_headers(request)
        headers[HEADER] = id_
        headers[TRACE] = seen.trace.header
        if not seen.traced:  # the state of a trace that is not this one (W3C Trace Context, section 4.3)
            headers.pop(STATE, None)
        exchange = Exchange(
            executor=self._executor,
            running=self._running,
            documents=self._documents,
            request_id=id_,
            media_type=media_type,
            caller=caller,
            watch=self._watch,
            headers=headers,
        )
        return await transport.respond(request, exchange)


def _form(request: web.Request, forms: Sequence[str]) -> str:
    """The media type of the answer; where there is no choice, none. Raises `Refused` (406)."""
    if not forms:
        return ""
    accept = ", ".join(request.headers.getall("accept", []))
    choose = _chosen_form if len(accept) <= _LONG else _chosen_form.__wrapped__
    found = choose(accept, tuple(forms))
    if found is None:
        raise Refused(406, "NOT_ACCEPTABLE", f"Answers are {' or '.join(forms)}.")
    return found


@lru_cache(maxsize=256)
def _chosen_form(accept: str, forms: tuple[str, ...]) -> str | None:
    return acceptable(accept, forms, otherwise=forms[-1])


def _size(response: web.StreamResponse) -> int:
    """The bytes of an answer that may not have been written yet."""
    body = response.body if isinstance(response, web.Response) else None
    return len(body) if isinstance(body, bytes) else response.body_length
