"""The garden of docs/: its services and its identity provider on free ports, and projects made of a page's blocks."""

from __future__ import annotations

import runpy
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from adapters.facts import CallEnded, Fact
from graph.app import App
from graph.project import load_project
from graph.server import serving

DOCS = Path(__file__).resolve().parents[2] / "docs"
GARDEN = DOCS / "garden"
SERVICES = ("plants", "harvests", "shed", "identity")
"""The modules of docs/garden; each one's URL is in the environment variable of its name."""


@asynccontextmanager
async def garden() -> AsyncIterator[dict[str, str]]:
    """The services, anew; the environment that leads to them."""
    environ: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        for name in SERVICES:
            module = runpy.run_path(str(GARDEN / f"{name}.py"), run_name=f"garden_{name}")
            runner = web.AppRunner(module["application"]())
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            environ[f"{name.upper()}_URL"] = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield environ


async def token(environ: Mapping[str, str], subject: str, *scopes: str) -> str:
    """A token of the garden's identity provider."""
    query = {"sub": subject, "scope": " ".join(scopes), "iss": environ["IDENTITY_URL"]}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{environ['IDENTITY_URL']}/token", params=query) as response,
    ):
        return await response.text()


async def asked(
    folder: Path, environ: Mapping[str, str], query: str, *, bearer: str | None = None
) -> tuple[dict[str, Any], dict[str, int]]:
    """What a served project answers, and the calls that it made, by service and operation."""
    calls: dict[str, int] = {}

    def count(fact: Fact) -> None:
        if isinstance(fact, CallEnded):
            name = f"{fact.service} {fact.operation}"
            calls[name] = calls.get(name, 0) + 1

    app = App(load_project(folder, environ), observers=(count,))
    headers = {} if bearer is None else {"authorization": f"Bearer {bearer}"}
    async with (
        serving(app.application(), "127.0.0.1", 0) as url,
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{url}/graphql", json={"query": query}) as response,
    ):
        return msgspec.json.decode(await response.read()), calls
