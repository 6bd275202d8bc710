"""An answer that breaks its contract is told at its place: JSON path, expected and found, never the value."""

from __future__ import annotations

import json

import pytest

from graph.declaring.schema import Schema
from stolon.testing import Response, Services, execute
from tests.graph.projects import BIG, INT, MONEY, TEXT, an, contract, data, listed, nullable, operation, ref
from tests.resolvers.graphs import codes, project

NUMBER = {"type": "number", "format": "decimal"}
CONTRACT = contract(
    operation("GET /items", "listItems", an({"data": listed(ref("Item"))})),
    operation("GET /deep", "deep", an({"found": an({"item": nullable(ref("Item"))})})),
    operation("GET /loose", "loose", an({"found": an({"item": ref("Item")}, optional="item")}, optional="found")),
    Item=an(
        {
            "id": TEXT, "count": INT, "big": BIG, "price": MONEY, "amount": NUMBER, "ratio": {"type": "number"},
            "done": {"type": "boolean"}, "state": ref("State"), "day": {"type": "string", "format": "date"},
            "at": {"type": "string", "format": "date-time"}, "code": {"type": "string", "format": "uuid"},
            "tags": listed(TEXT), "grid": listed(listed(nullable(INT))), "inner": ref("Inner"),
            "note": nullable(TEXT),
            "free": {"type": "object"}, "more": ref("More"), "must": ref("More"), "odd-name": INT,
        },
        optional="count big price amount ratio done state day at code tags grid inner note free more must odd-name",
    ),
    Inner=an({"name": TEXT}),
    More=an({"address": an({"city": TEXT, "zip": TEXT}, optional="zip")}, optional="address"),
    State={"type": "string", "enum": ["open", "closed"]},
)  # fmt: skip

