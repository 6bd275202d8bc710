"""The orders service: HTTP on the outside, `order_store.py` within. Its contract is `contracts/orders.yaml`.

Every change makes a new version of an order and names, by `If-Match`, the version that it changes.
Authorisation ends at scope and tenant.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Final

from aiohttp import web

from . import seed
from .application import OPTIONS, Operation, answer, assemble
from .checks import Body, Parameters, read_json
from .etags import etag, require_condition, require_match
from .options import ServiceOptions, timestamp
from .order_store import Order, OrderLine, OrderStore
from .problems import Problem, not_found
from .security import CALLER

STATUSES = ("pending", "paid", "shipped", "delivered", "cancelled")
MOVES = {
    "pending": ("paid", "cancelled"),
    "paid": ("shipped", "cancelled"),
    "shipped": ("delivered",),
    "delivered": (),
    "cancelled": (),
}
CURRENCIES = ("EUR", "USD", "GBP", "CHF")
SKU = re.compile(r"[A-Z0-9-]+")
PRICE = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?")
STORE: Final = web.AppKey("orders", OrderStore)


def create_app(options: ServiceOptions) -> web.Application:
    """The orders service; it opens its database, and fills a new one, when the application starts."""

    async def storage(app: web.Application) -> AsyncIterator[None]:
        app[STORE] = store = OrderStore(options.database, seed.dataset().orders)
        yield
        store.close()

    operations = [
        Operation("listOrders", "GET", "/v1/orders", "orders:read", list_orders),
        Operation("createOrder", "POST", "/v1/orders", "orders:write", create_order),
        Operation("getOrder", "GET", "/v1/orders/{order_id}", "orders:read", get_order),
        Operation("updateOrder", "PATCH", "/v1/orders/{order_id}", "orders:write", update_order),
        Operation("cancelOrder", "POST", "/v1/orders/{order_id}/cancel", "orders:write", cancel_order),
        Operation("listOrderEvents", "GET", "/v1/orders/{order_id}/events", "orders:read", list_order_events),
    ]
    return assemble("orders", operations, options, storage)


async def list_orders(request: web.Request) -> web.Response:
    """`listOrders`: a part of the tenant's orders, the newest first."""
    parameters = Parameters(request)
    customer_id = parameters.text("customer_id", most=64)
    status = parameters.text("status", most=20, choices=STATUSES)
    offset = parameters.whole("offset", 0, 0, 1_000_000)
    limit = parameters.whole("limit", 20, 1, 100)
    parameters.done()
    found, total = request.app[STORE].page(request[CALLER].tenant, customer_id, status, offset, limit)
    return answer({"items": found, "total": total, "offset": offset, "limit": limit})


async def get_order(request: web.Request) -> web.Response:
    """`getOrder`: the order with its ETag."""
    return _answer(_find(request))


async def create_order(request: web.Request) -> web.Response:
    """`createOrder`: makes a pending order of version 1."""
    body = Body(await read_json(request), ("customer_id", "currency", "lines", "note"))
    customer_id = body.text("customer_id", most=64)
    currency = body.choice("currency", CURRENCIES)
    lines = [_line(part) for part in body.parts("lines", ("sku", "quantity", "unit_price"), least=1, most=50)]
    note = body.text("note", most=500, least=0, nullable=True)
    body.done()
    options = request.app[OPTIONS]
    order = Order(
        id=str(options.new_id()),
        customer_id=str(customer_id),
        status="pending",
        currency=str(currency),
        total=sum((line.quantity * Decimal(line.unit_price) for line in lines), Decimal("0.00")),
        lines=lines,
        placed_at=timestamp(options.now()),
        note=note,
        version=1,
    )
    request.app[STORE].add(request[CALLER].tenant, order)
    return _answer(order, status=201, headers={"Location": f"/v1/orders/{order.id}"})


async def update_order(request: web.Request) -> web.Response:
    """`updateOrder`: changes the note or moves the order to its next state."""
    body = Body(await read_json(request), ("note", "status"))
    body.some()
    note = body.text("note", most=500, least=0, nullable=True) if "note" in body else None
    status = body.choice("status", STATUSES) if "status" in body else None
    body.done()
    order = _find_version(request)
    return _change(request, order, status or order.status, note if "note" in body else order.note)


async def cancel_order(request: web.Request) -> web.Response:
    """`cancelOrder`: cancels a pending or paid order."""
    order = _find_version(request)
    if order.status == "cancelled":
        raise _conflict(order.status, "cancelled")
    return _change(request, order, "cancelled", order.note)


async def list_order_events(request: web.Request) -> web.Response:
    """`listOrderEvents`: a part of what happened to an order, the oldest first."""
    parameters = Parameters(request)
    since = parameters.whole("since", 0, 0, 1_000_000)
    most = parameters.whole("most", 50, 1, 200)
    parameters.done()
    # One more than asked for tells whether there is a next part.
    found = request.app[STORE].history(_find(request).id, since, most + 1)
    last = found[most - 1].number if len(found) > most else None
    return answer({"events": found[:most], "last": last})


def _change(request: web.Request, order: Order, status: str, note: str | None) -> web.Response:
    if status != order.status and status not in MOVES[order.status]:
        raise _conflict(order.status, status)
    # No other call can come between reading the version and this: there is no `await` in between.
    at = timestamp(request.app[OPTIONS].now())
    return _answer(request.app[STORE].update(request[CALLER].tenant, order, status, note, at))


def _conflict(present: str, wanted: str) -> Problem:
    detail = f"A {present} order cannot become {wanted}"
    return Problem(409, "order-state", "The order's state does not allow this", detail)


def _line(part: Body) -> OrderLine:
    sku = part.text("sku", most=40, pattern=SKU)
    quantity = part.whole("quantity", 1, 999)
    unit_price = part.text("unit_price", most=40, pattern=PRICE)
    return OrderLine(str(sku), quantity, unit_price or "0")


def _find_version(request: web.Request) -> Order:
    """The order, in the very version that `If-Match` names."""
    require_condition(request)
    order = _find(request)
    require_match(request, order.version)
    return order


def _find(request: web.Request) -> Order:
    parameters = Parameters(request)
    order_id = parameters.path_uuid("order_id")
    parameters.done()
    order = request.app[STORE].find(request[CALLER].tenant, order_id)
    if order is None:
        raise not_found("order")
    return order


def _answer(order: Order, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return answer(order, status=status, headers={**(headers or {}), "ETag": etag(order.version)})
