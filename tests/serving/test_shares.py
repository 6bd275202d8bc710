"""How limits that live in a process are divided by the workers."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from graph.limits import Limits
from graph.settings import GraphSettings, HeaderSettings, Service, Settings
from graph.shares import Share, divided, share, shares

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
    """Connections of clients, streams and connections to services are divided; what holds for one request or one
    batch is not.
    """
    each = divided(SETTINGS, 4)
    assert each.limits == Limits(connections=3, streams=1, documents=7, document_bytes=4096)
    assert {name: (one.connections, one.concurrency) for name, one in each.services.items()} == {"a": (3, 5)}


def test_every_limit_of_a_process_is_told():
    """What is divided and what each worker has whole are told by their places in the project file."""
    told = list(shares(SETTINGS, 4))
    assert told == [
        Share("limits.connections", 10, 3),
        Share("limits.streams", 2, 1),
        Share("limits.documents", 7, 7),
        Share("limits.document_bytes", 4096, 4096),
        Share("services.a.connections", 9, 3),
    ]
    assert [told[0].said(4), told[2].said(4)] == [
        "limits.connections: 10, of which each of 4 workers has 3",
        "limits.documents: 7 in each of 4 workers",
    ]
