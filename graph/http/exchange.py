"""One GraphQL exchange: a document that a transport read is executed for its caller, and answered in the
accepted form.

`graph/http/http.py` opens an exchange per request; the transports of `graph/transports/` call `answer`, those of
streams `results`; the `Executor` works.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import aclosing
from typing import Any, Final

import msgspec
from aiohttp import web
from aiohttp.hdrs import ETAG
from graphql import OperationType
from multidict import CIMultiDict

from adapters.contract.contract import Missing
from graph.caching.answer_life import NO_STORE, entity_tag, holds, life_headers
from graph.documents.bounds import CODE as LIMIT_EXCEEDED
from graph.documents.documents import Documents, Unfit
from graph.executing.executor import Answer, Executor, GraphQLRequest
from graph.http import media_types
from graph.http.client_key import HEADER as CLIENT_KEY
from graph.http.error_form import error_list
from graph.http.refused import Refused
from graph.http.request_id import HEADER
from graph.http.whole_answer import Reply, WholeAnswer
from graph.observing.observe import SEEN, Watch
from graph.observing.trace_context import HEADER as TRACE
from graph.serving.running import Running
from resolvers.caller import Caller
from resolvers.fault import Code

_log: Final = logging.getLogger("stolon.http")


_HEADERS: Final = {
    media_type: CIMultiDict(
        {
            "content-type": f"{media_type}; charset=utf-8",
            "cache-control": NO_STORE,
            "x-content-type-options": "nosniff",
        }
    )
    for media_type in (media_types.GRAPHQL, media_types.JSON)
}


def _nothing() -> None:
    """Releases nothing."""


class Exchange(msgspec.Struct, frozen=True):
    """What is settled before the document is read: the caller, the form of the answer, the request's id.

    A Struct, since each request makes one: a frozen dataclass would take ten times as long.
    """

    executor: Executor
    running: Running
    documents: Documents
    request_id: str
    media_type: str
    caller: Caller
    watch: Watch
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Exchange(request_id={self.request_id!r}, media_type={self.media_type!r})"

    async def answer(
        self,
        document: GraphQLRequest,
        *,
        may_mutate: bool,
        release: Callable[[], None] = _nothing,
        validates: bool = False,
    ) -> Reply:
        """The HTTP answer to the document. A mutation runs to its end even if the client goes; a query ends
        with it. `release` is called when the document is done with, which may be after the client has gone.
        `validates`: the client may ask whether the answer that it has still holds, as it may by GET.

        Raises `Refused` for a mutation where none may be (405) and for a subscription (400).
        """
        try:
            chosen = self._permitted(document, may_mutate)
        except Refused:
            release()
            raise
        if isinstance(chosen, Answer):
            release()
            return self.rendered(chosen)
        return self.rendered(await self._executed(chosen, release), validates=validates)

    def results(self, document: GraphQLRequest, *, may_mutate: bool) -> AsyncGenerator[Answer, None]:
        """The answers to an operation of any kind, for transports that can send several. Closing the generator
        ends a query or a subscription; a mutation runs to its end. Raises `Refused`, at once, as `answer` does.
        """
        return self._results(self._permitted(document, may_mutate, may_subscribe=True))

    async def _results(self, chosen: GraphQLRequest | Answer) -> AsyncGenerator[Answer, None]:
        if isinstance(chosen, Answer):
            yield chosen
        elif _kind(chosen) is not OperationType.SUBSCRIPTION:
            yield await self._executed(chosen)
        else:
            stream = self.executor.stream(chosen, self.caller, self.headers, self.request_id)
            async with aclosing(stream):
                async for answer in stream:
                    yield answer

    def identified(self, caller: Caller, request_id: str) -> Exchange:
        """The same exchange for another caller and operation, one of many: no key of the client names them all."""
        headers = {name: value for name, value in self.headers.items() if name != CLIENT_KEY}
        return msgspec.structs.replace(
            self, caller=caller, request_id=request_id, headers={**headers, HEADER: request_id}
        )

    def traced(self, header: str) -> Exchange:
        """The same exchange within the trace that this `traceparent` names."""
        return msgspec.structs.replace(self, headers={**self.headers, TRACE: header})

    def _permitted(
        self, document: GraphQLRequest, may_mutate: bool, may_subscribe: bool = False
    ) -> GraphQLRequest | Answer:
        """The request with its operation chosen, or the answer that it cannot be executed. Raises `Refused`."""
        try:
            chosen = self.documents.choose(document.query, document.operation_name)
        except Unfit as unfit:
            return Answer(errors=error_list(unfit.errors))
        kind = chosen.kind
        seen = SEEN.get()
        if seen is not None:
            name = chosen.operation.name
            seen.executes(kind.value, None if name is None else name.value)
        if kind is OperationType.SUBSCRIPTION and not may_subscribe:
            raise Refused(
                400,
                "BAD_REQUEST",
                "Subscriptions are not served over plain GET and POST requests: use the WebSocket protocol "
                "graphql-transport-ws, or accept text/event-stream.",
            )
        if kind is OperationType.MUTATION and not may_mutate:
            raise Refused(
                405, "METHOD_NOT_ALLOWED", "Mutations are accepted over POST only.", {"allow": "POST"}
            )
        # As `dataclasses.replace` would, at a third of its cost: every request comes here.
        return GraphQLRequest(
            document.query, document.variables, document.operation_name, document.extensions, chosen
        )

    def _executed(
        self, document: GraphQLRequest, release: Callable[[], None] = _nothing
    ) -> Awaitable[Answer]:
        work = self.executor.execute(document, self.caller, self.headers, self.request_id)
        if _kind(document) is OperationType.MUTATION:
            return self._to_its_end(work, release)
        return work if release is _nothing else _released(work, release)

    async def _to_its_end(self, work: Coroutine[Any, Any, Answer], release: Callable[[], None]) -> Answer:
        try:
            return await self.running.to_its_end(_released(work, release))
        except Refused:  # before it began
            work.close()
            release()
            raise

    def rendered(self, answer: Answer, *, validates: bool = False) -> Reply:
        """The answer as an HTTP response. Its status says whether anything was executed, except in plain JSON,
        where it is 200 (GraphQL over HTTP, sections 6.4.1 and 6.4.2); 304 where the client has it.
        """
        executed = not isinstance(answer.data, Missing) or self.media_type == media_types.JSON
        body, is_whole = self._within(answer)
        response = _response(200 if executed else 400, body, self.media_type, self.request_id)
        if answer.life is None or not is_whole:
            return response
        response.headers.update(life_headers(answer.life))
        if not validates:
            return response
        response.headers[ETAG] = tag = entity_tag(body, self.media_type)
        return _not_modified(response.headers) if holds(self.headers, tag) else response

    def encoded(self, answer: Answer) -> bytes:
        """The answer as JSON; each error has the request's id in its extensions. One that is over the limit is
        replaced by an error that says so. Raises what msgspec raises for values that are no JSON.
        """
        return self._within(answer)[0]

    def _within(self, answer: Answer) -> tuple[bytes, bool]:
        """The same, and whether it is the answer itself."""
        encoded = _encoded(answer, self.request_id)
        most = self.documents.limits.answer
        if len(encoded) <= most:
            return encoded, True
        message = f"The answer has {len(encoded)} bytes; at most {most} are sent. Ask for less at once."
        extensions = {"code": LIMIT_EXCEEDED, "limit": "answer", "figure": len(encoded), "most": most}
        error = {"message": message, "extensions": extensions}
        return _encoded(Answer(data=None, errors=[error]), self.request_id), False

    def encoded_or_failed(self, answer: Answer) -> bytes:
        """The same for one event of many: what cannot be written is logged, and the event says no more."""
        try:
            return self.encoded(answer)
        except Exception:  # noqa: BLE001 - whatever a resolver gave: the stream goes on
            _log.exception("an event of request %s cannot be written", self.request_id)
            return _encoded(internal_error(), self.request_id)


def internal_error() -> Answer:
    """What a client is told of a failure that nobody foresaw."""
    extensions = {"code": str(Code.INTERNAL_SERVER_ERROR)}
    message = "The request failed unexpectedly."
    return Answer(data=None, errors=[{"message": message, "extensions": extensions}])


def _kind(document: GraphQLRequest) -> OperationType:
    assert document.chosen is not None  # by `_chosen`
    return document.chosen.kind


async def _released(work: Coroutine[Any, Any, Answer], release: Callable[[], None]) -> Answer:
    try:
        return await work
    finally:
        release()


def _encoded(answer: Answer, request_id: str) -> bytes:
    body: dict[str, Any] = {}
    if answer.errors:  # first, so that a reader of a long answer sees them (GraphQL, section 7.1)
        _note((error.get("extensions") or {}).get("code") for error in answer.errors)
        body["errors"] = [_with_id(error, request_id) for error in answer.errors]
    if not isinstance(answer.data, Missing):
        body["data"] = answer.data
    if answer.extensions:
        body["extensions"] = answer.extensions
    return _encode(body)


def refusal(refused: Refused, request_id: str) -> WholeAnswer:
    """The answer to a request that is not executed: GraphQL's error body in plain JSON, with the status that
    says why.
    """
    _note([refused.code])
    error = {"message": refused.message, "extensions": {"code": refused.code, "requestId": request_id}}
    body = msgspec.json.encode({"errors": [error]})
    response = _response(refused.status, body, media_types.JSON, request_id)
    response.headers.update(refused.headers)
    return response


def _note(codes: Iterable[object]) -> None:
    seen = SEEN.get()
    if seen is not None:
        for code in codes:
            seen.failed(code)


def _with_id(error: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    return {**error, "extensions": {**(error.get("extensions") or {}), "requestId": request_id}}


def _response(status: int, body: bytes, media_type: str, request_id: str) -> WholeAnswer:
    headers = _HEADERS[media_type].copy()
    headers[HEADER] = request_id
    return WholeAnswer(status, body, headers)


def _not_modified(headers: CIMultiDict[str]) -> web.Response:
    """What has the headers of the answer, and no body to have a type (RFC 9110, section 15.4.5)."""
    told = CIMultiDict(headers)
    told.pop("content-type", None)
    return web.Response(status=304, headers=told)


def _plain(value: object) -> object:
    """What msgspec does not encode itself: subclasses of str, such as text that a library marked."""
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


_encode: Final = msgspec.json.Encoder(enc_hook=_plain).encode
