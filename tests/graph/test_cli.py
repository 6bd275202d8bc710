"""The command line: what each command prints where, and with which code it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from adapters.mistake import Mistake, ProjectError
from graph import cli
from graph.serving.server import CannotListen

FOLDER = Path("/p")
MISTAKES = [
    Mistake(FOLDER / "stolon.toml", 7, "services.users.url", "is required"),
    Mistake(FOLDER / "schema.py", 3, "User.name", "no such\nproperty"),
    Mistake(FOLDER / "contracts/users.yaml", 0, "", "is no OpenAPI document"),
]
TOLD = (
    "/p/contracts/users.yaml: is no OpenAPI document\n"
    "/p/schema.py:3: User.name: no such property\n"
    "/p/stolon.toml:7: services.users.url: is required\n"
)


class FakeApp:
    """Stands where `graph/app.py` makes the real one: these tests are about the command line alone."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.warnings = ("tokens pass\nunread",)
        self.failure = failure
        self.served: list[tuple[str, int]] = []

    def notes(self, workers: int = 1) -> tuple[str, ...]:
        return (f"the key opens nothing in {workers}",)

    def sdl(self) -> str:
        return "type Query {\n  a: Int\n}\n\n"

    async def serve(
        self, host: str, port: int, on_ready: Callable[[str], None], again: Callable[[], object] | None = None
    ) -> None:
        if self.failure is not None:
            raise self.failure
        self.served.append((host, port))
        on_ready(f"http://{host}:{port}")
        await asyncio.sleep(0)


