"""Where the expenses service keeps categories, expenses and budgets.

Amounts are kept as text: SQLite's own numbers lose digits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

from .database import marks, open_database, transaction
from .seed_expenses import SeedBudget, SeedCategory, SeedExpense, receipt_id

TABLES = (
    "CREATE TABLE categories (id TEXT PRIMARY KEY, name TEXT NOT NULL, budget TEXT) STRICT",
    """
    CREATE TABLE expenses (
        id TEXT PRIMARY KEY, tenant TEXT NOT NULL, user_id TEXT NOT NULL,
        category_id TEXT NOT NULL REFERENCES categories (id), amount TEXT NOT NULL, spent_on TEXT NOT NULL,
        merchant TEXT NOT NULL, note TEXT, receipt_id TEXT, receipt_name TEXT
    ) STRICT
    """,
    """
    CREATE TABLE budgets (
        tenant TEXT NOT NULL, user_id TEXT NOT NULL, category_id TEXT NOT NULL REFERENCES categories (id),
        amount TEXT NOT NULL, PRIMARY KEY (tenant, user_id, category_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX expenses_by_tenant ON expenses (tenant, spent_on DESC, id)",
    "CREATE INDEX expenses_by_user ON expenses (tenant, user_id, spent_on DESC, id)",
)
COLUMNS = "id, user_id, category_id, amount, spent_on, merchant, note, receipt_id, receipt_name"


class Category(msgspec.Struct, frozen=True):
    """One category, as the contract shows it."""

    id: str
    name: str
    budget: Decimal | None


class Expense(msgspec.Struct, frozen=True):
    """One expense, as the contract shows it; msgspec writes `amount` as a string."""

    id: str
    user_id: str
    category_id: str
    amount: Decimal
    spent_on: str
    merchant: str
    note: str | None
    receipt_id: str | None
    receipt_name: str | None


class Total(msgspec.Struct, frozen=True):
    """What one user spent on one category in one month."""

    user_id: str
    category_id: str
    month: str
    total: Decimal
    count: int


class Budget(msgspec.Struct, frozen=True):
    """What one user means to spend on one category in a month."""

    user_id: str
    category_id: str
    amount: Decimal


class ExpenseStore:
    """The expenses of all tenants; every method sees those of one. A new file is filled with what is `seeded`, and
    with `budgets`.
    """

    def __init__(
        self,
        path: Path,
        categories: Iterable[SeedCategory],
        seeded: Iterable[SeedExpense],
        budgets: Iterable[SeedBudget],
    ) -> None:
        self._connection = open_database(
            path, TABLES, lambda connection: _fill(connection, categories, seeded, budgets)
        )

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def categories(self, ids: Sequence[str] | None) -> list[Category]:
        """All categories by id, or those of them with the given ids; they are the same for every tenant."""
        where = "" if ids is None else f"WHERE id IN ({marks(ids)})"
        rows = self._connection.execute(f"SELECT * FROM categories {where} ORDER BY id", ids or [])
        return [Category(row["id"], row["name"], _amount(row["budget"])) for row in rows]

    def find(self, tenant: str, expense_id: str) -> Expense | None:
        """The expense with this id, or None."""
        row = self._connection.execute(
            f"SELECT {COLUMNS} FROM expenses WHERE tenant = ? AND id = ?", (tenant, expense_id)
        ).fetchone()
        return None if row is None else _expense(row)

    def page(
        self,
        tenant: str,
        user_id: str | None,
        category_id: str | None,
        after: tuple[str, str] | None,
        limit: int,
    ) -> list[Expense]:
        """The first `limit` expenses after a place (day and id), the newest first; a filter of None filters
        nothing.
        """
        where, values = ["tenant = ?"], [tenant]
        for column, value in (("user_id", user_id), ("category_id", category_id)):
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)
        if after is not None:
            where.append("(spent_on < ? OR spent_on = ? AND id > ?)")
            values += [after[0], after[0], after[1]]
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM expenses WHERE {' AND '.join(where)} ORDER BY spent_on DESC, id LIMIT ?",
            [*values, limit],
        )
        return [_expense(row) for row in rows]

    def search(
        self,
        tenant: str,
        user_id: str,
        text: str | None,
        category_id: str | None,
        least: Decimal | None,
        limit: int,
    ) -> list[Expense]:
        """The first `limit` expenses of a user that fit, the newest first; a criterion of None fits everything."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM expenses WHERE tenant = ? AND user_id = ? "
            "AND category_id = coalesce(?, category_id) "
            "AND instr(lower(merchant || char(10) || coalesce(note, '')), lower(?)) ORDER BY spent_on DESC, id",
            (tenant, user_id, category_id, text or "\n"),
        )
        # Compared here: amounts are text there.
        fitting = (one for one in map(_expense, rows) if least is None or one.amount >= least)
        return list(islice(fitting, limit))

    def totals(self, tenant: str, user_ids: Sequence[str], since: str, until: str) -> list[Total]:
        """What these users spent from month `since` to `until` (`YYYY-MM`), both included.

        By user, month and category.
        """
        found: dict[tuple[str, str, str], tuple[Decimal, int]] = {}
        for user_id, month, category_id, amount in self._connection.execute(
            "SELECT user_id, substr(spent_on, 1, 7), category_id, amount FROM expenses "
            f"WHERE tenant = ? AND user_id IN ({marks(user_ids)}) "  # Question marks only.
            "AND spent_on BETWEEN ? AND ? ORDER BY 1, 2, 3",
            [tenant, *user_ids, f"{since}-01", f"{until}-31"],
        ):
            total, count = found.get((user_id, month, category_id), (Decimal(0), 0))
            found[user_id, month, category_id] = total + Decimal(amount), count + 1
        return [
            Total(user_id=user_id, category_id=category_id, month=month, total=total, count=count)
            for (user_id, month, category_id), (total, count) in found.items()
        ]

    def budgets(self, tenant: str, user_id: str, category_ids: Sequence[str] | None) -> list[Budget]:
        """What this user means to spend, by category; of all categories for None."""
        where = "" if category_ids is None else f"AND category_id IN ({marks(category_ids)})"
        rows = self._connection.execute(
            f"SELECT * FROM budgets WHERE tenant = ? AND user_id = ? {where} ORDER BY category_id",
            [tenant, user_id, *(category_ids or [])],
        )
        return [Budget(row["user_id"], row["category_id"], Decimal(row["amount"])) for row in rows]

    def mean(self, tenant: str, budget: Budget) -> None:
        """Keeps a budget, in the place of the user's earlier one for the category."""
        with transaction(self._connection) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO budgets VALUES (?, ?, ?, ?)",
                (tenant, budget.user_id, budget.category_id, f"{budget.amount:f}"),
            )

    def add(self, tenant: str, expense: Expense) -> None:
        """Keeps a new expense."""
        with transaction(self._connection) as connection:
            _insert(connection, tenant, expense)

    def receive(self, tenant: str, expense: Expense, name: str) -> Expense:
        """`expense` with a receipt of this file name."""
        changed = msgspec.structs.replace(expense, receipt_id=receipt_id(expense.id), receipt_name=name)
        with transaction(self._connection) as connection:
            connection.execute(
                "UPDATE expenses SET receipt_id = ?, receipt_name = ? WHERE tenant = ? AND id = ?",
                (changed.receipt_id, name, tenant, expense.id),
            )
        return changed


