"""What the three callers of the example see, each by the scopes of their token; and what it costs."""

from __future__ import annotations

import aiohttp
import pytest

from examples.parfinanciero.services.seed import dataset
from tests.parfinanciero.graph_client import Graph

SEEN = "{me{id name email birthDate orders(first:1){nodes{id payments{state}}}}}"
USERS = {one.id: one for one in dataset().users}


@pytest.mark.parametrize(
    ("person", "subject", "denied", "cost"),
    [
        ("ana", "u-0001", [], {"users.getUser": 1, "orders.listOrders": 1, "payments.listPayments": 1}),
        (
            "bruno",
            "u-0002",
            ["me.birthDate", "me.email", "me.orders.nodes.0.payments"],
            {"users.getUser": 1, "orders.listOrders": 1},
        ),
        (
            "carla",
            "u-0003",
            ["me.birthDate", "me.email"],
            {"users.getUser": 1, "orders.listOrders": 1, "payments.listPayments": 1},
        ),
    ],
)
async def test_a_caller_sees_what_the_scopes_allow(
    graph: Graph, person: str, subject: str, denied: list[str], cost: dict[str, int]
) -> None:
    """What a token lacks a scope for is null with FORBIDDEN, and costs no call; the rest is there."""
    reply = await graph.ask(SEEN, person=person)
    me = reply.data["me"]
    user = USERS[subject]
    assert (me["id"], me["name"]) == (subject, user.name)
    pii = (None, None) if "me.email" in denied else (user.email, user.birth_date)
    assert (me["email"], me["birthDate"]) == pii
    assert (me["orders"]["nodes"][0]["payments"] is None) == ("me.orders.nodes.0.payments" in denied)
    assert reply.failed == [(path, "FORBIDDEN") for path in denied]
    assert graph.calls() == cost


async def test_a_payment_that_may_not_be_seen_is_not_fetched(graph: Graph) -> None:
    """A field that leads to a type with scopes is decided before its call: no service hears of it."""
    payment = dataset().payments[0].id
    query = "query($id: ID!) {payment(paymentId: $id){id amount order{id}}}"
    reply = await graph.ask(query, person="bruno", variables={"id": payment})
    assert (reply.data, reply.failed, graph.calls()) == ({"payment": None}, [("payment", "FORBIDDEN")], {})
    assert reply.errors[0]["extensions"]["missingScopes"] == ["payments:read"]


async def test_a_change_without_its_scope_is_the_services_refusal(graph: Graph) -> None:
    """updateUser has no declared scopes: the users service says 403, the client FORBIDDEN, nothing is changed."""
    change = 'mutation{updateUser(userId: "u-0003", input: {name: "Somebody Else"}){name}}'
    reply = await graph.ask(change, person="carla")
    assert (reply.data, reply.failed) == ({"updateUser": None}, [("updateUser", "FORBIDDEN")])
    assert graph.calls() == {"users.updateUser": 1}
    after = await graph.ask("{me{name}}", person="carla")
    assert after.data == {"me": {"name": USERS["u-0003"].name}}


async def test_a_checkout_without_its_scopes_calls_nobody(graph: Graph) -> None:
    """Checkout says its scopes: a caller who could order but not pay does not even order."""
    token = graph.running.sign("u-0002", "acme", ["orders:write", "orders:read", "payments:read"])
    reply = await graph.ask(
        'mutation{checkout(cart:{currency: EUR, method: "pm_ok", lines:[{sku:"A-1", quantity:1, '
        'unitPrice:"1.00"}]}){state}}',
        token=token,
    )
    assert (reply.data, reply.failed) == ({"checkout": None}, [("checkout", "FORBIDDEN")])
    assert reply.errors[0]["extensions"]["missingScopes"] == ["payments:write"]
    assert graph.calls() == {}


async def test_another_tenants_data_stays_there(graph: Graph) -> None:
    """The tenant of the token decides, whatever the client's own header says: its users are not found here."""
    stranger = graph.running.sign("u-0900", "globex", ["users:read", "orders:read"])
    reply = await graph.ask('{me{id} user(userId: "u-0001"){id}}', token=stranger)
    assert (reply.data, reply.errors) == ({"me": {"id": "u-0900"}, "user": None}, [])


async def test_a_bad_token_is_refused(graph: Graph) -> None:
    """A token that is none is 401 with a GraphQL error body, though visitors without any are welcome; no service is
    called.
    """
    graph.running.reset()
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Bearer no.such.token"}) as session,
        session.post(graph.url, json={"query": "{me{name}}"}) as response,
    ):
        body = await response.json(content_type=None)
        assert response.status == 401
    assert [one["extensions"]["code"] for one in body["errors"]] == ["UNAUTHENTICATED"]
    assert "data" not in body
    assert graph.calls() == {}


async def test_visitors_see_the_shops_window_alone(graph: Graph) -> None:
    """Who did not sign in sees what sold best; whatever else is asked for is null with UNAUTHENTICATED, and no
    service hears of it.
    """
    graph.running.reset()
    query = (
        '{bestsellers(month: "2026-10"){sku quantity} me{name} orders(first: 1){nodes{id}}'
        ' monthlyReport(month: "2026-10"){month} categories{id} users(first: 1){nodes{id}}}'
    )
    async with (
        aiohttp.ClientSession() as session,
        session.post(graph.url, json={"query": query}) as response,
    ):
        body = await response.json(content_type=None)
    assert response.status == 200
    assert len(body["data"].pop("bestsellers")) == 5
    assert body["data"] == dict.fromkeys(("me", "orders", "monthlyReport", "categories", "users"))
    assert {one["path"][0]: one["extensions"]["code"] for one in body["errors"]} == dict.fromkeys(
        body["data"], "UNAUTHENTICATED"
    )
    assert graph.calls() == {"reports.getMonthlyReport": 1}
