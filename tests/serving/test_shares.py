"""How limits that live in a process are divided by the workers."""

from __future__ import annotations

from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from adapters.policies.breaker_state import BreakerRule
from adapters.policies.limit_rule import LimitRule
from adapters.policies.rate import Rate
from adapters.policies.retry_decision import Retry
from adapters.service import OperationRules
from graph.settings.limits import Limits
from graph.settings.settings import GraphSettings, HeaderSettings, Service, Settings
from graph.workers.shares import Share, divided, share, shares

SETTINGS = Settings(
    folder=Path("/p"),
    graph=GraphSettings(schema="s:s"),
    headers=HeaderSettings(),
    limits=Limits(connections=10, streams=2, documents=7, document_bytes=4096),
    services={"a": Service(name="a", url="http://a", contract=Path("/p/a"), connections=9, concurrency=5)},
)


@given(st.integers(1, 1_000_000), st.integers(1, 256))
def test_together_workers_have_the_whole_and_little_more(whole, workers):
    """A share is at least 1; all shares are never less than the whole, and less than one for each worker more."""
    each = share(whole, workers)
    assert each >= 1
    assert whole <= each * workers < whole + workers


def test_one_worker_has_everything():
    """With one worker nothing changes."""
    assert divided(SETTINGS, 1) == SETTINGS


def test_what_lives_in_a_process_is_divided():
    """Connections of clients, streams, connections to services and bursts of retries are divided; what holds for
    one request or one batch is not.
    """
    each = divided(SETTINGS, 4)
    assert each.limits == Limits(connections=3, streams=1, documents=7, document_bytes=4096)
    assert {name: (one.connections, one.concurrency) for name, one in each.services.items()} == {"a": (3, 5)}
    # A share of each worker's own calls is that share of all.
    assert each.services["a"].retry == Retry(burst=3)


def test_every_limit_of_a_process_is_told():
    """What is divided and what each worker has whole are told by their places in the project file."""
    told = list(shares(SETTINGS, 4))
    assert told == [
        Share("limits.connections", 10, 3),
        Share("limits.streams", 2, 1),
        Share("limits.documents", 7, 7),
        Share("limits.document_bytes", 4096, 4096),
        Share("cache.bytes", 64 << 20, 16 << 20),
        Share("services.a.connections", 9, 3),
        Share("services.a.retry.burst", 10, 3),
        Share("services.a.idempotency.memory", 4 << 20, 1 << 20),
        Share("services.a.breaker.calls", 20, 5),
        Share("services.a.limit.queue", 1000, 250),
    ]
    assert [told[0].said(4), told[2].said(4)] == [
        "limits.connections: 10, of which each of 4 workers has 3",
        "limits.documents: 7 in each of 4 workers",
    ]


def test_what_guards_a_service_is_divided():
    """Places, queues and rates are divided, those of operations too; rates round down, and breakers judge by fewer
    calls, but never by next to nothing.
    """
    rate = LimitRule(calls=8, queue=5, rate=Rate(100, 60.0), burst=10)
    rare = OperationRules(BreakerRule(calls=3), LimitRule(rate=Rate(2, 60.0)))
    services = {
        "a": msgspec.structs.replace(
            SETTINGS.services["a"],
            breaker=BreakerRule(calls=100),
            limit=rate,
            operations={"search": rare, "plain": OperationRules()},
        )
    }
    settings = msgspec.structs.replace(SETTINGS, services=services)
    each = divided(settings, 3).services["a"]
    assert each.breaker == BreakerRule(calls=34)
    assert each.limit == LimitRule(calls=3, queue=2, rate=Rate(33, 60.0), burst=3)
    assert each.operations == {
        "search": OperationRules(BreakerRule(calls=3), LimitRule(queue=334, rate=Rate(1, 90.0))),
        "plain": OperationRules(),
    }
    assert divided(settings, 1) == settings
    told = [one.said(3) for one in shares(settings, 3) if one.limit.startswith("services.a.")]
    assert told[3:] == [
        "services.a.breaker.calls: 100, of which each of 3 workers has 34",
        "services.a.limit.calls: 8, of which each of 3 workers has 3",
        "services.a.limit.queue: 5, of which each of 3 workers has 2",
        "services.a.limit.rate: 100/min, of which each of 3 workers has 33/min",
        "services.a.limit.burst: 10, of which each of 3 workers has 3",
        "services.a.operations.search.breaker.calls: 3 in each of 3 workers",
        "services.a.operations.search.limit.queue: 1000, of which each of 3 workers has 334",
        "services.a.operations.search.limit.rate: 2/min, of which each of 3 workers has 1 in 90 s",
    ]
