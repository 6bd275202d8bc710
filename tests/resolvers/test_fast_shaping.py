"""What has no shape of its own on the fast lane: values that decoding could not hold to what the graph says."""

from __future__ import annotations

import pytest

from graph.declaring.schema import Schema
from resolvers.fast.program import FastStep, compiled
from resolvers.fast.shaping import Shaping
from resolvers.fast.uncompiled import NotCompiled, Unhurried
from resolvers.plan.plan import ListShape, ObjectShape
from stolon.testing import Services
from tests.graph.projects import TEXT, an, contract, listed, operation, ref
from tests.resolvers.graphs import project
from tests.resolvers.planned import planned
from tests.resolvers.three_lanes import agreed

SHED = contract(
    operation("GET /boxes", "listBoxes", listed(ref("Box"))),
    operation("GET /wide", "listWide", listed(ref("Wide"))),
    operation("GET /free", "getFree", {"type": "object", "additionalProperties": True}),
    Box=an({"id": TEXT, "old": ref("Narrow")}, optional="old"),
    Narrow=an({"id": TEXT}),
    Wide={"allOf": [ref("Narrow"), an({"more": TEXT})]},
)
MODULE = """
@rest.type(shed.schema("Narrow"))
class Narrow:
    id: rest.auto


@rest.type(shed.schema("Box"))
class Box:
    id: rest.auto
    old: rest.auto
    boxes: "list[Box] | None" = rest.link(shed.op("listBoxes"))


@strawberry.type
class Query:
    boxes: list[Box] | None = rest.query(shed.op("listBoxes"))
    lids: list[Narrow] | None = rest.query(shed.op("listWide"))
    free: rest.auto = rest.query(shed.op("getFree"))


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """Boxes with lids, which are wider than their type says."""
    return project(tmp_path_factory.mktemp("shed"), MODULE, shed=SHED)


def shed() -> Services:
    """One box."""
    made = Services()
    made.answer("shed", "listBoxes", json=[{"id": "a", "old": {"id": "d"}}])
    made.answer("shed", "listWide", json=[{"id": "b", "more": "c"}])
    made.answer("shed", "getFree", json={"any": ["thing"]})
    return made


@pytest.mark.parametrize(
    ("query", "lane"),
    [
        ("{ boxes { id old { id } } }", "fast"),
        ("{ lids { id } }", "plan: free_form"),
        ("{ boxes { id } lids { id } }", "fast"),
        ("{ free }", "plan: free_form"),
        ("{ free boxes { id } }", "fast"),
    ],
)
async def test_what_has_no_type_of_its_own_is_the_checked_lanes(schema, query, lane):
    """An object of a schema that only fits its type, and JSON of any kind that null would pass for."""
    found = await agreed(schema, query, shed, lanes=(lane,))
    assert found.errors == []


@pytest.mark.parametrize("field", ["id", "boxes { id }"])
def test_pythons_own_objects_have_no_properties(schema, field):
    """An object of no contract has neither properties nor steps that could be asked with them."""
    plan = planned(schema, f"{{ boxes {{ {field} }} }}")
    boxes = plan.root.fields[0].shape
    assert isinstance(boxes, ListShape)
    assert isinstance(boxes.item, ObjectShape)
    with pytest.raises(NotCompiled) as refused:
        Shaping(plan).object(boxes.item, None)
    assert refused.value.reason is Unhurried.RESOLVER
    assert [type(one) for one in compiled(plan).steps] == [FastStep] * len(plan.steps)
