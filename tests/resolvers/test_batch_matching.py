"""A batch is matched by key, whatever the answer's order, and nothing is taken for absent that may be there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from adapters.service import Service
from graph.declaring.schema import Schema
from stolon.testing import Services, answer, execute
from tests.graph.projects import INT, TEXT, an, contract, data, listed, nullable, operation, parameter, ref
from tests.resolvers.graphs import Gate, asked, codes, project, turns

ROW = ref("Row")
PAGED = an({"items": listed(ROW), "total": INT})
CONTRACT = contract(
    operation("GET /uses", "listUses", listed(ref("Use"))),
    operation("GET /plain", "plain", listed(ROW), parameter("ids", listed(INT), explode=False)),
    operation("GET /nulls", "nulls", listed(nullable(ROW)), parameter("ids", listed(INT), explode=False)),
    operation(
        "GET /paged", "paged", PAGED, parameter("ids", listed(INT), explode=False), parameter("offset", INT),
        parameter("limit", {**INT, "maximum": 2, "default": 2}),
    ),
    operation(
        "GET /pages", "pages", PAGED, parameter("ids", listed(INT), explode=False), parameter("page", INT),
        parameter("per_page", {**INT, "maximum": 100, "default": 10}),
    ),
    operation("GET /of", "of", listed(ROW), parameter("kinds", listed(TEXT), explode=False), parameter("state"),
              parameter("region")),
    operation("GET /fewof", "fewOf", listed(ROW), parameter("kinds", listed(TEXT, maxItems=2), explode=False)),
    operation("GET /pagedof", "pagedOf", PAGED, parameter("kinds", listed(TEXT), explode=False),
              parameter("offset", INT), parameter("limit", {**INT, "maximum": 2, "default": 2})),
    Row=an({"id": INT, "name": TEXT, "kind": nullable(TEXT)}, optional="kind"),
    Use=an({"id": TEXT, "row": nullable(INT), "kind": nullable(TEXT), "region": nullable(TEXT)}),
)  # fmt: skip

MODULE = """
@rest.type(table.schema("Row"), key="id", many=table.op("MANY", ids=rest.keys))
class Row:
    id: rest.auto
    name: rest.auto


@rest.type(table.schema("Use"))
class Use:
    id: rest.auto
    row: Row | None = rest.link(key="row")
    rows: list[Row] | None = rest.link(table.op("of", kinds=rest.each("kind")), group_by="kind")
    local: list[Row] | None = rest.link(
        table.op("of", kinds=rest.each("kind"), region=rest.this("region")), group_by="kind")
    single: Row | None = rest.link(table.op("of", kinds=rest.each("kind")), group_by="kind")
    insisting: list[Row] = rest.link(table.op("of", kinds=rest.each("kind")), group_by="kind")
    few: list[Row] | None = rest.link(table.op("fewOf", kinds=rest.each("kind")), group_by="kind")
    paged: list[Row] | None = rest.link(table.op("pagedOf", kinds=rest.each("kind")), group_by="kind")


@strawberry.type
class Query:
    uses: list[Use] | None = rest.query(table.op("listUses"))


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def schemas(tmp_path_factory) -> dict[str, Schema]:
    """The same graph over each kind of `many`."""
    made = {}
    for many in ("plain", "nulls", "paged", "pages"):
        made[many] = project(tmp_path_factory.mktemp(many), MODULE.replace("MANY", many), table=CONTRACT)
    return made


def row(key: int, kind: str | None = None) -> dict[str, Any]:
    """One row."""
    return {"id": key, "name": f"n{key}", "kind": kind}


def use(row: int | None = None, kind: str | None = None, region: str | None = None) -> dict[str, Any]:
    """One row of uses."""
    return {"id": "u", "row": row, "kind": kind, "region": region}


def services_of(uses: list[dict[str, Any]], operation: str, body: object, **limits: int) -> Services:
    """Services with these uses and one scripted answer."""
    services = Services(table=Service("table", "http://localhost", **limits))  # type: ignore[arg-type]
    services.answer("table", "listUses", json=uses)
    services.answer("table", operation, json=body)
    return services


LINKS = "{ uses { row { name } } }"


