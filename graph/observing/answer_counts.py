"""What came of queries whose whole answers may be kept: a collector for Prometheus.

`graph/caching/kept_answers.py` tells of each; `graph/observing/seeing.py` keeps the counts over reloads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from graph.caching.kept_answers import Outcome

_NAME: Final = "stolon_answer_cache"


class AnswerCounts(Collector):
    """Counts what it is told."""

    def __init__(self) -> None:
        self._counts: dict[Outcome, int] = {}

    def told(self, outcome: Outcome) -> None:
        """A whole answer was found, looked for and not found, or kept."""
        self._counts[outcome] = self._counts.get(outcome, 0) + 1

    def collect(self) -> Iterator[Metric]:
        """The counts so far."""
        family = CounterMetricFamily(
            _NAME, "Queries in which kept whole answers had a part, by what came of it.", labels=("outcome",)
        )
        for outcome, count in self._counts.items():
            family.add_metric((outcome,), count)
        yield family
