"""README.md is true: its files are written, its commands run, and what it says they print is what they print."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from graph.declaring.rest import Code
from graph.declaring.schema import Schema
from graph.project.project import load_schema
from stolon import rest, testing
from tests.readme_blocks import README, Block, Step, blocks, like, steps

ROOT = README.parent
TEXT = README.read_text()
BLOCKS = blocks(TEXT)
FILES = {one.file: one.text for one in BLOCKS if one.file is not None}
CONSOLES = [one for one in BLOCKS if one.language == "console"]
SECONDS = 60
MAIN = "import sys; sys.argv[0] = sys.argv.pop(1); from graph.cli import main; main()"


def free_port() -> str:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


class Shell:
    """Runs the commands of console blocks in a folder, as a user with an activated `.venv` would.

    The ports of the README may be taken here, so they are replaced by free ones. `curl` is done by hand, since
    a machine may lack it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {"8000": free_port(), "9200": free_port()}
        self._running: list[subprocess.Popen[str]] = []
        commands = folder / "bin"
        commands.mkdir()
        for name, start in {"python": "", "stolon": f' -c {shlex.quote(MAIN)} "$0"'}.items():
            (commands / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)}{start} "$@"\n')
            (commands / name).chmod(0o755)
        path = f"{commands}{os.pathsep}{os.environ['PATH']}"
        self._environ = {
            **os.environ,
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "80",
        }

    def with_ports(self, text: str) -> str:
        """The text with free ports in place of the README's."""
        for shown, free in self.ports.items():
            text = re.sub(rf"\b{shown}\b", free, text)
        return text

    def run(self, step: Step) -> list[str]:
        """The lines that a command printed; of one that stays, as many as the README shows."""
        command = self.with_ports(step.command.removesuffix(" &"))
        if command.startswith("stolon serve"):
            command += f" --port {self.ports['8000']}"
        if command.startswith("curl "):
            return _curl(shlex.split(command))
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}" if step.stays else command],
            cwd=self.folder,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if step.stays else subprocess.STDOUT,
            text=True,
        )
        if not step.stays:
            return process.communicate(timeout=SECONDS)[0].splitlines()
        self._running.append(process)
        assert process.stdout is not None
        patience = threading.Timer(SECONDS, process.kill)
        patience.start()
        try:
            return [process.stdout.readline().rstrip("\n") for _ in step.output]
        finally:
            patience.cancel()

    def close(self) -> None:
        """Ends what stayed."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.communicate(timeout=SECONDS)


def _curl(words: list[str]) -> list[str]:
    headers = dict(value.split(": ", 1) for flag, value in pairwise(words) if flag == "-H")
    data = words[words.index("-d") + 1].encode()
    (url,) = [word for word in words if word.startswith("http")]
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=SECONDS) as response:
        return str(response.read().decode()).splitlines()


@contextmanager
def shell(folder: Path) -> Iterator[Shell]:
    """A shell in a folder that holds the README's files."""
    made = Shell(folder)
    for name, text in FILES.items():
        if "." in name:
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(made.with_ports(text))
    try:
        yield made
    finally:
        made.close()


def differences(shown: tuple[str, ...], printed: list[str]) -> list[tuple[str, str]]:
    """The pairs of lines that differ; a line that only one side has stands beside `(nothing)`."""
    length = max(len(shown), len(printed))
    left = [*shown, *["(nothing)"] * (length - len(shown))]
    right = [*printed, *["(nothing)"] * (length - len(printed))]
    return [(one, other) for one, other in zip(left, right, strict=True) if not like(one, other)]


def test_the_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    """`make demo` is `stolon demo` after the setup, and prints these lines."""
    (step,) = steps(CONSOLES[0])
    assert step.command == "make demo"
    planned = subprocess.run(
        [shutil.which("make") or "make", "--no-print-directory", "-n", "demo", "ARGS="],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.strip() for line in planned.stdout.splitlines()] == [
        "scripts/setup",
        "exec .venv/bin/stolon demo",
    ]
    with shell(tmp_path) as running:
        lines = running.run(Step("stolon demo --port 0 &", step.output))
    assert differences(step.output, lines) == []


def test_a_first_project_works_by_the_readme_alone(tmp_path: Path) -> None:
    """Every file as it stands, every command in order: each prints what the README shows, and nothing else."""
    with shell(tmp_path) as running:
        wrong = {
            step.command: found
            for console in CONSOLES[1:]
            for step in steps(console)
            if (found := differences(step.output, running.run(step)))
        }
    assert wrong == {}


