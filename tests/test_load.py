"""`make load`: what the gateway took of a request is told apart from what services took, and the stories are told to
a gateway of their own. No time is asserted.
"""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Exported

from bench.load import Outcome, loaded, outcomes, rows, verdict
from bench.load_drive import Told, quantile, trace_ids, turns
from bench.load_spans import Span, Traces, overhead
from bench.load_stories import CALLERS, stories

MS = 1_000_000
TRACE = "0" * 31 + "7"


def ms(begun: int, ended: int) -> Span:
    """A span by its milliseconds."""
    return Span(begun * MS, ended * MS)


@pytest.mark.parametrize(
    ("calls", "own"),
    [
        ([], 100.0),
        ([(10, 30)], 80.0),
        ([(10, 30), (20, 50)], 60.0),
        ([(20, 50), (10, 30), (25, 28)], 60.0),
        ([(10, 20), (40, 50)], 80.0),
        ([(-10, 20), (90, 130)], 70.0),
        ([(-10, 130)], 0.0),
    ],
)
def test_overhead_is_where_no_call_was_under_way(calls: list[tuple[int, int]], own: float) -> None:
    """Calls at the same time count once, and what of them lies outside of the request not at all."""
    assert overhead(ms(0, 100), [ms(*one) for one in calls]) == own


@given(st.lists(st.tuples(st.integers(-20, 120), st.integers(0, 60)), max_size=8))
def test_overhead_is_counted_millisecond_by_millisecond(calls: list[tuple[int, int]]) -> None:
    """The same as asking for each millisecond whether a call was under way."""
    spans = [ms(begun, begun + length) for begun, length in calls]
    busy = {at for begun, length in calls for at in range(begun, begun + length)}
    assert overhead(ms(0, 100), spans) == len(set(range(100)) - busy)


def exported(kind: Exported.SpanKind.ValueType, begun: int, ended: int, **said: int) -> Exported:
    """A span as the gateway exports it."""
    return Exported(
        trace_id=bytes.fromhex(TRACE),
        kind=kind,
        start_time_unix_nano=begun * MS,
        end_time_unix_nano=ended * MS,
        attributes=[KeyValue(key=name, value=AnyValue(int_value=value)) for name, value in said.items()],
    )


REQUEST = exported(Exported.SPAN_KIND_SERVER, 0, 10, **{"stolon.calls": 2, "stolon.shared": 0})
CALLS = [exported(Exported.SPAN_KIND_CLIENT, 2, 4), exported(Exported.SPAN_KIND_CLIENT, 3, 6)]


@pytest.mark.parametrize(
    ("spans", "own"),
    [
        ([REQUEST, *CALLS], [6.0]),
        ([*CALLS, exported(Exported.SPAN_KIND_INTERNAL, 0, 10), REQUEST], [6.0]),
        ([REQUEST, CALLS[0]], []),
        (CALLS, []),
        ([exported(Exported.SPAN_KIND_SERVER, 0, 10, **{"stolon.calls": 2, "stolon.shared": 1}), *CALLS], []),
        ([], []),
    ],
    ids=["whole", "in any order", "a call missing", "no request", "another's answer", "nothing"],
)
def test_only_whole_traces_are_measured(spans: list[Exported], own: list[float]) -> None:
    """A request of which a call is not known, or was another request's, tells nothing of the gateway's own time."""
    traces = Traces()
    traces.take(spans)
    assert traces.overheads([TRACE]) == own


@pytest.mark.parametrize("rate", [1.0, 3.0, 20.0, 200.0])
def test_dashboards_stay_within_the_rate_of_notifications(rate: float) -> None:
    """A hundred reads a minute are allowed to all tenants together: there are 75 dashboards at most, whatever the
    rate, and one more in no minute; the rates add up to the whole.
    """
    made = stories(rate)
    assert sum(one.rate for one in made) == pytest.approx(rate)
    times = [one.at for one in turns(made, 180) if one.story.name == "dashboard"]
    assert max(sum(begin <= at < begin + 60 for at in times) for begin in times) <= 76


