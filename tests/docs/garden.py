"""The garden of docs/: its services and its identity provider on free ports, and projects made of a page's blocks."""

from __future__ import annotations

import asyncio
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
from graph.project.project import load_project
from graph.serving.server import serving
from tests.docs.walk import curl

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
    folder: Path,
    environ: Mapping[str, str],
    query: str,
    *,
    bearer: str | None = None,
    file: str | None = None,
) -> tuple[Any, dict[str, int]]:
    """What a served project answers, and the calls that it made, by service and operation. A subscription answers
    with all of its events; `file`, of the folder, is the variable of that name.
    """
    calls: dict[str, int] = {}

    def count(fact: Fact) -> None:
        if isinstance(fact, CallEnded):
            name = f"{fact.service} {fact.operation}"
            calls[name] = calls.get(name, 0) + 1

    app = App(load_project(folder, environ), observers=(count,))
    headers = {} if bearer is None else {"authorization": f"Bearer {bearer}"}
    listening = query.lstrip().startswith("subscription")
    if listening:
        headers["accept"] = "text/event-stream"
    sent: dict[str, Any] = {"json": {"query": query}}
    if file is not None:
        headers["graphql-require-preflight"] = "1"
        sent = {"data": _form(query, folder / file)}
    async with (
        serving(app.application(), "127.0.0.1", 0) as url,
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{url}/graphql", **sent) as response,
    ):
        body = await response.read()
    return _events(body) if listening else msgspec.json.decode(body), calls


async def curled(folder: Path, environ: Mapping[str, str], words: list[str]) -> list[str]:
    """The lines that `curl` prints, which asks a served project at port 8000."""
    app = App(load_project(folder, environ), detail=True)
    async with serving(app.application(), "127.0.0.1", 0) as url:
        lines = await asyncio.to_thread(curl, [one.replace("http://127.0.0.1:8000", url) for one in words])
    return "\n".join(lines).rstrip().splitlines()


def _form(query: str, file: Path) -> aiohttp.FormData:
    """A GraphQL multipart request with one file, the variable `file`."""
    form = aiohttp.FormData()
    operations = {"query": query, "variables": {"file": None}}
    form.add_field("operations", msgspec.json.encode(operations).decode(), content_type="application/json")
    form.add_field("map", '{"0": ["variables.file"]}', content_type="application/json")
    form.add_field("0", file.read_bytes(), filename=file.name, content_type="text/csv")
    return form


def _events(body: bytes) -> list[Any]:
    """What the `next` events of a whole stream say (GraphQL over SSE, distinct connections mode)."""
    events = [
        dict(line.split(": ", 1) for line in one.splitlines() if ": " in line)
        for one in body.decode().split("\n\n")
    ]
    return [msgspec.json.decode(one["data"]) for one in events if one.get("event") == "next"]
