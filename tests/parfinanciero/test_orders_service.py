"""The orders service over HTTP, each answer held against its contract."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from examples.parfinanciero.inprocess import Example
from tests.parfinanciero.conftest import Answer, Client

LINE = {"sku": "PEN-100", "quantity": 3, "unit_price": "3.49"}
ORDER = {"customer_id": "u-0001", "currency": "EUR", "lines": [LINE]}


async def place(client: Client, **changes: object) -> Answer:
    """A new order of ana's."""
    return await client.send("orders", "POST", "/v1/orders", body={**ORDER, **changes})


async def move(client: Client, order: dict[str, Any], **changes: object) -> Answer:
    """A change of the present version of an order."""
    condition = {"If-Match": f'"{order["version"]}"'}
    return await client.send("orders", "PATCH", f"/v1/orders/{order['id']}", body=changes, headers=condition)


async def test_a_customers_orders_come_newest_first(client: Client) -> None:
    """listOrders with a customer answers that customer's orders, the newest first, 20 unless told."""
    answer = await client.send("orders", "GET", "/v1/orders", query={"customer_id": "u-0001"})
    items = answer.body.pop("items")
    assert answer.body == {"total": 36, "offset": 0, "limit": 20}
    assert (len(items), {order["customer_id"] for order in items}) == (20, {"u-0001"})
    placed = [order["placed_at"] for order in items]
    assert placed == sorted(placed, reverse=True)


async def test_offsets_add_up_to_the_whole(client: Client) -> None:
    """Part after part lists every order of the customer once; a part past the end is empty."""
    parts = [
        await client.send(
            "orders", "GET", "/v1/orders", query={"customer_id": "u-0002", "offset": offset, "limit": 10}
        )
        for offset in (0, 10, 20, 30, 40)
    ]
    assert [len(part.body["items"]) for part in parts] == [10, 10, 10, 3, 0]
    assert len({order["id"] for part in parts for order in part.body["items"]}) == 33


async def test_orders_are_filtered_by_state(client: Client) -> None:
    """A status filters; with a customer both filters hold."""
    answer = await client.send(
        "orders", "GET", "/v1/orders", query={"customer_id": "u-0001", "status": "delivered", "limit": 100}
    )
    everything = await client.send(
        "orders", "GET", "/v1/orders", query={"customer_id": "u-0001", "limit": 100}
    )
    assert answer.body["items"] == [
        order for order in everything.body["items"] if order["status"] == "delivered"
    ]
    assert answer.body["total"] == len(answer.body["items"]) > 0


async def test_a_total_is_the_sum_of_its_lines(client: Client) -> None:
    """Every order's total is exactly what its lines cost."""
    answer = await client.send("orders", "GET", "/v1/orders", query={"limit": 100})
    for order in answer.body["items"]:
        cost = sum(line["quantity"] * Decimal(line["unit_price"]) for line in order["lines"])
        assert Decimal(order["total"]) == cost


async def test_wrong_filters_are_told_together(client: Client) -> None:
    """Wrong parameters of a list are named in one answer."""
    query: dict[str, str | int] = {"customer_id": "", "status": "lost", "offset": -1, "limit": 0}
    answer = await client.send("orders", "GET", "/v1/orders", query=query)
    assert (answer.status, answer.mistakes) == (
        400,
        [
            ("customer_id", "must have 1 to 64 characters"),
            ("status", "must be one of pending, paid, shipped, delivered, cancelled"),
            ("offset", "must be a whole number from 0 to 1000000"),
            ("limit", "must be a whole number from 1 to 100"),
        ],
    )


async def test_an_order_is_found_by_its_id(client: Client) -> None:
    """getOrder answers what the list shows, with the version as ETag, for capital letters too."""
    listed = await client.send("orders", "GET", "/v1/orders", query={"customer_id": "u-0001", "limit": 1})
    order = listed.body["items"][0]
    for order_id in (order["id"], order["id"].upper()):
        answer = await client.send("orders", "GET", f"/v1/orders/{order_id}")
        assert (answer.status, answer.body, answer.headers["ETag"]) == (200, order, '"1"')


