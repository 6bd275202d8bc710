"""Wherever a client puts a secret, nothing that operators see shows it: no line, no label, no span."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from graph.observing import seeing
from graph.observing.tracing import Spans
from graph.settings.settings import Settings
from tests.graph.served import Reply, rest
from tests.observe.observed import Observed, observed

UNBROKEN = {"breaker": "{ enabled = false }"}


@dataclass
class Watched:
    gateway: Observed
    exporter: InMemorySpanExporter

    async def everything(self) -> str:
        """All that was told since the last time, as one text."""
        spans = self.exporter.get_finished_spans()
        self.exporter.clear()
        lines = self.gateway.logged
        self.gateway.stream.seek(0)
        self.gateway.stream.truncate()
        figures = await self.gateway.told("/metrics") + await self.gateway.told("/health/integrations")
        return json.dumps(lines) + figures + "".join(map(_shown, spans))


def _shown(span: ReadableSpan) -> str:
    events = [(one.name, dict(one.attributes or {})) for one in span.events]
    return repr((span.name, dict(span.attributes or {}), events, span.status.description))


@pytest.fixture(scope="module")
async def watched(tmp_path_factory) -> AsyncIterator[Watched]:
    exporter = InMemorySpanExporter()

    def spans(_: Settings) -> Spans:
        return Spans("http://127.0.0.1:1", processor=SimpleSpanProcessor(exporter))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("graph.app.open_spans", spans)
        assert seeing.open_spans is not spans
        async with (
            rest() as users,
            rest() as orders,
            # A service that only fails would be called no more, and what it says would be heard by nobody.
            observed(tmp_path_factory.mktemp("secrets"), users, orders, of_users=UNBROKEN) as gateway,
        ):
            users.on("GET /users/u-1", lambda asked: Reply({"id": "u-1", "name": asked.path}, status=500))
            orders.on("GET /orders", lambda asked: Reply(text=str(asked.headers)))
            yield Watched(gateway, exporter)


CORE = st.text("abcdefghijkmnopqrstuvwxyz0123456789", min_size=20, max_size=24).map(lambda text: f"zq{text}")
DRESSED = st.sampled_from(["{}", "eyJ{}.eyJ0.c2ln", "{}@example.com", "+34 {}", "sk-live-{}", "{}=="])


def places(secret: str, core: str) -> list[tuple[str, dict[str, Any]]]:
    """Requests, by what they are: each with the secret in other places."""
    text = json.dumps(secret)
    query = f"query Told {{ echo(text: {text}) }} # {secret}"
    headers = {
        "authorization": f"Bearer {core}",
        "cookie": f"session={secret}",
        "x-api-key": secret,
        "user-agent": secret,
        "accept-language": secret,
        "referer": f"https://{core}.example/{secret}",
        "traceparent": f"00-{core}-{secret}",
        "tracestate": f"{core}=1",
        "x-request-id": f"{secret} {secret}",
        "x-forwarded-for": secret,
        "x-tenant-id": secret,
    }
    fails = "query Fails($text: String!) { fail(text: $text) }"
    return [
        ("headers, literals and comments", {"headers": headers, "json": {"query": query}}),
        ("variables", {"json": {"query": fails, "variables": {"text": secret}}}),
        ("variables of no type", {"json": {"query": fails, "variables": {"text": [secret]}}}),
        ("a name of no operation", {"json": {"query": "query A { echo }", "operationName": secret}}),
        ("a field that is none", {"json": {"query": f"{{ x{core} }}"}}),
        ("an argument of a call", {"json": {"query": f"{{ user(id: {text}) {{ name }} }}"}}),
        ("a service's own words", {"headers": headers, "json": {"query": '{ user(id: "u-1") { name } }'}}),
        ("a body that is no contract's", {"headers": headers, "json": {"query": "{ orders { id } }"}}),
        ("extensions", {"json": {"query": "{ echo(text: 1) }", "extensions": {secret: secret}}}),
        ("a body that is no JSON", {"data": secret, "headers": {"content-type": "application/json"}}),
        ("an unknown media type", {"data": secret, "headers": {"content-type": f"text/{core}"}}),
        ("a scheme that is none", {"headers": {"authorization": secret}, "json": {"query": query}}),
        ("a URL", {"params": {"query": query, "variables": secret, core: secret}, "method": "GET"}),
        ("a method", {"method": "DELETE", "params": {"token": secret}}),
    ]


@settings(max_examples=12)
@given(CORE, DRESSED)
async def test_no_secret_is_ever_told(watched, core, dressed):
    """A token, key or address in any header, literal, variable, name, body or URL shows up in no line, no label,
    and no attribute of a span, whether the request is served, fails or is refused.
    """
    sent = places(dressed.format(core), core)
    for _, request in sent:
        method = request.pop("method", "POST")
        async with watched.gateway.client.request(method, f"{watched.gateway.url}/graphql", **request):
            pass
    told = await watched.everything()
    assert told.count('"event": "request"') == len(sent)
    assert core not in told, [where for where, _ in sent]


async def test_a_request_that_is_no_http_shows_nothing(watched):
    """What aiohttp refuses before anybody sees it is logged without what was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(watched.gateway.url.rpartition(":")[2]))
    writer.write(b"POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer zqsecret\x00zqsecret\r\n\r\n")
    assert b"400" in await reader.readline()
    writer.close()
    told = await watched.everything()
    assert "a request was not HTTP as it should be" in told
    assert "zqsecret" not in told


async def test_the_spans_are_really_there(watched):
    """The test above looks at something: a request leaves spans of itself, its plan, its steps and its calls."""
    await watched.everything()
    await watched.gateway.ask('query Seen { user(id: "u-1") { name } }')
    spans = [one.name for one in watched.exporter.get_finished_spans()]
    assert spans == ["call users", "step entities", "plan", "query"]
