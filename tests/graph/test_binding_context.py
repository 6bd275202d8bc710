"""Hand-written resolvers beside bound fields: `self`, `needs`, `context.load` and `context.call`."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from stolon import testing
from tests.graph.projects import (
    INT,
    TEXT,
    an,
    contract,
    data,
    error,
    fields_of,
    listed,
    load,
    nullable,
    operation,
    parameter,
    ref,
    refused,
)

USERS = contract(
    operation("GET /users/{id}", "getUser", ref("User"), statuses=("404",)),
    operation("GET /both/{id}", "getBoth", ref("User"), parameter("id")),
    operation("GET /users", "listUsers", listed(ref("User")), parameter("ids", listed(TEXT), explode=False)),
    operation("GET /orgs/{org}/members", "members", listed(ref("User")), parameter("by")),
    operation(
        "POST /users",
        "createUser",
        ref("User"),
        body=an({"name": TEXT, "org": an({"id": TEXT})}, optional="org"),
    ),
    operation("DELETE /users/{id}", "deleteUser"),
    User=an(
        {"id": TEXT, "firstName": TEXT, "last-name": TEXT, "age": nullable(INT), "org": an({"name": TEXT})},
        optional="age",
    ),
)
ANA = {"id": "u-1", "firstName": "Ana", "last-name": "Luz", "age": None, "org": {"name": "O"}}


def module(fields: str, query: str = "") -> str:
    """A module with a user and hand-written fields."""
    inside = "\n".join(f"    {line}" for line in fields.strip().splitlines())
    more = "\n".join(f"    {line}" for line in query.strip().splitlines())
    return f"""
from __future__ import annotations

import strawberry
from stolon import rest

users = rest.contract("users")

@rest.type(users.schema("User"), key="id",
           one=users.op("getUser", {{"path:id": rest.key}}), many=users.op("listUsers", ids=rest.keys))
class User:
    id: rest.auto
{inside}

@strawberry.type
class Query:
    user: User | None = rest.query(users.op("getUser"))
{more}

schema = rest.Schema(query=Query)
"""


def services() -> testing.Services:
    """A service that knows Ana."""
    made = testing.Services()
    made.answer("users", "getUser", json=ANA)
    made.answer("users", "getBoth", json=ANA)
    made.answer("users", "listUsers", json=[ANA, {**ANA, "id": "u-2", "firstName": "Bo"}])
    return made


async def test_self_is_a_record_with_every_property_of_the_contract(tmp_path: Path) -> None:
    """By Python's names, nested and nullable ones too; methods of the type work on it."""
    fields = """
@strawberry.field
def full(self) -> str:
    return f"{self.shown()} {self.last_name} {self.age} {self.org.name} {self.firstName}"

@rest.field(needs=["first_name"], description="Greets.")
async def hello(self, info: rest.Info, loudly: bool = False) -> str:
    return f"Hello {self.first_name}{'!' if loudly else ''} {info.context.caller.subject}"

def shown(self) -> str:
    return self.first_name.upper()
"""
    schema = load(tmp_path, module(fields), {"users": USERS})
    assert fields_of(schema, "User") == [
        "id: ID!",
        "full: String!",
        "hello(loudly: Boolean! = false): String!",
    ]
    found = await data(
        schema, '{ user(id: "u-1") { full hello(loudly: true) } }', services(), caller=testing.caller("me")
    )
    assert found == {"user": {"full": "ANA Luz None O Ana", "hello": "Hello Ana! me"}}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            '@rest.field(needs=["age"])\ndef x(self) -> str:\n    return self.first_name',
            "'first_name' is not among the needs of this resolver",
        ),
        (
            "@strawberry.field\ndef x(self) -> str:\n    return self.first_nam",
            "User has no property 'first_nam'; did you mean 'first_name'?",
        ),
    ],
)
async def test_what_a_record_does_not_have_is_told_in_the_log_with_the_nearest_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fields: str, told: str
) -> None:
    """Clients only learn that it failed."""
    schema = load(tmp_path, module(fields), {"users": USERS})
    with caplog.at_level(logging.ERROR):
        assert await error(schema, '{ user(id: "u-1") { x } }', services()) == {
            "message": "Internal error.",
            "path": ["user", "x"],
            "extensions": {"code": "INTERNAL_SERVER_ERROR"},
        }
    assert told in str(caplog.records[-1].exc_info)


def test_needs_are_checked_when_the_schema_is_built(tmp_path: Path) -> None:
    """A name that the schema does not have is a mistake at the field's line; so is a path above a resolver."""
    fields = """
@rest.field(needs=["first_nam", "age"])
def x(self) -> str:
    return ""

@rest.field(path="age")
def y(self) -> str:
    return ""
"""
    assert refused(tmp_path, module(fields), {"users": USERS}) == [
        "schema.py:12: User.x: needs='first_nam': schema 'User' has no such property; did you mean 'first_name'?",
        "schema.py:16: User.y: path= is for properties, and this is a resolver",
    ]


