"""The figures: what is counted, that Prometheus can read it, and that no label is without a bound."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as open_metrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open_metrics
from prometheus_client.parser import text_string_to_metric_families

from adapters.facts import CacheUsed, CallEnded, CallStarted, KeyMet, NotRetried, Probed, Retried, TokenAsked
from graph.observing.metrics import MOST_CODES, Metrics
from graph.observing.observe import Handled
from graph.observing.tallies import ANONYMOUS, NONE, OTHER, Buckets, Names
from resolvers.loading.steps import Step

FACT = Handled(
    request_id="r",
    trace_id="t",
    operation_name="Orders",
    operation_kind="query",
    caller="c",
    status=200,
    errors={},
    calls=1,
    shared=0,
    seconds=0.02,
    bytes=100,
)


def samples(metrics: Metrics, prefix: str = "stolon_") -> dict[str, float]:
    """Every sample of ours as Prometheus's parser reads it, by name and labels."""
    text = generate_latest(metrics.registry).decode()
    found = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(one.labels.items()))
            if one.name.startswith(prefix):
                found[f"{one.name}{{{labels}}}" if labels else one.name] = one.value
    return found


def told(fact: Handled, **changes: Any) -> Handled:
    return msgspec.structs.replace(fact, **changes)


def test_requests_are_counted_and_timed():
    """Requests by kind and status, errors by code, bytes, and time by operation in cumulative buckets."""
    metrics = Metrics()
    metrics.in_flight = lambda: 3
    metrics.lost_lines = lambda: 4
    metrics.request(FACT)
    metrics.request(told(FACT, seconds=0.3, errors={"UPSTREAM_TIMEOUT": 2, "OTHER": 1}))
    metrics.request(told(FACT, operation_name=None, operation_kind="mutation"))
    refused = {"status": 401, "errors": {"UNAUTHENTICATED": 1}, "bytes": 7}
    metrics.request(told(FACT, operation_name=None, operation_kind=None, **refused))
    found = samples(metrics)
    assert {name: value for name, value in found.items() if "bucket" not in name and "_sum" not in name} == {
        "stolon_requests_total{kind=query,status=200}": 2,
        "stolon_requests_total{kind=mutation,status=200}": 1,
        "stolon_requests_total{kind=none,status=401}": 1,
        "stolon_errors_total{code=UPSTREAM_TIMEOUT}": 2,
        "stolon_errors_total{code=OTHER}": 1,
        "stolon_errors_total{code=UNAUTHENTICATED}": 1,
        "stolon_request_seconds_count{operation=Orders}": 2,
        f"stolon_request_seconds_count{{operation={ANONYMOUS}}}": 1,
        f"stolon_request_seconds_count{{operation={NONE}}}": 1,
        "stolon_answer_bytes_total": 307,
        "stolon_requests_in_flight": 3,
        "stolon_log_lines_lost_total": 4,
    }
    buckets = [value for name, value in found.items() if "bucket" in name and "operation=Orders" in name]
    assert buckets == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]
    assert found["stolon_request_seconds_sum{operation=Orders}"] == pytest.approx(0.32)


def test_calls_are_counted_by_service():
    """Per service: answers by class of status, failures by kind, time, bytes, shared answers, what is under way,
    keys loaded together, probes, tokens, the cache, and what was tried again or not.
    """
    metrics = Metrics()
    for _ in range(4):
        metrics.call(CallStarted("users", "getUser"))
    metrics.call(CallEnded("users", "getUser", 200, None, 0.2, 50, shared=False))
    metrics.call(CallEnded("users", "getUser", 503, None, 0.2, 5, shared=False))
    metrics.call(CallEnded("users", "getUser", None, "TimedOut", 3.0, 0, shared=False))
    metrics.call(CallEnded("users", "getUser", 200, None, 0.1, 50, shared=True))
    metrics.call(Probed("users", 200, None, 0.1))
    metrics.call(Probed("users", 503, None, 0.1))
    metrics.call(Probed("users", None, "Unavailable", 0.1))
    metrics.call(TokenAsked("users", "granted", 0.1))
    metrics.call(TokenAsked("users", "granted", 0.1))
    metrics.call(TokenAsked("users", "unavailable", 0.1))
    metrics.call(KeyMet("users", "getUser", "replayed"))
    metrics.call(KeyMet("users", "addUser", "replayed"))
    metrics.call(KeyMet("users", "addUser", "reused"))
    metrics.call(CacheUsed("users", "getUser", "hit"))
    metrics.call(CacheUsed("users", "listUsers", "hit"))
    metrics.call(CacheUsed("users", "getUser", "stale"))
    metrics.call(Retried("users", "getUser", "503", 1, 0.1))
    metrics.call(Retried("users", "listUsers", "503", 1, 0.1))
    metrics.call(Retried("users", "getUser", "Unavailable", 2, 0.1))
    metrics.call(NotRetried("users", "getUser", "503", "budget"))
    with metrics.step(Step("entities", "users", "listUsers", 7)):
        pass
    with metrics.step(Step("list", "users", "listUsers", 0)):
        pass
    found = {
        name: value
        for name, value in samples(metrics).items()
        if "users" in name and "bucket" not in name and "_sum" not in name
    }
    assert found == {
        "stolon_upstream_calls_total{service=users,status=2xx}": 1,
        "stolon_upstream_calls_total{service=users,status=5xx}": 1,
        "stolon_upstream_failures_total{kind=TimedOut,service=users}": 1,
        "stolon_upstream_seconds_count{service=users}": 3,
        "stolon_upstream_bytes_total{service=users}": 55,
        "stolon_upstream_shared_total{service=users}": 1,
        "stolon_upstream_in_flight{service=users}": 1,
        "stolon_batch_keys_count{service=users}": 1,
        "stolon_health_probes_total{outcome=passed,service=users}": 1,
        "stolon_health_probes_total{outcome=failed,service=users}": 2,
        "stolon_token_requests_total{outcome=granted,service=users}": 2,
        "stolon_token_requests_total{outcome=unavailable,service=users}": 1,
        "stolon_idempotency_keys_total{outcome=replayed,service=users}": 2,
        "stolon_idempotency_keys_total{outcome=reused,service=users}": 1,
        "stolon_upstream_cache_total{outcome=hit,service=users}": 2,
        "stolon_upstream_cache_total{outcome=stale,service=users}": 1,
        "stolon_upstream_retries_total{reason=503,service=users}": 2,
        "stolon_upstream_retries_total{reason=Unavailable,service=users}": 1,
        "stolon_upstream_not_retried_total{service=users,why=budget}": 1,
    }


