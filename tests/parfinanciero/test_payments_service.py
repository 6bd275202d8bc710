"""The payments service over HTTP, each answer held against its contract."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from examples.parfinanciero.inprocess import Example, example
from examples.parfinanciero.services import seed
from tests.parfinanciero.conftest import Answer, Client

ORDER_ID = "11111111-2222-4333-8444-555555555555"
BODY = {"order_id": ORDER_ID, "amount": "10.50", "currency": "EUR", "method": "pm_ok"}


async def pay(client: Client, key: str, **changes: object) -> Answer:
    """A payment under this key."""
    return await client.send(
        "payments", "POST", "/v1/payments", body={**BODY, **changes}, headers={"Idempotency-Key": key}
    )


async def charged(client: Client, order_id: str = ORDER_ID) -> list[dict[str, str]]:
    """The payments that the service keeps of an order."""
    answer = await client.send("payments", "GET", "/v1/payments", query={"order_ids": order_id})
    return answer.body["payments"]


def orders_of(customer_id: str) -> list[str]:
    """The ids of a customer's seeded orders."""
    return [order.id for order in seed.dataset().orders if order.customer_id == customer_id]


async def test_payments_of_many_orders_come_in_one_call(client: Client, parfinanciero: Example) -> None:
    """listPayments answers the payments of all named orders, and nothing for an order without any."""
    wanted = orders_of("u-0001")
    answer = await client.send(
        "payments", "GET", "/v1/payments", query={"order_ids": ",".join([*wanted, str(uuid4())])}
    )
    expected = {row.id for row in seed.dataset().payments if row.order_id in wanted}
    assert {payment["id"] for payment in answer.body["payments"]} == expected
    assert answer.body["next_cursor"] is None
    assert parfinanciero.calls("payments") == {"listPayments": 1}


