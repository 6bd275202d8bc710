"""What the orders service remembers of an order, over HTTP, each answer held against its contract."""

from __future__ import annotations

from collections import Counter

import pytest

from examples.parfinanciero.services import seed
from tests.parfinanciero.conftest import Client

LINE = {"sku": "PEN-100", "quantity": 3, "unit_price": "3.49"}
PATHS = {
    "pending": [],
    "paid": ["paid"],
    "shipped": ["paid", "shipped"],
    "delivered": ["paid", "shipped", "delivered"],
    "cancelled": ["cancelled"],
}


async def test_every_change_is_an_event(client: Client) -> None:
    """Placing, moving, noting and cancelling are told in their order, two of one change one after the other; a change
    that changes nothing is none.
    """
    body = {"customer_id": "u-0001", "currency": "EUR", "lines": [LINE]}
    order = (await client.send("orders", "POST", "/v1/orders", body=body)).body
    path = f"/v1/orders/{order['id']}"
    for version, change in enumerate(
        ({"status": "paid", "note": "Now."}, {"note": "Now."}, {"note": None}), 1
    ):
        condition = {"If-Match": f'"{version}"'}
        assert (await client.send("orders", "PATCH", path, body=change, headers=condition)).status == 200
    await client.send("orders", "POST", f"{path}/cancel", headers={"If-Match": '"4"'})
    told = (await client.send("orders", "GET", f"{path}/events")).body
    assert told["last"] is None
    assert [{name: value for name, value in one.items() if name != "at"} for one in told["events"]] == [
        {"kind": "placed", "number": 1, "total": "10.47", "currency": "EUR"},
        {"kind": "moved", "number": 2, "status": "paid"},
        {"kind": "noted", "number": 3, "note": "Now."},
        {"kind": "noted", "number": 4, "note": None},
        {"kind": "moved", "number": 5, "status": "cancelled"},
    ]
    assert [one["at"] for one in told["events"]] == sorted(one["at"] for one in told["events"])


@pytest.mark.parametrize("status", PATHS)
async def test_seeded_orders_have_a_history(client: Client, status: str) -> None:
    """It begins when the order was placed, and leads to the state that the order is in, never into the future."""
    row = next(one for one in seed.dataset().orders if one.tenant == "acme" and one.status == status)
    events = (await client.send("orders", "GET", f"/v1/orders/{row.id}/events")).body["events"]
    assert (events[0]["at"], events[0]["total"]) == (row.placed_at, str(row.total))
    assert [one["status"] for one in events[1:]] == PATHS[status]
    assert max(one["at"] for one in events) <= "2026-11-01T00:00:00Z"


@pytest.mark.parametrize("most", [1, 2, 3, 4, 200])
async def test_whoever_knows_a_number_asks_for_what_came_since(client: Client, most: int) -> None:
    """Part after part tells every event once, with a null exactly at the end."""
    row = next(one for one in seed.dataset().orders if one.tenant == "acme" and one.status == "delivered")
    numbers: list[int] = []
    since, calls = 0, 0
    while since is not None:
        query: dict[str, str | int] = {"since": since, "most": most}
        part = (await client.send("orders", "GET", f"/v1/orders/{row.id}/events", query=query)).body
        numbers += [one["number"] for one in part["events"]]
        since, calls = part["last"], calls + 1
    assert (numbers, calls) == ([1, 2, 3, 4], -(-4 // most))


async def test_another_tenants_history_is_not_told(client: Client) -> None:
    """An order of another tenant is none, so that it has no history; wrong parameters are refused."""
    row = next(one for one in seed.dataset().orders if one.tenant == "globex")
    path = f"/v1/orders/{row.id}/events"
    assert (await client.send("orders", "GET", path)).status == 404
    answer = await client.send("orders", "GET", path, query={"since": "-1", "most": "201"})
    assert (answer.status, Counter(name for name, _ in answer.mistakes)) == (400, Counter(["since", "most"]))
