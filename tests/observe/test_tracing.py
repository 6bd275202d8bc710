"""Spans, received by a little collector on loopback: what they say and hang from, and that off means off."""

from __future__ import annotations

import builtins
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from adapters.failures import TimedOut
from adapters.messages import Request, Response
from adapters.mistake import ProjectError
from graph.observing import seeing
from graph.observing.tracing import NotInstalled, Spans
from tests.graph.served import Reply, Rest, rest
from tests.observe.observed import loaded, observed

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Collector:
    """Receives spans as a collector does, at `/v1/traces`."""

    url: str = ""
    spans: list[Any] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    async def handle(self, request: web.Request) -> web.Response:
        assert request.content_type == "application/x-protobuf"
        told = ExportTraceServiceRequest.FromString(await request.read())
        for resource in told.resource_spans:
            named = [one for one in resource.resource.attributes if one.key == "service.name"]
            self.names |= {one.value.string_value for one in named}
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return web.Response(content_type="application/x-protobuf")

    def one(self, name: str) -> Any:
        [found] = [span for span in self.spans if span.name == name]
        return found


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    made = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", made.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


def attributes(span: Any) -> dict[str, Any]:
    told = {}
    for one in span.attributes:
        kind = one.value.WhichOneof("value")
        value = getattr(one.value, kind)
        told[one.key] = [item.string_value for item in value.values] if kind == "array_value" else value
    return told


@pytest.fixture
async def users() -> AsyncIterator[Rest]:
    async with rest() as one:
        one.on("GET /users", Reply([{"id": f"u-{n}", "name": "Ana"} for n in (1, 2)]))
        yield one


@pytest.fixture
async def orders() -> AsyncIterator[Rest]:
    async with rest() as one:
        one.on("GET /orders", Reply([{"id": f"o-{n}", "customer": f"u-{n}"} for n in (1, 2)]))
        yield one


async def test_spans_of_a_request_reach_a_collector(tmp_path, users, orders):
    """A request's span continues the client's trace; below it stands its plan, below that its steps, and below
    these its calls. Each says which operation and how it ended.
    """
    async with collecting() as collector:
        async with observed(tmp_path, users, orders, f'[observe]\notlp = "{collector.url}"') as gateway:
            await gateway.ask(
                "query Orders { orders { customer { name } } }",
                traceparent=f"00-{TRACE}-{PARENT}-01",
                x_request_id="req-1",
            )
            [line] = gateway.requests
        request, step = collector.one("query"), collector.one("step entities")
        plan, call, other = collector.one("plan"), collector.one("call users"), collector.one("call orders")
    assert collector.names == {"stolon"}
    assert {one.trace_id.hex() for one in collector.spans} == {TRACE} == {line["trace_id"]}
    assert request.parent_span_id.hex() == PARENT
    assert plan.parent_span_id == request.span_id
    assert other.parent_span_id == step.parent_span_id == plan.span_id
    assert attributes(plan) == {"stolon.steps": 2, "stolon.waves": 2}
    assert call.parent_span_id == step.span_id
    assert users.asked[0].headers["traceparent"] == f"00-{TRACE}-{call.span_id.hex()}-01"
    assert orders.asked[0].headers["traceparent"] == f"00-{TRACE}-{other.span_id.hex()}-01"
    told = attributes(request)
    assert told.pop("http.response.body.size") == line["bytes"]
    assert told == {
        "stolon.request_id": "req-1",
        "http.response.status_code": 200,
        "stolon.calls": 2,
        "stolon.shared": 0,
        "graphql.operation.type": "query",
        "graphql.operation.name": "Orders",
    }
    assert attributes(step) == {"stolon.service": "users", "stolon.operation": "listUsers", "stolon.keys": 2}
    told = attributes(call)
    assert told.pop("http.response.body.size") > 0
    assert told == {
        "stolon.service": "users",
        "stolon.operation": "listUsers",
        "http.request.method": "GET",
        "http.response.status_code": 200,
    }


