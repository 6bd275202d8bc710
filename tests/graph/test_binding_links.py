"""Links: by key, by operation and grouped, each with as few calls as its operations allow."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from stolon import testing
from tests.graph.projects import (
    BIG,
    TEXT,
    an,
    contract,
    data,
    error,
    field_text,
    listed,
    load,
    nullable,
    operation,
    parameter,
    ref,
    signature,
)

USERS = contract(
    operation("GET /users/{user-id}", "getUser", ref("User"), statuses=("404",)),
    operation(
        "GET /users",
        "listUsers",
        an({"data": listed(ref("User"))}),
        parameter("ids", listed(TEXT, maxItems=3)),
    ),
    User=an({"id": TEXT, "name": TEXT, "bossId": nullable(TEXT)}, optional="bossId"),
)
ORDERS = contract(
    operation("GET /orders", "listOrders", listed(ref("Order")), parameter("customer"), parameter("state")),
    operation(
        "POST /payments/search",
        "searchPayments",
        listed(ref("Payment")),
        body=an({"orders": listed(TEXT), "kind": TEXT}, optional="kind"),
    ),
    operation(
        "GET /invoices",
        "listInvoices",
        listed(ref("Invoice")),
        parameter("order", listed(BIG), explode=False),
    ),
    Order=an(
        {"id": TEXT, "number": BIG, "buyer": an({"id": TEXT}), "customerId": TEXT}, optional="customerId"
    ),
    Payment=an({"id": TEXT, "orderId": TEXT}),
    Invoice=an({"id": TEXT, "for": an({"order": BIG})}),
)
MODULE = """
    import strawberry
    from stolon import rest

    users = rest.contract("users")
    orders = rest.contract("orders")

    @rest.type(users.schema("User"), key="id", one=users.op("getUser", user_id=rest.key),
               many=users.op("listUsers", ids=rest.keys))
    class User:
        id: rest.auto
        name: rest.auto
        boss: "User | None" = rest.link(key="boss_id")
        orders: "list[Order] | None" = rest.link(orders.op("listOrders", customer=rest.this("id")))

    @rest.type(orders.schema("Order"), key="id")
    class Order:
        id: rest.auto
        customer: User | None = rest.link(key="customerId")
        buyer: User | None = rest.link(key="buyer.id")
        same_buyer: User | None = rest.link(users.op("getUser", user_id=rest.this("buyer.id")))
        payments: "list[Payment] | None" = rest.link(
            orders.op("searchPayments", orders=rest.each("id"), safe=True, kind="card"), group_by="order_id")
        invoice: "Invoice | None" = rest.link(
            orders.op("listInvoices", order=rest.each("number")), group_by="for_.order")

    @rest.type(orders.schema("Payment"))
    class Payment:
        id: rest.auto

    @rest.type(orders.schema("Invoice"))
    class Invoice:
        id: rest.auto

    @strawberry.type
    class Query:
        user: User | None = rest.query(users.op("getUser"))
        orders: list[Order] | None = rest.query(orders.op("listOrders"))

    schema = rest.Schema(query=Query)
