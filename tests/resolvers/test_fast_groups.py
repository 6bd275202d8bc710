"""Grouped links on the fast lane: each value that parents have is asked for once, whatever their number."""

from __future__ import annotations

from typing import Any

import pytest

from graph.declaring.schema import Schema
from resolvers.fast.program import FastStep, compiled
from stolon.testing import Services, answer
from tests.graph.projects import TEXT, an, contract, listed, nullable, operation, parameter, ref
from tests.resolvers.graphs import asked, project
from tests.resolvers.planned import planned
from tests.resolvers.three_lanes import agreed

FARM = contract(
    operation("GET /fields", "listFields", listed(ref("Field"))),
    operation("GET /cows", "listCows", listed(ref("Cow")), parameter("farm", TEXT),
              parameter("of", listed(TEXT), required=True, explode=False)),
    Field=an({"id": TEXT, "owner": {}, "farm": nullable(TEXT)}, optional="owner farm"),
    Cow=an({"id": TEXT, "of": TEXT}),
)  # fmt: skip
MODULE = """
@rest.type(farm.schema("Cow"))
class Cow:
    id: rest.auto


@rest.type(farm.schema("Field"))
class Field:
    id: rest.auto
    cows: list[Cow] | None = rest.link(farm.op("listCows", of=rest.each("id")), group_by="of")
    sure_cows: list[Cow] = rest.link(farm.op("listCows", of=rest.each("farm")), group_by="of")
    cow: Cow | None = rest.link(farm.op("listCows", of=rest.each("id")), group_by="of")
    sure_cow: Cow = rest.link(farm.op("listCows", of=rest.each("farm")), group_by="of")
    owned: list[Cow] | None = rest.link(farm.op("listCows", of=rest.each("owner")), group_by="of")
    here: list[Cow] | None = rest.link(
        farm.op("listCows", of=rest.each("id"), farm=rest.this("farm")), group_by="of"
    )


@strawberry.type
class Query:
    fields: list[Field] | None = rest.query(farm.op("listFields"))


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """Fields with cows."""
    return project(tmp_path_factory.mktemp("farm"), MODULE, farm=FARM)


def farm(*fields: dict[str, Any], cows: int = 1) -> Services:
    """These fields, with so many cows each."""
    made = Services()
    made.answer("farm", "listFields", json=list(fields))
    made.on(
        "farm",
        "listCows",
        lambda one: answer(
            [{"id": f"{n} of {of}", "of": of} for of in asked(one, "of") for n in range(cows)]
        ),
    )
    return made


TWO = (
    {"id": "a", "farm": "f", "owner": "x"},
    {"id": "b", "farm": "f", "owner": None},
    {"id": "c", "farm": None},
)


@pytest.mark.parametrize(
    ("query", "found", "batches"),
    [
        ("{ fields { cows { id } } }", [["0 of a"], ["0 of b"], ["0 of c"]], ["a,b,c"]),
        ("{ fields { cow { id } } }", ["0 of a", "0 of b", "0 of c"], ["a,b,c"]),
        ("{ fields { sureCows { id } } }", [["0 of f"], ["0 of f"], []], ["f"]),
        ("{ fields { owned { id } } }", [["0 of x"], None, None], ["x"]),
    ],
)
async def test_each_value_is_asked_for_once(schema, query, found, batches):
    """For parents without a value nothing is asked: there is nothing, or no item where the list insists."""
    services: list[Services] = []

    def made() -> Services:
        services.append(farm(*TWO))
        return services[-1]

    came = await agreed(schema, query, made)
    (name,) = came.data["fields"][0]

    def shown(value: Any) -> Any:
        return [one["id"] for one in value] if isinstance(value, list) else value and value["id"]

    assert [shown(one[name]) for one in came.data["fields"]] == found
    for one in services:
        assert [
            ",".join(sorted(asked(each, "of"))) for each in one.requests if each.operation == "listCows"
        ] == batches


@pytest.mark.parametrize(
    ("query", "fields", "cows"),
    [
        ("{ fields { cow { id } } }", TWO, 2),
        ("{ fields { sureCow { id } } }", TWO[:2], 0),
        ("{ fields { owned { id } } }", ({"id": "a", "owner": {"no": "key"}},), 1),
        ("{ fields { owned { id } } }", ({"id": "a", "owner": True}, {"id": "b", "owner": "1"}), 1),
    ],
)
async def test_what_is_wrong_is_the_checked_lanes(schema, query, fields, cows):
    """More than one where one belongs, none where one must be, a value that is no key."""
    found = await agreed(schema, query, lambda: farm(*fields, cows=cows), lanes=("plan: fault",))
    assert found.errors != []


def test_what_else_is_taken_of_parents_is_asked_parent_by_parent(schema):
    """A parameter that each parent has a value of its own for."""
    steps = compiled(planned(schema, "{ fields { cows { id } here { id } } }", {})).steps
    assert [one.by is not None for one in steps if isinstance(one, FastStep)] == [False, True, False]


async def test_many_parents_are_one_batch(schema):
    """They are asked for in slices, between which the loop has its turns; a batch waits for all of them."""
    fields = [{"id": f"f{number}"} for number in range(250)]
    found = await agreed(schema, "{ fields { cows { id } } }", lambda: farm(*fields))
    assert [one["cows"] for one in found.data["fields"]] == [[{"id": f"0 of {one['id']}"}] for one in fields]
    assert found.calls["farm.listCows"] == 3  # of at most 100 keys each
