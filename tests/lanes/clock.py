"""A loop whose clock jumps: when nothing is left to do, it is the time of the next timer at once.

Latencies of seconds take no time, and what happens when is the same in every run. A loop that would wait for ever
says so instead.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class Deadlock(RuntimeError):
    """Nothing is under way that could wake what waits."""


class JumpingLoop(asyncio.SelectorEventLoop):
    """Time is virtual: it stands still while there is work, and jumps to the next timer when there is none."""

    def __init__(self) -> None:
        self._now = 0.0
        self._waiter = _Jumping(self)
        super().__init__(self._waiter)

    def time(self) -> float:
        """Seconds since the loop was made, none of which passed."""
        return self._now

    def jump(self, seconds: float) -> None:
        """Let so much time be over."""
        self._now += seconds

    def complete(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run to the end. Raises Deadlock where it would wait for ever; leaves no task behind."""
        try:
            return self.run_until_complete(work)
        finally:
            left = asyncio.all_tasks(self)
            for task in left:
                task.cancel()
            if left:
                self.run_until_complete(asyncio.gather(*left, return_exceptions=True))


class _Jumping(selectors.DefaultSelector):
    """A selector that never waits: it lets its loop's time pass instead."""

    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now. Raises Deadlock where nothing ever will be."""
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise Deadlock("the loop has nothing to do and no timer to wait for")
        if timeout > 0:
            self._loop.jump(timeout)
        return ready
