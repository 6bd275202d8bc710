"""Unions that nobody wrote: named after their schemas, and read by what the discriminator says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema

from adapters.contract.contract import Use
from graph.declaring.schema import Schema
from graph.types.unions import object_type_of
from resolvers.reading.where import ROOT
from stolon.testing import Response, Services, execute
from tests.graph.payments import AUTO, BOUND, LANES, PAYMENTS, ROOTS, Lane, api, card, cash, voucher
from tests.graph.projects import (
    data,
    description_of,
    field_text,
    fields_of,
    type_names,
    type_text,
)
from tests.resolvers.graphs import project


@pytest.fixture(scope="module")
def auto(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """A graph whose types are all the contract's."""
    return project(tmp_path_factory.mktemp("auto"), AUTO, api=PAYMENTS)


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """A graph with bound types and a union of its own."""
    return project(tmp_path_factory.mktemp("bound"), BOUND + ROOTS, api=PAYMENTS)


def test_a_union_is_named_after_its_schema(auto: Schema) -> None:
    """Or after parent and property; it stands wherever the schema does, and the export prints it."""
    assert type_text(auto, "Payment").splitlines()[-1] == "union Payment = Card | Cash | Voucher"
    assert description_of(auto, "Payment") == "How it was paid."
    assert type_text(auto, "OrderRefund") == "union OrderRefund = Cash"
    assert fields_of(auto, "Order") == [
        *("id: String!", "main: Payment!", "second: Payment"),
        *("all: [Payment!]", "refund: OrderRefund"),
    ]
    assert fields_of(auto, "Query") == [
        *("payments: [Payment!]", "payment(id: String!): Payment", "order(id: String!): Order"),
    ]
    assert field_text(auto, "Query", "payments") == (
        'payments: [Payment!] @source(service: "api", operations: ["listPayments"])'
    )
    assert type_names(auto) == [
        *("Card", "Cash", "Decimal", "Order", "OrderRefund", "Payment", "Query", "Voucher"),
    ]
    build_schema(auto.as_str())


def test_names_of_unions_clash_like_any_other(tmp_path: Path) -> None:
    """A type of the project's own keeps its name, and two contracts are told apart by theirs."""
    module = """
    @strawberry.type
    class Payment:
        mine: int = 1


    @strawberry.type
    class Query:
        mine: Payment | None = None
        one: rest.auto = rest.query(api.op("getPayment", pick="data"))
        two: rest.auto = rest.query(old.op("getPayment", pick="data"))


    schema = rest.Schema(query=Query)
    """
    schema = project(tmp_path, module, api=PAYMENTS, old=PAYMENTS)
    assert fields_of(schema, "Query") == [
        *("mine: Payment", "one(id: String!): ApiPayment", "two(id: String!): OldPayment"),
    ]
    assert (
        type_text(schema, "OldPayment").splitlines()[-1]
        == "union OldPayment = OldCard | OldCash | OldVoucher"
    )


@LANES
async def test_fragments_select_of_each_variant(auto: Schema, lane: Lane) -> None:
    """Each object is of the type that its discriminator names: at the root, in lists, nested, and null."""
    services = api(
        listPayments=[card("p1"), cash("p2"), voucher("p3")],
        getPayment={"data": cash("p4")},
        getOrder={
            "id": "o1",
            "main": card("p5"),
            "second": None,
            "all": [voucher("p6")],
            "refund": {"kind": "Cash"},
        },
    )
    query = """
    {
      payments { __typename ...on Card { id digits } ...on Cash { id amount } ...v }
      payment(id: "p4") { ...v ...on Cash { id } }
      order(id: "o1") { main { ...on Card { id } } second { __typename } all { ...v } refund { __typename } }
    }
    fragment v on Voucher { code: id }
    """
    assert await data(auto, query, services, lane=lane) == {
        "payments": [
            {"__typename": "Card", "id": "p1", "digits": "4111"},
            {"__typename": "Cash", "id": "p2", "amount": "5"},
            {"__typename": "Voucher", "code": "p3"},
        ],
        "payment": {"id": "p4"},
        "order": {
            "main": {"id": "p5"},
            "second": None,
            "all": [{"code": "p6"}],
            "refund": {"__typename": "Cash"},
        },
    }
    assert services.calls == {"api.listPayments": 1, "api.getPayment": 1, "api.getOrder": 1}


@LANES
async def test_decimals_of_a_variant_keep_their_digits(auto: Schema, lane: Lane) -> None:
    """An answer is read digit by digit where any variant has decimals as numbers."""
    services = Services()
    body = b'{"data": {"kind": "cash", "id": "1", "order_id": "2", "amount": 0.1000000000000000000001}}'
    services.on("api", "getPayment", lambda _: Response(200, {"content-type": "application/json"}, body))
    assert await data(auto, '{payment(id: "1") {...on Cash {amount}}}', services, lane=lane) == {
        "payment": {"amount": "0.1000000000000000000001"}
    }


BAD: list[tuple[str, Any, str, str]] = [
    ("unknown", {"kind": "gold"}, ".kind", "another text"),
    ("missing", {"id": "1"}, ".kind", "nothing"),
    ("null", {"kind": None}, ".kind", "null"),
    ("a number", {"kind": 1}, ".kind", "integer"),
    ("a list", {"kind": ["card"]}, ".kind", "array"),
]


@LANES
@pytest.mark.parametrize(("bad", "at", "found"), [one[1:] for one in BAD], ids=[one[0] for one in BAD])
async def test_an_item_that_says_no_known_kind_is_null_alone(
    bound: Schema, bad: Any, at: str, found: str, lane: Lane
) -> None:
    """Its error is told at the discriminator, with the types that were expected, never the value."""
    services = api(listPayments=[card("p1"), bad, cash("p2")])
    result = await execute(bound, "{payments {__typename}}", services, lane=lane)
    assert result.data == {"payments": [{"__typename": "Card"}, None, {"__typename": "Cash"}]}
    expected = "the text for one of Card, Cash, Voucher"
    message = f"The upstream's answer breaks its contract at $[1]{at}: expected {expected}, found {found}."
    assert [{name: one[name] for name in ("message", "path", "extensions")} for one in result.errors] == [
        {
            "message": message,
            "path": ["payments", 1],
            "extensions": {
                "code": "CONTRACT_VIOLATION",
                "retryable": False,
                "violation": {"path": f"$[1]{at}", "expected": expected, "found": found},
            },
        }
    ]


@LANES
async def test_what_is_no_object_is_told_at_its_own_place(bound: Schema, lane: Lane) -> None:
    """A text where an object of some kind is expected."""
    result = await execute(
        bound, '{payment(id: "1") {__typename}}', api(getPayment={"data": "card"}), lane=lane
    )
    assert result.data == {"payment": None}
    assert [one["extensions"]["violation"] for one in result.errors] == [
        {"path": "$.data", "expected": "object", "found": "string"}
    ]


async def test_a_record_tells_its_object_type_by_its_class(bound: Schema, auto: Schema) -> None:
    """At once: of a bound type, of a generated one, of any Strawberry object; plain values have none."""
    told: list[str] = []
    for schema in (bound, auto):
        contract = schema.graph.contracts.all_read["api"]
        read = schema.graph.factory.readers(contract).of(Use("#/components/schemas/Payment"))
        for value in (card("1"), voucher("2"), cash("3")):
            definition = object_type_of(read(value, ROOT))
            assert definition is not None
            told.append(definition.name)
    assert told == ["Card", "Coupon", "Cash", "Card", "Voucher", "Cash"]
    assert (object_type_of({}), object_type_of(None), object_type_of("card")) == (None, None, None)