async def test_an_order_of_another_tenant_is_not_found(client: Client, parfinanciero: Example) -> None:
    """An order of acme does not exist for globex: neither to read nor to change."""
    order = (await place(client)).body
    globex = parfinanciero.sign("u-0700", "globex", ["orders:read", "orders:write"])
    path = f"/v1/orders/{order['id']}"
    read = await client.send("orders", "GET", path, token=globex, tenant="globex")
    cancelled = await client.send(
        "orders", "POST", f"{path}/cancel", token=globex, tenant="globex", headers={"If-Match": "*"}
    )
    assert [read.status, cancelled.status] == [404, 404]


async def test_an_id_that_is_no_uuid_is_a_wrong_parameter(client: Client) -> None:
    """getOrder refuses an id that cannot be one."""
    answer = await client.send("orders", "GET", "/v1/orders/u-0001")
    assert (answer.status, answer.mistakes) == (400, [("order_id", "must be a UUID")])


async def test_a_new_order_is_pending(client: Client) -> None:
    """createOrder answers 201 with the order, its ETag and its path, and keeps it."""
    answer = await place(
        client, note="Ring twice.", lines=[LINE, {**LINE, "sku": "TEA", "unit_price": "0.125"}]
    )
    made = answer.body
    assert (answer.status, answer.headers["ETag"]) == (201, '"1"')
    assert answer.headers["Location"] == f"/v1/orders/{made['id']}"
    assert made == {
        "id": made["id"],
        "customer_id": "u-0001",
        "status": "pending",
        "currency": "EUR",
        "total": "10.845",
        "lines": [LINE, {"sku": "TEA", "quantity": 3, "unit_price": "0.125"}],
        "placed_at": made["placed_at"],
        "note": "Ring twice.",
        "version": 1,
    }
    found = await client.send("orders", "GET", answer.headers["Location"])
    assert found.body == made


async def test_money_keeps_every_digit(client: Client) -> None:
    """Amounts beyond what a double can hold stay exact."""
    answer = await place(client, lines=[{"sku": "A", "quantity": 999, "unit_price": "123456789012345.6789"}])
    assert answer.body["total"] == "123333332223333333.2211"


async def test_every_mistake_of_an_order_has_its_pointer(client: Client) -> None:
    """createOrder answers 422 with a pointer to each mistake, within lines too."""
    lines = [
        {"sku": "small", "quantity": 0, "unit_price": "1,50"},
        {"sku": "A", "quantity": True, "unit_price": 1.5, "colour": "red"},
        "line",
    ]
    answer = await place(client, customer_id=None, currency="JPY", lines=lines, note=5)
    assert answer.status == 422
    assert answer.mistakes == [
        ("#/customer_id", "must be a string"),
        ("#/currency", "must be one of EUR, USD, GBP, CHF"),
        ("#/lines/1/colour", "is not known here; known are sku, quantity, unit_price"),
        ("#/lines/2", "must be an object"),
        ("#/lines/0/sku", "must match [A-Z0-9-]+"),
        ("#/lines/0/quantity", "must be a whole number from 1 to 999"),
        ("#/lines/0/unit_price", r"must match [0-9]{1,15}(\.[0-9]{1,4})?"),
        ("#/lines/1/quantity", "must be a whole number from 1 to 999"),
        ("#/lines/1/unit_price", "must be a string"),
        ("#/lines/2/sku", "is required"),
        ("#/lines/2/quantity", "is required"),
        ("#/lines/2/unit_price", "is required"),
        ("#/note", "must be a string or null"),
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "must have 1 to 50 items"),
        ([LINE] * 51, "must have 1 to 50 items"),
        ("many", "must be an array"),
        (None, "must be an array"),
    ],
)
async def test_an_order_has_one_to_fifty_lines(client: Client, lines: object, said: str) -> None:
    """No lines, too many, or what is no list, is refused."""
    answer = await place(client, lines=lines)
    assert (answer.status, answer.mistakes) == (422, [("#/lines", said)])


async def test_an_empty_order_lacks_three_members(client: Client) -> None:
    """createOrder names the members that are missing."""
    answer = await client.send("orders", "POST", "/v1/orders", body={})
    assert answer.mistakes == [
        ("#/customer_id", "is required"),
        ("#/currency", "is required"),
        ("#/lines", "is required"),
    ]


async def test_no_more_than_a_hundred_mistakes_are_told(client: Client) -> None:
    """A body with very many mistakes gets a bounded answer."""
    answer = await place(client, **{f"more{number}": 1 for number in range(150)})
    assert (answer.status, len(answer.mistakes)) == (422, 100)