LINKED = """
import strawberry
from stolon import rest

music = rest.contract("music")

@rest.type(music.schema("Artist"), key="id", many=music.op("findArtists", ids=rest.keys))
class Artist:
    id: rest.auto

@rest.type(music.schema("Review"))
class Review:
    stars: rest.auto

@rest.type(music.schema("Chart"))
class Chart:
    place: rest.auto

@rest.type(music.schema("Album"), key="id")
class Album:
    id: rest.auto
LINKS

@strawberry.type
class Query:
    albums: rest.Connection[Album] | None = rest.connection(music.op("listAlbums"))
    search: list[Artist] | None = rest.query(SEARCH)

schema = rest.Schema(query=Query)
"""
MORE = """
  /reviews:
    get:
      operationId: listReviews
      parameters:
        - {name: albumIds, in: query, required: true, schema: {type: array, items: {type: integer}}}
      responses:
        "200":
          description: Reviews.
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Review"}}
  /charts:
    get:
      operationId: listCharts
      parameters: [{name: albumId, in: query, required: true, schema: {type: integer}}]
      responses:
        "200":
          description: Charts.
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Chart"}}
  /artists/search:
    post:
      operationId: searchArtists
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                filter: {type: object, properties: {ids: {type: array, items: {type: integer}}}}
      responses:
        "200":
          description: Artists.
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Artist"}}
components:
  schemas:
    Review: {type: object, properties: {stars: {type: integer}, albumId: {type: integer}}}
    Chart: {type: object, properties: {place: {type: integer}}}
"""


def test_the_three_kinds_of_links_are_written_as_shown(tmp_path: Path) -> None:
    """The README's lines for links, and its safe POST lookup, bind in a project that has such operations."""
    (tmp_path / "contracts").mkdir()
    contract = FILES["music/contracts/music.yaml"]
    paths, components = MORE.split("components:\n  schemas:\n")
    contract = contract.replace(
        "components:\n  schemas:\n", f"{paths.strip(chr(10))}\ncomponents:\n  schemas:\n{components}"
    )
    (tmp_path / "contracts" / "music.yaml").write_text(contract)
    (tmp_path / "stolon.toml").write_text(FILES["music/stolon.toml"])
    links = "\n".join(f"    {line}" for line in FILES["links"].splitlines())
    (search,) = re.findall(r'`(music\.op\("searchArtists".*?)`', TEXT)
    many = LINKED.replace('music.op("findArtists", ids=rest.keys)', search)
    (tmp_path / "schema.py").write_text(
        many.replace("LINKS", links).replace("SEARCH", 'music.op("searchArtists", safe=True)')
    )
    schema = load_schema(tmp_path, "schema:schema")
    assert isinstance(schema, Schema)
    printed = schema.as_str()
    for line in (
        'artist: Artist @source(service: "music", operations: ["searchArtists"])',
        'reviews: [Review!] @source(service: "music", operations: ["listReviews"])',
        'charts: [Chart!] @source(service: "music", operations: ["listCharts"])',
    ):
        assert line in printed


def test_every_name_of_the_idiom_is_there() -> None:
    """Each `rest.…` that the README names is a name of `stolon.rest`, and each code is one that errors have."""
    names = set(re.findall(r"\brest\.([A-Za-z_]+)", TEXT))
    assert sorted(name for name in names if not hasattr(rest, name)) == []
    errors = TEXT[TEXT.index("## Errors") : TEXT.index("## Testing")]
    codes = set(re.findall(r"`([A-Z]+_?[A-Z_]+)`", errors))
    assert codes == {str(code) for code in Code} - {"INTERNAL_SERVER_ERROR"}


def test_links_of_the_readme_lead_somewhere() -> None:
    """Each relative link and each path of the tree that the README names is there."""
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT)
    named = re.findall(r"`((?:examples|docs|graph|resolvers|adapters)/[\w./]*)`", TEXT)
    assert [name for name in [*linked, *named] if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("block", BLOCKS, ids=lambda one: one.file or one.language)
def test_every_block_is_run_or_is_a_picture(block: Block) -> None:
    """No block of code stands there that no test reads."""
    if block.file is None:
        assert block.language in ("console", "text")
    else:
        assert block.file in {
            "service.py",
            "links",
            "music/stolon.toml",
            "music/schema.py",
            "music/smallest.py",
            "music/contracts/music.yaml",
            "music/test_music.py",
        }


def test_the_smallest_graph_has_ten_lines_and_is_a_graph(tmp_path: Path) -> None:
    """The ten lines serve whole lists of the contract's own type."""
    lines = [line for line in FILES["music/smallest.py"].splitlines() if line]
    assert len(lines) <= 10
    with shell(tmp_path):
        schema = load_schema(tmp_path / "music", "smallest:schema")
    services = testing.Services()
    albums = [{"id": 1, "title": "One", "artistId": 7}]
    services.answer("music", "listAlbums", json={"albums": albums, "total": 1})
    answer = asyncio.run(testing.execute(schema, "{ albums { title artistId releasedOn } }", services))
    assert (answer.data, answer.errors) == (
        {"albums": [{"title": "One", "artistId": 7, "releasedOn": None}]},
        [],
    )
    assert services.calls == {"music.listAlbums": 1}
