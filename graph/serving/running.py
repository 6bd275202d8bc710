"""Mutations under way: each runs to its end, whether or not its client stays (DESIGN section 7).

`graph/http/exchange.py` starts them; `graph/serving/server.py` waits for them before it stops.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from graph.http.refused import Refused

MOST: Final = 1_000
_log: Final = logging.getLogger("stolon.http")
_Result = TypeVar("_Result")


class Running:
    """The tasks of this process that no client's departure may end: `most` at a time."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    async def to_its_end(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """The result of the work. Who is cancelled while waiting leaves the work running.

        Raises `Refused` (503), without starting the work, where too many run.
        """
        if len(self._tasks) >= self._most:
            work.close()
            raise Refused(
                503, "OVERLOADED", "Too many mutations are running; try again later.", {"retry-after": "1"}
            )
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_tell_unseen)  # nobody else will look at how it ended
            raise

    async def drained(self, seconds: float) -> int:
        """Waits at most so long for every task to end, then cancels what is left; how many that were."""
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(set(self._tasks), timeout=max(seconds, 0.0))
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)


def _tell_unseen(task: asyncio.Task[Any]) -> None:
    if task.cancelled():
        _log.error("a mutation was cut off by the end of the server; its outcome is unknown")
    elif (error := task.exception()) is not None:
        _log.error("a mutation failed after its client had gone: %s", type(error).__name__)
