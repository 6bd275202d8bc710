"""Checkout: an order, then its payment, as one mutation over two services that know nothing of each other.

Only what is known not to be paid is undone: a refused payment, and one that was never sent. A payment whose outcome
is unknown is looked up by its idempotency key first, and where that fails too, everything stays as it is.
"""

import hashlib
import re
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import strawberry
from entities import Order, Payment, orders, payments

from stolon import Context, rest

_METHOD = re.compile(r"pm_[a-z_]{1,37}")
# An answer came that says neither yes nor no.
_OUTCOME_OPEN = (rest.Code.OUTCOME_UNKNOWN, rest.Code.CONTRACT_VIOLATION)


@strawberry.enum(description="What became of a checkout.")
class CheckoutState(Enum):
    """What became of a checkout."""

    PAID = strawberry.enum_value("paid", description="Ordered and paid.")
    REFUSED = strawberry.enum_value("refused", description="The payment was refused; the order is cancelled.")
    NOT_PAID = strawberry.enum_value(
        "not_paid", description="The payment was not made; the order is cancelled."
    )
    UNKNOWN = strawberry.enum_value(
        "unknown", description="It can't be learned now whether it was paid; nothing was undone."
    )
    NOT_UNDONE = strawberry.enum_value(
        "not_undone", description="Not paid, and the order could not be cancelled."
    )


@strawberry.enum(description="The currency (ISO 4217).")
class Currency(Enum):
    """The currencies of orders and payments."""

    EUR = "EUR"
    USD = "USD"
    GBP = "GBP"
    CHF = "CHF"


@strawberry.input(description="One line of a cart.")
class CartLineInput:
    """One line of a cart."""

    sku: str = strawberry.field(description="The article's number.")
    quantity: int = strawberry.field(description="How many pieces.")
    unit_price: Decimal = strawberry.field(description="The price of one piece.")


@strawberry.input(description="What to order, and how to pay for it.")
class CartInput:
    """What to order, and how to pay for it."""

    currency: Currency = strawberry.field(description="The currency of every amount.")
    lines: list[CartLineInput] = strawberry.field(description="What is ordered.")
    method: str = strawberry.field(description="The token of the payment method.")
    note: str | None = strawberry.field(default=strawberry.UNSET, description="What the customer writes.")


@strawberry.type(description="What became of a checkout, and of its order and its payment.")
class CheckoutResult:
    """What became of a checkout. `reason` is the payment service's own word, where it gave one."""

    state: CheckoutState = strawberry.field(description="What became of it.")
    order: Order | None = strawberry.field(description="The order as it is now.")
    payment: Payment | None = strawberry.field(default=None, description="The payment, if one is known.")
    reason: str | None = strawberry.field(default=None, description="Why it is not paid, for people.")


_Key = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description="The client's own name for this checkout: sent again with it, nothing is ordered or paid twice, "
        "and the first outcome is answered."
    ),
]
_Cart = Annotated[CartInput, strawberry.argument(description="What to order, and how to pay for it.")]


async def check_out(info: rest.Info, cart: _Cart, key: _Key = strawberry.UNSET) -> CheckoutResult | None:
    """Order, pay, and undo what could not be paid. Raises FieldError where nothing was ordered."""
    context = info.context
    if not _METHOD.fullmatch(cart.method):
        # Before anything is ordered: payments would refuse it only after the order was made.
        raise _bad_input([(["cart", "method"], "expected the token of a payment method, such as pm_ok")])
    name = _name(context, key) if key else None
    if name is not None:
        done = await context.call(payments.op("findPayment"), idempotency_key=name)
        if done is not None:
            return await _earlier(context, done)
    order = await _ordered(context, cart)
    # One order is paid once: its id names the payment, however often the gateway has to ask what became of it.
    name = name or f"checkout-{order.id}"
    bill = {"order_id": order.id, "amount": order.total, "currency": order.currency, "method": cart.method}
    try:
        payment = await context.call(payments.op("createPayment"), idempotency_key=name, body=bill)
    except rest.FieldError as failed:
        return await _not_paid(context, order, name, failed.fault)
    return CheckoutResult(state=CheckoutState.PAID, order=order, payment=payment)