"""


def orders(*rows: dict) -> testing.Services:
    """Services that have these orders, and every user that is asked for but `gone`."""
    made = testing.Services()

    def many(request: testing.Request) -> testing.Response:
        ids = [one for text in parse_qs(urlsplit(request.target).query)["ids"] for one in text.split(",")]
        return testing.answer(
            {"data": [{"id": one, "name": f"n-{one}"} for one in reversed(ids) if one != "gone"]}
        )

    def one(request: testing.Request) -> testing.Response:
        found = request.target.rsplit("/", 1)[1]
        boss = {"bossId": "b"} if found == "a" else {}
        return testing.answer({"id": found, "name": f"n-{found}", **boss}, 404 if found == "gone" else 200)

    made.on("users", "listUsers", many)
    made.on("users", "getUser", one)
    made.answer("orders", "listOrders", json=list(rows))
    return made


def order(id_: str, buyer: str, customer: str | None = None, number: int = 1) -> dict:
    """An order; a customer of None is not stated."""
    return {
        "id": id_,
        "number": number,
        "buyer": {"id": buyer},
        **({} if customer is None else {"customerId": customer}),
    }


def test_links_print_where_they_come_from(tmp_path: Path) -> None:
    """A link by key names the operations that it is served by; a grouped one has no argument for its list."""
    schema = load(tmp_path, MODULE, {"users": USERS, "orders": ORDERS})
    by_key = 'User @source(service: "users", operations: ["getUser", "listUsers"])'
    assert field_text(schema, "Order", "customer") == f"customer: {by_key}"
    assert field_text(schema, "Order", "sameBuyer") == f"sameBuyer: {by_key}"
    assert signature(schema, "Order", "payments") == "payments: [Payment!]"
    assert signature(schema, "Order", "invoice") == "invoice: Invoice"
    assert signature(schema, "User", "orders") == "orders(state: String): [Order!]"


async def test_links_by_key_share_batches_slots_and_the_contracts_limit(tmp_path: Path) -> None:
    """Keys of all links of one level go together, each once, in batches of `maxItems`; a missing object is null."""
    schema = load(tmp_path, MODULE, {"users": USERS, "orders": ORDERS})
    scripted = orders(order("1", "a", "b"), order("2", "c", "gone"), order("3", "a"), order("4", "d", "c"))
    query = "{ orders { customer { name } buyer { name } sameBuyer { id } } }"
    assert await data(schema, query, scripted) == {
        "orders": [
            {"customer": {"name": "n-b"}, "buyer": {"name": "n-a"}, "sameBuyer": {"id": "a"}},
            {"customer": None, "buyer": {"name": "n-c"}, "sameBuyer": {"id": "c"}},
            {"customer": None, "buyer": {"name": "n-a"}, "sameBuyer": {"id": "a"}},
            {"customer": {"name": "n-c"}, "buyer": {"name": "n-d"}, "sameBuyer": {"id": "d"}},
        ]
    }
    assert scripted.calls == {"orders.listOrders": 1, "users.listUsers": 2}


async def test_a_single_key_goes_through_one_and_a_null_key_nowhere(tmp_path: Path) -> None:
    """A property that is null or absent has nothing at its other end."""
    schema = load(tmp_path, MODULE, {"users": USERS, "orders": ORDERS})
    scripted = orders()
    query = '{ user(userId: "a") { name boss { id boss { id } } } }'
    assert await data(schema, query, scripted) == {"user": {"name": "n-a", "boss": {"id": "b", "boss": None}}}
    assert [one.target for one in scripted.requests] == ["/users/a", "/users/b"]


async def test_a_link_by_operation_is_one_call_for_each_parent_and_equal_ones_are_one(tmp_path: Path) -> None:
    """What nobody binds is the link's argument."""
    schema = load(tmp_path, MODULE, {"users": USERS, "orders": ORDERS})
    scripted = orders(order("1", "a"))
    query = """{ user(userId: "a") {
        orders(state: "new") { id } same: orders(state: "new") { id } all: orders { id } } }"""
    one = [{"id": "1"}]
    assert await data(schema, query, scripted) == {"user": {"orders": one, "same": one, "all": one}}
    assert sorted(request.target for request in scripted.requests) == [
        "/orders?customer=a",
        "/orders?customer=a&state=new",
        "/users/a",
    ]


async def test_a_grouped_link_is_one_call_for_all_parents(tmp_path: Path) -> None:
    """Items go to the parent whose value they repeat; a parent without items has an empty list."""
    schema = load(tmp_path, MODULE, {"users": USERS, "orders": ORDERS})
    scripted = orders(order("1", "a"), order("2", "b"))
    scripted.answer(
        "orders",
        "searchPayments",
        json=[{"id": "p1", "orderId": "1"}, {"id": "p2", "orderId": "9"}, {"id": "p3", "orderId": "1"}],
    )
    assert await data(schema, "{ orders { payments { id } } }", scripted) == {
        "orders": [{"payments": [{"id": "p1"}, {"id": "p3"}]}, {"payments": []}]
    }
    assert [one.body for one in scripted.requests[1:]] == [b'{"orders":["1","2"],"kind":"card"}']


async def test_a_grouped_link_may_lead_to_one_item(tmp_path: Path) -> None:
    """Matched as integers, at a path within the item; two items for one parent break the contract."""
    schema = load(tmp_path, MODULE, {"users": USERS, "orders": ORDERS})
    scripted = orders(order("1", "a", number=7), order("2", "b", number=8), order("3", "c", number=9))
    items = [{"id": "i8", "for": {"order": 8}}, {"id": "i7", "for": {"order": 7}}]
    scripted.answer("orders", "listInvoices", json=items)
    expected = {"orders": [{"invoice": {"id": "i7"}}, {"invoice": {"id": "i8"}}, {"invoice": None}]}
    assert await data(schema, "{ orders { invoice { id } } }", scripted) == expected
    assert scripted.requests[1].target == "/invoices?order=7,8,9"
    scripted.answer("orders", "listInvoices", json=[*items, items[0]])
    found = await error(schema, "{ orders { invoice { id } } }", scripted)
    assert (found["path"], found["extensions"]["violation"]) == (
        ["orders", 1, "invoice"],
        {"path": "$[2]", "expected": "one item for each parent", "found": "another"},
    )
