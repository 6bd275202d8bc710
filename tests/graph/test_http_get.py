"""GraphQL over GET on a real socket: queries by URL, and nothing that changes anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from graph.executing.executor import GraphQLRequest
from graph.http.media_types import GRAPHQL, JSON
from tests.graph.scripted_server import Edge, Held, edge, error


@pytest.fixture
async def served() -> AsyncIterator[Edge]:
    async with edge() as one:
        yield one


async def fetched(one: Edge, query_string: str) -> tuple[int, object]:
    async with one.client.get(f"{one.url}/graphql{query_string}", headers={"X-Request-Id": "r"}) as response:
        return response.status, await response.json()


async def test_a_get_is_executed_with_all_its_parameters(served):
    """Query, variables, operation name and extensions of the URL reach the executor, digits and text
    unchanged.
    """
    status, headers, answer = await served.get(
        query='query A($n: BigInt) {hello(t: "ã+&")}',
        variables=json.dumps({"n": 123456789012345678901234567890}),
        operationName="A",
        extensions='{"e":[1]}',
        other="x",
    )
    assert (status, answer) == (200, {"data": {"hello": "world"}})
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    assert [call.document for call in served.executor.calls] == [
        GraphQLRequest(
            query='query A($n: BigInt) {hello(t: "ã+&")}',
            variables={"n": 123456789012345678901234567890},
            operation_name="A",
            extensions={"e": [1]},
        )
    ]


async def test_absent_and_empty_parameters_are_empty(served):
    """Parameters that are missing, empty or null make a request without variables, name and extensions."""
    await served.get(query="{a}")
    await served.get(query="{a}", variables="", operationName="", extensions="null")
    assert [call.document for call in served.executor.calls] == [GraphQLRequest("{a}")] * 2


@pytest.mark.parametrize(
    ("query_string", "message"),
    [
        ("", "The parameter query is required."),
        ("?query=", "The parameter query is required."),
        ("?query={a}&query={b}", "The parameter query is given 2 times; once is expected."),
        (
            "?query={a}&operationName=A&operationName=B",
            "The parameter operationName is given 2 times; once is expected.",
        ),
        ("?query={a}&variables={", "The parameter variables is no valid JSON."),
        ('?query={a}&variables="%5Cud800"', "The parameter variables is no valid JSON."),
        ("?query={a}&variables=" + "[" * 1500, "The parameter variables is no valid JSON."),
        ("?query={a}&variables=[]", "The parameter variables is no JSON object."),
        ("?query={a}&extensions=5", "The parameter extensions is no JSON object."),
    ],
)
async def test_malformed_parameters_are_400(served, query_string, message):
    """Parameters that are missing, repeated or malformed are 400 with GraphQL's error body."""
    assert await fetched(served, query_string) == (400, error(message, "BAD_REQUEST", "r"))
    assert served.executor.calls == []


async def test_mutations_are_refused_over_get(served):
    """A link must not change anything: a mutation by GET is 405, names POST, and is not executed."""
    async with served.client.get(
        f"{served.url}/graphql",
        params={"query": "query A {a} mutation B {b}", "operationName": "B"},
        headers={"X-Request-Id": "r", "Accept": JSON},
    ) as response:
        message = "Mutations are accepted over POST only."
        assert (response.status, response.headers["Allow"]) == (405, "POST")
        assert await response.json() == error(message, "METHOD_NOT_ALLOWED", "r")
    assert served.executor.calls == []


async def test_the_query_beside_a_mutation_is_executed_over_get(served):
    """What counts is the operation chosen, not what else stands in the document."""
    status, _, _ = await served.get(query="query A {a} mutation B {b}", operationName="A")
    assert (status, len(served.executor.calls)) == (200, 1)


async def test_subscriptions_are_refused_over_get(served):
    """A subscription by GET is refused clearly."""
    message = (
        "Subscriptions are not served over plain GET and POST requests: use the WebSocket protocol "
        "graphql-transport-ws, or accept text/event-stream."
    )
    answer = error(message, "BAD_REQUEST", "r")
    assert await fetched(served, "?query=subscription{a}") == (400, answer)


async def test_accept_is_read_over_get_too(served):
    """The form of the answer is chosen over GET as over POST; several Accept headers count as one list."""
    url, many = f"{served.url}/graphql?query={{a}}", [("Accept", "text/html"), ("Accept", GRAPHQL)]
    async with served.client.get(url, headers=many) as response:
        assert (response.status, response.headers["Content-Type"]) == (200, f"{GRAPHQL}; charset=utf-8")
    async with served.client.get(url, headers={"Accept": "text/html"}) as response:
        assert response.status == 406


async def test_a_client_that_goes_cancels_its_query_over_get():
    """Closing the socket in the middle of a GET ends its query."""
    held = Held()
    async with edge(held) as one:
        _, writer = await asyncio.open_connection("127.0.0.1", one.port)
        writer.write(b"GET /graphql?query={a} HTTP/1.1\r\nHost: x\r\n\r\n")
        await held.begun.wait()
        writer.close()
        async with asyncio.timeout(5):
            await held.ended.wait()
        assert held.outcome == "cancelled"
