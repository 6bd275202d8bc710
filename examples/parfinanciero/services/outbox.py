"""Where the notifications service keeps its e-mails."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec

from .database import open_database, transaction

TABLES = (
    """
    CREATE TABLE emails (
        id TEXT PRIMARY KEY, tenant TEXT NOT NULL, recipient_id TEXT NOT NULL, recipient TEXT NOT NULL,
        subject TEXT NOT NULL, text TEXT NOT NULL, state TEXT NOT NULL, created_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX emails_by_tenant ON emails (tenant, created_at DESC, id)",
    "CREATE INDEX emails_by_recipient ON emails (tenant, recipient_id, created_at DESC, id)",
)
COLUMNS = "id, recipient_id, recipient, subject, text, state, created_at"


class Email(msgspec.Struct, frozen=True):
    """One e-mail, as the contract shows it."""

    id: str
    recipient_id: str
    to: str
    subject: str
    text: str
    state: str
    created_at: str


class Outbox:
    """The e-mails of all tenants; every method sees those of one. A new file is filled with `seeded`."""

    def __init__(self, path: Path, seeded: Iterable[tuple[str, Email]]) -> None:
        self._connection = open_database(path, TABLES, lambda connection: _fill(connection, seeded))

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def find(self, tenant: str, email_id: str) -> Email | None:
        """The e-mail with this id, or None."""
        row = self._connection.execute(
            f"SELECT {COLUMNS} FROM emails WHERE tenant = ? AND id = ?", (tenant, email_id)
        ).fetchone()
        return None if row is None else Email(*row)

    def page(self, tenant: str, recipient_id: str | None, offset: int, limit: int) -> tuple[list[Email], int]:
        """`limit` e-mails, the newest first, after `offset` others, and how many there are; of one recipient, or
        of all for None.
        """
        where, values = "tenant = ?", [tenant]
        if recipient_id is not None:
            where, values = "tenant = ? AND recipient_id = ?", [tenant, recipient_id]
        total = self._connection.execute(f"SELECT count(*) FROM emails WHERE {where}", values).fetchone()[0]
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM emails WHERE {where} ORDER BY created_at DESC, id LIMIT ? OFFSET ?",
            [*values, limit, offset],
        )
        return [Email(*row) for row in rows], total

    def add(self, tenant: str, email: Email) -> None:
        """Keeps a new e-mail."""
        with transaction(self._connection) as connection:
            _insert(connection, tenant, email)


def _insert(connection: sqlite3.Connection, tenant: str, email: Email) -> None:
    connection.execute(
        f"INSERT INTO emails (tenant, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (tenant, *msgspec.structs.astuple(email)),
    )


def _fill(connection: sqlite3.Connection, seeded: Iterable[tuple[str, Email]]) -> None:
    for tenant, email in seeded:
        _insert(connection, tenant, email)
