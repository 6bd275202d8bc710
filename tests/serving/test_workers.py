"""`stolon serve --workers N`, its processes and signals: nothing is lost, nothing is left."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

import aiohttp
import pytest

from tests.serving.key_set import IDENTITY, key_set
from tests.serving.processes import Started, asked, is_running, put, started, write_project
from tests.serving.under_load import under_load

REPLACED = "the workers were replaced"


def serving_pids(server: Started) -> list[int]:
    """The workers that have begun to serve, in their order."""
    words = [one["event"].split() for one in server.events()]
    return [int(one[1]) for one in words if one[0] == "worker" and one[2:] == ["serves"]]


async def gone(*pids: int) -> None:
    """Waits until none of the processes runs."""
    async with asyncio.timeout(20):
        while any(map(is_running, pids)):  # noqa: ASYNC110 - processes of others end without a word
            await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_three_rolling_replacements_lose_no_request(tmp_path):
    """Of 20,000 requests over kept and fresh connections, while each of two workers is replaced three times, every
    one is answered; connections to workers that end are closed by an answer that says so, and eight workers served.
    """
    project = write_project(tmp_path / "project")
    async with started("serve", "--project", str(project), "--port", "0", "--workers", "2") as server:
        url = await server.url()

        async def replacing() -> None:
            for value in ("two", "three", "four"):
                write_project(project, value)
                await server.hang_up(REPLACED)

        found = await under_load(url, 20_000, replacing)
        pids = serving_pids(server)
        assert found["failures"] == {}
        assert found["asked"] >= 20_000
        assert sum(found["answers"].values()) == found["asked"]
        assert sorted(found["answers"]) == ["four", "one", "three", "two"]
        assert found["kept"] > 1_000
        assert found["closed_kindly"] >= 1
        assert len(pids) == len(set(pids)) == 8
        assert set(found["pids"]) <= set(pids)
        await gone(*pids[:6])
        server.process.terminate()
        assert await server.ended() == 0
        assert [one["event"] for one in server.events() if one["level"] == "error"] == []


async def test_a_dead_worker_is_replaced_and_the_parent_never_serves(tmp_path):
    """A killed worker is told with its cause, another takes its place, and no answer comes from the parent."""
    project = write_project(tmp_path / "project")
    async with started("serve", "--project", str(project), "--port", "0", "--workers", "2") as server:
        url = await server.url()
        first = serving_pids(server)
        os.kill(first[0], signal.SIGKILL)
        await server.until(lambda: len(serving_pids(server)) == 3)
        assert server.count(f"worker {first[0]} died: SIGKILL") == 1
        seen = set()
        for _ in range(40):
            async with aiohttp.ClientSession() as client:
                seen.add((await asked(client, url, "{pid}"))["pid"])
        assert seen <= set(serving_pids(server)[1:])


async def test_a_wrong_project_keeps_the_workers_and_tells_every_mistake(tmp_path):
    """SIGHUP on a project that is wrong logs all mistakes and changes nothing."""
    project = write_project(tmp_path / "project")
    async with (
        started("serve", "--project", str(project), "--port", "0", "--workers", "2") as server,
        aiohttp.ClientSession() as client,
    ):
        url = await server.url()
        first = serving_pids(server)
        put(
            project / "stolon.toml",
            '[graph]\nschema = "schema:schema"\npaht = "/x"\n[services.a]\nurl = "x"\n',
        )
        await server.hang_up("no more workers are replaced: those that are there serve on as before")
        errors = [one["event"] for one in server.events() if one["level"] == "error"]
        async with started("check", "--project", str(project)) as command:
            assert await command.ended() == 1
        assert [line.partition(": ")[2].partition(": ")[0] for line in command.err] == [
            "graph.paht",
            "services.a.contract",
            "services.a.url",
        ]
        assert errors[:-1] == command.err
        assert await asked(client, url, "{version}") == {"version": "one"}
        assert serving_pids(server) == first
        assert all(map(is_running, first))


async def test_a_replacement_does_not_lose_the_keys_that_are_known(tmp_path):
    """Where the identity provider cannot be reached, workers that know its keys are not replaced by such as do not;
    where none knows them they are.
    """
    async with key_set() as keys:
        project = write_project(tmp_path / "project", settings=IDENTITY.format(keys=keys.url))
        command = ("serve", "--project", str(project), "--port", "0", "--workers", "2")
        async with started(*command) as server:
            await server.url()
            first = serving_pids(server)
            keys.is_there = False
            await server.hang_up("no more workers are replaced: those that are there serve on as before")
            assert server.count("what the project depends on (keys) is not there") == 1
            assert serving_pids(server) == first
        async with started(*command) as server:
            await server.url()
            await server.hang_up(REPLACED)
            assert len(serving_pids(server)) == 4


async def test_workers_end_when_their_parent_has_died(tmp_path):
    """Workers whose parent was killed notice by themselves, and end."""
    project = write_project(tmp_path / "project")
    async with started("serve", "--project", str(project), "--port", "0", "--workers", "2") as server:
        await server.url()
        pids = serving_pids(server)
        server.process.kill()
        await gone(*pids)
        assert await server.ended() == -signal.SIGKILL
        assert server.count("the parent has died: this worker ends") == 2


async def test_sigterm_answers_what_runs_and_says_which_worker_logs(tmp_path):
    """SIGTERM to the parent lets a running request be answered, then no process is left and none listens; every
    line of a worker has its pid.
    """
    project = write_project(tmp_path / "project")
    async with (
        started("serve", "--project", str(project), "--port", "0", "--workers", "2") as server,
        aiohttp.ClientSession() as client,
    ):
        url = await server.url()
        pids = serving_pids(server)
        asking = asyncio.create_task(asked(client, url, "{slow(seconds: 1.5) pid}"))
        await server.until(lambda: "begun" in server.out)
        server.process.terminate()
        answer = await asking
        assert answer["slow"] == "one"
        assert answer["pid"] in pids
        assert await server.ended() == 0
        assert not any(map(is_running, pids))
        with pytest.raises(aiohttp.ClientConnectorError):
            await asked(client, url, "{version}")
        assert {line.split(",")[0] for line in server.err if '"event":"request"' in line} <= {
            f'{{"pid":{pid}' for pid in pids
        }
        assert f'{{"pid":{answer["pid"]},"timestamp":' in "".join(server.err)


async def test_the_second_address_tells_of_all_workers_together(tmp_path):
    """The parent sums what its workers counted, those that have ended too, and what they find of the services."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    project = write_project(tmp_path / "project", settings=f'[observe]\naddress = "{port}"\n')
    async with started("serve", "--project", str(project), "--port", "0", "--workers", "2") as server:
        url = await server.url()
        for _ in range(10):
            async with aiohttp.ClientSession() as client:
                await asked(client, url, "query Now {version}")
        first = serving_pids(server)
        await server.hang_up(REPLACED)
        await gone(*first)
        for _ in range(5):
            async with aiohttp.ClientSession() as client:
                await asked(client, url, "query Now {version}")
        async with aiohttp.ClientSession() as client:
            async with client.get(f"http://127.0.0.1:{port}/metrics") as response:
                lines = (await response.text()).splitlines()
            async with client.get(f"http://127.0.0.1:{port}/health/integrations") as response:
                health = await response.json()
        assert 'stolon_requests_total{kind="query",status="200"} 15.0' in lines
        assert 'stolon_request_seconds_count{operation="Now"} 15.0' in lines
        assert health == {"status": "unknown", "services": {}}


