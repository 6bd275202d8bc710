"""The image: what its Dockerfile says, and that its own steps, taken without an engine, make what it says.

The slow part calls `scripts/image-root`, which needs root and debootstrap for the whole and a free port 8000 for the
rest.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.image_root import context, dockerfile
from scripts.image_root.__main__ import missing
from scripts.image_root.dockerfile import Instruction, NotUnderstood

ROOT = Path(__file__).resolve().parent.parent
LEAST_MB, MOST_MB = 80, 150
MISSING = missing()

CONTRACT = """
openapi: 3.0.3
info: {title: Things, version: "1"}
paths:
  /things/{id}:
    get:
      operationId: getThing
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: found
          content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}
components:
  schemas:
    Thing:
      type: object
      required: [id, name]
      properties: {id: {type: string}, name: {type: string}}
"""
SCHEMA = """
import strawberry

from stolon import rest

things = rest.contract("things")


@rest.type(things.schema("Thing"), key="id", one=things.op("getThing", id=rest.key))
class Thing:
    id: rest.auto
    name: rest.auto


@strawberry.type
class Query:
    thing: Thing | None = rest.query(things.op("getThing"))


schema = rest.Schema(query=Query)
"""
SERVICE = """
import http.server, json


class Things(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"id": self.path.rpartition("/")[2], "name": "runner"}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.HTTPServer(("127.0.0.1", 9101), Things)
print("listens", flush=True)
server.serve_forever()
"""
TOML = """
[graph]
schema = "schema:schema"

[services.things]
url = "http://127.0.0.1:9101"
"""


@pytest.fixture(scope="module")
def steps() -> list[Instruction]:
    """The Dockerfile's instructions."""
    return dockerfile.read((ROOT / "Dockerfile").read_text(encoding="utf-8"))


def last(steps: list[Instruction], keyword: str) -> Instruction:
    """The instruction that counts where several are of one kind."""
    return [step for step in steps if step.keyword == keyword][-1]