def test_the_load_is_the_same_every_time() -> None:
    """As many turns as the rates say, in the order of their times, within the time, of callers of both tenants."""
    made = turns(stories(20), 10)
    assert made == turns(stories(20), 10) != turns(stories(20), 10, seed=1)
    assert Counter(one.story.name for one in made) == {"dashboard": 12, "checkout": 56, "month's review": 131}
    assert [one.at for one in made] == sorted(one.at for one in made)
    assert (made[0].at >= 0, made[-1].at <= 10) == (True, True)
    assert {one.caller.tenant for one in made} == {"acme", "globex"} == {one.tenant for one in CALLERS}
    ids = trace_ids()
    assert {len(next(ids)) for _ in range(50)} == {32}


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=60), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_is_reached_by_its_share(values: list[float], share: float) -> None:
    """At least the share of all values is not above it, and it is the smallest such value."""
    found = quantile(values, share)
    assert sum(one <= found for one in values) >= share * len(values) - 1e-9
    smaller = [one for one in values if one < found]
    assert len(smaller) < share * len(values) or not smaller


def outcome(own: list[float], answered: int = 1, **errors: int) -> Outcome:
    """What came of a story that was answered so often."""
    told = Told([5.0] * answered, [TRACE] * answered, Counter(errors), Counter(acme=answered))
    return Outcome("dashboard", told, own)


@pytest.mark.parametrize(
    ("found", "code", "why"),
    [
        ([outcome([3.0])], 0, "internal overhead p95 3.0 ms (target: under 100 ms)"),
        ([outcome([99.9])], 0, "internal overhead p95 99.9 ms (target: under 100 ms)"),
        ([outcome([100.0])], 1, "too slow: dashboard; internal overhead p95 100.0 ms (target: under 100 ms)"),
        ([outcome([3.0], FORBIDDEN=2)], 1, "2 errors; internal overhead p95 3.0 ms (target: under 100 ms)"),
        ([outcome([3.0] * 8, 10)], 2, "spans are missing, so that the overhead is not known: dashboard"),
        ([outcome([], 0)], 2, "spans are missing, so that the overhead is not known: dashboard"),
        ([], 2, "spans are missing, so that the overhead is not known: "),
    ],
)
def test_errors_slowness_and_ignorance_are_told(found: list[Outcome], code: int, why: str) -> None:
    """The exit code is 1 for any error and any story over the target, 2 where it could not be measured."""
    assert verdict(found) == (code, why)


def test_the_table_tells_latency_overhead_and_errors() -> None:
    """A row for each story, and each kind of error beneath."""
    head, line, row, error = "\n".join(rows([outcome([3.0], FORBIDDEN=2)])).splitlines()
    assert head.count("|") == line.count("|") == row.count("|")
    assert row == "| dashboard | 1 | 2 | 5.0 | 5.0 | 5.0 | 3.0 | 3.0 | 3.0 |"
    assert error == "error in dashboard: FORBIDDEN x 2"
    assert math.isnan(quantile([], 0.5))
    assert outcomes({}, Traces()) == []


async def test_the_stories_are_told_to_a_gateway_of_their_own() -> None:
    """Two seconds of it, over every service and `stolon serve` as processes: each story is told to callers of both
    tenants, none ends with an error, and of each request the gateway's own time is known.
    """
    found = await loaded(seconds=2, rate=10, workers=1)
    assert [(one.name, one.told.turns, one.told.errors) for one in found] == [
        ("checkout", 5, Counter()),
        ("dashboard", 2, Counter()),
        ("month's review", 12, Counter()),
    ]
    assert [one.measured for one in found] == [True] * 3
    assert set().union(*(one.told.tenants for one in found)) == {"acme", "globex"}
    assert all(0 < own <= waited for one in found for own, waited in pairs(one))


def pairs(one: Outcome) -> list[tuple[float, float]]:
    """The least and the most of what the gateway took, beside what callers waited."""
    waited = sorted(one.told.milliseconds)
    own = sorted(one.overheads)
    return [(own[0], waited[0]), (own[-1], waited[-1])]
