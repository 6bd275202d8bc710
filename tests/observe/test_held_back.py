"""What holds calls back is shown: figures of breakers, queues and rates, and the health of a service not called."""

from __future__ import annotations

import json
import re

import pytest

from adapters.facts import BreakerTurned, CallEnded, CallStarted, Dequeued, Fact, HeldBack, Queued
from graph.observing.held_back import HeldBackCounts
from graph.observing.integrations import Integrations, Status, with_breakers
from graph.workers.figures import as_one
from tests.graph.served import Reply, rest
from tests.observe.observed import observed

UNKNOWN, HEALTHY, DEGRADED, UNHEALTHY = Status


def figures(*facts: Fact) -> dict[tuple[str, ...], float]:
    counts = HeldBackCounts()
    for fact in facts:
        counts.call(fact)
    return {
        (one.name, *sorted(one.labels.values())): one.value
        for family in counts.collect()
        for one in family.samples
        if one.labels.get("le", "+Inf") == "+Inf"
    }


def test_everything_that_holds_calls_back_is_counted():
    """Refused calls by what refused them, breakers by how often they opened and how many are not closed, queues by
    who waits and for how long.
    """
    assert figures(
        CallStarted("users", "a"),
        BreakerTurned("users", None, "open"),
        BreakerTurned("users", "report", "open"),
        BreakerTurned("users", None, "half-open"),
        BreakerTurned("users", "report", "closed"),
        HeldBack("users", "a", "breaker"),
        HeldBack("users", "b", "breaker"),
        HeldBack("users", "a", "rate"),
        Queued("orders", "a"),
        Queued("orders", "b"),
        Dequeued("orders", "a", 0.5),
    ) == {
        ("stolon_upstream_held_back_total", "breaker", "users"): 2,
        ("stolon_upstream_held_back_total", "rate", "users"): 1,
        ("stolon_breaker_opened_total", "users"): 2,
        ("stolon_breakers_not_closed", "users"): 1,
        ("stolon_upstream_queued", "users"): 0,
        ("stolon_upstream_wait_seconds_bucket", "+Inf", "users"): 0,
        ("stolon_upstream_wait_seconds_count", "users"): 0,
        ("stolon_upstream_wait_seconds_sum", "users"): 0,
        ("stolon_breaker_opened_total", "orders"): 0,
        ("stolon_breakers_not_closed", "orders"): 0,
        ("stolon_upstream_queued", "orders"): 1,
        ("stolon_upstream_wait_seconds_bucket", "+Inf", "orders"): 1,
        ("stolon_upstream_wait_seconds_count", "orders"): 1,
        ("stolon_upstream_wait_seconds_sum", "orders"): 0.5,
    }


def test_services_that_nothing_held_back_are_not_told():
    """Real calls are the concern of other figures."""
    assert figures(CallStarted("users", "a"), CallEnded("users", "a", 200, None, 0.1, 1, shared=False)) == {}


@pytest.mark.parametrize(
    ("status", "breakers", "found"),
    [
        (HEALTHY, {}, HEALTHY),
        (HEALTHY, {None: "open"}, UNHEALTHY),
        (UNKNOWN, {None: "open"}, UNHEALTHY),
        (HEALTHY, {None: "half-open"}, DEGRADED),
        (HEALTHY, {"report": "open"}, DEGRADED),
        (UNHEALTHY, {None: "half-open"}, UNHEALTHY),
        (UNHEALTHY, {}, UNHEALTHY),
    ],
)
def test_breakers_are_part_of_health(status, breakers, found):
    """A service that is not called is unhealthy; one that is tried, or of which an operation is not called, is no
    better than degraded.
    """
    assert with_breakers(status, breakers) is found


def test_the_report_tells_of_breakers_that_are_not_closed():
    """The worst of a service's breakers is told while one is not closed; other services' facts are left alone."""
    seen = Integrations({"users": 0.5}, lambda: 1000.0, lambda: 0.0)
    told = []
    for fact in (
        BreakerTurned("ghost", None, "open"),
        BreakerTurned("users", None, "open"),
        BreakerTurned("users", None, "half-open"),
        BreakerTurned("users", "report", "open"),
        BreakerTurned("users", "report", "closed"),
        BreakerTurned("users", None, "closed"),
    ):
        seen.observe(fact)
        service = seen.report()["services"]["users"]
        told.append((service["status"], service.get("breaker")))
    assert told == [
        ("unknown", None),
        ("unhealthy", "open"),
        ("degraded", "half-open"),
        ("degraded", "open"),
        ("degraded", "half-open"),
        ("unknown", None),
    ]


