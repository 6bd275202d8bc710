"""All services by name, in the order in which they can be started: each after those that it calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from . import expenses, notifications, orders, payments, projections, reports, storage, users
from .options import ServiceOptions

SERVICES: Mapping[str, Callable[[ServiceOptions], web.Application]] = {
    "users": users.create_app,
    "orders": orders.create_app,
    "payments": payments.create_app,
    "storage": storage.create_app,
    "expenses": expenses.create_app,
    "projections": projections.create_app,
    "reports": reports.create_app,
    "notifications": notifications.create_app,
}
