"""Counts that requests add to and a scrape reads: times in buckets, and names of which only so many count.

`graph/observing/metrics.py` keeps them. They live on one loop and take no lock; adding costs a fraction of a
microsecond, where prometheus-client's own metrics cost several a request.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.utils import floatToGoString

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
KEYS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)

OTHER: Final = "other"
ANONYMOUS: Final = "anonymous"
NONE: Final = "none"
_RESERVED: Final = frozenset({OTHER, ANONYMOUS, NONE})


class Buckets:
    """A histogram: how many values were at most each bound, and their sum."""

    __slots__ = ("_bounds", "_counts", "sum")

    def __init__(self, bounds: tuple[float, ...] = SECONDS) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        """How many values were added."""
        return sum(self._counts)

    def tell(self, family: HistogramMetricFamily, labels: Iterable[str]) -> None:
        """Add this histogram to a family that a scrape collects, its buckets cumulative as Prometheus wants."""
        bounds = [*map(floatToGoString, self._bounds), "+Inf"]
        told = [(bound, float(count)) for bound, count in zip(bounds, accumulate(self._counts), strict=True)]
        family.add_metric(list(labels), buckets=told, sum_value=self.sum)


class Names:
    """The first names that are seen, `most` at most; all later ones are `other`. Names are never let go:
    a count that vanished would look like a restart.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def __len__(self) -> int:
        return len(self._known)

    def label(self, name: str, *, may_enter: bool = True) -> str:
        """The name, or `other`. Without `may_enter` a new name stays outside, and takes no one's place."""
        if name in self._known:
            return name
        if not may_enter or len(self._known) >= self._most or name in _RESERVED:
            return OTHER
        self._known.add(name)
        return name