@pytest.mark.parametrize(
    "body",
    [
        [row(1), row(2), row(3)],
        [row(3), row(1), row(2)],
        [row(2), row(2), row(9), row(1), row(1), row(3)],
        [{**row(3), "id": "3"}, {**row(1), "id": "01"}, row(2)],
    ],
)
async def test_rows_are_matched_by_key(schemas, body):
    """In order or not, with duplicates and rows that nobody asked for, each key finds its own row."""
    services = services_of([use(1), use(2), use(3), use(1)], "plain", body)
    found = await data(schemas["plain"], LINKS, services)
    assert [one["row"]["name"] for one in found["uses"]] == ["n1", "n2", "n3", "n1"]
    assert services.calls == {"table.listUses": 1, "table.plain": 1}


async def test_a_key_without_a_row_is_nothing(schemas):
    """A whole answer without a key's row says that there is none: null without an error."""
    services = services_of([use(1), use(2), use(None)], "plain", [row(2)])
    found = await data(schemas["plain"], LINKS, services)
    assert found == {"uses": [{"row": None}, {"row": {"name": "n2"}}, {"row": None}]}
    assert services.calls == {"table.listUses": 1, "table.plain": 1}


@pytest.mark.parametrize("odd", [{"name": "x"}, {"id": None, "name": "x"}, {"id": [1], "name": "x"}, 7, None])
async def test_absence_is_not_proven_by_a_row_without_a_key(schemas, odd):
    """Where a row can't be matched, a missing key may be its own: CONTRACT_VIOLATION there, data elsewhere."""
    services = services_of([use(1), use(2)], "plain", [row(2), odd])
    found = await execute(schemas["plain"], LINKS, services)
    assert found.data == {"uses": [{"row": None}, {"row": {"name": "n2"}}]}
    assert codes(found) == [(["uses", 0, "row"], "CONTRACT_VIOLATION")]
    assert found.errors[0]["extensions"]["violation"] == {
        "path": "$[1]", "expected": "an object with its key", "found": "something else"
    }  # fmt: skip


async def test_a_null_row_that_the_contract_admits_is_nothing(schemas):
    """Services that answer null for what they do not have say so, where their contract lets them."""
    services = services_of([use(1), use(2)], "nulls", [row(2), None])
    found = await data(schemas["nulls"], LINKS, services)
    assert found == {"uses": [{"row": None}, {"row": {"name": "n2"}}]}


@pytest.mark.parametrize("body", [{"items": []}, "x", None, 1])
async def test_an_answer_that_is_no_list_is_a_violation(schemas, body):
    """What is no list proves nothing: every key of the call gets the violation."""
    services = services_of([use(1), use(2)], "plain", body)
    found = await execute(schemas["plain"], LINKS, services)
    assert found.data == {"uses": [{"row": None}] * 2}
    assert codes(found) == [(["uses", at, "row"], "CONTRACT_VIOLATION") for at in (0, 1)]
    assert services.calls == {"table.listUses": 1, "table.plain": 1}


def numbers(request: Any, name: str) -> int:
    """A number out of the query."""
    return int(asked(request, name)[0]) if asked(request, name) else 0


def by_offset(rows: list[dict[str, Any]], cap: int = 2):
    """Pages of at most `cap` rows, by offset."""

    def handler(request: Any) -> Any:
        start = numbers(request, "offset")
        size = min(numbers(request, "limit") or cap, cap)
        return answer({"items": rows[start : start + size], "total": len(rows)})

    return handler


async def test_a_paged_many_is_followed_to_its_end(schemas):
    """Pages are read on while keys are missing, and no further."""
    services = services_of([use(one) for one in (5, 4, 1)], "paged", None)
    services.on("table", "paged", by_offset([row(one) for one in range(1, 8)]))
    found = await data(schemas["paged"], LINKS, services)
    assert [one["row"]["name"] for one in found["uses"]] == ["n5", "n4", "n1"]
    assert services.calls == {"table.listUses": 1, "table.paged": 3}


async def test_a_paged_many_read_to_its_end_proves_absence(schemas):
    """A key that no page holds is null when the last page was read."""
    services = services_of([use(1), use(9)], "paged", None)
    services.on("table", "paged", by_offset([row(one) for one in range(1, 6)]))
    found = await data(schemas["paged"], LINKS, services)
    assert found == {"uses": [{"row": {"name": "n1"}}, {"row": None}]}
    assert services.calls["table.paged"] == 3


