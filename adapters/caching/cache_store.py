"""Where cached answers are kept: the `Store` protocol, and the store in this process.

`adapters/caching/cache.py` puts upstream answers here. A store knows nothing of what it keeps: keys are digests,
values are bytes, tags say by what an entry can be dropped together with others. One store serves all services of a
process; one that is shared between replicas keeps the same promises with this one in front.

A store is a convenience. It never raises: one that cannot answer has nothing and takes nothing, tells whoever watches
it, and costs no request more than a small, stated wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from itertools import chain, islice
from typing import Final, NamedTuple, Protocol

from cachetools import LRUCache

from adapters.caching.cache_drops import Drops
from adapters.facts import Clock

_OF_ENTRY: Final = 500
"""Bytes that an entry takes beside what it holds, at a guess; and so many more for each of its tags."""
_OF_TAG: Final = 150
_PARTS: Final = 8
"""No entry takes more than one of so many parts of the memory: else one large one would drive out all others."""
AT_ONCE: Final = 1_000
"""Entries that are dropped before others in the process have their turn: about 3 ms."""


class Store(Protocol):
    """What keeps entries. No method raises but for cancellation.

    Keys are digests of 16 to 64 bytes, which tell the kind of an entry, its service and whose it is apart; tags are
    texts of at most 200 characters, at most 1,000 of them on an entry. Nothing readable of callers stands in either.
    """

    @property
    def is_shared(self) -> bool:
        """Whether entries come from other processes, too."""

    @property
    def moment(self) -> int:
        """Now, on a clock that drops move on. Take it before fetching what is to be put, and give it to `put`."""

    async def get(self, key: bytes) -> bytes | None:
        """The value under the key, or None."""

    async def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The value under each of the keys, in their order."""

    async def put(
        self,
        key: bytes,
        value: bytes,
        seconds: float,
        tags: tuple[str, ...] = (),
        *,
        since: int | None = None,
    ) -> None:
        """Keeps the value for at most so many seconds, in place of what was under the key.

        Keeps nothing, and drops what was there, if the key or one of the tags was dropped after the moment `since`.
        """

    async def drop(self, keys: Iterable[bytes]) -> None:
        """What is under these keys is gone when this returns; in other replicas within a second."""

    async def drop_tags(self, tags: Iterable[str]) -> None:
        """Whatever has one of these tags is gone when this returns; in other replicas within a second."""

    async def drop_everything(self) -> None:
        """Whatever there is, is gone when this returns; in other replicas within a second."""


class _Entry(NamedTuple):
    value: bytes
    ends: float
    tags: tuple[str, ...]
    put: int  # the moment of it


class InProcessStore:
    """A `Store` in this process: at most `memory` bytes, the least recently used forgotten first.

    `memory` bounds an estimate, with keys, tags and what Python needs for an entry counted. `clock` gives seconds,
    monotonic. Raises ValueError for less than a KiB.
    """

    def __init__(self, memory: int, clock: Clock) -> None:
        if memory < 1 << 10:
            raise ValueError("the store's memory must be at least 1024 bytes")
        self._clock = clock
        self._drops = Drops()
        self._entries = _Entries(memory)
        self._most = memory // _PARTS
        self._dropping = 0

    @property
    def is_shared(self) -> bool:
        """See `Store`."""
        return False

    @property
    def moment(self) -> int:
        """See `Store`."""
        return self._drops.moment

    @property
    def size(self) -> int:
        """Bytes in use, as estimated."""
        return int(self._entries.currsize)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"InProcessStore({len(self)} entries, {self.size} of {self._entries.maxsize} bytes)"

    async def get(self, key: bytes) -> bytes | None:
        """See `Store`."""
        return self.held(key)

    async def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """See `Store`."""
        return [self.held(key) for key in keys]

    async def put(
        self,
        key: bytes,
        value: bytes,
        seconds: float,
        tags: tuple[str, ...] = (),
        *,
        since: int | None = None,
    ) -> None:
        """See `Store`. What takes more than an eighth of the memory is not kept."""
        dropped = since is not None and self._drops.any_since(since, (key, *tags))
        entry = _Entry(value, self._clock() + seconds, tags, self._drops.moment)
        self._entries.pop(key, None)
        if not dropped and seconds > 0 and _size(entry) <= self._most:
            self._entries[key] = entry

    async def drop(self, keys: Iterable[bytes]) -> None:
        """See `Store`."""
        gone = tuple(keys)
        self._drops.record(gone)
        for key in gone:
            self._entries.pop(key, None)

    async def drop_tags(self, tags: Iterable[str]) -> None:
        """See `Store`. Nothing that has one of the tags is found from now on; many entries take turns with others in
        the process until they are gone.
        """
        gone = tuple(tags)
        self._drops.record(gone)
        now = self._drops.moment
        tagged = [self._entries.untagged(tag) for tag in gone]
        keys = chain.from_iterable(tagged)
        self._dropping += 1
        try:
            for _ in range(sum(map(len, tagged)) // AT_ONCE):
                self._end(islice(keys, AT_ONCE), now)
                await asyncio.sleep(0)
        finally:  # who is cancelled leaves nothing behind
            self._end(keys, now)
            self._dropping -= 1

    async def drop_everything(self) -> None:
        """See `Store`."""
        self.clear()

    def clear(self) -> None:
        """Forgets everything, what is on its way too: for who cannot know what was dropped meanwhile."""
        self._drops.everything()
        self._entries.clear()

    def held(self, key: bytes) -> bytes | None:
        """As `get`, for who need not wait."""
        entry = self._entries.get(key)
        if entry is None or (self._dropping and self._drops.any_since(entry.put, entry.tags)):
            return None
        if entry.ends <= self._clock():
            del self._entries[key]
            return None
        return entry.value

    def _end(self, keys: Iterable[bytes], before: int) -> None:
        """Ends what was put under keys before a moment."""
        for key in keys:
            entry = self._entries.get(key)
            if entry is not None and entry.put < before:
                del self._entries[key]


def _size(entry: _Entry) -> int:
    return _OF_ENTRY + len(entry.value) + sum(_OF_TAG + len(tag) for tag in entry.tags)


class _Entries(LRUCache[bytes, _Entry]):
    """Entries, and which have a tag. Whatever ends an entry ends its place among its tags'."""

    def __init__(self, memory: int) -> None:
        super().__init__(memory, getsizeof=_size)
        self._tagged: dict[str, set[bytes]] = {}

    def untagged(self, tag: str) -> Collection[bytes]:
        """The keys of what had a tag until now."""
        return self._tagged.pop(tag, ())

    # cachetools' own methods take one argument more, which is not for others to give.
    def __setitem__(self, key: bytes, entry: _Entry) -> None:  # type: ignore[override, unused-ignore]
        super().__setitem__(key, entry)
        for tag in entry.tags:
            self._tagged.setdefault(tag, set()).add(key)

    def __delitem__(self, key: bytes) -> None:  # type: ignore[override, unused-ignore]
        tags = super().__getitem__(key).tags
        super().__delitem__(key)
        for tag in tags:
            of_tag = self._tagged.get(tag)
            if of_tag is None:  # it is being dropped
                continue
            of_tag.discard(key)
            if not of_tag:
                del self._tagged[tag]

    def clear(self) -> None:
        super().clear()
        self._tagged.clear()
