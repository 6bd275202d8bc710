"""Compiled plans: which operations have a program, why others have none, and how long programs are kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from graphql import GraphQLObjectType

from graph.declaring.schema import Schema
from graph.project.project import load_schema
from resolvers.fast.program import Program, compiled
from resolvers.fast.uncompiled import NotCompiled, Unhurried
from stolon.testing import Services, caller
from tests.graph.projects import TEXT, an, contract, listed, operation, parameter, ref
from tests.resolvers import town
from tests.resolvers.graphs import project
from tests.resolvers.planned import planned
from tests.resolvers.three_lanes import lanes_of, on_lane, valid


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """The town."""
    return project(tmp_path_factory.mktemp("town"), town.MODULE, **town.CONTRACTS)


@pytest.fixture
def services() -> Services:
    """A town of two."""
    return town.town([town.person(1, 2, secret="s"), town.person(2)])


def program(schema: Schema, query: str, **variables: Any) -> Program:
    """The program of an operation. Raises `NotCompiled`."""
    return compiled(planned(schema, query, variables))


# --- what has none


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ('mutation { add(name: "x") { id } }', Unhurried.MUTATION),
        ("{ all { shout } }", Unhurried.RESOLVER),
        ("{ plain { word } }", Unhurried.RESOLVER),
        ("{ all { shout notes { by { name } } } }", Unhurried.RESOLVER),
    ],
)
def test_what_has_no_program_says_why(schema, query, reason):
    """Changes, and plans of which every root field leads to a Python resolver, are the checked lane's."""
    with pytest.raises(NotCompiled) as refused:
        program(schema, query)
    assert (refused.value.reason, str(refused.value)) == (reason, reason.value)


KINDS = contract(
    operation("GET /beasts", "listBeasts", listed(ref("Beast"))),
    operation("GET /paged", "pageBeasts", an({"items": listed(ref("Beast"))}),
              parameter("page", {"type": "integer"}), parameter("per_page", {"type": "integer", "maximum": 5})),
    operation("GET /cage/{id}", "getCage", ref("Cage")),
    operation("GET /mates", "listMates", listed(ref("Beast")),
              parameter("of", listed(TEXT), required=True, explode=False)),
    operation("GET /ping", "ping"),
    operation("GET /near", "listNear", listed(ref("Cage")), parameter("at", {"type": "number"}),
              parameter("spot", ref("Spot"))),
    Beast={"oneOf": [ref("Cat"), ref("Dog")],
           "discriminator": {"propertyName": "kind", "mapping": {"cat": "Cat", "dog": "Dog"}}},
    Cat=an({"kind": TEXT, "id": TEXT, "of": TEXT}),
    Dog=an({"kind": TEXT, "id": TEXT, "of": TEXT}),
    Cage=an({"id": TEXT, "beast": ref("Beast"), "at": {"type": "number"}, "spot": ref("Spot"), "loose": {}}),
    Spot=an({"x": TEXT}),
)  # fmt: skip
KINDS_MODULE = """
from typing import Annotated, Union


@rest.type(zoo.schema("Cat"))
class Cat:
    id: rest.auto


@rest.type(zoo.schema("Dog"))
class Dog:
    id: rest.auto


Beast = Annotated[Union[Cat, Dog], strawberry.union("Beast")]


@rest.type(zoo.schema("Cage"))
class Cage:
    id: rest.auto
    at: rest.auto
    spot: rest.auto
    beast: Beast
    near: "list[Cage] | None" = rest.link(zoo.op("listNear", at=rest.this("at")))
    mates: list[Beast] | None = rest.link(zoo.op("listMates", of=rest.each("id")), group_by="of")
    here: "list[Cage] | None" = rest.link(zoo.op("listNear", spot=rest.this("spot")))


@strawberry.type
class Query:
    beasts: list[Beast] | None = rest.query(zoo.op("listBeasts"))
    paged: rest.Connection[Beast] | None = rest.connection(zoo.op("pageBeasts"))
    cage: Cage | None = rest.query(zoo.op("getCage"))
    near: list[Cage] | None = rest.query(zoo.op("listNear"))
    ping: bool | None = rest.query(zoo.op("ping"))


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def zoo(tmp_path_factory) -> Schema:
    """Beasts of two kinds, and cages."""
    return project(tmp_path_factory.mktemp("zoo"), KINDS_MODULE, zoo=KINDS)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("{ beasts { __typename } }", Unhurried.VARIANTS),
        ("{ paged { totalCount } }", Unhurried.VARIANTS),
        ('{ cage(id: "1") { beast { __typename } } }', Unhurried.VARIANTS),
        ('{ cage(id: "1") { at near { id } } }', Unhurried.FREE_FORM),
        ('{ cage(id: "1") { spot { x } here { id } } }', Unhurried.FREE_FORM),
        ('{ cage(id: "1") { mates { __typename } } }', None),
        ("{ ping }", Unhurried.FREE_FORM),
        ('{ cage(id: "1") { near { id } here { id } } }', None),
    ],
)
def test_objects_of_several_kinds_and_values_read_in_two_ways_have_none(zoo, query, reason):
    """Unions are told apart one by one; what a step is asked with must be readable as it was written."""
    found: Program | Unhurried
    try:
        found = program(zoo, query)
    except NotCompiled as refused:
        found = refused.reason
    assert (None if isinstance(found, Program) else found) is reason


def test_a_type_that_tells_its_own_values_has_none(schema):
    """`is_type_of` is the project's own code, and asked for every object."""
    plan = planned(schema, "{ all { id } }")
    (root,) = plan.root.fields
    kind = GraphQLObjectType("Query", {root.name: root.definition}, is_type_of=lambda value, info: True)
    with pytest.raises(NotCompiled) as refused:
        compiled(replace(plan, root=replace(plan.root, type=kind)))
    assert refused.value.reason is Unhurried.RESOLVER