async def test_a_service_that_sends_shorter_pages_loses_no_row(schemas):
    """Pages shorter than asked for, by number: items are counted as they came, so that the end is the real one."""
    rows = [row(one) for one in range(1, 31)]
    services = services_of([use(30), use(1)], "pages", None)

    def capped(request: Any) -> Any:
        page = numbers(request, "page")
        return answer({"items": rows[(page - 1) * 7 : page * 7], "total": 30})

    services.on("table", "pages", capped)
    found = await data(schemas["pages"], LINKS, services)
    assert [one["row"]["name"] for one in found["uses"]] == ["n30", "n1"]
    assert services.calls["table.pages"] == 5


async def test_a_batch_that_ends_early_is_incomplete(schemas):
    """At the bound of pages the missing keys are INCOMPLETE_BATCH, never null; those that were found are given."""
    services = services_of([use(1), use(7)], "paged", None, page_limit=2)
    services.on("table", "paged", by_offset([row(one) for one in range(1, 8)]))
    found = await execute(schemas["paged"], LINKS, services)
    assert found.data == {"uses": [{"row": {"name": "n1"}}, {"row": None}]}
    assert codes(found) == [(["uses", 1, "row"], "INCOMPLETE_BATCH")]
    assert services.calls["table.paged"] == 2


async def test_a_page_that_fails_leaves_what_was_found(schemas):
    """When a later page fails, the keys of earlier pages have their rows and the others the failure."""
    pages = iter([answer({"items": [row(1), row(2)], "total": 9}), answer(status=503)])
    services = services_of([use(1), use(7)], "paged", None)
    services.on("table", "paged", lambda _: next(pages))
    found = await execute(schemas["paged"], LINKS, services)
    assert found.data == {"uses": [{"row": {"name": "n1"}}, {"row": None}]}
    assert codes(found) == [(["uses", 1, "row"], "UPSTREAM_UNAVAILABLE")]


async def test_an_empty_page_that_says_there_is_more_is_a_violation(schemas):
    """A page without items that claims a total beyond proves nothing, and is not followed for ever."""
    services = services_of([use(1), use(2)], "paged", {"items": [], "total": 9})
    found = await execute(schemas["paged"], LINKS, services)
    assert codes(found) == [(["uses", at, "row"], "CONTRACT_VIOLATION") for at in (0, 1)]
    assert services.calls["table.paged"] == 1


async def test_calls_of_one_batch_are_bounded(schemas):
    """The calls of a split batch run together, never more than the service's `concurrency` at once."""
    services = services_of([use(one) for one in range(1, 11)], "plain", None, batch_limit=1, concurrency=3)
    gate = Gate(lambda one: answer([row(int(key)) for key in asked(one, "ids")]))
    services.on("table", "plain", gate)

    running = asyncio.ensure_future(execute(schemas["plain"], LINKS, services))
    seen = []
    for _ in range(10):
        await turns()
        seen.append(len(gate.waiting))
        gate.open(1)
    found = await running
    assert isinstance(found.data, dict)
    assert [one["row"]["name"] for one in found.data["uses"]] == [f"n{one}" for one in range(1, 11)]
    assert (gate.most, services.calls["table.plain"]) == (3, 10)
    assert seen == [3, 3, 3, 3, 3, 3, 3, 3, 2, 1]


# --- grouped links

KINDS = [row(1, "a"), row(2, "b"), row(3, "a"), row(4, "z")]


async def test_a_grouped_link_is_one_call_for_all_parents(schemas):
    """Items go to the parents whose value they repeat, in their own order; a parent without items gets none."""
    services = services_of([use(kind=one) for one in ("a", "b", "c", "a", None)], "of", KINDS)
    found = await data(schemas["plain"], "{ uses { rows { id } insisting { id } } }", services)
    a, b = [{"id": "1"}, {"id": "3"}], [{"id": "2"}]
    assert [one["rows"] for one in found["uses"]] == [a, b, [], a, None]
    assert [one["insisting"] for one in found["uses"]] == [a, b, [], a, []]
    assert services.calls == {"table.listUses": 1, "table.of": 1}
    assert sorted(asked(services.requests[1], "kinds")) == ["a", "b", "c"]