async def test_failures_are_marked_without_their_texts(tmp_path, users, orders):
    """Each attempt of a call that failed has an error's kind and status, and no event or text; the request tells its
    codes.
    """
    orders.on("GET /orders", Reply(status=503))
    async with collecting() as collector:
        async with observed(tmp_path, users, orders, f'[observe]\notlp = "{collector.url}"') as gateway:
            await gateway.ask("{ orders { id } }")
        request = collector.one("query")
    calls = [span for span in collector.spans if span.name == "call orders"]
    assert attributes(request)["stolon.error_codes"] == ["UPSTREAM_UNAVAILABLE"]
    assert "graphql.operation.name" not in attributes(request)
    assert request.parent_span_id == b""
    assert [attributes(one)["error.type"] for one in calls] == ["503"] * 3
    told = [(one.status.code, one.status.message, list(one.events)) for one in calls]
    assert told == [(2, "", [])] * 3


async def test_what_is_not_sampled_is_not_exported(tmp_path, users, orders):
    """A share of 0 records no trace that begins here, but those that the client records; services learn which."""
    async with collecting() as collector:
        more = f'[observe]\notlp = "{collector.url}"\notlp_share = 0'
        async with observed(tmp_path, users, orders, more) as gateway:
            await gateway.ask("{ orders { id } }")
            await gateway.ask("{ orders { id } }", traceparent=f"00-{TRACE}-{PARENT}-00")
            await gateway.ask("{ orders { id } }", traceparent=f"00-{TRACE}-{PARENT}-01")
    assert [one.headers["traceparent"][-2:] for one in orders.asked] == ["00", "00", "01"]
    assert sorted(one.name for one in collector.spans) == ["call orders", "plan", "query"]


async def test_a_call_span_ends_with_its_call():
    """A call that fails or is cancelled ends its span; the failure is the caller's all the same."""
    from asyncio import CancelledError

    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    spans = Spans("http://127.0.0.1:1", processor=SimpleSpanProcessor(exporter))
    request = Request("users", "getUser", "GET", "/users/1")

    async def send(asked: Request) -> Response:
        assert asked is request  # no traceparent to replace: the project keeps it to itself
        raise next(failures)

    failures = iter([TimedOut("secret", sent=True), CancelledError()])
    with pytest.raises(TimedOut):
        await spans.call(request, send)
    with pytest.raises(CancelledError):
        await spans.call(request, send)
    found = [dict(one.attributes or {})["error.type"] for one in exporter.get_finished_spans()]
    assert found == ["TimedOut", "Cancelled"]
    await spans.close()


def test_nothing_is_imported_when_off():
    """A project without `[observe] otlp` never imports OpenTelemetry, and has no policy and no step of spans."""
    code = (
        "import sys, graph.cli, graph.observing.seeing; "
        "print([m for m in sys.modules if m.startswith('opentelemetry')])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
    assert seeing.around(None) == ()


TOML = """
[graph]
schema = "schema:schema"
[services.users]
url = "http://127.0.0.1:1"
[services.orders]
url = "http://127.0.0.1:1"
"""


def test_off_means_off(tmp_path):
    """Without a collector there are no spans to open."""
    app = loaded(tmp_path, TOML)
    assert seeing.open_spans(app.project.settings) is None
    assert len(app.seeing.steps(None)) == 1


def test_a_missing_extra_is_told_by_name(tmp_path, monkeypatch):
    """A project that wants spans where OpenTelemetry is not installed is refused with what to install."""
    told = [f"{tmp_path}/stolon.toml: observe.otlp: {NotInstalled()}"]
    assert "pip install 'stolon[otel]'" in told[0]
    app = loaded(tmp_path, f'[observe]\notlp = "http://127.0.0.1:4318"{TOML}')
    real = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ProjectError) as caught:
        app.application()
    assert [str(one) for one in caught.value.mistakes] == told
    monkeypatch.undo()
    monkeypatch.setattr(seeing, "find_spec", lambda _: None)
    with pytest.raises(ProjectError) as caught:
        loaded(tmp_path, f'[observe]\notlp = "http://127.0.0.1:4318"{TOML}')
    assert [str(one) for one in caught.value.mistakes] == told