async def test_an_order_goes_its_way(client: Client) -> None:
    """updateOrder moves an order from state to state, each time as a new version."""
    order = (await place(client)).body
    for version, status in enumerate(("paid", "shipped", "delivered"), 2):
        answer = await move(client, order, status=status)
        assert (answer.status, answer.headers["ETag"]) == (200, f'"{version}"')
        assert answer.body == {**order, "status": status, "version": version}
        order = answer.body


@pytest.mark.parametrize("wanted", ["shipped", "delivered"])
async def test_an_order_skips_no_state(client: Client, wanted: str) -> None:
    """A move that is not the next one is 409, and nothing changes."""
    order = (await place(client)).body
    answer = await move(client, order, status=wanted, note="x")
    assert (answer.status, answer.body["detail"]) == (409, f"A pending order cannot become {wanted}")
    assert (await client.send("orders", "GET", f"/v1/orders/{order['id']}")).body == order


async def test_a_note_is_changed_and_removed(client: Client) -> None:
    """A note is changed alone, stays when the state moves, and null removes it."""
    order = (await place(client)).body
    noted = (await move(client, order, note="Fragile!")).body
    paid = (await move(client, noted, status="paid")).body
    bare = (await move(client, paid, note=None, status="paid")).body
    assert [noted, paid, bare] == [
        {**order, "note": "Fragile!", "version": 2},
        {**order, "note": "Fragile!", "status": "paid", "version": 3},
        {**order, "note": None, "status": "paid", "version": 4},
    ]


@pytest.mark.parametrize(
    ("body", "pointer"), [({}, "#"), ({"status": "lost"}, "#/status"), ({"total": "1"}, "#/total")]
)
async def test_a_change_of_an_order_is_checked(client: Client, body: dict[str, object], pointer: str) -> None:
    """updateOrder refuses an empty change, an unknown state and an unknown member."""
    order = (await place(client)).body
    answer = await move(client, order, **body)
    assert (answer.status, [where for where, _ in answer.mistakes]) == (422, [pointer])


async def test_a_pending_order_is_cancelled(client: Client) -> None:
    """cancelOrder with the present version answers the cancelled order."""
    order = (await place(client)).body
    answer = await client.send(
        "orders", "POST", f"/v1/orders/{order['id']}/cancel", headers={"If-Match": '"1"'}
    )
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert answer.body == {**order, "status": "cancelled", "version": 2}


async def test_a_cancelled_order_is_not_cancelled_again(client: Client) -> None:
    """cancelOrder of a cancelled order is 409; of a version that is gone, 412."""
    order = (await place(client)).body
    path = f"/v1/orders/{order['id']}/cancel"
    statuses = [
        (await client.send("orders", "POST", path, headers={"If-Match": condition})).status
        for condition in ('"1"', '"1"', '"2"')
    ]
    assert statuses == [200, 412, 409]


async def test_a_shipped_order_is_not_cancelled(client: Client) -> None:
    """cancelOrder of an order on its way is 409."""
    order = (await place(client)).body
    for status in ("paid", "shipped"):
        order = (await move(client, order, status=status)).body
    answer = await client.send(
        "orders", "POST", f"/v1/orders/{order['id']}/cancel", headers={"If-Match": "*"}
    )
    assert (answer.status, answer.body["detail"]) == (409, "A shipped order cannot become cancelled")


@pytest.mark.parametrize(("method", "path"), [("PATCH", ""), ("POST", "/cancel")])
async def test_changing_needs_the_version(client: Client, method: str, path: str) -> None:
    """Without If-Match a change is 428; with another version 412."""
    order = (await place(client)).body
    body = {"note": "x"} if method == "PATCH" else None
    url = f"/v1/orders/{order['id']}{path}"
    without = await client.send("orders", method, url, body=body)
    stale = await client.send("orders", method, url, body=body, headers={"If-Match": '"9"'})
    assert (without.status, without.mistakes) == (428, [("If-Match", "is required")])
    assert stale.status == 412


async def test_bruno_reads_and_may_not_order(client: Client) -> None:
    """bruno has orders:read only."""
    read = await client.send("orders", "GET", "/v1/orders", person="bruno")
    written = await client.send("orders", "POST", "/v1/orders", person="bruno", body=ORDER)
    assert [read.status, written.status] == [200, 403]
