"""What a declaration binds is no argument: constants, claims, headers, keys and parts of bodies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stolon import testing
from tests.graph.projects import (
    BIG,
    INT,
    TEXT,
    an,
    contract,
    data,
    error,
    listed,
    load,
    operation,
    parameter,
    ref,
    signature,
)
from tests.graph.test_binding_arguments import ITEM, SEARCH, module, services, things


async def test_what_the_declaration_binds_is_no_argument(tmp_path: Path) -> None:
    """Constants, claims, and names that are no identifiers or stand in several places."""
    searched = contract(
        operation(
            "GET /search/{id}",
            "search",
            listed(ref("Item")),
            parameter("id"),
            parameter("filter[state]", {"type": "string", "enum": ["on", "off"]}),
            parameter("owner"),
            parameter("X-Plan", place="header"),
            parameter("class"),
            parameter("q"),
        ),
        Item=ITEM,
    )
    op = (
        'things.op("search", {"path:id": "7", "query:id": 8, "filter[state]": "on"}, '
        'owner=rest.caller("org.id"), x_plan="gold", class_="c")'
    )
    schema = load(tmp_path, module(op), {"things": searched})
    assert signature(schema, "Query", "found") == "found(q: String): [Item!]"
    scripted = services()
    who = testing.caller("u-1", org={"id": "o-1"})
    assert await data(schema, '{ found(q: "x") { id } }', scripted, caller=who) == {"found": []}
    assert [one.target for one in scripted.requests] == [
        "/search/7?id=8&filter%5Bstate%5D=on&owner=o-1&class=c&q=x"
    ]
    assert scripted.requests[0].headers["x-plan"] == "gold"


@pytest.mark.parametrize(
    ("who", "code"), [(testing.Caller(), "UNAUTHENTICATED"), (testing.caller("u-1"), "FORBIDDEN")]
)
async def test_a_claim_that_the_caller_lacks_is_an_error_without_a_call(
    tmp_path: Path, who: testing.Caller, code: str
) -> None:
    """A field over `rest.caller(...)` says which claim it needs."""
    schema = load(
        tmp_path,
        module('things.op("search", owner=rest.caller("org"))'),
        {"things": things(parameter("owner"))},
    )
    scripted = services()
    assert await error(schema, "{ found { id } }", scripted, caller=who) == {
        "message": "This field needs a caller whose token has the claim 'org'.",
        "path": ["found"],
        "extensions": {"code": code, "retryable": False},
    }
    assert scripted.calls == {}


async def test_headers_that_the_project_passes_on_are_nobodys_arguments(tmp_path: Path) -> None:
    """Neither are those of caching and tracing."""
    searched = things(
        parameter("Accept-Language", place="header"),
        parameter("X-Tenant-Id", place="header", required=True),
        parameter("If-None-Match", place="header"),
        parameter("traceparent", place="header"),
        parameter("q"),
    )
    toml = '[graph]\n[headers]\nforward = ["Accept-Language"]\n[identity]\nissuer = "i"\n'
    schema = load(tmp_path, SEARCH, {"things": searched}, toml)
    assert signature(schema, "Query", "found") == "found(q: String): [Item!]"
    scripted = services()
    passed = {"accept-language": "de"}
    assert await data(schema, "{ found { id } }", scripted, headers=passed) == {"found": []}
    assert scripted.requests[0].headers == {"accept-language": "de"}


async def test_keys_are_ids_also_as_arguments_of_the_types_own_one(tmp_path: Path) -> None:
    """An integer key travels as an ID and is sent as an integer; what can be none is refused before any call."""
    items = contract(
        operation("GET /items/{item-id}", "getItem", ref("Item"), parameter("item-id", BIG, place="path")),
        Item=an({"id": BIG, "name": TEXT}),
    )
    text = module(
        'things.op("getItem")',
        "Item | None",
        'same: Item | None = rest.query(things.op("GET /items/{item-id}"))',
        decorator='things.schema("Item"), key="id", one=things.op("getItem")',
    )
    schema = load(tmp_path, text, {"things": items})
    assert signature(schema, "Query", "found") == "found(itemId: ID!): Item"
    assert signature(schema, "Query", "same") == "same(itemId: ID!): Item"
    scripted = testing.Services()
    scripted.answer("things", "getItem", json={"id": 9007199254740993, "name": "n"})
    query = '{ found(itemId: "9007199254740993") { id } same(itemId: 9007199254740993) { id name } }'
    assert await data(schema, query, scripted) == {
        "found": {"id": "9007199254740993"},
        "same": {"id": "9007199254740993", "name": "n"},
    }
    assert [one.target for one in scripted.requests] == ["/items/9007199254740993"]
    assert await error(schema, '{ found(itemId: "x") { id } }', scripted) == {
        "message": "itemId: expected a key of this type",
        "path": ["found"],
        "extensions": {
            "code": "BAD_USER_INPUT",
            "retryable": False,
            "fields": [{"path": ["itemId"], "message": "expected a key of this type"}],
        },
    }
    assert scripted.calls == {"things.getItem": 1}


async def test_a_safe_post_is_a_query(tmp_path: Path) -> None:
    """`safe=True` lets a lookup be a POST; what its body needs and nobody binds is the argument `input`."""
    searched = contract(
        operation(
            "POST /search",
            "search",
            listed(ref("Item")),
            body=an({"text": TEXT, "kind": TEXT, "max": INT}, optional="max"),
        ),
        Item=ITEM,
    )
    schema = load(tmp_path, module('things.op("search", kind="book", safe=True)'), {"things": searched})
    assert signature(schema, "Query", "found") == "found(input: SearchInput!): [Item!]"
    scripted = services()
    assert await data(
        schema, '{ found(input: {text: "x"}) { id } again: found(input: {text: "x"}) { id } }', scripted
    )
    assert [json.loads(one.body or b"") for one in scripted.requests] == [{"text": "x", "kind": "book"}]
    assert scripted.requests[0].safe
