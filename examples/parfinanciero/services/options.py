"""What a service is told at its start; the world outside (clock, identifiers, waiting) comes in here too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4


def utc_now() -> datetime:
    """The present moment, with its time zone."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """`moment` as RFC 3339 text in UTC with whole seconds: `2026-11-01T12:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """Options of one service.

    `database`: the SQLite file, made and filled when it is missing. `jwks`: the URL of the identity
    provider's keys. `issuer`: what tokens must say in `iss`. `access_log`: one log line a call, without ids
    or tokens. `slow_seconds`: how long `pm_slow` waits with its answer (payments only). `work_seconds`: how long
    the model takes (projections only). `storage_url`, `expenses_url`: where the services are that this one calls,
    with a token that it gets for its `secret`; of notifications the `secret` is the key that callers show.
    """

    database: Path
    jwks: str
    issuer: str
    access_log: bool = False
    slow_seconds: float = 30.0
    work_seconds: float = 1.0
    storage_url: str = ""
    expenses_url: str = ""
    secret: str = field(default="", repr=False)
    now: Callable[[], datetime] = utc_now
    clock: Callable[[], float] = time.monotonic
    new_id: Callable[[], UUID] = uuid4
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
