"""The command line: `stolon serve`, `check`, `export` and `demo`.

Every command loads a project through `graph/app.py`. Exit codes: 0 well, 1 the project is wrong, 2 the
command line is. Results go to stdout; mistakes, one a line with file and line number, and warnings go to
stderr.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn

import click

from adapters.mistake import ProjectError
from graph.address import Address, address
from graph.app import App, load
from graph.demo import run_demo
from graph.server import CannotListen, run

Command = Callable[..., Any]


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
    help="Where /metrics and /health/integrations are told, in place of [observe] address; loopback without a host.",
)
def serve(project: Path, host: str, port: int, observe: Address | None) -> None:
    """Serve a project until SIGTERM or Ctrl-C."""
    app = _loaded(project)
    _warn(app)
    if observe is not None:
        app.observe_at = observe

    def tell(url: str) -> None:
        click.echo(f"serving {url}")

    try:
        run(app.serve(host, port, tell))
    except ProjectError as error:
        _refuse(error)
    except CannotListen as error:
        raise click.UsageError(str(error)) from None


@main.command()
@_project
def check(project: Path) -> None:
    """Read a project, its contracts and its declarations, and report all that is wrong."""
    _warn(_loaded(project))
    click.echo("the project is well")


@main.command()
@_project
def export(project: Path) -> None:
    """Print a project's schema in GraphQL's language, with the provenance of each field."""
    click.echo(_loaded(project).sdl().rstrip("\n"))


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
    for mistake in error.mistakes:
        click.echo(" ".join(str(mistake).splitlines()), err=True)
    raise click.exceptions.Exit(1)


def _warn(app: App) -> None:
    for warning in app.warnings:
        click.echo(f"warning: {' '.join(warning.splitlines())}", err=True)