def test_a_service_that_the_project_no_longer_has_is_forgotten():
    """What is known of a breaker goes with its service."""
    seen = Integrations({"users": 0.5}, lambda: 1000.0, lambda: 0.0)
    seen.observe(BreakerTurned("users", None, "open"))
    seen.expect({"orders": 0.5})
    seen.expect({"users": 0.5})
    assert "breaker" not in seen.report()["services"]["users"]


def test_workers_tell_the_worst_of_their_breakers():
    """Of several workers' reports the worst breaker is told; where none tells of one, nothing."""
    ill = {"status": "unhealthy", "response_time": None, "last_check": None, "breaker": "open"}
    trying = {**ill, "status": "degraded", "breaker": "half-open"}
    well = {"status": "healthy", "response_time": None, "last_check": None}
    reports = [{"services": {"a": one, "b": well}} for one in (well, trying, ill)]
    services = as_one(reports)["services"]
    assert (services["a"]["breaker"], services["b"]) == ("open", well)
    assert as_one(reports[:2])["services"]["a"]["breaker"] == "half-open"


async def test_a_breaker_that_opens_is_seen_by_clients_and_operators(tmp_path):
    """A service that fails is left alone: clients get UPSTREAM_UNAVAILABLE with the time until the next try, at once,
    and the second address tells why.
    """
    rules = {"retry": "{ retries = 0 }", "breaker": '{ calls = 2, failures = 1, pause = "60s" }'}
    async with rest() as users, rest() as orders, observed(tmp_path, users, orders, "", rules) as gateway:
        users.on("GET /users/u-1", Reply(status=500))
        answers = [await gateway.ask('{ user(id: "u-1") { name } }') for _ in range(3)]
        figures = await gateway.told("/metrics")
        report = json.loads(await gateway.told("/health/integrations"))
    [error] = answers[2]["errors"]
    seconds = error["extensions"].pop("retryAfter")
    error["extensions"].pop("requestId")
    assert 1 <= seconds <= 60
    assert error["message"] == "The service can't be reached."
    assert error["extensions"] == {"code": "UPSTREAM_UNAVAILABLE", "retryable": True}
    assert [one["errors"][0]["extensions"]["code"] for one in answers[:2]] == ["UPSTREAM_ERROR"] * 2
    assert users.calls == {"GET /users/u-1": 2}
    assert 'stolon_upstream_held_back_total{by="breaker",service="users"} 1.0' in figures
    assert 'stolon_breakers_not_closed{service="users"} 1.0' in figures
    assert re.fullmatch(r"\d+ms", report["services"]["users"].pop("response_time"))
    del report["services"]["users"]["last_check"]
    assert report["services"]["users"] == {"status": "unhealthy", "breaker": "open"}


async def test_a_rate_that_leaves_no_turn_is_told_to_the_client(tmp_path):
    """Beyond the service's rate a client gets RATE_LIMITED with `retryAfter`, and the service no call."""
    rules = {"limit": '{ rate = "1/h" }'}
    async with rest() as users, rest() as orders, observed(tmp_path, users, orders, "", rules) as gateway:
        users.on("GET /users/u-1", Reply({"id": "u-1", "name": "Ana"}))
        answers = [await gateway.ask('{ user(id: "u-1") { name } }') for _ in range(2)]
        figures = await gateway.told("/metrics")
    assert answers[0] == {"data": {"user": {"name": "Ana"}}}
    [error] = answers[1]["errors"]
    error["extensions"].pop("requestId")
    assert 3500 <= error["extensions"].pop("retryAfter") <= 3600
    assert error["extensions"] == {"code": "RATE_LIMITED", "retryable": True}
    assert error["message"] == "The service answers no more calls for now."
    assert users.calls == {"GET /users/u-1": 1}
    assert 'stolon_upstream_held_back_total{by="rate",service="users"} 1.0' in figures
