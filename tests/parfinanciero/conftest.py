"""Starts the example's services for each test, on real sockets, and a client that checks every answer's
contract.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from examples.parfinanciero.inprocess import Example, example
from examples.parfinanciero.services.signing import new_key
from graph.app import App
from graph.project import Project
from graph.server import serving
from tests.parfinanciero.contract_check import contract_check
from tests.parfinanciero.graph_client import Graph, bundled_project, settled_at


@pytest.fixture(scope="session")
def signing_key() -> rsa.RSAPrivateKey:
    """One key for all tests that do not care."""
    return new_key()


@pytest.fixture(scope="session")
async def seeded_folder(tmp_path_factory: pytest.TempPathFactory, signing_key: rsa.RSAPrivateKey) -> Path:
    """Databases as a first start leaves them."""
    folder = tmp_path_factory.mktemp("seeded")
    async with example(folder, make_key=lambda: signing_key):
        pass
    return folder


@pytest.fixture
async def parfinanciero(
    seeded_folder: Path, tmp_path: Path, signing_key: rsa.RSAPrivateKey
) -> AsyncIterator[Example]:
    """The running example with its seeded rows, for one test."""
    shutil.copytree(seeded_folder, tmp_path, dirs_exist_ok=True)
    async with example(tmp_path, slow_seconds=0.05, make_key=lambda: signing_key) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `body` is the decoded JSON, None for an empty body."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def mistakes(self) -> list[tuple[str, str]]:
        """Where the problem document's errors point, and what they say."""
        return [
            (error.get("pointer") or error["parameter"], error["detail"]) for error in self.body["errors"]
        ]


class Client:
    """Calls the running services as somebody, and holds each answer against the contract."""

    def __init__(self, running: Example, session: aiohttp.ClientSession) -> None:
        self._running = running
        self._session = session

    async def send(
        self,
        service: str,
        method: str,
        path: str,
        *,
        person: str = "ana",
        token: str | None = None,
        tenant: str = "acme",
        query: Mapping[str, str | int] | Sequence[tuple[str, str | int]] | None = None,
        body: object = None,
        raw: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """Sends one call; a header of None is left out."""
        sent: dict[str, str | None] = {
            "Authorization": f"Bearer {token or self._running.token(person)}",
            "X-Tenant-ID": tenant,
        }
        if body is not None or raw is not None:
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        async with self._session.request(
            method,
            self._running.url(service) + path,
            params=query,
            data=json.dumps(body).encode() if body is not None else raw,
            headers={name: value for name, value in sent.items() if value is not None},
        ) as response:
            content = await response.read()
            contract_check(service).check(method, path, response.status, response.headers, content)
            return Answer(response.status, response.headers, json.loads(content) if content else None)


@pytest.fixture
async def client(parfinanciero: Example) -> AsyncIterator[Client]:
    """A client of the running example."""
    async with aiohttp.ClientSession() as session:
        yield Client(parfinanciero, session)


@pytest.fixture(scope="session")
def bundled() -> Project:
    """The bundled project, loaded once."""
    return bundled_project()


@pytest.fixture
async def graph(bundled: Project, parfinanciero: Example) -> AsyncIterator[Graph]:
    """The example's graph over the running services, on a socket of its own."""
    app = App(settled_at(bundled, parfinanciero)).application()
    async with serving(app, "127.0.0.1", 0) as url, aiohttp.ClientSession() as session:
        yield Graph(url, parfinanciero, session)
