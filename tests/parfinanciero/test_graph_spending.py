"""Expenses, receipts and projections in the graph: what they join, what they cost, and how they are changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from typing import Any

import aiohttp
import msgspec
import pytest

from examples.parfinanciero.services import seed_expenses
from tests.parfinanciero.graph_client import Graph

MINE = [row for row in seed_expenses.expenses() if row.user_id == "u-0001"]
NOTE = (
    "mutation($input: CreateExpenseInput!) {noteExpense(input: $input)"
    "{id amount merchant user{id} category{name} receipt{bytes}}}"
)
TRIP = {"categoryId": "travel", "amount": "99.90", "spentOn": "2026-11-02", "merchant": "North Rail"}
KEEP = (
    "mutation($id: ID!, $file: Upload!) {keepReceipt(expenseId: $id, file: $file)"
    "{id receiptName receipt{mediaType bytes sha256}}}"
)
PDF = seed_expenses.receipt_pdf("one line")


async def noted(graph: Graph) -> str:
    """The id of a new expense."""
    return str((await graph.ask(NOTE, variables={"input": TRIP})).data["noteExpense"]["id"])


async def upload(
    graph: Graph,
    expense_id: str,
    content: bytes,
    name: str = "rail.pdf",
    media_type: str = "application/pdf",
    document: str = KEEP,
) -> dict[str, Any]:
    """The body of the answer to a GraphQL multipart request with one file."""
    form = aiohttp.FormData()
    variables = {"id": expense_id, "file": None}
    form.add_field("operations", json.dumps({"query": document, "variables": variables}))
    form.add_field("map", json.dumps({"0": ["variables.file"]}))
    form.add_field("0", content, filename=name, content_type=media_type)
    headers = {
        "Authorization": f"Bearer {graph.running.token('ana')}",
        "GraphQL-Require-Preflight": "1",
    }
    graph.running.reset()
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(graph.url, data=form) as response,
    ):
        body: dict[str, Any] = msgspec.json.decode(await response.read())
    assert response.status == 200, body
    return body


async def test_expenses_are_paged_by_cursors_to_the_end(graph: Graph) -> None:
    """A customer's expenses come in pages of one call each, every one once, the newest first."""
    query = (
        "query($after: String) {me{expenses(first: 60, after: $after)"
        "{pageInfo{hasNextPage endCursor} nodes{id spentOn amount}}}}"
    )
    seen: list[dict[str, str]] = []
    after = None
    for _ in range(10):
        reply = await graph.ask(query, variables={"after": after})
        assert (reply.errors, graph.calls()) == ([], {"users.getUser": 1, "expenses.listExpenses": 1})
        page = reply.data["me"]["expenses"]
        seen += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    ordered = sorted(sorted(MINE, key=lambda row: row.id), key=lambda row: row.spent_on, reverse=True)
    assert seen == [{"id": row.id, "spentOn": row.spent_on, "amount": str(row.amount)} for row in ordered]


async def test_receipts_of_many_expenses_are_one_call(graph: Graph) -> None:
    """What storage knows of all receipts on a page comes in one call, with the gateway's token; none is null."""
    reply = await graph.ask("{me{expenses(first: 100){nodes{id receiptName receipt{mediaType bytes}}}}}")
    files = {one.object_id: len(one.content) for one in seed_expenses.receipts()}
    rows = {row.id: row for row in MINE}
    nodes = reply.data["me"]["expenses"]["nodes"]
    assert reply.errors == []
    for node in nodes:
        row = rows[node["id"]]
        size = files.get(seed_expenses.receipt_id(row.id))
        receipt = None if size is None else {"mediaType": "application/pdf", "bytes": size}
        assert (node["receiptName"], node["receipt"]) == (row.receipt, receipt)
    assert any(node["receipt"] for node in nodes)
    assert graph.calls() == {"users.getUser": 1, "expenses.listExpenses": 1, "storage.listObjects": 1}


