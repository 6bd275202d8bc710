"""A base that others extend: a union of those, or an interface that their bound types have in common."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from stolon.testing import execute
from tests.graph.payments import BY, LANES, Lane, api
from tests.graph.projects import (
    INT,
    TEXT,
    Doc,
    an,
    contract,
    data,
    fields_of,
    listed,
    nullable,
    operation,
    ref,
    signature,
    type_text,
)
from tests.resolvers.graphs import codes, project

PETS: Doc = contract(
    operation("GET /pets", "listPets", listed(ref("Pet"))),
    operation("GET /pets/{id}", "getPet", ref("Pet")),
    operation("POST /pets", "addPet", ref("Pet"), body=ref("Pet")),
    operation("GET /owner", "getOwner", an({"pet": ref("Pet"), "pets": listed(ref("Pet"))})),
    Pet=an({"kind": TEXT, "name": TEXT}, discriminator=BY),
    Cat={"allOf": [ref("Pet"), an({"lives": INT})]},
    Dog={"allOf": [ref("Pet"), an({"toy": nullable(ref("Pet"))}, optional="toy")]},
)
OWNER = """
@strawberry.type
class Query:
    pets: rest.auto = rest.query(api.op("listPets"))
    pet: rest.auto = rest.query(api.op("getPet"))
    owner: rest.auto = rest.query(api.op("getOwner"))


@strawberry.type
class Mutation:
    add: rest.auto = rest.mutation(api.op("addPet"))


"""
NAMED = """
@strawberry.interface
class Being:
    kind: str


@strawberry.interface
class Named(Being):
    name: str

    @strawberry.field
    def shout(self) -> str:
        return self.name.upper()


@rest.type(api.schema("Cat"))
class Cat(Named):
    kind: rest.auto
    name: rest.auto
    lives: rest.auto


@rest.type(api.schema("Dog"))
class Dog(Named):
    kind: rest.auto
    name: rest.auto
    toy: rest.auto


"""
CAT = {"kind": "Cat", "name": "Mia", "lives": 7}
DOG = {"kind": "Dog", "name": "Rex", "toy": CAT}


@LANES
async def test_a_base_is_a_union_of_those_that_extend_it(tmp_path: Path, lane: Lane) -> None:
    """Where nothing is bound. What is sent is still the base's own object."""
    schema = project(tmp_path, OWNER + "schema = rest.Schema(query=Query, mutation=Mutation)", api=PETS)
    assert type_text(schema, "Pet") == "union Pet = Cat | Dog"
    assert fields_of(schema, "Dog") == ["kind: String!", "name: String!", "toy: Pet"]
    assert fields_of(schema, "PetInput") == ["kind: String!", "name: String!"]
    assert fields_of(schema, "Mutation") == ["add(input: PetInput!): Pet"]
    services = api(listPets=[DOG, {"kind": "Pet", "name": "x"}], addPet=CAT)
    query = "{pets {__typename ...on Dog {name toy {...on Cat {lives}}}}}"
    result = await execute(schema, query, services, lane=lane)
    assert (result.data, codes(result)) == ({"pets": None}, [(["pets", 1], "CONTRACT_VIOLATION")])
    query = 'mutation {add(input: {kind: "Cat", name: "Mia"}) {...on Cat {lives}}}'
    assert await data(schema, query, services, lane=lane) == {"add": {"lives": 7}}


@LANES
async def test_a_base_that_is_its_own_variant_has_an_object_type_beside(tmp_path: Path, lane: Lane) -> None:
    """The union has the schema's name, the object is numbered."""
    base = an({"kind": TEXT, "name": TEXT}, discriminator={**BY, "mapping": {"any": "Pet"}})
    pets = {**PETS, "components": {"schemas": {**PETS["components"]["schemas"], "Pet": base}}}
    schema = project(tmp_path, OWNER + "schema = rest.Schema(query=Query)", api=pets)
    assert type_text(schema, "Pet") == "union Pet = Pet2 | Cat | Dog"
    services = api(listPets=[{"kind": "any", "name": "x"}, CAT])
    assert await data(schema, "{pets {__typename ...on Pet2 {name}}}", services, lane=lane) == {
        "pets": [{"__typename": "Pet2", "name": "x"}, {"__typename": "Cat"}]
    }


