"""Where the storage service keeps its objects: the bytes, and what is known of them."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from .database import marks, open_database, transaction
from .seed_expenses import SeedReceipt

TABLES = (
    """
    CREATE TABLE objects (
        tenant TEXT NOT NULL, id TEXT NOT NULL, media_type TEXT NOT NULL, sha256 TEXT NOT NULL,
        stored_at TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (tenant, id)
    ) STRICT
    """,
)
COLUMNS = "id, media_type, length(content) AS bytes, sha256, stored_at"


class StoredObject(msgspec.Struct, frozen=True):
    """What is known of an object, as the contract shows it."""

    id: str
    media_type: str
    bytes: int
    sha256: str
    stored_at: str


class ObjectStore:
    """The objects of all tenants; every method sees those of one. A new file is filled with `seeded`."""

    def __init__(self, path: Path, seeded: Iterable[SeedReceipt]) -> None:
        self._connection = open_database(path, TABLES, lambda connection: _fill(connection, seeded))

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def described(self, tenant: str, ids: Sequence[str]) -> list[StoredObject]:
        """Those of these objects that there are, by id."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM objects "
            f"WHERE tenant = ? AND id IN ({marks(ids)}) ORDER BY id",  # Question marks only.
            [tenant, *ids],
        )
        return [StoredObject(*row) for row in rows]

    def find(self, tenant: str, object_id: str) -> tuple[StoredObject, bytes] | None:
        """The object with its bytes, or None."""
        row = self._connection.execute(
            f"SELECT {COLUMNS}, content FROM objects WHERE tenant = ? AND id = ?", (tenant, object_id)
        ).fetchone()
        return None if row is None else (StoredObject(*row[:-1]), row["content"])

    def put(self, tenant: str, kept: StoredObject, content: bytes) -> bool:
        """Keeps an object; whether another was there under its name."""
        with transaction(self._connection) as connection:
            replaced = _delete(connection, tenant, kept.id)
            _insert(connection, tenant, kept.id, kept.media_type, kept.stored_at, content)
        return replaced

    def delete(self, tenant: str, object_id: str) -> bool:
        """Forgets an object; whether there was one."""
        with transaction(self._connection) as connection:
            return _delete(connection, tenant, object_id)


def _delete(connection: sqlite3.Connection, tenant: str, object_id: str) -> bool:
    done = connection.execute("DELETE FROM objects WHERE tenant = ? AND id = ?", (tenant, object_id))
    return done.rowcount > 0


def _insert(
    connection: sqlite3.Connection,
    tenant: str,
    object_id: str,
    media_type: str,
    stored_at: str,
    content: bytes,
) -> None:
    digest = hashlib.sha256(content).hexdigest()
    connection.execute(
        "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?)",
        (tenant, object_id, media_type, digest, stored_at, content),
    )


def _fill(connection: sqlite3.Connection, seeded: Iterable[SeedReceipt]) -> None:
    for row in seeded:
        _insert(connection, row.tenant, row.object_id, row.media_type, row.stored_at, row.content)
