"""Stands between the graph and the example's services, and keeps every call: what was asked and answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler
from multidict import CIMultiDictProxy
from yarl import URL

_OWN = ("host", "connection", "transfer-encoding", "content-length", "date", "server")
"""Headers that belong to one connection, or to who answers on it."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One call to a service."""

    service: str
    method: str
    target: str
    sent: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int
    received: Mapping[str, str] = field(repr=False)
    answer: bytes = field(repr=False)


@dataclass(slots=True)
class Recording:
    """Where the proxies listen, by service, and what went through them."""

    urls: dict[str, str] = field(default_factory=dict)
    calls: list[Exchanged] = field(default_factory=list)


@asynccontextmanager
async def recording(services: Mapping[str, str]) -> AsyncIterator[Recording]:
    """A proxy for each service, given by name and base URL."""
    kept = Recording()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        for name, url in services.items():
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", _handler(kept, session, name, url))
            server = await stack.enter_async_context(TestServer(app))
            kept.urls[name] = str(server.make_url("")).rstrip("/")
        yield kept


def _handler(kept: Recording, session: aiohttp.ClientSession, name: str, url: str) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        sent = _passed(request.headers)
        # Byte for byte: what is checked is what was sent.
        target = URL(url + request.raw_path, encoded=True)
        async with session.request(
            request.method, target, headers=sent, data=body or None, allow_redirects=False
        ) as response:
            answer, received = await response.read(), _passed(response.headers)
        kept.calls.append(
            Exchanged(name, request.method, request.raw_path, sent, body, response.status, received, answer)
        )
        return web.Response(status=response.status, body=answer, headers=received)

    return handle


def _passed(headers: CIMultiDictProxy[str]) -> CIMultiDictProxy[str]:
    kept = headers.copy()
    for name in _OWN:
        kept.popall(name, None)
    return CIMultiDictProxy(kept)
