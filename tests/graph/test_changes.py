"""`changes=` of `op(...)`: what it says, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.caching.entity_tags import ANYTHING
from graph.declaring.declare import OperationName
from graph.declaring.schema import Schema
from stolon import rest, testing
from tests.graph.projects import (
    BIG,
    TEXT,
    an,
    contract,
    listed,
    load,
    nullable,
    operation,
    parameter,
    ref,
    refused,
)

SHOP = contract(
    operation("GET /orders/{order_id}", "getOrder", ref("Order")),
    operation(
        "POST /orders/{order_id}/cancel",
        "cancelOrder",
        ref("Order"),
        parameter("seat-row"),
        body=an(
            {
                "customer": an({"id": TEXT, "tags": listed(TEXT)}, optional="id tags"),
                "place": nullable(BIG),
            },
            optional="customer place",
        ),
        body_required=False,
    ),
    operation("GET /seats/{row}/{place}", "getSeat", ref("Seat")),
    operation("GET /users/{id}", "getUser", ref("User")),
    Order=an({"order_id": BIG, "total": TEXT}),
    Seat=an({"row": TEXT, "place": BIG}),
    User=an({"id": TEXT, "name": TEXT}),
    Line=an({"text": TEXT}),
)
MODULE = """
    import strawberry
    from stolon import rest

    shop = rest.contract("shop")
    CANCEL = shop.op("cancelOrder", changes=["User:*"])


    @rest.type(shop.schema("Order"), key="order_id", one=shop.op("getOrder"))
    class Order:
        order_id: rest.auto
        total: rest.auto


    @rest.type(shop.schema("Seat"), key=("row", "place"), one=shop.op("getSeat"))
    class Seat:
        row: rest.auto
        place: rest.auto


    @rest.type(shop.schema("User"), key="id", one=shop.op("getUser"))
    class User:
        id: rest.auto
        name: rest.auto


    @rest.type(shop.schema("Line"))
    class Line:
        text: rest.auto


    @strawberry.type
    class Query:
        order: Order | None = rest.query(shop.op("getOrder"))


    @strawberry.type
    class Mutation:
        cancel: Order | None = rest.mutation(shop.op("cancelOrder"CHANGES))

        @strawberry.mutation
        async def give_up(self, info: rest.Info, id: str) -> str:
            await info.context.call(CANCEL, order_id=id)
            return id

        @strawberry.mutation
        async def wrong(self, info: rest.Info, id: str) -> str:
            await info.context.call(shop.op("cancelOrder", changes=["Usr:*"]), order_id=id)
            return id


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
CANCEL = (
    'mutation { cancel(orderId: "007", seatRow: "c", input: {customer: {id: "a,b"}, place: 4}) { total } }'
)


async def tags(folder: Path, changes: str, query: str = CANCEL) -> set[str]:
    """What one mutation drops, but for what every one does."""
    schema = load(folder, MODULE.replace("CHANGES", changes), {"shop": SHOP})
    services = testing.Services()
    services.answer("shop", "cancelOrder", json={"order_id": 7, "total": "1"})
    answer = await testing.execute(schema, query, services)
    assert answer.errors == []
    [request] = services.requests
    return set(request.tags) - {ANYTHING}


@pytest.mark.parametrize(
    ("changes", "dropped"),
    [
        ("", {"Order:7", "Order:?"}),
        (", changes=[]", set()),
        (", changes=['Order:{order_id}']", {"Order:7", "Order:?"}),
        (", changes=('User:*', 'User:{customer.id}')", {"User:*", "User:a%2Cb", "User:?"}),
        (", changes=['Order:0012', 'User:x%2Ay']", {"Order:12", "Order:?", "User:x%2Ay", "User:?"}),
        (", changes=['Seat:{seat-row},{place}']", {"Seat:c,4", "Seat:?"}),
        (", changes=['Seat:{query:seat_row},4']", {"Seat:c,4", "Seat:?"}),
    ],
)
async def test_a_change_drops_what_is_said_of_it(tmp_path: Path, changes: str, dropped: set[str]) -> None:
    """What `changes` names is dropped, with the values of the call in their canonical form; without it what path and
    answer tell.
    """
    assert await tags(tmp_path, changes) == dropped


@pytest.mark.parametrize(
    "arguments",
    [
        'orderId: "7"', 'orderId: "7", seatRow: "c"', 'orderId: "7", seatRow: "c", input: {}',
        'orderId: "7", seatRow: "c", input: {place: null}', 'orderId: "7", input: {place: 4}',
    ],
)  # fmt: skip
async def test_what_is_left_out_widens_a_change(tmp_path: Path, arguments: str) -> None:
    """Where a part of the key was left out, or is null, any of the type may have changed."""
    query = f"mutation {{ cancel({arguments}) {{ total }} }}"
    assert await tags(tmp_path, ", changes=['Seat:{seat-row},{place}']", query) == {"Seat:*"}


