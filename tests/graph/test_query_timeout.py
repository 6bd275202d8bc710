"""The time that a query's calls may take in all: handed down with each call as its deadline."""

from __future__ import annotations

import asyncio

from graph.executor import GraphQLRequest
from graph.lanes import Lanes
from graph.project import load_schema
from resolvers.caller import NOBODY
from stolon import testing
from tests.graph import projects

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
