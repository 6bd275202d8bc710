"""Clients' idempotency keys in a shared store, for all replicas: `SharedKeys` over
`adapters/sharing/redis_connection.py`.

A key is hashed with its service's name before it leaves; of a payload there is a digest, as everywhere. What is
claimed and what has landed is decided by the server, in one step each (`adapters/sharing/redis_scripts.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

import msgspec

from adapters.messages import Once, Response
from adapters.sharing.redis_connection import RedisConnection, StoreAway
from adapters.sharing.redis_scripts import CLAIM, LAND
from adapters.sharing.redis_store import within_prefix
from adapters.sharing.shared_keys import Answered, Claim, Elsewhere, Mine, Otherwise

WAITS: Final = 5
"""How often the wait of a read a change may wait: to be made twice is worse than to be made late."""


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """An answer, as bytes: of a response what the service said, nothing of how it came."""

    status: int
    headers: dict[str, str]
    body: bytes


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Kept).decode


class RedisKeys:
    """The keys below one prefix. `random` gives so many random bytes."""

    def __init__(self, connection: RedisConnection, prefix: str, random: Callable[[int], bytes]) -> None:
        self._connection = connection
        self._within = within_prefix(prefix) + b"k:"
        self._random = random

    async def claim(self, service: str, once: Once, *, lease: float, keep: float) -> Claim | None:
        """See `SharedKeys`."""
        token = self._random(16)
        arguments: list[bytes | int] = [once.payload, token, _milliseconds(lease), _milliseconds(keep)]
        try:
            said = await self._connection.run(
                CLAIM, [self._name(service, once)], arguments, what="key", waits=WAITS
            )
        except StoreAway:
            return None
        match said:
            case [b"mine", first]:
                return Mine(token, first=first == 1)
            case [b"busy", left]:
                return Elsewhere(left / 1000)
            case [b"answer", kept]:
                answer = _answer(kept)
                return None if answer is None else Answered(answer)
        return Otherwise()

    async def land(
        self, service: str, once: Once, mine: Mine, answer: Response | None, *, sent: bool, keep: float
    ) -> None:
        """See `SharedKeys`."""
        forget = int(mine.first and not sent)
        arguments: list[bytes | int] = [once.payload, mine.token, _milliseconds(keep), forget]
        kept = None if answer is None else _bytes(answer)
        if kept is not None:
            arguments.append(kept)
        try:
            await self._connection.run(LAND, [self._name(service, once)], arguments, what="key", waits=WAITS)
        except StoreAway:
            return  # the lease ends by itself; the service knows the key

    def _name(self, service: str, once: Once) -> bytes:
        return self._within + hashlib.sha256(f"{service}\n{once.key}".encode()).digest()


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


def _bytes(answer: Response) -> bytes | None:
    try:
        return _encode(_Kept(answer.status, dict(answer.headers), answer.body))
    except UnicodeEncodeError:
        return None  # a header that is no UTF-8 came as surrogates: without its answer the change still ends


def _answer(kept: bytes) -> Response | None:
    try:
        found = _decode(kept)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # written by who knows whom: as good as not there
    return Response(found.status, found.headers, found.body)