# --- what has one, and runs unhurried all the same


@pytest.mark.parametrize(
    ("query", "scopes", "errors"),
    [
        ("{ all { id secret } }", (), 2),
        ("{ all { id secret } }", ("secrets",), 0),
        ("{ all { id } }", (), 0),
    ],
)
async def test_who_may_not_see_all_of_it_has_a_program_too(schema, services, query, scopes, errors):
    """A program is for all callers to whom the same is denied."""
    found = await on_lane("fast", schema, query, services, caller=caller("me", scopes=scopes))
    assert (found.lanes, len(found.errors)) == (["fast"], errors)
    assert services.calls == {"people.allPeople": 1}


async def test_the_first_of_a_document_runs_on_the_checked_lane(schema, services):
    """It is validated there, and what is valid is not validated again."""
    told: list[str] = []
    lanes = lanes_of(schema, services, "fast", told)
    request = msgspec.structs.replace(valid(schema, "{ all { id } }"), chosen=None)
    answers = [await lanes.execute(request, caller("me"), {}, "r") for _ in range(3)]
    assert told == ["plan: first", "fast", "fast"]
    assert len({msgspec.json.encode(one.data) for one in answers}) == 1


@pytest.mark.parametrize("given", [{}, {"id": None}, {"id": [1]}, {"id": 1, "more": 2}])
async def test_variables_that_cannot_be_coerced_are_told_by_the_checked_lane(schema, services, given):
    """What is wrong with them is said as always, and nothing is called for it."""
    query = "query ($id: ID!) { person(id: $id) { id } }"
    found = await on_lane("fast", schema, query, services, given, caller("me"))
    if "more" in given:  # of those that the operation does not declare nobody reads anything
        assert (found.lanes, found.data) == (["fast"], {"person": {"id": "1"}})
        return
    reference = await on_lane("reference", schema, query, services, given, caller("me"))
    assert (found.bytes, found.told, services.calls) == (reference.bytes, reference.told, {})
    assert [one["extensions"]["code"] for one in found.errors] == ["BAD_USER_INPUT"]
    assert "fast" not in found.lanes


async def test_a_request_for_its_plan_runs_where_every_step_is_written_down(schema, services):
    """The answer holds the plan, which a program could not tell the times of."""
    told: list[str] = []
    lanes = lanes_of(schema, services, "fast", told, open_plans=True)
    request = msgspec.structs.replace(valid(schema, "{ all { id } }"), extensions={"plan": True})
    answer = await lanes.execute(request, caller("me"), {}, "r")
    assert (told, list(answer.extensions)) == (["plan: explained"], ["plan"])


async def test_what_no_plan_covers_runs_on_the_reference_lane(schema, services):
    """Whether or not there are programs."""
    found = await on_lane("fast", schema, "{ __schema { queryType { name } } all { id } }", services)
    assert (found.lanes, found.errors) == (["reference: introspection"], [])


async def test_a_project_may_switch_programs_off(schema, services):
    """Then plans run on the checked lane, and say why."""
    found = await on_lane("plan", schema, "{ all { id } }", services)
    assert found.lanes == ["plan: fast_switched_off"]


OWN = town.MODULE.replace(
    "schema = rest.Schema(query=Query, mutation=Mutation)",
    """
from strawberry.extensions import SchemaExtension


class Seeing(SchemaExtension):
    def on_execute(self):
        yield


class Own(rest.Schema):
    pass


schema = rest.Schema(query=Query, mutation=Mutation, extensions=[Seeing])
own = Own(query=Query, mutation=Mutation)
""",
)


async def test_what_a_project_adds_to_executing_is_not_passed_over(tmp_path, services):
    """An extension with a hook, or a schema of the project's own kind, sees every request."""
    hooked = project(tmp_path, OWN, **town.CONTRACTS)
    for one in (hooked, load_schema(tmp_path, "schema:own")):
        found = await on_lane("fast", one, "{ all { id } }", services)
        assert (found.lanes, found.data) == (["plan: extensions"], {"all": [{"id": "1"}, {"id": "2"}]})
