"""The identity provider's public keys, fetched over HTTP and kept for some minutes.

An unknown key id fetches them again. After one that the provider does not know either, the next waits a
second: anybody can make up key ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
import jwt
import msgspec

MOST_BYTES = 64 * 1024
MOST_KEYS = 32
FRESH_SECONDS = 300.0
PAUSE_SECONDS = 1.0
TIMEOUT = aiohttp.ClientTimeout(total=5)


class KeysUnavailable(Exception):
    """The identity provider does not answer, or not with a key set."""


class _KeySet(msgspec.Struct):
    keys: list[dict[str, object]]


class JwksKeys:
    """Keys by key id, from one URL. `clock` gives seconds that only grow."""

    def __init__(self, url: str, session: aiohttp.ClientSession, clock: Callable[[], float]) -> None:
        self._url = url
        self._session = session
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched: float | None = None
        self._missed: float | None = None
        self._one_fetch = asyncio.Lock()

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """The key with this id, or None when the provider publishes none. Raises `KeysUnavailable`.

        When the provider is silent, a key that was published before still holds.
        """
        if self._should_fetch(key_id):
            async with self._one_fetch:
                # Whoever waited for the lock may find the work done.
                if self._should_fetch(key_id):
                    await self._refresh(key_id)
        return self._keys.get(key_id)

    def _should_fetch(self, key_id: str) -> bool:
        since, pause = (
            (self._fetched, FRESH_SECONDS) if key_id in self._keys else (self._missed, PAUSE_SECONDS)
        )
        return since is None or self._clock() - since >= pause

    async def _refresh(self, key_id: str) -> None:
        try:
            self._keys = await self._fetch()
        except KeysUnavailable:
            if key_id not in self._keys:
                raise
        # Also after a failure with old keys at hand: they serve until the next round.
        self._fetched = self._clock()
        if key_id not in self._keys:
            self._missed = self._fetched

    async def _fetch(self) -> dict[str, jwt.PyJWK]:
        body = bytearray()
        try:
            async with self._session.get(self._url, allow_redirects=False, timeout=TIMEOUT) as answer:
                if answer.status != 200:
                    raise KeysUnavailable(f"the key set's URL answered {answer.status}")
                async for chunk in answer.content.iter_chunked(MOST_BYTES):
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise KeysUnavailable("the key set is too large")
            published = msgspec.json.decode(body, type=_KeySet).keys
        except (aiohttp.ClientError, TimeoutError) as error:
            raise KeysUnavailable("the identity provider does not answer") from error
        except msgspec.MsgspecError as error:
            raise KeysUnavailable("the identity provider's answer is no key set") from error
        return dict(pair for pair in map(_signing_key, published[:MOST_KEYS]) if pair)


def _signing_key(entry: dict[str, object]) -> tuple[str, jwt.PyJWK] | None:
    """The key id and key of an RS256 signing key; None for any other entry, which is somebody else's
    business.
    """
    key_id = entry.get("kid")
    if not isinstance(key_id, str) or entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig":
        return None
    try:
        return key_id, jwt.PyJWK(entry, algorithm="RS256")
    except (jwt.PyJWTError, ValueError):
        return None
