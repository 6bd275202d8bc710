"""Where the payments service keeps its payments, each with its idempotency key and its body's fingerprint."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec

from .database import marks, open_database, transaction
from .payment_methods import TABLE, PaymentMethods
from .payment_methods import fill as fill_methods
from .seed import SeedPayment, SeedUser

TABLES = (
    """
    CREATE TABLE payments (
        id TEXT PRIMARY KEY, tenant TEXT NOT NULL, order_id TEXT NOT NULL, state TEXT NOT NULL,
        amount TEXT NOT NULL, currency TEXT NOT NULL, method TEXT NOT NULL, created_at TEXT NOT NULL,
        failure_code TEXT, idempotency_key TEXT NOT NULL, fingerprint TEXT NOT NULL,
        UNIQUE (tenant, idempotency_key)
    ) STRICT
    """,
    "CREATE INDEX payments_by_order ON payments (tenant, order_id, created_at, id)",
    TABLE,
)


class Payment(msgspec.Struct, frozen=True):
    """One payment, as the contract shows it; msgspec writes `amount` as a string."""

    id: str
    order_id: str
    state: str
    amount: Decimal
    currency: str
    method: str
    created_at: str
    failure_code: str | None


@dataclass(frozen=True, slots=True)
class Made:
    """A payment and the fingerprint of the body that made it."""

    payment: Payment
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Place:
    """A payment's place in the order of lists."""

    created_at: str
    id: str


class PaymentStore:
    """The payments of all tenants; every method sees those of one. A new file is filled with `seeded`."""

    def __init__(self, path: Path, seeded: Iterable[SeedPayment], customers: Iterable[SeedUser]) -> None:
        self._connection = open_database(
            path, TABLES, lambda connection: _fill(connection, seeded, customers)
        )
        self.methods = PaymentMethods(self._connection)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def find(self, tenant: str, payment_id: str) -> Payment | None:
        """The payment with this id, or None."""
        row = self._connection.execute(
            "SELECT * FROM payments WHERE tenant = ? AND id = ?", (tenant, payment_id)
        ).fetchone()
        return None if row is None else _payment(row)

    def by_key(self, tenant: str, key: str) -> Made | None:
        """The payment that was made with this idempotency key, or None."""
        row = self._connection.execute(
            "SELECT * FROM payments WHERE tenant = ? AND idempotency_key = ?", (tenant, key)
        ).fetchone()
        return None if row is None else Made(_payment(row), row["fingerprint"])

    def of_orders(
        self, tenant: str, order_ids: Sequence[str], after: Place | None, limit: int
    ) -> list[Payment]:
        """The first `limit` payments of these orders after a place, or from the start; the oldest first."""
        place = after or Place("", "")
        rows = self._connection.execute(
            "SELECT * FROM payments "
            f"WHERE tenant = ? AND order_id IN ({marks(order_ids)}) "  # Question marks only.
            "AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?",
            [tenant, *order_ids, place.created_at, place.id, limit],
        )
        return [_payment(row) for row in rows]

    def add(self, tenant: str, key: str, fingerprint: str, payment: Payment) -> None:
        """Keeps a new payment. Raises `sqlite3.IntegrityError` for a key that the tenant used before."""
        with transaction(self._connection) as connection:
            _insert(connection, tenant, key, fingerprint, payment)


def _payment(row: sqlite3.Row) -> Payment:
    return Payment(
        id=row["id"],
        order_id=row["order_id"],
        state=row["state"],
        amount=Decimal(row["amount"]),
        currency=row["currency"],
        method=row["method"],
        created_at=row["created_at"],
        failure_code=row["failure_code"],
    )


def _insert(
    connection: sqlite3.Connection, tenant: str, key: str, fingerprint: str, payment: Payment
) -> None:
    connection.execute(
        "INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            payment.id,
            tenant,
            payment.order_id,
            payment.state,
            f"{payment.amount:f}",
            payment.currency,
            payment.method,
            payment.created_at,
            payment.failure_code,
            key,
            fingerprint,
        ),
    )


def _fill(
    connection: sqlite3.Connection, seeded: Iterable[SeedPayment], customers: Iterable[SeedUser]
) -> None:
    fill_methods(connection, customers)
    for row in seeded:
        payment = Payment(
            id=row.id,
            order_id=row.order_id,
            state=row.state,
            amount=row.amount,
            currency=row.currency,
            method=row.method,
            created_at=row.created_at,
            failure_code=row.failure_code,
        )
        # No body has this fingerprint: whatever is sent with a seeded key is a conflict.
        _insert(connection, row.tenant, f"seed-{row.id}", "", payment)
