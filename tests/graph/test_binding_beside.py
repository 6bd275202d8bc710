"""Plain Strawberry beside bound types: interfaces, unions, permissions, extensions, inheritance."""

from __future__ import annotations

from pathlib import Path

from graph.project.project import load_schema
from stolon import testing
from tests.graph.projects import (
    data,
    error,
    field_text,
    fields_of,
    load,
    type_text,
)
from tests.graph.test_extend import USERS

PLAIN = """
    import enum
    import strawberry
    from strawberry.extensions import FieldExtension
    from strawberry.permission import BasePermission
    from stolon import rest

    users = rest.contract("users")
    asked = []

    @strawberry.interface
    class Named:
        name: str | None

        @strawberry.field
        def greeting(self) -> str:
            return f"Hi {self.name}"

    class Nobody(BasePermission):
        message = "not you"

        def has_permission(self, source, info, **kwargs):
            asked.append(kwargs)
            return False

    class Loud(FieldExtension):
        async def resolve_async(self, next_, source, info, **kwargs):
            found = await next_(source, info, **kwargs)
            return found

        def resolve(self, next_, source, info, **kwargs):
            return next_(source, info, **{**kwargs, "id": kwargs["id"].lower()})

    @rest.type(users.schema("User"), key="id", one=users.op("getUser"))
    class User(Named):
        id: rest.auto
        name: rest.auto

    @rest.type(users.schema("Admin"), key="id", one=users.op("getAdmin"))
    class Admin(User):
        level: rest.auto

    @rest.type(users.schema("User"), key="id")
    class Card:
        title: rest.auto = rest.field(path="name")

    @strawberry.type
    class Pair:
        left: User | None
        right: "Admin | None" = None
        label: str = "pair"

    @strawberry.type
    class Query:
        user: User | None = rest.query(users.op("getUser"))
        admin: Admin | None = rest.query(users.op("getAdmin"))
        card: Card | None = rest.query(users.op("getUser"))
        secret: User | None = rest.query(users.op("getUser"), permission_classes=[Nobody])
        lower: User | None = rest.query(users.op("getUser"), extensions=[Loud()])

        @strawberry.field
        async def named(self, info: rest.Info, id: str) -> Named | None:
            return await info.context.load(Admin if id.startswith("a") else User, id)

        @strawberry.field
        async def either(self, info: rest.Info, id: str) -> "User | Admin | None":
            return await info.context.load(Admin if id.startswith("a") else User, id)

        @strawberry.field
        async def pair(self, info: rest.Info) -> Pair:
            return Pair(left=await info.context.load(User, "u"), right=await info.context.load(Admin, "a"))

    schema = rest.Schema(query=Query)
"""


def people() -> testing.Services:
    """Services that know a user and an admin."""
    made = testing.Services()
    made.answer("users", "getUser", json={"id": "u", "name": "Ana"})
    made.answer("users", "getAdmin", json={"id": "a", "name": "Bo", "level": "9"})
    return made


async def test_records_are_what_unions_interfaces_and_plain_types_take_them_for(tmp_path: Path) -> None:
    """A record is an instance of its bound type, and a bound type may be a base class of another."""
    schema = load(tmp_path, PLAIN, {"users": USERS})
    assert type_text(schema, "Admin").splitlines()[0] == (
        'type Admin implements Named @source(service: "users", schema: "Admin") {'
    )
    assert fields_of(schema, "User") == ["name: String!", "greeting: String!", "id: ID!"]
    assert fields_of(schema, "Admin") == ["name: String", "greeting: String!", "id: ID!", "level: String!"]
    assert fields_of(schema, "Card") == ["title: String!"]
    scripted = people()
    query = """{
        a: named(id: "a") { __typename name greeting } u: named(id: "u") { __typename name }
        one: either(id: "a") { __typename ... on Admin { level } ... on User { id } }
        pair { label left { name } right { level greeting } }
        card(id: "u") { title }
    }"""
    assert await data(schema, query, scripted) == {
        "a": {"__typename": "Admin", "name": "Bo", "greeting": "Hi Bo"},
        "u": {"__typename": "User", "name": "Ana"},
        "one": {"__typename": "Admin", "level": "9"},
        "pair": {"label": "pair", "left": {"name": "Ana"}, "right": {"level": "9", "greeting": "Hi Bo"}},
        "card": {"title": "Ana"},
    }
    assert scripted.calls == {"users.getUser": 1, "users.getAdmin": 1}


async def test_strawberrys_permissions_and_extensions_run_before_the_fields_call(tmp_path: Path) -> None:
    """A refused field calls nothing; an extension may change what is asked."""
    schema = load(tmp_path, PLAIN, {"users": USERS})
    scripted = people()
    found = await error(schema, '{ secret(id: "u") { name } }', scripted)
    assert (found["message"], found["path"]) == ("not you", ["secret"])
    assert scripted.calls == {}
    assert await data(schema, '{ lower(id: "U") { name } }', scripted) == {"lower": {"name": "Ana"}}
    assert [one.target for one in scripted.requests] == ["/users/u"]


async def test_a_schema_may_be_built_twice_from_the_same_types(tmp_path: Path) -> None:
    """Two schemas of one module stand beside each other, as for a public and an internal graph."""
    text = (
        PLAIN
        + """
    @strawberry.type
    class Internal:
        user: User | None = rest.query(users.op("getUser"))

    internal = rest.Schema(query=Internal)
"""
    )
    schema = load(tmp_path, text, {"users": USERS})
    internal = load_schema(tmp_path, "schema:internal")
    assert field_text(schema, "Query", "user").replace("id: ID!", "") == field_text(
        internal, "Internal", "user"
    ).replace("id: ID!", "")
    assert await data(schema, '{ admin(id: "a") { name level } }', people()) == {
        "admin": {"name": "Bo", "level": "9"}
    }
    assert await data(internal, '{ user(id: "u") { name } }', people()) == {"user": {"name": "Ana"}}


async def test_what_graphql_does_not_show_is_no_property(tmp_path: Path) -> None:
    """Private, class variables and attributes with values stay Python's own."""
    text = """
        from __future__ import annotations

        from dataclasses import InitVar
        from typing import ClassVar

        import strawberry
        from stolon import rest

        users = rest.contract("users")

        @rest.type(users.schema("User"))
        class User:
            greeting: ClassVar[str] = "Hi"
            count: ClassVar[int]
            secret: strawberry.Private[str]
            later: strawberry.Private[Later]
            name: rest.auto

            @strawberry.field
            def hello(self) -> str:
                return f"{self.greeting} {self.name}"

        class Later:
            pass

        @strawberry.type
        class Query:
            user: User | None = rest.query(users.op("getUser"))

        schema = rest.Schema(query=Query)
    """
    schema = load(tmp_path, text, {"users": USERS})
    assert fields_of(schema, "User") == ["name: String!", "hello: String!"]
    assert await data(schema, '{ user(id: "u") { hello } }', people()) == {"user": {"hello": "Hi Ana"}}