async def test_calls_of_resolvers_say_what_they_change(tmp_path: Path) -> None:
    """`info.context.call` of a declared operation drops what its `op(...)` says."""
    assert await tags(tmp_path, "", 'mutation { giveUp(id: "7") }') == {"User:*"}


async def test_a_mistake_in_a_resolvers_call_is_raised_there(tmp_path: Path) -> None:
    """What is wrong with the changes of a call inside a resolver is told when it is made, and nothing is sent."""
    schema = load(tmp_path, MODULE.replace("CHANGES", ""), {"shop": SHOP})
    services = testing.Services()
    with pytest.raises(TypeError, match="'Usr' is no bound type with a key"):
        schema.graph.call_of(_wrong(schema), {"order_id": "7"}, None)
    answer = await testing.execute(schema, 'mutation { wrong(id: "7") }', services)
    assert [one["extensions"]["code"] for one in answer.errors] == ["INTERNAL_SERVER_ERROR"]
    assert services.requests == []


def _wrong(schema: Schema) -> OperationName:
    bound = schema.graph.contracts.all_read["shop"].name
    return rest.contract(bound).op("cancelOrder", changes=["Usr:*"])


def test_all_mistakes_of_changes_are_told_at_once(tmp_path: Path) -> None:
    """Each is told with its text, what was expected and the nearest name, at the line of its `op(...)`."""
    changes = [
        "Usr:*", "Line:*", "User", "User:", "Order:{oder_id}", "Seat:{seat-row}", "Seat:a{place},b", "Order:x",
        "User:{customer}", "User:{customer.tags}", "User:%", "Order:{order_id",
    ]  # fmt: skip
    told = refused(tmp_path, MODULE.replace("CHANGES", f", changes={changes!r}"), {"shop": SHOP})
    assert told == sorted(
        f"schema.py:38: Mutation.cancel: {message}"
        for message in [
            "changes='Usr:*': 'Usr' is no bound type with a key (there are: Order, Seat, User); did you mean 'User'?",
            "changes='Line:*': 'Line' is no bound type with a key (there are: Order, Seat, User)",
            "changes='User': expected a type's name, a colon and a key, as 'Order:{order_id}' or 'Order:*'",
            "changes='User:': expected a type's name, a colon and a key, as 'Order:{order_id}' or 'Order:*'",
            "changes='Order:{oder_id}': operation 'cancelOrder' has no 'oder_id' (it has order_id, seat-row, "
            "customer, place); did you mean 'order_id'?",
            "changes='Seat:{seat-row}': the key of Seat is 'row', 'place', and this has 1 parts",
            "changes='Seat:a{place},b': expected each part of the key as text or as one '{name}', as "
            "'Order:{order_id}' or 'Order:*'",
            "changes='Order:x': 'x' is no 'order_id' of Order, which is int64",
            "changes='User:{customer}': {customer} is object, and a key is text or an integer; write 'User:*'",
            "changes='User:{customer.tags}': {customer.tags} is array, and a key is text or an integer; write "
            "'User:*'",
            "changes='User:%': expected two hexadecimal digits after each '%', which itself is written '%25'",
            "changes='Order:{order_id': expected each part of the key as text or as one '{name}', as "
            "'Order:{order_id}' or 'Order:*'",
        ]
    )


@pytest.mark.parametrize("changes", ["'Order:*'", "[7]", "7"])
def test_changes_are_a_list_of_texts(tmp_path: Path, changes: str) -> None:
    """A text alone is no list, and is not read letter by letter."""
    told = refused(tmp_path, MODULE.replace("CHANGES", f", changes={changes}"), {"shop": SHOP})
    assert told == [
        "schema.py:38: Mutation.cancel: changes=: expected a list of texts such as 'Order:{order_id}' or 'Order:*'"
    ]


def test_a_read_changes_nothing(tmp_path: Path) -> None:
    """`changes` of a read is a mistake, even where it names nothing."""
    module = MODULE.replace("CHANGES", "").replace('shop.op("getUser")', 'shop.op("getUser", changes=[])')
    told = refused(tmp_path, module, {"shop": SHOP})
    assert told == ["schema.py:20: User one=: changes=: 'getUser' is a read, which changes nothing"]


def test_a_graph_without_keys_says_so(tmp_path: Path) -> None:
    """Where no type has a key, none can be named."""
    module = """
        import strawberry
        from stolon import rest

        shop = rest.contract("shop")


        @strawberry.type
        class Query:
            user: rest.auto = rest.query(shop.op("getUser"))


        @strawberry.type
        class Mutation:
            cancel: rest.auto = rest.mutation(shop.op("cancelOrder", changes=["Order:*"]))


        schema = rest.Schema(query=Query, mutation=Mutation)
    """
    told = refused(tmp_path, module, {"shop": SHOP})
    assert told == [
        "schema.py:14: Mutation.cancel: changes='Order:*': 'Order' is no bound type with a key (there are: none)"
    ]
