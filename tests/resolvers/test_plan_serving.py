"""What serves each field: parts of their parent's shape, or steps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from graph.declaring.schema import Schema
from graph.explain.report import fields_of
from resolvers.plan.plan import Field, Plan
from resolvers.plan.walking import held
from tests.resolvers.planned import planned, shown, steps
from tests.resolvers.priced import priced
from tests.resolvers.test_plan_price_holds import ROOTS, selection


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """The graph that plans are made over."""
    return priced(tmp_path_factory.mktemp("priced"))


def test_what_the_parent_holds_is_its_shape_and_what_not_a_step(schema):
    """Properties, parts of connections and `__typename` are held; links, connections and resolvers are steps,
    numbered as the document has them.
    """
    plan = planned(
        schema,
        "{ me { __typename label boss { id } orders { nodes { id } totalCount } } w: weather { text } }",
    )
    assert shown(plan.root) == (
        "Query{me@0:Person{__typename:String! label@1:String! boss@2:Person{id:ID!}"
        " orders@3:OrderConnection{nodes:[Order{id:String!}!]! totalCount:Int}}"
        " w@4:GetWeather{text:String!}}"
    )
    assert list(steps(plan)) == [
        (0, None, "me"),
        (1, 0, "me.label"),
        (2, 0, "me.boss"),
        (3, 0, "me.orders"),
        (4, None, "w"),
    ]


def test_steps_hang_on_the_step_that_holds_their_parents(schema):
    """Through lists, edges and resolvers alike: a step comes after the one whose values its parents are."""
    plan = planned(
        schema, "{ staff { chief { city { mayor { id } } } events { edges { node { who { id } } } } } }"
    )
    assert list(steps(plan)) == [
        (0, None, "staff"),
        (1, 0, "staff.chief"),
        (2, 1, "staff.chief.city"),
        (3, 2, "staff.chief.city.mayor"),
        (4, 0, "staff.events"),
        (5, 4, "staff.events.edges.node.who"),
    ]


def test_the_same_field_under_two_aliases_is_two_steps(schema):
    """Different arguments are different calls; that equal ones are made once is the store's business."""
    plan = planned(schema, "{ a: orders(first: 1) { nodes { id } } b: orders(first: 2) { nodes { id } } }")
    assert list(steps(plan)) == [(0, None, "a"), (1, None, "b")]


def test_what_callers_need_is_noted_and_nothing_decided(schema):
    """A plan is the same for everyone."""
    assert planned(schema, "{ me { id } }").access == frozenset()


def every(plan: Plan) -> list[Field]:
    """Every field of a plan."""
    found: list[Field] = []
    waiting = list(plan.root.fields)
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += held(one.shape)
    return found


@settings(max_examples=60, deadline=None)
@given(selection(ROOTS, 3))
def test_every_plan_is_a_tree_in_order(schema, selected):
    """Whatever is asked: each field stands in the plan once, each step serves one field, comes after the step before
    it in number and wave, and every response path has its place.
    """
    head = "query($n: Int = 2)" if "$n" in selected else "query"
    plan = planned(schema, f"{head} {{ {selected} }}")
    fields = every(plan)
    assert len(fields) == plan.fields
    assert sorted(one.step for one in fields if one.step is not None) == list(range(len(plan.steps)))
    paths = [one.path for one in plan.steps]
    assert len(set(paths)) == len(paths)
    for one in plan.steps:
        assert plan.steps[one.number] is one
        assert one.field.step == one.number
        if one.after is None:
            assert len(one.path) == 1
        else:
            assert one.after < one.number
            before = plan.steps[one.after]
            assert one.path[: len(before.path)] == before.path
            assert plan.waves[one.number] >= plan.waves[one.after]
    told = fields_of(plan)
    assert len(told) == plan.fields  # no abstract types here: one field for each path
    assert {told[".".join(one.path)] for one in plan.steps} == {one.number + 1 for one in plan.steps}
