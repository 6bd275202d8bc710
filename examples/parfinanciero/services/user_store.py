"""Where the users service keeps its users."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from .database import marks, open_database, transaction
from .seed import SeedUser

TABLES = (
    """
    CREATE TABLE users (
        id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL,
        status TEXT NOT NULL, created_at TEXT NOT NULL, birth_date TEXT, loyalty_points INTEGER NOT NULL,
        profile TEXT, preferences TEXT NOT NULL, version INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX users_by_tenant ON users (tenant, id)",
)
JSON_COLUMNS = ("profile", "preferences")


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A user as the contract shows it, and its version."""

    document: dict[str, object]
    version: int


class UserStore:
    """The users of all tenants; every method sees those of one. A new file is filled with `seeded`."""

    def __init__(self, path: Path, seeded: Iterable[SeedUser]) -> None:
        self._connection = open_database(path, TABLES, lambda connection: _fill(connection, seeded))

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def find(self, tenant: str, user_id: str) -> StoredUser | None:
        """The user with this id, or None."""
        row = self._connection.execute(
            "SELECT * FROM users WHERE tenant = ? AND id = ?", (tenant, user_id)
        ).fetchone()
        return None if row is None else _stored(row)

    def page(
        self, tenant: str, ids: Sequence[str] | None, offset: int, limit: int
    ) -> tuple[list[StoredUser], int]:
        """`limit` users by id after `offset` others, and how many there are; with `ids` only of those."""
        where, values = "tenant = ?", [tenant]
        if ids is not None:
            where, values = f"tenant = ? AND id IN ({marks(ids)})", [tenant, *ids]
        total = self._connection.execute(
            f"SELECT count(*) FROM users WHERE {where}",  # Column names and question marks only.
            values,
        ).fetchone()[0]
        rows = self._connection.execute(
            f"SELECT * FROM users WHERE {where} ORDER BY id LIMIT ? OFFSET ?",
            [*values, limit, offset],
        )
        return [_stored(row) for row in rows], total

    def update(self, tenant: str, user: StoredUser, changes: Mapping[str, object]) -> StoredUser:
        """`user` with `changes` (members of the contract's `UserUpdate`), as its next version."""
        document, version = {**user.document, **changes}, user.version + 1
        with transaction(self._connection) as connection:
            connection.execute(
                "UPDATE users SET name = ?, email = ?, status = ?, birth_date = ?, profile = ?, "
                "preferences = ?, version = ? WHERE tenant = ? AND id = ?",
                [
                    *(document[name] for name in ("name", "email", "status", "birth_date")),
                    *(_text(document.get(name)) for name in JSON_COLUMNS),
                    version,
                    tenant,
                    document["id"],
                ],
            )
        return StoredUser(document, version)


def _text(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _stored(row: sqlite3.Row) -> StoredUser:
    document: dict[str, object] = dict(zip(row.keys(), row, strict=True))
    version = row["version"]
    for name in ("tenant", "version", *JSON_COLUMNS):
        del document[name]
    document |= {name: msgspec.json.decode(row[name]) for name in JSON_COLUMNS if row[name] is not None}
    return StoredUser(document, version)


def _fill(connection: sqlite3.Connection, seeded: Iterable[SeedUser]) -> None:
    connection.executemany(
        "INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
        (
            (
                user.id,
                user.tenant,
                user.name,
                user.email,
                user.status,
                user.created_at,
                user.birth_date,
                user.loyalty_points,
                _text(_profile(user)),
                _text(user.preferences),
            )
            for user in seeded
        ),
    )


def _profile(user: SeedUser) -> dict[str, object] | None:
    if user.address is None:
        return None
    street, city, country = user.address
    return {"phone": user.phone, "address": {"street": street, "city": city, "country": country}}
