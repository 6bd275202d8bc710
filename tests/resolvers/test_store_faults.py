"""Failures are settled results: called once, told at every place that needed them, and nowhere else (section 6)."""

from __future__ import annotations

import asyncio

import pytest

from adapters.failures import Unavailable
from graph.declaring.schema import Schema
from stolon.testing import Services, answer, caller, execute
from tests.graph.projects import TEXT, an, contract, listed, operation, parameter, ref
from tests.resolvers.graphs import (
    PEOPLE,
    POSTS,
    SOCIAL,
    Gate,
    asked,
    codes,
    person,
    post,
    project,
    row_of,
    social,
    turns,
)


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """People, posts and comments."""
    return project(tmp_path_factory.mktemp("social"), SOCIAL, people=PEOPLE, posts=POSTS)


INSISTING = """
@rest.type(people.schema("Person"), key="id", one=people.op("getPerson"), many=people.op("listPeople", ids=rest.keys))
class Person:
    id: rest.auto
    name: rest.auto


@rest.type(posts.schema("Post"), key="id", one=posts.op("getPost"))
class Post:
    id: rest.auto
    author: Person = rest.link(key="author_id")
    reviewer: Person | None = rest.link(key="reviewer_id")

    @strawberry.field
    def broken(self) -> str:
        raise RuntimeError("a secret")


@strawberry.type
class Query:
    post: Post | None = rest.query(posts.op("getPost"))
    person: Person | None = rest.query(people.op("getPerson"))
    posts: list[Post] | None = rest.query(posts.op("listPosts"))


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def insisting(tmp_path_factory) -> Schema:
    """The same with links that insist on a value."""
    return project(tmp_path_factory.mktemp("insisting"), INSISTING, people=PEOPLE, posts=POSTS)


async def test_a_failing_batch_is_called_once(schema):
    """A batch that failed is not called again, by no alias, branch, level or `load` that asks for its keys later."""
    services = social([], [post("1", "a", "b"), post("2", "b", "a")])
    services.answer("people", "listPeople", status=500)
    query = "{ posts { author { id } reviewer { id } late: slowAuthor(turns: 60) { id } } }"
    found = await execute(schema, query, services)
    assert found.data == {"posts": [{"author": None, "reviewer": None, "late": None}] * 2}
    assert services.calls == {"posts.listPosts": 1, "people.listPeople": 1}
    assert sorted(codes(found)) == sorted(
        (["posts", at, name], "UPSTREAM_ERROR") for at in (0, 1) for name in ("author", "reviewer", "late")
    )


async def test_every_place_gets_its_own_error(schema):
    """One failure is told at each place that needed the key, each with its own path and location."""
    services = social([], [post("1", "a"), post("2", "a")])
    services.on("people", "getPerson", _unavailable)
    found = await execute(schema, "{ posts { author { id } } }", services)
    assert found.data == {"posts": [{"author": None}, {"author": None}]}
    assert services.calls == {"posts.listPosts": 1, "people.getPerson": 1}
    assert found.errors == [
        {
            "message": "The service can't be reached.",
            "locations": [{"line": 1, "column": 11}],
            "path": ["posts", at, "author"],
            "extensions": {"code": "UPSTREAM_UNAVAILABLE", "retryable": True},
        }
        for at in (0, 1)
    ]


def _unavailable(_: object):
    raise Unavailable("refused", sent=False)


async def test_a_fault_of_one_run_leaves_the_others(schema):
    """Of a batch that is split, the runs that failed take their own keys with them, not the rest."""
    letters = "abcdefgh"
    services = social([], [post(one, one) for one in letters])

    def half(request):
        keys = asked(request, "ids")
        return answer(status=503) if "a" in keys else answer([person(one) for one in keys])

    services.on("people", "listPeople", half)
    found = await execute(schema, "{ posts { author { id } } }", services)
    assert found.data == {"posts": [{"author": None}] * 4 + [{"author": {"id": one}} for one in "efgh"]}
    assert codes(found) == [(["posts", at, "author"], "UPSTREAM_UNAVAILABLE") for at in range(4)]


async def test_a_defect_of_a_load_is_told_as_internal(schema):
    """What no call may raise is logged, tells the client nothing, and still ends every wait."""
    services = social([], [post("1", "a", "b")])
    services.on("people", "listPeople", _defect)
    found = await execute(schema, "{ posts { author { id } reviewer { id } } }", services)
    assert found.data == {"posts": [{"author": None, "reviewer": None}]}
    assert [one["message"] for one in found.errors] == ["Internal error."] * 2
    assert services.calls == {"posts.listPosts": 1, "people.listPeople": 1}


def _defect(_: object):
    raise RuntimeError("a secret")


async def test_a_non_null_failure_leaves_its_siblings_data(insisting):
    """A failed link that insists nulls its own parent; siblings that wait for other keys keep their data."""
    services = social([person("b")], [post("1", "a", "b"), post("2", "b", "b")])
    found = await execute(insisting, "{ posts { author { name } reviewer { name } } }", services)
    assert found.data == {"posts": None}  # [Post!] carries the null on
    assert codes(found) == [(["posts", 0, "author"], "NOT_FOUND")]
    assert services.calls == {"posts.listPosts": 1, "people.listPeople": 1}
    services = social([person("b")], [post("1", "a", "b"), post("2", "b", "b")])
    found = await execute(
        insisting, '{ a: post(id: "1") { author { name } } b: post(id: "2") { author { name } } }', services
    )
    assert found.data == {"a": None, "b": {"author": {"name": "name of b"}}}
    assert codes(found) == [(["a", "author"], "NOT_FOUND")]
    assert services.calls == {"posts.getPost": 2, "people.listPeople": 1}


async def test_a_failed_branch_does_not_cancel_who_waits_for_the_same_key(insisting):
    """graphql-core cancels the siblings of a non-null failure: another branch that waits for the same key, in the
    same call, still gets it.
    """
    services = social([person("b")], [post("1", "x", "b"), post("2", "b")])
    held = Gate(row_of([person("b")]))

    def refuse(request):
        return answer([person("b")]) if asked(request, "ids") != ["x"] else answer([])

    services.on("people", "listPeople", refuse)
    services.on("people", "getPerson", held)
    # The first branch fails at once on `broken`, beside its own wait for b; the second waits for b as well.
    query = """{ one: post(id: "1") { reviewer { name } broken } two: post(id: "1") { reviewer { name } }
        three: person(id: "b") { id } }"""
    running = _run(insisting, query, services)
    await turns()
    held.open()
    found = await running
    assert found.data == {"one": None, "two": {"reviewer": {"name": "name of b"}}, "three": {"id": "b"}}
    assert codes(found) == [(["one", "broken"], "INTERNAL_SERVER_ERROR")]
    assert services.calls == {"posts.getPost": 1, "people.getPerson": 1}
    assert held.cancelled == 0


async def test_a_late_failure_cancels_only_its_own_branch(insisting):
    """A branch that fails while another waits for the same flight ends alone."""
    services = social([], [post("1", "x", "b"), post("2", "x", "b")])
    slow = Gate(row_of([person("b")]))
    services.on("people", "getPerson", lambda one: slow(one))
    query = '{ b: person(id: "b") { name } one: post(id: "1") { broken reviewer { name } } }'
    running = _run(insisting, query, services)
    await turns()
    slow.open()
    found = await running
    assert found.data == {"b": {"name": "name of b"}, "one": None}
    assert services.calls == {"posts.getPost": 1, "people.getPerson": 1}
    assert slow.cancelled == 0


def _run(schema: Schema, query: str, services: Services):

    return asyncio.ensure_future(execute(schema, query, services))


SCRIPTED = contract(
    operation("GET /items/{id}", "getItem", ref("Item"), statuses=("404",)),
    operation("GET /items", "listItems", listed(ref("Item")), parameter("ids", listed(TEXT), explode=False)),
    operation("GET /undeclared/{id}", "getUndeclared", ref("Item")),
    Item=an({"id": TEXT, "name": TEXT}),
)

SCRIPTED_MODULE = """
@rest.type(items.schema("Item"), key="id", one=items.op("getItem"), many=items.op("listItems", ids=rest.keys))
class Item:
    id: rest.auto
    name: rest.auto


