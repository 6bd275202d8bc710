"""The figures of several workers as one: sums, as if one process had served. Pure.

`graph/workers/worker.py` takes them, `graph/workers/workers.py` collects and shows them at the second address.
What workers that have ended counted is kept, so that no counter ever falls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Metric

from graph.observing.integrations import Status, overall, with_store, worst
from graph.workers.channel import Family, Figures

_Key = tuple[str, tuple[tuple[str, str], ...]]
_HIGHEST: Final = frozenset({"process_start_time_seconds", "process_max_fds", "python"})
"""Families of which a sum says nothing."""
_LOWEST: Final = frozenset({"stolon_store_up"})
"""Families that say whether something is so: it is, if it is for all workers."""
_KEPT: Final = frozenset({"counter", "histogram"})


def taken(registry: CollectorRegistry) -> list[Family]:
    """What a process has counted, as it is sent."""
    return [
        Family(
            family.name,
            family.type,
            family.documentation,
            [(one.name, tuple(sorted(one.labels.items())), float(one.value)) for one in family.samples],
        )
        for family in registry.collect()
    ]


class Total:
    """The sum of the workers that have ended, and of those that are there."""

    def __init__(self) -> None:
        self._ended: list[Family] = []

    def ended(self, figures: Figures) -> None:
        """A worker has ended: what it counted is kept, what it measured is not."""
        kept = [family for family in figures.families if family.kind in _KEPT]
        self._ended = summed([self._ended, kept])

    def with_living(self, living: Iterable[Figures]) -> list[Family]:
        """All together."""
        return summed([self._ended, *(one.families for one in living)])


def summed(all_families: Iterable[Iterable[Family]]) -> list[Family]:
    """Families of equal names as one, samples of equal names and labels added up; in the order of first sight."""
    heads: dict[str, Family] = {}
    values: dict[str, dict[_Key, float]] = {}
    for families in all_families:
        for family in families:
            heads.setdefault(family.name, family)
            into = values.setdefault(family.name, {})
            for name, labels, value in family.samples:
                key = (name, labels)
                if family.name in _HIGHEST:
                    into[key] = max(into.get(key, value), value)
                elif family.name in _LOWEST:
                    into[key] = min(into.get(key, value), value)
                else:
                    into[key] = into.get(key, 0.0) + value
    return [
        Family(
            name,
            head.kind,
            head.help,
            [(sample, labels, value) for (sample, labels), value in values[name].items()],
        )
        for name, head in heads.items()
    ]


class Shown:
    """Families in the form that Prometheus' encoders take: with `collect`, like a registry."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """The families."""
        for family in self._families:
            metric = Metric(family.name, family.help, family.kind)
            for name, labels, value in family.samples:
                metric.add_sample(name, dict(labels), value)
            yield metric


def as_one(reports: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The reports of several workers on the same services (`Integrations.report`) as one, by the same rule by which
    services are: a service is unhealthy where every worker that asked finds it so, degraded where any does not find
    it healthy. So is the shared store. Times are the longest, checks the latest.
    """
    found: dict[str, list[Mapping[str, Any]]] = {}
    stores: list[Mapping[str, Any]] = []
    for report in reports:
        stores += [report["store"]] if "store" in report else []
        for name, service in report["services"].items():
            found.setdefault(name, []).append(service)
    services = {
        name: {
            "status": str(overall(Status(one["status"]) for one in ones)),
            "response_time": max((one["response_time"] for one in ones), key=_milliseconds),
            "last_check": max((one["last_check"] for one in ones), key=lambda at: at or ""),
            **_breaker([one["breaker"] for one in ones if "breaker" in one]),
        }
        for name, ones in found.items()
    }
    whole = overall(Status(one["status"]) for one in services.values() if one["status"])
    if not stores:
        return {"status": str(whole), "services": services}
    store = overall(Status(one["status"]) for one in stores)
    since = max(one["since"] for one in stores)
    return {
        "status": str(with_store(whole, store)),
        "services": services,
        "store": {"status": str(store), "since": since},
    }


def _breaker(states: list[str]) -> dict[str, str]:
    return {"breaker": worst(states)} if states else {}


def _milliseconds(time: str | None) -> int:
    return -1 if time is None else int(time.removesuffix("ms"))
