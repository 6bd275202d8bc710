"""The expenses that new databases start with, and the receipts of some: the same every time, from one fixed seed.

The callers of the demo (`u-0001`, `u-0002`, `u-0003`) spend in every month of two years, a little more each time, so
that there is something to project; others spend now and then.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from . import seed

SEED = 20261102
MONTHS = 24
LAST_DAY = date(2026, 10, 31)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class SeedCategory:
    """A kind of expense; `budget` is meant for one person and month."""

    id: str
    name: str
    budget: Decimal | None
    merchants: tuple[str, ...]
    typical: int


CATEGORIES = (
    SeedCategory("groceries", "Groceries", Decimal("420.00"), ("Green Basket", "Corner Shop"), 6400),
    SeedCategory("housing", "Housing", Decimal("1200.00"), ("City Homes",), 98000),
    SeedCategory("transport", "Transport", Decimal("150.00"), ("Metro Card", "Blue Taxi"), 2600),
    SeedCategory("health", "Health", None, ("Old Town Pharmacy", "Weiss Dental"), 3900),
    SeedCategory("leisure", "Leisure", Decimal("200.00"), ("Orpheum", "Climb Inn", "Papyrus Books"), 3100),
    SeedCategory("travel", "Travel", None, ("North Rail", "Hotel Lindgren"), 18000),
)


@dataclass(frozen=True, slots=True)
class SeedBudget:
    """What somebody means to spend on a category in a month."""

    tenant: str
    user_id: str
    category_id: str
    amount: Decimal


BUDGETS = (
    SeedBudget("acme", "u-0001", "groceries", Decimal("380.00")),
    SeedBudget("acme", "u-0001", "leisure", Decimal("120.00")),
    SeedBudget("acme", "u-0001", "travel", Decimal("250.00")),
    SeedBudget("acme", "u-0003", "groceries", Decimal("450.00")),
)
"""Those of the callers of the demo; others leave it at what is suggested."""


@dataclass(frozen=True, slots=True)
class SeedExpense:
    """An expense in euros; `receipt` is the file's name, where one was kept."""

    id: str
    tenant: str
    user_id: str
    category_id: str
    amount: Decimal
    spent_on: str
    merchant: str
    note: str | None
    receipt: str | None


@dataclass(frozen=True, slots=True)
class SeedReceipt:
    """The file that is kept of an expense."""

    tenant: str
    object_id: str
    media_type: str
    stored_at: str
    content: bytes


@lru_cache(maxsize=1)
def expenses(number: int = SEED) -> tuple[SeedExpense, ...]:
    """The rows that this seed gives, about 3,000."""
    draw = random.Random(number)  # Repeatable on purpose; nothing secret comes of it.
    found: list[SeedExpense] = []
    for turn, user in enumerate(seed.users(), 1):
        if turn in seed.CALLERS:
            found += _monthly(draw, user)
        else:
            found += [
                _expense(draw, user, draw.choice(CATEGORIES), LAST_DAY - timedelta(draw.randrange(700)), 1.0)
                for _ in range(draw.randrange(6))
            ]
    return tuple(found)


def receipts() -> Iterator[SeedReceipt]:
    """The files of those expenses that have one."""
    for row in expenses():
        if row.receipt is not None:
            content = receipt_pdf(f"{row.merchant}   {row.spent_on}   EUR {row.amount}")
            yield SeedReceipt(
                row.tenant, receipt_id(row.id), "application/pdf", f"{row.spent_on}T20:00:00Z", content
            )


def receipt_id(expense_id: str) -> str:
    """The name under which storage keeps an expense's receipt: one each, so that a new one replaces it."""
    return f"receipt-{expense_id}"


def receipt_pdf(line: str) -> bytes:
    """A PDF of one page with one line of ASCII text."""
    stream = f"BT /F1 12 Tf 36 760 Td ({line}) Tj ET".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
    )
    text, places = b"%PDF-1.4\n", []
    for turn, one in enumerate(objects, 1):
        places.append(len(text))
        text += b"%d 0 obj\n%b\nendobj\n" % (turn, one)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return text + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, rows, size, len(text))
    )


def _monthly(draw: random.Random, user: seed.SeedUser) -> Iterator[SeedExpense]:
    for back in range(MONTHS - 1, -1, -1):
        year, month = divmod(LAST_DAY.year * 12 + LAST_DAY.month - 1 - back, 12)
        growth = 1 + 0.012 * (MONTHS - back)
        for category in CATEGORIES:
            # Rent is paid once, on the first; the rest comes as it comes.
            times = 1 if category.id == "housing" else draw.randrange(3)
            for _ in range(times):
                day = 1 if category.id == "housing" else draw.randrange(1, 29)
                yield _expense(draw, user, category, date(year, month + 1, day), growth)


def _expense(
    draw: random.Random, user: seed.SeedUser, category: SeedCategory, day: date, growth: float
) -> SeedExpense:
    cents = int(category.typical * growth * draw.uniform(0.8, 1.2))
    merchant = draw.choice(category.merchants)
    return SeedExpense(
        id=str(UUID(int=draw.getrandbits(128), version=4)),
        tenant=user.tenant,
        user_id=user.id,
        category_id=category.id,
        amount=(cents * CENT).quantize(CENT),
        spent_on=day.isoformat(),
        merchant=merchant,
        note="Shared with colleagues." if draw.random() < 0.1 else None,
        receipt=f"{merchant.lower().replace(' ', '-')}.pdf" if draw.random() < 0.2 else None,
    )