@strawberry.type
class Query:
    item: Item | None = rest.query(items.op("getItem"))
    insisting: Item = rest.query(items.op("getItem"))
    undeclared: Item | None = rest.query(items.op("getUndeclared"))
    mine: Item | None = rest.query(items.op("getItem", id=rest.caller("resource.id")))


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def items(tmp_path_factory) -> Schema:
    """Items by key."""
    return project(tmp_path_factory.mktemp("items"), SCRIPTED_MODULE, items=SCRIPTED)


@pytest.mark.parametrize("key", [".", ".."])
async def test_a_dot_is_no_key(items, key):
    """`.` and `..` would change the path: the client's are refused at their argument, and nothing is called."""
    services = Services()
    found = await execute(items, "query ($id: ID!) { item(id: $id) { id } }", services, variables={"id": key})
    assert found.data == {"item": None}
    assert [(one["path"], one["extensions"]["code"]) for one in found.errors] == [
        (["item"], "BAD_USER_INPUT")
    ]
    assert found.errors[0]["extensions"]["fields"][0]["path"] == ["id"]
    assert services.calls == {}


async def test_what_the_client_said_wrongly_is_bad_input(items):
    """400 on a key that an argument supplied is the client's to mend; the argument is named."""
    services = Services()
    services.answer("items", "getItem", json={"detail": "no such form of id"}, status=400, headers=PROBLEM)
    found = await execute(items, '{ item(id: "?") { id } }', services)
    assert codes(found) == [(["item"], "BAD_USER_INPUT")]
    assert found.errors[0]["extensions"]["fields"] == [{"path": ["id"], "message": "no such form of id"}]


