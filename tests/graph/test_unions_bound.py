"""Unions of bound types, written by a project or by nobody: where they come from, links from their members, who may
see them, and JSON in their place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graph.declaring.schema import Schema
from stolon.testing import Request, answer, caller, execute
from tests.graph.payments import BOUND, LANES, PAYMENTS, ROOTS, Lane, api, card, cash, voucher
from tests.graph.projects import (
    Doc,
    data,
    fields_of,
    signature,
    type_text,
)
from tests.resolvers.graphs import codes, project


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """A graph with bound types and a union of its own."""
    return project(tmp_path_factory.mktemp("bound"), BOUND + ROOTS, api=PAYMENTS)


def test_bound_types_stand_in_the_union(bound: Schema) -> None:
    """The project's own union stands where it is written; the contract's has the bound types, too, under a name that
    is left.
    """
    assert type_text(bound, "Payment").splitlines()[-1] == "union Payment = Card | Cash | Coupon"
    assert type_text(bound, "ApiPayment").splitlines()[-1] == "union ApiPayment = Card | Cash | Coupon"
    assert fields_of(bound, "Order") == [
        *("id: String!", "main: Payment!", "second: ApiPayment", "every: [Payment!]", "paid: [Payment!]"),
    ]
    assert [
        signature(bound, *one.split("."))
        for one in ("Query.payment", "Query.paged", "Mutation.pay", "Query.card")
    ] == [
        "payment(id: String!): Payment",
        "paged(first: Int, after: String, last: Int, before: String): PaymentConnection",
        "pay(input: JSON!): Payment",
        "card(id: String!): Payment",
    ]


@LANES
async def test_links_from_variants_share_their_batch(bound: Schema, lane: Lane) -> None:
    """Links of different variants to one type are one call, and what is asked of one variant is not called for
    others.
    """
    services = api(listPayments=[card("p1", "b1"), voucher("p2", "b2"), cash("p3"), card("p4", "b2")])
    query = "{payments {...on Card {id last bank {name}} ...on Coupon {bank {name}} ...on Cash {amount}}}"
    assert await data(bound, query, services, lane=lane) == {
        "payments": [
            {"id": "p1", "last": "1", "bank": {"name": "Bank 1"}},
            {"bank": {"name": "Bank 2"}},
            {"amount": "5"},
            {"id": "p4", "last": "1", "bank": {"name": "Bank 2"}},
        ]
    }
    assert services.calls == {"api.listPayments": 1, "api.listBanks": 1}
    assert [one.target for one in services.requests] == ["/payments", "/banks?ids=b1,b2"]
    services = api(listPayments=[card("p1"), cash("p2")], getOrder={"id": "o1", "main": cash("p3")})
    query = "{payments {...on Coupon {bank {name} order {main {...on Cash {id}}}}}}"
    assert await data(bound, query, services, lane=lane) == {"payments": [{}, {}]}
    assert services.calls == {"api.listPayments": 1}


@LANES
async def test_unions_come_from_queries_links_connections_and_mutations(bound: Schema, lane: Lane) -> None:
    """In an envelope, grouped by a property that all variants have, page by page, after a change, and from Python."""

    def of_orders(request: Request) -> Any:
        assert request.target == "/of-orders?order_ids=o1,o2"
        return answer([voucher("p1", order="o2"), cash("p2", "o1"), card("p3", order="o2")])

    services = api(
        getPayment={"data": voucher("p9")},
        listOrders=[{"id": "o1", "main": cash("p2")}, {"id": "o2", "main": card("p3"), "all": [cash("p4")]}],
        getOrder={"id": "o1", "main": cash("p2"), "second": voucher("p8")},
        pagePayments={"items": [card("p5"), cash("p6")], "total": 3},
        listPayments=[cash("p7")],
        getCard=card("p8"),
    )
    services.on("api", "listOfOrders", of_orders)
    names = "{__typename ...on Card {id} ...on Cash {id} ...on Coupon {id}}"
    query = f"""{{
        payment(id: "p9") {{...on Coupon {{order {{second {names}}}}}}}
        orders {{main {names} every {names} paid {names}}}
        paged(first: 2) {{totalCount nodes {names} edges {{node {{__typename}}}}}}
        called {names}
        card(id: "p8") {names}
    }}"""

    def one(kind: str, key: str) -> Doc:
        return {"__typename": kind, "id": key}

    assert await data(bound, query, services, lane=lane) == {
        "payment": {"order": {"second": one("Coupon", "p8")}},
        "orders": [
            {"main": one("Cash", "p2"), "every": None, "paid": [one("Cash", "p2")]},
            {
                "main": one("Card", "p3"),
                "every": [one("Cash", "p4")],
                "paid": [one("Coupon", "p1"), one("Card", "p3")],
            },
        ],
        "paged": {
            "totalCount": 3,
            "nodes": [one("Card", "p5"), one("Cash", "p6")],
            "edges": [{"node": {"__typename": "Card"}}, {"node": {"__typename": "Cash"}}],
        },
        "called": [one("Cash", "p7")],
        "card": one("Card", "p8"),
    }
    assert services.calls == {
        "api.getPayment": 1,
        "api.listOrders": 1,
        "api.pagePayments": 1,
        "api.listPayments": 1,
        "api.getCard": 1,
        "api.getOrder": 1,
        "api.listOfOrders": 1,
    }
    services = api(pay=card("p1"))
    query = 'mutation {pay(input: {kind: "card", free: [1]}) {...on Card {id}}}'
    assert await data(bound, query, services, lane=lane) == {"pay": {"id": "p1"}}
    assert [one.body for one in services.requests] == [b'{"kind":"card","free":[1]}']


@LANES
async def test_a_restricted_variant_is_withheld_field_by_field(tmp_path: Path, lane: Lane) -> None:
    """The others are seen, as through any union."""
    module = (
        BOUND.replace(
            '@rest.type(api.schema("Card"))', '@rest.type(api.schema("Card"), scopes=["cards"])'
        ).replace("id: rest.auto\n    digits: rest.auto", "id: str | None\n    digits: rest.auto")
        + ROOTS
    )
    schema = project(tmp_path, module, api=PAYMENTS)
    services = api(listPayments=[card("p1"), cash("p2")])
    query = "{payments {__typename ...on Card {id} ...on Cash {cash: id}}}"
    result = await execute(schema, query, services, caller=caller("ana"), lane=lane)
    assert result.data == {
        "payments": [{"__typename": "Card", "id": None}, {"__typename": "Cash", "cash": "p2"}]
    }
    assert codes(result) == [(["payments", 0, "id"], "FORBIDDEN")]


@LANES
async def test_json_takes_what_stands_there_as_it_is(tmp_path: Path, lane: Lane) -> None:
    """Whoever wrote JSON for a oneOf keeps it; objects are taken likewise, and leaves stay checked."""
    module = """
    from strawberry.scalars import JSON

    @rest.type(api.schema("Order"))
    class Order:
        main: JSON
        all: list[JSON] | None
        id: JSON

    @strawberry.type
    class Query:
        order: Order | None = rest.query(api.op("getOrder"))
        whole: JSON | None = rest.query(api.op("getOrder"))
        payments: list[JSON] | None = rest.query(api.op("listPayments"))

    schema = rest.Schema(query=Query)
    """
    schema = project(tmp_path, module, api=PAYMENTS)
    order = {"id": "o1", "main": {"kind": "gold", "x": [1, None]}, "all": [{"a": 1}]}
    services = api(getOrder=order, listPayments=[{"kind": 1}])
    query = '{order(id: "o1") {main all id} whole(id: "o1") payments}'
    assert await data(schema, query, services, lane=lane) == {
        "order": order,
        "whole": order,
        "payments": [{"kind": 1}],
    }
    result = await execute(schema, '{order(id: "o1") {id}}', api(getOrder={**order, "id": 1}), lane=lane)
    assert codes(result) == [(["order", "id"], "CONTRACT_VIOLATION")]
