"""The keys that the project's identity provider publishes, kept fresh: fetched in the background, and when a
new one is named.

`graph/identity/auth.py` asks for the key that a token names. Which published keys count is said in
`graph/identity/signing_keys.py`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Final

import aiohttp

from graph.identity.signing_keys import BadKeySet, SigningKey, read_key_set

MOST_BYTES: Final = 256 * 1024
_log: Final = logging.getLogger("stolon.identity")


class UnknownKey(Exception):
    """No published key fits what the token says of its key."""


class KeysUnavailable(Exception):
    """No key set could be fetched yet: whether a token is good cannot be known."""


class Jwks:
    """The published keys of one URL. `open` it inside the loop, `close` it before the loop ends; or use it in
    `async with`.

    `refresh` is the time between background fetches, `pause` the least time between fetches that an unknown
    key makes, `timeout` the longest time of one fetch, all in seconds. A `session` that is given is not
    closed here.
    """

    def __init__(
        self,
        url: str,
        algorithms: Iterable[str],
        *,
        session: aiohttp.ClientSession | None = None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        refresh: float = 300.0,
        pause: float = 10.0,
        timeout: float = 5.0,
    ) -> None:
        self._url = url
        self._algorithms = frozenset(algorithms)
        self._given = session
        self._made: aiohttp.ClientSession | None = None
        self._now = now
        self._sleep = sleep
        self._refresh = refresh
        self._pause = pause
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._keys: frozenset[SigningKey] | None = None
        self._asked: float | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._background: asyncio.Task[None] | None = None

    @property
    def is_known(self) -> bool:
        """Whether a key set has been fetched, so that tokens can be checked."""
        return self._keys is not None

    async def open(self) -> None:
        """Fetches the keys once and starts the background refresh. An unreachable provider is logged, and
        tried again.
        """
        if self._given is None:
            # Cookies and proxies of the environment have no place between a service and its keys.
            self._made = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        await self._fetch_once()
        self._background = asyncio.create_task(self._keep_fresh())

    async def close(self) -> None:
        """Ends the background refresh and any fetch under way."""
        tasks = [task for task in (self._background, self._fetching) if task is not None]
        self._background = self._fetching = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._made is not None:
            await self._made.close()
            self._made = None

    async def __aenter__(self) -> Jwks:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def key(self, kid: str | None, algorithm: str) -> SigningKey:
        """The published key of this `kid` that may check this algorithm; without a `kid`, the only key that
        may.

        A key that is not known is looked for in a fresh set, at most once in `pause` seconds, whoever asks.
        Raises `UnknownKey` where none or several fit, `KeysUnavailable` where no set was ever fetched.
        """
        fitting = self._fitting(kid, algorithm)
        if not fitting and self._may_ask():
            await self._fetch_once()
            fitting = self._fitting(kid, algorithm)
        if self._keys is None:
            raise KeysUnavailable
        if len(fitting) != 1:
            raise UnknownKey
        return fitting[0]

    def publishes(self, key: SigningKey) -> bool:
        """Whether the key still stands in the newest set that was fetched."""
        return self._keys is not None and key in self._keys

    def _fitting(self, kid: str | None, algorithm: str) -> list[SigningKey]:
        return [
            key for key in self._keys or () if (kid is None or key.kid == kid) and algorithm in key.usable
        ]

    def _may_ask(self) -> bool:
        if self._fetching is not None:
            return True  # joins the fetch under way
        now = self._now()
        if self._asked is not None and now - self._asked < self._pause:
            return False
        self._asked = now
        return True

    async def _keep_fresh(self) -> None:
        while True:
            # Without any keys every caller is refused, so that a first failure is tried again sooner.
            await self._sleep(self._refresh if self.is_known else min(self._refresh, self._pause))
            await self._fetch_once()

    async def _fetch_once(self) -> None:
        """One fetch, shared by all who want it now. It belongs to none of them: who stops waiting does not
        end it.
        """
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._fetched)
        await asyncio.shield(self._fetching)

    def _fetched(self, task: asyncio.Task[None]) -> None:
        if self._fetching is task:
            self._fetching = None

    async def _fetch(self) -> None:
        try:
            keys = read_key_set(await self._body(), self._algorithms)
        except (aiohttp.ClientError, TimeoutError, BadKeySet) as error:
            reason = str(error) if isinstance(error, BadKeySet) else type(error).__name__
            kept = "the keys known before stay" if self.is_known else "no keys are known yet"
            _log.warning("the key set of [identity] could not be fetched (%s); %s", reason, kept)
            return
        if not keys:
            _log.warning("the key set of [identity] holds no key that may check a signature")
        self._keys = frozenset(keys)

    async def _body(self) -> bytes:
        session = self._given or self._made
        if session is None:
            raise BadKeySet("it is not open")
        async with session.get(
            self._url,
            headers={"accept": "application/jwk-set+json, application/json"},
            allow_redirects=False,  # only stolon.toml says where keys come from
            timeout=self._timeout,
        ) as response:
            if response.status != 200:
                raise BadKeySet(f"its answer was {response.status}")
            body = bytearray()
            async for chunk in response.content.iter_chunked(16 * 1024):
                body += chunk
                if len(body) > MOST_BYTES:
                    raise BadKeySet(f"it is larger than {MOST_BYTES} bytes")
            return bytes(body)
