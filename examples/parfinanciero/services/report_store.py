"""Where the reports service keeps the facts that its figures are made of: orders, their lines, and payments.

A warehouse of its own, filled from the same rows as the other services; nothing is written to it later. Sums are made
of decimals, in Python: SQLite's own numbers lose digits.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import msgspec

from .database import open_database
from .seed import SeedOrder, SeedPayment

TOP = 5
TABLES = (
    """
    CREATE TABLE orders (
        id TEXT PRIMARY KEY, tenant TEXT NOT NULL, month TEXT NOT NULL, customer_id TEXT NOT NULL,
        status TEXT NOT NULL, currency TEXT NOT NULL, total TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE lines (
        order_id TEXT NOT NULL REFERENCES orders (id), sku TEXT NOT NULL, quantity INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE TABLE payments (order_id TEXT NOT NULL REFERENCES orders (id), state TEXT NOT NULL) STRICT",
    "CREATE INDEX orders_by_month ON orders (tenant, month)",
    "CREATE INDEX lines_by_order ON lines (order_id)",
    "CREATE INDEX payments_by_order ON payments (order_id)",
)
# Who answers for a tenant's figures: the callers of the demo take turns.
OWNERS = {"acme": ("u-0001", "u-0002", "u-0003"), "globex": ("u-0601", "u-0602")}
OF_MONTH = "orders.tenant = ? AND orders.month = ?"


class Turnover(msgspec.Struct, frozen=True):
    """What was ordered in one currency, cancelled orders aside; msgspec writes `total` as a string."""

    currency: str
    total: Decimal


class StatusCount(msgspec.Struct, frozen=True):
    """How many orders stand so."""

    status: str
    count: int


class OrderFigures(msgspec.Struct, frozen=True):
    """The orders of a month."""

    count: int
    customers: int
    by_status: list[StatusCount]


class PaymentFigures(msgspec.Struct, frozen=True):
    """The payments of a month's orders; `failure_rate` is a share from 0 to 1, None without any payment."""

    count: int
    failed: int
    failure_rate: float | None


class ArticleFigures(msgspec.Struct, frozen=True):
    """How many pieces of an article were ordered."""

    sku: str
    quantity: int


class MonthlyReport(msgspec.Struct, frozen=True):
    """One month, as the contract of version 2 shows it."""

    month: str
    owner_id: str
    turnover: list[Turnover]
    orders: OrderFigures
    payments: PaymentFigures
    top_articles: list[ArticleFigures]


class ReportStore:
    """The facts of all tenants; every method sees those of one. A new file is filled with what is given."""

    def __init__(self, path: Path, orders: Iterable[SeedOrder], payments: Iterable[SeedPayment]) -> None:
        self._connection = open_database(path, TABLES, lambda connection: _fill(connection, orders, payments))

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def months(self, tenant: str, before: str | None, limit: int) -> list[MonthlyReport]:
        """The reports of the last `limit` months before `before` that have orders, the newest first."""
        rows = self._connection.execute(
            "SELECT DISTINCT month FROM orders WHERE tenant = ? AND month < ? ORDER BY month DESC LIMIT ?",
            (tenant, before or "9999-99", limit),
        ).fetchall()
        return [self._report(tenant, row["month"]) for row in rows]

    def month(self, tenant: str, month: str) -> MonthlyReport | None:
        """The report of a month, or None where nothing was ordered in it."""
        found = self._connection.execute(
            f"SELECT 1 FROM orders WHERE {OF_MONTH} LIMIT 1", (tenant, month)
        ).fetchone()
        return None if found is None else self._report(tenant, month)

    def _report(self, tenant: str, month: str) -> MonthlyReport:
        turnover: dict[str, Decimal] = defaultdict(Decimal)
        statuses: Counter[str] = Counter()
        customers: set[str] = set()
        for customer_id, status, currency, total in self._connection.execute(
            f"SELECT customer_id, status, currency, total FROM orders WHERE {OF_MONTH}", (tenant, month)
        ):
            statuses[status] += 1
            customers.add(customer_id)
            if status != "cancelled":
                turnover[currency] += Decimal(total)
        owners = OWNERS[tenant]
        return MonthlyReport(
            month=month,
            owner_id=owners[int(month[-2:]) % len(owners)],
            turnover=[Turnover(currency, total) for currency, total in sorted(turnover.items())],
            orders=OrderFigures(
                count=statuses.total(),
                customers=len(customers),
                by_status=[StatusCount(status, count) for status, count in sorted(statuses.items())],
            ),
            payments=self._payments(tenant, month),
            top_articles=self._articles(tenant, month),
        )

    def _payments(self, tenant: str, month: str) -> PaymentFigures:
        count, failed = self._connection.execute(
            "SELECT count(*), coalesce(sum(state = 'failed'), 0) FROM payments "
            f"JOIN orders ON orders.id = payments.order_id WHERE {OF_MONTH}",
            (tenant, month),
        ).fetchone()
        return PaymentFigures(count, failed, round(failed / count, 4) if count else None)

    def _articles(self, tenant: str, month: str) -> list[ArticleFigures]:
        rows = self._connection.execute(
            "SELECT sku, sum(quantity) FROM lines JOIN orders ON orders.id = lines.order_id "
            f"WHERE {OF_MONTH} AND status != 'cancelled' GROUP BY sku ORDER BY 2 DESC, 1 LIMIT ?",
            (tenant, month, TOP),
        )
        return [ArticleFigures(*row) for row in rows]


def _fill(
    connection: sqlite3.Connection, orders: Iterable[SeedOrder], payments: Iterable[SeedPayment]
) -> None:
    for order in orders:
        connection.execute(
            "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                order.id,
                order.tenant,
                order.placed_at[:7],
                order.customer_id,
                order.status,
                order.currency,
                f"{order.total:f}",
            ),
        )
        connection.executemany(
            "INSERT INTO lines VALUES (?, ?, ?)",
            [(order.id, sku, quantity) for sku, quantity, _ in order.lines],
        )
    connection.executemany(
        "INSERT INTO payments VALUES (?, ?)", [(payment.order_id, payment.state) for payment in payments]
    )
