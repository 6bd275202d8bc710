"""The example's generated mutations: conditions, keys and refusals of the services, as clients see them."""

from __future__ import annotations

from typing import Any

from examples.parfinanciero.services.seed import dataset
from tests.parfinanciero.graph_client import Graph

CREATE = """mutation($lines: [OrderLineInput!]!, $note: String) {
  createOrder(input: {customerId: "u-0001", currency: EUR, lines: $lines, note: $note}) {
    id status total version note customer { name }
  }
}"""
LINES = [
    {"sku": "A-1", "quantity": 3, "unitPrice": "0.10"},
    {"sku": "B-2", "quantity": 1, "unitPrice": "12.3456"},
]


async def created(graph: Graph) -> Any:
    """A new order of Ana's."""
    reply = await graph.ask(CREATE, variables={"lines": LINES})
    assert reply.errors == []
    return reply.data["createOrder"]


async def test_an_order_is_made_with_every_digit(graph: Graph) -> None:
    """Amounts are added up as decimals, and what the client left out is not sent as null."""
    order = await created(graph)
    ana = next(one.name for one in dataset().users if one.id == "u-0001")
    assert order == {
        "id": order["id"],
        "status": "PENDING",
        "total": "12.6456",
        "version": 1,
        "note": None,
        "customer": {"name": ana},
    }
    assert graph.calls() == {"orders.createOrder": 1, "users.getUser": 1}


async def test_an_old_version_is_a_conflict(graph: Graph) -> None:
    """If-Match of a version that has gone is 412 upstream and CONFLICT here; the present one is taken."""
    order = await created(graph)
    change = (
        "mutation($id: ID!, $seen: String!, $note: String) "
        "{updateOrder(orderId: $id, ifMatch: $seen, input: {note: $note}){version note}}"
    )
    first = await graph.ask(change, variables={"id": order["id"], "seen": '"1"', "note": "ring twice"})
    assert (first.errors, first.data) == ([], {"updateOrder": {"version": 2, "note": "ring twice"}})
    second = await graph.ask(change, variables={"id": order["id"], "seen": '"1"', "note": "other"})
    assert (second.data, second.failed) == ({"updateOrder": None}, [("updateOrder", "CONFLICT")])
    assert second.errors[0]["extensions"]["problem"]["status"] == 412
    removed = await graph.ask(change, variables={"id": order["id"], "seen": '"2"', "note": None})
    assert (removed.errors, removed.data) == ([], {"updateOrder": {"version": 3, "note": None}})


async def test_a_move_that_the_state_forbids_is_a_conflict(graph: Graph) -> None:
    """A cancelled order can't be cancelled again: 409 upstream, CONFLICT here, with the service's own words."""
    order = await created(graph)
    cancel = "mutation($id: ID!, $seen: String!) {cancelOrder(orderId: $id, ifMatch: $seen){status}}"
    first = await graph.ask(cancel, variables={"id": order["id"], "seen": '"1"'})
    assert (first.errors, first.data) == ([], {"cancelOrder": {"status": "CANCELLED"}})
    second = await graph.ask(cancel, variables={"id": order["id"], "seen": '"2"'})
    assert second.failed == [("cancelOrder", "CONFLICT")]
    assert second.errors[0]["message"] == "A cancelled order cannot become cancelled"


async def test_input_outside_the_contracts_bounds_is_not_sent(graph: Graph) -> None:
    """Bounds are checked here: BAD_USER_INPUT with the path of the client's own value, and no call."""
    lines = [{"sku": "A-1", "quantity": 1000, "unitPrice": "1.00"}]
    reply = await graph.ask(CREATE, variables={"lines": lines})
    assert reply.failed == [("createOrder", "BAD_USER_INPUT")]
    assert [one["path"] for one in reply.errors[0]["extensions"]["fields"]] == [
        ["input", "lines", 0, "quantity"]
    ]
    assert graph.calls() == {}


async def test_a_user_changes_what_the_input_names(graph: Graph) -> None:
    """updateUser sends what the client named: null forgets a birth date, absent members stay."""
    token = graph.running.sign("u-0001", "acme", ["users:read", "users:pii", "users:write"])
    change = (
        'mutation($input: UserUpdateInput!) {updateUser(userId: "u-0001", input: $input){name birthDate}}'
    )
    ana = next(one for one in dataset().users if one.id == "u-0001")
    first = await graph.ask(change, token=token, variables={"input": {"name": "Ana Nova"}})
    assert (first.errors, first.data) == (
        [],
        {"updateUser": {"name": "Ana Nova", "birthDate": ana.birth_date}},
    )
    second = await graph.ask(change, token=token, variables={"input": {"birthDate": None}})
    assert second.data == {"updateUser": {"name": "Ana Nova", "birthDate": None}}
    assert graph.calls() == {"users.updateUser": 1}