@LANES
async def test_a_common_interface_stands_in_the_unions_place(tmp_path: Path, lane: Lane) -> None:
    """Where all that extend the base are bound to types with a common interface: the nearest one."""
    module = NAMED + OWNER + "schema = rest.Schema(query=Query, types=[Cat, Dog])"
    schema = project(tmp_path, module, api=PETS)
    assert fields_of(schema, "Query") == ["pets: [Named!]", "pet(id: String!): Named", "owner: GetOwner"]
    assert fields_of(schema, "Dog") == ["kind: String!", "name: String!", "shout: String!", "toy: Named"]
    assert fields_of(schema, "GetOwner") == ["pet: Named!", "pets: [Named!]!"]
    services = api(listPets=[DOG, CAT], getOwner={"pet": CAT, "pets": []})
    query = """{
        pets {__typename shout ...on Cat {lives} ...on Dog {toy {name ...on Being {kind}}}}
        owner {pet {shout} pets {name}}
    }"""
    assert await data(schema, query, services, lane=lane) == {
        "pets": [
            {"__typename": "Dog", "shout": "REX", "toy": {"name": "Mia", "kind": "Cat"}},
            {"__typename": "Cat", "shout": "MIA", "lives": 7},
        ],
        "owner": {"pet": {"shout": "MIA"}, "pets": []},
    }


def test_without_a_type_for_each_there_is_no_interface(tmp_path: Path) -> None:
    """One that is not bound, or has other interfaces, leaves the union."""
    half = NAMED.partition('@rest.type(api.schema("Dog"))')[0]
    schema = project(tmp_path / "a", half + OWNER + "schema = rest.Schema(query=Query)", api=PETS)
    assert type_text(schema, "Pet") == "union Pet = Cat | Dog"
    apart = NAMED.replace("class Dog(Named):", "class Dog:")
    schema = project(tmp_path / "b", apart + OWNER + "schema = rest.Schema(query=Query)", api=PETS)
    assert signature(schema, "Query", "pets") == "pets: [Pet!]"


@LANES
async def test_an_interface_may_be_written(tmp_path: Path, lane: Lane) -> None:
    """Also where the contract names one schema, and in connections of what a oneOf lists."""
    roots = """
    @strawberry.type
    class Query:
        pet: Named | None = rest.query(api.op("getPet"))
        pets: list[Being] | None = rest.query(api.op("listPets"))
        cat: Cat | None = None
        dog: Dog | None = None


    schema = rest.Schema(query=Query)
    """
    schema = project(tmp_path, NAMED + dedent(roots), api=PETS)
    assert fields_of(schema, "Query") == ["pet(id: String!): Named", "pets: [Being!]", "cat: Cat", "dog: Dog"]
    services = api(getPet=DOG, listPets=[CAT])
    query = '{pet(id: "1") {shout ...on Dog {toy {...on Cat {lives}}}} pets {__typename kind}}'
    assert await data(schema, query, services) == {
        "pet": {"shout": "REX", "toy": {"lives": 7}},
        "pets": [{"__typename": "Cat", "kind": "Cat"}],
    }


def test_fields_of_any_kind_lead_to_what_implements_an_interface(tmp_path: Path) -> None:
    """A member of a union, a lazy reference, a plain type's field: none of them needs to be named in types=."""
    module = """
@strawberry.type
class Shelter:
    guests: "list[Annotated[Cat | Shelter, strawberry.union('Guest')]] | None" = None
    guard: "Annotated[Dog, strawberry.lazy('schema')] | None" = None


@strawberry.type
class Query:
    pet: rest.auto = rest.query(api.op("getPet"))
    shelter: Shelter | None = None


schema = rest.Schema(query=Query)
"""
    schema = project(tmp_path, "from typing import Annotated\n" + NAMED + module, api=PETS)
    assert signature(schema, "Query", "pet") == "pet(id: String!): Named"
    assert fields_of(schema, "Shelter") == ["guests: [Guest!]", "guard: Dog"]


@LANES
async def test_a_type_bound_to_the_base_is_what_it_was(tmp_path: Path, lane: Lane) -> None:
    """Then every value is that type, whatever its discriminator says."""
    module = '@rest.type(api.schema("Pet"))\nclass Pet:\n    name: rest.auto\n\n\n' + OWNER
    schema = project(tmp_path, module + "schema = rest.Schema(query=Query)", api=PETS)
    assert fields_of(schema, "Query") == ["pets: [Pet!]", "pet(id: String!): Pet", "owner: GetOwner"]
    assert fields_of(schema, "GetOwner") == ["pet: Pet!", "pets: [Pet!]!"]
    services = api(listPets=[{"name": "x"}], getOwner={"pet": CAT, "pets": []})
    assert await data(schema, "{pets {__typename name} owner {pet {name}}}", services, lane=lane) == {
        "pets": [{"__typename": "Pet", "name": "x"}],
        "owner": {"pet": {"name": "Mia"}},
    }
