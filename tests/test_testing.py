"""`stolon.testing`: a graph over scripted services, as those who write graphs use it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import stolon
from graph.declaring.schema import Schema
from stolon import testing
from tests.graph.projects import TEXT, an, contract, listed, load, operation, parameter, ref

ZOO = contract(
    operation("GET /animals/{id}", "getAnimal", ref("Animal"), statuses=("404",)),
    operation("GET /animals", "listAnimals", listed(ref("Animal")), parameter("ids", listed(TEXT))),
    operation("GET /all", "allAnimals", an({"animals": listed(ref("Animal"))})),
    operation("POST /animals", "addAnimal", ref("Animal"), parameter("name", required=True)),
    Animal=an({"id": TEXT, "name": TEXT, "mother_id": TEXT}, optional="mother_id"),
)
MODULE = """
    import strawberry
    from stolon import rest

    zoo = rest.contract("zoo")


    @rest.type(zoo.schema("Animal"), key="id", one=zoo.op("getAnimal"), many=zoo.op("listAnimals", ids=rest.keys))
    class Animal:
        id: rest.auto
        name: rest.auto
        mother: "Animal | None" = rest.link(key="mother_id")


    @strawberry.type
    class Query:
        animal: Animal | None = rest.query(zoo.op("getAnimal"))
        mine: Animal | None = rest.query(zoo.op("getAnimal", id=rest.caller("pet.id")))
        animals: list[Animal] | None = rest.query(zoo.op("allAnimals"))

        @strawberry.field
        def who(self, info: rest.Info) -> str | None:
            return info.context.caller.subject


    @strawberry.type
    class Mutation:
        add_animal: Animal | None = rest.mutation(zoo.op("addAnimal"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    folder: Path = tmp_path_factory.mktemp("zoo")
    return load(folder, MODULE, {"zoo": ZOO})


@pytest.fixture
def services() -> testing.Services:
    made = testing.Services()
    made.answer("zoo", "getAnimal", json={"id": "a1", "name": "Ada"})
    return made


async def test_what_the_module_says_of_itself(schema):
    """The example of the module's own documentation holds, word for word but for its names."""
    services = testing.Services()
    services.answer("zoo", "getAnimal", json={"id": "a1", "name": "Ada"})
    result = await testing.execute(schema, '{ animal(id: "a1") { name } }', services)
    assert result == testing.Answer(data={"animal": {"name": "Ada"}}, errors=[], extensions={})
    assert services.calls == {"zoo.getAnimal": 1}


async def test_variables_operations_and_headers_go_in(schema, services):
    """Variables, the operation's name, headers and the caller are those of a request over HTTP."""
    query = "query A { who } query B ($id: ID!) { animal(id: $id) { id } }"
    result = await testing.execute(
        schema, query, services, variables={"id": "a1"}, operation_name="B", headers={"Accept-Language": "de"}
    )
    assert result.data == {"animal": {"id": "a1"}}
    (request,) = services.requests
    assert (request.target, dict(request.headers)) == ("/animals/a1", {"accept-language": "de"})


async def test_a_caller_has_scopes_and_claims(schema, services):
    """A caller is verified, with a subject, scopes, roles and claims; who is not named is anonymous."""
    ana = testing.caller("ana", scopes=("a", "b"), roles=("boss",), pet={"id": "a1"})
    assert (ana.authenticated, ana.subject, ana.scopes) == (True, "ana", frozenset({"a", "b"}))
    assert ana.roles == frozenset({"boss"})
    result = await testing.execute(schema, "{ who mine { name } }", services, caller=ana)
    assert result.data == {"who": "ana", "mine": {"name": "Ada"}}
    assert services.requests[0].identity == ana.identity
    result = await testing.execute(schema, "{ who mine { name } }", services)
    assert result.data == {"who": None, "mine": None}
    assert [one["extensions"]["code"] for one in result.errors] == ["UNAUTHENTICATED"]


async def test_a_handler_answers_by_the_request(schema, services):
    """A handler sees each request, may wait, and answers for itself; batches are counted as one call."""

    async def handle(request: testing.Request) -> testing.Response:
        await asyncio.sleep(0)
        ids = [part.partition("=")[2] for part in request.target.partition("?")[2].split("&")]
        return testing.answer([{"id": one, "name": f"mother {one}"} for one in ",".join(ids).split(",")])

    animals = [{"id": f"a{one}", "name": "x", "mother_id": f"m{one % 2}"} for one in range(4)]
    services.answer("zoo", "allAnimals", json={"animals": animals})
    services.on("zoo", "listAnimals", handle)
    result = await testing.execute(schema, "{ animals { mother { name } } }", services)
    assert result.data == {"animals": [{"mother": {"name": f"mother m{one % 2}"}} for one in range(4)]}
    assert services.calls == {"zoo.allAnimals": 1, "zoo.listAnimals": 1}


@pytest.mark.parametrize(
    ("failure", "query", "code"),
    [
        (testing.TimedOut("late", sent=True), '{ animal(id: "a1") { id } }', "UPSTREAM_TIMEOUT"),
        (testing.Unavailable("down", sent=False), '{ animal(id: "a1") { id } }', "UPSTREAM_UNAVAILABLE"),
        (testing.BadAnswer("cut", sent=True), '{ animal(id: "a1") { id } }', "UPSTREAM_ERROR"),
        (testing.TimedOut("late", sent=True), 'mutation { addAnimal(name: "x") { id } }', "OUTCOME_UNKNOWN"),
        (
            testing.Unavailable("down", sent=False),
            'mutation { addAnimal(name: "x") { id } }',
            "UPSTREAM_UNAVAILABLE",
        ),
    ],
)
async def test_services_can_fail(schema, services, failure, query, code):
    """A handler that raises a failure fails as a service does, on a query and on a change."""

    def fails(_: testing.Request) -> Any:
        raise failure

    services.on("zoo", "getAnimal", fails)
    services.on("zoo", "addAnimal", fails)
    result = await testing.execute(schema, query, services)
    assert [one["extensions"]["code"] for one in result.errors] == [code]
    assert isinstance(result.data, dict)
    assert list(result.data.values()) == [None]


async def test_statuses_and_headers_are_scripted(schema, services):
    """An answer has a status and headers; without JSON it has no body."""
    services.answer("zoo", "getAnimal", status=429, headers={"retry-after": "3"})
    result = await testing.execute(schema, '{ animal(id: "a1") { id } }', services)
    assert result.errors[0]["extensions"] == {"code": "RATE_LIMITED", "retryable": True, "retryAfter": 3}
    services.answer("zoo", "getAnimal", status=404)
    result = await testing.execute(schema, '{ animal(id: "a1") { id } }', services)
    assert (result.data, result.errors) == ({"animal": None}, [])


async def test_a_call_that_nobody_scripted_is_told(schema, services):
    """A test that forgot an operation fails with its name and with those that are scripted, not with a null."""
    with pytest.raises(LookupError) as told:
        await testing.execute(schema, "{ animals { id } }", services)
    assert str(told.value) == "no answer is scripted for zoo.allAnimals (there is one for zoo.getAnimal)"
    result = await testing.execute(schema, '{ animal(id: "a1") { id } }', services)
    assert result.errors == []


async def test_settings_of_a_service_hold(schema):
    """Batches are split as the service's settings say."""
    service = testing.Service(name="zoo", url="http://localhost", batch_limit=2)
    services = testing.Services(zoo=service)
    animals = [{"id": f"a{one}", "name": "x", "mother_id": f"m{one}"} for one in range(4)]
    services.answer("zoo", "allAnimals", json={"animals": animals})
    services.answer("zoo", "listAnimals", json=[{"id": f"m{one}", "name": "y"} for one in range(4)])
    result = await testing.execute(schema, "{ animals { mother { name } } }", services)
    assert result.errors == []
    assert services.calls == {"zoo.allAnimals": 1, "zoo.listAnimals": 2}


def test_the_public_face():
    """User code imports `rest`, `Context` and `testing` from `stolon`; every public name is there."""
    assert stolon.__all__ == ["Context", "rest", "testing"]
    for module in (stolon, stolon.rest, testing):
        assert [name for name in module.__all__ if not hasattr(module, name)] == []