def test_ten_thousand_names_make_no_more_labels_than_stated():
    """Whatever clients name their operations, only so many get figures of their own; the rest are `other`."""
    metrics = Metrics(most_operations=20)
    for number in range(10_000):
        metrics.request(told(FACT, operation_name=f"Operation{number}"))
    counts = {
        name: value
        for name, value in samples(metrics).items()
        if name.startswith("stolon_request_seconds_count")
    }
    assert len(counts) == 21
    assert counts[f"stolon_request_seconds_count{{operation={OTHER}}}"] == 10_000 - 20
    assert sum(counts.values()) == 10_000


def test_ten_thousand_codes_make_no_more_labels_than_stated():
    """Codes are a project's own; those above the bound are counted together."""
    metrics = Metrics()
    for number in range(10_000):
        metrics.request(told(FACT, errors={f"CODE_{number}": 1}))
    counts = {name: value for name, value in samples(metrics).items() if name.startswith("stolon_errors")}
    assert len(counts) == MOST_CODES + 1
    assert counts["stolon_errors_total{code=other}"] == 10_000 - MOST_CODES


def test_a_name_takes_a_place_only_if_it_ran():
    """Operations that are refused take no label: nobody can use them up with documents that do not run."""
    metrics = Metrics(most_operations=1)
    for number in range(5):
        metrics.request(told(FACT, operation_name=f"Bad{number}", status=400))
    metrics.request(FACT)
    metrics.request(told(FACT, status=500))
    counts = {
        name: value
        for name, value in samples(metrics).items()
        if name.startswith("stolon_request_seconds_count")
    }
    assert counts == {
        f"stolon_request_seconds_count{{operation={OTHER}}}": 5,
        "stolon_request_seconds_count{operation=Orders}": 2,
    }


@given(
    st.lists(st.sampled_from(["A", "B", "C", "D", OTHER, ANONYMOUS, NONE]), max_size=30), st.integers(0, 3)
)
def test_names_are_bounded_and_stay(names, most):
    """The first names that come keep their labels for ever; reserved ones and all others are `other`."""
    known = Names(most)
    first = list(dict.fromkeys(name for name in names if name in "ABCD"))[:most]
    assert [known.label(name) for name in names] == [name if name in first else OTHER for name in names]
    assert len(known) == len(first)


@given(st.lists(st.floats(0, 20), max_size=50))
def test_buckets_count_every_value_once(values):
    """A value is counted in the first bucket that is not below it, and in the sum."""
    buckets = Buckets((1.0, 5.0, 10.0))
    for value in values:
        buckets.add(value)
    assert buckets.count == len(values)
    assert buckets.sum == pytest.approx(sum(values))


def test_openmetrics_can_be_read_too():
    """Prometheus asks for OpenMetrics first: the same figures parse strictly."""
    metrics = Metrics()
    metrics.request(FACT)
    metrics.call(CallEnded("users", "getUser", 200, None, 0.2, 50, shared=False))
    families = {one.name for one in read_open_metrics(open_metrics(metrics.registry).decode())}
    assert {"stolon_requests", "stolon_request_seconds", "process_cpu_seconds", "python_info"} <= families


def test_each_app_has_figures_of_its_own():
    """Nothing is registered globally: two apps in one process do not count each other's requests."""
    one, other = Metrics(), Metrics()
    one.request(FACT)
    assert "stolon_requests_total{kind=query,status=200}" not in samples(other)
    assert not [family for family in REGISTRY.collect() if family.name.startswith("stolon")]
