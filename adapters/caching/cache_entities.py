"""Parts of answers under keys of their own: of a batch only those entities go upstream that are missing or stale.

Whoever splits batches asks here before it sends one, and brings back what the answer held of each key. An entity
lives as long as the answer that brought it is fresh (`Response.freshness`), for whom that answer is; by the same
store, and dropped by the same changes and tags. What an entity's bytes are is for those who bring them to know.

There is no stale entity: a key that is over goes upstream with the others that are missing, in one call.
"""

from __future__ import annotations

from asyncio import gather
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from adapters.caching.cache_keys import Keys, differing, keys_of, part_key, tags_of
from adapters.caching.cache_reuse import wanted
from adapters.caching.cache_rule import CacheRule
from adapters.caching.cache_store import Store
from adapters.facts import CacheUsed, Clock, Observer, tell
from adapters.messages import Freshness, Request, Response

Key: TypeAlias = tuple[str, ...]
"""What tells an entity from others of its type: one text, or the parts of a composite key."""


class Entity(msgspec.Struct, frozen=True, array_like=True, tag="entity 2"):
    """An entity, kept. `made` and `ends`, in seconds since 1970, are when its answer was made and is over. `tags` are
    those by which it is dropped, `control` is what its answer said of caches.
    """

    value: bytes
    made: float
    ends: float
    shared: bool
    tags: tuple[str, ...] = ()
    control: str = ""

    def __repr__(self) -> str:
        return f"Entity({len(self.value)} bytes, shared={self.shared})"

    def freshness(self, now: float) -> Freshness:
        """How it may be used from now on."""
        left, age = max(0.0, self.ends - now), max(0.0, now - self.made)
        return Freshness(left, age, private=not self.shared, cached=True, stale=left <= 0)


_AT_ONCE: Final = 64
"""Entities that are being put at the same time, at most."""
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Entity)


class Entities:
    """The kept entities of one service. `epoch` gives the seconds since 1970 that replicas agree on."""

    def __init__(
        self, rule: CacheRule, store: Store, epoch: Clock, observers: tuple[Observer, ...] = ()
    ) -> None:
        self._rule = rule
        self._by_headers = rule.headers == "all"
        self._store = store
        self._epoch = epoch
        self._observers = observers
        self._operations: set[str] = set()

    def may_hold(self, operation: str) -> bool:
        """Whether entities of an operation were kept by this process: of services that let nothing be kept, nobody
        need ask for any.
        """
        return operation in self._operations

    @property
    def moment(self) -> int:
        """Take it before a batch is sent, and give it to `keep`: see `Store`."""
        return self._store.moment

    async def found(self, about: Request, keys: Sequence[Key]) -> list[Entity | None]:
        """The fresh entities of these keys, in their order; None for each that has to be asked for.

        `about` is the batch as it would be for no key at all: all that its calls have in common. Nothing is found for
        one that is to be asked `anew`, or that wants nothing kept.
        """
        want = wanted(about.headers, anew=about.anew)
        if not keys or want.ask or want.no_store:
            return [None] * len(keys)
        of = keys_of(about, by_headers=self._by_headers)
        places = [part_key(of.private, key) for key in keys] + [part_key(of.shared, key) for key in keys]
        values = await self._store.get_many(places)
        now = self._epoch()
        count = len(keys)
        found = [
            # What is for one caller alone goes before what is for all.
            _fresh(values[at], now, shared=False) or _fresh(values[count + at], now, shared=True)
            for at in range(count)
        ]
        if any(found):
            tell(self._observers, CacheUsed(about.service, about.operation, "hit"))
        return found

    async def keep(
        self,
        about: Request,
        response: Response,
        entities: Mapping[Key, bytes],
        *,
        since: int,
        tags: Mapping[Key, tuple[str, ...]] | None = None,
    ) -> None:
        """Keeps what a batch's answer held, as long as that answer is fresh. `tags` say what each tells of, beside
        what `about` says of all. Keys that the answer did not hold are not kept as missing.
        """
        freshness = response.freshness
        if not entities or freshness is None or freshness.left <= 0 or wanted(about.headers).no_store:
            return
        if freshness.cached or response.shared:  # whoever made the call has kept them
            return
        # An answer that differs by what stands in no key is left to the cache of whole answers.
        if differing(response.headers, by_headers=self._by_headers) != ():
            return
        now = self._epoch()
        made, ends = now - freshness.age, now + freshness.left
        control = response.headers.get("cache-control", "")
        self._operations.add(about.operation)
        place = _place(keys_of(about, by_headers=self._by_headers), private=freshness.private)
        of_all, own = tags_of(about), tags or {}
        puts: list[Coroutine[Any, Any, None]] = []
        for key, value in entities.items():
            if len(value) > self._rule.largest:
                continue
            told = (*of_all, *own.get(key, ()))
            entity = _ENCODER.encode(Entity(value, made, ends, not freshness.private, told, control))
            puts.append(self._store.put(part_key(place, key), entity, freshness.left, told, since=since))
        # Each may be a way to another machine and back: not one after the other, and not all at once.
        for start in range(0, len(puts), _AT_ONCE):
            await gather(*puts[start : start + _AT_ONCE])


def _fresh(value: bytes | None, now: float, *, shared: bool) -> Entity | None:
    if value is None:
        return None
    try:
        entity = _DECODER.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    # What is for one caller is never taken from a place for all, however it came there.
    return entity if entity.ends > now and entity.shared is shared else None


def _place(keys: Keys, *, private: bool) -> bytes:
    return keys.private if private else keys.shared
