"""Connections of clients without sockets: a transport that notes what is written, and requests as bytes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from multidict import CIMultiDict

from graph.http.whole_answer import Reply, WholeAnswer
from graph.serving.client_connection import Asked, ClientConnections

DATE = re.compile(rb"(?<=\r\nDate: )[^\r]+")
Replying = Callable[[web.BaseRequest], Awaitable[Reply]]


class Wire:
    """A transport that notes what is written. `waiting` is what the client has not taken of it, in bytes."""

    def __init__(self) -> None:
        self.protocol: RequestHandler | None = None
        self.said = b""
        self.waiting = 0
        self.reading = True
        self.closing = False
        self.aborted = asyncio.Event()

    def write(self, data: bytes) -> None:
        if not self.closing:
            self.said += data

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        if not self.closing:
            self.closing = True
            assert self.protocol is not None
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.aborted.set()
        self.close()

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def get_extra_info(self, _name: str, default: object = None) -> object:
        return default


def made(server: web.Server) -> tuple[RequestHandler, Wire]:
    """A new connection of a server, and its wire."""
    connection, wire = server(), Wire()
    wire.protocol = connection
    connection.connection_made(cast(asyncio.Transport, wire))
    return connection, wire


async def fine(request: web.BaseRequest) -> WholeAnswer:
    """Reads the body, and answers."""
    await request.read()
    return WholeAnswer(200, b"{}", CIMultiDict())


def connected(
    replying: Replying = fine, *, head_bytes: int = 1 << 20, head: float = 60.0, send: float = 60.0
) -> tuple[RequestHandler, Wire]:
    """A connection whose heads and answers have these bounds."""
    asked = Asked(head_bytes, lambda: head, lambda: send, lambda: False)
    return made(ClientConnections(replying, asked, access_log=None))


async def turns(count: int = 30) -> None:
    """What can go on without anybody's doing goes on."""
    for _ in range(count):
        await asyncio.sleep(0)


def post(body: bytes = b"{}", *lines: str, path: str = "/") -> bytes:
    """A POST with its body."""
    first = (f"POST {path} HTTP/1.1", "Host: h", f"Content-Length: {len(body)}", *lines, "", "")
    return "\r\n".join(first).encode() + body
