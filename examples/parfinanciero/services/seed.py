"""The data that new databases start with: the same rows every time, drawn from one fixed seed.

Each service inserts its own part; orders name users and payments name orders, so that joins across services
find something. The three callers of the demo (`u-0001`, `u-0002`, `u-0003`) have many orders, each with
payments.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from .options import timestamp
from .seed_words import ARTICLES, CITIES, FAMILY_NAMES, GIVEN_NAMES, NOTES, STREETS

SEED = 20261101
USERS = 1000
ACME_USERS = 600
CALLERS = {1: 36, 2: 33, 3: 31}
CALLERS_NAMES = {1: "Ana", 2: "Bruno", 3: "Carla"}  # Those of their tokens.
CALLERS_POINTS = 9_007_199_254_740_993  # One more than a double can tell apart.
LATEST = datetime(2026, 11, 1, tzinfo=UTC)
STATUSES = ("pending", "paid", "shipped", "delivered", "cancelled")
STATUS_WEIGHTS = (10, 20, 20, 40, 10)
CURRENCIES = ("EUR", "USD", "GBP", "CHF")
CURRENCY_WEIGHTS = (60, 20, 10, 10)


@dataclass(frozen=True, slots=True)
class SeedUser:
    """A user; `address` is street, city, country, and None where the user has no profile."""

    id: str
    tenant: str
    name: str
    email: str
    status: str
    created_at: str
    birth_date: str | None
    loyalty_points: int
    phone: str | None
    address: tuple[str, str, str] | None
    preferences: dict[str, object]


@dataclass(frozen=True, slots=True)
class SeedOrder:
    """An order; `lines` are article, quantity and unit price."""

    id: str
    tenant: str
    customer_id: str
    status: str
    currency: str
    total: Decimal
    lines: tuple[tuple[str, int, Decimal], ...]
    placed_at: str
    note: str | None


@dataclass(frozen=True, slots=True)
class SeedPayment:
    """A payment of a seeded order."""

    id: str
    tenant: str
    order_id: str
    state: str
    amount: Decimal
    currency: str
    method: str
    created_at: str
    failure_code: str | None


@dataclass(frozen=True, slots=True)
class Dataset:
    """Everything that the three services start with."""

    users: tuple[SeedUser, ...]
    orders: tuple[SeedOrder, ...]
    payments: tuple[SeedPayment, ...]


@lru_cache(maxsize=1)
def users(seed: int = SEED) -> tuple[SeedUser, ...]:
    """The users of `dataset` alone, for services that need no orders to start with."""
    draw = random.Random(seed)  # Repeatable on purpose; nothing secret comes of it.
    return tuple(_user(draw, number) for number in range(1, USERS + 1))


@lru_cache(maxsize=1)
def dataset(seed: int = SEED) -> Dataset:
    """The rows that `seed` gives: 1,000 users of two tenants, about 4,000 orders and 5,000 payments."""
    draw = random.Random(seed)  # Repeatable on purpose; nothing secret comes of it.
    people = tuple(_user(draw, number) for number in range(1, USERS + 1))
    orders: list[SeedOrder] = []
    payments: list[SeedPayment] = []
    for number, user in enumerate(people, 1):
        for _ in range(CALLERS.get(number) or draw.randrange(9)):
            placed = LATEST - timedelta(seconds=draw.randrange(3600, 2 * 365 * 86400))
            order = _order(draw, user, placed)
            orders.append(order)
            payments += _payments(draw, order, placed, paid_at_least_once=number in CALLERS)
    return Dataset(people, tuple(orders), tuple(payments))


def _identifier(draw: random.Random) -> str:
    return str(UUID(int=draw.getrandbits(128), version=4))


def _user(draw: random.Random, number: int) -> SeedUser:
    given, family = draw.choice(GIVEN_NAMES), draw.choice(FAMILY_NAMES)
    given = CALLERS_NAMES.get(number, given)
    street, (city, country) = f"{draw.choice(STREETS)} {draw.randrange(1, 120)}", draw.choice(CITIES)
    created = LATEST - timedelta(seconds=draw.randrange(800 * 86400, 2000 * 86400))
    born = (datetime(1950, 1, 1, tzinfo=UTC) + timedelta(days=draw.randrange(20000))).date().isoformat()
    has_profile, has_phone, has_birth_date = (draw.random() < share for share in (0.9, 0.8, 0.85))
    preferences: dict[str, object] = {
        "newsletter": draw.random() < 0.5,
        "theme": draw.choice(("dark", "light")),
    }
    if draw.random() < 0.3:
        preferences["limits"] = {"daily": draw.randrange(100, 1000, 50), "currency": "EUR"}
    caller = number in CALLERS
    return SeedUser(
        id=f"u-{number:04d}",
        tenant="acme" if number <= ACME_USERS else "globex",
        name=f"{given} {family}",
        email=f"{given}.{family}.{number}@example.com".lower(),
        status="active" if caller else draw.choices(("active", "suspended", "closed"), (90, 6, 4))[0],
        created_at=timestamp(created),
        birth_date=born if caller or has_birth_date else None,
        loyalty_points=CALLERS_POINTS if number == 1 else draw.randrange(50_000),
        phone=f"+{draw.randrange(10**10, 10**11)}" if has_phone else None,
        address=(street, city, country) if caller or has_profile else None,
        preferences=preferences,
    )


def _order(draw: random.Random, user: SeedUser, placed: datetime) -> SeedOrder:
    articles = draw.sample(ARTICLES, draw.randrange(1, 5))
    lines = tuple((sku, draw.randrange(1, 6), Decimal(cents).scaleb(-2)) for sku, cents in articles)
    return SeedOrder(
        id=_identifier(draw),
        tenant=user.tenant,
        customer_id=user.id,
        status=draw.choices(STATUSES, STATUS_WEIGHTS)[0],
        currency=draw.choices(CURRENCIES, CURRENCY_WEIGHTS)[0],
        total=sum((quantity * price for _, quantity, price in lines), Decimal("0.00")),
        lines=lines,
        placed_at=timestamp(placed),
        note=draw.choice(NOTES) if draw.random() < 0.25 else None,
    )


def _payments(
    draw: random.Random, order: SeedOrder, placed: datetime, *, paid_at_least_once: bool
) -> list[SeedPayment]:
    """One to three payments that fit the order's state, oldest first, or none where the state allows it."""
    half = (order.total / 2).quantize(Decimal("0.01"))
    chance = draw.random()
    made: list[tuple[str, Decimal]]
    if order.status == "pending":
        made = [("authorized", order.total)] if paid_at_least_once or chance < 0.5 else []
    elif order.status == "cancelled":
        state = "refunded" if chance < 0.5 else "failed"
        made = [(state, order.total)] if paid_at_least_once or chance < 0.8 else []
    elif chance < 0.75:
        made = [("captured", order.total)]
    elif chance < 0.85:
        made = [("captured", half), ("captured", order.total - half)]
    elif chance < 0.95:
        made = [("failed", order.total), ("captured", order.total)]
    else:
        made = [("failed", order.total), ("failed", order.total), ("captured", order.total)]
    return [
        SeedPayment(
            id=_identifier(draw),
            tenant=order.tenant,
            order_id=order.id,
            state=state,
            amount=amount,
            currency=order.currency,
            method="pm_declined" if state == "failed" else "pm_ok",
            created_at=timestamp(placed + timedelta(seconds=60 + 300 * turn)),
            failure_code="card_declined" if state == "failed" else None,
        )
        for turn, (state, amount) in enumerate(made)
    ]
