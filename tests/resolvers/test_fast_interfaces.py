"""Types of interfaces, compiled: objects of the schema that a type is bound to are of the type; nobody is asked."""

from __future__ import annotations

import pytest

from graph.declaring.schema import Schema
from resolvers.fast.program import Program
from resolvers.fast.uncompiled import Unhurried
from stolon.testing import Services
from tests.graph.projects import TEXT, an, contract, listed, operation, ref
from tests.resolvers.graphs import project
from tests.resolvers.planned import planned
from tests.resolvers.three_lanes import agreed

ZOO = contract(
    operation("GET /cats", "listCats", listed(ref("Cat"))),
    operation("GET /lions", "listLions", listed(ref("Cat"))),
    operation("GET /odd", "listOdd", listed(ref("Odd"))),
    Cat=an({"id": TEXT, "friend": ref("Cat"), "odd": ref("Odd")}, optional="friend odd"),
    Odd=an({"id": TEXT}),
)
MODULE = """
@strawberry.interface
class Named:
    id: str

    @strawberry.field
    def tag(self) -> str:
        return f"<{self.id}>"


@rest.type(zoo.schema("Cat"))
class Cat(Named):
    id: rest.auto
    friend: rest.auto
    odd: rest.auto


@rest.type(zoo.schema("Cat"))
class Lion(Named):
    id: rest.auto


@rest.type(zoo.schema("Odd"))
class Odd(Named):
    id: rest.auto

    @classmethod
    def is_type_of(cls, obj, info):
        return obj.id == "even"


@strawberry.type
class Query:
    lions: list[Lion | None] | None = rest.query(zoo.op("listLions"))
    cats: list[Cat] | None = rest.query(zoo.op("listCats"))
    odd: list[Odd | None] | None = rest.query(zoo.op("listOdd"))


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """Cats, of which some are lions."""
    return project(tmp_path_factory.mktemp("zoo"), MODULE, zoo=ZOO)


def zoo() -> Services:
    """A cat of each kind."""
    made = Services()
    made.answer("zoo", "listCats", json=[{"id": "a", "friend": {"id": "b"}, "odd": {"id": "even"}}])
    made.answer("zoo", "listLions", json=[{"id": "l"}])
    made.answer("zoo", "listOdd", json=[{"id": "even"}, {"id": "one"}])
    return made


@pytest.mark.parametrize(
    ("query", "lane", "wrong"),
    [
        ("{ cats { id __typename friend { id } } }", "fast", 0),
        ("{ cats { tag } lions { id } }", "plan: resolver", 0),
        ("{ cats { id } lions { id tag } }", "fast", 0),
        ("{ lions { id } }", "plan: resolver", 0),
        ("{ odd { id } }", "plan: resolver", 1),
        ("{ cats { id odd { id } } }", "plan: resolver", 0),
    ],
)
async def test_who_need_not_be_asked_is_compiled(schema, query, lane, wrong):
    """The first type of a schema is what its objects are; a second one, or one that decides itself, is asked."""
    found = await agreed(schema, query, zoo, lanes=(lane,))
    assert len(found.errors) == wrong


def test_what_leads_to_it_is_compiled_all_the_same(schema):
    """Only what has to be asked is an island."""
    found = schema.plans.program(planned(schema, "{ cats { id } odd { id } }"))
    assert isinstance(found, Program)
    assert [type(one).__name__ for one in found.steps] == ["FastStep", "Island"]
    assert schema.plans.program(planned(schema, "{ odd { id } }")) is Unhurried.RESOLVER
