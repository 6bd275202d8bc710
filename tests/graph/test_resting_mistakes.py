"""What rests on a type that is wrong already is told no mistake of its own."""

from __future__ import annotations

from pathlib import Path

from tests.graph.projects import INT, TEXT, an, contract, listed, operation, parameter, ref, refused

USERS = contract(
    operation("GET /users/{id}", "getUser", ref("User")),
    operation("GET /users", "listUsers", listed(ref("User")), parameter("ids", listed(TEXT))),
    operation("GET /deep", "deepUser", an({"data": an({"user": ref("User")})})),
    operation("GET /numbers", "numbers", listed(TEXT), parameter("page", INT), parameter("per_page", INT)),
    operation("PUT /users/{id}", "putUser", ref("User"), body=ref("User")),
    operation("GET /other", "getOther", ref("Other")),
    User=an({"id": TEXT}),
    Other=an({"id": TEXT}),
)
RESTING = """
    import strawberry
    from stolon import rest

    users = rest.contract("users")

    @rest.type(users.schema("Usr"), key="id", one=users.op("getUser", id=rest.key))
    class User:
        id: rest.auto
        friend: "User | None" = rest.link(key="id")
        kin: "list[User] | None" = rest.link(users.op("listUsers", ids=rest.each("id")), group_by="id")
        self: "User | None" = rest.link(users.op("getUser", id=rest.this("id")))

    @rest.type(users.schema("Other"), key="id")
    class Other:
        id: rest.auto
        user: User | None = rest.link(key="id")

    @strawberry.type
    class Query:
        user: User | None = rest.query(users.op("getUser"))
        many: list[User] | None = rest.query(users.op("deepUser"))
        other: Other | None = rest.query(users.op("getOther"))
        paged: rest.Connection[User] | None = rest.connection(users.op("numbers"))
        wrong: User | None = rest.query(users.op("getUsr"))

    @strawberry.type
    class Mutation:
        put: User | None = rest.mutation(users.op("putUser", changes=["User:{id}"]))

    schema = rest.Schema(query=Query, mutation=Mutation)
"""


def test_what_rests_on_a_type_that_is_wrong_is_not_told(tmp_path: Path) -> None:
    """A schema by a wrong name is one mistake; so is a contract that can't be read. What is wrong for reasons of its
    own is told beside it.
    """
    assert refused(tmp_path, RESTING, {"users": USERS}) == [
        "schema.py:6: User: contract 'users' has no schema 'Usr'; did you mean 'User'?",
        "schema.py:24: Query.wrong: contract 'users' has no operation 'getUsr'; did you mean 'getUser'?",
    ]
    told = refused(tmp_path, RESTING, {"users": {**USERS, "paths": []}})
    assert told == [one for one in told if one.startswith("contracts/users.json:")] != []


def test_a_change_of_a_type_whose_key_is_wrong_is_not_told(tmp_path: Path) -> None:
    """The key is the mistake, and told at the type."""
    module = """
        import strawberry
        from stolon import rest

        users = rest.contract("users")

        @rest.type(users.schema("User"), key="idd")
        class User:
            id: rest.auto

        @strawberry.type
        class Query:
            user: User | None = rest.query(users.op("getUser"))

        @strawberry.type
        class Mutation:
            put: User | None = rest.mutation(users.op("putUser", changes=["User:{id}"]))

        schema = rest.Schema(query=Query, mutation=Mutation)
    """
    assert refused(tmp_path, module, {"users": USERS}) == [
        "schema.py:6: User: key='idd': schema 'User' has no property 'idd'; did you mean 'id'?"
    ]
