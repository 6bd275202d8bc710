"""The store that replicas share, with the one in this process in front: reads that are there cost no way.

A `Store` of `adapters/caching/cache_store.py`; `adapters/sharing/shared_store.py` puts it together. What is
dropped here is dropped in the shared store and told to all replicas, which drop it from the one in front of
theirs. That one is believed only as long as it hears of all drops:

| the shared store is | in front | drops |
| --- | --- | --- |
| up | entries live as long as they may | reach every replica at once |
| doubted | the same, since the channel lives | are owed, and made before the store is used again |
| away | entries live for `SHORT` seconds at most, and all are forgotten when it is back | are owed |

What is fetched before a drop is not kept after it, wherever the drop was made: those heard of are known here, and
the server refuses what its giver put without having heard of a drop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from adapters.caching.cache_drops import Drops
from adapters.caching.cache_store import InProcessStore
from adapters.sharing.redis_connection import RedisConnection, StoreAway
from adapters.sharing.redis_store import EVERYTHING, RedisStore, dropped, of_key, of_tag

SHORT: Final = 1.0
"""Seconds that an entry lives in this process while nobody tells what was dropped elsewhere."""
MOST_SHARED: Final = 1 << 20
"""Bytes of the largest value that is shared; larger ones stay in the process."""
MOST_OWED: Final = 10_000
"""Tags that are remembered to be dropped; where there are more, everything is."""


class TieredStore:
    """See the module; `near` is the store in this process, and `sender` tells this replica from others."""

    def __init__(
        self, near: InProcessStore, shared: RedisStore, connection: RedisConnection, sender: bytes
    ) -> None:
        self._near = near
        self._shared = shared
        self._connection = connection
        self._sender = sender
        self._drops = Drops()
        self._heard = 0
        self._server: str | None = None
        self._owed: dict[bytes, None] = {}
        self._forgetting: asyncio.TimerHandle | None = None
        self._waiting: dict[asyncio.Future[None], int] = {}

    def __repr__(self) -> str:
        return f"TieredStore({self._near!r}, {self._connection!r})"

    # --- a Store

    @property
    def is_shared(self) -> bool:
        """See `Store`."""
        return True

    @property
    def moment(self) -> int:
        """See `Store`."""
        return self._drops.moment

    async def get(self, key: bytes) -> bytes | None:
        """See `Store`."""
        value = self._near.held(key)
        return (await self._fetched([key]))[0] if value is None else value

    async def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """See `Store`."""
        values = [self._near.held(key) for key in keys]
        missing = [at for at, value in enumerate(values) if value is None]
        if missing:
            fetched = await self._fetched([keys[at] for at in missing])
            for at, value in zip(missing, fetched, strict=True):
                values[at] = value
        return values

    async def put(
        self,
        key: bytes,
        value: bytes,
        seconds: float,
        tags: tuple[str, ...] = (),
        *,
        since: int | None = None,
    ) -> None:
        """See `Store`. What is more than `MOST_SHARED` bytes is kept in this process alone."""
        if seconds <= 0:
            return
        names = (of_key(key), *map(of_tag, tags))
        if since is not None and self._drops.any_since(since, names):
            await self.drop([key])
            return
        await self._keep_near(key, value, seconds, names)
        if len(value) > MOST_SHARED:
            return
        try:
            await self._shared.put(key, value, seconds, names, heard=self._heard)
        except StoreAway:
            return

    async def drop(self, keys: Iterable[bytes]) -> None:
        """See `Store`."""
        await self._drop(tuple(map(of_key, keys)))

    async def drop_tags(self, tags: Iterable[str]) -> None:
        """See `Store`."""
        await self._drop(tuple(map(of_tag, tags)))

    async def drop_everything(self) -> None:
        """See `Store`."""
        await self._drop((EVERYTHING,))

    # --- a Listener

    async def ready(self, *, anew: bool) -> None:
        """Makes the drops that are owed. Raises StoreFailed."""
        if anew:
            server = await self._connection.server()
            if self._server is not None and server != self._server:
                # Another process, or another machine, may know of less than the one before: of an older state.
                self._owed = {EVERYTHING: None}
            self._server = server
        last = 0
        owed: tuple[bytes, ...] | None = None
        while owed is None or self._owed:
            owed = tuple(self._owed)
            last = await self._shared.catch_up(owed)
            for name in owed:
                self._owed.pop(name, None)
        if anew:
            # Whatever was fetched until now may have been dropped unheard; from here on, all that is not heard comes
            # after this moment of the server's.
            self._heard = last
            self._forget()

    async def told(self, message: bytes) -> None:
        """A replica dropped something."""
        said = dropped(message)
        if said is None:
            return
        self._heard = max(self._heard, said.moment)
        self._wake()
        if said.sender != self._sender:
            await self._drop_here(said.tags)

    def lost(self, silence: float) -> None:
        """What is in this process is believed for a short time yet, counted from the last sign of life."""
        self._wake()
        loop = asyncio.get_running_loop()
        self._forgetting = loop.call_later(max(0.0, SHORT - silence), self._forget)

    def close(self) -> None:
        """Forgets everything in this process."""
        self._forget()

    # ---

    async def _fetched(self, keys: Sequence[bytes]) -> list[bytes | None]:
        before = self._drops.moment
        try:
            found = await self._shared.get(keys)
        except StoreAway:
            return [None] * len(keys)
        for key, entry in zip(keys, found, strict=True):
            if entry is not None and not self._drops.any_since(before, entry.tags):
                await self._keep_near(key, entry.value, entry.seconds, entry.tags)
        return [None if entry is None else entry.value for entry in found]

    async def _keep_near(self, key: bytes, value: bytes, seconds: float, names: Iterable[bytes]) -> None:
        life = seconds if self._connection.listening else min(seconds, SHORT)
        tags = tuple(name.hex() for name in names if name != EVERYTHING)
        await self._near.put(key, value, life, tags)

    async def _drop(self, names: tuple[bytes, ...]) -> None:
        if not names:
            return
        await self._drop_here(names)
        done = False
        try:
            moment = await self._shared.drop(names)
            done = True
            await self._hear(moment)
        except StoreAway:
            return
        finally:
            if not done:
                self._owe(names)
            # Once more: meanwhile an entry may have come from the shared store that was not yet gone there.
            await self._drop_here(names)

    async def _drop_here(self, names: Sequence[bytes]) -> None:
        if EVERYTHING in names:
            self._forget()
            return
        self._drops.record(names)
        await self._near.drop_tags([name.hex() for name in names])

    async def _hear(self, moment: int) -> None:
        """Waits until the channel has told of all drops up to a moment, though never for long: what is put from then
        on is told from what was fetched before.
        """
        if self._heard >= moment or not self._connection.listening:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = moment
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._connection.wait):
                    await waiter
        finally:
            del self._waiting[waiter]

    def _wake(self) -> None:
        for waiter, moment in self._waiting.items():
            if not waiter.done() and (self._heard >= moment or not self._connection.listening):
                waiter.set_result(None)

    def _owe(self, names: Iterable[bytes]) -> None:
        self._owed.update(dict.fromkeys(names))
        if len(self._owed) > MOST_OWED:
            self._owed = {EVERYTHING: None}
        self._connection.doubt("a drop failed")

    def _forget(self) -> None:
        if self._forgetting is not None:
            self._forgetting.cancel()
            self._forgetting = None
        self._drops.everything()
        self._near.clear()
