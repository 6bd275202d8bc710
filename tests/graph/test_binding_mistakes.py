# ruff: noqa: E501 - what is told of a line stands beside it
"""Further mistakes, told like all others: unbound keys, extensions, answers without what is picked from them."""

from __future__ import annotations

import re
from pathlib import Path

from tests.graph.projects import (
    INT,
    TEXT,
    an,
    contract,
    listed,
    operation,
    parameter,
    ref,
    refused,
)

MORE = """
import strawberry
from stolon import rest

users = rest.contract("users")


@rest.type(users.schema("User"), key="id", one=users.op("getIn"))  #! User one=: nobody binds 'org', 'kind' of 'getIn'
class User:
    id: rest.auto


@rest.type(users.schema("User"), key="id", many=users.op("find", ids=rest.keys, safe=True))  #! Found many=: nobody binds 'kind' of 'find'
class Found:
    id: rest.auto


@rest.extend(User)  #! User.id: the type has a field of this name already
class More:
    id: rest.auto
    more: rest.auto  #! User.more: schema 'User' of contract 'users' has no property 'more'


@strawberry.type
class Query:
    a: User | None = rest.query(users.op("empty", pick="data"))  #! Query.a: the answer of 'empty' has no JSON body to pick 'data' from
    b: User | None = rest.query(users.op("failing"))  #! Query.b: operation 'failing' declares no successful answer
    c: list[User] | None = rest.query(users.op("paged", pick="other"))  #! Query.c: its pages hold their items at 'data', not at 'other'
    d: list[User] | None = rest.link(users.op("find", ids=rest.each("id"), safe=True), group_by="id")  #! Query.d: ids=rest.each('id'): there is no parent here; it is for fields of bound types
    e: Found | None = rest.query(users.op("paged", pick="data.0"))  #! Query.e: pick='data.0': there is no '0' (the answer is array there)


schema = rest.Schema(query=Query)
"""


def test_further_kinds_of_mistakes_are_told_the_same_way(tmp_path: Path) -> None:
    """Unbound keys, extensions, and answers without what is picked from them."""
    answers = an({"data": listed(ref("User")), "other": listed(ref("User")), "total": INT})
    failing = operation("GET /failing", "failing")
    failing["/failing"]["get"]["responses"] = {"404": {"description": "never"}}
    users = contract(
        operation("GET /orgs/{org}/users/{id}", "getIn", ref("User"), parameter("kind", required=True)),
        operation("POST /find", "find", listed(ref("User")), body=an({"ids": listed(TEXT), "kind": TEXT})),
        operation("GET /empty", "empty"),
        operation("GET /paged", "paged", answers, parameter("page", INT), parameter("per_page", INT)),
        failing,
        User=an({"id": TEXT}),
    )
    expected = []
    for number, line in enumerate(MORE.lstrip("\n").splitlines(), 1):
        _, _, told = line.partition("#!")
        expected += [f"schema.py:{number}: {told.strip()}"] if told else []
    assert refused(tmp_path, re.sub(r"  #!.*", "", MORE), {"users": users}) == expected


def test_a_field_that_hides_a_contract_says_so(tmp_path: Path) -> None:
    """In a class body Python takes the field for the contract of the same name; the message says what to do."""
    users = contract(operation("GET /user", "getUser", ref("User")), User=an({"id": TEXT}))
    text = """
        import strawberry
        from stolon import rest

        users = rest.contract("users")

        @strawberry.type
        class Query:
            users: rest.auto = rest.query(users.op("getUser"))
            other: rest.auto = rest.query(users.op("getUser"))

        schema = rest.Schema(query=Query)
    """
    assert refused(tmp_path, text, {"users": users}) == [
        "schema.py:9: AttributeError: '.op' of a field: in a class body, a field hides the contract of the same name "
        "from the lines below it; give the contract another name"
    ]
