"""One SQLite file per service: opened, given its tables and filled once.

Statements run in the event loop's own thread. Each one finds its rows by an index in well under a
millisecond, and WAL with `synchronous = NORMAL` writes a commit without waiting for the disk, so that handing
it to a thread would cost more than it saves. It also means that nothing can come between the statements of
one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

FILLED = 1


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All statements within happen together or, when the block raises, not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def open_database(
    path: Path, tables: Sequence[str], fill: Callable[[sqlite3.Connection], None]
) -> sqlite3.Connection:
    """Opens `path`; a new file gets its `tables` and what `fill` inserts, in one transaction.

    Rows are `sqlite3.Row`. Raises `sqlite3.DatabaseError` for a file that is no database.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        with transaction(connection):
            # The mark lies in the file's header and is written with the transaction: a start that was cut off
            # half way leaves an empty file, which the next start fills.
            if connection.execute("PRAGMA user_version").fetchone()[0] != FILLED:
                for table in tables:
                    connection.execute(table)
                fill(connection)
                connection.execute(f"PRAGMA user_version = {FILLED}")
    except BaseException:
        connection.close()
        raise
    return connection


def marks(values: Sequence[object]) -> str:
    """As many `?` as there are `values`, for `IN (...)`; the values themselves stay parameters."""
    return ", ".join("?" * len(values))
