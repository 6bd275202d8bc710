"""What the gateway itself took of a request: its span, less the time in which any call to a service was under way.

The gateway exports its spans (`graph/observing/tracing.py`) to the collector here: one for each request, and one
for each call just above the transport, so that waiting for a turn, for credentials of the gateway's own and for
other steps is the gateway's. Calls that run at the same time count once. What a busy gateway leaves lying while a
call is under way counts as the service's: so the load stays below what the machine can do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Exported

from bench.gateway_servers import free_port


@dataclass(frozen=True, slots=True)
class Span:
    """When something was under way, in nanoseconds since 1970."""

    begun: int
    ended: int


@dataclass(slots=True)
class Trace:
    """A request and the calls that were made for it. `wanted` is how many calls the gateway says that it made for
    this request alone, `shared` how many answers it took from another request's calls.
    """

    request: Span | None = None
    wanted: int = 0
    shared: int = 0
    calls: list[Span] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether every call of the request is known, and none is another's."""
        return self.request is not None and self.shared == 0 and len(self.calls) >= self.wanted


def overhead(request: Span, calls: Iterable[Span]) -> float:
    """The milliseconds of a request in which no call was under way."""
    left, reached = request.ended - request.begun, request.begun
    for call in sorted(calls, key=lambda one: one.begun):
        begun, ended = max(call.begun, reached), min(call.ended, request.ended)
        if ended > begun:
            left -= ended - begun
            reached = ended
    return left / 1e6


class Traces:
    """What was exported, by trace id in hexadecimal digits."""

    def __init__(self) -> None:
        self.found: defaultdict[str, Trace] = defaultdict(Trace)

    def take(self, spans: Iterable[Exported]) -> None:
        """Note what was exported."""
        for span in spans:
            trace = self.found[span.trace_id.hex()]
            made = Span(span.start_time_unix_nano, span.end_time_unix_nano)
            if span.kind == Exported.SPAN_KIND_SERVER:
                said = {one.key: one.value.int_value for one in span.attributes}
                trace.request = made
                trace.shared = said.get("stolon.shared", 0)
                trace.wanted = said.get("stolon.calls", 0) - trace.shared
            elif span.kind == Exported.SPAN_KIND_CLIENT:
                trace.calls.append(made)

    def overheads(self, ids: Sequence[str]) -> list[float]:
        """The gateway's own milliseconds of these requests, as far as they are known whole."""
        whole = (self.found[one] for one in ids if one in self.found)
        return [overhead(one.request, one.calls) for one in whole if one.request is not None and one.whole]


@asynccontextmanager
async def collector() -> AsyncIterator[tuple[str, Traces]]:
    """A collector of OTLP over HTTP on loopback: its base URL, and what it was sent."""
    traces = Traces()

    async def export(request: web.Request) -> web.Response:
        sent = ExportTraceServiceRequest.FromString(await request.read())
        for resource in sent.resource_spans:
            for scope in resource.scope_spans:
                traces.take(scope.spans)
        return web.Response(content_type="application/x-protobuf")

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/v1/traces", export)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}", traces
    finally:
        await runner.cleanup()