async def test_totals_of_many_customers_come_in_batches_of_fifty(graph: Graph) -> None:
    """What a hundred customers spent is two calls, as the contract's maxItems allows, each row with its customer."""
    reply = await graph.ask(
        '{users(first: 100){nodes{id spending(fromMonth: "2026-01", toMonth: "2026-10"){count}}}}'
    )
    counts: dict[str, int] = {}
    for row in seed_expenses.expenses():
        if row.spent_on >= "2026":
            counts[row.user_id] = counts.get(row.user_id, 0) + 1
    assert reply.errors == []
    for node in reply.data["users"]["nodes"]:
        assert sum(one["count"] for one in node["spending"]) == counts.get(node["id"], 0)
    assert graph.calls() == {"users.listUsers": 1, "expenses.listTotals": math.ceil(100 / 50)}


async def test_a_lookup_by_post_is_a_query(graph: Graph) -> None:
    """What is searched for goes in a body, of the caller's own expenses alone; the same search twice is one call."""
    query = '{searchExpenses(input: {text: "rail"}){id} again: searchExpenses(input: {text: "rail"}){id}}'
    reply = await graph.ask(query)
    found = [one["id"] for one in reply.data["searchExpenses"]]
    assert (reply.errors, reply.data["again"]) == ([], reply.data["searchExpenses"])
    assert set(found) == {row.id for row in MINE if row.merchant == "North Rail"}
    assert graph.calls() == {"expenses.searchExpenses": 1}


async def test_an_expense_is_noted_for_the_caller(graph: Graph) -> None:
    """noteExpense is the caller's own, whoever that is, and answers with what belongs to it."""
    reply = await graph.ask(NOTE, variables={"input": TRIP})
    assert (reply.errors, reply.data["noteExpense"]) == (
        [],
        {
            "id": reply.data["noteExpense"]["id"],
            "amount": "99.90",
            "merchant": "North Rail",
            "user": {"id": "u-0001"},
            "category": {"name": "Travel"},
            "receipt": None,
        },
    )
    assert graph.calls() == {
        "expenses.createExpense": 1,
        "users.getUser": 1,
        "expenses.listCategories": 1,
    }


@pytest.mark.parametrize(
    ("change", "where", "cost"),
    [
        ({"categoryId": "yachts"}, "categoryId", {"expenses.createExpense": 1}),
        ({"amount": "1.999"}, "amount", {}),
    ],
    ids=["the service says so", "the contract says so"],
)
async def test_what_is_wrong_with_an_expense_is_told_at_its_place(
    graph: Graph, change: dict[str, str], where: str, cost: dict[str, int]
) -> None:
    """A mistake of the client's is told with its place in the input; what breaks the contract is not even sent."""
    reply = await graph.ask(NOTE, variables={"input": {**TRIP, **change}})
    assert reply.failed == [("noteExpense", "BAD_USER_INPUT")]
    fields = reply.errors[0]["extensions"]["fields"]
    assert [one["path"] for one in fields] == [["input", where]]
    assert graph.calls() == cost


async def test_carla_reads_and_notes_nothing(graph: Graph) -> None:
    """Without expenses:write a change is refused before any service hears of it."""
    reply = await graph.ask(NOTE, person="carla", variables={"input": TRIP})
    assert (reply.failed, graph.calls()) == ([("noteExpense", "FORBIDDEN")], {})
    seen = await graph.ask("{me{expenses(first: 1){nodes{amount}}}}", person="carla")
    assert (seen.errors, len(seen.data["me"]["expenses"]["nodes"])) == ([], 1)


async def test_an_uploaded_receipt_is_in_storage(graph: Graph) -> None:
    """A file of a multipart request goes to expenses, from there to storage, and is shown as storage knows it."""
    expense_id = await noted(graph)
    body = await upload(graph, expense_id, PDF)
    assert body == {
        "data": {
            "keepReceipt": {
                "id": expense_id,
                "receiptName": "rail.pdf",
                "receipt": {
                    "mediaType": "application/pdf",
                    "bytes": len(PDF),
                    "sha256": hashlib.sha256(PDF).hexdigest(),
                },
            }
        }
    }
    assert graph.calls() == {"expenses.putReceipt": 1, "storage.putObject": 1, "storage.listObjects": 1}


