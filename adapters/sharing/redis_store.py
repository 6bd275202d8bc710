"""Entries in a shared store: what `adapters/caching/tiered_store.py`, which stands in front of it, asks and tells
the server.

Names are hashed before they leave: the server sees of an entry's key and of its tags 16 bytes each. What a script of
`adapters/sharing/redis_scripts.py` does is one step; nothing here is kept between calls.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from adapters.sharing.redis_connection import RedisConnection
from adapters.sharing.redis_reads import Reads
from adapters.sharing.redis_scripts import DROP, GET, LAST, MARK, PUT, TAG

EVERYTHING: Final = bytes(TAG)
"""A tag of every entry."""
DROPPED: Final = 300.0
"""Seconds for which the server remembers that something was dropped: longer than any call takes."""
MOST_NAMES: Final = 1000
SENDER: Final = 8
"""Bytes that tell replicas apart."""
_MOMENT: Final = 16


def of_key(key: bytes) -> bytes:
    """The tag that an entry's own key is."""
    return hashlib.sha256(b"k" + key).digest()[:TAG]


def of_tag(tag: str) -> bytes:
    """A tag as the server sees it."""
    return hashlib.sha256(b"t" + tag.encode("utf-8", "surrogatepass")).digest()[:TAG]


class Found(NamedTuple):
    """An entry: its value, its tags as the server sees them, and the seconds for which it stays."""

    value: bytes
    tags: tuple[bytes, ...]
    seconds: float


class Dropped(NamedTuple):
    """What a replica said that it dropped: who it is, and the tags, `EVERYTHING` perhaps among them."""

    moment: int
    sender: bytes
    tags: tuple[bytes, ...]


def dropped(message: bytes) -> Dropped | None:
    """A message of the channel, read; None where it is none of ours."""
    head = _MOMENT + SENDER
    if len(message) < head or (len(message) - head) % TAG or not message[:_MOMENT].isdigit():
        return None
    tags = tuple(message[at : at + TAG] for at in range(head, len(message), TAG))
    return Dropped(int(message[:_MOMENT]), message[_MOMENT:head], tags)


class RedisStore:
    """The entries below one prefix. `sender` tells this replica's own messages from others'.

    Methods raise StoreAway where the store does not answer.
    """

    def __init__(self, connection: RedisConnection, prefix: str, sender: bytes) -> None:
        self._connection = connection
        self._sender = sender
        within = within_prefix(prefix)
        self._entry, self._mark, self._last = within + b"e:", within + b"t:", within + b"m"
        self._channel = channel(prefix)
        self._reads: Reads[Found | None] = Reads(self._read)

    async def get(self, keys: Sequence[bytes]) -> list[Found | None]:
        """What is under each of the keys, in their order."""
        if not self._connection.up:
            return await self._read(keys)  # to no avail, but told
        return await self._reads.get(keys)

    async def _read(self, keys: Sequence[bytes]) -> list[Found | None]:
        asked = [self._entry + key for key in keys]
        answers = await self._connection.run(GET, asked, [self._mark], what="get")
        return [None if one is None else _found(one) for one in answers]

    async def put(
        self, key: bytes, value: bytes, seconds: float, tags: Iterable[bytes], *, heard: int
    ) -> None:
        """Keeps the value, unless something that it hangs on was dropped after the moment `heard`."""
        names = list(dict.fromkeys((EVERYTHING, of_key(key), *tags)))
        keys = [self._last, self._entry + key, *(self._mark + name for name in names)]
        life = max(1, int(seconds * 1000))
        await self._connection.run(PUT, keys, [value, life, heard, *names], what="put")

    async def drop(self, tags: Sequence[bytes]) -> int:
        """Whatever has one of these tags is gone, and every replica is told; the moment of it. Where the store does
        not answer, they may or may not be dropped.
        """
        moment = 0
        for keys, arguments in self._drops(tags):
            moment = int(await self._connection.run(DROP, keys, arguments, what="drop"))
        return moment

    async def catch_up(self, tags: Sequence[bytes]) -> int:
        """Drops these, whatever the connection's state; the last moment of anybody's drop. Raises StoreFailed."""
        for keys, arguments in self._drops(tags):
            await self._connection.ask(DROP, keys, arguments)
        return int(await self._connection.ask(LAST, [self._last], []))

    async def close(self) -> None:
        """Waits for what is being read, which is bounded."""
        await self._reads.close()

    def _drops(self, tags: Sequence[bytes]) -> Iterable[tuple[list[bytes], list[bytes | int]]]:
        for at in range(0, len(tags), MOST_NAMES):
            some = tags[at : at + MOST_NAMES]
            keys = [self._last, *(self._mark + tag for tag in some)]
            yield keys, [int(DROPPED * 1000), self._channel, self._sender + b"".join(some)]


def within_prefix(prefix: str) -> bytes:
    """What the names of all keys begin with: the form's number is in it, so that another form is another store."""
    return b"{%b}:1:" % prefix.encode()


def channel(prefix: str) -> bytes:
    """The channel on which replicas tell what they dropped."""
    return within_prefix(prefix) + b"drops"


def _found(answer: tuple[bytes, bytes, int]) -> Found:
    value, packed, left = answer
    width = TAG + MARK
    tags = tuple(packed[at : at + TAG] for at in range(0, len(packed), width))
    return Found(value, tags, left / 1000)
