"""SIGHUP to `stolon serve` in one process: the project is read anew, and no request notices."""

from __future__ import annotations

import asyncio
import signal

import aiohttp
import pytest

from tests.serving.key_set import IDENTITY, key_set
from tests.serving.processes import asked, put, started, write_project
from tests.serving.under_load import under_load

RELOADED = "the project was reloaded"


@pytest.mark.slow
async def test_reloading_under_load_drops_no_request(tmp_path):
    """While a project is reloaded five times, each of thousands of requests over kept and fresh connections is
    answered, and kept connections stay.
    """
    project = write_project(tmp_path / "project")
    async with started("serve", "--project", str(project), "--port", "0") as server:
        url = await server.url()

        async def reloading() -> None:
            for number in range(5):
                write_project(project, f"new {number}")
                await server.hang_up(RELOADED)

        found = await under_load(url, 4_000, reloading)
        assert found["failures"] == {}
        assert sum(found["answers"].values()) == found["asked"] >= 4_000
        # Each answer is of one state of the project, from the first to the last of them.
        assert {"one", "new 4"} <= set(found["answers"]) <= {"one", *(f"new {number}" for number in range(5))}
        assert found["closed_kindly"] == 0
        assert found["pids"] == [server.process.pid]
        server.process.terminate()
        assert await server.ended() == 0


async def test_what_runs_is_answered_by_the_project_that_began_it(tmp_path):
    """A request that began before a reload is answered by the project that it began with, the next one on the same
    connection by the new one.
    """
    project = write_project(tmp_path / "project")
    async with (
        started("serve", "--project", str(project), "--port", "0") as server,
        aiohttp.ClientSession() as client,
    ):
        url = await server.url()
        asking = asyncio.create_task(asked(client, url, "{slow(seconds: 4)}"))
        await server.until(lambda: "begun" in server.out)
        write_project(project, "two", name="release")
        await server.hang_up(RELOADED)
        assert not asking.done()
        assert await asked(client, url, "{release}") == {"release": "two"}
        assert await asking == {"slow": "one"}


async def test_a_wrong_project_keeps_the_one_before(tmp_path):
    """SIGHUP on a project that is wrong logs every mistake as `check` tells it; what was served before is, until the
    project is right again.
    """
    project = write_project(tmp_path / "project")
    async with (
        started("serve", "--project", str(project), "--port", "0") as server,
        aiohttp.ClientSession() as client,
    ):
        url = await server.url()
        put(project / "stolon.toml", '[graph]\nschema = "schema:schema"\npaht = "/x"\nbody_limit = 3\n')
        await server.hang_up("the project was not reloaded: what was served before is served on")
        async with started("check", "--project", str(project)) as command:
            assert await command.ended() == 1
        errors = [one["event"] for one in server.events() if one["level"] == "error"]
        assert len(command.err) == 2
        assert errors[:-1] == command.err
        assert await asked(client, url, "{version}") == {"version": "one"}
        write_project(project, "two")
        await server.hang_up(RELOADED)
        assert await asked(client, url, "{version}") == {"version": "two"}


async def test_a_reload_does_not_lose_the_keys_that_are_known(tmp_path):
    """Where the identity provider cannot be reached when a project is reloaded, what was served before, with its
    keys, is served on.
    """
    async with key_set() as keys:
        project = write_project(tmp_path / "project", settings=IDENTITY.format(keys=keys.url))
        async with (
            started("serve", "--project", str(project), "--port", "0") as server,
            aiohttp.ClientSession() as client,
        ):
            url = await server.url()
            keys.is_there = False
            write_project(project, "two", settings=IDENTITY.format(keys=keys.url))
            await server.hang_up("the project was not reloaded: what was served before is served on")
            assert next(one["event"] for one in server.events() if one["level"] == "error") == (
                "the project as it is now cannot be served: what it depends on was not there within 10 seconds"
            )
            assert await asked(client, url, "{version}") == {"version": "one"}
            keys.is_there = True
            await server.hang_up(RELOADED)
            assert await asked(client, url, "{version}") == {"version": "two"}


async def test_figures_go_on_over_a_reload(tmp_path):
    """What was counted before a reload stays counted, and what a reload brings is not counted twice."""
    project = write_project(tmp_path / "project")
    async with (
        started("serve", "--project", str(project), "--port", "0", "--observe", "0") as server,
        aiohttp.ClientSession() as client,
    ):
        url = await server.url()
        told = await server.until(
            lambda: [one["event"].split()[-1] for one in server.events() if "are told at" in one["event"]]
        )
        await asked(client, url, "{version}")
        await server.hang_up(RELOADED)
        await asked(client, url, "{version}")
        async with client.get(f"{told[0]}/metrics") as response:
            lines = (await response.text()).splitlines()
        assert 'stolon_requests_total{kind="query",status="200"} 2.0' in lines


async def test_a_hangup_while_it_stops_ends_nobody(tmp_path):
    """SIGHUP after SIGTERM changes nothing: the running request is answered, and the process ends well."""
    project = write_project(tmp_path / "project")
    async with (
        started("serve", "--project", str(project), "--port", "0") as server,
        aiohttp.ClientSession() as client,
    ):
        url = await server.url()
        asking = asyncio.create_task(asked(client, url, "{slow(seconds: 1)}"))
        await server.until(lambda: "begun" in server.out)
        server.process.terminate()
        await server.until(lambda: server.count("stopping: running requests have 30 seconds to end"))
        server.process.send_signal(signal.SIGHUP)
        assert await asking == {"slow": "one"}
        assert (await server.ended(), server.count("reloading the project")) == (0, 0)
