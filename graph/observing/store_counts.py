"""How the store that replicas share is: for Prometheus, and for `/health/integrations`.

An observer of `adapters/sharing/store_facts.py`; `graph/observing/seeing.py` keeps it over reloads. A project
without a shared store has none of these figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from adapters.sharing.store_facts import StoreBypassed, StoreFact, StoreTurned


class StoreCounts(Collector):
    """Counts what it is told. `epoch` is seconds since 1970."""

    def __init__(self, epoch: Callable[[], float]) -> None:
        self._epoch = epoch
        self._up: bool | None = None
        self._since = 0.0
        self._lost = 0
        self._bypassed: dict[str, int] = {}

    @property
    def turned(self) -> tuple[bool, float] | None:
        """Whether the store is there, and since when; None where there is none."""
        return None if self._up is None else (self._up, self._since)

    def expect(self, shared: bool) -> None:
        """Whether the project, as it is now, has a shared store."""
        if not shared:
            self._up = None

    def observe(self, fact: StoreFact) -> None:
        """The store turned, or something went on without it."""
        match fact:
            case StoreTurned():
                if self._up is not fact.up:
                    self._since = self._epoch()
                self._lost += self._up is True and not fact.up
                self._up = fact.up
            case StoreBypassed():
                self._bypassed[fact.what] = self._bypassed.get(fact.what, 0) + 1

    def collect(self) -> Iterator[Metric]:
        """The families, in a fixed order."""
        up = GaugeMetricFamily("stolon_store_up", "Whether the shared store is there.")
        lost = CounterMetricFamily("stolon_store_lost", "Times the shared store went away.")
        bypassed = CounterMetricFamily(
            "stolon_store_bypassed", "What went on without the shared store.", labels=("what",)
        )
        if self._up is not None:
            up.add_metric((), self._up)
            lost.add_metric((), self._lost)
            for what, count in self._bypassed.items():
                bypassed.add_metric((what,), count)
        yield from (up, lost, bypassed)
