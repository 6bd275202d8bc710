"""What customers pay with, over HTTP, each answer held against its contract."""

from __future__ import annotations

from examples.parfinanciero.inprocess import Example
from tests.parfinanciero.conftest import Client


async def test_methods_of_many_customers_come_in_one_call(client: Client, parfinanciero: Example) -> None:
    """listMethods answers what all named customers pay with, cards and accounts, and nothing for an unknown one."""
    named = "u-0001,u-0002,u-0004,nobody"
    answer = await client.send("payments", "GET", "/v1/methods", query={"customer_ids": named})
    assert [(one["customer_id"], one["kind"], one["token"]) for one in answer.body["methods"]] == [
        ("u-0001", "card", "pm_declined"),
        ("u-0001", "card", "pm_ok"),
        ("u-0001", "account", "pm_slow"),
        ("u-0002", "card", "pm_declined"),
        ("u-0002", "card", "pm_ok"),
        ("u-0004", "card", "pm_ok"),
    ]
    assert answer.body["methods"][2] == {
        "kind": "account",
        "token": "pm_slow",
        "customer_id": "u-0001",
        "label": "My account, which takes its time",
        "iban": "DE00000000000000000001",
    }
    assert parfinanciero.calls("payments") == {"listMethods": 1}


async def test_methods_stay_in_their_tenant(client: Client, parfinanciero: Example) -> None:
    """A customer of another tenant has none here; more than 50 customers, or none, are refused."""
    answer = await client.send("payments", "GET", "/v1/methods", query={"customer_ids": "u-0900"})
    assert answer.body == {"methods": []}
    other = parfinanciero.sign("u-0900", "globex", ["payments:read"])
    there = await client.send(
        "payments", "GET", "/v1/methods", query={"customer_ids": "u-0900"}, token=other, tenant="globex"
    )
    assert [one["token"] for one in there.body["methods"]] == ["pm_ok"]
    many = ",".join(f"u-{number}" for number in range(51))
    for query, said in (({}, "is required"), ({"customer_ids": many}, "must have 1 to 50 items")):
        refused = await client.send("payments", "GET", "/v1/methods", query=query)
        assert (refused.status, refused.mistakes) == (400, [("customer_ids", said)])
