"""What is selected: fragments put in, equal response keys merged, abstract types taken apart."""

from __future__ import annotations

import pytest

from graph.declaring.schema import Schema
from resolvers.plan.selecting import Selected, select
from tests.graph.projects import TEXT, an, contract, operation, parameter, ref
from tests.resolvers.graphs import project
from tests.resolvers.planned import operation as asked

ZOO = contract(
    operation("GET /cats/{id}", "getCat", ref("Cat"), parameter("loud")),
    Cat=an({"id": TEXT, "name": TEXT}),
)
MODULE = """
@strawberry.interface
class Animal:
    name: str | None


@rest.type(zoo.schema("Cat"), key="id", one=zoo.op("getCat"))
class Cat(Animal):
    id: rest.auto
    name: rest.auto


@strawberry.type
class Stone(Animal):
    name: str | None
    weight: int = 1


@strawberry.type
class Query:
    cat: Cat | None = rest.query(zoo.op("getCat"))

    @strawberry.field
    def animal(self) -> Animal | None:
        return None


schema = rest.Schema(query=Query, types=[Stone])
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """A bound type and a plain one behind an interface."""
    return project(tmp_path_factory.mktemp("zoo"), MODULE, zoo=ZOO)


def selected(schema: Schema, query: str, **variables: object) -> tuple[str, int]:
    """What is selected in a few words, and how many fields that is."""
    found = asked(schema, query, variables)
    root = found.schema.get_root_type(found.node.operation)
    assert root is not None
    fields, count = select(found, root)
    return _shown(fields), count


def _shown(fields: tuple[Selected, ...]) -> str:
    return " ".join(_one(one) for one in fields)


def _one(one: Selected) -> str:
    named = f"{one.key}={one.parent.name}.{one.name}" + (
        f"*{len(one.details)}" if len(one.details) > 1 else ""
    )
    below = " | ".join(f"{of.name}: {_shown(fields)}" for of, fields in one.below)
    return f"{named}({below})" if one.below else named


CAT = 'cat(id: "1")'


def test_equal_response_keys_are_one_field(schema):
    """Fragments are put in where they are spread, in the order of the document; aliases tell fields apart."""
    query = f"""{{ {CAT} {{ id ...F nick: name }} {CAT} {{ ... on Cat {{ id }} ... on Animal {{ name }} }} }}
    fragment F on Cat {{ name id }}"""
    assert selected(schema, query) == (
        "cat=Query.cat*2(Cat: id=Cat.id*3 name=Cat.name*2 nick=Cat.name)",
        4,
    )


def test_skip_and_include_are_decided(schema):
    """What is skipped is not there at all."""
    query = f"""query($x: Boolean!) {{ {CAT} {{ id @skip(if: $x) name @include(if: $x) ...F @skip(if: $x) }} }}
    fragment F on Cat {{ nick: name }}"""
    assert selected(schema, query, x=True) == ("cat=Query.cat(Cat: name=Cat.name)", 2)
    assert selected(schema, query, x=False) == ("cat=Query.cat(Cat: id=Cat.id nick=Cat.name)", 3)


def test_interfaces_are_taken_apart(schema):
    """Each type that a value may have gets the fields that apply to it, and no others."""
    query = "{ animal { __typename name ... on Stone { weight } ... on Cat { id } } }"
    assert selected(schema, query) == (
        "animal=Query.animal(Stone: __typename=Stone.__typename name=Stone.name weight=Stone.weight"
        " | Cat: __typename=Cat.__typename name=Cat.name id=Cat.id)",
        7,
    )


def test_fields_that_are_not_there_are_passed_over(schema):
    """A field that the schema lacks is for validation to tell (as GraphQL's own algorithm has it)."""
    assert selected(schema, f"{{ {CAT} {{ id nothing }} }}") == ("cat=Query.cat(Cat: id=Cat.id)", 2)
