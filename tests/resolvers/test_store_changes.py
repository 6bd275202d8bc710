"""Changes are never shared nor repeated, and what is read after them is read anew (design, sections 6 and 8)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graph.declaring.schema import Schema
from stolon.testing import Services, answer, execute
from tests.graph.projects import TEXT, an, contract, data, listed, operation, parameter, ref
from tests.resolvers.graphs import Gate, asked, codes, project, turns

CONTRACT = contract(
    operation("GET /notes/{id}", "getNote", ref("Note"), statuses=("404",)),
    operation("GET /notes", "listNotes", listed(ref("Note")), parameter("ids", listed(TEXT), explode=False)),
    operation("PUT /notes/{id}", "putNote", ref("Note"), body=an({"text": TEXT}), statuses=("404",)),
    operation("POST /search", "search", listed(ref("Note")), body=an({"words": listed(TEXT)})),
    Note=an({"id": TEXT, "text": TEXT}),
)

MODULE = """
@rest.type(notes.schema("Note"), key="id", one=notes.op("getNote"), many=notes.op("listNotes", ids=rest.keys))
class Note:
    id: rest.auto
    text: rest.auto


@strawberry.type
class Result:
    note: Note | None
    twin: Note | None


@strawberry.type
class Query:
    note: Note | None = rest.query(notes.op("getNote"))
    search: list[Note] | None = rest.query(notes.op("search", safe=True))


@strawberry.type
class Mutation:
    put_note: Note | None = rest.mutation(notes.op("putNote"))

    @strawberry.mutation
    async def twice(self, info: rest.Info, id: strawberry.ID) -> Result:
        context = info.context
        before = await context.load(Note, id)
        await asyncio.gather(
            context.call(notes.op("putNote"), id=id, body={"text": before.text + "!"}),
            context.call(notes.op("putNote"), id=id, body={"text": before.text + "!"}),
        )
        after, again = await asyncio.gather(context.load(Note, id), context.load(Note, id))
        return Result(note=after, twin=again)

    @strawberry.mutation
    async def failing(self, info: rest.Info, id: strawberry.ID) -> Note | None:
        await info.context.load(Note, id)
        try:
            await info.context.call(notes.op("putNote"), id=id, body={"text": "?"})
        except rest.FieldError:
            return await info.context.load(Note, id)


schema = rest.Schema(query=Query, mutation=Mutation)
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """Notes that can be read and put."""
    return project(tmp_path_factory.mktemp("notes"), MODULE, notes=CONTRACT)


def notes() -> Services:
    """A service that counts its versions: `text` is the number of changes so far."""
    services = Services()
    changes: list[object] = []

    def note(key: str) -> dict[str, Any]:
        return {"id": key, "text": str(len(changes))}

    def put(request: Any) -> Any:
        changes.append(request.body)
        return answer(note(request.target.rpartition("/")[2]))

    services.on("notes", "getNote", lambda one: answer(note(one.target.rpartition("/")[2])))
    services.on("notes", "listNotes", lambda one: answer([note(key) for key in asked(one, "ids")]))
    services.on("notes", "putNote", put)
    return services


async def test_equal_changes_are_made_each(schema):
    """Two equal mutations in one request are two calls, in order, each with its own answer."""
    services = notes()
    query = """mutation { a: putNote(id: "1", input: {text: "x"}) { text }
        b: putNote(id: "1", input: {text: "x"}) { text } }"""
    assert await data(schema, query, services) == {"a": {"text": "1"}, "b": {"text": "2"}}
    assert services.calls == {"notes.putNote": 2}
    assert [one.safe for one in services.requests] == [False, False]


async def test_reads_after_a_change_are_fresh(schema):
    """What was read before a change is forgotten by it; changes at once are calls of their own; later reads share."""
    services = notes()
    query = (
        'mutation { a: twice(id: "1") { note { text } twin { text } } b: twice(id: "1") { note { text } } }'
    )
    found = await data(schema, query, services)
    assert found == {"a": {"note": {"text": "2"}, "twin": {"text": "2"}}, "b": {"note": {"text": "4"}}}
    # The second mutation starts from what the first one read after its own changes: nothing changed in between.
    assert services.calls == {"notes.getNote": 3, "notes.putNote": 4}


@pytest.mark.parametrize("status", [404, 500, 409])
async def test_a_change_that_failed_may_have_been_made(schema, status):
    """After a failed change, too, reads are fresh; the change itself is not tried again."""
    services = notes()
    services.answer("notes", "putNote", status=status)
    assert await data(schema, 'mutation { failing(id: "1") { id } }', services) == {"failing": {"id": "1"}}
    assert services.calls == {"notes.getNote": 2, "notes.putNote": 1}


async def test_a_declared_404_of_a_change_is_no_null(schema):
    """A change of something that is not there failed: NOT_FOUND, however its contract declares 404."""
    services = notes()
    services.answer("notes", "putNote", status=404)
    found = await execute(schema, 'mutation { putNote(id: "1", input: {text: "x"}) { id } }', services)
    assert (found.data, codes(found)) == ({"putNote": None}, [(["putNote"], "NOT_FOUND")])


async def test_who_waits_while_a_change_is_made_still_gets_its_answer(schema):
    """A change forgets what was asked before; who waits for it is served all the same."""
    services = notes()
    held = Gate(lambda one: answer({"id": "1", "text": "old"}))
    services.on("notes", "getNote", held)
    running = asyncio.ensure_future(
        execute(schema, 'mutation { twice(id: "1") { note { text } } }', services)
    )
    await turns()
    held.open()
    await turns()
    held.open()
    assert (await running).data == {"twice": {"note": {"text": "old"}}}
    assert held.most == 1


async def test_a_safe_post_is_a_read(schema):
    """A POST that the project declares safe is shared by its body, and marked as repeatable for the policies."""
    services = notes()
    services.answer("notes", "search", json=[{"id": "1", "text": "x"}])
    query = """{ a: search(input: {words: ["x"]}) { id } b: search(input: {words: ["x"]}) { id }
        c: search(input: {words: []}) { id } }"""
    await data(schema, query, services)
    assert [(one.body, one.safe) for one in services.requests] == [
        (b'{"words":["x"]}', True),
        (b'{"words":[]}', True),
    ]
