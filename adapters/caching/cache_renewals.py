"""Fetching anew in the background what was answered stale (RFC 5861, section 3): one task for each key, bounded in
number and time, all ended by `close()`.

`adapters/caching/cache.py` starts them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from adapters.failures import UpstreamFailure

log = logging.getLogger("stolon.cache")

MOST: Final = 64
"""Answers that are fetched anew at once; what more is stale waits for whoever asks next."""


class Renewals:
    """The tasks of one service's cache."""

    def __init__(self) -> None:
        self._tasks: dict[bytes, asyncio.Task[None]] = {}
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, key: bytes, renew: Callable[[], Awaitable[object]], seconds: float) -> None:
        """Runs `renew` in a task of its own for at most so many seconds, unless one for this key is running. How it
        ends is for nobody to hear but those who watch calls.
        """
        if key in self._tasks or len(self._tasks) >= MOST or self._closed:
            return
        task = asyncio.create_task(_run(renew, seconds), name="renewal of a cached answer")
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._tasks.pop(key, None))

    async def close(self) -> None:
        """Ends all that run, and starts none any more."""
        self._closed = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def _run(renew: Callable[[], Awaitable[object]], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await renew()
    except (UpstreamFailure, TimeoutError):
        log.debug("a stale answer could not be fetched anew")  # the call itself was told of
    except Exception:
        log.exception("fetching a stale answer anew failed")
