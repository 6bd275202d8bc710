"""The cache as a proxy, as thin as can be: what npm's `http-cache-tests` asks goes through a service's stack."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from multidict import CIMultiDict

from adapters.caching.cache import Cache
from adapters.caching.cache_rule import CacheRule
from adapters.caching.cache_store import InProcessStore
from adapters.failures import UpstreamFailure
from adapters.messages import Identity, Request, Send
from adapters.policies.flight import Flights
from adapters.service import Service
from adapters.stack import stack
from adapters.transport.transport import Transport

# What a proxy does not pass on (RFC 9110, section 7.6.1), or the transport says by itself.
_NOT_PASSED = {"host", "connection", "keep-alive", "content-length", "transfer-encoding", "accept-encoding", "te",
               "trailer", "upgrade", "proxy-authorization", "proxy-connection", "cookie", "expect"}  # fmt: skip


@asynccontextmanager
async def proxied(modules: Path, folder: Path) -> AsyncIterator[str]:
    """The suite's own origin server behind the cache; the URL of the proxy. Of headers only `Vary` tells answers
    apart: the suite numbers its requests in headers. The heuristic is on, so that it is tried too.
    """
    async with _origin(modules, folder) as origin:
        clock = asyncio.get_running_loop().time
        service = Service("origin", origin, cache=CacheRule(headers="vary", heuristic=True))
        cache = Cache(service, InProcessStore(64 << 20, clock), clock, time.time)
        async with Transport(origin, connections=1000, answer_limit=1 << 20) as transport:
            async with _proxy(stack(cache, Flights(clock), transport=transport)) as url:
                yield url
            await cache.close()


@asynccontextmanager
async def _origin(modules: Path, folder: Path) -> AsyncIterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"protocol": "http", "port": str(port), "pidfile": str(folder / "pid")}
    process = await asyncio.create_subprocess_exec(
        "node",
        str(modules / "http-cache-tests" / "server" / "server.mjs"),
        env=os.environ | {f"npm_config_{name}": text for name, text in settings.items()},
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            while b"Listening" not in await process.stdout.readline():
                pass
        yield f"http://localhost:{port}"
    finally:
        process.kill()
        await process.communicate()


@asynccontextmanager
async def _proxy(send: Send) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.Response:
        try:
            answer = await send(await _passed(request))
        except UpstreamFailure as failure:
            return web.Response(status=502, text=type(failure).__name__)
        headers = CIMultiDict(
            (name, text)
            for name, text in answer.headers.items()
            if name not in ("content-length", "transfer-encoding", "connection", "keep-alive")
        )
        return web.Response(status=answer.status, headers=headers, body=answer.body or None)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _passed(request: web.Request) -> Request:
    headers: dict[str, str] = {}
    for name, text in request.headers.items():
        low = name.lower()
        if low not in _NOT_PASSED:
            headers[low] = f"{headers[low]}, {text}" if low in headers else text
    return Request(
        service="origin",
        operation="any",
        method=request.method,
        target=request.raw_path,
        headers=headers,
        body=await request.read() or None,
        safe=request.method in ("GET", "HEAD"),
        identity=Identity(request.headers.get("authorization", "anonymous")),
    )
