"""A list is whole or it is a connection (design, section 3): list fields are followed to their end, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.service import Service
from graph.declaring.schema import Schema
from stolon.testing import Services, answer, execute
from tests.graph.projects import INT, TEXT, an, contract, data, listed, operation, parameter, ref
from tests.resolvers.graphs import asked, codes, project

CONTRACT = contract(
    operation(
        "GET /rows", "listRows", an({"items": listed(ref("Row")), "total": INT}), parameter("offset", INT),
        parameter("limit", {**INT, "maximum": 3, "default": 2}), parameter("X-Region", TEXT, "header"),
    ),
    operation(
        "GET /chain", "chain", an({"items": listed(ref("Row")), "next_cursor": {"type": ["string", "null"]}}),
        parameter("cursor"), parameter("limit", {**INT, "maximum": 3, "default": 2}),
    ),
    Row=an({"id": INT}),
)  # fmt: skip

MODULE = """
@rest.type(table.schema("Row"))
class Row:
    id: rest.auto


@strawberry.type
class Query:
    rows: list[Row] | None = rest.query(table.op("listRows"))
    chain: list[Row] | None = rest.query(table.op("chain"))
    page: rest.Connection[Row] | None = rest.connection(table.op("listRows"))


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """Rows in pages."""
    return project(tmp_path_factory.mktemp("pages"), MODULE, table=CONTRACT)


def paged(count: int, **limits: int) -> Services:
    """So many rows, by offset and by cursor."""
    rows = [{"id": at} for at in range(count)]
    services = Services(table=Service("table", "http://localhost", **limits))  # type: ignore[arg-type]

    def number(request: Any, name: str) -> int:
        return int((asked(request, name) or ["0"])[0])

    def chain(request: Any) -> Any:
        start, size = number(request, "cursor"), number(request, "limit")
        following = str(start + size) if start + size < count else None
        return answer({"items": rows[start : start + size], "next_cursor": following})

    def by_offset(request: Any) -> Any:
        start, size = number(request, "offset"), number(request, "limit")
        return answer({"items": rows[start : start + size], "total": count})

    services.on("table", "listRows", by_offset)
    services.on("table", "chain", chain)
    return services


@pytest.mark.parametrize(("field", "operation"), [("rows", "listRows"), ("chain", "chain")])
@pytest.mark.parametrize(("count", "calls"), [(0, 1), (1, 1), (3, 1), (4, 2), (6, 2), (7, 3)])
async def test_a_list_is_followed_to_its_end(schema, field, operation, count, calls):
    """Every page is read, the largest that the service allows, and none after the last."""
    services = paged(count)
    found = await data(schema, "{ %s { id } }" % field, services)  # noqa: UP031
    assert found == {field: [{"id": at} for at in range(count)]}
    assert services.calls == {f"table.{operation}": calls}


@pytest.mark.parametrize(("field", "operation"), [("rows", "listRows"), ("chain", "chain")])
async def test_a_list_beyond_the_bound_is_refused(schema, field, operation):
    """A list that goes on after `page_limit` pages is INCOMPLETE_BATCH, never the part that was read."""
    services = paged(7, page_limit=2)
    found = await execute(schema, "{ %s { id } }" % field, services)  # noqa: UP031
    assert (found.data, codes(found)) == ({field: None}, [([field], "INCOMPLETE_BATCH")])
    assert services.calls == {f"table.{operation}": 2}


async def test_a_whole_list_is_followed_once(schema):
    """Aliases and repeated fields share the whole list, and a page of it is shared with a connection."""
    services = paged(7)
    found = await data(schema, "{ rows { id } again: rows { id } page(first: 3) { nodes { id } } }", services)
    assert found["rows"] == found["again"]
    assert services.calls == {"table.listRows": 3}


async def test_lists_under_different_headers_are_different(schema):
    """Header arguments tell whole lists apart like any other parameter."""
    services = paged(1)
    query = '{ a: rows(xRegion: "n") { id } b: rows(xRegion: "s") { id } c: rows(xRegion: "n") { id } }'
    await data(schema, query, services)
    assert [one.headers["x-region"] for one in services.requests] == ["n", "s"]


async def test_a_page_that_fails_takes_the_list(schema):
    """Where a page fails there is no list, and the failure is the field's own."""
    services = paged(7)
    pages = iter([answer({"items": [{"id": 1}] * 3, "total": 7}), answer(status=503)])
    services.on("table", "listRows", lambda _: next(pages))
    found = await execute(schema, "{ rows { id } }", services)
    assert (found.data, codes(found)) == ({"rows": None}, [(["rows"], "UPSTREAM_UNAVAILABLE")])


async def test_a_cursor_that_leads_in_a_circle_is_a_violation(schema):
    """A chain that comes back to a page that was read is broken, and not followed on."""
    services = paged(7)
    services.answer("table", "chain", json={"items": [{"id": 1}], "next_cursor": "x"})
    found = await execute(schema, "{ chain { id } }", services)
    assert codes(found) == [(["chain"], "CONTRACT_VIOLATION")]
    assert services.calls == {"table.chain": 2}
