"""Mutations: their inputs are made from the contract, and sent as clients meant them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from graphql import build_schema

from stolon import testing
from tests.graph.projects import (
    BIG,
    INT,
    MONEY,
    TEXT,
    an,
    contract,
    data,
    error,
    fields_of,
    listed,
    load,
    nullable,
    operation,
    parameter,
    ref,
    signature,
    type_names,
    type_text,
)

ORDER = an(
    {
        "id": {**TEXT, "readOnly": True},
        "note": nullable(TEXT),
        "count": {**INT, "minimum": 1},
        "total-price": MONEY,
        "fee": {"type": "number", "format": "decimal"},
        "big": BIG,
        "state": {"type": "string", "enum": ["new", "in-work"], "default": "new"},
        "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "ref": {"type": "string", "format": "uuid"},
        "code": {**TEXT, "pattern": "^[a-z]+$", "maxLength": 3},
        "secret": {**TEXT, "writeOnly": True},
        "free": {"type": "object", "additionalProperties": True},
        "lines": listed(ref("Line"), maxItems=2),
        "tree": ref("Tree"),
        "old": {**TEXT, "deprecated": True},
    },
    optional="note total-price fee big state day at ref code secret free lines tree old",
    description="An order.",
)
LINE = an({"sku-code": TEXT, "n": {**INT, "maximum": 9}}, optional="n")
TREE = an(
    {"label": TEXT, "children": listed(ref("Tree")), "up": nullable(ref("Tree"))}, optional="children up"
)
ORDERS = contract(
    operation("GET /orders/{id}", "getOrder", ref("Order")),
    operation("POST /orders", "createOrder", ref("Order"), body=ref("Order")),
    operation(
        "PATCH /orders/{id}",
        "updateOrder",
        ref("Order"),
        parameter("If-Match", place="header", required=True),
        body=an(
            {"note": nullable(TEXT), "count": INT, "by": TEXT, "meta": an({"who": TEXT, "why": TEXT})},
            optional="note count by",
        ),
    ),
    operation("DELETE /orders/{id}", "deleteOrder"),
    operation("POST /orders/{id}/tags", "setTags", listed(TEXT), body=listed(TEXT, minItems=1)),
    operation("POST /orders/{id}/rename", "rename", ref("Order"), body=TEXT, body_required=False),
    operation("POST /touch", "touch", ref("Order")),
    Order=ORDER,
    Meta=an({"who": TEXT, "why": TEXT}),
    Line=LINE,
    Tree=TREE,
)


def module(mutations: str) -> str:
    """A module with these mutations over orders."""
    body = "\n".join(f"    {line}" for line in mutations.strip().splitlines())
    return f"""
import strawberry
from stolon import rest

orders = rest.contract("orders")

@rest.type(orders.schema("Order"), key="id", one=orders.op("getOrder"))
class Order:
    id: rest.auto
    note: rest.auto

@strawberry.type
class Query:
    order: Order | None = rest.query(orders.op("getOrder"))

@strawberry.type
class Mutation:
{body}

schema = rest.Schema(query=Query, mutation=Mutation)
"""


CREATE = module('create: Order | None = rest.mutation(orders.op("createOrder"))')


def services(operation: str = "createOrder", answer: object = {"id": "o-1", "count": 1}) -> testing.Services:
    """A service that does what it is told."""
    made = testing.Services()
    made.answer("orders", operation, json=answer)
    return made


def sent(scripted: testing.Services) -> list[object]:
    """The bodies that were sent."""
    return [json.loads(one.body) if one.body else None for one in scripted.requests]


def test_an_input_has_what_clients_may_send(tmp_path: Path) -> None:
    """Read-only properties are left out, write-only ones stay; nested and recursive schemas have inputs, too."""
    schema = load(tmp_path, CREATE, {"orders": ORDERS})
    assert signature(schema, "Mutation", "create") == "create(input: OrderInput!): Order"
    assert fields_of(schema, "OrderInput") == [
        "note: String",
        "count: Int!",
        "totalPrice: Decimal",
        "fee: Decimal",
        "big: BigInt",
        "state: OrderState = NEW",
        "day: Date",
        "at: DateTime",
        "ref: UUID",
        "code: String",
        "secret: String",
        "free: JSON",
        "lines: [LineInput!]",
        "tree: TreeInput",
        "old: String",
    ]
    assert fields_of(schema, "LineInput") == ["skuCode: String!", "n: Int"]
    assert fields_of(schema, "TreeInput") == ["label: String!", "children: [TreeInput!]", "up: TreeInput"]
    assert 'old: String @deprecated(reason: "Deprecated by its contract.")' in type_text(schema, "OrderInput")
    assert type_text(schema, "OrderInput").startswith('"""An order."""')
    assert "Line" not in type_names(schema)
    build_schema(schema.as_str())


async def test_what_is_left_out_is_not_sent_and_null_is_sent_as_null(tmp_path: Path) -> None:
    """Only what the client wrote goes out, and what the contract's default says."""
    schema = load(tmp_path, CREATE, {"orders": ORDERS})
    scripted = services()
    await data(schema, "mutation { create(input: {count: 1}) { id } }", scripted)
    await data(schema, "mutation { create(input: {count: 1, note: null, state: IN_WORK}) { id } }", scripted)
    query = "mutation($in: OrderInput!) { create(input: $in) { id } }"
    await data(schema, query, scripted, variables={"in": {"count": 1, "note": None}})
    assert sent(scripted) == [
        {"count": 1, "state": "new"},
        {"count": 1, "note": None, "state": "in-work"},
        {"count": 1, "note": None, "state": "new"},
    ]


