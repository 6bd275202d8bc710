"""The bundled project served open, as `stolon demo` does, over its services in this process."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from examples.parfinanciero.inprocess import Example, example
from graph.app import App
from graph.playground import Watched
from graph.project.project import load_project
from graph.serving.server import serving
from tests.playground.chromium import Tab, tab
from tests.playground.plan_panel import Planned, serving_plans

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "parfinanciero"


@dataclass
class Served:
    """Where the graph listens, its services, and what the playground is told of the project's state."""

    origin: str
    example: Example
    watched: Watched

    @property
    def page(self) -> str:
        return f"{self.origin}/graphql"


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """The open graph on a free port, with new databases; visitors are not welcome, so that the page needs a token."""
    async with example(tmp_path) as running:
        one = Served("", running, Watched(1))
        project = load_project(FOLDER, running.environ)
        assert project.settings.identity is not None
        identity = msgspec.structs.replace(project.settings.identity, anonymous=False)
        project = dataclasses.replace(
            project, settings=msgspec.structs.replace(project.settings, identity=identity)
        )
        app = App(project, open_at="127.0.0.1", watched=lambda: one.watched).application()
        async with serving(app, "127.0.0.1", 0) as origin:
            one.origin = origin
            yield one


@pytest.fixture
async def chromium(tmp_path: Path) -> AsyncIterator[Tab]:
    """A tab of a new browser."""
    async with tab(tmp_path / "profile") as one:
        yield one


@pytest.fixture
async def planned() -> AsyncIterator[Planned]:
    """A server whose answers carry the plans that the test says."""
    async with serving_plans() as one:
        yield one
