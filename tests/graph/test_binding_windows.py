"""Windows of connections: backwards, senseless ones, filters, and connections below a type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stolon import testing
from tests.graph.projects import (
    INT,
    TEXT,
    an,
    contract,
    data,
    error,
    load,
    operation,
    parameter,
    ref,
)
from tests.graph.test_connections_in_graph import (
    ANSWER,
    LIST,
    OFFSETS,
    PAGES,
    asked,
    by_offset,
    by_page,
    module,
)


@pytest.mark.parametrize(
    ("contracts", "handler"), [(PAGES, by_page), (OFFSETS, by_offset)], ids=["page", "offset"]
)
async def test_a_connection_walks_backward_where_positions_are_known(
    tmp_path: Path, contracts: dict, handler: Any
) -> None:
    """The last items of the list, or those before a cursor."""
    schema = load(tmp_path, module(LIST), contracts)
    scripted = testing.Services()
    scripted.on("shop", "list", handler)
    query = """query($last: Int, $before: String) { items(last: $last, before: $before) {
        nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor } } }"""
    items = (await data(schema, query, scripted, variables={"last": 2}))["items"]
    assert [one["id"] for one in items["nodes"]] == ["6", "7"]
    assert (items["pageInfo"]["hasNextPage"], items["pageInfo"]["hasPreviousPage"]) == (False, True)
    before = items["pageInfo"]["startCursor"]
    items = (await data(schema, query, scripted, variables={"last": 3, "before": before}))["items"]
    assert [one["id"] for one in items["nodes"]] == ["3", "4", "5"]


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ("first: -1", "first"),
        ("first: 6", "first"),
        ('after: "x"', "after"),
        ("first: 1, last: 1", "last"),
        ("last: 9", "last"),
    ],
)
async def test_a_window_that_makes_no_sense_is_refused_before_any_call(
    tmp_path: Path, arguments: str, argument: str
) -> None:
    """The error names the argument, once."""
    schema = load(tmp_path, module(LIST), PAGES)
    scripted = testing.Services()
    scripted.on("shop", "list", by_page)
    found = await error(schema, f"{{ items({arguments}) {{ nodes {{ id }} }} }}", scripted)
    assert found["path"] == ["items"]
    assert found["message"].startswith(f"{argument}: ")
    assert found["message"].count(f"{argument} is") == 0
    assert found["extensions"]["code"] == "BAD_USER_INPUT"
    assert [one["path"] for one in found["extensions"]["fields"]] == [[argument]]
    assert scripted.calls == {}


async def test_filters_of_the_operation_go_with_every_page(tmp_path: Path) -> None:
    """One that has a name of Relay's is numbered; what nobody asks for is not called."""
    schema = load(tmp_path, module(LIST), PAGES)
    scripted = testing.Services()
    scripted.on("shop", "list", by_page)
    query = '{ items(first: 4, q: "x", before2: "d") { nodes { id } } }'
    await data(schema, query, scripted)
    assert {(one["q"], one["before"]) for one in map(asked, scripted.requests)} == {("x", "d")}
    scripted = testing.Services()
    scripted.on("shop", "list", by_page)
    assert await data(schema, "{ items(first: 1) { __typename } }", scripted) == {
        "items": {"__typename": "ItemConnection"}
    }


async def test_a_connection_below_a_type_binds_its_parent(tmp_path: Path) -> None:
    """Each parent has a window of its own."""
    users = contract(
        operation("GET /me", "getMe", ref("User")),
        operation(
            "GET /users/{id}/items",
            "list",
            ANSWER,
            parameter("offset", INT),
            parameter("limit", {**INT, "default": 2}),
        ),
        User=an({"id": TEXT}),
        Item=an({"id": TEXT}),
    )
    text = """
        import strawberry
        from stolon import rest

        shop = rest.contract("shop")

        @rest.type(shop.schema("Item"))
        class Item:
            id: rest.auto

        @rest.type(shop.schema("User"))
        class User:
            id: rest.auto
            items: rest.Connection[Item] | None = rest.connection(shop.op("list", id=rest.this("id")))

        @strawberry.type
        class Query:
            me: User | None = rest.query(shop.op("getMe"))

        schema = rest.Schema(query=Query)
    """
    schema = load(tmp_path, text, {"shop": users})
    scripted = testing.Services()
    scripted.answer("shop", "getMe", json={"id": "u"})
    scripted.on("shop", "list", by_offset)
    assert await data(schema, "{ me { items(first: 1) { nodes { id } totalCount } } }", scripted) == {
        "me": {"items": {"nodes": [{"id": "1"}], "totalCount": 7}}
    }
    assert [one.target.split("?")[0] for one in scripted.requests] == ["/me", "/users/u/items"]
