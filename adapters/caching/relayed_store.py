"""A store in this process that tells others of what is dropped, and hears of what they dropped.

For stores that have no server in common: of several worker processes, and of one process while it is reloaded. A
shared store (`adapters/caching/tiered_store.py`) tells its replicas itself. `graph/caching/open_caches.py` puts it
together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

from adapters.caching.cache_store import InProcessStore

Tell: TypeAlias = Callable[[tuple[str, ...] | None], Awaitable[None]]
"""Tells others of dropped tags; with None that everything was dropped."""


class RelayedStore:
    """A `Store`: `near`, whose drops by tag are told. Drops by key are not: they end what this process alone found to
    be over.
    """

    def __init__(self, near: InProcessStore, tell: Tell) -> None:
        self._near = near
        self._tell = tell

    def __repr__(self) -> str:
        return f"RelayedStore({self._near!r})"

    @property
    def is_shared(self) -> bool:
        """See `Store`."""
        return False

    @property
    def moment(self) -> int:
        """See `Store`."""
        return self._near.moment

    async def get(self, key: bytes) -> bytes | None:
        """See `Store`."""
        return self._near.held(key)

    async def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """See `Store`."""
        return [self._near.held(key) for key in keys]

    async def put(
        self,
        key: bytes,
        value: bytes,
        seconds: float,
        tags: tuple[str, ...] = (),
        *,
        since: int | None = None,
    ) -> None:
        """See `Store`."""
        await self._near.put(key, value, seconds, tags, since=since)

    async def drop(self, keys: Iterable[bytes]) -> None:
        """See `Store`; in this process alone."""
        await self._near.drop(keys)

    async def drop_tags(self, tags: Iterable[str]) -> None:
        """See `Store`."""
        gone = tuple(tags)
        await self.hear(gone)
        await self._tell(gone)

    async def drop_everything(self) -> None:
        """See `Store`."""
        await self.hear(None)
        await self._tell(None)

    async def hear(self, tags: tuple[str, ...] | None) -> None:
        """Others dropped these, or with None everything: it is gone here too, and nobody is told."""
        if tags is None:
            self._near.clear()
        else:
            await self._near.drop_tags(tags)
