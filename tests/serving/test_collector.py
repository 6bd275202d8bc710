"""The garbage collector while a project is served (`graph/serving/collector.py`)."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from graph.serving.collector import YOUNG, settle


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


class Node:
    """An object of a cycle."""

    def __init__(self) -> None:
        self.itself = self


def test_what_is_there_is_set_apart():
    """Objects that are loaded when serving begins are not looked through any more; new ones are, by the thousand."""
    settle()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] == YOUNG


def test_what_a_reload_leaves_behind_is_freed():
    """Garbage that was set apart by one load is collected by the next."""
    node = Node()
    gone = weakref.ref(node)
    settle()
    del node
    gc.collect()
    assert gone() is not None
    settle()
    assert gone() is None