MODULE = """
@rest.type(shop.schema("Inner"))
class Inner:
    name: rest.auto


@rest.type(shop.schema("Item"))
class Item:
    id: rest.auto
    count: rest.auto
    big: rest.auto
    price: rest.auto
    amount: rest.auto
    ratio: rest.auto
    done: rest.auto
    state: rest.auto
    day: rest.auto
    at: rest.auto
    code: rest.auto
    tags: rest.auto
    grid: rest.auto
    inner: Inner | None
    note: rest.auto
    free: rest.auto
    odd_name: rest.auto
    city: str | None = rest.field(path="more.address.city")


@strawberry.type
class Query:
    items: list[Item | None] | None = rest.query(shop.op("listItems"))
    deep: Item | None = rest.query(shop.op("deep", pick="found.item"))
    loose: Item | None = rest.query(shop.op("loose", pick="found.item"))


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """Items with a property of every kind."""
    return project(tmp_path_factory.mktemp("items"), MODULE, shop=CONTRACT)


def answering(body: bytes, operation: str = "listItems") -> Services:
    """A service that answers these bytes."""
    services = Services()
    services.on("shop", operation, lambda _: Response(200, {"content-type": "application/json"}, body))
    return services


def items(text: str, name: str) -> bytes:
    """Two good items around one whose property is this JSON text."""
    good = '{"id": "%s"}'
    return ('{"data": [%s, {"id": "b", "%s": %s}, %s]}' % (good % "a", name, text, good % "c")).encode()  # noqa: UP031


SECRET = "hunter2"


@pytest.mark.parametrize(
    ("field", "name", "text", "path", "expected", "found"),
    [
        ("count", "count", '"12"', "count", "Int (32 bits)", "string"),
        ("count", "count", "true", "count", "Int (32 bits)", "boolean"),
        ("count", "count", "2147483648", "count", "Int (32 bits)", "integer over 32 bits"),
        ("count", "count", "1.5", "count", "Int (32 bits)", "number"),
        ("big", "big", '"12"', "big", "BigInt", "string"),
        ("price", "price", '"NaN"', "price", "Decimal", "string"),
        ("price", "price", "1.5", "price", "Decimal", "number"),
        ("amount", "amount", '"1.5"', "amount", "Decimal", "string"),
        ("ratio", "ratio", '"0.5"', "ratio", "Float", "string"),
        ("ratio", "ratio", "1e400", "ratio", "Float", "number"),
        ("done", "done", "1", "done", "boolean", "integer"),
        (
            *("free", "free", '{"a": ' + "[" * 250 + "]" * 250 + "}"),
            *("free", "JSON of at most 200 levels", "deeper JSON"),
        ),
        ("state", "state", '"hunter2"', "state", "one of the values of State", "string"),
        ("state", "state", '["open"]', "state", "one of the values of State", "array"),
        ("day", "day", '"2026-02-30"', "day", "date", "string"),
        ("at", "at", '"yesterday"', "at", "date-time", "string"),
        ("code", "code", '"hunter2"', "code", "uuid", "string"),
        ("tags", "tags", '{"hunter2": 1}', "tags", "array", "object"),
        ("inner { name }", "inner", '"hunter2"', "inner", "object", "string"),
        ("oddName", "odd-name", '"hunter2"', "['odd-name']", "Int (32 bits)", "string"),
        ("city", "more", '"hunter2"', "more", "object", "string"),
        ("city", "more", '{"address": []}', "more.address", "object", "array"),
        ("city", "more", '{"address": {"zip": "hunter2"}}', "more.address.city", "a value", "nothing"),
        ("city", "more", '{"address": {"city": 7}}', "more.address.city", "string", "integer"),
    ],
)
async def test_a_value_that_breaks_its_contract(schema, field, name, text, path, expected, found):
    """The value is null with an error that says where it stands, what was expected and which type was found."""
    query = "{ items { id x: %s } }" % field  # noqa: UP031
    answered = await execute(schema, query, answering(items(text, name)))
    assert answered.data == {"items": [{"id": one, "x": None} for one in "abc"]}
    place = f"$.data[1]{path if path.startswith('[') else '.' + path}"
    said = f"The upstream's answer breaks its contract at {place}: expected {expected}, found {found}."
    assert [{**one, "locations": None} for one in answered.errors] == [
        {
            "message": said,
            "locations": None,
            "path": ["items", 1, "x"],
            "extensions": {
                "code": "CONTRACT_VIOLATION",
                "retryable": False,
                "violation": {"path": place, "expected": expected, "found": found},
            },
        }
    ]
    assert SECRET not in json.dumps(answered.errors)


@pytest.mark.parametrize(
    ("field", "name", "text", "value"),
    [
        ("big", "big", "123456789012345678901234567890", "123456789012345678901234567890"),
        ("amount", "amount", "0.10", "0.10"),
        (
            "amount",
            "amount",
            "123456789012345678901234567890.123456789",
            "123456789012345678901234567890.123456789",
        ),
        ("price", "price", '"1.10"', "1.10"),
        ("count", "count", "3.0", 3),
        ("ratio", "ratio", "0.1", 0.1),
        ("at", "at", '"2026-01-01T00:00:00.123456789+02:00"', "2026-01-01T00:00:00.123456789+02:00"),
        ("state", "state", '"open"', "OPEN"),
        ("grid", "grid", "[[1, null], []]", [[1, None], []]),
        ("free", "free", '{"a": [1.5, 1e400]}', {"a": [1.5, "1E+400"]}),
        ("city", "more", "null", None),
        ("city", "more", '{"address": null}', None),
        ("city", "more", "{}", None),
        ("city", "more", '{"address": {"city": "Rome"}}', "Rome"),
        ("note", "note", "null", None),
        ("inner { name }", "inner", "null", None),
    ],
)
async def test_a_value_of_its_contract_keeps_every_digit(schema, field, name, text, value):
    """What the contract means comes out as it was sent: digits, fractions of seconds, nulls on the way."""
    query = "{ items { x: %s } }" % field  # noqa: UP031
    found = await data(schema, query, answering(items(text, name)))
    assert found["items"][1] == {"x": value}


@pytest.mark.parametrize("body", [
    b"", b"\xff", b'{"data": [', b'{"data": [{"id": "\xff"}]}', b"[" * 50_000, b"not JSON", b'{"data": NaN}',
    b'{"data": [{"id": "a", "amount": 1e9999999999999999999999}]}', b'{"data": [{"id": "\\ud800"}]}',
])  # fmt: skip
async def test_a_body_that_is_no_json(schema, body):
    """Truncated, not UTF-8, nested too deep or no JSON at all: a violation of the field, and no word of the body."""
    found = await execute(schema, "{ items { id } }", answering(body))
    assert (found.data, codes(found)) == ({"items": None}, [(["items"], "CONTRACT_VIOLATION")])
    what = {"path": "$", "expected": "a JSON body" if not body else "JSON"}
    assert found.errors[0]["extensions"]["violation"] | what == found.errors[0]["extensions"]["violation"]


async def test_an_item_that_lacks_what_it_must_have_is_null_alone(schema):
    """A required property that is missing or null nulls its own item; its neighbours stay."""
    body = b'{"data": [{"id": "a"}, {}, {"id": null}, null, 7, {"id": "b"}]}'
    found = await execute(schema, "{ items { id } }", answering(body))
    assert found.data == {"items": [{"id": "a"}, None, None, None, None, {"id": "b"}]}
    said = [(one["path"], *one["extensions"]["violation"].values()) for one in found.errors]
    assert sorted(said, key=str) == [
        (["items", 1, "id"], "$.data[1].id", "a value", "nothing"),
        (["items", 2, "id"], "$.data[2].id", "a value", "null"),
        (["items", 3], "$.data[3]", "a value", "null"),
        (["items", 4], "$.data[4]", "object", "integer"),
    ]


async def test_items_of_lists_in_lists_are_told_by_their_indices(schema):
    """A wrong leaf deep in lists has its whole JSON path and its whole GraphQL path."""
    found = await execute(schema, "{ items { grid } }", answering(items('[[1], [2, "x"]]', "grid")))
    assert found.data == {"items": [{"grid": None}, {"grid": [[1], [2, None]]}, {"grid": None}]}
    assert [(one["path"], one["extensions"]["violation"]["path"]) for one in found.errors] == [
        (["items", 1, "grid", 1, 1], "$.data[1].grid[1][1]")
    ]


async def test_what_nobody_asked_for_may_be_wrong(schema):
    """Only what is selected is checked: a broken neighbour that is not asked for costs nothing."""
    assert await data(schema, "{ items { id } }", answering(items('"x"', "count"))) == {
        "items": [{"id": "a"}, {"id": "b"}, {"id": "c"}]
    }


@pytest.mark.parametrize(
    ("operation", "body", "violation"),
    [
        ("deep", b'{"found": {"item": null}}', None),
        ("deep", b'{"found": {}}', ("$.found.item", "a value", "nothing")),
        ("deep", b'{"found": null}', ("$.found", "object", "null")),
        ("deep", b"{}", ("$.found", "a value", "nothing")),
        ("deep", b"null", ("$", "object", "null")),
        ("deep", b"[]", ("$", "object", "array")),
        ("deep", b"", ("$", "a JSON body", "nothing")),
        ("loose", b"{}", None),
        ("loose", b'{"found": {}}', None),
        ("loose", b'{"found": null}', None),
        ("loose", b'{"found": 1}', ("$.found", "object", "integer")),
    ],
)
async def test_what_stands_before_the_picked_value_keeps_its_contract(schema, operation, body, violation):
    """Steps that may lack make the value null; a step that its contract requires is a violation where it lacks."""
    found = await execute(schema, "{ %s { id } }" % operation, answering(body, operation))  # noqa: UP031
    assert found.data == {operation: None}
    said = [tuple(one["extensions"]["violation"].values()) for one in found.errors]
    assert said == ([] if violation is None else [violation])
