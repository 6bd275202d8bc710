"""Connections as clients meet them, over each of the four ways of paging, recognised and stated."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from stolon import testing
from tests.graph.projects import (
    INT,
    TEXT,
    Doc,
    an,
    contract,
    data,
    description_of,
    field_text,
    fields_of,
    listed,
    load,
    nullable,
    operation,
    parameter,
    ref,
    signature,
)

ITEMS = [{"id": str(n)} for n in range(1, 8)]


def module(op: str, field: str = "") -> str:
    """A module with one connection."""
    return f"""
        import strawberry
        from stolon import rest

        shop = rest.contract("shop")

        @rest.type(shop.schema("Item"), key="id")
        class Item:
            id: rest.auto
            {field}

        @strawberry.type
        class Query:
            items: rest.Connection[Item] | None = rest.connection({op})

        schema = rest.Schema(query=Query)
    """


LIST = 'shop.op("list")'
ANSWER = an({"data": listed(ref("Item")), "total": INT})


def shop(answer: Doc, *parameters: Doc, **more: Any) -> dict[str, Doc]:
    """A contract with one list."""
    return {
        "shop": contract(operation("GET /items", "list", answer, *parameters, **more), Item=an({"id": TEXT}))
    }


SIZE = parameter("per_page", {**INT, "maximum": 5, "default": 2})
PAGES = shop(ANSWER, parameter("page", INT), SIZE, parameter("q"), parameter("before"))
OFFSETS = shop(ANSWER, parameter("offset", INT), parameter("limit", {**INT, "maximum": 5, "default": 2}))
CURSORS = shop(
    an({"data": listed(ref("Item")), "next_cursor": nullable(TEXT)}, optional="next_cursor"),
    parameter("cursor"),
    parameter("limit", {**INT, "maximum": 5, "default": 2}),
)
LINKS = shop(listed(ref("Item")), parameter("limit", {**INT, "maximum": 5, "default": 2}), headers=("Link",))
PATHS = shop(
    an({"payload": an({"rows": listed(ref("Item")), "n": INT})}),
    parameter("pg", INT),
    parameter("sz", INT),
    parameter("x", INT),
)


def asked(request: testing.Request) -> dict[str, str]:
    """The query of a request, each parameter once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(request.target).query).items()}


def by_page(request: testing.Request) -> testing.Response:
    """Numbered pages with a total."""
    query = asked(request)
    size = int(query.get("per_page", 2))
    start = (int(query.get("page", 1)) - 1) * size
    return testing.answer({"data": ITEMS[start : start + size], "total": len(ITEMS)})


def by_offset(request: testing.Request) -> testing.Response:
    """Positions with a total."""
    query = asked(request)
    start, size = int(query.get("offset", 0)), int(query.get("limit", 2))
    return testing.answer({"data": ITEMS[start : start + size], "total": len(ITEMS)})


def by_cursor(request: testing.Request) -> testing.Response:
    """Cursors that are the position as text; none on the last page."""
    query = asked(request)
    start, size = int(query.get("cursor", "c0")[1:]), int(query.get("limit", 2))
    after = {"next_cursor": f"c{start + size}"} if start + size < len(ITEMS) else {}
    return testing.answer({"data": ITEMS[start : start + size], **after})


def by_link(request: testing.Request) -> testing.Response:
    """A Link header with the next page."""
    query = asked(request)
    start, size = int(query.get("offset", 0)), int(query.get("limit", 2))
    link = f'<http://elsewhere/items?offset={start + size}&limit={size}>; rel="next"'
    return testing.answer(
        ITEMS[start : start + size], headers={"link": link} if start + size < len(ITEMS) else {}
    )


def by_path(request: testing.Request) -> testing.Response:
    """Numbered from 0, under names that nobody knows."""
    query = asked(request)
    size = int(query["sz"])
    start = int(query["pg"]) * size
    return testing.answer({"payload": {"rows": ITEMS[start : start + size], "n": len(ITEMS)}})


STATED = (
    'shop.op("list", paging=rest.by_page('
    'page="pg", size="sz", items="payload.rows", total="payload.n", first=0))'
)
EVERY = pytest.mark.parametrize(
    ("contracts", "handler", "op", "total"),
    [
        (PAGES, by_page, LIST, 7),
        (OFFSETS, by_offset, LIST, 7),
        (CURSORS, by_cursor, LIST, None),
        (LINKS, by_link, LIST, None),
        (PATHS, by_path, STATED, 7),
    ],
    ids=["page", "offset", "cursor", "link", "stated"],
)


