"""Starts the example's services for each test, on real sockets, and a client that checks every answer's
contract.
"""

from __future__ import annotations

import io
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
from examples.parfinanciero.services.security import ANY_TENANT
from examples.parfinanciero.services.signing import PEOPLE, new_key
from graph.app import App
from graph.project.project import Project
from graph.serving.server import serving
from tests.parfinanciero.contract_check import contract_check
from tests.parfinanciero.graph_client import Graph, bundled_project, settled_at

OWN_TOKENS = ("users", "orders", "payments")
"""The services that take the callers' own tokens."""


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
    """What came back: `body` is the decoded JSON, None for an empty body, and the bytes of what is no JSON."""

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
        sent: dict[str, str | None] = {"X-Tenant-ID": tenant}
        if service == "notifications":
            sent["X-API-Key"] = self._running.secrets["notifications"]
        else:
            sent["Authorization"] = f"Bearer {token or self._token(service, person)}"
        if body is not None or raw is not None:
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        async with self._session.request(
            method,
            self._running.url(service) + path,
            params=query,
            data=_sent(body, raw),
            headers={name: value for name, value in sent.items() if value is not None},
        ) as response:
            content = await response.read()
            contract_check(service, path).check(method, path, response.status, response.headers, content)
            if not content or not response.content_type.endswith("json"):
                return Answer(response.status, response.headers, content or None)
            return Answer(response.status, response.headers, json.loads(content))

    def _token(self, service: str, person: str) -> str:
        """The person's own token, or one of its rights for a service that takes no other; storage and reports are
        for programs, which act for every tenant.
        """
        if service in OWN_TOKENS:
            return self._running.token(person)
        audience = [f"api://{service}"]
        if service in ("storage", "reports"):
            rights = [f"{service}:read", f"{service}:write"]
            return self._running.keys.sign("program", ANY_TENANT, rights, audience=audience)
        who = PEOPLE[person]
        return self._running.keys.sign(who.subject, who.tenant, who.scopes, audience=audience)


def _sent(body: object, raw: bytes | None) -> bytes | io.BytesIO | None:
    """A body as aiohttp wants it: much at once only from a file."""
    if body is not None:
        return json.dumps(body).encode()
    return None if raw is None else io.BytesIO(raw)


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
