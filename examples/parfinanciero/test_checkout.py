"""How a project tests what it wrote itself: over scripted services, none of which runs. `python -m unittest` in this
folder.
"""

import unittest

from schema import schema

from stolon import testing

CHECKOUT = """
mutation($method: String!) {
  checkout(cart: {currency: EUR, lines: [{sku: "TEA-1", quantity: 2, unitPrice: "1.50"}], method: $method}) {
    state
    reason
    order { status }
  }
}
"""
ORDER = {
    "id": "6f0a4b0e-8a5e-4c57-9b0e-0d9d0a2a7f11",
    "customer_id": "u-1",
    "status": "pending",
    "currency": "EUR",
    "total": "3.00",
    "lines": [{"sku": "TEA-1", "quantity": 2, "unit_price": "1.50"}],
    "placed_at": "2026-11-01T12:00:00Z",
    "note": None,
    "version": 1,
}
ANA = testing.caller("u-1", scopes=("orders:write", "payments:read", "payments:write"))


class Checkout(unittest.IsolatedAsyncioTestCase):
    """What the customer is told, and what the services were asked."""

    async def test_a_declined_payment_undoes_the_order(self) -> None:
        """402 is a refusal: the order is cancelled, and nobody has to do anything."""
        services = testing.Services()
        services.answer("orders", "createOrder", status=201, json=ORDER)
        problem = {"type": "about:blank", "title": "The payment was declined", "status": 402}
        services.answer("payments", "createPayment", status=402, json=problem)
        services.answer("orders", "cancelOrder", json={**ORDER, "status": "cancelled", "version": 2})
        answer = await testing.execute(
            schema, CHECKOUT, services, variables={"method": "pm_declined"}, caller=ANA
        )
        assert answer.errors == []
        checkout = answer.data["checkout"]
        assert (checkout["state"], checkout["reason"]) == ("REFUSED", "The payment was declined")
        assert checkout["order"] == {"status": "CANCELLED"}
        assert services.calls == {
            "orders.createOrder": 1,
            "payments.createPayment": 1,
            "orders.cancelOrder": 1,
        }

    async def test_what_nobody_pays_with_is_not_even_ordered(self) -> None:
        """A method that is none is told at its place in the cart, and no service hears of it."""
        services = testing.Services()
        answer = await testing.execute(schema, CHECKOUT, services, variables={"method": "cash"}, caller=ANA)
        assert answer.data == {"checkout": None}
        fields = answer.errors[0]["extensions"]["fields"]
        assert [one["path"] for one in fields] == [["cart", "method"]]
        assert services.calls == {}


if __name__ == "__main__":
    unittest.main()
