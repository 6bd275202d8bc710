"""The figures of lanes: of each operation the lane, and the reason where it did not run on a plan."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from graph.observing.lane_counts import LaneCounts
from resolvers.plan.coverage import Reason


def test_operations_are_counted_by_lane_and_reason():
    """A plan has no reason; each reason for the reference lane is a figure of its own."""
    counts = LaneCounts()
    counts.told("plan", None)
    counts.told("reference", Reason.DIRECTIVE)
    counts.told("plan", None)
    counts.told("reference", Reason.INTROSPECTION)
    registry = CollectorRegistry()
    registry.register(counts)
    lines = [one for one in generate_latest(registry).decode().splitlines() if not one.startswith("#")]
    assert lines == [
        'stolon_operations_total{lane="plan",reason=""} 2.0',
        'stolon_operations_total{lane="reference",reason="directive"} 1.0',
        'stolon_operations_total{lane="reference",reason="introspection"} 1.0',
    ]
