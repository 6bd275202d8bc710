"""Checkout: an order, then its payment, as one mutation over two services that know nothing of each other.

A refused payment undoes the order. A payment whose outcome is unknown is looked up by its idempotency key
first: only what is known to have failed is undone.
"""

from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry
from entities import Order, Payment, orders, payments

from stolon import Context, rest


@strawberry.enum(description="What became of a checkout.")
class CheckoutState(Enum):
    """What became of a checkout."""

    PAID = strawberry.enum_value("paid", description="Ordered and paid.")
    REFUSED = strawberry.enum_value("refused", description="The payment was refused; the order is cancelled.")
    NOT_PAID = strawberry.enum_value(
        "not_paid", description="The payment was not made; the order is cancelled."
    )
    UNKNOWN = strawberry.enum_value(
        "unknown", description="Not known whether it was paid; nothing was undone."
    )
    NOT_UNDONE = strawberry.enum_value(
        "not_undone", description="Not paid, but the order could not be cancelled."
    )


@strawberry.input(description="One line of a cart.")
class CartLineInput:
    """One line of a cart."""

    sku: str
    quantity: int
    unit_price: Decimal


@strawberry.input(description="What to order, and how to pay for it.")
class CartInput:
    """What to order, and how to pay for it."""

    currency: str = strawberry.field(description="ISO 4217.")
    lines: list[CartLineInput]
    method: str = strawberry.field(description="The token of the payment method.")
    note: str | None = None


@strawberry.type(description="What became of a checkout.")
class CheckoutResult:
    """What became of a checkout. `reason` is the payment service's own word, where it gave one."""

    state: CheckoutState
    order: Order | None
    payment: Payment | None = None
    reason: str | None = None


async def check_out(info: rest.Info, cart: CartInput) -> CheckoutResult:
    """Order, pay, and undo what could not be paid. Raises FieldError where nothing was ordered."""
    context = info.context
    lines = [{"sku": one.sku, "quantity": one.quantity, "unit_price": one.unit_price} for one in cart.lines]
    body = {
        "customer_id": context.caller.subject,
        "currency": cart.currency,
        "lines": lines,
        "note": cart.note,
    }
    order = await context.call(orders.op("createOrder"), body=body)
    # One order is paid once: its id names the payment, however often the gateway has to ask what became of
    # it.
    key = f"checkout-{order.id}"
    bill = {"order_id": order.id, "amount": order.total, "currency": order.currency, "method": cart.method}
    try:
        payment = await context.call(payments.op("createPayment"), idempotency_key=key, body=bill)
    except rest.FieldError as refused:
        return await _not_paid(context, order, key, refused)
    return CheckoutResult(state=CheckoutState.PAID, order=order, payment=payment)


async def _not_paid(context: Context, order: Any, key: str, refused: rest.FieldError) -> CheckoutResult:
    if refused.fault.code is rest.Code.OUTCOME_UNKNOWN:
        try:
            payment = await context.call(payments.op("findPayment"), idempotency_key=key)
        except rest.FieldError:
            return CheckoutResult(state=CheckoutState.UNKNOWN, order=order, reason=refused.fault.message)
        if payment is not None and payment.state != "failed":
            return CheckoutResult(state=CheckoutState.PAID, order=order, payment=payment)
        return await _undone(context, order, CheckoutState.NOT_PAID, payment, refused.fault.message)
    return await _undone(context, order, CheckoutState.REFUSED, None, refused.fault.message)


async def _undone(
    context: Context, order: Any, state: CheckoutState, payment: Any, reason: str
) -> CheckoutResult:
    # The version that was ordered, and no other: somebody else's change in between is not undone.
    version = f'"{order.version}"'
    try:
        cancelled = await context.call(orders.op("cancelOrder"), order_id=order.id, if_match=version)
    except rest.FieldError:
        return CheckoutResult(state=CheckoutState.NOT_UNDONE, order=order, payment=payment, reason=reason)
    return CheckoutResult(state=state, order=cancelled, payment=payment, reason=reason)
