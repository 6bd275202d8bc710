"""Which steps ask the store for the same."""

from __future__ import annotations

import pytest

from graph.declaring.schema import Schema
from tests.resolvers.planned import planned
from tests.resolvers.priced import priced


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """The graph that plans are made over."""
    return priced(tmp_path_factory.mktemp("priced"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ me { boss { boss { id } } } weather { text } }", (None, 0, 0, None)),
        ("{ a: weather { text } b: weather { text } }", (None, 0)),
        ("{ a: staff { id } b: staff(level: null) { id } c: staff { id } }", (None, None, 0)),
        ("{ a: orders(first: 1) { nodes { id } } b: orders(first: 1) { nodes { id } } }", (None, 0)),
        ("{ a: orders(first: 1) { nodes { id } } b: orders(first: 2) { nodes { id } } }", (None, None)),
        ("{ staff { label l: label } }", (None, None, None)),
        ("{ orders { nodes { a: payments { id } b: payments { id } } } }", (None, None, 1)),
        ("{ staff { friends { id } staff { friends { id } } } }", (None, None, None, 1)),
    ],
)
def test_the_same_entity_and_the_same_call_are_shared(schema, query, expected):
    """Lookups of one type share keys; other calls share where field and arguments are written alike; resolvers share
    nothing. The first step that asks is named.
    """
    assert planned(schema, query).shares == expected


def test_changes_are_never_shared(schema):
    """Two equal changes are two changes."""
    change = 'addVisit(input: {who: "x"}) { id }'
    assert planned(schema, f"mutation {{ a: {change} b: {change} }}").shares == (None, None)
