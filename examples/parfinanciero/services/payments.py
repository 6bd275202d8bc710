"""The payments service: HTTP on the outside, `payment_store.py` within. Its contract is
`contracts/payments.yaml`.

A payment is made once per idempotency key. Test methods stand for what happens to payments in the world:
`pm_ok`, `pm_declined`, `pm_slow` (charged, answered late), `pm_lost` (nothing happens, nobody answers).
Authorisation ends at scope and tenant.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from aiohttp import web

from . import cursors, seed
from .application import OPTIONS, Operation, answer, assemble
from .checks import UUID_TEXT, Body, Parameters, read_json
from .options import ServiceOptions, timestamp
from .payment_methods import PAYMENT_METHODS, list_methods
from .payment_store import Payment, PaymentStore, Place
from .problems import Problem, not_found
from .security import CALLER

CURRENCIES = ("EUR", "USD", "GBP", "CHF")
TEST_METHODS = ("pm_ok", "pm_declined", "pm_slow", "pm_lost")
AMOUNT = re.compile(r"[0-9]{1,20}(\.[0-9]{1,4})?")
KEY = re.compile(r"[A-Za-z0-9._~-]{8,128}")
KEY_EXPECTED = "must have 8 to 128 letters, digits or . _ ~ -"
STORE: Final = web.AppKey("payments", PaymentStore)


def create_app(options: ServiceOptions) -> web.Application:
    """The payments service; it opens its database, and fills a new one, when the application starts."""

    async def storage(app: web.Application) -> AsyncIterator[None]:
        data = seed.dataset()
        app[STORE] = store = PaymentStore(options.database, data.payments, data.users)
        app[PAYMENT_METHODS] = store.methods
        yield
        store.close()

    operations = [
        Operation("listPayments", "GET", "/v1/payments", "payments:read", list_payments),
        Operation("createPayment", "POST", "/v1/payments", "payments:write", create_payment),
        Operation("getPayment", "GET", "/v1/payments/{payment_id}", "payments:read", get_payment),
        Operation(
            "findPayment", "GET", "/v1/payments/by-key/{idempotency_key}", "payments:read", find_payment
        ),
        Operation("listMethods", "GET", "/v1/methods", "payments:read", list_methods),
    ]
    return assemble("payments", operations, options, storage)


async def list_payments(request: web.Request) -> web.Response:
    """`listPayments`: a part of the payments of the named orders, the oldest first."""
    parameters = Parameters(request)
    order_ids = parameters.listed("order_ids", most=100, uuids=True, required=True)
    cursor = parameters.text("cursor", most=200)
    after = None if cursor is None else _place(cursor)
    if cursor is not None and after is None:
        parameters.fault("cursor", "must be the next_cursor of an answer")
    limit = parameters.whole("limit", 200, 1, 500)
    parameters.done()
    # One more than asked for tells whether there is a next part.
    found = request.app[STORE].of_orders(request[CALLER].tenant, order_ids or [], after, limit + 1)
    next_cursor = _cursor(found[limit - 1]) if len(found) > limit else None
    return answer({"payments": found[:limit], "next_cursor": next_cursor})


async def get_payment(request: web.Request) -> web.Response:
    """`getPayment`: the payment with this id."""
    parameters = Parameters(request)
    payment_id = parameters.path_uuid("payment_id")
    parameters.done()
    return _found(request.app[STORE].find(request[CALLER].tenant, payment_id))


async def find_payment(request: web.Request) -> web.Response:
    """`findPayment`: the payment that was made with this idempotency key."""
    parameters = Parameters(request)
    key = parameters.pattern("idempotency_key", request.match_info["idempotency_key"], KEY, KEY_EXPECTED)
    parameters.done()
    made = request.app[STORE].by_key(request[CALLER].tenant, key)
    return _found(None if made is None else made.payment)


async def create_payment(request: web.Request) -> web.Response:
    """`createPayment`: charges once per key; a key that was used before gets its first answer again."""
    parameters = Parameters(request)
    key = parameters.pattern("Idempotency-Key", request.headers.get("Idempotency-Key"), KEY, KEY_EXPECTED)
    parameters.done()
    body = Body(await read_json(request), ("order_id", "amount", "currency", "method"))
    order_id, amount = body.uuid("order_id"), body.decimal("amount", AMOUNT)
    currency, method = body.choice("currency", CURRENCIES), body.choice("method", TEST_METHODS)
    body.done()

    tenant, store, options = request[CALLER].tenant, request.app[STORE], request.app[OPTIONS]
    sent = [order_id, str(amount.normalize()), currency, method]
    fingerprint = hashlib.sha256(msgspec.json.encode(sent)).hexdigest()
    made = store.by_key(tenant, key)
    if made is not None:
        if made.fingerprint != fingerprint:
            raise Problem(409, "idempotency-key-reused", "The key was used before with another body")
        return _outcome(made.payment)
    if method == "pm_lost":
        return _hang_up(request)
    payment = Payment(
        id=str(options.new_id()),
        order_id=order_id,
        state="failed" if method == "pm_declined" else "captured",
        amount=amount,
        currency=str(currency),
        method=str(method),
        created_at=timestamp(options.now()),
        failure_code="card_declined" if method == "pm_declined" else None,
    )
    # Nothing can come between looking the key up and this (no `await` in between), and the key is unique in
    # the table.
    store.add(tenant, key, fingerprint, payment)
    if method == "pm_slow":
        await options.pause(options.slow_seconds)
    return _outcome(payment)


def _found(payment: Payment | None) -> web.Response:
    if payment is None:
        raise not_found("payment")
    return answer(payment)


def _outcome(payment: Payment) -> web.Response:
    """The answer to a payment that was made: 201, or the problem (402) of a declined one."""
    if payment.failure_code is not None:
        raise Problem(
            402,
            "payment-declined",
            "The payment was declined",
            "The payment method was declined; nothing was charged",
            members={"failure_code": payment.failure_code},
        )
    return answer(payment, status=201, headers={"Location": f"/v1/payments/{payment.id}"})


def _hang_up(request: web.Request) -> web.Response:
    """Closes the connection; the answer that aiohttp is given then goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _cursor(payment: Payment) -> str:
    """Where a list goes on after `payment`."""
    return cursors.cursor((payment.created_at, payment.id))


def _place(cursor: str) -> Place | None:
    """The place that `_cursor` wrote down, or None where it did not write this."""
    found = cursors.place(cursor)
    return Place(*found) if found is not None and UUID_TEXT.fullmatch(found[1]) else None