@pytest.mark.parametrize("limit", [1, 7, 44, 45])
async def test_cursors_lead_to_the_end(client: Client, limit: int) -> None:
    """Following next_cursor lists every payment once, oldest first, with a null cursor exactly at the end."""
    query: dict[str, str | int] = {"order_ids": ",".join(orders_of("u-0001")), "limit": limit}
    whole = (await client.send("payments", "GET", "/v1/payments", query={**query, "limit": 500})).body[
        "payments"
    ]
    assert len(whole) == 44
    found, cursor, calls = [], "", 0
    while cursor is not None:
        part = await client.send(
            "payments", "GET", "/v1/payments", query={**query, **({"cursor": cursor} if cursor else {})}
        )
        found += part.body["payments"]
        cursor = part.body["next_cursor"]
        calls += 1
    assert found == whole == sorted(whole, key=lambda payment: (payment["created_at"], payment["id"]))
    assert calls == -(-44 // limit)


async def test_a_list_needs_its_orders(client: Client) -> None:
    """listPayments without order_ids, with none, with no UUID or with more than 100 is refused."""
    many = ",".join(str(uuid4()) for _ in range(101))
    said = [
        (await client.send("payments", "GET", "/v1/payments", query=query)).mistakes
        for query in ({}, {"order_ids": ""}, {"order_ids": "u-0001"}, {"order_ids": many})
    ]
    assert said == [
        [("order_ids", "is required")],
        [("order_ids", "must have 1 to 6500 characters")],
        [("order_ids", "items must be UUIDs")],
        [("order_ids", "must have 1 to 100 items")],
    ]


@pytest.mark.parametrize(
    "cursor",
    ["x", "%%%", "", base64.b64encode(b"[1, 2]").decode(), base64.b64encode(b'["", "\xff"]').decode(), "ä"],
)
async def test_a_made_up_cursor_is_refused(client: Client, cursor: str) -> None:
    """A cursor that the service did not hand out is a wrong parameter."""
    answer = await client.send(
        "payments", "GET", "/v1/payments", query={"order_ids": ORDER_ID, "cursor": cursor}
    )
    assert (answer.status, {where for where, _ in answer.mistakes}) == (400, {"cursor"})


async def test_payments_of_another_tenant_do_not_show(client: Client, parfinanciero: Example) -> None:
    """globex sees none of acme's payments, by order, id or key, and may use the same key for its own."""
    made = (await pay(client, "key-0001")).body
    globex = parfinanciero.sign("u-0700", "globex", ["payments:read", "payments:write"])
    seen = [
        await client.send("payments", method, path, token=globex, tenant="globex", query=query)
        for method, path, query in (
            ("GET", "/v1/payments", {"order_ids": ORDER_ID}),
            ("GET", f"/v1/payments/{made['id']}", None),
            ("GET", "/v1/payments/by-key/key-0001", None),
        )
    ]
    own = await client.send(
        "payments",
        "POST",
        "/v1/payments",
        token=globex,
        tenant="globex",
        body={**BODY, "amount": "1"},
        headers={"Idempotency-Key": "key-0001"},
    )
    assert (seen[0].body["payments"], seen[1].status, seen[2].status, own.status) == ([], 404, 404, 201)


async def test_a_payment_is_captured(client: Client) -> None:
    """createPayment answers 201 with the payment and its path; it is found by id, by key and by order."""
    answer = await pay(client, "key-0001", amount="98765432109876543210.1234", order_id=ORDER_ID.upper())
    made = answer.body
    assert (answer.status, answer.headers["Location"]) == (201, f"/v1/payments/{made['id']}")
    assert made == {
        "id": made["id"],
        "order_id": ORDER_ID,
        "state": "captured",
        "amount": "98765432109876543210.1234",
        "currency": "EUR",
        "method": "pm_ok",
        "created_at": made["created_at"],
        "failure_code": None,
    }
    by_id = await client.send("payments", "GET", f"/v1/payments/{made['id']}")
    by_key = await client.send("payments", "GET", "/v1/payments/by-key/key-0001")
    assert [by_id.body, by_key.body, await charged(client)] == [made, made, [made]]


async def test_the_same_key_charges_once(client: Client) -> None:
    """The same key with the same body, its members in any order, gets the first answer again."""
    first = await pay(client, "key-0001")
    again = await pay(client, "key-0001")
    turned = await client.send(
        "payments",
        "POST",
        "/v1/payments",
        body=dict(reversed(BODY.items())),
        headers={"Idempotency-Key": "key-0001"},
    )
    assert [first.status, again.status, turned.status] == [201, 201, 201]
    assert first.body == again.body == turned.body
    assert await charged(client) == [first.body]


async def test_the_same_key_at_the_same_time_charges_once(client: Client) -> None:
    """Calls with one key that arrive together make one payment."""
    answers = await asyncio.gather(*(pay(client, "key-0001", method="pm_slow") for _ in range(5)))
    assert {answer.status for answer in answers} == {201}
    assert await charged(client) == [answers[0].body]


@pytest.mark.parametrize("change", [{"amount": "10.51"}, {"method": "pm_declined"}, {"currency": "USD"}])
async def test_a_key_belongs_to_its_body(client: Client, change: dict[str, str]) -> None:
    """The same key with another body is 409 and charges nothing."""
    first = await pay(client, "key-0001")
    answer = await pay(client, "key-0001", **change)
    assert (answer.status, answer.body["title"]) == (409, "The key was used before with another body")
    assert await charged(client) == [first.body]


async def test_a_declined_payment_is_a_problem_and_findable(client: Client) -> None:
    """pm_declined is 402 with the failure code, again for the same key; the payment is kept as failed."""
    answers = [await pay(client, "key-0001", method="pm_declined") for _ in range(2)]
    assert [answer.body for answer in answers] == 2 * [
        {
            "type": "https://parfinanciero.example/problems/payment-declined",
            "title": "The payment was declined",
            "status": 402,
            "detail": "The payment method was declined; nothing was charged",
            "failure_code": "card_declined",
        }
    ]
    found = await client.send("payments", "GET", "/v1/payments/by-key/key-0001")
    assert (found.body["state"], found.body["failure_code"]) == ("failed", "card_declined")
    assert await charged(client) == [found.body]


async def test_a_slow_payment_is_charged_before_it_is_answered(
    tmp_path: Path, signing_key: rsa.RSAPrivateKey
) -> None:
    """pm_slow records the payment and then waits; whoever gives up finds it by its key, or asks again."""
    waits: list[float] = []
    waiting = asyncio.Event()

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        waiting.set()
        await asyncio.Event().wait()

    async with (
        example(tmp_path, slow_seconds=3600, pause=pause, make_key=lambda: signing_key) as running,
        aiohttp.ClientSession() as session,
    ):
        client = Client(running, session)
        first = asyncio.create_task(pay(client, "key-0001", method="pm_slow"))
        await waiting.wait()
        first.cancel()
        found = await client.send("payments", "GET", "/v1/payments/by-key/key-0001")
        again = await pay(client, "key-0001", method="pm_slow")
    assert (found.body["state"], again.status, again.body) == ("captured", 201, found.body)
    assert (waits, first.cancelled()) == ([3600], True)


async def test_a_slow_payment_is_answered_in_the_end(client: Client) -> None:
    """pm_slow answers 201 after its delay."""
    answer = await pay(client, "key-0001", method="pm_slow")
    assert (answer.status, answer.body["method"]) == (201, "pm_slow")


async def test_a_lost_payment_is_neither_answered_nor_made(client: Client, parfinanciero: Example) -> None:
    """pm_lost closes the connection; the call counts, and nothing is found by the key."""
    with pytest.raises(aiohttp.ClientConnectionError):
        await pay(client, "key-0001", method="pm_lost")
    found = await client.send("payments", "GET", "/v1/payments/by-key/key-0001")
    assert (found.status, await charged(client)) == (404, [])
    assert parfinanciero.calls("payments")["createPayment"] == 1


@pytest.mark.parametrize("key", [None, "short", "x" * 129, "has space", "a/b/c/d/e"])
async def test_a_payment_needs_a_key(client: Client, key: str | None) -> None:
    """createPayment without a fitting Idempotency-Key is 400."""
    answer = await client.send(
        "payments", "POST", "/v1/payments", body=BODY, headers={"Idempotency-Key": key}
    )
    said = "is required" if key is None else "must have 8 to 128 letters, digits or . _ ~ -"
    assert (answer.status, answer.mistakes) == (400, [("Idempotency-Key", said)])


async def test_every_mistake_of_a_payment_has_its_pointer(client: Client) -> None:
    """createPayment answers 422 with a pointer to each mistake, and charges nothing."""
    answer = await pay(client, "key-0001", order_id="x", amount="-1", currency="EURO", method="pm_gold")
    assert answer.status == 422
    assert answer.mistakes == [
        ("#/order_id", "must be a UUID"),
        ("#/amount", r"must match [0-9]{1,20}(\.[0-9]{1,4})?"),
        ("#/currency", "must be one of EUR, USD, GBP, CHF"),
        ("#/method", "must be one of pm_ok, pm_declined, pm_slow, pm_lost"),
    ]
    assert (await client.send("payments", "GET", "/v1/payments/by-key/key-0001")).status == 404


async def test_an_empty_payment_lacks_four_members(client: Client) -> None:
    """createPayment names the members that are missing."""
    answer = await client.send(
        "payments", "POST", "/v1/payments", body={}, headers={"Idempotency-Key": "key-0001"}
    )
    assert answer.mistakes == [
        ("#/order_id", "is required"),
        ("#/amount", "is required"),
        ("#/currency", "is required"),
        ("#/method", "is required"),
    ]


@pytest.mark.parametrize("amount", ["0", "0.0000"])
async def test_nothing_cannot_be_paid(client: Client, amount: str) -> None:
    """An amount of nothing is refused."""
    answer = await pay(client, "key-0001", amount=amount)
    assert answer.mistakes == [("#/amount", "must be more than 0")]


async def test_wrong_identifiers_are_wrong_parameters(client: Client) -> None:
    """A payment id that is no UUID, and a key that cannot be one, are 400; unknown ones are 404."""
    statuses = [
        (await client.send("payments", "GET", f"/v1/payments/{path}")).status
        for path in ("x", "by-key/short", str(uuid4()), "by-key/never-used")
    ]
    assert statuses == [400, 400, 404, 404]


async def test_scopes_of_the_demo_callers(client: Client) -> None:
    """carla reads payments and makes none; bruno does neither."""
    listed = {"order_ids": ORDER_ID}
    key = {"Idempotency-Key": "key-0001"}
    statuses = [
        (await client.send("payments", "GET", "/v1/payments", person="carla", query=listed)).status,
        (
            await client.send("payments", "POST", "/v1/payments", person="carla", body=BODY, headers=key)
        ).status,
        (await client.send("payments", "GET", "/v1/payments", person="bruno", query=listed)).status,
    ]
    assert statuses == [200, 403, 403]
