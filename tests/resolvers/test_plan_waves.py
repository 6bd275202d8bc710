"""In which round of upstream calls each step can start."""

from __future__ import annotations

import pytest

from graph.declaring.schema import Schema
from resolvers.plan.waves import count
from tests.resolvers.planned import planned
from tests.resolvers.priced import priced


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """The graph that plans are made over."""
    return priced(tmp_path_factory.mktemp("priced"))


CHANGE = 'addVisit(input: {who: "x"})'


@pytest.mark.parametrize(
    ("query", "expected", "rounds"),
    [
        ("{ me { id } weather { text } }", (1, 1), 1),
        ("{ me { boss { boss { id } } city { id } } }", (1, 2, 3, 2), 3),
        ("{ me { label } }", (1, 2), 1),
        ("{ staff { chief { city { id } } } }", (1, 2, 2), 2),
        ("{ team { boss { id } } }", (1, 1), 1),
        (f"mutation {{ a: {CHANGE} {{ id }} b: {CHANGE} {{ id }} }}", (1, 2), 2),
        (f"mutation {{ a: {CHANGE} {{ who {{ id }} }} b: {CHANGE} {{ id }} }}", (1, 2, 3), 3),
    ],
)
def test_a_step_comes_one_wave_after_the_call_that_holds_its_parents(schema, query, expected, rounds):
    """Roots come first; resolvers take no wave, since their own calls cannot be foreseen; the root fields of a
    mutation come one after another, each with all that hangs on it.
    """
    plan = planned(schema, query)
    assert (plan.waves, count(plan.steps, plan.waves)) == (expected, rounds)


def test_what_calls_nothing_has_no_waves():
    """No steps, no waves."""
    assert count((), ()) == 0
