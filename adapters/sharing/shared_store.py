"""A shared store, opened: one server for cached entries and for the keys of `adapters/policies/idempotency.py`.

`graph/app.py` opens one where `[cache] url` names a server, and hands its parts to each service.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from adapters.caching.cache_store import InProcessStore
from adapters.caching.tiered_store import TieredStore
from adapters.facts import Clock
from adapters.sharing.redis_address import RedisAddress
from adapters.sharing.redis_client import RedisClient
from adapters.sharing.redis_connection import RedisConnection
from adapters.sharing.redis_keys import RedisKeys
from adapters.sharing.redis_store import SENDER, RedisStore, channel
from adapters.sharing.store_facts import StoreObserver


@dataclass(frozen=True, slots=True)
class SharedRule:
    """Which server is shared, below which `prefix`; the longest that a request waits for it is `wait` seconds."""

    address: RedisAddress
    prefix: str = "stolon"
    wait: float = field(default=0.05)


@dataclass(frozen=True, slots=True)
class SharedStore:
    """The parts of an open store: `entries` are a `Store`, `keys` are `SharedKeys`."""

    entries: TieredStore
    keys: RedisKeys
    connection: RedisConnection


@asynccontextmanager
async def shared_store(
    rule: SharedRule,
    near: InProcessStore,
    clock: Clock,
    chance: Callable[[], float],
    observers: tuple[StoreObserver, ...] = (),
) -> AsyncIterator[SharedStore]:
    """The store while it is entered, with `near` in front. Waits for the server for a second at most."""
    sender = secrets.token_bytes(SENDER)
    connection = RedisConnection(
        RedisClient(rule.address, clock),
        channel(rule.prefix),
        clock=clock,
        wait=rule.wait,
        chance=chance,
        observers=observers,
    )
    shared = RedisStore(connection, rule.prefix, sender)
    entries = TieredStore(near, shared, connection, sender)
    connection.told_to(entries)
    keys = RedisKeys(connection, rule.prefix, secrets.token_bytes)
    try:
        async with connection:
            yield SharedStore(entries, keys, connection)
            await shared.close()
    finally:
        entries.close()
