"""Where the orders service keeps its orders, their lines, and what happened to them.

Amounts are kept as text: SQLite's own numbers lose digits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from .database import marks, open_database, transaction
from .order_events import OrderEvent, OrderMoved, OrderNoted, OrderPlaced, seeded_events
from .seed import SeedOrder

TABLES = (
    """
    CREATE TABLE orders (
        id TEXT PRIMARY KEY, tenant TEXT NOT NULL, customer_id TEXT NOT NULL, status TEXT NOT NULL,
        currency TEXT NOT NULL, total TEXT NOT NULL, placed_at TEXT NOT NULL, note TEXT,
        version INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE order_lines (
        order_id TEXT NOT NULL REFERENCES orders (id), position INTEGER NOT NULL, sku TEXT NOT NULL,
        quantity INTEGER NOT NULL, unit_price TEXT NOT NULL, PRIMARY KEY (order_id, position)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE order_events (
        order_id TEXT NOT NULL REFERENCES orders (id), number INTEGER NOT NULL, event TEXT NOT NULL,
        PRIMARY KEY (order_id, number)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX orders_by_tenant ON orders (tenant, placed_at DESC, id)",
    "CREATE INDEX orders_by_customer ON orders (tenant, customer_id, placed_at DESC, id)",
)


class OrderLine(msgspec.Struct, frozen=True):
    """One line, as the contract shows it; `unit_price` as it was sent."""

    sku: str
    quantity: int
    unit_price: str


class Order(msgspec.Struct, frozen=True):
    """One order, as the contract shows it; msgspec writes `total` as a string."""

    id: str
    customer_id: str
    status: str
    currency: str
    total: Decimal
    lines: list[OrderLine]
    placed_at: str
    note: str | None
    version: int


class OrderStore:
    """The orders of all tenants; every method sees those of one. A new file is filled with `seeded`."""

    def __init__(self, path: Path, seeded: Iterable[SeedOrder]) -> None:
        self._connection = open_database(path, TABLES, lambda connection: _fill(connection, seeded))

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def find(self, tenant: str, order_id: str) -> Order | None:
        """The order with this id, or None."""
        rows = self._connection.execute(
            "SELECT * FROM orders WHERE tenant = ? AND id = ?", (tenant, order_id)
        ).fetchall()
        return next(iter(self._with_lines(rows)), None)

    def page(
        self, tenant: str, customer_id: str | None, status: str | None, offset: int, limit: int
    ) -> tuple[list[Order], int]:
        """`limit` orders, the newest first, after `offset` others, and how many there are.

        A `customer_id` or `status` of None filters nothing.
        """
        where, values = ["tenant = ?"], [tenant]
        for column, value in (("customer_id", customer_id), ("status", status)):
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)
        condition = " AND ".join(where)
        total = self._connection.execute(
            f"SELECT count(*) FROM orders WHERE {condition}",  # Column names and question marks only.
            values,
        ).fetchone()[0]
        rows = self._connection.execute(
            f"SELECT * FROM orders WHERE {condition} ORDER BY placed_at DESC, id LIMIT ? OFFSET ?",
            [*values, limit, offset],
        ).fetchall()
        return self._with_lines(rows), total

    def add(self, tenant: str, order: Order) -> None:
        """Keeps a new order, and that it was placed."""
        with transaction(self._connection) as connection:
            _insert(connection, tenant, order)
            placed = OrderPlaced(1, order.placed_at, f"{order.total:f}", order.currency)
            _happened(connection, order.id, [placed])

    def update(self, tenant: str, order: Order, status: str, note: str | None, at: str) -> Order:
        """`order` with this status and note, as its next version; `at` is when it came to be so."""
        changed = msgspec.structs.replace(order, status=status, note=note, version=order.version + 1)
        with transaction(self._connection) as connection:
            connection.execute(
                "UPDATE orders SET status = ?, note = ?, version = ? WHERE tenant = ? AND id = ?",
                (status, note, changed.version, tenant, order.id),
            )
            number = connection.execute(
                "SELECT max(number) FROM order_events WHERE order_id = ?", (order.id,)
            ).fetchone()[0]
            events: list[OrderEvent] = []
            if status != order.status:
                events.append(OrderMoved(number + 1, at, status))
            if note != order.note:
                events.append(OrderNoted(number + 1 + len(events), at, note))
            _happened(connection, order.id, events)
        return changed

    def history(self, order_id: str, since: int, limit: int) -> list[OrderEvent]:
        """The first `limit` events of an order after the one of the number `since`, the oldest first."""
        rows = self._connection.execute(
            "SELECT event FROM order_events WHERE order_id = ? AND number > ? ORDER BY number LIMIT ?",
            (order_id, since, limit),
        )
        return [msgspec.json.decode(row["event"], type=OrderEvent) for row in rows]

    def _with_lines(self, rows: Sequence[sqlite3.Row]) -> list[Order]:
        """The orders of `rows`, all their lines fetched at once."""
        lines: dict[str, list[OrderLine]] = {row["id"]: [] for row in rows}
        for order_id, sku, quantity, unit_price in self._connection.execute(
            "SELECT order_id, sku, quantity, unit_price FROM order_lines "
            f"WHERE order_id IN ({marks(rows)}) ORDER BY order_id, position",  # Question marks only.
            list(lines),
        ):
            lines[order_id].append(OrderLine(sku, quantity, unit_price))
        return [
            Order(
                id=row["id"],
                customer_id=row["customer_id"],
                status=row["status"],
                currency=row["currency"],
                total=Decimal(row["total"]),
                lines=lines[row["id"]],
                placed_at=row["placed_at"],
                note=row["note"],
                version=row["version"],
            )
            for row in rows
        ]


def _insert(connection: sqlite3.Connection, tenant: str, order: Order) -> None:
    connection.execute(
        "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order.id,
            tenant,
            order.customer_id,
            order.status,
            order.currency,
            f"{order.total:f}",
            order.placed_at,
            order.note,
            order.version,
        ),
    )
    connection.executemany(
        "INSERT INTO order_lines VALUES (?, ?, ?, ?, ?)",
        [
            (order.id, position, line.sku, line.quantity, line.unit_price)
            for position, line in enumerate(order.lines)
        ],
    )


def _happened(connection: sqlite3.Connection, order_id: str, events: Iterable[OrderEvent]) -> None:
    connection.executemany(
        "INSERT INTO order_events VALUES (?, ?, ?)",
        [(order_id, one.number, msgspec.json.encode(one).decode()) for one in events],
    )


def _fill(connection: sqlite3.Connection, seeded: Iterable[SeedOrder]) -> None:
    for row in seeded:
        order = Order(
            id=row.id,
            customer_id=row.customer_id,
            status=row.status,
            currency=row.currency,
            total=row.total,
            lines=[OrderLine(sku, quantity, f"{price:f}") for sku, quantity, price in row.lines],
            placed_at=row.placed_at,
            note=row.note,
            version=1,
        )
        _insert(connection, row.tenant, order)
        _happened(connection, row.id, seeded_events(row))
