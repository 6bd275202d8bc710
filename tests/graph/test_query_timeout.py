"""The time that a query's calls may take in all: handed down with each call as its deadline."""

from __future__ import annotations

import asyncio

import pytest

from graph.documents.documents import Unfit
from graph.executing.executor import GraphQLRequest
from graph.executing.lanes import Lanes
from graph.http.client_budget import client_budget, shorter
from graph.project.project import load_schema
from resolvers.caller import NOBODY
from stolon import testing
from tests.graph import projects
from tests.graph.served import Reply, rest, served, toml

CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Notes", "version": "1"},
    "paths": {
        "/notes": {
            method: {
                "operationId": name,
                "responses": {
                    "200": {
                        "description": "How many notes there are.",
                        "content": {"application/json": {"schema": {"type": "integer"}}},
                    }
                },
            }
            for method, name in (("get", "countNotes"), ("post", "addNote"))
        }
    },
}
MODULE = """
    import strawberry
    from stolon import rest

    notes = rest.contract("notes")


    @strawberry.type
    class Query:
        notes: int | None = rest.query(notes.op("countNotes"))


    @strawberry.type
    class Mutation:
        add: int | None = rest.mutation(notes.op("addNote"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""


async def test_the_calls_of_a_query_have_one_deadline_and_those_of_a_mutation_none(tmp_path):
    """A query's calls must end within `query_timeout` of its start; a change runs to its end."""
    projects.write(tmp_path, MODULE, {"notes": CONTRACT})
    schema = load_schema(tmp_path, "schema:schema")
    services = testing.Services()
    services.answer("notes", "countNotes", json=1)
    services.answer("notes", "addNote", json=2)
    lane = Lanes(schema, services.upstreams(schema), query_timeout=30.0)
    before = asyncio.get_running_loop().time()
    for document in ("{ notes }", "mutation { add }"):
        await lane.execute(GraphQLRequest(document), NOBODY, {}, "r-1")
    after = asyncio.get_running_loop().time()
    read, change = services.requests
    assert read.deadline is not None
    assert before + 30.0 <= read.deadline <= after + 30.0
    assert change.deadline is None


HEADER = "x-request-timeout-ms"


@pytest.mark.parametrize(
    ("sent", "seconds"), [("1500", 1.5), (" 1 ", 0.001), ("999999999", 999999.999), ("007", 0.007)]
)
def test_a_client_says_how_long_it_waits(sent: str, seconds: float):
    """Whole milliseconds, in the header that the project names."""
    assert client_budget({HEADER: sent}, HEADER) == seconds


def test_a_client_that_says_nothing_has_the_projects_time():
    """No header sent, or none read, is no bound of the client's; of two bounds the shorter one holds."""
    assert client_budget({}, HEADER) is None
    assert client_budget({HEADER: "soon"}, None) is None
    assert [shorter(1.0, 2.0), shorter(None, 2.0), shorter(1.0, None), shorter(None, None)] == [
        1.0,
        2.0,
        1.0,
        None,
    ]


@pytest.mark.parametrize("sent", ["", "0", "000", "-1", "1.5", "2s", "1, 2", "1000000000", "\u0661"])
def test_a_budget_that_is_no_number_is_told(sent: str):
    """What cannot be a time is a client's mistake, and not waited for by guess."""
    with pytest.raises(Unfit) as caught:
        client_budget({HEADER: sent}, HEADER)
    said = f"{HEADER}: expected one whole number of milliseconds, from 1 to 999999999."
    assert [(one.message, one.extensions) for one in caught.value.errors] == [
        (said, {"code": "BAD_USER_INPUT"})
    ]


async def test_a_budget_goes_from_the_client_to_the_service(tmp_path):
    """A query's calls end with the client's budget, and each service is told what is left of it; a mutation runs to
    its end, however little its client waits, and its service is told its own timeout.
    """
    more = f'[limits]\nbudget_header = "{HEADER}"\nquery_timeout = "20s"'
    async with rest() as notes:
        notes.on("GET /notes", Reply(1))
        notes.on("POST /notes", Reply(2))
        text = toml({"notes": notes.url}, more, budget_header='"x-left-ms"', timeout='"60s"')
        async with served(tmp_path, MODULE, {"notes": CONTRACT}, text) as gateway:
            found = [await gateway.ask("{ notes }", x_request_timeout_ms=one) for one in ("9000", "90000")]
            found.append(await gateway.ask("mutation { add }", x_request_timeout_ms="1"))
            bad = await gateway.ask("{ notes }", x_request_timeout_ms="soon")
    assert found == [{"data": {"notes": 1}}, {"data": {"notes": 1}}, {"data": {"add": 2}}]
    told = [int(one.headers["x-left-ms"]) for one in notes.asked]
    assert 0 < told[0] <= 9000 < told[1] <= 20000 < told[2] <= 60000
    assert [one["extensions"]["code"] for one in bad["errors"]] == ["BAD_USER_INPUT"]
    assert not any(HEADER in one.headers for one in notes.asked)


async def test_a_client_s_budget_ends_a_query(tmp_path):
    """What does not answer within the client's budget is UPSTREAM_TIMEOUT, long before the service's own time."""
    async with rest() as notes:

        async def never(_: object) -> Reply:
            await asyncio.Event().wait()
            raise AssertionError("nobody sets the event")

        notes.on("GET /notes", never)
        text = toml({"notes": notes.url}, f'[limits]\nbudget_header = "{HEADER}"')
        async with served(tmp_path, MODULE, {"notes": CONTRACT}, text) as gateway:
            answer = await gateway.ask("{ notes }", x_request_timeout_ms="30")
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["UPSTREAM_TIMEOUT"]


async def test_an_operation_has_a_timeout_of_its_own(tmp_path):
    """`[services.NAME.operations.OPERATION] timeout` stands in the service's place."""
    async with rest() as notes:
        notes.on("GET /notes", Reply(1))
        notes.on("POST /notes", Reply(2))
        text = toml({"notes": notes.url}, budget_header='"x-left-ms"', timeout='"5s"')
        text += '[services.notes.operations.countNotes]\ntimeout = "40s"\n'
        async with served(tmp_path, MODULE, {"notes": CONTRACT}, text) as gateway:
            for document in ("{ notes }", "mutation { add }"):
                await gateway.ask(document)
    read, change = (int(one.headers["x-left-ms"]) for one in notes.asked)
    assert 5_000 < read <= 30_000  # the query's own time is shorter still
    assert 0 < change <= 5_000
