"""The plan in an answer's `extensions`: who gets it, and of what it tells."""

from __future__ import annotations

from typing import Any

import pytest

from graph.declaring.schema import Schema
from graph.executing.executor import Answer, GraphQLRequest
from graph.executing.lanes import Lanes
from resolvers.caller import NOBODY, Caller
from stolon import testing
from tests.graph import projects
from tests.graph.test_document_memory import USERS

MODULE = """
    from __future__ import annotations
    from collections.abc import AsyncGenerator
    import strawberry
    from stolon import rest

    users = rest.contract("users")

    @rest.type(users.schema("User"))
    class User:
        id: rest.auto
        name: rest.auto

    @strawberry.type
    class Query:
        user: User | None = rest.query(users.op("getUser"))
        hidden: User | None = rest.query(users.op("getUser"), scopes=["hidden"])

        @strawberry.field
        async def both(self, info: rest.Info) -> list[str]:
            query = '{ a: user(id: "1") { name } b: user(id: "2") { name } c: user(id: "1") { name } }'
            asked = await info.schema.execute(query, context_value=info.context)
            found = await info.context.call(users.op("getUser"), id="3")
            return [*(one["name"] for one in asked.data.values()), found.name]

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def ticks(self) -> AsyncGenerator[int, None]:
            yield 1

    schema = rest.Schema(query=Query, subscription=Subscription)
"""
USER = '{ user(id: "1") { name } }'
REFUSED = {"refused": "Plans are shown in development, and to callers with the project's diagnostic scope."}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """Users by key, and a resolver that executes an operation of its own."""
    return projects.load(tmp_path_factory.mktemp("asked"), MODULE, {"users": USERS})


def lanes(schema: Schema, **options: Any) -> Lanes:
    """Lanes over one service that knows every user."""
    services = testing.Services()
    services.on(
        "users", "getUser", lambda one: testing.answer({"id": "1", "name": one.target.rpartition("/")[2]})
    )
    return Lanes(schema, services.upstreams(schema), **options)


async def asked(over: Lanes, caller: Caller, query: str = USER) -> Answer:
    """The answer to a query that asks for its plan."""
    return await over.execute(GraphQLRequest(query, extensions={"plan": True}), caller, {}, "r-1")


@pytest.mark.parametrize(
    ("options", "caller", "shown"),
    [
        ({}, NOBODY, False),
        ({}, testing.caller("a", scopes=("diagnose",)), False),
        ({"diagnostic_scope": "diagnose"}, testing.caller("a", scopes=("other",)), False),
        ({"diagnostic_scope": "diagnose"}, testing.caller("a", scopes=("diagnose",)), True),
        ({"open_plans": True}, NOBODY, True),
    ],
)
async def test_who_may_not_see_the_plan_gets_the_answer_alone(schema, options, caller, shown):
    """In development everyone sees it, in production callers with the diagnostic scope; others are told that."""
    answer = await asked(lanes(schema, **options), caller)
    assert (answer.data, answer.errors) == ({"user": {"name": "1"}}, [])
    plan = answer.extensions["plan"]
    assert [one["did"]["calls"] for one in plan["steps"]] == [1] if shown else plan == REFUSED


async def test_each_caller_is_told_of_its_own_request(schema):
    """One plan serves all: a step that one caller was refused tells of no call that was made for another."""
    over = lanes(schema, open_plans=True)
    query = '{ hidden(id: "1") { name } }'
    told = [
        (await asked(over, testing.caller("a", scopes=scopes), query)).extensions["plan"]
        for scopes in (("hidden",), (), ("hidden",))
    ]
    assert [[one["did"]["calls"] for one in plan["steps"]] for plan in told] == [[1], [0], [1]]
    assert [len(plan["did"]["calls"]) for plan in told] == [1, 0, 1]
    assert len(schema.plans.kept.get((query, None)).plans) == 1


async def test_what_a_resolver_executes_is_part_of_its_step(schema):
    """The plan told is the request's own, and its step counts every call that its resolver led to."""
    answer = await asked(lanes(schema, open_plans=True), NOBODY, '{ user(id: "9") { id } both }')
    assert (answer.data, answer.errors) == ({"user": {"id": "1"}, "both": ["1", "2", "1", "3"]}, [])
    plan = answer.extensions["plan"]
    assert [(one["path"], one["did"]["calls"], one["did"]["fromStore"]) for one in plan["steps"]] == [
        ("user", 1, 0),
        ("both", 3, 1),
    ]


async def test_an_operation_without_a_plan_says_why(schema):
    """The reference lane has its reason there, a document that is not executed has nothing."""
    over = lanes(schema, open_plans=True)
    answer = await asked(over, NOBODY, "{ __schema { queryType { name } } }")
    assert (answer.extensions["plan"]["lane"], answer.extensions["plan"]["reason"]) == (
        "reference",
        "introspection",
    )
    assert "plan" not in (await asked(over, NOBODY, "{ user(")).extensions
