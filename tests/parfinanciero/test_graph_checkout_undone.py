"""Checkout where what comes after the payment fails too: over scripted services, which can fail at just that call."""

from __future__ import annotations

from typing import Any

import pytest

from stolon import testing
from tests.parfinanciero.graph_client import bundled_project

ORDER = {
    "id": "11111111-1111-4111-8111-111111111111",
    "customer_id": "u-0001",
    "status": "pending",
    "currency": "EUR",
    "total": "2.50",
    "lines": [{"sku": "ABC", "quantity": 1, "unit_price": "2.50"}],
    "placed_at": "2026-11-20T10:00:00Z",
    "note": None,
    "version": 1,
}
PAYMENT = {
    "id": "22222222-2222-4222-8222-222222222222",
    "order_id": ORDER["id"],
    "state": "captured",
    "amount": "2.50",
    "currency": "EUR",
    "method": "pm_ok",
    "created_at": "2026-11-20T10:00:01Z",
    "failure_code": None,
}
CHECKOUT = """
    mutation {
        checkout(cart: {
            currency: EUR, method: "pm_ok", lines: [{sku: "ABC", quantity: 1, unitPrice: "2.50"}]
        }) { state reason order { status } payment { state } }
    }
"""
SCOPES = ("orders:read", "orders:write", "payments:read", "payments:write")


def problem(status: int, **more: Any) -> dict[str, Any]:
    return {"type": "about:blank", "title": "No", "status": status, **more}


@pytest.fixture
def services() -> testing.Services:
    """An order can be made; everything else is up to the test."""
    made = testing.Services()
    made.answer("orders", "createOrder", json=ORDER, status=201)
    return made


async def checked_out(services: testing.Services) -> testing.Answer:
    caller = testing.caller("u-0001", scopes=SCOPES, tenant="acme")
    return await testing.execute(
        bundled_project().schema, CHECKOUT, services, caller=caller, headers={"x-tenant-id": "acme"}
    )


async def test_an_order_that_cannot_be_cancelled_is_said_to_stand(services):
    """A refused payment whose order can't be undone any more is told as NOT_UNDONE, with the order as it is."""
    services.answer("payments", "createPayment", json=problem(402, detail="Declined."), status=402)
    services.answer("orders", "cancelOrder", json=problem(412, detail="Changed."), status=412)
    answer = await checked_out(services)
    assert (answer.errors, answer.data) == (
        [],
        {
            "checkout": {
                "state": "NOT_UNDONE",
                "reason": "Declined.",
                "order": {"status": "PENDING"},
                "payment": None,
            }
        },
    )
    assert services.calls == {"orders.createOrder": 1, "payments.createPayment": 1, "orders.cancelOrder": 1}


@pytest.mark.parametrize(
    "given",
    [
        testing.answer(problem(500), 500),
        testing.answer(problem(503), 503),
        testing.Response(201, {}, b"<html>"),
    ],
    ids=["500", "503", "no JSON"],
)
async def test_an_answer_that_proves_nothing_is_looked_up_before_anything_is_undone(services, given):
    """A 5xx, or an answer that breaks its contract, may hide a payment: found by its key, it is kept."""
    services.on("payments", "createPayment", lambda _: given)
    services.answer("payments", "findPayment", json=PAYMENT)
    answer = await checked_out(services)
    assert (answer.errors, answer.data) == (
        [],
        {
            "checkout": {
                "state": "PAID",
                "reason": None,
                "order": {"status": "PENDING"},
                "payment": {"state": "CAPTURED"},
            }
        },
    )
    assert services.calls == {"orders.createOrder": 1, "payments.createPayment": 1, "payments.findPayment": 1}