def test_instructions_are_read_with_their_lines():
    """Comments and line breaks end no instruction; options stand apart from what they are for."""
    text = '# syntax\n\nFROM a AS b\nRUN one \\\n # between\n\n && two\nCOPY --from=b /x /y\nCMD ["a b", \\\n  "c"]\n'

    read = dockerfile.read(text)

    assert read == [
        Instruction(3, "FROM", "a AS b"),
        Instruction(4, "RUN", "one && two"),
        Instruction(8, "COPY", "--from=b /x /y"),
        Instruction(9, "CMD", '["a b", "c"]'),
    ]
    assert read[2].flags() == ({"from": "b"}, "/x /y")
    assert read[3].exec_form() == ["a b", "c"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM a\nADD x y", "2: ADD is not understood here, only ARG, CMD, COPY, "),
        ("RUN <<EOT", "1: RUN has no argument, or a here-document"),
        ("FROM a\n\nRUN", "3: RUN has no argument"),
        ("FROM a\nRUN x \\\n", "2: the last instruction goes on after the end of the file"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, said: str):
    """A step that the reader does not know would be left out of the proof: it is named, with its line."""
    with pytest.raises(NotUnderstood) as refused:
        dockerfile.read(text)

    assert str(refused.value).startswith(said)


def test_the_shell_form_is_refused():
    """A shell as process 1 would keep SIGTERM for itself."""
    with pytest.raises(NotUnderstood, match=r"^7: CMD is not in exec form"):
        Instruction(7, "CMD", "stolon serve").exec_form()


def test_variables_are_put_in():
    """`$NAME` and `${NAME}` become the value, and nothing where there is none; quotes keep words together."""
    step = Instruction(1, "LABEL", 'a="${ONE} b" c=$TWO d=$NONE')

    assert step.pairs({"ONE": "1", "TWO": "2"}) == {"a": "1 b", "c": "2", "d": ""}


def test_only_sources_reach_the_builder(tmp_path: Path):
    """The context holds the packages and the pins of what runs: no secret, no test, no repository, no leftovers."""
    wanted = [
        *("LICENSE", "README.md", "examples/p/contracts/a.yaml", "graph/app.py", "pyproject.toml"),
        *("requirements/build.txt", "requirements/run.txt", "stolon/py.typed"),
    ]
    unwanted = [
        *(".env", ".git/config", ".venv/bin/python", ".dockerignore", "Dockerfile", "requirements/test.txt"),
        *("tests/test_image.py", "examples/p/.env", "examples/p/users.sqlite", "examples/p/users.sqlite-wal"),
        *(
            "graph/__pycache__/app.pyc",
            "graph/a/node_modules/x.js",
            "stolon.egg-info/PKG-INFO",
            "graphs/x.py",
        ),
    ]
    for path in wanted + unwanted:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    ignored = context.rules((ROOT / ".dockerignore").read_text(encoding="utf-8"))

    assert context.files(tmp_path, ignored) == sorted(wanted)


def test_the_port_is_one_port(steps: list[Instruction]):
    """What is exposed, listened on and asked for health is the same port."""
    command = last(steps, "CMD").exec_form()
    asked = re.findall(r"HTTPConnection\('127\.0\.0\.1', (\d+),", last(steps, "HEALTHCHECK").text)

    assert (last(steps, "EXPOSE").text, command[-2:], asked) == ("8000", ["--port", "8000"], ["8000"])


def test_labels_say_what_the_package_says(steps: list[Instruction]):
    """The image's version, licence and title are those of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    prefix = "org.opencontainers.image."

    assert last(steps, "LABEL").pairs({"REVISION": "abc"}) == {
        f"{prefix}title": "Stolon",
        f"{prefix}description": project["description"].partition(":")[0],
        f"{prefix}version": project["version"],
        f"{prefix}revision": "abc",
        f"{prefix}licenses": project["license"],
    }


def test_the_dockerfile_names_no_registry(steps: list[Instruction]):
    """Where packages come from is the machine's own matter, here as in the pin files."""
    option = re.compile(r"://.*?/(?!health)|--(?:extra-)?index-url|--find-links|--trusted-host|_INDEX_URL")

    assert [step.line for step in steps if option.search(step.text)] == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that asks one service, readable by every user."""
    folder = tmp_path / "project"
    (folder / "contracts").mkdir(parents=True)
    (folder / "stolon.toml").write_text(TOML, encoding="utf-8")
    (folder / "schema.py").write_text(SCHEMA, encoding="utf-8")
    (folder / "contracts" / "things.yaml").write_text(CONTRACT, encoding="utf-8")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where roots are made: too much for pytest to keep for three runs."""
    made = tmp_path / "roots"
    yield made
    for where, _, _ in os.walk(made):
        Path(where).chmod(0o755)  # the bare folder may not be written to
    shutil.rmtree(made)


def image_root(folder: Path, project: Path, *options: str) -> tuple[list[str], int]:
    """Runs the script: what it showed, and the size of the layers in MB. Fails with its words where it fails."""
    service = folder.parent / "service.py"
    service.write_text(SERVICE, encoding="utf-8")
    query = '{ thing(id: "t1") { id name } }'
    told = [
        "--project",
        str(project),
        "--query",
        query,
        "--beside",
        shlex.join([sys.executable, str(service)]),
    ]
    ran = subprocess.run(
        [ROOT / "scripts" / "image-root", folder, *told, *options],
        env={**os.environ, "PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    shown = [line.removeprefix("ok  ") for line in ran.stdout.splitlines() if line.startswith("ok  ")]
    (size,) = [int(line.split()[1]) for line in shown if line.startswith("size: ")]
    return [line for line in shown if not line.startswith(("layer", "size"))], size


def kept(process: str) -> list[str]:
    """What an image shows that keeps to what its Dockerfile says."""
    return [
        f"process: {process}",
        "live: /health/live answers 200",
        "query: " + json.dumps({"data": {"thing": {"id": "t1", "name": "runner"}}}, separators=(",", ":")),
        "health: HEALTHCHECK ends with 0 on a server that is well",
        "stop: SIGTERM ends it with 0",
        "health: HEALTHCHECK ends with 1 while nothing listens",
        "health: HEALTHCHECK ends with 1 when the answer is 503",
        "health: HEALTHCHECK ends with 1 when no answer comes",
        "root: nothing in it was written",
    ]


@pytest.mark.slow
def test_the_image_serves_a_project(folder: Path, project: Path):
    """The steps in an empty Debian make a small image that serves without rights on a read-only root, and stops.

    Where no root can be had, the same steps in a bare venv are tried before the test counts as skipped.
    """
    if MISSING:
        shown, _ = image_root(folder, project, "--bare")
        assert shown == kept(f"stolon runs as user {os.geteuid()} of this machine: no root of its own here")
        pytest.skip(
            f"only the bare venv was tried, as there is {', '.join(MISSING)}: apt install debootstrap, as root"
        )

    shown, size = image_root(folder, project, "--memory")
    assert shown == [
        "holds: no pip, no compiler, nothing of the build but what was copied",
        *kept("/opt/stolon/bin/stolon is process 1, user 10001, without capabilities, on a read-only root"),
    ]
    assert LEAST_MB < size < MOST_MB