async def test_a_wrong_project_is_refused_before_any_worker_begins(tmp_path):
    """With workers, too, a project that is wrong at the start ends the command with 1."""
    project = write_project(tmp_path / "project")
    put(project / "schema.py", "schema = 1\n")
    async with started("serve", "--project", str(project), "--port", "0", "--workers", "2") as server:
        assert await server.ended() == 1
        assert server.err == [f"{project}/schema.py: 'schema' of module 'schema' is int, not a rest.Schema"]


async def test_a_taken_port_is_a_mistake_of_the_command_line(tmp_path):
    """With workers, too, an address that cannot be listened on ends the command with 2."""
    project = write_project(tmp_path / "project")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        async with started("serve", "--project", str(project), "--port", port, "--workers", "2") as server:
            assert await server.ended() == 2
            assert server.err[-1] == f"Error: 127.0.0.1:{port} is taken; choose another with --port"


async def test_check_says_what_each_worker_has(tmp_path):
    """`check --workers` tells every limit that lives in a process, and what a worker has of it."""
    project = write_project(tmp_path / "project", settings="[limits]\nconnections = 10\n")
    async with started("check", "--project", str(project), "--workers", "4") as command:
        assert await command.ended() == 0
        assert command.out == [
            "limits.connections: 10, of which each of 4 workers has 3",
            "limits.streams: 1000, of which each of 4 workers has 250",
            "limits.documents: 1000 in each of 4 workers",
            "limits.document_bytes: 67108864 in each of 4 workers",
            "cache.bytes: 67108864, of which each of 4 workers has 16777216",
            "the project is well",
        ]
