"""The state of one shared store, as this process sees it, and what other replicas say there.

`adapters/sharing/redis_store.py` and `adapters/sharing/redis_keys.py` ask through it. No request waits for a store
that is not there: the first one that waits in vain for `wait` seconds puts the store in doubt, and from then on
nobody asks, until a task of the connection's own has found it well again. That task also listens to the channel by
which replicas tell each other what they dropped. The server is `adapters/sharing/redis_client.py`'s affair.

| state | when | who asks |
| --- | --- | --- |
| up | it is listened to, and nothing failed since | everybody |
| doubted | a request waited in vain, though the channel lives: mostly a congestion | the task, each `BEAT` |
| away | the channel ended, or gave no sign of life for `SILENT` beats | the task, as `pause` says |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Final, Protocol, Self

from adapters.facts import Clock, tell
from adapters.sharing.redis_client import CONNECT, RedisClient, Script, StoreFailed, StoreRefused, StoreSilent
from adapters.sharing.store_facts import StoreBypassed, StoreObserver, StoreTurned

BEAT: Final = 0.25
"""Seconds of silence on the channel after which a sign of life is asked for."""
SILENT: Final = 3
"""Beats without any after which the channel is lost."""
_FIRST: Final = 0.1
_LONGEST: Final = 1.0

log: Final = logging.getLogger("stolon.shared_store")


class StoreAway(Exception):
    """The store was not asked, or did not answer: go on without it."""


class Listener(Protocol):
    """Who is told of the channel. `told` and `lost` wait for nobody and raise nothing."""

    async def ready(self, *, anew: bool) -> None:
        """Before the store is used, `anew` after an unknown time without the channel. Raises StoreFailed to keep it
        from being used.
        """

    async def told(self, message: bytes) -> None:
        """A replica, this one perhaps, published a message."""

    def lost(self, silence: float) -> None:
        """From now on messages are missed, and perhaps since so many seconds."""


def held_up(waited: float, wait: float) -> bool:
    """Whether a wait of so many seconds, which had `wait` to last, ended so late that this process was busy itself:
    the answer may be there, and nobody read it. It says nothing of the store.
    """
    return waited > 1.5 * wait


def pause(failures: int, chance: float) -> float:
    """Seconds to wait before the next try to reach a store, after so many vain ones in a row; `chance` is from 0
    to 1. At most one second, so that replicas hear of each other within that once the store is there again.
    """
    longest = min(_LONGEST, _FIRST * 2.0 ** min(failures, 16))
    return longest * (1 + chance) / 2


class RedisConnection:
    """One server, and whether it can be asked now. An async context manager: entering waits a second at most for the
    server, and goes on without it.

    `wait` is the longest that a request waits for an answer, in seconds, on the clock of the running loop; `chance`
    gives numbers from 0 to 1.
    """

    def __init__(
        self,
        client: RedisClient,
        channel: bytes,
        *,
        clock: Clock,
        wait: float,
        chance: Callable[[], float],
        observers: tuple[StoreObserver, ...] = (),
    ) -> None:
        self._client = client
        self._channel = channel
        self._listener: Listener | None = None
        self._clock = clock
        self.wait = wait
        self._chance = chance
        self._observers = observers
        self._listening = False
        self._doubt: str | None = None
        self._told: bool | None = None
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def told_to(self, listener: Listener) -> None:
        """Who is told from now on; to be said before the connection is entered."""
        self._listener = listener

    @property
    def up(self) -> bool:
        """Whether the server can be asked."""
        return self._listening and self._doubt is None

    @property
    def listening(self) -> bool:
        """Whether what other replicas drop is heard."""
        return self._listening

    def __repr__(self) -> str:
        return f"RedisConnection(up={self.up})"

    async def run(
        self,
        script: Script,
        keys: Sequence[bytes],
        arguments: Sequence[bytes | int],
        *,
        what: str,
        waits: int = 1,
    ) -> Any:
        """What the script answers. Raises StoreAway where there is no answer within `waits` times the wait. `what` is
        the word for it in `StoreBypassed`.
        """
        if not self.up:
            tell(self._observers, StoreBypassed(what, waited=False))
            raise StoreAway
        started, wait = self._clock(), self.wait * waits
        try:
            return await self._client.run(script, keys, arguments, wait)
        except StoreFailed as failure:
            late = isinstance(failure, StoreSilent) and held_up(self._clock() - started, wait)
            if not late and not isinstance(failure, StoreRefused):
                self.doubt(str(failure))
            tell(self._observers, StoreBypassed(what, waited=True))
            raise StoreAway from None

    async def ask(self, script: Script, keys: Sequence[bytes], arguments: Sequence[bytes | int]) -> Any:
        """As `run`, whatever the state: for a listener that makes ready. Raises StoreFailed."""
        return await self._client.run(script, keys, arguments, CONNECT)

    async def server(self) -> str | None:
        """See `RedisClient`. Raises StoreFailed."""
        return await self._client.server()

    def doubt(self, reason: str) -> None:
        """Nobody asks from now on, until the listener was ready once more."""
        if self.up:
            self._doubt = reason
            self._turn(False, reason)

    async def __aenter__(self) -> Self:
        if self._listener is None:
            raise RuntimeError("nobody listens: say told_to before entering")
        self._task = asyncio.create_task(self._keep(self._listener), name="shared store")
        tried = asyncio.create_task(self._tried.wait())
        try:
            await asyncio.wait({tried}, timeout=CONNECT)
        finally:
            tried.cancel()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._client.close()

    async def _keep(self, listener: Listener) -> None:
        failures = 0
        while True:
            before = self._told
            try:
                await self._listen(listener)
            except StoreFailed as failure:
                reason = str(failure)
            except Exception as failure:  # a bug, which must not end the store for good
                log.exception("the shared store's task failed")
                reason = type(failure).__name__
            failures = failures + 1 if before is False and self._told is False else 0
            self._turn(False, reason)
            self._tried.set()
            await asyncio.sleep(pause(failures, self._chance()))

    async def _listen(self, listener: Listener) -> None:
        subscription = await self._client.subscribe(self._channel)
        silent = 0
        try:
            await listener.ready(anew=True)
            self._listening, self._doubt = True, None
            self._turn(True, "")
            self._tried.set()
            while True:
                heard = await subscription.heard(BEAT)
                if isinstance(heard, bytes):
                    await listener.told(heard)
                silent = silent + 1 if heard is None else 0
                if silent >= SILENT:
                    raise StoreFailed("silence")
                if silent:
                    await subscription.ping()
                if not self.up:
                    await self._look(listener)
        finally:
            if self._listening:
                self._listening = False
                listener.lost(silent * BEAT)
            await subscription.close()

    async def _look(self, listener: Listener) -> None:
        try:
            async with asyncio.timeout(BEAT):
                await listener.ready(anew=False)
        except (StoreFailed, TimeoutError):
            return
        self._doubt = None
        self._turn(True, "")

    def _turn(self, up: bool, reason: str) -> None:
        if self._told is up:
            return
        if not up:
            log.warning("the shared store is away (%s): requests go on without it", reason)
        elif self._told is False:
            log.info("the shared store is back")
        self._told = up
        tell(self._observers, StoreTurned(up, reason))
