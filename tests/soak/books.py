"""What clients were told, as they heard it; and what the services' databases say in the end.

Filled by `tests/soak/load.py`, compared by `tests/soak/checks.py`.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

MOST_NOTED: Final = 20
"""Of what did not hold, so many of a kind are told."""


class Told(Enum):
    """What a client knows of a change when its request has ended."""

    MADE = "made"
    NOT_MADE = "not made"
    OPEN = "not said"


@dataclass(slots=True)
class Change:
    """One change that a client asked for once. `made` is the id of what was made, where it was told."""

    kind: str
    mark: str
    told: Told = Told.OPEN
    made: str | None = None


@dataclass(slots=True)
class Purchase:
    """One checkout, sent again under its key until its outcome is known. `states` are all that were told;
    `payments` and `orders` the ids in them.
    """

    subject: str
    key: str
    amount: str
    method: str
    states: list[str] = field(default_factory=list)
    payments: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The key under which the payments service knows it, as the project's checkout makes it."""
        return "checkout-" + hashlib.sha256(f"{self.subject}\n{self.key}".encode()).hexdigest()

    @property
    def outcome(self) -> str | None:
        """The last state that says what became of it; None where none did."""
        return next((one for one in reversed(self.states) if one != "UNKNOWN"), None)


@dataclass(slots=True)
class Books:
    """All that was heard. `wrong` are things that must not be, by their kind."""

    answers: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    stale: int = 0
    changes: list[Change] = field(default_factory=list)
    purchases: dict[str, Purchase] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    wrongs: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str, what: str) -> None:
        """Something that must not be."""
        self.wrongs[kind] += 1
        noted = self.wrong.setdefault(kind, [])
        if len(noted) < MOST_NOTED:
            noted.append(what)


@dataclass(frozen=True, slots=True)
class Paid:
    """A row of the payments service's ledger."""

    id: str
    order: str
    state: str
    amount: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the databases say. `payments` by their idempotency keys, without seeded ones; `orders` and their status by
    id; `marked`: the ids of what clients marked, by kind and mark.
    """

    payments: Mapping[str, Paid]
    orders: Mapping[str, str]
    marked: Mapping[tuple[str, str], tuple[str, ...]]


def read_ledger(folder: Path) -> Ledger:
    """The databases in the folder; their services have ended."""
    payments = {
        key: Paid(one, order, state, amount)
        for key, one, order, state, amount in _rows(
            folder / "payments.sqlite", "SELECT idempotency_key, id, order_id, state, amount FROM payments"
        )
        if not key.startswith("seed-")
    }
    orders = _rows(folder / "orders.sqlite", "SELECT id, status, note FROM orders")
    expenses = _rows(folder / "expenses.sqlite", "SELECT id, merchant FROM expenses")
    emails = _rows(folder / "notifications.sqlite", "SELECT id, subject FROM emails")
    marked: dict[tuple[str, str], tuple[str, ...]] = {}
    for kind, rows in (
        ("order", [(one, note) for one, _, note in orders if note]),
        ("expense", expenses),
        ("email", emails),
    ):
        for one, mark in rows:
            marked[kind, mark] = (*marked.get((kind, mark), ()), one)
    return Ledger(payments, {one: status for one, status, _ in orders}, marked)


def _rows(file: Path, query: str) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
