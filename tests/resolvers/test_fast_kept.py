"""Compiled plans, kept: once for each plan, as long as it is; and what they keep of arguments."""

from __future__ import annotations

import gc
import weakref

import pytest

from graph.declaring.schema import Schema
from resolvers.fast.program import FastStep, Program
from resolvers.fast.uncompiled import Unhurried
from resolvers.plan.cache import PlanCache
from tests.resolvers import town
from tests.resolvers.graphs import project
from tests.resolvers.planned import operation as asked
from tests.resolvers.planned import planned
from tests.resolvers.test_fast_program import KINDS, KINDS_MODULE, program


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """The town."""
    return project(tmp_path_factory.mktemp("town"), town.MODULE, **town.CONTRACTS)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory) -> Schema:
    """Beasts of two kinds, and cages."""
    return project(tmp_path_factory.mktemp("zoo"), KINDS_MODULE, zoo=KINDS)


def test_a_plan_is_compiled_once(schema):
    """The plan of an operation has the same program for every request, or the same reason to have none."""
    plans = schema.plans
    plan, resolved = planned(schema, "{ all { id } }"), planned(schema, "{ plain { word } }")
    first = plans.program(plan)
    assert isinstance(first, Program)
    assert plans.program(planned(schema, "{ all { id } }")) is first
    assert [plans.program(resolved) for _ in range(2)] == [Unhurried.RESOLVER] * 2


def test_a_program_goes_with_its_plan(schema, monkeypatch):
    """When the cache lets a plan go, nothing holds its program, nor the types that were made for it."""
    monkeypatch.setattr(schema.plans, "kept", PlanCache(count=1))
    made = schema.plans.program(planned(schema, "{ all { id name boss { id } } }"))
    assert isinstance(made, Program)
    made.root([None], {})  # makes the type of what leaves
    known = weakref.ref(made.root.out)
    before = len(schema.plans._programs)
    del made
    planned(schema, "{ all { nick } }")
    gc.collect()
    assert len(schema.plans._programs) < before
    assert known() is None


def test_a_variable_within_an_argument_is_each_requests_own(schema, zoo):
    """In lists and objects as well."""
    for graph, query, constant in (
        (schema, "query ($m: String!) { by(moods: [$m]) { id } }", False),
        (schema, '{ by(moods: ["a", "b"]) { id } }', True),
        (zoo, "query ($x: String!) { near(spot: { x: $x }) { id } }", False),
        (zoo, '{ near(spot: { x: "y" }) { id } }', True),
    ):
        variables = {} if constant else {"m": "a", "x": "y"}
        (step,) = program(graph, query, **variables).steps
        assert isinstance(step, FastStep)
        assert step.constant is constant


def test_arguments_without_variables_are_worked_out_once(schema):
    """They are the same for every request; those with variables are each request's own."""
    query = 'query ($mood: String) { all(mood: $mood) { id } b: all(mood: "x") { id } rows { id } }'
    made = program(schema, query)
    steps = [step for step in made.steps if isinstance(step, FastStep)]
    assert [step.constant for step in steps] == [False, True, True]
    values = asked(schema, query, {"mood": "y"}).variables
    found = [dict(made.arguments(step, values)) for step in steps]
    assert [one.get("mood") for one in found] == ["y", "x", None]
    assert sorted(made.known) == [1, 2]
