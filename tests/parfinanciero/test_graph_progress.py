"""Waiting for a projection: the graph polls what its service answered with 202, and tells the client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec

from tests.parfinanciero.graph_client import PROGRESS, Graph, told

ASK = "mutation { askProjection(input: {months: 3}) { id state } }"


async def events(
    graph: Graph, document: str, variables: dict[str, Any], person: str = "ana"
) -> AsyncIterator[dict[str, Any]]:
    """The events of a subscription over SSE (GraphQL over SSE, distinct connections mode)."""
    headers = {
        "Authorization": f"Bearer {graph.running.token(person)}",
        "Accept": "text/event-stream",
    }
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(graph.url, json={"query": document, "variables": variables}) as response,
    ):
        assert (response.status, response.content_type) == (200, "text/event-stream")
        name = ""
        async for raw in response.content:
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and name == "next":
                yield msgspec.json.decode(line.removeprefix("data: "))
            elif name == "complete":
                return


async def test_a_client_waits_and_is_told(graph: Graph) -> None:
    """Asked for, a projection is pending; then it is ready, with its months; then the subscription ends."""
    asked = (await graph.ask(ASK)).data["askProjection"]
    assert asked["state"] == "PENDING"
    document, _ = told(PROGRESS)
    heard = [one["data"]["projectionProgress"] async for one in events(graph, document, {"id": asked["id"]})]
    assert [one["state"] for one in heard] in (["PENDING", "READY"], ["READY"])
    assert heard[-1]["readyAt"] is not None
    assert len(heard[-1]["months"]) == 3


async def test_the_bundled_story_is_well(graph: Graph) -> None:
    """With its own variables it tells of a projection that is ready, and ends."""
    document, given = told(PROGRESS)
    heard = [one async for one in events(graph, document, given)]
    assert [one.get("errors") for one in heard] == [None]
    assert heard[0]["data"]["projectionProgress"]["state"] == "READY"


async def test_what_is_not_there_is_told_once(graph: Graph) -> None:
    """An unknown projection is null, and the end."""
    document, _ = told(PROGRESS)
    unknown = {"id": "00000000-0000-4000-8000-000000000000"}
    heard = [one async for one in events(graph, document, unknown)]
    assert heard == [{"data": {"projectionProgress": None}}]
    assert graph.running.calls("projections") == {"getProjection": 1}


async def test_waiting_needs_the_scope(graph: Graph) -> None:
    """Who may not read projections hears FORBIDDEN, and the service hears nothing."""
    document, given = told(PROGRESS)
    graph.running.reset()
    heard = [one async for one in events(graph, document, given, person="bruno")]
    assert [one["extensions"]["code"] for event in heard for one in event["errors"]] == ["FORBIDDEN"]
    assert graph.running.calls("projections") == {}
