"""All that watches one served project, put together: figures, health of services, log lines and spans; and what is
open of it for operators to drop from.

`graph/app.py` makes one and hands its parts to whom they belong; a project that is read anew while it is served
keeps it, so that figures go on. Nothing here decides anything about a request.
"""

from __future__ import annotations

import time
from importlib.util import find_spec

from adapters.facts import Clock, Observer
from adapters.messages import Policy
from adapters.mistake import Mistake, ProjectError
from graph.caching.open_caches import OpenCaches
from graph.observing.answer_counts import AnswerCounts
from graph.observing.held_back import HeldBackCounts
from graph.observing.integrations import Integrations
from graph.observing.lane_counts import LaneCounts
from graph.observing.log_writer import LineWriter
from graph.observing.metrics import Metrics
from graph.observing.observe import RequestObserver, Watch, count_calls
from graph.observing.request_log import json_line, plain_line, request_log
from graph.observing.store_counts import StoreCounts
from graph.observing.tracing import NotInstalled, Spans
from graph.settings.settings import FILE, Settings
from resolvers.loading.steps import StepWatch


class Seeing:
    """The observers of one process. `clock` is monotonic, `epoch` since 1970, both in seconds."""

    def __init__(
        self, settings: Settings, *, clock: Clock = time.monotonic, epoch: Clock = time.time
    ) -> None:
        self.metrics = Metrics(settings.observe.operations)
        self.lanes = LaneCounts()
        self.metrics.registry.register(self.lanes)
        self.answers = AnswerCounts()
        self.metrics.registry.register(self.answers)
        self.held_back = HeldBackCounts()
        self.metrics.registry.register(self.held_back)
        self.caches = OpenCaches()
        self.stores = StoreCounts(epoch)
        self.metrics.registry.register(self.stores)
        self.integrations = Integrations(_slow(settings), clock, epoch, lambda: self.stores.turned)
        self._log: tuple[RequestObserver, ...] = ()

    def expect(self, settings: Settings) -> None:
        """The project was read anew: its services are these."""
        self.integrations.expect(_slow(settings))
        self.stores.expect(settings.cache.shared is not None)

    def log_to(self, writer: LineWriter, *, plain: bool = False) -> None:
        """From the next application on, a line a request goes to the writer."""
        self._log = (request_log(writer, plain_line if plain else json_line),)
        self.metrics.lost_lines = lambda: writer.lost

    def watch(self, spans: Spans | None) -> Watch:
        """What the endpoint tells of its requests."""
        made = Watch((self.metrics.request, *self._log), spans=None if spans is None else spans.request)
        self.metrics.in_flight = lambda: made.in_flight
        return made

    @property
    def calls(self) -> tuple[Observer, ...]:
        """Who is told of upstream calls."""
        return (count_calls, self.metrics.call, self.held_back.call, self.integrations.observe)

    def steps(self, spans: Spans | None) -> tuple[StepWatch, ...]:
        """Who is told of loads."""
        return (self.metrics.step,) if spans is None else (self.metrics.step, spans.step)


def around(spans: Spans | None) -> tuple[Policy, ...]:
    """What wraps upstream calls: a span where there are spans, else nothing."""
    return () if spans is None else (spans.call,)


def open_spans(settings: Settings) -> Spans | None:
    """Spans where the project names a collector. Raises ProjectError where OpenTelemetry is not installed."""
    observe = settings.observe
    if observe.otlp is None:
        return None
    try:
        return Spans(observe.otlp, observe.otlp_share)
    except NotInstalled as missing:
        raise ProjectError([_mistake(settings, str(missing))]) from None


def check_spans(settings: Settings) -> None:
    """Raises ProjectError where the project names a collector and OpenTelemetry is not installed."""
    if settings.observe.otlp is not None and find_spec("opentelemetry") is None:
        raise ProjectError([_mistake(settings, str(NotInstalled()))])


def _mistake(settings: Settings, message: str) -> Mistake:
    return Mistake(settings.folder / FILE, 0, "observe.otlp", message)


def _slow(settings: Settings) -> dict[str, float]:
    return {name: service.slow for name, service in settings.services.items()}
