"""Where the projections service keeps what it was asked and what came out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

from .database import marks, open_database, transaction

TABLES = (
    """
    CREATE TABLE projections (
        id TEXT PRIMARY KEY, tenant TEXT NOT NULL, user_id TEXT NOT NULL, state TEXT NOT NULL,
        months_asked INTEGER NOT NULL, created_at TEXT NOT NULL, ready_at TEXT, reason TEXT, months TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX projections_by_user ON projections (tenant, user_id, state, ready_at)",
    "CREATE INDEX projections_by_state ON projections (state, created_at)",
)
COLUMNS = "id, user_id, state, months_asked, created_at, ready_at, reason, months"


class ProjectedMonth(msgspec.Struct, frozen=True):
    """What is expected of one month, and between what with four chances out of five."""

    month: str
    expected: Decimal
    low: Decimal
    high: Decimal


class Projection(msgspec.Struct, frozen=True):
    """One projection, as the contract shows it. `state` is pending, ready or failed."""

    id: str
    user_id: str
    state: str
    months_asked: int
    created_at: str
    ready_at: str | None
    reason: str | None
    months: list[ProjectedMonth]


@dataclass(frozen=True, slots=True)
class Owned:
    """A projection and its tenant."""

    tenant: str
    projection: Projection


class ProjectionStore:
    """The projections of all tenants. A new file is filled with `seeded`."""

    def __init__(self, path: Path, seeded: Iterable[Owned]) -> None:
        self._connection = open_database(path, TABLES, lambda connection: _fill(connection, seeded))

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def find(self, tenant: str, projection_id: str) -> Projection | None:
        """The tenant's projection with this id, or None."""
        row = self._connection.execute(
            f"SELECT {COLUMNS} FROM projections WHERE tenant = ? AND id = ?", (tenant, projection_id)
        ).fetchone()
        return None if row is None else _projection(row)

    def latest(self, tenant: str, user_ids: Sequence[str]) -> list[Projection]:
        """Of each of these users of the tenant the projection that was ready last, by user."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM projections WHERE rowid IN ("
            "SELECT rowid FROM (SELECT rowid, row_number() OVER "
            "(PARTITION BY user_id ORDER BY ready_at DESC, rowid DESC) AS turn FROM projections "
            f"WHERE tenant = ? AND state = 'ready' AND user_id IN ({marks(user_ids)})) "  # Question marks only.
            "WHERE turn = 1) ORDER BY user_id",
            [tenant, *user_ids],
        )
        return [_projection(row) for row in rows]

    def pending(self) -> int:
        """How many are still to be worked out, of all tenants."""
        return int(
            self._connection.execute("SELECT count(*) FROM projections WHERE state = 'pending'").fetchone()[0]
        )

    def next_pending(self) -> Owned | None:
        """The one that waits longest, of all tenants, or None."""
        row = self._connection.execute(
            f"SELECT tenant, {COLUMNS} FROM projections WHERE state = 'pending' ORDER BY created_at, rowid LIMIT 1"
        ).fetchone()
        return None if row is None else Owned(row["tenant"], _projection(row))

    def add(self, tenant: str, projection: Projection) -> None:
        """Keeps a new projection."""
        with transaction(self._connection) as connection:
            _insert(connection, tenant, projection)

    def settle(self, projection: Projection) -> None:
        """Keeps what came out of one."""
        with transaction(self._connection) as connection:
            connection.execute(
                "UPDATE projections SET state = ?, ready_at = ?, reason = ?, months = ? WHERE id = ?",
                (
                    projection.state,
                    projection.ready_at,
                    projection.reason,
                    msgspec.json.encode(projection.months).decode(),
                    projection.id,
                ),
            )


PROJECTIONS: Final = web.AppKey("projections", ProjectionStore)


def _projection(row: sqlite3.Row) -> Projection:
    return Projection(
        id=row["id"],
        user_id=row["user_id"],
        state=row["state"],
        months_asked=row["months_asked"],
        created_at=row["created_at"],
        ready_at=row["ready_at"],
        reason=row["reason"],
        months=msgspec.json.decode(row["months"], type=list[ProjectedMonth]),
    )


def _insert(connection: sqlite3.Connection, tenant: str, projection: Projection) -> None:
    row = {
        **msgspec.structs.asdict(projection),
        "tenant": tenant,
        "months": msgspec.json.encode(projection.months).decode(),
    }
    connection.execute(
        f"INSERT INTO projections ({', '.join(row)}) VALUES ({marks(list(row))})", list(row.values())
    )


def _fill(connection: sqlite3.Connection, seeded: Iterable[Owned]) -> None:
    for row in seeded:
        _insert(connection, row.tenant, row.projection)
