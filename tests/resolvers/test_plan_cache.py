"""Plans, kept: by the text, the name and what decides the selection; bounded by count and by bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.declaring.schema import Schema
from resolvers.plan.cache import PlanCache, Variants
from resolvers.plan.coverage import NotCovered, Reason
from resolvers.plan.plan import Plan
from tests.resolvers.planned import planned
from tests.resolvers.priced import priced


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """The graph that plans are made over."""
    return priced(tmp_path_factory.mktemp("priced"))


def test_an_operation_is_planned_once(schema):
    """The same text gives the same plan, whatever the other variables are."""
    query = "query($n: Int) { orders(first: $n) { nodes { id } } }"
    first = planned(schema, query, {"n": 1})
    assert planned(schema, query, {"n": 2}) is first
    assert planned(schema, f" {query}") is not first


def test_each_value_of_a_condition_has_a_plan_of_its_own(schema):
    """What `@skip` and `@include` decide is part of what a plan is known by."""
    query = "query($x: Boolean = true) { me { id name @include(if: $x) } }"
    plans = [planned(schema, query, given) for given in ({}, {"x": True}, {"x": False})]
    assert plans[0] is plans[1]
    assert [one.fields for one in plans] == [3, 3, 2]


def test_that_there_is_none_is_kept_too(schema):
    """What plans do not cover is worked out once as well."""
    query = "{ __schema { queryType { name } } }"
    reasons = []
    for _ in range(2):
        with pytest.raises(NotCovered) as refused:
            planned(schema, query)
        reasons.append(refused.value.reason)
    assert reasons == [Reason.INTROSPECTION] * 2
    variants = schema.plans.kept.get((query, None))
    assert variants is not None
    assert (variants.conditions, variants.plans) == ((), {(): Reason.INTROSPECTION})


def keep(cache: PlanCache, name: str, found: Plan | Reason, *values: bool) -> None:
    """Keep what was found for an operation and the values of its conditions, as `graph/executing/plans.py` does."""
    key = (name, None)
    cache.keep(key, cache.get(key) or Variants(("x",)), values, found)


def test_the_least_recently_used_goes_first():
    """Of more than may be kept, the operation that was not asked for the longest is let go, with all its plans."""
    cache = PlanCache(count=3, size=30_000)
    for name in "abc":
        keep(cache, name, Reason.DIRECTIVE, True)
        keep(cache, name, Reason.CONDITION, False)
    assert cache.get(("a", None)) is not None
    keep(cache, "d", Reason.DIRECTIVE)
    assert [cache.get((name, None)) is None for name in "abcd"] == [False, True, False, False]
    assert len(cache) == 5


def test_what_takes_more_than_all_may_is_not_kept(schema):
    """One huge operation does not push everything else out."""
    cache = PlanCache(count=10, size=20_000)
    plan = planned(schema, "{ me { id } }")
    keep(cache, "small", plan)
    keep(cache, "huge", replace(plan, fields=10_000))
    assert cache.get(("huge", None)) is None
    small = cache.get(("small", None))
    assert small is not None
    assert small.plans == {(): plan}


def test_an_operation_has_a_bounded_number_of_plans():
    """Of more values than may be kept of one operation's conditions, the oldest go."""
    cache = PlanCache()
    variants = Variants(("x",))
    for number in range(40):
        cache.keep(("a", None), variants, (number,), Reason.DIRECTIVE)
    assert list(variants.plans) == [(number,) for number in range(8, 40)]
    assert len(cache) == 32


@given(st.lists(st.tuples(st.sampled_from("abcdefghij"), st.booleans(), st.integers(0, 12)), max_size=60))
def test_the_cache_is_bounded_whatever_comes(schema, asked):
    """Never more bytes than it may take, and never more operations."""
    plan = planned(schema, "{ me { id } }")
    cache = PlanCache(count=4, size=16_000)
    for name, condition, fields in asked:
        keep(cache, name, replace(plan, fields=fields), condition)
        assert cache._kept.currsize <= 16_000
        assert len(cache._kept) <= 4
