"""The kept answers of one service: found for a request, kept, and dropped. Over a `Store`.

`adapters/caching/cache.py` asks; keys come from `adapters/caching/cache_keys.py`, bytes from
`adapters/caching/cache_entry.py`.
"""

from __future__ import annotations

from typing import Final

from adapters.caching.cache_entry import Entry, Signpost, entry_of, packed, unpacked
from adapters.caching.cache_keys import Keys, differing, keys_of, tags_of, variant_key
from adapters.caching.cache_life import Life, kept_for
from adapters.caching.cache_rule import CacheRule
from adapters.caching.cache_store import Store
from adapters.messages import Request, Response

_SECONDS_OF_SIGNPOST: Final = 86_400.0


class Shelf:
    """What is kept, and under which keys."""

    def __init__(self, rule: CacheRule, store: Store) -> None:
        self._rule = rule
        self._by_headers = rule.headers == "all"
        self._store = store
        self._has_kept = False

    @property
    def moment(self) -> int:
        """See `Store`."""
        return self._store.moment

    @property
    def may_have_any(self) -> bool:
        """Whether anything may be kept: nothing is where no answer of the service ever could be, as with most, unless
        other processes put theirs into the same store.
        """
        return self._has_kept or self._store.is_shared

    def keys(self, request: Request) -> Keys:
        """Where its answer may be."""
        return keys_of(request, by_headers=self._by_headers)

    async def found(self, request: Request, keys: Keys) -> Entry | None:
        """What is kept for the request: what is for its caller alone, before what is for all."""
        values = await self._store.get_many(keys)
        if not any(values):  # as it is for most of what is asked
            return None
        for key, value in zip(reversed(keys), reversed(values), strict=True):
            if value is None:
                continue
            kept = unpacked(value)
            if isinstance(kept, Signpost):
                kept = unpacked(await self._store.get(variant_key(key, kept.names, request.headers)))
            # What is for one caller is never taken from a place for all, however it came there.
            if isinstance(kept, Entry) and kept.shared is (key is keys.shared):
                return kept
        return None

    async def keep(
        self, request: Request, keys: Keys, response: Response, life: Life, received: float, since: int
    ) -> None:
        """Keeps the answer for what its life allows, unless it was made stale since that moment."""
        names = differing(response.headers, by_headers=self._by_headers)
        if names is None:
            return
        self._has_kept = True
        key, tags = self._place(keys, shared=life.shared), tags_of(request)
        if names:
            post = packed(Signpost(names))
            await self._store.put(key, post, _SECONDS_OF_SIGNPOST, tags, since=since)
            key = variant_key(key, names, request.headers)
        seconds = kept_for(life, response.headers, self._rule)
        await self._store.put(key, packed(entry_of(response, life, received)), seconds, tags, since=since)

    async def drop(self, request: Request, keys: Keys, entry: Entry) -> None:
        """Forgets what was found."""
        key = self._place(keys, shared=entry.shared)
        names = differing(entry.headers, by_headers=self._by_headers)
        await self._store.drop([variant_key(key, names, request.headers) if names else key])

    @staticmethod
    def _place(keys: Keys, *, shared: bool) -> bytes:
        return keys.shared if shared else keys.private
