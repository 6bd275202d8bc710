"""The server's life: health, listening, draining in this process, and signals in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from graph.identity.auth import UnreadTokens
from graph.serving.server import LIFE, CannotListen, application, serve, serving
from graph.settings.settings import GraphSettings
from tests.graph.scripted_server import Edge, Everybody, Held, Scripted, edge, error, hello

ROOT = Path(__file__).parents[2]
QUERY = {"query": "{hello}"}
MUTATION = {"query": "mutation {hello}"}


def built(*, depends_on: Callable[[], bool] = lambda: True, path: str = "/graphql"):
    return application(
        Scripted(hello), Everybody(), GraphSettings(schema="s:s", path=path), depends_on=depends_on, drain=5.0
    )


def two_free_ports() -> int:
    """The first of two neighbouring ports that are free."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second, suppress(OSError, OverflowError):
            first.bind(("127.0.0.1", 0))
            second.bind(("127.0.0.1", first.getsockname()[1] + 1))
            return first.getsockname()[1]
    raise AssertionError("no two neighbouring ports are free")


async def health(one: Edge, name: str) -> tuple[int, str]:
    async with one.client.get(f"{one.url}/health/{name}") as response:
        return response.status, await response.text()


async def test_health_is_told_without_detail():
    """A server that listens is live and ready, and says no more than that; other paths are unknown."""
    async with edge() as one:
        assert await health(one, "live") == (200, "live\n")
        assert await health(one, "ready") == (200, "ready\n")
        assert (await health(one, "other"))[0] == 404


async def test_ready_waits_for_what_the_server_needs():
    """While what the server depends on is missing it is live, but not ready."""
    is_there = False
    async with (
        serving(built(depends_on=lambda: is_there), "127.0.0.1", 0) as url,
        aiohttp.ClientSession() as client,
    ):
        async with client.get(f"{url}/health/ready") as response:
            assert (response.status, await response.text()) == (503, "not ready\n")
        async with client.get(f"{url}/health/live") as response:
            assert response.status == 200
        is_there = True
        async with client.get(f"{url}/health/ready") as response:
            assert response.status == 200


async def test_ready_ends_when_draining_begins():
    """A server is not ready before it listens, nor from the moment it is told to stop."""
    app = built()
    assert not app[LIFE].is_ready
    async with serving(app, "127.0.0.1", 0):
        assert app[LIFE].is_ready
        app[LIFE].stop(100.0)
        assert not app[LIFE].is_ready
        assert app[LIFE].ends_at == 105.0
        app[LIFE].stop(200.0)
        assert app[LIFE].ends_at == 105.0


async def test_the_endpoint_stands_where_the_project_says():
    """The endpoint's path is the project's setting."""
    async with (
        serving(built(path="/api/graph"), "127.0.0.1", 0) as url,
        aiohttp.ClientSession() as client,
        client.post(f"{url}/api/graph", json=QUERY) as response,
    ):
        assert await response.json() == {"data": {"hello": "world"}}


async def test_long_tokens_and_urls_are_judged_here():
    """A token or URL longer than aiohttp's own bound of 8190 bytes still gets GraphQL's answer, with the
    reason.
    """
    async with edge(authenticator=UnreadTokens(), body_limit=20_000) as one:
        status, _, answer = await one.post(QUERY, Authorization=f"Bearer {'a' * 8193}", X_Request_Id="r")
        assert (status, answer) == (
            401,
            error("The token is longer than 8192 characters.", "UNAUTHENTICATED", "r"),
        )
        assert (await one.post(QUERY, Authorization=f"Bearer {'a' * 8192}"))[0] == 200
        assert (await one.get(query="{hello} #" + "x" * 12_000))[0] == 200


async def test_a_taken_port_is_refused_or_passed_over():
    """A fixed port that is taken is an error that names it; else the next free port is found and told."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"^127.0.0.1:{port} is taken$"):
            async with serving(built(), "127.0.0.1", port):
                pass
        async with (
            serving(built(), "127.0.0.1", port, port_is_fixed=False) as url,
            aiohttp.ClientSession() as client,
            client.get(f"{url}/health/live") as response,
        ):
            assert port < int(url.rpartition(":")[2]) <= port + 99
            assert response.status == 200


async def test_when_every_port_is_taken_all_are_named(monkeypatch):
    """Where none of the ports tried is free, the error says which they were."""
    monkeypatch.setattr("graph.serving.server.PORTS_TRIED", 2)
    port = two_free_ports()
    with socket.socket() as taken, socket.socket() as next_taken:
        taken.bind(("127.0.0.1", port))
        next_taken.bind(("127.0.0.1", port + 1))
        taken.listen()
        next_taken.listen()
        with pytest.raises(CannotListen, match=f"^all ports from {port} to {port + 1} are taken$"):
            async with serving(built(), "127.0.0.1", port, port_is_fixed=False):
                pass


async def test_an_address_of_another_machine_is_refused():
    """An address that is not this machine's is an error that names it."""
    with pytest.raises(CannotListen, match=r"^192\.0\.2\.1:8000 cannot be listened on: "):
        async with serving(built(), "192.0.2.1", 8000):
            pass


