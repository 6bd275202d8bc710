"""Memory of compiled plans: never more than they count for, and given back with their plans."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from graph.declaring.schema import Schema
from graph.documents.documents import Documents
from graph.settings.limits import Limits
from resolvers.caller import NOBODY
from resolvers.fast.program import Program, compiled
from resolvers.fast.run import FastRun
from resolvers.plan.cache import PlanCache, Variants
from resolvers.plan.operation import Operation
from resolvers.plan.plan import Plan
from resolvers.plan.planning import plan_of
from stolon.testing import Services
from tests.graph.test_document_memory import traced
from tests.resolvers import town
from tests.resolvers.graphs import project
from tests.resolvers.planned import operation
from tests.resolvers.three_lanes import lanes_of, valid
from tests.resolvers.town import person


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """The town."""
    return project(tmp_path_factory.mktemp("town"), town.MODULE, **town.CONTRACTS)


def services() -> Services:
    """Somebody with everything that the shapes below show."""
    home = {"street": "s", "geo": {"lat": 1}, "past": [{"lat": 1}]}
    return town.town([person(1, 1, home=home, homes=[{"street": "t"}])])


def times(count: int, field: str) -> str:
    """A field under so many aliases."""
    return " ".join(f"a{index}: {field}" for index in range(count))


LEAVES = "id key name nick note points pay height alive mood born seen uid tags grid street klass f0"
SHAPES = {
    "one field": "{ N: all { id } }",
    "leaves": f"{{ N: all {{ {LEAVES} }} }}",
    "roots": f"{{ {times(20, 'person(id: 1) { id N: name }')} }}",
    "aliases": f"{{ N: all {{ {times(40, 'name')} }} }}",
    "converted": f"{{ N: all {{ {times(40, 'born')} }} }}",
    "objects": "{ N: all { home { street geo { lat } past { lat } } homes { geo { spot } } } }",
    "equal objects": f"{{ N: all {{ {times(20, 'home { street }')} }} }}",
    "chain": "{ N: all " + "{ boss " * 8 + "{ id }" + " }" * 8 + "}",
    "calls": f"{{ N: all {{ {times(15, 'diary { first }')} }} }}",
    "groups": f"{{ N: all {{ {times(15, 'notes { id }')} }} }}",
    "pages": f"{{ {times(5, 'walks { totalCount nodes { id } edges { node { id } } pageInfo { hasNextPage } }')} }}",
    "no program": f"{{ N: all {{ {times(20, 'shout')} }} }}",
}  # fmt: skip


async def used(schema: Schema, plan: Plan, made: Operation) -> Program | None:
    """The program of a plan, run once: its types of what leaves are made then."""
    program = schema.plans.program(plan)
    if not isinstance(program, Program):
        return None
    context = lanes_of(schema, services(), "fast", []).context(NOBODY, {}, "r")
    try:
        await FastRun(program, made.variables, context.store).execute()
    finally:
        await context.close()
    return program


@pytest.mark.parametrize("shape", SHAPES)
def test_a_plan_with_its_program_takes_no_more_than_it_counts_for(schema, shape):
    """The estimate by which plans are bounded is never less than what one really takes, nor many times as much."""
    count = 5
    operations = [operation(schema, SHAPES[shape].replace("N", f"n{number}")) for number in range(count + 1)]

    async def use(made: Operation) -> tuple[Plan, Program | None]:
        plan = plan_of(made, schema.plans._meanings)
        return plan, await used(schema, plan, made)

    async def all_of_them() -> list[tuple[Plan, Program | None]]:
        return [await use(made) for made in operations[1:]]

    asyncio.run(use(operations[0]))  # what is made once for all is no operation's own
    takes: list[int] = []
    for _ in range(2):
        with traced() as held:
            before = held()
            kept = asyncio.run(all_of_them())
            takes.append(held() - before)
    taken = min(takes)  # Python's own table of names may have grown meanwhile, which is no operation's either
    cache = PlanCache(count=1_000_000, size=1 << 30)
    for number, (plan, _) in enumerate(kept):
        cache.keep((f"{number}", None), Variants(()), (), plan)
    assert all((program is None) == (shape == "no program") for _, program in kept)
    assert taken < cache._kept.currsize < taken * (15 if shape == "no program" else 4)


KEPT = 20
"""How many documents are kept, and how many plans."""


async def test_a_thousand_operations_cost_no_more_than_those_that_are_kept(schema, monkeypatch):
    """New operations, each compiled and run: programs are as many as plans are kept, and memory grows no more."""
    monkeypatch.setattr(schema.plans, "kept", PlanCache(count=KEPT))
    documents = Documents(Limits(documents=KEPT))
    told: list[str] = []
    asked = services()
    lanes = lanes_of(schema, asked, "fast", told)

    async def ask(numbers: range) -> None:
        for number in numbers:
            query = f"{{ a{number}: all {{ id b{number}: boss {{ c{number}: name }} }} }}"
            await lanes.execute(valid(schema, query, documents), NOBODY, {}, "r")
            asked.requests.clear()

    grown: list[int] = []
    with traced() as held:
        await ask(range(1_000, 1_400))
        objects = len(gc.get_objects())
        for start in (1_400, 1_700):
            before = held()
            await ask(range(start, start + 300))
            grown.append(held() - before)
        more = len(gc.get_objects()) - objects
    assert set(told) == {"fast"}
    assert len(told) == 1_000
    assert (len(schema.plans.kept), len(schema.plans._programs)) == (KEPT, KEPT)
    # Each operation took three hundred times as much. (Python's table of names may have grown once, for all of them.)
    assert min(grown) < 300 * 100
    assert more < 600


def test_a_program_that_was_let_go_leaves_no_type_behind(schema):
    """The types that msgspec makes are collected like any other object."""
    gc.collect()
    before = _types()
    programs: list[Any] = [compiled(schema.plans.of(operation(schema, "{ all { id nick } }")))]
    programs[0].root([None], {})
    assert _types() > before
    programs.clear()
    gc.collect()
    assert _types() == before


def _types() -> int:
    return sum(1 for one in gc.get_objects() if isinstance(one, type) and one.__name__ in ("In", "Out"))
