"""A checkout that is sent twice at once under one key: one of them pays, both are told so, and one order is left."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from adapters.messages import Request, Response
from stolon import testing
from tests.parfinanciero.graph_client import bundled_project
from tests.parfinanciero.test_graph_checkout_undone import ORDER, PAYMENT, SCOPES, problem

OTHER_ID = "33333333-3333-4333-8333-333333333333"
OTHER = {**ORDER, "id": OTHER_ID}
"""The order of the one that came too late."""
CHECKOUT = """
    mutation {
        checkout(key: "k", cart: {
            currency: EUR, method: "pm_ok", lines: [{sku: "ABC", quantity: 1, unitPrice: "2.50"}]
        }) { state order { id } payment { id } }
    }
"""


def in_turn(*given: Response) -> Callable[[Request], Response]:
    answers = iter(given)
    return lambda _: next(answers)


def scripted(found: Response) -> testing.Services:
    """Nothing is paid under the key when the first look is taken; then it is."""
    services = testing.Services()
    services.answer("orders", "createOrder", json=OTHER, status=201)
    services.answer("orders", "getOrder", json=ORDER)
    services.answer("payments", "createPayment", status=409, json=problem(409))
    services.on("payments", "findPayment", in_turn(testing.answer(problem(404), 404), found))
    return services


async def told(services: testing.Services) -> object:
    caller = testing.caller("u-0001", scopes=SCOPES, tenant="acme")
    headers = {"x-tenant-id": "acme"}
    answer = await testing.execute(
        bundled_project().schema, CHECKOUT, services, caller=caller, headers=headers
    )
    assert answer.errors == []
    return answer.data


async def test_the_second_is_told_what_the_first_one_paid():
    """Its own order is cancelled; the payment's order is shown."""
    services = scripted(testing.answer(PAYMENT))
    services.answer("orders", "cancelOrder", json={**OTHER, "status": "cancelled", "version": 2})
    shown = {"state": "PAID", "order": {"id": ORDER["id"]}, "payment": {"id": PAYMENT["id"]}}
    assert await told(services) == {"checkout": shown}
    cancelled = [one.target for one in services.requests if one.operation == "cancelOrder"]
    assert [OTHER_ID in one for one in cancelled] == [True]


@pytest.mark.parametrize("found", [testing.answer(problem(503), 503), testing.answer(problem(404), 404)])
async def test_where_the_payment_cannot_be_found_nothing_is_undone(found: Response):
    """It is asked about again."""
    services = scripted(found)
    shown = {"state": "UNKNOWN", "order": {"id": OTHER_ID}, "payment": None}
    assert await told(services) == {"checkout": shown}
    assert "orders.cancelOrder" not in services.calls


async def test_where_the_order_cannot_be_undone_it_is_asked_about_again():
    """Not told as unpaid, since it is not."""
    services = scripted(testing.answer(PAYMENT))
    services.answer("orders", "cancelOrder", status=503, json=problem(503))
    shown = {"state": "UNKNOWN", "order": {"id": OTHER_ID}, "payment": None}
    assert await told(services) == {"checkout": shown}
