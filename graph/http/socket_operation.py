"""One operation on a WebSocket: its answers as `next` messages, and how it ends.

`graph/http/socket_session.py` starts one for each `subscribe`; `graph/http/exchange.py` executes it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Final

import msgspec
from multidict import MultiMapping

from adapters.contract.contract import Missing
from graph.executing.executor import Answer, GraphQLRequest
from graph.http.exchange import Exchange, internal_error
from graph.http.refused import Refused
from graph.observing.observe import GONE, caller_hash

_log: Final = logging.getLogger("stolon.http")


class Operation:
    """`id_` is the client's. `send` sends a message; `free` gives the id back, before the last one is sent: the
    client may take it again at once. `headers` are those of the upgrade.
    """

    def __init__(
        self,
        id_: str,
        document: GraphQLRequest,
        exchange: Exchange,
        headers: MultiMapping[str],
        send: Callable[[bytes], Awaitable[None]],
        free: Callable[[], None],
    ) -> None:
        self._id = id_
        self._document = document
        self._exchange = exchange
        self._headers = headers
        self._send = send
        self._free = free
        self._bytes = 0

    async def run(self) -> None:
        """Execute it to its end. What is seen of it is told as of a request of its own."""
        watch = self._exchange.watch
        seen = watch.begin(self._exchange.request_id, self._headers)
        seen.caller = caller_hash(self._exchange.caller.identity.partition)
        status = GONE
        try:
            refusal = await self._answered(self._exchange.traced(seen.trace.header))
            status = 200 if refusal is None else 400
            self._free()
            if refusal is None:
                await self._send(msgspec.json.encode({"id": self._id, "type": "complete"}))
            else:
                await self._send(errors_message(self._id, refusal, self._exchange))
        except ConnectionError:
            status = GONE  # the socket is closed, which ends everything on it
        finally:
            watch.end(seen, status, self._bytes)

    async def _answered(self, exchange: Exchange) -> Answer | None:
        """Send each answer; gives the one that says why nothing, or nothing more, was executed."""
        head = b'{"id":' + msgspec.json.encode(self._id) + b',"type":"next","payload":'
        try:
            results = exchange.results(self._document, may_mutate=True)
            async with aclosing(results):
                async for answer in results:
                    if isinstance(answer.data, Missing):
                        return answer
                    encoded = exchange.encoded_or_failed(answer)
                    self._bytes += len(encoded)
                    await self._send(head + encoded + b"}")
        except Refused as refused:
            return Answer(errors=[{"message": refused.message, "extensions": {"code": refused.code}}])
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 - the edge: other operations on this socket go on
            _log.exception("request %s failed unforeseen", exchange.request_id)
            return internal_error()
        return None


def errors_message(id_: str, answer: Answer, exchange: Exchange) -> bytes:
    """The `error` message of an operation that ended with this answer."""
    errors = msgspec.json.decode(exchange.encoded(answer))["errors"]
    return msgspec.json.encode({"id": id_, "type": "error", "payload": errors})
