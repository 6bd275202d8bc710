"""The projections that a new database starts with: one of each caller of the demo, by the model of all others."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

from . import seed, seed_expenses
from .projection_store import Owned, Projection
from .projection_work import later, series, settled

MONTHS = 6
LAST_ACTUAL = later(seed_expenses.LAST_DAY.isoformat()[:7], -3)
"""The projection is of some months ago, so that there is an actual figure beside each of its first months."""
CREATED_AT = "2026-08-01T06:00:00Z"
READY_AT = "2026-08-01T06:00:02Z"


def projections() -> Iterator[Owned]:
    """One for each caller, made in August 2026 for the six months from then on."""
    for number in seed.CALLERS:
        user = seed.users()[number - 1]
        by_month: dict[str, Decimal] = {}
        for row in seed_expenses.expenses():
            if row.user_id == user.id:
                month = row.spent_on[:7]
                by_month[month] = by_month.get(month, Decimal(0)) + row.amount
        asked = Projection(
            id=str(UUID(int=0x5EED << 96 | number, version=4)),
            user_id=user.id,
            state="pending",
            months_asked=MONTHS,
            created_at=CREATED_AT,
            ready_at=None,
            reason=None,
            months=[],
        )
        yield Owned(user.tenant, settled(asked, series(by_month, LAST_ACTUAL), LAST_ACTUAL, READY_AT))
