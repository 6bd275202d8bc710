"""One WebSocket under `graphql-transport-ws`: who asks is settled once, then operations run side by side.

`graph/transports/websocket.py` opens it; each operation is an exchange of its own (`graph/http/exchange.py`). A
client that reads slowly is waited for: nothing is asked of a subscription's source before the event before has been
taken. https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any, Final

import msgspec
from aiohttp import WSMsgType, web
from multidict import CIMultiDict

from graph.documents.bounds import CODE as LIMIT_EXCEEDED
from graph.executing.executor import Answer
from graph.http.exchange import Exchange
from graph.http.refused import Refused
from graph.http.request_form import of_message
from graph.http.socket_operation import Operation, errors_message
from graph.http.streams import until_refused
from graph.identity.auth import Authenticator
from graph.settings.limits import Limits

SUBPROTOCOL: Final = "graphql-transport-ws"
BAD_MESSAGE: Final = 4400
UNAUTHORIZED: Final = 4401
FORBIDDEN: Final = 4403
NOT_ACCEPTABLE: Final = 4406
INIT_TIMEOUT: Final = 4408
ID_TAKEN: Final = 4409
TOO_MANY_INITS: Final = 4429
_TRY_AGAIN: Final = 1013  # RFC 6455's registry
_REASON_BYTES: Final = 123  # RFC 6455, section 5.5
_OF_ID: Final = 50  # characters of the connection's id that its operations' ids begin with
_BEARER: Final = "bearer "
_log: Final = logging.getLogger("stolon.http")


class _Message(msgspec.Struct):
    type: str
    id: str | None = None
    payload: Any = None


class _Closed(Exception):
    """The socket is to be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Session:
    """What is said on one socket, from its upgrade to its close."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        request: web.Request,
        exchange: Exchange,
        authenticator: Authenticator,
        limits: Limits,
    ) -> None:
        self._socket = socket
        self._request = request
        self._exchange = exchange
        self._authenticator = authenticator
        self._limits = limits
        self._decoder = msgspec.json.Decoder(_Message)
        self._identified = False
        self._count = 0
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._watching: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve the socket until either side closes it. No task is left then."""
        try:
            await self._receive()
        except _Closed as closed:
            await self._close(closed.code, closed.reason)
        except ConnectionError:
            pass  # the client has gone
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if not self._socket.closed:
                await self._close(1011, "The connection failed unexpectedly")

    async def _receive(self) -> None:
        loop = asyncio.get_running_loop()
        init_until = loop.time() + self._limits.init_timeout
        while True:
            left = None if self._identified else max(init_until - loop.time(), 0.0)
            try:
                async with asyncio.timeout(left):
                    received = await self._socket.receive()
            except TimeoutError:
                raise _Closed(INIT_TIMEOUT, "Connection initialisation timeout") from None
            if received.type is WSMsgType.TEXT:
                await self._take(received.data)
            elif received.type is WSMsgType.BINARY:
                raise _Closed(BAD_MESSAGE, "Messages are text")
            else:  # closing, closed, or broken: aiohttp has answered
                return

    async def _take(self, text: str) -> None:
        try:
            message = self._decoder.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise _Closed(BAD_MESSAGE, "The message is no JSON object with a type") from None
        if message.type == "connection_init":
            await self._identify(message.payload)
        elif message.type == "ping":
            await self._send(b'{"type":"pong"}')
        elif message.type == "subscribe":
            await self._subscribe(message)
        elif message.type == "complete":
            self._stop(_id_of(message))
        elif message.type != "pong":
            raise _Closed(BAD_MESSAGE, f"Unknown message type {message.type[:32]!r}")

    # --- who asks

    async def _identify(self, payload: object) -> None:
        if self._identified:
            raise _Closed(TOO_MANY_INITS, "Too many initialisation requests")
        if payload is not None and not isinstance(payload, dict):
            raise _Closed(BAD_MESSAGE, "The payload of connection_init is no object")
        headers = CIMultiDict(self._request.headers)
        token = authorization(payload or {})
        if token is not None:
            headers["authorization"] = token
        try:
            caller = await self._authenticator.caller(headers)
        except Refused as refused:
            raise _refused(refused) from None
        self._exchange = self._exchange.identified(caller, self._exchange.request_id)
        self._identified = True
        self._watching = self._own(self._watch(headers))
        await self._send(b'{"type":"connection_ack"}')

    async def _watch(self, headers: CIMultiDict[str]) -> None:
        """Close the socket when its token is no longer good. Clients connect again, with a new one."""
        refused = await until_refused(self._authenticator, headers, self._exchange.caller)
        closed = _refused(refused)
        await self._close(closed.code, closed.reason)

    # --- operations

    async def _subscribe(self, message: _Message) -> None:
        if not self._identified:
            raise _Closed(UNAUTHORIZED, "Unauthorized")
        id_ = _id_of(message)
        if id_ in self._operations:
            raise _Closed(ID_TAKEN, f"Subscriber for {id_[:32]} already exists")
        try:
            document = of_message(message.payload)
        except Refused as refused:
            raise _Closed(BAD_MESSAGE, refused.message) from None
        # One task watches the token; in its place counts the operation asked for.
        running, most = len(self._tasks), self._limits.operations
        if running > most:
            said = f"{running} operations would run on this connection; at most {most} may."
            extensions = {"code": LIMIT_EXCEEDED, "limit": "operations", "figure": running, "most": most}
            refusal = Answer(errors=[{"message": said, "extensions": extensions}])
            await self._send(errors_message(id_, refusal, self._exchange))
            return
        self._count += 1
        exchange = self._exchange.identified(
            self._exchange.caller, f"{self._exchange.request_id[:_OF_ID]}.{self._count}"
        )

        def free() -> None:
            if self._operations.get(id_) is task:
                del self._operations[id_]

        operation = Operation(id_, document, exchange, self._request.headers, self._send, free)
        task = self._operations[id_] = self._own(operation.run())

    def _stop(self, id_: str) -> None:
        """End an operation that the client no longer wants; its id is free at once."""
        task = self._operations.pop(id_, None)
        if task is not None:
            task.cancel()

    # --- the wire

    async def _send(self, message: bytes) -> None:
        """Send, and wait until the client has taken enough; one that does not is cut off."""
        try:
            async with asyncio.timeout(self._limits.send_timeout):
                await self._socket.send_frame(message, WSMsgType.TEXT)
        except TimeoutError:
            if self._request.transport is not None:
                self._request.transport.abort()
            raise ConnectionResetError("the client takes nothing") from None

    async def _close(self, code: int, reason: str) -> None:
        message = reason.encode()[:_REASON_BYTES].decode(errors="ignore").encode()
        await self._socket.close(code=code, message=message)

    def _own(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            level = logging.DEBUG if isinstance(error, ConnectionError) else logging.ERROR
            _log.log(level, "a task of a socket ended by %s", type(error).__name__)


def authorization(payload: Mapping[str, object]) -> str | None:
    """The `Authorization` that a `connection_init` payload holds: under that name in any case, in its `headers`
    or beside them, or as a bare `token`. None where it holds none.
    """
    inner = payload.get("headers")
    for place in (payload, inner if isinstance(inner, dict) else {}):
        for name, value in place.items():
            lower = name.lower()
            if not isinstance(value, str) or not value:
                continue
            if lower == "authorization":
                return value
            if lower in {"token", "authtoken", "accesstoken"}:
                return value if value.lower().startswith(_BEARER) else f"Bearer {value}"
    return None


def _id_of(message: _Message) -> str:
    if not message.id:
        raise _Closed(BAD_MESSAGE, f"A message of type {message.type} needs an id")
    return message.id


def _refused(refused: Refused) -> _Closed:
    """Forbidden, as the protocol says for a caller who is not let in; clients try again with a new token."""
    return _Closed(_TRY_AGAIN if refused.status >= 500 else FORBIDDEN, refused.message)
