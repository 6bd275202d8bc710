"""Spans for OpenTelemetry: of each request, of its steps, and of its calls to services. Off unless the project
names a collector.

Needs the extra `stolon[otel]`, whose packages are imported only when spans are opened. Spans are light: they
say which operation of which service, how it ended and how much came back; no URL, header, key or value. The
request's span continues the client's trace, and services get the span of their call as parent. Finished spans
leave in batches from a thread of the exporter's own, as OTLP over HTTP; where the collector cannot keep up
they are dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from adapters.failures import UpstreamFailure
from adapters.messages import Policy, Request, Response, Send
from graph.observing.observe import Handled
from graph.observing.trace_context import HEADER, TraceContext
from resolvers.loading.steps import Step
from resolvers.plan.plan import Plan

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.trace import Span

TRACES: Final = "/v1/traces"
FLUSH_SECONDS: Final = 5.0


class NotInstalled(Exception):
    """The project wants spans, and the packages that make them are not there."""

    def __init__(self) -> None:
        super().__init__("spans need OpenTelemetry: pip install 'stolon[otel]'")


class Spans:
    """Makes spans, and exports them until it is closed. Raises `NotInstalled`.

    `endpoint` is the collector's base URL, such as `http://127.0.0.1:4318`; `share`, 0 to 1, of the traces that
    begin here is recorded (those of clients are recorded as these say). `processor` takes the exporter's place.
    """

    def __init__(self, endpoint: str, share: float = 1.0, processor: SpanProcessor | None = None) -> None:
        try:
            from opentelemetry import context, trace
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
        except ImportError:
            raise NotInstalled from None
        self._trace = trace
        self._context = context
        resource = Resource.create()  # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say more
        if str(resource.attributes["service.name"]).startswith("unknown_service"):
            resource = resource.merge(Resource({"service.name": "stolon"}))
        self._provider: TracerProvider = TracerProvider(
            resource=resource, sampler=ParentBased(TraceIdRatioBased(share)), shutdown_on_exit=False
        )
        self._provider.add_span_processor(
            processor or BatchSpanProcessor(OTLPSpanExporter(endpoint.rstrip("/") + TRACES))
        )
        self._tracer = self._provider.get_tracer("stolon")

    async def close(self) -> None:
        """Export what is left, a few seconds at most, and end the thread."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._provider.force_flush, int(FLUSH_SECONDS * 1000))
        await loop.run_in_executor(None, self._provider.shutdown)

    def request(self, parent: TraceContext | None) -> OpenRequest:
        """Begin the span of a client's request, in the running task and what it starts."""
        trace = self._trace
        above: Context = self._context.Context()
        if parent is not None:
            remote = trace.SpanContext(
                int(parent.trace_id, 16),
                int(parent.span_id, 16),
                is_remote=True,
                trace_flags=trace.TraceFlags(int(parent.sampled)),
            )
            above = trace.set_span_in_context(trace.NonRecordingSpan(remote), above)
        span = self._tracer.start_span("request", above, trace.SpanKind.SERVER)
        self._context.attach(
            trace.set_span_in_context(span, above)
        )  # until the task ends, which serves no other
        return OpenRequest(span, self._failed)

    @contextmanager
    def plan(self, plan: Plan) -> Iterator[None]:
        """A span around the run of a plan."""
        with self._tracer.start_as_current_span(
            "plan",
            attributes={"stolon.steps": len(plan.steps), "stolon.waves": max(plan.waves, default=0)},
            record_exception=False,
            set_status_on_exception=False,
        ):
            yield

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """A span around a load."""
        with self._tracer.start_as_current_span(
            f"step {step.kind}",
            attributes={
                "stolon.service": step.service,
                "stolon.operation": step.operation,
                "stolon.keys": step.keys,
            },
            record_exception=False,  # its text may name values
            set_status_on_exception=False,
        ):
            yield

    @property
    def call(self) -> Policy:
        """A policy for just above the transport: a span around each call that goes out, and its `traceparent`
        in place of the request's, where the project passes that on.
        """

        async def policy(request: Request, send: Send) -> Response:
            span = self._tracer.start_span(
                f"call {request.service}",
                kind=self._trace.SpanKind.CLIENT,
                attributes={
                    "stolon.service": request.service,
                    "stolon.operation": request.operation,
                    "http.request.method": request.method,
                },
            )
            try:
                response = await send(_under(span, request))
            except UpstreamFailure as failure:
                self._failed(span, type(failure).__name__)
                raise
            except asyncio.CancelledError:
                span.set_attribute("error.type", "Cancelled")
                raise
            else:
                span.set_attribute("http.response.status_code", response.status)
                span.set_attribute("http.response.body.size", len(response.body))
                if response.status >= 500:
                    self._failed(span, str(response.status))
                return response
            finally:
                span.end()

        return policy

    def _failed(self, span: Span, kind: str) -> None:
        span.set_attribute("error.type", kind)
        span.set_status(self._trace.StatusCode.ERROR)


class OpenRequest:
    """The span of a request under way."""

    __slots__ = ("_failed", "_span", "context")

    def __init__(self, span: Span, failed: Callable[[Span, str], None]) -> None:
        self._span = span
        self._failed = failed
        self.context = _context(span)

    def end(self, fact: Handled) -> None:
        """End it, and say what the fact says."""
        span = self._span
        if span.is_recording():
            span.update_name(fact.operation_kind or "request")
            span.set_attribute("stolon.request_id", fact.request_id)
            span.set_attribute("http.response.status_code", fact.status)
            span.set_attribute("http.response.body.size", fact.bytes)
            span.set_attribute("stolon.calls", fact.calls)
            span.set_attribute("stolon.shared", fact.shared)
            if fact.operation_kind is not None:
                span.set_attribute("graphql.operation.type", fact.operation_kind)
            if fact.operation_name is not None:
                span.set_attribute("graphql.operation.name", fact.operation_name)
            if fact.errors:
                span.set_attribute("stolon.error_codes", sorted(fact.errors))
            if fact.status >= 500:
                self._failed(span, str(fact.status))
        span.end()


def _context(span: Span) -> TraceContext:
    known = span.get_span_context()
    return TraceContext(f"{known.trace_id:032x}", f"{known.span_id:016x}", known.trace_flags.sampled)


def _under(span: Span, request: Request) -> Request:
    if HEADER not in request.headers:
        return request
    return replace(request, headers={**request.headers, HEADER: _context(span).header})