async def test_load_shares_the_batch_of_bound_fields(tmp_path: Path) -> None:
    """A resolver that loads what a link also wants costs no further call; what there is not is None."""
    query = """
@strawberry.field
async def loaded(self, info: rest.Info, id: strawberry.ID) -> User | None:
    return await info.context.load(User, id)
"""
    schema = load(tmp_path, module("first_name: rest.auto", query), {"users": USERS})
    scripted = services()
    text = """{
        a: loaded(id: "u-1") { id } b: loaded(id: "u-2") { firstName }
        user(id: "u-1") { id } c: loaded(id: "u-9") { id }
    }"""
    assert await data(schema, text, scripted) == {
        "a": {"id": "u-1"},
        "b": {"firstName": "Bo"},
        "user": {"id": "u-1"},
        "c": None,
    }
    assert [one.target for one in scripted.requests] == ["/users?ids=u-1,u-2,u-9"]


CALLS = """
@strawberry.field
async def made(self, info: rest.Info) -> list[User] | None:
    return await info.context.call(users.op("members", by=rest.caller("sub")), org="o 1")

@strawberry.field
async def twice(self, info: rest.Info) -> str:
    one = await info.context.call(users.op("getBoth", {"path:id": "a", "query:id": "b"}))
    other = await info.context.call(users.op("GET /both/{id}", {"query:id": "b"}), **{"path:id": "a"})
    return f"{one == other} {one.last_name}"

@strawberry.field
async def create(self, info: rest.Info) -> User | None:
    body = {"name": "n"}
    made = await info.context.call(users.op("createUser", {"org.id": "o"}), body=body)
    assert body == {"name": "n"}
    return made

@strawberry.field
async def delete(self, info: rest.Info) -> bool:
    return await info.context.call(users.op("deleteUser"), id="u-1")
"""


async def test_call_makes_any_call_of_a_contract(tmp_path: Path) -> None:
    """Bound and given values together; reads are shared; objects come as records, lists as lists of them."""
    schema = load(tmp_path, module("first_name: rest.auto", CALLS), {"users": USERS})
    scripted = services()
    scripted.answer("users", "members", json=[ANA])
    scripted.answer("users", "createUser", json=ANA)
    scripted.on("users", "deleteUser", lambda _: testing.Response(204, {}, b""))
    who = testing.caller("me")
    query = "{ made { firstName } twice }"
    assert await data(schema, query, scripted, caller=who) == {
        "made": [{"firstName": "Ana"}],
        "twice": "True Luz",
    }
    assert sorted(one.target for one in scripted.requests) == ["/both/a?id=b", "/orgs/o%201/members?by=me"]
    assert await data(schema, "{ create { id } }", scripted) == {"create": {"id": "u-1"}}
    assert json.loads(scripted.requests[-1].body or b"") == {"name": "n", "org": {"id": "o"}}
    assert await data(schema, "{ delete }", scripted) == {"delete": True}


MISUSES = [
    (
        "load(Query, 'x')",
        "Query can't be loaded: it is no bound type of this schema with key= and one= or many=",
    ),
    ("load(User, ('a', 'b'))", "User has no such key: expected string"),
    ("load(User, None)", "User has no such key: expected string"),
    ("call(users.op('getUse'))", "contract 'users' has no operation 'getUse'; did you mean 'getUser'?"),
    (
        "call(users.op('getUser'), idd='a')",
        "operation 'getUser' has no 'idd' (it has id); did you mean 'id'?",
    ),
    (
        "call(users.op('getBoth'), id='a')",
        "'id' stands in several places of 'getBoth': write 'path:id' or 'query:id'",
    ),
    (
        "call(users.op('getUser', {'path:id': rest.this('id')}))",
        "'path:id': marks such as rest.this(...) are for fields; give the value",
    ),
    ("call(users.op('getUser'), body={})", "operation 'getUser' takes no body"),
    ("call(users.op('createUser', name='x'), body=[1])", "'name' is bound in a body that is no mapping"),
    (
        "call(users.op('members', by=rest.caller('sub')), by='x')",
        "parameter 'by' of 'members' has its value already",
    ),
    (
        "call(rest.contract('user').op('x'))",
        "'user' is no contract of this schema; did you mean 'users'?",
    ),
]


@pytest.mark.parametrize(("call", "told"), MISUSES)
async def test_misuse_of_the_context_is_a_type_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, call: str, told: str
) -> None:
    """The message names what is wrong and the nearest name; nothing is called."""
    query = f"""
@strawberry.field
async def x(self, info: rest.Info) -> str:
    return str(await info.context.{call})
"""
    schema = load(tmp_path, module("first_name: rest.auto", query), {"users": USERS})
    scripted = services()
    with caplog.at_level(logging.ERROR):
        found = await error(schema, "{ x }", scripted, caller=testing.caller("me"))
    assert found["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert str((caplog.records[-1].exc_info or ("", ""))[1]) == told
    assert scripted.calls == {}


async def test_a_schema_needs_its_context(tmp_path: Path) -> None:
    """Executed without one, bound fields say what is missing."""
    schema = load(tmp_path, module("first_name: rest.auto"), {"users": USERS})
    result = await schema.execute('{ user(id: "1") { id } }', context_value={})
    assert [one.message for one in result.errors or []] == [
        "bound fields need a stolon.Context as the context value, or under its key 'stolon'"
    ]