async def test_ipv6_addresses_are_told_as_urls():
    """An IPv6 address stands in brackets in the URL."""
    async with serving(built(), "::1", 0) as url:
        assert url.startswith("http://[::1]:")


async def test_draining_lets_running_requests_end():
    """Leaving the server waits for the query and the mutation under way, and both are answered."""
    query, mutation = Held(), Held()

    async def script(document):
        return await (mutation if "mutation" in document.query else query)(document)

    async with aiohttp.ClientSession() as client:
        async with edge(script) as one:
            asked = [
                asyncio.create_task(client.post(f"{one.url}/graphql", json=body))
                for body in (QUERY, MUTATION)
            ]
            await query.begun.wait()
            await mutation.begun.wait()
            asyncio.get_running_loop().call_later(0.05, query.let_go.set)
            asyncio.get_running_loop().call_later(0.1, mutation.let_go.set)
        responses = await asyncio.gather(*asked)
        assert [await response.json() for response in responses] == [{"data": {"held": True}}] * 2
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get(f"{one.url}/health/live")
    assert (query.outcome, mutation.outcome, one.running) == ("finished", "finished", 0)


async def test_draining_waits_for_mutations_without_a_client():
    """What a mutation uses is taken away only after it ended, although its client went long ago."""
    held, order = Held(), []

    async def resources(_app):
        yield
        order.append(f"closed after {held.outcome or 'nothing'}")

    app = application(Scripted(held), Everybody(), GraphSettings(schema="s:s"), drain=5.0)
    app.cleanup_ctx.append(resources)
    async with serving(app, "127.0.0.1", 0) as url, aiohttp.ClientSession() as client:
        asking = asyncio.create_task(client.post(f"{url}/graphql", json=MUTATION))
        await held.begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        asyncio.get_running_loop().call_later(0.05, held.let_go.set)
    assert order == ["closed after finished"]


async def test_what_does_not_end_in_time_is_cut_off_and_told(caplog):
    """After the deadline a query and a mutation that still run are cancelled, and the log says what was
    cut off.
    """
    query, mutation = Held(), Held()

    async def script(document):
        return await (mutation if "mutation" in document.query else query)(document)

    async with aiohttp.ClientSession() as client:
        async with edge(script, drain=0.1) as one:
            asked = [
                asyncio.create_task(client.post(f"{one.url}/graphql", json=body))
                for body in (QUERY, MUTATION)
            ]
            await query.begun.wait()
            await mutation.begun.wait()
        answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(one, aiohttp.ClientError) for one in answers] == [True, True]
    assert (query.outcome, mutation.outcome) == ("cancelled", "cancelled")
    assert sorted(caplog.messages) == [
        "1 mutations did not end within 0.1 seconds and were cut off",
        "a mutation was cut off by the end of the server; its outcome is unknown",
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_serving(number):
    """`serve` tells its URL once it listens, and returns after SIGTERM or SIGINT."""
    told: list[str] = []

    def listening(url: str) -> None:
        told.append(url)
        os.kill(os.getpid(), number)

    async with asyncio.timeout(10):
        await serve(built(), "127.0.0.1", 0, listening)
    assert len(told) == 1
    assert told[0].startswith("http://127.0.0.1:")


SERVER = """
import asyncio, sys
from graph.executing.executor import Answer
from graph.serving.server import application, run, serve
from graph.settings.settings import GraphSettings
from graph.identity.auth import UnreadTokens

class Slow:
    async def execute(self, document, caller, headers, request_id):
        print("begun", flush=True)
        await asyncio.sleep(float(document.variables["seconds"]))
        return Answer(data={"done": True})

app = application(Slow(), UnreadTokens(), GraphSettings(schema="s:s"), drain=20.0)
run(serve(app, "127.0.0.1", 0, lambda url: print(url, flush=True)))
print("stopped", flush=True)
"""


async def started() -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SERVER,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return process, await line(process)


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        return (await process.stdout.readline()).decode().strip()


async def test_sigterm_drains_a_process():
    """SIGTERM stops accepting, lets the running request be answered, and the process exits with 0."""
    process, url = await started()
    async with aiohttp.ClientSession() as client:
        body = {"query": "{done}", "variables": {"seconds": 0.5}}
        asking = asyncio.create_task(client.post(f"{url}/graphql", json=body))
        assert await line(process) == "begun"
        process.send_signal(signal.SIGTERM)
        assert await (await asking).json() == {"data": {"done": True}}
    assert await line(process) == "stopped"
    assert await process.wait() == 0


async def test_a_second_signal_ends_a_process_at_once():
    """A second signal does not wait for anything: the process ends with the signal's exit code."""
    process, url = await started()
    async with aiohttp.ClientSession() as client:
        body = {"query": "{done}", "variables": {"seconds": 60}}
        asking = asyncio.create_task(client.post(f"{url}/graphql", json=body))
        assert await line(process) == "begun"
        process.send_signal(signal.SIGTERM)
        while True:  # the first signal has arrived when nobody listens any more
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
            except ConnectionRefusedError:
                break
            except ConnectionError:  # listened on when the connection came, and closed before it was taken
                continue
            writer.close()
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 128 + signal.SIGINT
        with pytest.raises(aiohttp.ClientError):
            await asking