def invoked(
    monkeypatch: pytest.MonkeyPatch, *arguments: str, app: FakeApp | None = None, mistakes: bool = False
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command, with `app` loaded or the mistakes of a wrong project
    raised.
    """

    def load(project: Path, environ: Any) -> FakeApp:
        assert environ["PATH"]
        if mistakes:
            raise ProjectError(MISTAKES)
        assert project.is_dir()
        return app or FakeApp()

    monkeypatch.setattr(cli, "load", load)
    result: Result = CliRunner().invoke(cli.main, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


WARNED = "warning: tokens pass unread\n"


def test_check_of_a_well_project(monkeypatch, tmp_path):
    """`check` of a project without mistakes prints its warnings to stderr, one a line, those that are for `check`
    alone too, and ends with 0.
    """
    warned = f"{WARNED}warning: the key opens nothing in 1\n"
    assert invoked(monkeypatch, "check", "--project", str(tmp_path)) == (0, "the project is well\n", warned)


@pytest.mark.parametrize("command", ["check", "export", "serve"])
def test_a_wrong_project_is_told_on_stderr(monkeypatch, tmp_path, command):
    """Every command that reads a project prints each mistake as one line on stderr, nothing else, and ends
    with 1.
    """
    assert invoked(monkeypatch, command, "--project", str(tmp_path), mistakes=True) == (1, "", TOLD)


def test_export_prints_the_schema_alone(monkeypatch, tmp_path):
    """`export` prints the schema and nothing else, so that it can be written to a file."""
    assert invoked(monkeypatch, "export", "--project", str(tmp_path)) == (
        0,
        "type Query {\n  a: Int\n}\n",
        "",
    )


def test_the_project_is_the_current_folder_unless_named(monkeypatch, tmp_path):
    """Without --project the current folder is the project."""
    monkeypatch.chdir(tmp_path)
    assert invoked(monkeypatch, "export")[0] == 0


def test_serve_tells_its_url(monkeypatch, tmp_path):
    """`serve` listens where it is told, prints the URL once it does, and ends with 0 after it was stopped."""
    app = FakeApp()
    options = ["serve", "--project", str(tmp_path), "--host", "0.0.0.0", "--port", "9"]  # noqa: S104 - only told
    assert invoked(monkeypatch, *options, app=app) == (0, "serving http://0.0.0.0:9\n", WARNED)
    assert app.served == [("0.0.0.0", 9)]  # noqa: S104 - only told
    assert invoked(monkeypatch, "serve", "--project", str(tmp_path), app=app)[0] == 0
    assert app.served[1] == ("127.0.0.1", 8000)


def test_a_taken_address_is_a_matter_of_usage(monkeypatch, tmp_path):
    """An address that cannot be listened on is no fault of the project: 2, with the address on stderr, and what to
    say for another; of the second address that would not help.
    """
    for message, hint in (("127.0.0.1:8000 is taken", "; choose another with --port"), ("b:1 is taken", "")):
        app = FakeApp(CannotListen(message))
        code, out, err = invoked(monkeypatch, "serve", "--project", str(tmp_path), app=app)
        assert (code, out, err.splitlines()[-1]) == (2, "", f"Error: {message}{hint}")


@pytest.mark.parametrize(
    ("stated", "found", "told"),
    [
        (8000, 8001, "warning: 127.0.0.1:8000 is taken, so the project is served at port 8001\n"),
        (8000, 8000, ""),
        (0, 40_000, ""),
    ],
)
def test_dev_says_where_it_moved(monkeypatch, tmp_path, stated, found, told):
    """Who asks at the port that was meant would ask somebody else."""

    class Moved:
        def __init__(self, *_: object) -> None: ...

        async def serve(self, port: int, on_ready: Callable[[str], None]) -> None:
            assert port == stated
            on_ready(f"http://127.0.0.1:{found}")

    monkeypatch.setattr(cli, "Development", Moved)
    result = CliRunner().invoke(cli.main, ["dev", "--project", str(tmp_path), "--port", str(stated)])
    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        f"serving http://127.0.0.1:{found}\n",
        told,
    )


def test_mistakes_found_while_starting_are_told_alike(monkeypatch, tmp_path):
    """A mistake that shows only when serving begins is told as one that shows before."""
    late = FakeApp(ProjectError(MISTAKES))
    assert invoked(monkeypatch, "serve", "--project", str(tmp_path), app=late) == (1, "", WARNED + TOLD)


def _demo(failure: Exception | None) -> Callable[..., Coroutine[Any, Any, None]]:
    async def run_demo(echo: Callable[[str], None], *, host: str, port: int) -> None:
        if failure is not None:
            raise failure
        echo(f"demo on {host}:{port}")

    return run_demo


def test_demo_runs_on_loopback(monkeypatch):
    """`demo` runs on 127.0.0.1:8000 unless told otherwise, and prints what the demo says."""
    monkeypatch.setattr(cli, "run_demo", _demo(None))
    assert invoked(monkeypatch, "demo") == (0, "demo on 127.0.0.1:8000\n", "")
    assert invoked(monkeypatch, "demo", "--port", "0") == (0, "demo on 127.0.0.1:0\n", "")
    monkeypatch.setattr(cli, "run_demo", _demo(CannotListen("all are taken")))
    code, out, err = invoked(monkeypatch, "demo")
    assert (code, out, err.splitlines()[-1]) == (2, "", "Error: all are taken")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["serv"], "No such command 'serv'"),
        (["check", "--project", "/nowhere/at/all"], "Directory '/nowhere/at/all' does not exist"),
        (["serve", "--port", "http"], "'http' is not a valid integer range"),
        (["serve", "--port", "65536"], "65536 is not in the range 0<=x<=65535"),
        (["export", "--wrong"], "No such option"),
    ],
)
def test_a_wrong_command_line_ends_with_2(monkeypatch, arguments, message):
    """A command, option or value that does not exist is a matter of usage: 2, and stderr names it."""
    code, out, err = invoked(monkeypatch, *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_the_version_is_told(monkeypatch):
    """`--version` prints the version that is installed, or says that none is."""
    assert invoked(monkeypatch, "--version") == (0, f"stolon, version {cli._version()}\n", "")
    monkeypatch.setattr(cli, "version", lambda _name: "9.8.7")
    assert cli._version() == "9.8.7"

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(cli, "version", missing)
    assert cli._version() == "(not installed)"
