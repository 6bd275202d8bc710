"""Which application answers, and how a door closes: on real sockets, in this process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from adapters.mistake import Mistake, ProjectError
from graph.executing.executor import Answer
from graph.serving.door import CannotListen, Door
from graph.serving.reload import reload
from graph.serving.served import MOST_RETIRING, NotReady, Served
from graph.serving.server import LIFE, STREAMS, application
from graph.settings.limits import Limits
from graph.settings.settings import GraphSettings
from tests.graph.scripted_server import Everybody, Held, Script, Scripted

QUERY = {"query": "{hello}"}
MUTATION = {"query": "mutation {hello}"}


def says(word: str) -> Script:
    """A script that answers with the word."""

    async def script(_document: Any) -> Answer:
        return Answer(data={"hello": word})

    return script


@dataclass
class World:
    """What is served, where, and in which order applications were opened and closed."""

    served: Served
    door: Door
    url: str
    client: aiohttp.ClientSession
    log: list[str] = field(default_factory=list)

    def app(self, name: str, script: Script | None = None, **options: Any) -> web.Application:
        app = application(
            Scripted(script or says(name)),
            Everybody(),
            GraphSettings(schema="s:s"),
            **{"drain": 5.0, **options},
        )

        async def resources(_app: web.Application) -> AsyncIterator[None]:
            self.log.append(f"open {name}")
            yield
            self.log.append(f"close {name}")

        app.cleanup_ctx.append(resources)
        return app

    async def ask(self, body: Any = QUERY) -> Any:
        async with self.client.post(f"{self.url}/graphql", json=body) as response:
            return (await response.json())["data"]

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110 - applications close without telling
                await asyncio.sleep(0.01)


@asynccontextmanager
async def world(script: Script | None = None, **options: Any) -> AsyncIterator[World]:
    """An application by the name of `one`, served."""
    served = Served()
    async with aiohttp.ClientSession() as client:
        one = World(served, None, "", client)  # type: ignore[arg-type]  # made in the next lines
        await served.open(one.app("one", script, **options))
        one.door = Door(served)
        one.url = await one.door.listen("127.0.0.1", 0)
        try:
            yield one
        finally:
            await one.door.close()


async def test_a_replaced_application_answers_what_it_began_and_is_closed_then():
    """After a replacement the next request is the new application's; one under way is answered by the old, whose
    resources are closed when that has ended.
    """
    held = Held()
    async with world(held) as one:
        asking = asyncio.create_task(one.ask())
        await held.begun.wait()
        await one.served.replace(one.app("two"))
        assert await one.ask() == {"hello": "two"}
        assert (one.log, one.served.is_busy) == (["open one", "open two"], True)
        held.let_go.set()
        assert await asking == {"held": True}
        await one.until(lambda: not one.served.is_busy)
        assert one.log == ["open one", "open two", "close one"]
    assert one.log == ["open one", "open two", "close one", "close two"]


async def test_a_mutation_without_a_client_keeps_the_replaced_application_open():
    """A mutation whose client has gone runs to its end in the application that began it."""
    held = Held()
    async with world(held) as one:
        asking = asyncio.create_task(one.ask(MUTATION))
        await held.begun.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await one.served.replace(one.app("two"))
        assert await one.ask() == {"hello": "two"}
        assert one.log == ["open one", "open two"]
        held.let_go.set()
        await one.until(lambda: not one.served.is_busy)
    assert held.outcome == "finished"


async def test_what_does_not_end_in_time_loses_its_resources_and_is_told(caplog, monkeypatch):
    """A request that outlasts the drain of a replaced application does not keep it open; the log says so."""
    monkeypatch.setattr("graph.serving.served.STREAM_SECONDS", 0.1)
    held = Held()
    async with world(held, drain=0.1) as one:
        asking = asyncio.create_task(one.ask())
        await held.begun.wait()
        await one.served.replace(one.app("two"))
        await one.until(lambda: not one.served.is_busy)
        assert one.log == ["open one", "open two", "close one"]
        assert caplog.messages == ["1 requests did not end within 0.1 seconds of a reload"]
        held.let_go.set()
        await asking


async def test_streams_of_a_replaced_application_are_ended_after_its_drain():
    """An event stream goes on over a replacement until requests must have ended; then it is cut off without
    `complete`, so that its client takes it up again.
    """
    held = Held()
    async with world(held, drain=0.2) as one:
        body = {"query": "subscription {hello}"}
        headers = {"accept": "text/event-stream"}
        async with one.client.post(f"{one.url}/graphql", json=body, headers=headers) as response:
            await held.begun.wait()
            await one.served.replace(one.app("two"))
            assert await one.ask() == {"hello": "two"}
            with pytest.raises(aiohttp.ClientPayloadError):
                async with asyncio.timeout(10):
                    await response.read()
        await one.until(lambda: not one.served.is_busy)
    assert held.outcome == "cancelled"


async def test_an_application_that_cannot_be_opened_replaces_nothing():
    """Where resources of the new application fail, what had been opened is closed, the failure is raised, and the
    application before is served on.
    """
    async with world() as one:
        two = one.app("two")

        async def failing(_app: web.Application) -> AsyncIterator[None]:
            raise OSError("no")
            yield

        two.cleanup_ctx.append(failing)
        with pytest.raises(OSError, match="no"):
            await one.served.replace(two)
        assert (await one.ask(), one.served.is_busy) == ({"hello": "one"}, False)
        assert one.log == ["open one", "open two", "close two"]


async def test_a_new_application_must_have_what_the_one_before_has():
    """A new application that lacks what it depends on is waited for, then refused and closed; where the one before
    lacks it, too, there is nothing to lose.
    """
    is_there = True
    async with world(depends_on=lambda: is_there) as one:
        with pytest.raises(NotReady, match=r"what it depends on was not there within 0\.05 seconds"):
            await one.served.replace(one.app("two", depends_on=lambda: False), patience=0.05)
        assert (await one.ask(), one.log[1:]) == ({"hello": "one"}, ["open two", "close two"])
        is_there = False
        await one.served.replace(one.app("three", depends_on=lambda: False), patience=0.05)
        assert await one.ask() == {"hello": "three"}


async def test_few_replaced_applications_drain_at_once():
    """While three drain, the next replacement waits for one of them."""
    helds = [Held() for _ in range(MOST_RETIRING)]
    async with world(helds[0]) as one:
        asking = []
        for number, held in enumerate(helds):
            asking.append(asyncio.create_task(one.ask()))
            await held.begun.wait()
            script = helds[number + 1] if number + 1 < MOST_RETIRING else None
            await one.served.replace(one.app(f"new {number}", script))
        last = asyncio.create_task(one.served.replace(one.app("last")))
        done, _ = await asyncio.wait({last}, timeout=0.1)
        assert (done, await one.ask()) == (set(), {"hello": f"new {MOST_RETIRING - 1}"})
        helds[0].let_go.set()
        await last
        assert await one.ask() == {"hello": "last"}
        for held in helds:
            held.let_go.set()
        await asyncio.gather(*asking)


async def test_limits_of_connections_follow_what_is_served():
    """How many connections are let in is the limit of the application that is served now."""
    async with world(limits=Limits(connections=1)) as one:
        assert await one.ask() == {"hello": "one"}  # this client keeps its connection
        async with aiohttp.ClientSession() as other:
            async with other.get(f"{one.url}/health/live") as response:
                assert response.status == 503
            await one.served.replace(one.app("two", limits=Limits(connections=2)))
            async with other.get(f"{one.url}/health/live") as response:
                assert response.status == 200


class Connection:
    """A client's connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, path: str = "/health/live") -> dict[str, str]:
        """The head of the answer; its body is read, too."""
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        head = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)
        }
        await self.reader.readexactly(int(head["content-length"]))
        return {**head, "status": lines[0].split()[1]}

    async def is_closed(self) -> bool:
        async with asyncio.timeout(10):
            return await self.reader.read() == b""


