"""A served project, watched: one line a request, figures and health on the second address, traces passed on."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from graph.observing.observe import caller_hash
from tests.graph.served import Asked, Reply, Rest, rest, settled, until
from tests.observe.observed import Observed, observed

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
ANA = {"id": "u-1", "name": "Ana"}


@pytest.fixture
async def users() -> AsyncIterator[Rest]:
    async with rest() as one:
        one.on("GET /users/u-1", Reply(ANA))
        one.on("GET /users", Reply([ANA, {"id": "u-2", "name": "Bo"}]))
        yield one


@pytest.fixture
async def orders() -> AsyncIterator[Rest]:
    async with rest() as one:
        made = [{"id": f"o-{n}", "customer": f"u-{n}"} for n in (1, 2)]
        one.on("GET /orders", Reply(made))
        one.on("POST /orders", Reply(made[0]))
        yield one


@pytest.fixture
async def gateway(tmp_path, users, orders) -> AsyncIterator[Observed]:
    async with observed(tmp_path, users, orders) as one:
        yield one


async def test_a_request_is_one_line(gateway):
    """A request is told in one line: its ids, its operation, who by a hash, how it ended and what it cost."""
    query = "query Orders { orders { customer { name } } }"
    headers = {"traceparent": PARENT, "x_request_id": "req-1"}
    async with gateway.post(query, token="secret-token", **headers) as response:
        body = await response.read()
        assert response.headers["x-request-id"] == "req-1"
    [line] = gateway.requests
    caller = line.pop("caller")
    assert re.fullmatch("[0-9a-f]{16}", caller)
    assert line == {
        "level": "info",
        "event": "request",
        "request_id": "req-1",
        "trace_id": TRACE,
        "operation": "Orders",
        "kind": "query",
        "status": 200,
        "errors": {},
        "calls": 2,
        "shared": 0,
        "bytes": len(body),
    }


async def test_errors_are_counted_by_code(gateway, users):
    """Errors within an answer are told by code and number; an anonymous operation has no name."""
    users.on("GET /users", Reply(status=503))
    await gateway.ask("{ orders { customer { name } } }")
    [line] = gateway.requests
    assert (line["operation"], line["kind"], line["errors"], line["status"], line["caller"]) == (
        None,
        "query",
        {"UPSTREAM_UNAVAILABLE": 2},
        200,
        caller_hash("anonymous"),
    )


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "BAD_REQUEST"),
        (b'{"query": "{ nope }"}', 200, "GRAPHQL_VALIDATION_FAILED"),
        (
            b'{"query": "query A { echo(text: 1) }", "operationName": "B"}',
            200,
            "OPERATION_RESOLUTION_FAILURE",
        ),
    ],
)
async def test_what_is_refused_has_a_line_too(gateway, body, status, code):
    """A request that is not executed is told with its status and code, without an operation's name that the
    document does not hold.
    """
    url, headers = f"{gateway.url}/graphql", {"content-type": "application/json"}
    async with gateway.client.post(url, data=body, headers=headers) as response:
        assert response.status == status
    [line] = gateway.requests
    assert (line["operation"], line["status"], line["errors"]) == (None, status, {code: 1})


async def test_a_client_that_went_is_told(gateway, users):
    """A query whose client goes before the answer ends with 499, and what it had called."""
    began = asyncio.Event()

    async def never(_: Asked) -> Reply:
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    users.on("GET /users/u-1", never)
    asking = asyncio.create_task(gateway.ask('query Gone { user(id: "u-1") { name } }'))
    await began.wait()
    asking.cancel()
    await until(lambda: bool(gateway.requests))
    [line] = gateway.requests
    assert (line["operation"], line["status"], line["calls"], line["bytes"]) == ("Gone", 499, 1, 0)


async def test_shared_calls_are_told_apart(gateway, users):
    """Two requests that share one call: one made it, the other was given its answer."""
    let_go = asyncio.Event()

    async def held(_: Asked) -> Reply:
        await let_go.wait()
        return Reply(ANA)

    users.on("GET /users/u-1", held)
    both = [asyncio.create_task(gateway.ask('{ user(id: "u-1") { name } }')) for _ in range(2)]
    await until(lambda: len(users.asked) == 1)
    while "stolon_requests_in_flight 2.0" not in await gateway.told("/metrics"):
        pass  # the second request has not arrived
    for _ in range(5):
        await settled()
    let_go.set()
    await asyncio.gather(*both)
    assert sorted((line["calls"], line["shared"]) for line in gateway.requests) == [(0, 1), (1, 0)]
    assert users.calls == {"GET /users/u-1": 1}


async def test_a_trace_is_passed_on(gateway, users):
    """Services get the client's trace with a new parent, the same for all calls of the request."""
    await gateway.ask("{ orders { customer { name } } }", traceparent=PARENT)
    [asked] = users.asked
    found = re.fullmatch(rf"00-{TRACE}-([0-9a-f]{{16}})-01", asked.headers["traceparent"])
    assert found is not None
    assert found[1] != PARENT.split("-")[2]


