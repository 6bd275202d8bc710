"""A contract of payments by card, cash and voucher, graphs over it, and answers of its service."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import pytest

from stolon.testing import Services
from tests.graph.projects import (
    INT,
    TEXT,
    Doc,
    an,
    contract,
    listed,
    nullable,
    operation,
    parameter,
    ref,
)
from tests.resolvers.graphs import rows_of

Lane: TypeAlias = Literal["plan", "reference"]
LANES = pytest.mark.parametrize("lane", ["plan", "reference"])
"""Unions are told apart on both lanes."""

BY = {"propertyName": "kind"}
PAID = {
    "oneOf": [ref("Card"), ref("Cash"), ref("Voucher")],
    "discriminator": {**BY, "mapping": {"card": "Card", "cash": "Cash", "voucher": "Voucher"}},
    "description": "How it was paid.",
}
EXACT = {"type": "number", "format": "decimal"}
PAYMENTS = contract(
    operation("GET /payments", "listPayments", listed(ref("Payment"))),
    operation("GET /payments/{id}", "getPayment", an({"data": ref("Payment")})),
    operation("POST /payments", "pay", ref("Payment"), body=ref("Payment")),
    operation(
        "GET /paged",
        "pagePayments",
        an({"items": listed(ref("Payment")), "total": INT}),
        parameter("page", INT),
        parameter("size", {**INT, "maximum": 2, "default": 2}),
    ),
    operation(
        "GET /of-orders",
        "listOfOrders",
        listed(ref("Payment")),
        parameter("order_ids", listed(TEXT), required=True, explode=False),
    ),
    operation("GET /orders", "listOrders", listed(ref("Order"))),
    operation("GET /orders/{id}", "getOrder", ref("Order")),
    operation(
        "GET /banks",
        "listBanks",
        listed(ref("Bank")),
        parameter("ids", listed(TEXT), required=True, explode=False),
    ),
    operation("GET /cards/{id}", "getCard", ref("Card")),
    Payment=PAID,
    Card=an({"kind": TEXT, "id": TEXT, "order_id": TEXT, "bank_id": TEXT, "digits": TEXT}, optional="digits"),
    Cash=an({"kind": TEXT, "id": TEXT, "order_id": TEXT, "amount": EXACT}, optional="amount"),
    Voucher=an({"kind": TEXT, "id": TEXT, "order_id": TEXT, "bank_id": TEXT}, description="A coupon."),
    Order=an(
        {
            "id": TEXT,
            "main": ref("Payment"),
            "second": nullable(ref("Payment")),
            "all": listed(ref("Payment")),
            "refund": {"oneOf": [ref("Cash")], "discriminator": BY},
        },
        optional="second all refund",
    ),
    Bank=an({"id": TEXT, "name": TEXT}),
)
AUTO = """
@strawberry.type
class Query:
    payments: rest.auto = rest.query(api.op("listPayments"))
    payment: rest.auto = rest.query(api.op("getPayment", pick="data"))
    order: rest.auto = rest.query(api.op("getOrder"))


schema = rest.Schema(query=Query)
"""
BOUND = """
from typing import Annotated

@rest.type(api.schema("Bank"), key="id", many=api.op("listBanks", ids=rest.keys))
class Bank:
    name: rest.auto


@rest.type(api.schema("Card"))
class Card:
    id: rest.auto
    digits: rest.auto
    bank: Bank | None = rest.link(key="bank_id")

    @rest.field(needs=["digits"])
    def last(self) -> str | None:
        return self.digits[-1:]


@rest.type(api.schema("Voucher"))
class Coupon:
    id: rest.auto
    bank: Bank | None = rest.link(key="bank_id")
    order: "Order | None" = rest.link(api.op("getOrder", id=rest.this("order_id")))


@rest.type(api.schema("Cash"))
class Cash:
    id: rest.auto
    amount: rest.auto


Payment = Annotated[Card | Cash | Coupon, strawberry.union("Payment", description="Mine.")]


@rest.type(api.schema("Order"))
class Order:
    id: rest.auto
    main: Payment
    second: rest.auto
    every: list[Payment] | None = rest.field(path="all")
    paid: list[Payment] | None = rest.link(api.op("listOfOrders", order_ids=rest.each("id")), group_by="order_id")
"""
ROOTS = """

@strawberry.type
class Query:
    payments: list[Payment | None] | None = rest.query(api.op("listPayments"))
    payment: Payment | None = rest.query(api.op("getPayment"))
    paged: rest.Connection[Payment] | None = rest.connection(api.op("pagePayments"))
    orders: list[Order] | None = rest.query(api.op("listOrders"))
    order: Order | None = rest.query(api.op("getOrder"))
    card: Payment | None = rest.query(api.op("getCard"))

    @strawberry.field
    async def called(self, info: rest.Info) -> list[Payment]:
        return await info.context.call(api.op("listPayments"))


@strawberry.type
class Mutation:
    pay: Payment | None = rest.mutation(api.op("pay"))


schema = rest.Schema(query=Query, mutation=Mutation)
"""


def card(key: str, bank: str = "b1", order: str = "o1") -> Doc:
    """A payment by card."""
    return {"kind": "card", "id": key, "order_id": order, "bank_id": bank, "digits": "4111"}


def cash(key: str, order: str = "o1", amount: Any = 5) -> Doc:
    """A payment in cash."""
    return {"kind": "cash", "id": key, "order_id": order, "amount": amount}


def voucher(key: str, bank: str = "b1", order: str = "o1") -> Doc:
    """A payment by voucher."""
    return {"kind": "voucher", "id": key, "order_id": order, "bank_id": bank}


def api(**answers: Any) -> Services:
    """The service with these answers, and banks for whoever asks."""
    made = Services()
    for name, given in answers.items():
        made.answer("api", name, json=given)
    made.on("api", "listBanks", rows_of({"id": f"b{n}", "name": f"Bank {n}"} for n in range(5)))
    return made
