"""The figures of one app, for Prometheus: an observer of requests, upstream calls and steps, and a collector.

`graph/app.py` makes one for each app, with a registry of its own; `graph/observing/second_address.py` shows it at
`/metrics`. Every label is bounded: operations by a stated number of names, services and kinds of failure by the
project, error codes by number too. No label holds what a client sent, but for names of operations that ran.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from adapters.facts import (
    CacheUsed,
    CallEnded,
    CallStarted,
    Fact,
    FellBack,
    KeyMet,
    NotRetried,
    Probed,
    Retried,
    TokenAsked,
)
from graph.observing.observe import OTHER_CODE, Handled
from graph.observing.tallies import ANONYMOUS, KEYS, NONE, Buckets, Names
from resolvers.loading.steps import Step

MOST_OPERATIONS: Final = 200
MOST_CODES: Final = 64
_NOTHING: Final = nullcontext()


class _Service:
    """What one service was asked for."""

    __slots__ = (
        "batches",
        "bytes",
        "cache",
        "failures",
        "fallbacks",
        "in_flight",
        "kept",
        "keys",
        "probes",
        "retries",
        "seconds",
        "shared",
        "statuses",
        "tokens",
    )

    def __init__(self) -> None:
        self.statuses: dict[str, int] = {}
        self.failures: dict[str, int] = {}
        self.probes: dict[str, int] = {}
        self.retries: dict[str, int] = {}
        self.kept: dict[str, int] = {}
        self.tokens: dict[str, int] = {}
        self.keys: dict[str, int] = {}
        self.cache: dict[str, int] = {}
        self.fallbacks: dict[str, int] = {}
        self.seconds = Buckets()
        self.batches = Buckets(KEYS)
        self.bytes = 0
        self.shared = 0
        self.in_flight = 0


class Metrics(Collector):
    """Counts what it is told. `in_flight` says how many requests run; `lost_lines` how many log lines were
    lost.
    """

    def __init__(self, most_operations: int = MOST_OPERATIONS) -> None:
        self.in_flight: Callable[[], int] = lambda: 0
        self.lost_lines: Callable[[], int] = lambda: 0
        self._names = Names(most_operations)
        self._codes = Names(MOST_CODES)
        self._requests: dict[tuple[str, int], int] = {}
        self._seconds: dict[str, Buckets] = {}
        self._errors: dict[str, int] = {}
        self._bytes = 0
        self._services: dict[str, _Service] = {}
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    # --- told

    def request(self, fact: Handled) -> None:
        """A request ended. Its operation gets a label of its own where it ran, and labels are left."""
        kind = fact.operation_kind
        key = (kind or NONE, fact.status)
        self._requests[key] = self._requests.get(key, 0) + 1
        self._bytes += fact.bytes
        if kind is None:
            label = NONE
        elif fact.operation_name is None:
            label = ANONYMOUS
        else:
            label = self._names.label(fact.operation_name, may_enter=fact.status == 200)
        seconds = self._seconds.get(label)
        if seconds is None:
            seconds = self._seconds[label] = Buckets()
        seconds.add(fact.seconds)
        for code, count in fact.errors.items():
            told = OTHER_CODE if code == OTHER_CODE else self._codes.label(code)
            self._errors[told] = self._errors.get(told, 0) + count

    def call(self, fact: Fact) -> None:
        """A call to a service began or ended, or its health was asked for."""
        service = self._of(fact.service)
        match fact:
            case CallStarted():
                service.in_flight += 1
            case CallEnded():
                if fact.shared:
                    service.shared += 1
                    return
                service.in_flight -= 1
                service.seconds.add(fact.seconds)
                service.bytes += fact.bytes
                _ended(fact, service.statuses, service.failures)
            case Probed():
                outcome = "passed" if fact.passed else "failed"
                service.probes[outcome] = service.probes.get(outcome, 0) + 1
            case TokenAsked():
                service.tokens[fact.outcome] = service.tokens.get(fact.outcome, 0) + 1
            case KeyMet():
                service.keys[fact.outcome] = service.keys.get(fact.outcome, 0) + 1
            case CacheUsed():
                service.cache[fact.outcome] = service.cache.get(fact.outcome, 0) + 1
            case FellBack():
                service.fallbacks[fact.to] = service.fallbacks.get(fact.to, 0) + 1
            case Retried():
                service.retries[fact.reason] = service.retries.get(fact.reason, 0) + 1
            case NotRetried():
                service.kept[fact.why] = service.kept.get(fact.why, 0) + 1

    def step(self, step: Step) -> AbstractContextManager[object]:
        """Keys are loaded together."""
        if step.kind != "list":
            self._of(step.service).batches.add(step.keys)
        return _NOTHING

    def _of(self, name: str) -> _Service:
        found = self._services.get(name)
        if found is None:  # the project's services, and no others, are ever called
            found = self._services[name] = _Service()
        return found

    # --- asked

    def collect(self) -> Iterator[Metric]:
        """The families, in a fixed order."""
        yield from self._of_requests()
        yield from self._of_services()

    def _of_requests(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "stolon_requests", "GraphQL requests, by kind and HTTP status.", labels=("kind", "status")
        )
        for (kind, status), count in self._requests.items():
            requests.add_metric((kind, str(status)), count)
        errors = CounterMetricFamily("stolon_errors", "Errors in answers, by code.", labels=("code",))
        for code, count in self._errors.items():
            errors.add_metric((code,), count)
        seconds = HistogramMetricFamily(
            "stolon_request_seconds", "Time of requests, by operation.", labels=("operation",)
        )
        for name, buckets in self._seconds.items():
            buckets.tell(seconds, (name,))
        yield requests
        yield errors
        yield seconds
        yield CounterMetricFamily("stolon_answer_bytes", "Bytes of answers to clients.", value=self._bytes)
        yield GaugeMetricFamily("stolon_requests_in_flight", "Requests that run.", value=self.in_flight())
        yield CounterMetricFamily(
            "stolon_log_lines_lost", "Log lines that could not be written.", value=self.lost_lines()
        )

    def _of_services(self) -> Iterator[Metric]:
        calls = CounterMetricFamily(
            "stolon_upstream_calls", "Answers of services, by class of status.", labels=("service", "status")
        )
        failures = CounterMetricFamily(
            "stolon_upstream_failures", "Calls that brought no answer, by kind.", labels=("service", "kind")
        )
        probes = CounterMetricFamily(
            "stolon_health_probes", "Health probes of services.", labels=("service", "outcome")
        )
        retries = CounterMetricFamily(
            "stolon_upstream_retries",
            "Attempts made again, by the status or the failure before.",
            labels=("service", "reason"),
        )
        kept = CounterMetricFamily(
            "stolon_upstream_not_retried",
            "Calls not tried again though they might pass and are safe to repeat.",
            labels=("service", "why"),
        )
        tokens = CounterMetricFamily(
            "stolon_token_requests",
            "Tokens asked for at services' token endpoints.",
            labels=("service", "outcome"),
        )
        keys = CounterMetricFamily(
            "stolon_idempotency_keys",
            "Clients' idempotency keys that came again, by what they met.",
            labels=("service", "outcome"),
        )
        cache = CounterMetricFamily(
            "stolon_upstream_cache",
            "Reads in which the cache had a part, by what it did.",
            labels=("service", "outcome"),
        )
        fallbacks = CounterMetricFamily(
            "stolon_upstream_fallbacks",
            "Reads answered in place of their service, by what answered.",
            labels=("service", "by"),
        )
        shared = CounterMetricFamily(
            "stolon_upstream_shared", "Answers taken from an equal call in flight.", labels=("service",)
        )
        size = CounterMetricFamily(
            "stolon_upstream_bytes", "Bytes of services' answers, unpacked.", labels=("service",)
        )
        flying = GaugeMetricFamily("stolon_upstream_in_flight", "Calls under way.", labels=("service",))
        seconds = HistogramMetricFamily("stolon_upstream_seconds", "Time of calls.", labels=("service",))
        batches = HistogramMetricFamily("stolon_batch_keys", "Keys loaded together.", labels=("service",))
        for name, one in self._services.items():
            for status, count in one.statuses.items():
                calls.add_metric((name, status), count)
            for kind, count in one.failures.items():
                failures.add_metric((name, kind), count)
            for outcome, count in one.probes.items():
                probes.add_metric((name, outcome), count)
            for reason, count in one.retries.items():
                retries.add_metric((name, reason), count)
            for why, count in one.kept.items():
                kept.add_metric((name, why), count)
            for outcome, count in one.tokens.items():
                tokens.add_metric((name, outcome), count)
            for outcome, count in one.keys.items():
                keys.add_metric((name, outcome), count)
            for outcome, count in one.cache.items():
                cache.add_metric((name, outcome), count)
            for to, count in one.fallbacks.items():
                fallbacks.add_metric((name, to), count)
            shared.add_metric((name,), one.shared)
            size.add_metric((name,), one.bytes)
            flying.add_metric((name,), one.in_flight)
            one.seconds.tell(seconds, (name,))
            one.batches.tell(batches, (name,))
        yield from (
            calls,
            failures,
            seconds,
            size,
            shared,
            flying,
            batches,
            probes,
            retries,
            kept,
            tokens,
            keys,
            cache,
            fallbacks,
        )


def _ended(fact: CallEnded, statuses: dict[str, int], failures: dict[str, int]) -> None:
    if fact.failure is not None:
        failures[fact.failure] = failures.get(fact.failure, 0) + 1
    else:
        status = f"{(fact.status or 0) // 100}xx"
        statuses[status] = statuses.get(status, 0) + 1
