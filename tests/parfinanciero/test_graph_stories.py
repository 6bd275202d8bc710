"""The operations that the playground offers: each story does what its first line says, and costs what it should."""

from __future__ import annotations

from decimal import Decimal

import aiohttp
import msgspec
import pytest

from examples.parfinanciero.inprocess import Example
from examples.parfinanciero.services import seed_expenses
from examples.parfinanciero.services.seed import dataset
from graph.app import App
from graph.project.project import Project
from graph.serving.server import serving
from tests.parfinanciero.graph_client import ASKED, Graph, Reply, settled_at, told

ANA = dataset().users[0]


async def tell(graph: Graph, story: str, person: str = "ana", token: str | None = None) -> Reply:
    """The answer to a bundled operation with its bundled variables; a token of the person's own, or this one."""
    document, given = told(story)
    return await graph.ask(document, person=person, token=token, variables=given)


@pytest.mark.parametrize("story", ASKED)
async def test_every_story_is_well(graph: Graph, story: str) -> None:
    """Ana may see everything: no bundled operation ends with an error, or without data."""
    reply = await tell(graph, story)
    assert reply.errors == []
    assert None not in reply.data.values()


@pytest.mark.parametrize("story", [story for story in ASKED if "checkout" not in story])
async def test_both_lanes_tell_the_same_story(
    graph: Graph, bundled: Project, parfinanciero: Example, story: str
) -> None:
    """graphql-core, executing the same schema over the same services, comes to the same data by the same calls."""
    here = await tell(graph, story)
    cost = graph.calls()
    settled = settled_at(bundled, parfinanciero)
    core = msgspec.structs.replace(settled.settings.graph, lane="reference")
    project = Project(msgspec.structs.replace(settled.settings, graph=core), settled.schema)
    async with (
        serving(App(project).application(), "127.0.0.1", 0) as url,
        aiohttp.ClientSession() as session,
    ):
        other = Graph(url, parfinanciero, session)
        assert (await tell(other, story), other.calls()) == (here, cost)


async def test_the_dashboard_asks_five_services_in_one_request(graph: Graph) -> None:
    """Users, orders, expenses, projections and notifications, one call for each kind of thing; the callers' token is
    exchanged once for each of two services, and not again for the next request.
    """
    cost = {
        "users.getUser": 1,
        "orders.listOrders": 1,
        "expenses.listTotals": 2,
        "expenses.listCategories": 1,
        "projections.listProjections": 1,
        "notifications.listEmails": 1,
    }
    token = graph.running.token("ana")
    reply = await tell(graph, "05-dashboard", token=token)
    assert (reply.errors, graph.calls()) == ([], cost)
    assert graph.running.calls("identity").get("getToken") == 2
    again = await tell(graph, "05-dashboard", token=token)
    assert (again.data, graph.calls()) == (reply.data, cost)
    assert "getToken" not in graph.running.calls("identity")


async def test_a_projection_stands_beside_what_was_spent(graph: Graph) -> None:
    """Months that have ended have an actual figure, the sum of the month's expenses; those to come have none."""
    reply = await tell(graph, "05-dashboard")
    sums: dict[str, Decimal] = {}
    for row in seed_expenses.expenses():
        if row.user_id == ANA.id:
            sums[row.spent_on[:7]] = sums.get(row.spent_on[:7], Decimal(0)) + row.amount
    compared = reply.data["me"]["projection"]["compared"]
    months = ["2026-08", "2026-09", "2026-10", "2026-11", "2026-12", "2027-01"]
    assert [one["month"] for one in compared] == months
    assert [one["actual"] for one in compared] == [
        str(sums[month]) if month in sums else None for month in months
    ]
    assert [one["actual"] is None for one in compared] == [False] * 3 + [True] * 3
    assert {Decimal(one["expected"]) > 0 for one in compared} == {True}


async def test_a_months_review_leads_from_figures_to_people(graph: Graph) -> None:
    """The report comes with the gateway's own token, its owner from users, with what the owner spent."""
    reply = await tell(graph, "06-months-review")
    owner = reply.data["monthlyReport"]["owner"]
    assert (reply.errors, owner["name"]) == ([], dataset().users[1].name)
    spent = [
        row.amount
        for row in seed_expenses.expenses()
        if row.user_id == "u-0002" and row.spent_on.startswith("2026-10")
    ]
    assert sum(Decimal(one["total"]) for one in owner["spending"]) == sum(spent)
    assert graph.calls() == {
        "reports.getMonthlyReport": 1,
        "users.getUser": 1,
        "expenses.listTotals": 1,
        "expenses.listCategories": 1,
    }


async def test_what_bruno_may_not_see_costs_nothing(graph: Graph) -> None:
    """Bruno's dashboard has his name and orders; the rest is FORBIDDEN, no service hears of it, and no token is asked
    for.
    """
    reply = await tell(graph, "05-dashboard", "bruno")
    assert (reply.data["me"]["name"], reply.data["me"]["orders"]["totalCount"]) == (
        dataset().users[1].name,
        33,
    )
    assert reply.failed == [
        ("me.emails", "FORBIDDEN"),
        ("me.projection", "FORBIDDEN"),
        ("me.spending", "FORBIDDEN"),
    ]
    assert graph.calls() == {"users.getUser": 1, "orders.listOrders": 1}
    assert "getToken" not in graph.running.calls("identity")


@pytest.mark.parametrize(
    ("service", "failed"),
    [
        ("expenses", ["me.projection.compared", "me.spending"]),
        ("projections", ["me.projection"]),
        ("notifications", ["me.emails"]),
        ("orders", ["me.orders"]),
    ],
)
async def test_a_dashboard_outlives_any_of_its_services(
    graph: Graph, service: str, failed: list[str]
) -> None:
    """Whatever of the services behind it is down, the rest of the dashboard is there."""
    whole = (await tell(graph, "05-dashboard")).data["me"]
    await graph.running.stop(service)
    reply = await tell(graph, "05-dashboard")
    assert reply.failed == [(path, "UPSTREAM_UNAVAILABLE") for path in failed]
    named = {path.split(".")[1] for path in failed}
    kept = {name: value for name, value in whole.items() if name not in named}
    assert {name: reply.data["me"][name] for name in kept} == kept