@pytest.mark.parametrize(("link", "operation"), [("few", "fewOf"), ("rows", "of")])
async def test_groups_are_split_at_the_limit_too(schemas, link, operation):
    """A grouped link's call carries no more values than the contract's `maxItems`, or else the service's limit."""
    services = services_of([use(kind=one) for one in "abcdea"], operation, [], batch_limit=3)
    services.on(
        "table",
        operation,
        lambda one: answer([row(ord(kind), kind) for kind in asked(one, "kinds")]),
    )
    found = await data(schemas["plain"], f"{{ uses {{ {link} {{ id }} }} }}", services)
    assert [one[link] for one in found["uses"]] == [[{"id": str(ord(one))}] for one in "abcdea"]
    sizes = {"fewOf": [2, 2, 1], "of": [3, 2]}[operation]
    assert [len(asked(one, "kinds")) for one in services.requests[1:]] == sizes


async def test_other_parameters_tell_batches_apart(schemas):
    """Arguments and other values of the parents make batches of their own; equal ones share."""
    uses = [use(kind="a", region="n"), use(kind="b", region="s"), use(kind="c", region="n")]
    services = services_of(uses, "of", KINDS)
    query = '{uses { local { id } x: rows(state: "x") { id } y: rows(state: "y") { id } z: rows(state: "x") { id } }}'
    await data(schemas["plain"], query, services)
    targets = sorted(one.target for one in services.requests[1:])
    assert targets == [
        "/of?kinds=a,b,c&state=x",
        "/of?kinds=a,b,c&state=y",
        "/of?kinds=a,c&region=n",
        "/of?kinds=b&region=s",
    ]


async def test_a_single_grouped_link_has_one_item(schemas):
    """Annotated with one object: it, null where there is none, and a violation where there are several."""
    services = services_of([use(kind=one) for one in ("b", "c", None, "a")], "of", KINDS)
    found = await execute(schemas["plain"], "{ uses { single { id } } }", services)
    assert found.data == {
        "uses": [{"single": {"id": "2"}}, {"single": None}, {"single": None}, {"single": None}]
    }
    assert codes(found) == [(["uses", 3, "single"], "CONTRACT_VIOLATION")]
    assert found.errors[0]["extensions"]["violation"] == {
        "path": "$[2]", "expected": "one item for each parent", "found": "another"
    }  # fmt: skip


@pytest.mark.parametrize("odd", [row(9, None), {"id": 9, "name": "x", "kind": 1.5}, None])
async def test_no_group_is_whole_where_an_item_belongs_to_nobody(schemas, odd):
    """An item that can't be matched may belong to any group: all of them are violations."""
    services = services_of([use(kind="a"), use(kind="b")], "of", [*KINDS, odd])
    found = await execute(schemas["plain"], "{ uses { rows { id } } }", services)
    assert found.data == {"uses": [{"rows": None}] * 2}
    assert codes(found) == [(["uses", at, "rows"], "CONTRACT_VIOLATION") for at in (0, 1)]


async def test_paged_groups_are_followed_to_their_end(schemas):
    """A grouped operation that pages is read to its end: no group is known to be whole before."""
    rows = [row(one, "ab"[one % 2]) for one in range(7)]
    services = services_of([use(kind="a"), use(kind="b")], "pagedOf", None)
    services.on("table", "pagedOf", by_offset(rows))
    found = await data(schemas["plain"], "{ uses { paged { id } } }", services)
    assert [[one["id"] for one in use["paged"]] for use in found["uses"]] == [
        ["0", "2", "4", "6"],
        ["1", "3", "5"],
    ]
    assert services.calls["table.pagedOf"] == 4


async def test_paged_groups_that_end_early_are_incomplete(schemas):
    """At the bound of pages every group of the call is INCOMPLETE_BATCH."""
    services = services_of([use(kind="a"), use(kind="b")], "pagedOf", None, page_limit=2)
    services.on("table", "pagedOf", by_offset([row(one, "a") for one in range(7)]))
    found = await execute(schemas["plain"], "{ uses { paged { id } } }", services)
    assert found.data == {"uses": [{"paged": None}] * 2}
    assert codes(found) == [(["uses", at, "paged"], "INCOMPLETE_BATCH") for at in (0, 1)]