async def connected(one: World) -> Connection:
    return Connection(*await asyncio.open_connection("127.0.0.1", int(one.url.rpartition(":")[2])))


async def test_a_closing_door_serves_the_connections_that_it_has():
    """Idle connections may ask once more, fresh ones that were accepted may ask at all; each answer says that it is
    the last, and the door is closed when there is no connection left. Nobody new is let in.
    """
    async with world() as one:
        idle, fresh = await connected(one), await connected(one)
        assert "connection" not in await idle.ask()
        closing = asyncio.create_task(one.door.close(quiet=30.0))
        await one.until(lambda: one.served.closing)
        with pytest.raises(ConnectionRefusedError):
            await connected(one)
        answer = await idle.ask()
        assert (answer["status"], answer["connection"]) == ("200", "close")
        assert await idle.is_closed()
        answer = await fresh.ask("/nothing")
        assert (answer["status"], answer["connection"]) == ("404", "close")
        async with asyncio.timeout(10):
            await closing
        for connection in (idle, fresh):
            connection.writer.close()


async def test_a_closing_door_is_not_ready():
    """From the moment that a door closes, health says so to connections that are still there."""
    async with world() as one:
        idle = await connected(one)
        assert (await idle.ask("/health/ready"))["status"] == "200"
        closing = asyncio.create_task(one.door.close(quiet=30.0))
        await one.until(lambda: one.served.closing)
        assert (await idle.ask("/health/ready"))["status"] == "503"
        await closing
        idle.writer.close()


