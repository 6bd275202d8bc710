"""`stolon demo`: the bundled project with its services, an identity provider and tokens to try, on loopback."""

from __future__ import annotations

import importlib.util
import os
import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Final

import msgspec

from adapters.mistake import Mistake, ProjectError
from graph.app import App
from graph.explain.asking import explained
from graph.explain.tree import tree
from graph.project.project import Project, load_project

PROJECT: Final = Path(__file__).resolve().parent.parent / "examples" / "parfinanciero"
QUERY: Final = (
    "{ me { name orders(first: 2) { totalCount "
    "edges { node { total payments { state } customer { name } } } } } }"
)

EXPLAINED: Final = "03-orders-by-status.graphql"
EXPLAINED_WITH: Final = {"status": "SHIPPED"}


async def run_demo(echo: Callable[[str], None], *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, and stop every service. Raises ProjectError, CannotListen."""
    launcher = _launcher()
    try:
        await _serve(launcher, echo, host, port)
    except launcher.LaunchError as error:
        raise ProjectError([Mistake(PROJECT / "launch.py", 0, "", str(error))]) from None


async def _serve(launcher: ModuleType, echo: Callable[[str], None], host: str, port: int) -> None:
    with tempfile.TemporaryDirectory(prefix="parfinanciero-") as folder:
        async with launcher.launch(Path(folder)) as launched:
            project = load_project(PROJECT, {**os.environ, **launched.environ})
            app = App(project, detail=True, open_at=host)

            def ready(url: str) -> None:
                for name, service in launched.services.items():
                    echo(f"service {name} {service.url} pid {service.pid}")
                    echo(f"  start again: {shlex.join(service.command)}")
                for name, token in launched.tokens.items():
                    echo(f"token {name} {token}")
                endpoint = url + app.project.settings.graph.path
                echo("try:")
                echo(
                    f"  curl -s {endpoint} -H 'authorization: Bearer TOKEN' -H 'content-type: application/json' \\"
                )
                echo(f'    -d \'{{"query": "{QUERY}"}}\'')
                for line in _explained(app.project):
                    echo(line)
                echo(
                    f'playground {endpoint} in a browser; under Headers: {{"Authorization": "Bearer TOKEN"}}'
                )
                echo(f"serving {endpoint}")

            await app.serve(host, port, ready, port_is_fixed=False)


def _explained(project: Project) -> list[str]:
    """The command that explains one of the bundled operations, and what it prints."""
    file = PROJECT / "operations" / EXPLAINED
    # Every mistake of the bundled operations was told when the project was loaded.
    report = explained(project, file.read_text(encoding="utf-8"), EXPLAINED_WITH)
    stolon, folder = shlex.quote(started_as(sys.argv[0])), shlex.quote(str(PROJECT))
    given = shlex.quote(msgspec.json.encode(EXPLAINED_WITH).decode())
    return [
        "explained, before anything is called:",
        f"  {stolon} explain --project {folder} --variables {given} - \\",
        f"    < {shlex.quote(str(file))}",
        *(f"  {line}" for line in tree(report).splitlines()),
    ]


def started_as(command: str) -> str:
    """The command that the demo was started by, to be typed in any folder: a whole path, where it is a program's."""
    return os.path.abspath(command) if os.path.isfile(command) and os.access(command, os.X_OK) else "stolon"


def _launcher() -> ModuleType:
    """The example's launcher, loaded by its path: the example is no package of ours."""
    file = PROJECT / "launch.py"
    if not file.is_file():
        raise ProjectError(
            [Mistake(file, 0, "", "the bundled project is not there: run the demo from a checkout")]
        )
    spec = importlib.util.spec_from_file_location("parfinanciero_launch", file)
    assert spec is not None  # it is a Python file that exists
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