async def test_what_stolon_said_wrongly_is_not_the_clients(items):
    """400 on a key out of the token is no input of the client's."""
    services = Services()
    services.answer("items", "getItem", json={"detail": "no"}, status=400, headers=PROBLEM)
    found = await execute(items, "{ mine { id } }", services, caller=caller("a", resource={"id": "x"}))
    assert codes(found) == [(["mine"], "UPSTREAM_ERROR")]


PROBLEM = {"content-type": "application/problem+json"}


@pytest.mark.parametrize(("who", "code"), [(None, "UNAUTHENTICATED"), (caller("a"), "FORBIDDEN"),
                                           (caller("a", resource="x"), "FORBIDDEN")])  # fmt: skip
async def test_a_missing_claim_is_refused_before_any_call(items, who, code):
    """A field that needs a claim which the token lacks, or has in another form, is an error and costs no call."""
    services = Services()
    found = await execute(items, "{ mine { id } }", services, caller=who)
    assert (codes(found), services.calls) == ([(["mine"], code)], {})


async def test_a_declared_404_is_null_and_an_undeclared_one_is_not(items):
    """404 on a lookup that declares it is null; elsewhere it looks like a wrong URL and is an error."""
    services = Services()
    services.answer("items", "getItem", status=404)
    services.answer("items", "getUndeclared", status=404)
    found = await execute(items, '{ item(id: "1") { id } undeclared(id: "1") { id } }', services)
    assert found.data == {"item": None, "undeclared": None}
    assert codes(found) == [(["undeclared"], "UPSTREAM_ERROR")]
    found = await execute(items, '{ insisting(id: "1") { id } }', services)
    assert (found.data, codes(found)) == (None, [(["insisting"], "NOT_FOUND")])
