"""What a contract tells apart, in the graph: an order's events as a union, payment methods behind an interface; and
the rules that stand on single fields.
"""

from __future__ import annotations

import pytest

from examples.parfinanciero.services.seed import dataset
from tests.parfinanciero.graph_client import ASKED, Graph, told

HISTORY = "query($id: ID!){order(orderId: $id){history{__typename ...on OrderMoved{status} ...on OrderNoted{note}}}}"
METHODS = "{users(first: 5){nodes{id paymentMethods{__typename token ...on PaymentAccount{iban}}}}}"


async def test_events_are_of_the_kinds_that_happened(graph: Graph) -> None:
    """Each event is of the type that its kind names, and a change of the order adds to them."""
    row = next(one for one in dataset().orders if one.customer_id == "u-0001" and one.status == "pending")
    placed = [{"__typename": "OrderPlaced"}]
    reply = await graph.ask(HISTORY, variables={"id": row.id})
    assert (reply.data, reply.errors) == ({"order": {"history": placed}}, [])
    change = """mutation($id: ID!) {
        updateOrder(orderId: $id, ifMatch: "\\"1\\"", input: {status: PAID, note: "Ring twice."}) { version }
    }"""
    assert (await graph.ask(change, variables={"id": row.id})).errors == []
    happened = [
        {"__typename": "OrderMoved", "status": "PAID"},
        {"__typename": "OrderNoted", "note": "Ring twice."},
    ]
    after = await graph.ask(HISTORY, variables={"id": row.id})
    assert after.data == {"order": {"history": placed + happened}}
    assert graph.calls() == {"orders.getOrder": 1, "orders.listOrderEvents": 1}


async def test_methods_of_all_customers_come_in_one_call(graph: Graph) -> None:
    """Cards and accounts in one list, those of all customers in one call; an account's number is hidden but for four
    characters.
    """
    reply = await graph.ask(METHODS)
    assert reply.errors == []
    found = {one["id"]: one["paymentMethods"] for one in reply.data["users"]["nodes"]}
    assert found["u-0004"] == [{"__typename": "PaymentCard", "token": "pm_ok"}]
    assert found["u-0005"] == [
        {"__typename": "PaymentCard", "token": "pm_ok"},
        {"__typename": "PaymentAccount", "token": "pm_slow", "iban": "*" * 18 + "0005"},
    ]
    assert graph.calls() == {"users.listUsers": 1, "payments.listMethods": 1}


async def test_methods_need_a_scope(graph: Graph) -> None:
    """Who may not read payments sees no methods, and costs no call."""
    reply = await graph.ask("{me{paymentMethods{token}}}", person="bruno")
    assert (reply.data, reply.failed) == (
        {"me": {"paymentMethods": None}},
        [("me.paymentMethods", "FORBIDDEN")],
    )
    assert "payments.listMethods" not in graph.calls()


@pytest.mark.parametrize("acting", [False, True])
async def test_emails_are_sent_in_person(graph: Graph, acting: bool) -> None:
    """A program that acts on somebody's behalf (RFC 8693, `act`) sends none, whatever the token's scopes."""
    scopes = ["notifications:read", "notifications:write"]
    more = {"act": {"sub": "assistant"}} if acting else {}
    token = graph.running.keys.sign("u-0001", "acme", scopes, claims=more)
    change = """mutation($i: EmailCreateInput!) { sendEmail(input: $i) { state } }"""
    given = {"i": {"recipientId": "u-0002", "to": "b@example.com", "subject": "S", "text": "T"}}
    reply = await graph.ask(change, token=token, variables=given)
    assert reply.data == {"sendEmail": None if acting else {"state": "QUEUED"}}
    assert graph.calls() == ({} if acting else {"notifications.sendEmail": 1})
    said = [one["message"] for one in reply.errors]
    assert said == (["E-mails are sent in person, not by a program on somebody's behalf."] if acting else [])


async def test_the_window_is_the_houses_own(graph: Graph) -> None:
    """Whoever looks, of whatever tenant, sees what sold best in the house that has the window."""
    stranger = graph.running.sign("u-0900", "globex", [])
    document, given = told("11-shop-window")
    mine = await graph.ask(document, variables=given)
    theirs = await graph.ask(document, variables=given, token=stranger)
    assert (mine.errors, theirs.errors) == ([], [])
    assert mine.data == theirs.data
    assert len(mine.data["bestsellers"]) == 5


async def test_the_window_is_lit_while_reports_are_down(graph: Graph) -> None:
    """What was shown within the hour is shown on; of a month that nobody looked at, nothing is, without an error."""
    document, given = told("11-shop-window")
    before = await graph.ask(document, variables=given)
    await graph.running.stop("reports")
    kept = await graph.ask(document, variables=given)
    never = await graph.ask(document, variables={"month": "2026-09"})
    assert (kept.data, kept.errors) == (before.data, [])
    assert (never.data, never.errors) == ({"bestsellers": []}, [])


async def test_open_orders_are_counted(graph: Graph) -> None:
    """A constant filters: just what is still to be paid."""
    mine = [one for one in dataset().orders if one.customer_id == "u-0001" and one.status == "pending"]
    reply = await graph.ask("{me{openOrders(first: 50){totalCount nodes{status}}}}")
    assert reply.data["me"]["openOrders"] == {
        "totalCount": len(mine),
        "nodes": [{"status": "PENDING"}] * len(mine),
    }


def test_stories_are_told_in_order() -> None:
    """A story's number is its place."""
    assert [int(name[:2]) for name in ASKED] == list(range(1, len(ASKED) + 1))
