"""How calls to services are held back: by breakers, queues and rates. A collector for Prometheus.

An observer of upstream facts (`adapters/facts.py`) beside `graph/observing/metrics.py`;
`graph/observing/seeing.py` keeps it over reloads. Labels are bounded: services by the project, and what holds
calls back by the policies that do.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from adapters.facts import BreakerTurned, Dequeued, Fact, HeldBack, Queued
from graph.observing.tallies import Buckets


class _Service:
    """What became of the calls to one service."""

    __slots__ = ("broken", "held", "opened", "queued", "waits")

    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        self.broken: set[str | None] = set()
        self.opened = 0
        self.queued = 0
        self.waits = Buckets()


class HeldBackCounts(Collector):
    """Counts what it is told. A service appears with the first thing that holds a call to it back."""

    def __init__(self) -> None:
        self._services: dict[str, _Service] = {}

    def call(self, fact: Fact) -> None:
        """A breaker turned, or a call was refused or had to wait."""
        match fact:
            case BreakerTurned():
                service = self._of(fact.service)
                if fact.state == "closed":
                    service.broken.discard(fact.operation)
                else:
                    service.broken.add(fact.operation)
                service.opened += fact.state == "open"
            case HeldBack():
                held = self._of(fact.service).held
                held[fact.by] = held.get(fact.by, 0) + 1
            case Queued():
                self._of(fact.service).queued += 1
            case Dequeued():
                service = self._of(fact.service)
                service.queued -= 1
                service.waits.add(fact.seconds)

    def _of(self, name: str) -> _Service:
        found = self._services.get(name)
        if found is None:  # the project's services, and no others, are ever called
            found = self._services[name] = _Service()
        return found

    def collect(self) -> Iterator[Metric]:
        """The families, in a fixed order."""
        held = CounterMetricFamily(
            "stolon_upstream_held_back",
            "Calls refused before they left, by what held them back.",
            labels=("service", "by"),
        )
        opened = CounterMetricFamily("stolon_breaker_opened", "Times a breaker opened.", labels=("service",))
        broken = GaugeMetricFamily(
            "stolon_breakers_not_closed",
            "Breakers that are open or half-open, of the service and of its operations.",
            labels=("service",),
        )
        queued = GaugeMetricFamily(
            "stolon_upstream_queued", "Calls that wait for their turn.", labels=("service",)
        )
        waits = HistogramMetricFamily(
            "stolon_upstream_wait_seconds", "Time of calls that waited for their turn.", labels=("service",)
        )
        for name, one in self._services.items():
            for by, count in one.held.items():
                held.add_metric((name, by), count)
            opened.add_metric((name,), one.opened)
            broken.add_metric((name,), len(one.broken))
            queued.add_metric((name,), one.queued)
            one.waits.tell(waits, (name,))
        yield from (held, opened, broken, queued, waits)