async def test_what_storage_lets_be_kept_ends_with_a_new_receipt(graph: Graph) -> None:
    """What is known of a file is asked of storage once a minute, unless the graph itself brings another file: the
    expenses service, which is asked to keep it, could not tell that storage's answers change.
    """
    expense_id = await noted(graph)
    # It is not shown what became of the receipt, so that nothing is read anew on the way.
    change = "mutation($id: ID!, $file: Upload!) {keepReceipt(expenseId: $id, file: $file){id}}"
    query, given = "query($id: ID!) {expense(expenseId: $id){receipt{sha256}}}", {"id": expense_id}
    for content in (PDF, seed_expenses.receipt_pdf("another line")):
        await upload(graph, expense_id, content, document=change)
        asked = []
        for _ in range(2):
            reply = await graph.ask(query, variables=given)
            sha256 = hashlib.sha256(content).hexdigest()
            assert (reply.data, reply.errors) == ({"expense": {"receipt": {"sha256": sha256}}}, [])
            asked.append(graph.calls().get("storage.listObjects", 0))
        assert asked == [1, 0]


@pytest.mark.parametrize(
    ("content", "name", "cost"),
    [
        (b"no pdf", "rail.pdf", {"expenses.putReceipt": 1}),
        (PDF, "../rail.pdf", {}),
        (PDF + bytes(512 * 1024), "rail.pdf", {}),
    ],
    ids=["other content", "odd name", "too large"],
)
async def test_a_wrong_file_is_the_clients_mistake(
    graph: Graph, content: bytes, name: str, cost: dict[str, int]
) -> None:
    """A file that is not what it says, has an odd name or is too large is BAD_USER_INPUT, and is not kept."""
    expense_id = await noted(graph)
    body = await upload(graph, expense_id, content, name)
    assert body["data"] == {"keepReceipt": None}
    assert [one["extensions"]["code"] for one in body["errors"]] == ["BAD_USER_INPUT"]
    assert graph.calls() == cost


async def test_a_projection_is_asked_for_and_asked_again(graph: Graph) -> None:
    """askProjection answers at once with what is pending (202); asked by its id it is ready after a while."""
    asked = await graph.ask("mutation{askProjection(input: {months: 2}){id state months{month}}}")
    projection = asked.data["askProjection"]
    assert (asked.errors, projection["state"], projection["months"]) == ([], "PENDING", [])
    query = "query($id: UUID!) {projection(projectionId: $id){state userId months{month} compared{actual}}}"
    async with asyncio.timeout(20):
        while True:
            reply = await graph.ask(query, variables={"id": projection["id"]})
            if reply.data["projection"]["state"] != "PENDING":
                break
    assert (reply.errors, reply.data["projection"]) == (
        [],
        {
            "state": "READY",
            "userId": "u-0001",
            "months": [{"month": "2026-11"}, {"month": "2026-12"}],
            "compared": [{"actual": None}, {"actual": None}],
        },
    )


async def test_a_customer_without_a_projection_has_none(graph: Graph) -> None:
    """The latest projections of many customers are one call a batch; who has none gets null, and no error."""
    reply = await graph.ask("{users(first: 20){nodes{id projection{userId state}}}}")
    with_one = {"u-0001", "u-0002", "u-0003"}
    assert reply.errors == []
    assert [node["projection"] for node in reply.data["users"]["nodes"]] == [
        {"userId": node["id"], "state": "READY"} if node["id"] in with_one else None
        for node in reply.data["users"]["nodes"]
    ]
    assert graph.calls() == {"users.listUsers": 1, "projections.listProjections": 1}
