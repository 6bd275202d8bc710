"""The store of one served project, opened as its settings say: in this process, or shared with replicas.

`graph/app.py` opens it before the services, which keep their answers in it; `graph/caching/open_caches.py` knows
it while it is open, so that what changes elsewhere is dropped from it.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from adapters.caching.cache_store import InProcessStore, Store
from adapters.credentials.secrets import KeptSecret
from adapters.facts import Clock
from adapters.sharing.shared_keys import SharedKeys
from adapters.sharing.shared_store import shared_store
from graph.binding.keyed_types import KeyedType
from graph.observing.seeing import Seeing
from graph.settings.settings import Settings


@asynccontextmanager
async def open_store(
    settings: Settings, seeing: Seeing, types: Mapping[str, KeyedType], clock: Clock
) -> AsyncIterator[tuple[Store, SharedKeys | None]]:
    """The store while it is entered, and what replicas know of clients' idempotency keys where they share it. `types`
    are those that calls may drop.
    """
    near = InProcessStore(settings.cache.bytes, clock)
    key = None if settings.admin is None else KeptSecret(settings.admin.key, clock)
    if settings.cache.shared is None:
        with seeing.caches.opened(near, None, key, types) as store:
            yield store, None
        return
    told = (seeing.stores.observe,)
    async with shared_store(settings.cache.shared, near, clock, random.random, told) as shared:
        with seeing.caches.opened(near, shared.entries, key, types) as store:
            yield store, shared.keys