def _name(context: Context, key: str) -> str:
    """The payment's idempotency key: nobody's keys meet another's, whatever stands in them."""
    digest = hashlib.sha256(f"{context.caller.subject}\n{key}".encode()).hexdigest()
    return f"checkout-{digest}"


async def _earlier(context: Context, payment: Any) -> CheckoutResult:
    order = await context.load(Order, payment.order_id)
    state = CheckoutState.REFUSED if payment.state == "failed" else CheckoutState.PAID
    return CheckoutResult(state=state, order=order, payment=payment, reason=payment.failure_code)


async def _ordered(context: Context, cart: CartInput) -> Any:
    body: dict[str, object] = {
        "customer_id": context.caller.subject,
        "currency": cart.currency.value,
        "lines": [
            {"sku": one.sku, "quantity": one.quantity, "unit_price": one.unit_price} for one in cart.lines
        ],
    }
    if cart.note is not strawberry.UNSET:
        body["note"] = cart.note
    try:
        return await context.call(orders.op("createOrder"), body=body)
    except rest.FieldError as refused:
        if refused.fault.code is not rest.Code.BAD_USER_INPUT:
            raise
        raise _refused_cart(refused.fault) from None


def _refused_cart(fault: rest.Fault) -> rest.FieldError:
    """The same refusal with the client's own names: what the contract's body is to the call, the cart is to it."""
    fields: list[dict[str, Any]] = fault.details.get("fields", [])
    mistakes = [(["cart", *one.get("path", ["input"])[1:]], str(one["message"])) for one in fields]
    return _bad_input(mistakes or [(["cart"], fault.message)])


def _bad_input(mistakes: list[tuple[list[Any], str]]) -> rest.FieldError:
    path, message = mistakes[0]
    fields = [{"path": where, "message": what} for where, what in mistakes]
    shown = ".".join(map(str, path))
    return rest.FieldError(
        rest.Fault(rest.Code.BAD_USER_INPUT, f"{shown}: {message}", details={"fields": fields})
    )


async def _not_paid(context: Context, order: Any, name: str, fault: rest.Fault) -> CheckoutResult:
    if fault.code is rest.Code.CONFLICT:
        return await _paid_by_another(context, order, name, fault)
    status = fault.status
    refused = status is not None and 400 <= status < 500
    if refused or (status is None and fault.code not in _OUTCOME_OPEN):
        state = CheckoutState.REFUSED if refused else CheckoutState.NOT_PAID
        return await _undone(context, order, state, None, fault.message)
    try:
        payment = await context.call(payments.op("findPayment"), idempotency_key=name)
    except rest.FieldError:
        return CheckoutResult(state=CheckoutState.UNKNOWN, order=order, reason=fault.message)
    if payment is None:
        return await _undone(context, order, CheckoutState.NOT_PAID, None, fault.message)
    if payment.state == "failed":
        return await _undone(context, order, CheckoutState.REFUSED, payment, payment.failure_code)
    return CheckoutResult(state=CheckoutState.PAID, order=order, payment=payment)


async def _paid_by_another(context: Context, order: Any, name: str, fault: rest.Fault) -> CheckoutResult:
    """The same checkout was sent twice, and while this one ordered, the other's payment was made under their key: its
    order is the one that counts.
    """
    try:
        payment = await context.call(payments.op("findPayment"), idempotency_key=name)
    except rest.FieldError:
        payment = None
    if payment is None:
        return CheckoutResult(state=CheckoutState.UNKNOWN, order=order, reason=fault.message)
    undone = await _undone(context, order, CheckoutState.NOT_PAID, payment, fault.message)
    if undone.state is CheckoutState.NOT_UNDONE:
        # To be asked again: what became of the payment is known then, and told.
        return CheckoutResult(state=CheckoutState.UNKNOWN, order=order, reason=fault.message)
    return await _earlier(context, payment)


async def _undone(
    context: Context, order: Any, state: CheckoutState, payment: Any, reason: str | None
) -> CheckoutResult:
    # The version that was ordered, and no other: somebody else's change in between is not undone.
    version = f'"{order.version}"'
    try:
        cancelled = await context.call(orders.op("cancelOrder"), order_id=order.id, if_match=version)
    except rest.FieldError:
        return CheckoutResult(state=CheckoutState.NOT_UNDONE, order=order, payment=payment, reason=reason)
    return CheckoutResult(state=state, order=cancelled, payment=payment, reason=reason)
