"""The command line: `stolon serve`, `dev`, `check`, `export`, `explain` and `demo`.

Every command loads a project through `graph/app.py`. Exit codes: 0 well, 1 the project (or the query that is
explained) is wrong, 2 the command line is. Results go to stdout; mistakes, one a line with file and line number,
and warnings go to stderr.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import click
import msgspec

from adapters.mistake import ProjectError
from graph.app import App, load
from graph.demo import run_demo
from graph.documents.documents import Unfit
from graph.explain.asking import explained, told
from graph.explain.mermaid import mermaid
from graph.explain.tree import tree
from graph.serving.develop import Development
from graph.serving.door import taken
from graph.serving.reload import lines
from graph.serving.server import CannotListen, run
from graph.settings.address import Address, address
from graph.workers.shares import shares
from graph.workers.supervisor import NotStarted
from graph.workers.workers import serve_with_workers

Command = Callable[..., Any]
MOST_WORKERS: Final = 256
MOST_QUERY: Final = 1 << 20  # bytes


def _version() -> str:
    try:
        return version("stolon")
    except PackageNotFoundError:
        return "(not installed)"


def _project(command: Command) -> Command:
    return click.option(
        "--project",
        metavar="DIR",
        default=".",
        show_default="the current folder",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="The project's folder, which holds stolon.toml.",
    )(command)


def _address(command: Command) -> Command:
    port = click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65_535))
    host = click.option("--host", default="127.0.0.1", show_default=True)
    return host(port(command))


def _workers(help_: str) -> Callable[[Command], Command]:
    return click.option(
        "--workers",
        metavar="N",
        default=1,
        show_default=True,
        type=click.IntRange(1, MOST_WORKERS),
        help=help_,
    )


@click.group()
@click.version_option(_version(), prog_name="stolon")
def main() -> None:
    """One GraphQL schema over REST services."""


def _listening_address(_: click.Context, __: click.Parameter, stated: str | None) -> Address | None:
    if stated is None:
        return None
    found = address(stated)
    if found is None:
        raise click.BadParameter("expected HOST:PORT, or a port of loopback")
    return found


@main.command()
@_project
@_address
@click.option(
    "--observe",
    metavar="[HOST:]PORT",
    callback=_listening_address,
    help="Where /metrics, /health/integrations and /invalidation are, in place of [observe] address; loopback "
    "without a host.",
)
@_workers("How many processes serve. One is this process; with more, it starts and replaces them.")
def serve(project: Path, host: str, port: int, observe: Address | None, workers: int) -> None:
    """Serve a project until SIGTERM or Ctrl-C. SIGHUP reloads it; one that is wrong then leaves all as it was."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    app = _loaded(project)
    _warn(app)
    if observe is not None:
        app.observe_at = observe

    def tell(url: str) -> None:
        click.echo(f"serving {url}")

    try:
        if workers == 1:
            run(app.serve(host, port, tell, again=lambda: load(project, os.environ, seeing=app.seeing)))
        else:
            with app.logging():
                run(serve_with_workers(project, workers, host, port, tell, app.observe_at))
    except ProjectError as error:
        _refuse(error)
    except NotStarted as error:
        for line in error.lines:
            click.echo(line, err=True)
        raise click.exceptions.Exit(1) from None
    except CannotListen as error:
        # It may be of the second address, too.
        hint = "; choose another with --port" if str(error) == taken(host, port) else ""
        raise click.UsageError(f"{error}{hint}") from None


@main.command()
@_project
@_address
def dev(project: Path, host: str, port: int) -> None:
    """Serve a project while it is written: open, with a playground, and reloaded when its files change."""

    def tell(url: str) -> None:
        found = urlsplit(url).port
        if port not in (0, found):
            click.echo(f"warning: {taken(host, port)}, so the project is served at port {found}", err=True)
        click.echo(f"serving {url}")

    try:
        developed = Development(project, os.environ, host, lambda line: click.echo(line, err=True))
        run(developed.serve(port, tell))
    except CannotListen as error:
        raise click.UsageError(str(error)) from None


@main.command()
@_project
@_workers("Say what each of so many workers has of the limits that live in a process.")
def check(project: Path, workers: int) -> None:
    """Read a project, its contracts and its declarations, and report all that is wrong."""
    app = _loaded(project)
    _warn(app, app.notes(workers))
    if workers > 1:
        for share in shares(app.project.settings, workers):
            click.echo(share.said(workers))
    click.echo("the project is well")


@main.command()
@_project
def export(project: Path) -> None:
    """Print a project's schema in GraphQL's language, with the provenance of each field."""
    click.echo(_loaded(project).sdl().rstrip("\n"))


def _json_object(_: click.Context, __: click.Parameter, stated: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(stated, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise click.BadParameter(f"expected a JSON object: {error}") from None


@main.command()
@_project
@click.option(
    "--variables",
    metavar="JSON",
    default="{}",
    callback=_json_object,
    help="The query's variables. Sizes that are left out stay open in the price.",
)
@click.option("--operation", metavar="NAME", help="Which of the query's operations.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.option("--mermaid", "as_chart", is_flag=True, help="Print the plan as a Mermaid flowchart.")
@click.argument("query")
def explain(
    project: Path, variables: dict[str, Any], operation: str | None, as_json: bool, as_chart: bool, query: str
) -> None:
    """Print what a QUERY (`-`: read it from stdin) will call, and how often at most. Nothing is called for it."""
    if as_json and as_chart:
        raise click.UsageError("--json and --mermaid exclude each other")
    text = _read_query() if query == "-" else query
    try:
        found = explained(_loaded(project).project, text, variables, operation)
    except Unfit as unfit:
        for line in told(unfit.errors):
            click.echo(line, err=True)
        raise click.exceptions.Exit(1) from None
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        click.echo(mermaid(found) if as_chart else tree(found))


def _read_query() -> str:
    content = sys.stdin.buffer.read(MOST_QUERY + 1)
    if len(content) > MOST_QUERY:
        raise click.UsageError(f"the query is longer than {MOST_QUERY} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise click.UsageError("the query is not UTF-8") from None


@main.command()
@_address
def demo(host: str, port: int) -> None:
    """Serve the bundled project with its services, an identity provider and tokens to try."""
    try:
        run(run_demo(click.echo, host=host, port=port))
    except ProjectError as error:
        _refuse(error)
    except CannotListen as error:
        raise click.UsageError(str(error)) from None


def _loaded(project: Path) -> App:
    try:
        return load(project, os.environ)
    except ProjectError as error:
        _refuse(error)


def _refuse(error: ProjectError) -> NoReturn:
    for line in lines(error):
        click.echo(line, err=True)
    raise click.exceptions.Exit(1)


def _warn(app: App, more: Iterable[str] = ()) -> None:
    for warning in (*app.warnings, *more):
        click.echo(f"warning: {' '.join(warning.splitlines())}", err=True)