@pytest.mark.parametrize("given", [None, "00-nonsense", f"{PARENT}, {PARENT}"])
async def test_without_a_valid_parent_a_trace_begins(gateway, users, given):
    """A missing or invalid `traceparent` begins a new trace, which the line and the services have in common."""
    await gateway.ask('{ user(id: "u-1") { name } }', **({} if given is None else {"traceparent": given}))
    [asked], [line] = users.asked, gateway.requests
    assert asked.headers["traceparent"].split("-")[1] == line["trace_id"] != TRACE


async def test_the_state_of_another_trace_is_not_passed_on(tmp_path, users, orders):
    """Where the project forwards `tracestate`, it goes with a valid parent only."""
    async with observed(
        tmp_path, users, orders, '[headers]\nforward = ["tracestate", "traceparent"]'
    ) as gateway:
        query = '{ user(id: "u-1") { name } }'
        await gateway.ask(query, traceparent=PARENT, tracestate="a=1")
        await gateway.ask(query, traceparent="x", tracestate="a=1")
    assert [one.headers.get("tracestate") for one in users.asked] == ["a=1", None]


async def test_a_project_may_keep_traces_to_itself(tmp_path, users, orders):
    """What the project does not forward is not passed on, traces neither."""
    async with observed(tmp_path, users, orders, "[headers]\nforward = []") as gateway:
        await gateway.ask('{ user(id: "u-1") { name } }', traceparent=PARENT)
        assert gateway.requests[0]["trace_id"] == TRACE
    assert "traceparent" not in users.asked[0].headers


async def test_figures_of_what_was_served(gateway, users):
    """The second address tells of requests and calls in the form that Prometheus reads, by service and operation."""
    users.on("GET /users/u-1", Reply(status=503))
    await gateway.ask("query Orders { orders { customer { name } } }")
    await gateway.ask('query One { user(id: "u-1") { name } }')
    found = {
        (one.name, *sorted(one.labels.values())): one.value
        for family in text_string_to_metric_families(await gateway.told("/metrics"))
        for one in family.samples
    }
    expected = {
        ("stolon_requests_total", "200", "query"): 2,
        ("stolon_errors_total", "UPSTREAM_UNAVAILABLE"): 1,
        ("stolon_request_seconds_count", "Orders"): 1,
        ("stolon_request_seconds_count", "One"): 1,
        ("stolon_requests_in_flight",): 0,
        ("stolon_upstream_calls_total", "2xx", "orders"): 1,
        ("stolon_upstream_calls_total", "2xx", "users"): 1,
        ("stolon_upstream_calls_total", "5xx", "users"): 3,
        ("stolon_upstream_retries_total", "503", "users"): 2,
        ("stolon_upstream_not_retried_total", "attempts", "users"): 1,
        ("stolon_upstream_in_flight", "users"): 0,
        ("stolon_batch_keys_sum", "users"): 3,
    }
    assert {name: found.get(name) for name in expected} == expected


async def test_health_follows_the_traffic(gateway, users):
    """Integrations are told as their last calls went, those of a service that nobody asked as unknown."""
    users.on("GET /users/u-1", Reply(status=500))
    await gateway.ask('{ user(id: "u-1") { name } }')
    report = json.loads(await gateway.told("/health/integrations"))
    told = report["services"]["users"]
    assert re.fullmatch(r"\d+ms", told.pop("response_time"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told.pop("last_check"))
    assert report == {
        "status": "unhealthy",
        "services": {
            "users": {"status": "unhealthy"},
            "orders": {"status": "unknown", "response_time": None, "last_check": None},
        },
    }


async def test_a_probe_sees_what_no_client_asked_for(tmp_path, users, orders):
    """A service that names a health path is asked there at once, without anybody's headers or credentials."""
    users.on("GET /status", Reply({"ok": True}))
    async with observed(tmp_path, users, orders, of_users={"health": '"/status"'}) as gateway:
        await until(lambda: bool(users.asked))
        for _ in range(200):
            report = json.loads(await gateway.told("/health/integrations"))
            if report["status"] != "unknown":
                break
        assert report["services"]["users"]["status"] == "healthy"
        assert 'stolon_health_probes_total{outcome="passed",service="users"} 1.0' in await gateway.told(
            "/metrics"
        )
    [asked] = users.asked
    assert asked.headers.keys() == {"host", "accept", "accept-encoding", "user-agent"}


async def test_the_two_addresses_are_apart(gateway):
    """Nothing for operators is on the main address, and nothing for clients on the second."""
    for path in ("/metrics", "/health/integrations"):
        async with gateway.client.get(gateway.url + path) as response:
            assert response.status == 404
        async with gateway.client.get(gateway.observing + path) as response:
            assert response.status == 200
            assert response.headers["cache-control"] == "no-store"
    for path in ("/graphql", "/health/live", "/health/ready"):
        async with gateway.client.post(gateway.observing + path) as response:
            assert response.status == 404


async def test_prometheus_may_ask_for_openmetrics(gateway):
    """The form of the figures follows the `Accept` header."""
    url, accept = f"{gateway.observing}/metrics", {"accept": "application/openmetrics-text; version=1.0.0"}
    async with gateway.client.get(url, headers=accept) as response:
        assert response.content_type == "application/openmetrics-text"
        assert (await response.text()).endswith("# EOF\n")
    async with gateway.client.get(url) as response:
        assert response.content_type == "text/plain"
