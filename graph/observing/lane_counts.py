"""How many operations ran on which lane, and why not on the fast one: a collector for Prometheus.

`graph/executing/lanes.py` tells of each operation; `graph/observing/seeing.py` keeps the counts over reloads.
Labels are bounded by the reasons that there are (`resolvers/plan/coverage.py`, `resolvers/fast/uncompiled.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from resolvers.lane_choice import Lane, Why

_NAME: Final = "stolon_operations"


class LaneCounts(Collector):
    """Counts what it is told."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Lane, str], int] = {}

    def told(self, lane: Lane, reason: Why | None) -> None:
        """An operation runs on a lane."""
        key = (lane, "" if reason is None else reason.value)
        self._counts[key] = self._counts.get(key, 0) + 1

    def collect(self) -> Iterator[Metric]:
        """The counts so far."""
        family = CounterMetricFamily(
            _NAME,
            "Operations executed, by lane, and by the reason for a slower one than the fast lane.",
            labels=("lane", "reason"),
        )
        for (lane, reason), count in self._counts.items():
            family.add_metric((lane, reason), count)
        yield family
