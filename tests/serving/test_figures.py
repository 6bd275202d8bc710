"""The figures of several workers as one."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from graph.workers.channel import Family, Figures
from graph.workers.figures import Shown, Total, as_one, summed, taken


def registry(requests: int, running: int, seconds: float) -> CollectorRegistry:
    """What a worker counted."""
    made = CollectorRegistry()
    counter = Counter("requests", "Requests.", ("status",), registry=made)
    counter.labels("200").inc(requests)
    Gauge("running", "Running.", registry=made).set(running)
    Histogram("seconds", "Time.", buckets=(1.0,), registry=made).observe(seconds)
    return made


def samples(families: list[Family]) -> dict[tuple[str, str], float]:
    """The values by name and labels, but for the moments at which series were made."""
    return {
        (name, ",".join(value for _, value in labels)): value
        for family in families
        for name, labels, value in family.samples
        if not name.endswith("_created")
    }


def figures(requests: int, running: int, seconds: float) -> Figures:
    return Figures(taken(registry(requests, running, seconds)), {}, True)


def test_counters_and_measures_of_workers_add_up():
    """Workers together have counted, and are doing, what each is, in the form that Prometheus reads."""
    families = Total().with_living([figures(3, 1, 0.5), figures(4, 2, 2.0)])
    assert samples(families) == {
        ("requests_total", "200"): 7.0,
        ("running", ""): 3.0,
        ("seconds_bucket", "1.0"): 1.0,
        ("seconds_bucket", "+Inf"): 2.0,
        ("seconds_count", ""): 2.0,
        ("seconds_sum", ""): 2.5,
    }
    text = generate_latest(Shown(families)).decode()
    assert 'requests_total{status="200"} 7.0' in text.splitlines()
    assert "# TYPE seconds histogram" in text.splitlines()


def test_counters_never_fall_when_a_worker_ends():
    """What ended workers counted stays in the sum; what they were doing does not."""
    total = Total()
    total.ended(figures(3, 1, 0.5))
    total.ended(figures(2, 5, 0.5))
    found = samples(total.with_living([figures(4, 2, 2.0)]))
    assert (found["requests_total", "200"], found["running", ""], found["seconds_count", ""]) == (
        9.0,
        2.0,
        3.0,
    )


def test_what_cannot_be_added_is_the_highest():
    """When processes began, and how many files they may open, is told as the highest."""
    one = Family("process_start_time_seconds", "gauge", "", [("process_start_time_seconds", (), 10.0)])
    two = Family("process_start_time_seconds", "gauge", "", [("process_start_time_seconds", (), 30.0)])
    assert summed([[one], [two], [one]]) == [two]


def test_reports_on_services_are_judged_together():
    """A service is unhealthy where all workers that asked find it so, degraded where they differ; times are the
    longest and checks the latest.
    """
    ill = {"status": "unhealthy", "response_time": "9ms", "last_check": "2024-01-01T00:00:02Z"}
    well = {"status": "healthy", "response_time": "10ms", "last_check": "2024-01-01T00:00:01Z"}
    unasked = {"status": "unknown", "response_time": None, "last_check": None}
    reports = [
        {"status": "-", "services": {"a": ill, "b": ill, "c": unasked, "d": well}},
        {"status": "-", "services": {"a": well, "b": unasked, "c": unasked, "d": well}},
    ]
    assert as_one(reports) == {
        "status": "degraded",
        "services": {
            "a": {"status": "degraded", "response_time": "10ms", "last_check": "2024-01-01T00:00:02Z"},
            "b": ill,
            "c": unasked,
            "d": well,
        },
    }
    assert as_one([]) == {"status": "unknown", "services": {}}
