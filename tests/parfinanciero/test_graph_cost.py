"""What queries of the example cost, by the services' own counters."""

from __future__ import annotations

import math

from examples.parfinanciero.services.seed import dataset
from tests.parfinanciero.graph_client import Graph

PROMISED = "{me{orders(first:20){edges{node{total payments{state} customer{name}}}}}}"
ANA = next(one for one in dataset().users if one.id == "u-0001")


async def test_the_promised_query_costs_one_call_to_each_service(graph: Graph) -> None:
    """Twenty orders with their payments and customers cost one call each to users, orders and payments."""
    reply = await graph.ask(PROMISED)
    newest = sorted(
        (one for one in dataset().orders if one.customer_id == "u-0001"),
        key=lambda one: (one.placed_at, one.id),
        reverse=True,
    )[:20]
    paid = {
        order.id: sorted(one.state.upper() for one in dataset().payments if one.order_id == order.id)
        for order in newest
    }
    nodes = [edge["node"] for edge in reply.data["me"]["orders"]["edges"]]
    assert reply.errors == []
    assert [node["total"] for node in nodes] == [str(order.total) for order in newest]
    assert [sorted(one["state"] for one in node["payments"]) for node in nodes] == [
        paid[order.id] for order in newest
    ]
    assert [node["customer"] for node in nodes] == [{"name": ANA.name}] * 20
    assert graph.calls() == {"users.getUser": 1, "orders.listOrders": 1, "payments.listPayments": 1}


async def test_customers_of_many_orders_are_fetched_in_batches_of_fifty(graph: Graph) -> None:
    """A hundred orders' customers, each once, in as few `listUsers` calls as its maxItems of 50 allows."""
    reply = await graph.ask("{orders(first:100){nodes{customer{id name city}}}}")
    customers = [node["customer"] for node in reply.data["orders"]["nodes"]]
    known = {
        one.id: {"id": one.id, "name": one.name, "city": one.address[1] if one.address else None}
        for one in dataset().users
    }
    different = {one["id"] for one in customers}
    assert reply.errors == []
    assert customers == [known[one["id"]] for one in customers]
    assert len(different) > 50
    assert graph.calls() == {"orders.listOrders": 1, "users.listUsers": math.ceil(len(different) / 50)}


async def test_links_lead_both_ways_without_asking_twice(graph: Graph) -> None:
    """From a payment to its order, its customer, and back to the order's payments: each call is made once."""
    payment = next(
        one
        for one in dataset().payments
        if one.order_id == next(order.id for order in dataset().orders if order.customer_id == "u-0002")
    )
    order = next(one for one in dataset().orders if one.id == payment.order_id)
    siblings = [one for one in dataset().payments if one.order_id == order.id]
    reply = await graph.ask(
        "query($id: ID!) {payment(paymentId: $id){amount order{id total customer{id name} "
        "payments{id order{id customer{name}}}}}}",
        variables={"id": payment.id},
    )
    bruno = next(one for one in dataset().users if one.id == "u-0002")
    assert reply.errors == []
    assert reply.data == {
        "payment": {
            "amount": str(payment.amount),
            "order": {
                "id": order.id,
                "total": str(order.total),
                "customer": {"id": "u-0002", "name": bruno.name},
                "payments": [
                    {"id": one.id, "order": {"id": order.id, "customer": {"name": bruno.name}}}
                    for one in siblings
                ],
            },
        }
    }
    assert graph.calls() == {
        "payments.getPayment": 1,
        "orders.getOrder": 1,
        "users.getUser": 1,
        "payments.listPayments": 1,
    }


async def test_aliases_and_fragments_share_what_they_ask_for(graph: Graph) -> None:
    """The same user by three ways in one query is one call."""
    reply = await graph.ask(
        '{me{name} again: me{...N} byId: user(userId: "u-0001"){...N}} fragment N on User {name city}'
    )
    assert reply.errors == []
    assert {one["name"] for one in reply.data.values()} == {ANA.name}
    assert graph.calls() == {"users.getUser": 1}


async def test_a_connection_is_paged_through_to_its_end(graph: Graph) -> None:
    """`after` the last cursor leads on until there is no next page: every order once, the newest first."""
    query = (
        "query($after: String) {me{orders(first: 15, after: $after)"
        "{totalCount pageInfo{hasNextPage endCursor} nodes{id}}}}"
    )
    seen: list[str] = []
    sizes: list[int] = []
    after = None
    for _ in range(10):
        reply = await graph.ask(query, variables={"after": after})
        assert reply.errors == []
        page = reply.data["me"]["orders"]
        seen += [one["id"] for one in page["nodes"]]
        sizes.append(len(page["nodes"]))
        assert page["totalCount"] == 36
        assert graph.calls() == {"users.getUser": 1, "orders.listOrders": 1}
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    mine = [one for one in dataset().orders if one.customer_id == "u-0001"]
    assert sizes == [15, 15, 6]
    assert len(set(seen)) == 36
    assert set(seen) == {one.id for one in mine}


async def test_users_are_paged_by_number_to_the_end(graph: Graph) -> None:
    """The 600 users of the tenant come in six pages of a hundred, each one call, none twice."""
    query = (
        "query($after: String) {users(first: 100, after: $after)"
        "{totalCount pageInfo{hasNextPage endCursor} nodes{id}}}"
    )
    seen: list[str] = []
    after = None
    pages = 0
    for _ in range(10):
        reply = await graph.ask(query, variables={"after": after})
        assert (reply.errors, graph.calls()) == ([], {"users.listUsers": 1})
        page = reply.data["users"]
        seen += [one["id"] for one in page["nodes"]]
        pages += 1
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert pages == 6
    assert seen == sorted(one.id for one in dataset().users if one.tenant == "acme")


async def test_a_point_count_beyond_doubles_keeps_every_digit(graph: Graph) -> None:
    """loyaltyPoints of 2^53 + 1 arrive digit by digit."""
    reply = await graph.ask("{me{loyaltyPoints}}")
    assert reply.data == {"me": {"loyaltyPoints": "9007199254740993"}}


async def test_computed_and_deep_fields_need_no_further_call(graph: Graph) -> None:
    """`city` and `label` are read from the user that was fetched anyway."""
    reply = await graph.ask("{me{name city label profile{address{city}}}}")
    assert ANA.address is not None
    city = ANA.address[1]
    assert reply.data == {
        "me": {
            "name": ANA.name,
            "city": city,
            "label": f"{ANA.name}, {city}",
            "profile": {"address": {"city": city}},
        }
    }
    assert graph.calls() == {"users.getUser": 1}
