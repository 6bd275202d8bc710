"""The e-mails that a new outbox starts with: one for each shipped order of the demo's callers."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from . import seed
from .outbox import Email


def emails() -> Iterator[tuple[str, Email]]:
    """Tenant and e-mail, in the order of the orders."""
    callers = {one.id: one for one in (seed.dataset().users[number - 1] for number in seed.CALLERS)}
    for order in seed.dataset().orders:
        user = callers.get(order.customer_id)
        if user is None or order.status != "shipped":
            continue
        # An id of its own that follows from the order's, so that it is the same every time.
        email_id = UUID(int=UUID(order.id).int ^ 0xE_4A11, version=4)
        yield (
            user.tenant,
            Email(
                id=str(email_id),
                recipient_id=user.id,
                to=user.email,
                subject="Your order is on its way",
                text=f"Your order of {order.currency} {order.total} was shipped.",
                state="sent",
                created_at=order.placed_at,
            ),
        )