EXPENSES: Final = web.AppKey("expenses", ExpenseStore)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _expense(row: sqlite3.Row) -> Expense:
    return Expense(**{**dict(zip(row.keys(), row, strict=True)), "amount": Decimal(row["amount"])})


def _insert(connection: sqlite3.Connection, tenant: str, expense: Expense) -> None:
    row = {**msgspec.structs.asdict(expense), "amount": f"{expense.amount:f}", "tenant": tenant}
    connection.execute(
        f"INSERT INTO expenses ({', '.join(row)}) VALUES ({marks(list(row))})", list(row.values())
    )


def _fill(
    connection: sqlite3.Connection,
    categories: Iterable[SeedCategory],
    seeded: Iterable[SeedExpense],
    budgets: Iterable[SeedBudget],
) -> None:
    connection.executemany(
        "INSERT INTO categories VALUES (?, ?, ?)",
        ((one.id, one.name, None if one.budget is None else f"{one.budget:f}") for one in categories),
    )
    for row in seeded:
        kept = Expense(
            id=row.id,
            user_id=row.user_id,
            category_id=row.category_id,
            amount=row.amount,
            spent_on=row.spent_on,
            merchant=row.merchant,
            note=row.note,
            receipt_id=None if row.receipt is None else receipt_id(row.id),
            receipt_name=row.receipt,
        )
        _insert(connection, row.tenant, kept)
    connection.executemany(
        "INSERT INTO budgets VALUES (?, ?, ?, ?)",
        ((one.tenant, one.user_id, one.category_id, f"{one.amount:f}") for one in budgets),
    )
