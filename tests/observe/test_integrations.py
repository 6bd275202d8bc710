"""How services are judged: the stated rules, one by one, and the report in the shape that operators know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.facts import CallEnded, CallStarted, Fact, Probed, TokenAsked
from graph.observing.integrations import (
    MOST,
    Integrations,
    Outcome,
    Status,
    judged,
    outcome_of,
    overall,
    percentile_95,
)

UNKNOWN, HEALTHY, DEGRADED, UNHEALTHY = Status
START = 1_704_067_200.0  # 2024-01-01T00:00:00Z


class Clocks:
    """Both clocks of the tests, moved by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def monotonic(self) -> float:
        return self.time

    def epoch(self) -> float:
        return START + self.time - 1000.0


def ended(
    status: int | None = 200, failure: str | None = None, seconds: float = 0.1, *, shared: bool = False
) -> Fact:
    return CallEnded("users", "getUser", status, failure, seconds, 10, shared)


def outcomes(text: str, seconds: float = 0.1) -> list[Outcome]:
    """`+` for a call that went well, `-` for one that failed."""
    return [Outcome(0.0, seconds, one == "+") for one in text]


@pytest.mark.parametrize(
    ("calls", "status"),
    [
        ("", UNKNOWN),
        ("+", HEALTHY),
        ("-", UNHEALTHY),
        ("--", UNHEALTHY),
        ("+-", DEGRADED),
        ("+--", DEGRADED),
        ("+---", UNHEALTHY),
        ("---+", DEGRADED),
        ("--+-", DEGRADED),
        ("+" * 19 + "-", HEALTHY),  # 5 % are not more than 5 %
        ("+" * 18 + "--", DEGRADED),
        ("-" + "+" * 18, DEGRADED),
        ("-" + "+" * 19, HEALTHY),
        ("+" * 17 + "---", UNHEALTHY),
    ],
)
def test_the_share_and_the_row_of_failures_decide(calls, status):
    """Three failures in a row, or nothing but failures, are unhealthy; more than 5 % are degraded."""
    assert judged(outcomes(calls), slow=0.5) is status


def test_a_slow_service_is_degraded():
    """Where the 95th percentile is above the threshold a service is degraded; on it, or by one in twenty, not."""
    assert judged(outcomes("+++", 0.5), slow=0.5) is HEALTHY
    assert judged(outcomes("+++", 0.501), slow=0.5) is DEGRADED
    assert judged([*outcomes("+" * 19), *outcomes("+", 9.0)], slow=0.5) is HEALTHY
    assert judged([*outcomes("+" * 18), *outcomes("++", 9.0)], slow=0.5) is DEGRADED
    assert judged(outcomes("---", 0.1), slow=0.05) is UNHEALTHY


@given(st.lists(st.floats(0, 100), min_size=1, max_size=100))
def test_the_percentile_is_one_of_the_times(times):
    """At least 95 % of the times are at or below it, and fewer are below it."""
    found = percentile_95(times)
    assert found is not None
    assert sum(one <= found for one in times) >= 0.95 * len(times)
    assert sum(one < found for one in times) < 0.95 * len(times)


def test_no_times_have_no_percentile():
    """Of nothing there is no percentile."""
    assert percentile_95([]) is None


@pytest.mark.parametrize(
    ("fact", "well"),
    [
        (ended(200), True),
        (ended(404), True),
        (ended(429), True),
        (ended(500), False),
        (ended(None, "TimedOut"), False),
        (ended(None, "Unavailable"), False),
        (ended(None, "BadAnswer"), False),
        (ended(None, "Error"), False),
        (Probed("users", 204, None, 0.1), True),
        (Probed("users", 404, None, 0.1), False),
        (Probed("users", None, "Unavailable", 0.1), False),
        (TokenAsked("users", "unavailable", 0.1), False),
        (TokenAsked("users", "refused", 0.1), False),
    ],
)
def test_what_counts_as_a_failure(fact, well):
    """A call fails by what the service did, a probe by anything but a 2xx, and both need the tokens they need."""
    assert outcome_of(fact, 5.0) == Outcome(5.0, 0.1, well)


@pytest.mark.parametrize(
    "fact",
    [
        CallStarted("users", "getUser"),
        ended(None, "Cancelled"),
        ended(None, "NotSent"),
        ended(None, "Unauthenticated"),
        ended(200, shared=True),
        TokenAsked("users", "granted", 0.1),
        TokenAsked("users", "caller_refused", 0.1),
    ],
)
def test_what_says_nothing_of_a_service(fact):
    """What began, was cancelled, was never sent or was another call's answer says nothing of the service."""
    assert outcome_of(fact, 5.0) is None


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([], UNKNOWN),
        ([UNKNOWN], UNKNOWN),
        ([HEALTHY, UNKNOWN], HEALTHY),
        ([HEALTHY, DEGRADED], DEGRADED),
        ([HEALTHY, UNHEALTHY], DEGRADED),
        ([UNHEALTHY, UNKNOWN], UNHEALTHY),
        ([UNHEALTHY, DEGRADED], DEGRADED),
    ],
)
def test_one_status_for_all(statuses, status):
    """All is unhealthy when every known service is, degraded when any is not healthy; the unknown do not count."""
    assert overall(statuses) is status


def test_the_report_has_the_papers_shape():
    """Status, response time and last check of each service, in the project's order."""
    clocks = Clocks()
    seen = Integrations({"users": 0.5, "orders": 0.5}, clocks.monotonic, clocks.epoch)
    seen.observe(ended(seconds=0.15))
    assert seen.report() == {
        "status": "healthy",
        "services": {
            "users": {"status": "healthy", "response_time": "150ms", "last_check": "2024-01-01T00:00:00Z"},
            "orders": {"status": "unknown", "response_time": None, "last_check": None},
        },
    }


def test_a_service_fails_and_recovers():
    """A service goes from healthy over degraded to unhealthy and back, as its calls go, and what is older than five
    minutes is forgotten.
    """
    clocks = Clocks()
    seen = Integrations({"users": 0.5}, clocks.monotonic, clocks.epoch)
    told = []

    def call(well: bool, times: int = 1) -> None:
        for _ in range(times):
            clocks.time += 1
            seen.observe(ended(200 if well else 503))
        told.append(seen.report()["services"]["users"]["status"])

    call(True)
    call(False)
    call(False, 2)
    call(True)
    call(True, MOST - 1)
    assert told == ["healthy", "degraded", "unhealthy", "degraded", "healthy"]
    clocks.time += 301
    assert seen.report() == {
        "status": "unknown",
        "services": {
            "users": {"status": "unknown", "response_time": None, "last_check": "2024-01-01T00:00:24Z"}
        },
    }
    call(False)
    assert told[-1] == "unhealthy"


def test_only_the_projects_services_are_kept():
    """A fact of any other service is left alone; a project read anew keeps what is known of those that stay."""
    clocks = Clocks()
    seen = Integrations({"orders": 0.5, "users": 0.5}, clocks.monotonic, clocks.epoch)
    seen.observe(ended())
    seen.observe(CallEnded("ghost", "x", 200, None, 0.1, 1, shared=False))
    seen.expect({"users": 0.05, "payments": 0.5})
    report = seen.report()
    assert list(report["services"]) == ["users", "payments"]
    assert report["services"]["users"]["status"] == "degraded"  # by its new threshold
    assert report["status"] == "degraded"
