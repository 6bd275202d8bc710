"""A whole small project served by its App on a real socket, over REST services that are real sockets too."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from graph.app import App, load
from graph.serving.server import RUNNING, serving
from tests.graph import projects

Doc = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request as a service got it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


Handler = Callable[[Asked], "Reply | Awaitable[Reply]"]


@dataclass(frozen=True)
class Reply:
    """What a service answers: JSON, or text where `text` is given."""

    json: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None

    def response(self) -> web.Response:
        body = self.text if self.text is not None else json.dumps(self.json)
        kind = "text/html" if self.text is not None else "application/json"
        return web.Response(
            status=self.status, body=body.encode(), headers={"content-type": kind, **self.headers}
        )


class Rest:
    """A REST service on loopback: `on` scripts an endpoint by `METHOD /path`, `asked` keeps all that came."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self._handlers: dict[str, Handler] = {}

    def on(self, endpoint: str, reply: Reply | Handler) -> None:
        """Let an endpoint (a path without its query) answer from now on."""
        self._handlers[endpoint] = reply if callable(reply) else lambda _: reply

    @property
    def calls(self) -> dict[str, int]:
        """How often each endpoint was called."""
        return dict(Counter(f"{one.method} {one.path.partition('?')[0]}" for one in self.asked))

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, request.raw_path, headers, json.loads(body) if body else None)
        self.asked.append(asked)
        handler = self._handlers.get(f"{request.method} {request.raw_path.partition('?')[0]}")
        if handler is None:
            return web.Response(status=404, text="no such endpoint")
        reply = handler(asked)
        return (reply if isinstance(reply, Reply) else await reply).response()


@asynccontextmanager
async def rest() -> AsyncIterator[Rest]:
    """A service on a free port of loopback; whose client goes, its handler is cancelled."""
    made = Rest()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made._handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


@dataclass
class Gateway:
    """The served project and a client for it."""

    url: str
    client: aiohttp.ClientSession
    app: web.Application

    @property
    def running(self) -> int:
        """How many mutations run."""
        return len(self.app[RUNNING])

    def post(self, query: str, variables: Doc | None = None, token: str | None = None, **headers: str) -> Any:
        """The request context of a POST."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            named["authorization"] = f"Bearer {token}"
        body = {"query": query, "variables": variables}
        return self.client.post(f"{self.url}/graphql", json=body, headers=named)

    async def ask(
        self, query: str, variables: Doc | None = None, token: str | None = None, **headers: str
    ) -> Doc:
        """The decoded answer to a POST."""
        async with self.post(query, variables, token, **headers) as response:
            answer: Doc = await response.json()
            return answer


@asynccontextmanager
async def served(
    folder: Path,
    module: str,
    contracts: Mapping[str, Doc],
    toml: str,
    *,
    detail: bool = False,
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[Gateway]:
    """The project, written into the folder, loaded and served on a free port."""
    projects.write(folder, module, contracts, toml)
    loaded = load(folder, environ or {})
    app = App(loaded.project, detail=detail).application()
    async with serving(app, "127.0.0.1", 0) as url, aiohttp.ClientSession() as client:
        yield Gateway(url, client, app)


def toml(services: Mapping[str, str], more: str = "", **settings: str) -> str:
    """A project file: services by URL, each with the same further settings as `name='"value"'`."""
    lines = ["[graph]", 'schema = "schema:schema"', more]
    for name, url in services.items():
        lines += [
            f"[services.{name}]",
            f'url = "{url}"',
            *(f"{key} = {value}" for key, value in settings.items()),
        ]
    return "\n".join(lines) + "\n"


async def settled() -> None:
    """Let the loop do what it has to do, a bounded number of turns."""
    for _ in range(20):
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds, ten seconds at most."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event: a socket that closes, a task that ends
            await asyncio.sleep(0.005)
