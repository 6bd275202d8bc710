"""Types of `bench/plain_parfinanciero.py` that hold values only: whatever their rows say."""

# ruff: noqa: D101 - the types are those that the contracts describe

from __future__ import annotations

from decimal import Decimal

import strawberry


@strawberry.type
class Address:
    street: str
    city: str
    country: str


@strawberry.type
class Profile:
    phone: str | None
    address: Address


@strawberry.type
class Category:
    name: str
    budget: str | None


@strawberry.type
class Receipt:
    media_type: str
    bytes: int


@strawberry.type
class ProjectedMonth:
    month: str
    expected: str
    low: str
    high: str


@strawberry.type
class ComparedMonth:
    month: str
    actual: Decimal | None


@strawberry.type
class Line:
    sku: str
    quantity: int
    unit_price: str


@strawberry.type
class Turnover:
    currency: str
    total: str


@strawberry.type
class StatusFigures:
    status: str
    count: int


@strawberry.type
class OrderFigures:
    count: int
    customers: int
    by_status: list[StatusFigures]


@strawberry.type
class PaymentFigures:
    count: int
    failed: int
    failure_rate: float | None


@strawberry.type
class ArticleFigures:
    sku: str
    quantity: int
