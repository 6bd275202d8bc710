"""GraphQL over HTTP: each request to the endpoint gets an id, a transport, a form of answer and a caller, in
this order.

`graph/serving/server.py` routes requests here. The transports of `graph/transports/`, which `graph/http/ways.py`
chooses from, read documents; `graph/http/exchange.py` has them executed. Whatever goes wrong becomes GraphQL's
error body: `{"errors": [{"message", "extensions": {"code", "requestId"}}]}`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from random import getrandbits
from typing import Final

from aiohttp import web

from graph.documents.documents import Documents
from graph.executing.executor import Executor
from graph.http.cross_site import check_site
from graph.http.exchange import Exchange, refusal
from graph.http.own_headers import OwnHeaders
from graph.http.refused import Refused
from graph.http.request_id import HEADER, request_id
from graph.http.ways import Transport, Ways
from graph.http.whole_answer import Reply, WholeAnswer
from graph.identity.auth import Authenticator
from graph.observing.observe import GONE, Seen, Watch, caller_hash
from graph.observing.trace_context import HEADER as TRACE
from graph.observing.trace_context import STATE
from graph.serving.running import Running
from resolvers.caller import NOBODY

_log: Final = logging.getLogger("stolon.http")


def new_id() -> str:
    """A request id that nobody else has. It guards nothing, so that it may be guessed."""
    return f"{getrandbits(128):032x}"


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
        self._ways = Ways(transports)
        self._running = running
        self._new_id = new_id
        self._documents = Documents() if documents is None else documents
        self._origins = frozenset(origins)
        self._watch = Watch() if watch is None else watch

    async def handle(self, request: web.Request) -> Reply:
        """The answer to one request. Nothing of an unforeseen failure reaches the client but the request's
        id.
        """
        id_ = request_id(request.headers.get(HEADER), self._new_id)
        seen = self._watch.begin(id_, request.headers)
        status, size = GONE, 0
        try:
            try:
                reply: Reply = await self._answer(request, id_, seen)
            except Refused as refused:
                reply = refusal(refused, id_)
            except Exception:  # noqa: BLE001 - the edge: a client gets an answer whatever failed, the log the reason
                _log.exception("request %s failed unforeseen", id_)
                reply = refusal(
                    Refused(500, "INTERNAL_SERVER_ERROR", "The request failed unexpectedly."), id_
                )
            status, size = reply.status, _size(reply)
            return reply
        finally:
            self._watch.end(seen, status, size)

    async def _answer(self, request: web.Request, id_: str, seen: Seen) -> Reply:
        check_site(request.headers, self._origins)
        transport, media_type = self._ways.of(request)
        caller = NOBODY if transport.identifies else await self._authenticator.caller(request.headers)
        seen.caller = caller_hash(caller.identity.partition)
        said: dict[str, str | None] = {HEADER: id_, TRACE: seen.trace.header}
        if not seen.traced:  # the state of a trace that is not this one (W3C Trace Context, section 4.3)
            said[STATE] = None
        exchange = Exchange(
            executor=self._executor,
            running=self._running,
            documents=self._documents,
            request_id=id_,
            media_type=media_type,
            caller=caller,
            watch=self._watch,
            headers=OwnHeaders(request.headers, said),
        )
        return await transport.respond(request, exchange)


def _size(reply: Reply) -> int:
    """The bytes of an answer that may not have been written yet."""
    return len(reply.body) if isinstance(reply, WholeAnswer) else reply.body_length
