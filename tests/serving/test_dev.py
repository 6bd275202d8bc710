"""`stolon dev`: served while it is written, and never ended by a mistake."""

from __future__ import annotations

from typing import Any

import aiohttp

from tests.serving.processes import Started, asked, put, started, write_project

WRONG = '[graph]\nschema = "schema:schema"\npaht = "/x"\nbody_limit = 3\n'


async def checked(project: Any) -> list[str]:
    """What `check` says of the project."""
    async with started("check", "--project", str(project)) as command:
        assert await command.ended() == 1
        return command.err


async def reloaded(server: Started, times: int = 1) -> None:
    """Waits until the project was reloaded so often in all."""
    await server.until(lambda: server.err.count("the project was reloaded") == times)


async def state(client: aiohttp.ClientSession, url: str) -> Any:
    """What the playground is told."""
    async with client.get(f"{url}/graphql/playground/state/mistakes") as response:
        return await response.json()


async def test_a_mistake_keeps_the_last_good_schema_and_is_told_twice(tmp_path):
    """Files that change are served at once. A mistake keeps the schema before; every mistake stands in the
    terminal, as `check` tells it, and is told to the playground until the project is right.
    """
    project = write_project(tmp_path / "project")
    async with (
        started("dev", "--project", str(project), "--port", "0") as server,
        aiohttp.ClientSession() as client,
    ):
        url = await server.url()
        assert await asked(client, url, "{version}") == {"version": "one"}
        assert await state(client, url) == {"version": 1, "mistakes": []}

        write_project(project, "two", name="release")
        await reloaded(server)
        assert "changed: schema.py, stolon.toml" in server.err
        assert await asked(client, url, "{release}") == {"release": "two"}
        assert await state(client, url) == {"version": 2, "mistakes": []}

        put(project / "stolon.toml", WRONG)
        await server.until(lambda: "the project has 2 mistakes: the last good state is served" in server.err)
        mistakes = await checked(project)
        assert [line for line in server.err if line in mistakes] == mistakes
        assert await state(client, url) == {"version": 2, "mistakes": mistakes}
        assert await asked(client, url, "{release}") == {"release": "two"}

        write_project(project, "three")
        await reloaded(server, 2)
        assert await state(client, url) == {"version": 3, "mistakes": []}
        assert await asked(client, url, "{version}") == {"version": "three"}


async def test_a_project_that_is_wrong_at_first_is_served_once_it_is_right(tmp_path):
    """A wrong project starts: its mistakes are told at every path with 503, as GraphQL errors or in plain text,
    and on the same address the project is served as soon as it is right.
    """
    project = write_project(tmp_path / "project")
    put(project / "stolon.toml", WRONG)
    async with (
        started("dev", "--project", str(project), "--port", "0") as server,
        aiohttp.ClientSession() as client,
    ):
        url = await server.url()
        mistakes = await checked(project)
        assert server.err == [*mistakes, "the project has 2 mistakes: nothing can be served yet"]
        async with client.post(f"{url}/graphql", json={"query": "{version}"}) as response:
            assert response.status == 503
            assert await response.json() == {
                "errors": [{"message": one, "extensions": {"code": "PROJECT_WRONG"}} for one in mistakes]
            }
        async with client.get(f"{url}/graphql", headers={"accept": "text/html"}) as response:
            assert (response.status, response.headers["refresh"]) == (503, "2")
            assert (await response.text()).splitlines()[2:] == mistakes
        async with client.get(f"{url}/health/live") as response:
            assert response.status == 200
        async with client.get(f"{url}/health/ready") as response:
            assert response.status == 503
        write_project(project, "right")
        await reloaded(server)
        assert await asked(client, url, "{version}") == {"version": "right"}
        async with client.get(f"{url}/health/ready") as response:
            assert response.status == 200


async def test_modules_beside_the_schema_are_read_afresh(tmp_path):
    """A module that the schema imports is read anew when it changes, in the same second and with the same size,
    too; a module that is deleted is missed.
    """
    project = write_project(tmp_path / "project")
    put(project / "words.py", 'WORD = "aaa"\n')
    schema = (
        (project / "schema.py")
        .read_text()
        .replace('"one"', "words.WORD")
        .replace("import os", "import os\nimport words")
    )
    put(project / "schema.py", schema)
    async with (
        started("dev", "--project", str(project), "--port", "0") as server,
        aiohttp.ClientSession() as client,
    ):
        url = await server.url()
        assert await asked(client, url, "{version}") == {"version": "aaa"}
        put(project / "words.py", 'WORD = "bbb"\n')
        await reloaded(server)
        assert await asked(client, url, "{version}") == {"version": "bbb"}
        (project / "words.py").unlink()
        missing = f"{project}/schema.py:4: ModuleNotFoundError: No module named 'words'"
        await server.until(lambda: missing in server.err)
        assert await asked(client, url, "{version}") == {"version": "bbb"}


async def test_it_is_open_to_this_machine_only(tmp_path):
    """Playground and introspection are there whatever the project says, and other names than this machine's are
    refused, before the project is right and after.
    """
    project = write_project(tmp_path / "project")
    put(project / "stolon.toml", WRONG)
    rebound = {"host": "evil.example"}
    async with (
        started("dev", "--project", str(project), "--port", "0") as server,
        aiohttp.ClientSession() as client,
    ):
        url = await server.url()
        async with client.get(f"{url}/graphql", headers=rebound) as response:
            assert response.status == 421
        write_project(project)
        await reloaded(server)
        async with client.get(f"{url}/graphql", headers=rebound) as response:
            assert response.status == 421
        async with client.get(f"{url}/graphql", headers={"accept": "text/html"}) as response:
            assert (response.status, response.content_type) == (200, "text/html")
        data = await asked(client, url, "{__schema {queryType {name}}}")
        assert data == {"__schema": {"queryType": {"name": "Query"}}}
