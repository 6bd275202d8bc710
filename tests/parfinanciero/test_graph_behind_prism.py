"""Every call that the graph makes is one that its service's contract allows, as Prism sees it: npm
`@stoplight/prism-cli`, a proxy between the graph and each service, which was written by others and knows nothing of
Stolon. It passes over query parameters that a contract does not know; `test_graph_keeps_contracts.py` does not.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from examples.parfinanciero.inprocess import Example, example
from graph.app import App
from graph.project.project import Project
from graph.serving.server import serving
from tests.parfinanciero.contract_check import CONTRACTS, SERVICES
from tests.parfinanciero.graph_client import ASKED, PROGRESS, Graph, settled_at, told
from tests.parfinanciero.recording_proxy import Exchanged, Recording, recording
from tests.parfinanciero.test_graph_keeps_contracts import CHANGES
from tests.parfinanciero.test_graph_progress import events
from tests.protocol.node import installed

HERE = Path(__file__).parent / "prism"
SECONDS = 60
LARGEST = "<= 9007199254740991"
"""Prism reads JSON into JavaScript's numbers, so that it takes larger integers for mistakes of the answer."""


@dataclass(frozen=True, slots=True)
class Proxied:
    """The services behind Prism, and what goes to Prism."""

    running: Example
    wire: Recording


@pytest.fixture(scope="module")
async def proxied(
    tmp_path_factory: pytest.TempPathFactory, seeded_folder: Path, signing_key: rsa.RSAPrivateKey
) -> AsyncIterator[Proxied]:
    """Started once: node takes some seconds to read the contracts."""
    folder = tmp_path_factory.mktemp("prism")
    (folder / "node_modules").symlink_to(installed(HERE, "contract-proxy"), target_is_directory=True)
    shutil.copy(HERE / "proxies.mjs", folder)
    shutil.copytree(seeded_folder, folder / "rows")
    async with example(folder / "rows", slow_seconds=0.05, make_key=lambda: signing_key) as running:
        given = {
            name: {"contract": f"{CONTRACTS / name}.yaml", "upstream": running.url(name.removesuffix("_v2"))}
            for name in SERVICES
        }
        process = await asyncio.create_subprocess_exec(
            "node", str(folder / "proxies.mjs"), json.dumps(given), stdin=PIPE, stdout=PIPE
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            async with asyncio.timeout(SECONDS):
                lines = [(await process.stdout.readline()).decode().split() for _ in given]
            async with recording(dict(lines)) as wire:
                yield Proxied(running, wire)
        finally:
            process.stdin.close()
            async with asyncio.timeout(SECONDS):
                await process.wait()


@pytest.fixture(scope="module")
async def behind(proxied: Proxied, bundled: Project) -> AsyncIterator[Graph]:
    """The example's graph, which knows nothing of the services but the proxies."""
    settled = settled_at(bundled, proxied.running)
    services = {
        name: msgspec.structs.replace(one, url=proxied.wire.urls[name])
        for name, one in settled.settings.services.items()
    }
    project = Project(msgspec.structs.replace(settled.settings, services=services), settled.schema)
    async with (
        serving(App(project).application(), "127.0.0.1", 0) as url,
        aiohttp.ClientSession() as session,
    ):
        yield Graph(url, proxied.running, session)


@pytest.fixture
def wire(proxied: Proxied) -> Recording:
    """What goes to Prism from now on."""
    proxied.wire.calls.clear()
    return proxied.wire


def violations(call: Exchanged) -> list[str]:
    """What Prism says of a call and of its answer."""
    told_of: list[dict[str, Any]] = json.loads(call.received.get("sl-violations", "[]"))
    return [
        f"{call.method} {call.target}: {'.'.join(one['location'])}: {one['message']}"
        for one in told_of
        if not (one["location"][0] == "response" and one["message"].endswith(LARGEST))
    ]


@pytest.mark.parametrize("story", ASKED)
async def test_stories_break_no_contract(behind: Graph, wire: Recording, story: str) -> None:
    """Prism finds nothing wrong with what a bundled operation asks of the services, nor with what they answer."""
    document, given = told(story)
    assert (await behind.ask(document, variables=given)).errors == []
    assert [one for call in wire.calls for one in violations(call)] == []
    assert len(wire.calls) == sum(behind.calls().values()) > 0


async def test_a_subscription_breaks_no_contract(behind: Graph, wire: Recording) -> None:
    """Nor with what is polled for a subscription."""
    document, given = told(PROGRESS)
    heard = [one async for one in events(behind, document, given)]
    assert [one.get("errors") for one in heard] == [None]
    assert [(call.service, violations(call)) for call in wire.calls] == [("projections", [])]


@pytest.mark.parametrize(("document", "variables"), CHANGES, ids=range(len(CHANGES)))
async def test_other_requests_break_no_contract(
    behind: Graph, wire: Recording, document: str, variables: dict[str, Any]
) -> None:
    """Nor with changes, lookups by POST, odd values in paths and bodies, batches, and pages behind links."""
    assert (await behind.ask(document, variables=variables)).errors == []
    assert [one for call in wire.calls for one in violations(call)] == []
    assert len(wire.calls) > 0


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "found"),
    [
        ("GET", "/v1/orders?limit=5", {}, None, []),
        ("GET", "/v1/orders?limit=0", {}, None, ["request.query.limit"]),
        ("GET", "/v1/orders/7", {}, None, ["request.path.order_id"]),
        ("GET", "/v1/orders", {"X-Tenant-ID": ""}, None, ["request.header"]),
        ("POST", "/v1/orders", {}, {"lines": []}, ["request.body", "request.body.lines"]),
        ("POST", "/v1/orders/search", {}, {}, ["request"]),
    ],
)
async def test_prism_tells_what_breaks_a_contract(
    behind: Graph,
    wire: Recording,
    method: str,
    target: str,
    headers: dict[str, str],
    body: object,
    found: list[str],
) -> None:
    """The proxy itself sees wrong parameters, bodies and operations: what it does not tell is not wrong."""
    sent = {"Authorization": f"Bearer {behind.running.token('ana')}", "X-Tenant-ID": "acme", **headers}
    async with (
        aiohttp.ClientSession(headers=sent) as session,
        session.request(method, wire.urls["orders"] + target, json=body) as response,
    ):
        told_of = json.loads(response.headers.get("sl-violations", "[]"))
    assert sorted({".".join(one["location"]) for one in told_of if one["location"][0] == "request"}) == found