@EVERY
async def test_a_connection_walks_forward_over_any_paging(
    tmp_path: Path, contracts: dict, handler: Any, op: str, total: int | None
) -> None:
    """Following `endCursor` gives every item once, in order, whatever the sizes of the steps."""
    schema = load(tmp_path, module(op), contracts)
    scripted = testing.Services()
    scripted.on("shop", "list", handler)
    query = """query($first: Int, $after: String) { items(first: $first, after: $after) {
        nodes { id } edges { cursor node { id } } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } }"""
    after, steps = None, [3, 1, 2, 5]
    seen: list[str] = []
    for step in steps:
        variables = {"first": step, "after": after}
        items = (await data(schema, query, scripted, variables=variables))["items"]
        cursors = [edge["cursor"] for edge in items["edges"]]
        assert items["nodes"] == [edge["node"] for edge in items["edges"]]
        assert items["pageInfo"] == {
            "hasNextPage": len(seen) + len(cursors) < 7,
            "hasPreviousPage": bool(seen),
            "startCursor": cursors[0],
            "endCursor": cursors[-1],
        }
        assert items["totalCount"] == total
        seen += [node["id"] for node in items["nodes"]]
        after = items["pageInfo"]["endCursor"]
    assert seen == ["1", "2", "3", "4", "5", "6", "7"]


@EVERY
def test_a_connection_has_the_arguments_that_its_upstream_can_keep(
    tmp_path: Path, contracts: dict, handler: Any, op: str, total: int | None
) -> None:
    """`last` and `before` are there where the upstream can page backwards; paging's own parameters are not."""
    schema = load(tmp_path, module(op), contracts)
    shown = signature(schema, "Query", "items")
    backwards = ", last: Int, before: String" if total else ""
    others = ""
    if contracts is PAGES:
        others = ", q: String, before2: String"
    if contracts is PATHS:
        others = ", x: Int"
    assert shown == f"items(first: Int, after: String{backwards}{others}): ItemConnection"
    assert fields_of(schema, "ItemConnection") == [
        "edges: [ItemEdge!]!",
        "nodes: [Item!]!",
        "pageInfo: PageInfo!",
        "totalCount: Int",
    ]
    assert field_text(schema, "Query", "items").endswith('@source(service: "shop", operations: ["list"])')
    assert description_of(schema, "ItemConnection") == "A window of a list (Relay Cursor Connections)."


async def test_a_plain_list_over_a_paged_operation_is_followed_to_its_end(tmp_path: Path) -> None:
    """Also where the contract alone says that it is a list."""
    for annotation in ("list[Item] | None", "rest.auto"):
        text = module(LIST).replace(
            "rest.Connection[Item] | None = rest.connection", f"{annotation} = rest.query"
        )
        schema = load(tmp_path, text, LINKS)
        assert signature(schema, "Query", "items") == "items: [Item!]"
        scripted = testing.Services()
        scripted.on("shop", "list", by_link)
        found = await data(schema, "{ items { id } }", scripted)
        assert found == {"items": [{"id": str(n)} for n in range(1, 8)]}


@pytest.mark.parametrize(
    ("op", "contracts", "body", "place"),
    [
        (LIST, OFFSETS, {"data": [{"id": "1"}, {"id": 2}], "total": 2}, "$.data[1].id"),
        (LIST, LINKS, [{"id": 1}], "$[0].id"),
    ],
)
async def test_a_violation_in_a_page_has_its_place_in_the_answer(
    tmp_path: Path, op: str, contracts: dict[str, Doc], body: object, place: str
) -> None:
    """The JSON path of a node's broken value leads through the envelope of the page."""
    schema = load(tmp_path, module(op), contracts)
    scripted = testing.Services()
    scripted.answer("shop", "list", json=body)
    found = await testing.execute(schema, "{ items { nodes { id } } }", scripted)
    assert [one["extensions"]["violation"]["path"] for one in found.errors] == [place]
    assert scripted.calls == {"shop.list": 1}


async def test_a_count_that_graphql_cannot_say_is_an_error_at_its_field_alone(tmp_path: Path) -> None:
    """The items are served; the violation has its place in the answer."""
    schema = load(tmp_path, module(LIST), OFFSETS)
    scripted = testing.Services()
    scripted.answer("shop", "list", json={"data": ITEMS[:1], "total": 2**31})
    found = await testing.execute(schema, "{ items(first: 1) { nodes { id } totalCount } }", scripted)
    assert found.data == {"items": {"nodes": ITEMS[:1], "totalCount": None}}
    assert [(one["path"], one["extensions"]["violation"]) for one in found.errors] == [
        (
            ["items", "totalCount"],
            {"path": "$.total", "expected": "Int (32 bits)", "found": "integer over 32 bits"},
        )
    ]


async def test_a_page_that_breaks_its_contract_when_it_is_looked_ahead_is_told_as_such(
    tmp_path: Path,
) -> None:
    """`first: 0` asks nothing until someone wants to know whether there is more."""
    schema = load(tmp_path, module(LIST), OFFSETS)
    scripted = testing.Services()
    scripted.answer("shop", "list", json={"data": [], "total": 5})
    found = await testing.execute(schema, "{ items(first: 0) { pageInfo { hasNextPage } } }", scripted)
    assert [(one["path"], one["extensions"]["code"]) for one in found.errors] == [
        (["items", "pageInfo", "hasNextPage"], "CONTRACT_VIOLATION")
    ]
    assert scripted.calls == {"shop.list": 1}
