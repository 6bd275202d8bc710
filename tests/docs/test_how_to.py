"""The how-to pages are true: their projects are read, their queries asked, and the answers and calls are as shown."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest
import yaml
from click.testing import CliRunner

from graph.cli import main
from graph.project.project import load_project
from graph.serving.server import DRAIN_SECONDS
from graph.settings.settings import read_settings
from tests.docs.garden import DOCS, GARDEN, asked, curled, garden, token
from tests.docs.pages import HOW_TO, Block, blocks
from tests.readme_blocks import Block as Console
from tests.readme_blocks import like, steps

SECRET = "a-secret-of-some-length-for-any-use"
RUN = {"python", "toml", "graphql", "json", "calls", "console", "text", "yaml"}
ROOT = DOCS.parent


@pytest.fixture
async def world() -> AsyncIterator[Mapping[str, str]]:
    """The garden's services, and the environment that leads to them."""
    async with garden() as environ:
        yield environ


class Page:
    """A page's project as it is at some block."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = dict(environ)
        self.wrong: list[str] = []
        self._answer: object = None
        self._calls: dict[str, int] = {}
        self._exported: dict[str, str] = {}
        self._mapped: dict[str, str] = {}
        shutil.copytree(GARDEN / "contracts", folder / "contracts")
        shutil.copy(GARDEN / "stolon.toml", folder)

    async def take(self, block: Block) -> None:
        """Write, ask or compare what a block says."""
        match block.kind:
            case "python":
                (self.folder / block.words[0]).write_text(block.text, encoding="utf-8")
            case "toml":
                self._check_settings(block.text)
            case "graphql":
                files = [word.removeprefix("file:") for word in block.words if word.startswith("file:")]
                who = [word for word in block.words if not word.startswith("file:")]
                self._answer, self._calls = await asked(
                    self.folder,
                    self.environ,
                    block.text,
                    bearer=await token(self.environ, *who) if who else None,
                    file=files[0] if files else None,
                )
            case "json":
                self._compare(block, _without_ids(self._answer), msgspec.json.decode(block.text))
            case "calls":
                shown = dict(line.rsplit(": ", 1) for line in block.text.splitlines())
                self._compare(block, self._calls, {name: int(count) for name, count in shown.items()})
            case "console":
                await self._run(block)
            case "text" if block.words == ("docker",):
                said = re.sub(
                    r"^#", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE
                )
                self._check_docker(block, said)
            case "text" if block.words == ("kubectl",):
                given = [Path(one) for one in re.findall(r"--from-file=(\S+)", block.text)]
                self._mapped = {one.name: one.as_posix() for one in given}
            case "text" if len(block.words) == 1 and "." in block.words[0]:
                (self.folder / block.words[0]).write_text(block.text, encoding="utf-8")
            case "yaml":
                self._check_manifest(block)
            case other:
                self.wrong.append(f"line {block.line}: nobody runs a block of {other!r}")

    def _needed(self) -> set[str]:
        """The variables that the page's project does not start without."""
        return set(re.findall(r"\$\{(\w+)\}", (self.folder / "stolon.toml").read_text(encoding="utf-8")))

    def _files(self) -> set[str]:
        """The files that the page's project is made of."""
        settings = tomllib.loads((self.folder / "stolon.toml").read_text(encoding="utf-8"))
        return {"stolon.toml", "schema.py", *(f"contracts/{name}.yaml" for name in settings["services"])}

    def _check_docker(self, block: Block, dockerfile: str) -> None:
        """The page's command is the Dockerfile's own with more: all variables, and what else is published."""
        rest = re.sub(r"--env \S+ |--publish 127\.0\.0\.1:\S+ ", "", _one_line(block.text).replace("\\ ", ""))
        if rest not in _one_line(dockerfile).replace("\\ ", ""):
            self.wrong.append(f"line {block.line}: the Dockerfile says otherwise")
        if set(re.findall(r"--env (\w+)=", block.text)) != self._needed():
            self.wrong.append(f"line {block.line}: needed are {self._needed()}")

    def _check_manifest(self, block: Block) -> None:
        """A Kubernetes manifest's probes ask what Stolon answers, its arguments are options of `stolon serve`, and
        the project finds its variables and its files, which have their keys from `kubectl create configmap`.
        """
        pod = yaml.safe_load(block.text)["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        command, *options = container["args"]
        known = {name for one in main.commands[command].params for name in one.opts}
        paths = [container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("liveness", "readiness")]
        found = ({one for one in options if one.startswith("--")} - known, paths)
        if found != (set(), ["/health/live", "/health/ready"]):
            self.wrong.append(f"line {block.line}: found {found}")
        mounted = {one["key"]: one["path"] for one in pod["volumes"][0]["configMap"]["items"]}
        if (mounted, set(mounted.values())) != (self._mapped, self._files()):
            self.wrong.append(f"line {block.line}: mounted are {mounted}, of {self._mapped}")
        if {one["name"] for one in container["env"]} != self._needed():
            self.wrong.append(f"line {block.line}: needed are {self._needed()}")
        if pod["terminationGracePeriodSeconds"] <= DRAIN_SECONDS:
            self.wrong.append(
                f"line {block.line}: killed before {DRAIN_SECONDS} seconds of draining are over"
            )

    def _compare(self, block: Block, found: object, shown: object) -> None:
        if found != shown:
            self.wrong.append(f"line {block.line}: found {msgspec.json.encode(found).decode()}")

    def _check_settings(self, text: str) -> None:
        """Settings are read in a project of their own, with what they leave out; a whole file is the page's."""
        own = self.folder / "settings"
        shutil.copytree(GARDEN / "contracts", own / "contracts", dirs_exist_ok=True)
        needed = {
            name: url
            for name, url in {"plants": "https://p.example", "harvests": "https://h.example"}.items()
            if f"[services.{name}." in text and f"[services.{name}]" not in text
        }
        more = "".join(f'[services.{name}]\nurl = "{url}"\n' for name, url in needed.items())
        head = "" if "[graph]" in text else '[graph]\nschema = "schema:schema"\n'
        (own / "stolon.toml").write_text(head + more + text, encoding="utf-8")
        names = re.findall(r"\$\{(\w+)\}", text)
        read_settings(own, {**dict.fromkeys(names, SECRET), **self.environ})
        if not head:
            shutil.copy(own / "stolon.toml", self.folder)

    async def _run(self, block: Block) -> None:
        """Commands of `stolon`, in this process, with what the page has exported; and `curl`."""
        for step in steps(Console("console", None, block.text)):
            words = _shell_words(step.command)
            if words[0] == "export":
                self._exported |= dict([words[1].split("=", 1)])
                continue
            if words[0] == "curl":
                printed = await curled(self.folder, self.environ, words)
            else:
                assert words[0] == "stolon", f"line {block.line}: nobody runs {words[0]} here"
                arguments = [*words[1:2], "--project", str(self.folder), *words[2:]]
                printed = CliRunner(env=self._exported).invoke(main, arguments).output.splitlines()
            if not lines_like(step.output, printed):
                self.wrong.append(f"line {block.line}: {step.command}: found {printed}")


def _shell_words(command: str) -> list[str]:
    found = re.findall(r"'([^']*)'|(\S+)", command)
    return [quoted or plain for quoted, plain in found]


def lines_like(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether the printed lines are the shown ones, where a line of nothing but `…` stands for any number of them."""
    if not shown:
        return not printed
    if shown[0] == "…":
        return any(lines_like(shown[1:], printed[at:]) for at in range(len(printed) + 1))
    return bool(printed) and like(shown[0], printed[0]) and lines_like(shown[1:], printed[1:])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _without_ids(answer: object) -> object:
    """The answer without requests' ids, which nobody can foresee."""
    if isinstance(answer, dict):
        return {name: _without_ids(value) for name, value in answer.items() if name != "requestId"}
    if isinstance(answer, list):
        return [_without_ids(one) for one in answer]
    return answer


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
async def test_what_a_page_shows_is_so(page: Path, tmp_path: Path, world: Mapping[str, str]):
    """Each block in its order: projects are well, answers, calls and printed lines are those that are shown."""
    taken = Page(tmp_path, world)
    for block in blocks(page):
        await taken.take(block)
    assert taken.wrong == []
    load_project(tmp_path, world)


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_every_query_shows_its_answer(page: Path):
    """A query stands before its answer; no answer and no calls stand alone, and nothing else is shown."""
    kinds = [block.kind for block in blocks(page)]
    assert {kind for kind in kinds if kind not in RUN} == set()
    before = {"json": "graphql", "calls": "json"}
    assert [
        kind for last, kind in zip(["", *kinds], kinds, strict=False) if before.get(kind, last) != last
    ] == []
    assert kinds.count("graphql") == kinds.count("json")
