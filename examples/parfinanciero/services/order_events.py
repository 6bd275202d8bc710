"""What happens to an order, as events: it is placed, moved from state to state, and noted upon.

Pure: `order_store.py` keeps them, beside the change that they tell of.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import msgspec

from .options import timestamp
from .seed import LATEST, SeedOrder

STEPS = {
    "pending": (),
    "paid": (("paid", timedelta(minutes=1)),),
    "shipped": (("paid", timedelta(minutes=1)), ("shipped", timedelta(days=1))),
    "delivered": (
        ("paid", timedelta(minutes=1)),
        ("shipped", timedelta(days=1)),
        ("delivered", timedelta(days=3)),
    ),
    "cancelled": (("cancelled", timedelta(minutes=5)),),
}
"""How a seeded order came to its state, and how long after it was placed."""


class OrderPlaced(msgspec.Struct, frozen=True, tag_field="kind", tag="placed"):
    """An order was placed."""

    number: int
    at: str
    total: str
    currency: str


class OrderMoved(msgspec.Struct, frozen=True, tag_field="kind", tag="moved"):
    """An order came to another state."""

    number: int
    at: str
    status: str


class OrderNoted(msgspec.Struct, frozen=True, tag_field="kind", tag="noted"):
    """The note was written, changed, or taken away (null)."""

    number: int
    at: str
    note: str | None


OrderEvent: TypeAlias = OrderPlaced | OrderMoved | OrderNoted
"""An event as the contract shows it. `number` counts the order's events, from 1."""


def seeded_events(order: SeedOrder) -> Iterator[OrderEvent]:
    """The history of an order that a new database starts with."""
    placed = datetime.fromisoformat(order.placed_at).astimezone(UTC)
    yield OrderPlaced(1, order.placed_at, f"{order.total:f}", order.currency)
    for number, (status, later) in enumerate(STEPS[order.status], 2):
        yield OrderMoved(number, timestamp(min(placed + later, LATEST)), status)
