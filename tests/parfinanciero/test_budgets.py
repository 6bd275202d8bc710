"""What people mean to spend: the service over HTTP, and a key of two parts in the graph."""

from __future__ import annotations

from typing import Any

import pytest

from tests.parfinanciero.conftest import Client
from tests.parfinanciero.graph_client import Graph

PATH = "/v1/users/u-0001/budgets"


async def test_budgets_are_of_one_person_by_category(client: Client) -> None:
    """listBudgets answers those of one user of the tenant, all of them or of the named categories."""
    everything = (await client.send("expenses", "GET", PATH)).body["budgets"]
    assert [(one["category_id"], one["amount"]) for one in everything] == [
        ("groceries", "380.00"),
        ("leisure", "120.00"),
        ("travel", "250.00"),
    ]
    some = await client.send("expenses", "GET", PATH, query={"category_ids": "travel,health"})
    assert some.body["budgets"] == everything[2:]
    assert (await client.send("expenses", "GET", "/v1/users/u-0002/budgets")).body == {"budgets": []}


async def test_a_budget_is_set_in_the_place_of_another(client: Client) -> None:
    """putBudget keeps one for each person and category; a category that is none is 404, a wrong amount 422."""
    for amount in ("100.00", "90.5"):
        made = await client.send("expenses", "PUT", f"{PATH}/health", body={"amount": amount})
        assert (made.status, made.body) == (
            200,
            {"user_id": "u-0001", "category_id": "health", "amount": amount},
        )
    kept = await client.send("expenses", "GET", PATH, query={"category_ids": "health"})
    assert [one["amount"] for one in kept.body["budgets"]] == ["90.5"]
    assert (await client.send("expenses", "PUT", f"{PATH}/sweets", body={"amount": "1"})).status == 404
    wrong = await client.send("expenses", "PUT", f"{PATH}/health", body={"amount": "0", "of": "me"})
    assert (wrong.status, [where for where, _ in wrong.mistakes]) == (422, ["#/of", "#/amount"])


SPENDING = """query($users: Int!) {
    users(first: $users) {
        nodes {
            id
            spending(fromMonth: "2026-01", toMonth: "2026-10") { category { id } budget { amount user { id } } }
        }
    }
}"""


async def test_budgets_come_in_one_call_a_person(graph: Graph) -> None:
    """Spending names person and category: one call for each person asks for all categories of that one."""
    reply = await graph.ask(SPENDING, variables={"users": 4})
    assert reply.errors == []
    found = {
        (one["id"], sum_["category"]["id"]): sum_["budget"]
        for one in reply.data["users"]["nodes"]
        for sum_ in one["spending"]
    }
    owned = {"groceries": "380.00", "leisure": "120.00", "travel": "250.00"}
    for (user, category), budget in found.items():
        amount = {"u-0001": owned, "u-0003": {"groceries": "450.00"}}.get(user, {}).get(category)
        assert budget == (None if amount is None else {"amount": amount, "user": {"id": user}})
    assert {user for user, _ in found} >= {"u-0001", "u-0002", "u-0003"}
    cost = graph.calls()
    assert cost["expenses.listBudgets"] == len({user for user, _ in found})
    assert cost["expenses.listTotals"] == 1


@pytest.mark.parametrize(
    ("person", "failed"), [("ana", []), ("carla", [("setBudget", "FORBIDDEN")])], ids=["ana", "carla"]
)
async def test_a_caller_sets_budgets_of_its_own(
    graph: Graph, person: str, failed: list[tuple[str, str]]
) -> None:
    """Whose budget is set says the token, and that a caller may set any, a scope."""
    change = (
        'mutation{setBudget(categoryId: "groceries", input: {amount: "300"}){amount user{id} category{name}}}'
    )
    made: dict[str, Any] = {"amount": "300", "user": {"id": "u-0001"}, "category": {"name": "Groceries"}}
    reply = await graph.ask(change, person=person)
    assert (reply.data, reply.failed) == ({"setBudget": None if failed else made}, failed)
    after = await graph.ask(SPENDING, variables={"users": 1})
    amounts = {
        one["category"]["id"]: one["budget"]["amount"]
        for one in after.data["users"]["nodes"][0]["spending"]
        if one["budget"]
    }
    assert amounts["groceries"] == ("380.00" if failed else "300")