async def test_idle_connections_are_closed_when_the_door_has_been_quiet_or_must_hurry():
    """A connection that asks nothing is closed after the quiet time, and sooner when the door is told to hurry."""
    async with world() as one:
        idle = await connected(one)
        await idle.ask()
        closing = asyncio.create_task(one.door.close(quiet=600.0))
        await one.until(lambda: one.served.closing)
        one.door.hurry(0.05)
        async with asyncio.timeout(10):
            await closing
        assert await idle.is_closed()
        idle.writer.close()


async def test_a_door_listens_on_sockets_that_it_is_given():
    """Sockets that listen already are accepted on; closing the door leaves whoever gave them able to listen on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        async with aiohttp.ClientSession() as client:
            for name in ("one", "two"):
                served = Served()
                app = application(Scripted(says(name)), Everybody(), GraphSettings(schema="s:s"))
                await served.open(app)
                door = Door(served)
                await door.listen_on([socket.socket(fileno=socket.dup(listening.fileno()))])
                url = f"http://127.0.0.1:{listening.getsockname()[1]}/graphql"
                async with client.post(url, json=QUERY) as response:
                    assert (await response.json())["data"] == {"hello": name}
                await door.close()
                assert (app[LIFE].is_ready, len(app[STREAMS])) == (False, 0)


async def test_an_address_of_another_machine_cannot_be_listened_on():
    """An address that is not this machine's is told by name."""
    served = Served()
    await served.open(application(Scripted(says("")), Everybody(), GraphSettings(schema="s:s")))
    door = Door(served)
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1:80 cannot be listened on"):
        await door.listen("192.0.2.1", 80)
    await door.close()


class Loaded:
    """A project that was read."""

    def __init__(self, app: web.Application) -> None:
        self.app = app

    def application(self) -> web.Application:
        return self.app


async def test_a_reload_serves_what_was_read_or_says_why_not(caplog):
    """A reload that goes well says nothing; one that fails gives a line for each mistake, or for what else it failed
    by, whose text is not shown, and changes nothing.
    """

    def wrong() -> Loaded:
        raise ProjectError(
            [Mistake(Path("b.py"), 2, "", "is\nwrong"), Mistake(Path("a.py"), 0, "x", "is wrong")]
        )

    def broken() -> Loaded:
        raise RuntimeError("a secret")

    async with world() as one:
        assert await reload(one.served, wrong) == ("a.py: x: is wrong", "b.py:2: is wrong")
        assert await reload(one.served, broken) == (
            "the project as it is now cannot be served: RuntimeError",
        )
        assert caplog.messages == ["a reload failed unforeseen"]
        assert await one.ask() == {"hello": "one"}
        assert await reload(one.served, lambda: Loaded(one.app("two"))) == ()
        assert await one.ask() == {"hello": "two"}
