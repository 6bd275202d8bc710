"""`rest.extend`, modules that need each other, inheritance, and plain Strawberry beside bound types."""

from __future__ import annotations

from pathlib import Path

from stolon import testing
from tests.graph.projects import (
    TEXT,
    an,
    contract,
    data,
    fields_of,
    listed,
    load,
    operation,
    parameter,
    ref,
)

USERS = contract(
    operation("GET /users/{id}", "getUser", ref("User")),
    operation("GET /users", "listUsers", listed(ref("User")), parameter("ids", listed(TEXT), explode=False)),
    operation("GET /admins/{id}", "getAdmin", ref("Admin")),
    User=an({"id": TEXT, "name": TEXT}),
    Admin=an({"id": TEXT, "name": {"type": ["string", "null"]}, "level": TEXT}),
)
ORDERS = contract(
    operation("GET /orders", "listOrders", listed(ref("Order")), parameter("user")),
    Order=an({"id": TEXT, "userId": TEXT}),
)


async def test_links_between_modules_that_need_each_other(tmp_path: Path) -> None:
    """The later module extends the earlier one's type; both directions work, also on a plain type."""
    users = """
        from __future__ import annotations

        import strawberry
        from stolon import rest

        users = rest.contract("users")

        @rest.type(users.schema("User"), key="id", one=users.op("getUser"),
                   many=users.op("listUsers", ids=rest.keys))
        class User:
            id: rest.auto
            name: rest.auto

        @strawberry.type
        class Stats:
            count: int

        @strawberry.type
        class Query:
            user: User | None = rest.query(users.op("getUser"))

            @strawberry.field
            def stats(self) -> Stats:
                return Stats(count=1)
    """
    sales = """
        from __future__ import annotations

        import strawberry
        from people import Query, Stats, User
        from stolon import rest

        api = rest.contract("orders")

        @rest.type(api.schema("Order"), key="id")
        class Order:
            id: rest.auto
            user: "User | None" = rest.link(key="user_id")

        @rest.extend(User)
        class UserOrders:
            orders: list[Order] | None = rest.link(api.op("listOrders", user=rest.this("id")))
            surname: rest.auto = rest.field(path="name")

            @strawberry.field
            def shout(self) -> str:
                return self.name.upper()

        @rest.extend(Stats)
        class MoreStats:
            orders: list[Order] | None = rest.query(api.op("listOrders"))

            @strawberry.field
            def double(self) -> int:
                return self.count * 2

        @rest.extend(Query)
        class MoreQuery:
            orders: list[Order] | None = rest.query(api.op("listOrders"))
    """
    schema = load(
        tmp_path,
        "from sales import Query\nfrom stolon import rest\n\nschema = rest.Schema(query=Query)\n",
        {"users": USERS, "orders": ORDERS},
        people=users,
        sales=sales,
    )
    assert fields_of(schema, "User") == [
        "id: ID!",
        "name: String!",
        "orders: [Order!]",
        "surname: String!",
        "shout: String!",
    ]
    scripted = testing.Services()
    scripted.answer("users", "getUser", json={"id": "u", "name": "Ana"})
    scripted.answer("orders", "listOrders", json=[{"id": "o", "userId": "u"}])
    query = """{ user(id: "u") { surname shout orders { user { name } } }
        stats { double orders { id } } orders { id } }"""
    assert await data(schema, query, scripted) == {
        "user": {"surname": "Ana", "shout": "ANA", "orders": [{"user": {"name": "Ana"}}]},
        "stats": {"double": 2, "orders": [{"id": "o"}]},
        "orders": [{"id": "o"}],
    }
    assert scripted.calls == {"users.getUser": 1, "orders.listOrders": 2}


async def test_modules_that_import_each_other_name_types_lazily(tmp_path: Path) -> None:
    """Strawberry's own `lazy` works in links, lists and connections."""
    module = """
        from typing import TYPE_CHECKING, Annotated

        import strawberry
        from stolon import rest

        if TYPE_CHECKING:
            from {other} import {Other}

        api = rest.contract("{api}")
    """
    users = (
        module.format(other="sales", Other="Order", api="users")
        + """
        sales = rest.contract("orders")

        @rest.type(api.schema("User"), key="id", one=api.op("getUser"))
        class User:
            id: rest.auto
            orders: list[Annotated["Order", strawberry.lazy("sales")]] | None = rest.link(
                sales.op("listOrders", user=rest.this("id")))
    """
    )
    sales = (
        module.format(other="people", Other="User", api="orders")
        + """
        @rest.type(api.schema("Order"), key="id")
        class Order:
            id: rest.auto
            user: Annotated["User", strawberry.lazy("people")] | None = rest.link(key="user_id")
    """
    )
    root = """
        import strawberry
        import people
        import sales
        from stolon import rest

        @strawberry.type
        class Query:
            user: people.User | None = rest.query(people.api.op("getUser"))

        schema = rest.Schema(query=Query)
    """
    schema = load(tmp_path, root, {"users": USERS, "orders": ORDERS}, people=users, sales=sales)
    assert fields_of(schema, "User") == ["id: ID!", "orders: [Order!]"]
    scripted = testing.Services()
    scripted.answer("users", "getUser", json={"id": "u", "name": "Ana"})
    scripted.answer("orders", "listOrders", json=[{"id": "o", "userId": "u"}])
    assert await data(schema, '{ user(id: "u") { orders { user { id } } } }', scripted) == {
        "user": {"orders": [{"user": {"id": "u"}}]}
    }
    assert scripted.calls == {"users.getUser": 1, "orders.listOrders": 1}