async def test_every_kind_of_value_is_sent_exactly(tmp_path: Path) -> None:
    """Decimals and big integers keep every digit, in the JSON type of the contract; dates and times their text."""
    schema = load(tmp_path, CREATE, {"orders": ORDERS})
    scripted = services()
    query = "mutation($in: OrderInput!) { create(input: $in) { id } }"
    given = {
        "count": 2,
        "totalPrice": "10.100000000000000000001",
        "fee": "0.10000000000000000000001",
        "big": "9007199254740993",
        "day": "2026-11-20",
        "at": "2026-11-20T10:00:00.120000000+01:00",
        "ref": "01234567-89ab-cdef-0123-456789abcdef",
        "code": "abc",
        "secret": "s",
        "free": {"a": [1, None]},
        "lines": [{"skuCode": "x", "n": 9}, {"skuCode": "y"}],
        "tree": {"label": "l", "children": [{"label": "m", "up": None}]},
    }
    await data(schema, query, scripted, variables={"in": given})
    body = scripted.requests[0].body or b""
    assert b'"fee":0.10000000000000000000001,' in body
    assert sent(scripted) == [
        {
            "count": 2,
            "total-price": "10.100000000000000000001",
            "fee": 0.1,
            "big": 9007199254740993,
            "state": "new",
            "day": "2026-11-20",
            "at": "2026-11-20T10:00:00.120000000+01:00",
            "ref": "01234567-89ab-cdef-0123-456789abcdef",
            "code": "abc",
            "secret": "s",
            "free": {"a": [1, None]},
            "lines": [{"sku-code": "x", "n": 9}, {"sku-code": "y"}],
            "tree": {"label": "l", "children": [{"label": "m", "up": None}]},
        }
    ]


@pytest.mark.parametrize(
    ("given", "path", "message"),
    [
        ({"count": 0}, ["count"], "must be at least 1"),
        ({"count": 1, "code": "A"}, ["code"], "must match the pattern ^[a-z]+$"),
        ({"count": 1, "code": "abcd"}, ["code"], "must have at most 3 characters"),
        ({"count": 1, "totalPrice": None}, ["totalPrice"], "must be string"),
        ({"count": 1, "lines": [{"skuCode": "a"}] * 3}, ["lines"], "must have at most 2 items"),
        (
            {"count": 1, "lines": [{"skuCode": "a"}, {"skuCode": "a", "n": 10}]},
            ["lines", 1, "n"],
            "must be at most 9",
        ),
        (
            {"count": 1, "tree": {"label": "a", "children": [{"label": "b", "children": None}]}},
            ["tree", "children", 0, "children"],
            "must be array",
        ),
    ],
)
async def test_what_breaks_the_contract_is_refused_before_any_call(
    tmp_path: Path, given: dict, path: list, message: str
) -> None:
    """The error has the path of the value in GraphQL's names."""
    schema = load(tmp_path, CREATE, {"orders": ORDERS})
    scripted = services()
    query = "mutation($in: OrderInput!) { create(input: $in) { id } }"
    assert await error(schema, query, scripted, variables={"in": given}) == {
        "message": f"{'.'.join(map(str, ['input', *path]))}: {message}",
        "path": ["create"],
        "extensions": {
            "code": "BAD_USER_INPUT",
            "retryable": False,
            "fields": [{"path": ["input", *path], "message": message}],
        },
    }
    assert scripted.calls == {}


async def test_a_services_own_complaint_has_the_path_of_the_input(tmp_path: Path) -> None:
    """A pointer in upstream names comes back in GraphQL's."""
    schema = load(tmp_path, CREATE, {"orders": ORDERS})
    scripted = testing.Services()
    problem = {
        "title": "no",
        "detail": "no",
        "errors": [{"pointer": "#/lines/0/sku-code", "detail": "unknown"}],
    }
    scripted.answer(
        "orders",
        "createOrder",
        json=problem,
        status=422,
        headers={"content-type": "application/problem+json"},
    )
    query = 'mutation { create(input: {count: 1, lines: [{skuCode: "x"}]}) { id } }'
    found = await error(schema, query, scripted)
    assert found["extensions"]["code"] == "BAD_USER_INPUT"
    assert found["extensions"]["fields"] == [{"path": ["input", "lines", 0, "skuCode"], "message": "unknown"}]


@pytest.mark.parametrize("levels", [101, 900])
async def test_a_value_nested_too_deeply_is_refused_at_its_argument(tmp_path: Path, levels: int) -> None:
    """Free JSON is bounded like everything that is sent, and no depth of it is a failure of ours."""
    body = an({"any": {}, "lists": {"type": "array"}}, optional="any lists")
    api = contract(operation("POST /things", "create", ref("Thing"), body=body), Thing=an({"id": TEXT}))
    module = """
        import strawberry
        from stolon import rest

        api = rest.contract("api")

        @strawberry.type
        class Query:
            x: int = 1

        @strawberry.type
        class Mutation:
            create: rest.auto = rest.mutation(api.op("create"))

        schema = rest.Schema(query=Query, mutation=Mutation)
    """
    schema = load(tmp_path, module, {"api": api})
    deep: object = 1
    for _ in range(levels):
        deep = [deep]
    for query in (
        "mutation($v: JSON) { create(input: {any: $v}) { id } }",
        "mutation($v: [JSON]) { create(input: {lists: $v}) { id } }",
    ):
        found = await error(schema, query, testing.Services(), variables={"v": deep})
        assert found["extensions"]["code"] == "BAD_USER_INPUT"
        assert str(found["message"]).endswith("is nested deeper than 100 levels")
