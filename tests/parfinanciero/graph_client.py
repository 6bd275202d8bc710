"""A client of the example's graph, served on a real socket over the running services."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from examples.parfinanciero.inprocess import Example
from examples.parfinanciero.services.catalogue import SERVICES
from graph.project.project import Project, load_project
from graph.settings.settings import read_settings

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "parfinanciero"
NAMES = tuple(SERVICES)
STORIES = {file.stem: file for file in sorted((FOLDER / "operations").glob("*.graphql"))}
"""The operations that the playground offers, by the names of their files."""
PROGRESS = "12-projection-progress"
ASKED = [name for name in STORIES if name != PROGRESS]
"""Those that have one answer."""


def told(story: str) -> tuple[str, dict[str, Any]]:
    """The document of a story, and its variables."""
    file = STORIES[story]
    variables = file.with_suffix(".json")
    given: dict[str, Any] = json.loads(variables.read_text("utf-8")) if variables.exists() else {}
    return file.read_text("utf-8"), given


def bundled_project() -> Project:
    """The bundled project, with the addresses that its file says."""
    return load_project(FOLDER, {})


def settled_at(project: Project, running: Example, *, payments_timeout: float = 10.0) -> Project:
    """The project over these running services, patient with a busy machine."""
    settings = read_settings(FOLDER, running.environ)
    services = {
        name: msgspec.structs.replace(one, timeout=payments_timeout if name == "payments" else 10.0)
        for name, one in settings.services.items()
    }
    return Project(msgspec.structs.replace(settings, services=services), project.schema)


@dataclass(frozen=True, slots=True)
class Reply:
    """`data` and `errors` of a GraphQL answer."""

    data: Any
    errors: list[dict[str, Any]]

    @property
    def failed(self) -> list[tuple[str, str]]:
        """Path and code of each error, sorted."""
        return sorted(
            (".".join(map(str, one["path"])), str(one["extensions"]["code"])) for one in self.errors
        )


class Graph:
    """Asks the served graph as somebody."""

    def __init__(self, url: str, running: Example, session: aiohttp.ClientSession) -> None:
        self.url = f"{url}/graphql"
        self.running = running
        self._session = session

    async def ask(
        self,
        query: str,
        *,
        person: str = "ana",
        token: str | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> Reply:
        """The answer to a document; the counters begin at zero with it."""
        self.running.reset()
        async with self._session.post(
            self.url,
            json={"query": query, "variables": dict(variables or {})},
            headers={"Authorization": f"Bearer {token or self.running.token(person)}"},
        ) as response:
            body = msgspec.json.decode(await response.read())
        assert response.status == 200, body
        return Reply(body.get("data"), body.get("errors", []))

    def calls(self) -> dict[str, int]:
        """What the last query cost, by the services' own counters; services that do not run count nothing."""
        made: dict[str, int] = {}
        for name in NAMES:
            if self.running.is_running(name):
                made |= {f"{name}.{one}": count for one, count in self.running.calls(name).items()}
        return made
