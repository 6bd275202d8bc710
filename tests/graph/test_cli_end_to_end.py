"""The `stolon` command in processes of its own, on whole projects: exit codes, stdout and stderr."""

from __future__ import annotations

import asyncio
import copy
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest

from tests.graph.projects import TEXT, Doc, an, contract, operation, parameter, ref, write
from tests.graph.served import Asked, Reply, rest, toml

ROOT = Path(__file__).parents[2]
# -P: as with the installed command, the current folder is not where modules come from.
STOLON = (sys.executable, "-P", "-c", "from graph.cli import main; main()")
SHOP = contract(
    operation("GET /things/{id}", "getThing", ref("Thing")),
    operation("POST /things", "addThing", ref("Thing"), parameter("name", required=True)),
    Thing=an({"id": TEXT, "name": TEXT}),
)
MODULE = """
    import strawberry
    from stolon import rest

    shop = rest.contract("shop")


    @rest.type(shop.schema("Thing"), key="id", one=shop.op("getThing"))
    class Thing:
        id: rest.auto
        name: rest.auto


    @strawberry.type
    class Query:
        thing: Thing | None = rest.query(shop.op("getThing"))
        insisted: Thing = rest.query(shop.op("getThing"))


    @strawberry.type
    class Mutation:
        add_thing: Thing | None = rest.mutation(shop.op("addThing"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
WARNING = (
    "warning: Query.insisted crosses a network and is not nullable: "
    "where its service fails, its parent is null too\n"
)
UNREAD = "the project has no [identity]: tokens are passed on to services unread"


def environment(more: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **more}


def stolon(*arguments: str, cwd: Path, **environ: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command, the folder's own name left out."""
    done = subprocess.run(
        [*STOLON, *arguments],
        cwd=cwd,
        env=environment(environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr.replace(f"{cwd}/", "").replace(str(cwd), ".")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that is well."""
    write(tmp_path, MODULE, {"shop": SHOP}, toml({"shop": "${SHOP_URL:-http://127.0.0.1:9}"}))
    return tmp_path


def test_a_project_that_is_well(project):
    """`check` ends with 0, says so, and lists on stderr every network field that insists on a value."""
    assert stolon("check", "--project", str(project), cwd=project) == (0, "the project is well\n", WARNING)
    assert stolon("check", cwd=project) == (0, "the project is well\n", WARNING)


def test_export_prints_the_schema_with_its_provenance(project):
    """`export` prints the schema alone, the same each time, with the operation and service of each field."""
    first = stolon("export", "--project", str(project), cwd=project)
    assert first == stolon("export", "--project", str(project), cwd=project)
    code, out, err = first
    assert (code, err) == (0, "")
    assert '  thing(id: ID!): Thing @source(service: "shop", operations: ["getThing"])\n' in out
    assert 'type Thing @source(service: "shop", schema: "Thing") {\n' in out
    assert out.endswith("}\n")


def test_all_mistakes_are_told_together(tmp_path):
    """Mistakes of the settings, of two contracts and of the declarations are told in one go, one a line, each with
    its file and line; the exit code is 1 and stdout empty, whatever the command.
    """
    broken: Doc = copy.deepcopy(SHOP)
    broken["paths"]["/things/{id}"]["get"]["parameters"][0]["in"] = "pth"
    module = (
        MODULE.replace("name: rest.auto", "nmae: rest.auto")
        .replace('getThing")\n', 'getThng")\n')
        .replace(
            "class Query:",
            'class Query:\n        other: int | None = rest.query(rest.contract("other").op("x"))',
        )
    )
    text = toml({"shop": "${SHOP_URL}", "other": "http://127.0.0.1:9"}, timeout='"soon"') + "colour = 1\n"
    files = write(tmp_path, module, {"shop": SHOP, "other": broken}, text)
    lines = files["schema"].read_text().splitlines()
    nmae, other = (
        lines.index("    nmae: rest.auto") + 1,
        next(i for i, one in enumerate(lines, 1) if "other:" in one),
    )
    for command in ("check", "export", "serve"):
        code, out, err = stolon(command, "--project", str(tmp_path), cwd=tmp_path)
        assert (code, out) == (1, "")
        assert "Traceback" not in err
        told = err.splitlines()
        places = [line.split(": ")[0] for line in told]
        assert f"schema.py:{nmae}" in places
        assert any(one.startswith("contracts/other.json") for one in places)
        # Every mistake of the settings, with its line, and none twice.
        settings = [line for line in told if line.startswith("stolon.toml:")]
        wrong = {line.split(": ")[1] for line in settings}
        assert wrong == {
            "services.shop.url",
            "services.shop.timeout",
            "services.other.timeout",
            "services.other.colour",
        }
        assert len(set(told)) == len(told)
        assert any("did you mean 'name'?" in line for line in told)
        assert not any(line.startswith(f"schema.py:{other}") and "no contract" in line for line in told)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("schema.py", "import strawberry\n\ndef (\n", "schema.py:3: invalid syntax: invalid syntax\n"),
        (
            "schema.py",
            "import strawberry\nvalue = 1 / 0\n",
            "schema.py:2: ZeroDivisionError: division by zero\n",
        ),
        ("schema.py", "import nowhere\n", "schema.py:1: ModuleNotFoundError: No module named 'nowhere'\n"),
        ("schema.py", "schem = 1\n", "schema.py: module 'schema' has no 'schema'\n"),
        ("graph.py", "", "graph.py: hides Stolon's own package 'graph': rename it\n"),
        (
            "contracts/shop.json",
            "{",
            None,
        ),
        ("stolon.toml", "[graph\n", None),
    ],
)
def test_each_kind_of_mistake_has_its_place(project, name, text, said):
    """What a module raises, what hides a package, what is no JSON or TOML: one line with the file, and 1."""
    (project / name).write_text(text, encoding="utf-8")
    code, out, err = stolon("check", "--project", str(project), cwd=project)
    assert (code, out) == (1, "")
    if said is not None:
        assert err == said
    assert err.startswith(f"{name}:")
    assert len(err.splitlines()) == 1


def test_a_folder_that_is_no_project(tmp_path):
    """A folder without stolon.toml is told as such."""
    code, out, err = stolon("check", "--project", str(tmp_path), cwd=tmp_path)
    assert (code, out) == (1, "")
    assert err.startswith("stolon.toml: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [("chek",), ("check", "--project", "nowhere"), ("serve", "--port", "x"), ("export", "--colour")],
)
def test_a_wrong_command_line(project, arguments):
    """Usage errors end with 2 and say what is wrong on stderr."""
    code, out, err = stolon(*arguments, cwd=project)
    assert (code, out) == (2, "")
    assert arguments[-1].strip("-") in err


def test_an_address_that_is_taken(project):
    """`serve` on a port that somebody listens on ends with 2, naming it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, out, err = stolon("serve", "--project", str(project), "--port", str(port), cwd=project)
    assert (code, out) == (2, "")
    assert f"127.0.0.1:{port} is taken" in err


# --- serving


async def started(project: Path, url: str) -> tuple[asyncio.subprocess.Process, str]:
    """The serving process and the URL that it told."""
    process = await asyncio.create_subprocess_exec(
        *STOLON, "serve", "--project", str(project), "--port", "0",
        env=environment({"SHOP_URL": url}), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(30):
        line = (await process.stdout.readline()).decode()
    assert line.startswith("serving http://127.0.0.1:")
    return process, line.removeprefix("serving ").strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_a_served_project(project, number):
    """SIGTERM stops accepting; a query under way is answered, and a mutation whose client has gone is finished
    before the process ends with 0.
    """
    begun, outcome = [asyncio.Event(), asyncio.Event()], []
    let_go = asyncio.Event()

    async def query(_: Asked) -> Reply:
        begun[0].set()
        await let_go.wait()
        return Reply({"id": "t1", "name": "drained"})

    async def change(_: Asked) -> Reply:
        begun[1].set()
        try:
            await let_go.wait()
        except asyncio.CancelledError:
            outcome.append("cancelled")
            raise
        outcome.append("made")
        return Reply({"id": "t1", "name": "drained"})

    async with rest() as shop, aiohttp.ClientSession() as client, asyncio.timeout(60):
        shop.on("GET /things/t1", query)
        shop.on("POST /things", change)
        process, url = await started(project, shop.url)
        try:
            for name in ("live", "ready"):
                async with client.get(f"{url}/health/{name}") as response:
                    assert response.status == 200
            asking = asyncio.create_task(
                client.post(f"{url}/graphql", json={"query": '{ thing(id: "t1") { name } }'})
            )
            gone = asyncio.create_task(
                client.post(f"{url}/graphql", json={"query": 'mutation { addThing(name: "x") { name } }'})
            )
            await asyncio.gather(*(one.wait() for one in begun))
            gone.cancel()
            process.send_signal(number)
            while True:  # until nobody listens any more
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
                except ConnectionRefusedError:
                    break
                except ConnectionError:  # accepted by the kernel, and closed before anybody took it
                    continue
                writer.close()
            assert (asking.done(), outcome) == (False, [])
            let_go.set()
            assert await (await asking).json() == {"data": {"thing": {"name": "drained"}}}
            assert process.stderr is not None
            err = (await process.stderr.read()).decode()
            assert (await process.wait(), outcome) == (0, ["made"])
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert err.startswith(WARNING)
    assert err.count(UNREAD) == 1
    assert "Traceback" not in err
