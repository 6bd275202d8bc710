"""GraphQL over Server-Sent Events: the distinct connections mode of graphql-sse, over GET and POST.

One request is one operation of any kind; each answer is a `next` event, and `complete` ends them. What is wrong
with the document comes as a `next` event too: a browser's EventSource shows no other errors. Its single connection
mode, for HTTP/1 browsers of more than six tabs, is not served: WebSockets do that. `graph/http/http.py` gives it
requests; `graph/http/exchange.py` executes them.
https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import Any, Final

from aiohttp import web

from graph.executing.executor import Answer
from graph.http.exchange import Exchange, internal_error
from graph.http.media_types import GRAPHQL, JSON, acceptable
from graph.http.request_body import json_body
from graph.http.request_form import of_json, of_url
from graph.http.request_id import HEADER
from graph.http.streams import Streams, until_refused
from graph.identity.auth import Authenticator
from graph.settings.limits import Limits

EVENTS: Final = "text/event-stream"
_log: Final = logging.getLogger("stolon.http")
_COMMENT: Final = b":\n\n"
_COMPLETE: Final = b"event: complete\ndata:\n\n"


class ServerSentEvents:
    """Answers requests whose `Accept` likes `text/event-stream` best. Mutations want POST here too."""

    methods = ("GET", "POST")
    forms = (EVENTS,)
    identifies = False

    def __init__(
        self, body_limit: int, limits: Limits, authenticator: Authenticator, streams: Streams
    ) -> None:
        self._body_limit = body_limit
        self._limits = limits
        self._authenticator = authenticator
        self._streams = streams

    def supports(self, request: web.Request) -> bool:
        """Whether an event stream is asked for by name."""
        if request.method not in self.methods:
            return False
        accept = ", ".join(request.headers.getall("accept", []))
        return EVENTS in accept.lower() and acceptable(accept, (GRAPHQL, JSON, EVENTS)) == EVENTS

    async def respond(self, request: web.Request, exchange: Exchange) -> web.StreamResponse:
        """The stream. Raises `Refused` for what a POST or a GET would be refused for, and where too many are
        open.
        """
        if request.method == "GET":
            document, may_mutate = of_url(request.query), False
        else:
            body = await json_body(request, self._body_limit, self._limits.body_timeout)
            document, may_mutate = of_json(body), True
        results = exchange.results(document, may_mutate=may_mutate)

        async def end() -> None:
            # A stream that is cut off is taken up again by its client; `complete` would end it for good.
            _cut_off(request)

        response = web.StreamResponse(
            headers={
                "content-type": f"{EVENTS}; charset=utf-8",
                "cache-control": "no-cache, no-store",
                "x-accel-buffering": "no",  # nginx would hold events back
                "x-content-type-options": "nosniff",
                HEADER: exchange.request_id,
            }
        )
        async with self._streams.opened(end), aclosing(results):
            try:
                await self._written(request, response.prepare(request))
                await self._stream(request, response, exchange, results)
            except ConnectionError:  # the client has gone: nobody is left to be told
                _cut_off(request)
        return response

    async def _stream(
        self,
        request: web.Request,
        response: web.StreamResponse,
        exchange: Exchange,
        results: AsyncGenerator[Answer, None],
    ) -> None:
        """Send events until they end, their client goes, or its token is no longer good."""
        sending = asyncio.ensure_future(self._send(request, response, exchange, results))
        quiet = asyncio.ensure_future(self._keep_alive(request, response))
        refused = asyncio.ensure_future(until_refused(self._authenticator, request.headers, exchange.caller))
        tasks: set[asyncio.Future[Any]] = {sending, quiet, refused}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if refused in done and not refused.cancelled() and sending not in done:
            why = refused.result()
            error = {"message": why.message, "extensions": {"code": why.code}}
            answer = Answer(data=None, errors=[error])
            await self._written(request, response.write(_event(exchange.encoded(answer)) + _COMPLETE))
        elif sending in done:
            sending.result()

    async def _send(
        self,
        request: web.Request,
        response: web.StreamResponse,
        exchange: Exchange,
        results: AsyncGenerator[Answer, None],
    ) -> None:
        try:
            async for answer in results:
                await self._written(request, response.write(_event(exchange.encoded_or_failed(answer))))
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 - the edge: a stream has begun, and says it in an event
            _log.exception("request %s failed unforeseen", exchange.request_id)
            await self._written(request, response.write(_event(exchange.encoded(internal_error()))))
        await self._written(request, response.write(_COMPLETE))

    async def _keep_alive(self, request: web.Request, response: web.StreamResponse) -> None:
        while True:
            await asyncio.sleep(self._limits.keep_alive)
            await self._written(request, response.write(_COMMENT))

    async def _written(self, request: web.Request, writing: Awaitable[object]) -> None:
        """Wait until the client has taken enough of what it was sent; one that does not is cut off."""
        try:
            async with asyncio.timeout(self._limits.send_timeout):
                await writing
        except TimeoutError:
            raise ConnectionResetError("the client takes nothing") from None


def _cut_off(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _event(data: bytes) -> bytes:
    return b"event: next\ndata: " + data + b"\n\n"
