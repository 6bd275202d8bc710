"""`stolon` in processes of their own, on small projects: started, listened to and ended by the tests here."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[2]
STOLON = (sys.executable, "-P", "-c", "from graph.cli import main; main()")
SECONDS = 60.0
SETTINGS = '[graph]\nschema = "schema:schema"\n'
MODULE = """
import asyncio
import os

import strawberry
from stolon import rest


@strawberry.type
class Query:
    @strawberry.field
    def {name}(self) -> str:
        return "{value}"

    @strawberry.field
    def pid(self) -> int:
        return os.getpid()

    @strawberry.field
    async def slow(self, seconds: float) -> str:
        print("begun", flush=True)
        await asyncio.sleep(seconds)
        return "{value}"


schema = rest.Schema(query=Query)
"""


def write_project(folder: Path, value: str = "one", *, name: str = "version", settings: str = "") -> Path:
    """A project whose field of that name says the value. Files are replaced in one step, as careful editors do."""
    folder.mkdir(exist_ok=True)
    put(folder / "stolon.toml", SETTINGS + settings)
    put(folder / "schema.py", MODULE.format(name=name, value=value))
    return folder


def put(file: Path, text: str) -> None:
    """Write a file in one step."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


class Started:
    """A running command. Its lines are kept as they come."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._news = asyncio.Condition()
        assert process.stdout is not None
        assert process.stderr is not None
        self._readers = [
            asyncio.create_task(self._read(process.stdout, self.out)),
            asyncio.create_task(self._read(process.stderr, self.err)),
        ]

    async def _read(self, stream: asyncio.StreamReader, into: list[str]) -> None:
        while line := await stream.readline():
            into.append(line.decode().rstrip("\n"))
            async with self._news:
                self._news.notify_all()

    async def until(self, holds: Callable[[], Any], seconds: float = SECONDS) -> Any:
        """What `holds` gives once that is true, asked whenever a line comes."""
        try:
            async with asyncio.timeout(seconds), self._news:
                return await self._news.wait_for(holds)
        except TimeoutError:
            said = "\n".join([*self.out[-20:], "--", *self.err[-40:]])
            raise AssertionError(f"not within {seconds:g} seconds; it said:\n{said}") from None

    async def url(self) -> str:
        """Where it serves, when it does."""
        line = await self.until(lambda: next((one for one in self.out if one.startswith("serving ")), None))
        return str(line).removeprefix("serving ")

    def events(self) -> list[dict[str, Any]]:
        """What was logged in JSON, but for the requests."""
        found = [json.loads(line) for line in self.err if line.startswith("{")]
        return [one for one in found if one["event"] != "request"]

    def count(self, event: str) -> int:
        """How often something was logged."""
        return sum(one["event"] == event for one in self.events())

    async def hang_up(self, event: str) -> None:
        """Send SIGHUP, and wait until the log says once more that it was obeyed."""
        before = self.count(event)
        self.process.send_signal(signal.SIGHUP)
        await self.until(lambda: self.count(event) > before)

    async def ended(self, seconds: float = SECONDS) -> int:
        """The exit code, when all has been read."""
        async with asyncio.timeout(seconds):
            await asyncio.gather(*self._readers)
            return await self.process.wait()


@asynccontextmanager
async def started(*arguments: str, limit: int = 1 << 20) -> AsyncIterator[Started]:
    """The command with these arguments, while it runs; it is made to end on leaving."""
    process = await asyncio.create_subprocess_exec(
        *STOLON,
        *arguments,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=limit,
    )
    one = Started(process)
    try:
        yield one
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await one.ended(20)
            except TimeoutError:
                process.kill()
                await one.ended(20)


async def asked(client: aiohttp.ClientSession, url: str, query: str) -> Any:
    """The data of an answer."""
    async with client.post(f"{url}/graphql", json={"query": query}) as response:
        body = await response.json()
        assert response.status == 200, body
        return body["data"]


def is_running(pid: int) -> bool:
    """Whether there is a process that has not ended: one that is a zombie has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
