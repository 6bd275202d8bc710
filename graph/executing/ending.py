"""How an execution ends that is cut off: from inside first, so that nothing of it is dropped half made.

graphql-core makes tasks out of coroutines that hold coroutines. Cancelling a task that has not begun drops what it
holds, which Python reports as never awaited. `graph/executing/lanes.py` ends its executions here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

Result = TypeVar("Result")

# A turn of the loop for each level of tasks that had not begun. What still waits then waits for something else.
_TURNS: Final = 16


async def to_its_end(execution: Coroutine[Any, Any, Result], close: Callable[[], Awaitable[None]]) -> Result:
    """The result of an execution, and then `close`. Where the caller is cancelled, `close` comes first: it ends what
    the execution waits for, which so ends by itself; what does not is cancelled. No task of ours is left; where
    graphql-core executes, it may leave those of resolvers to end by themselves.
    """
    running = asyncio.ensure_future(execution)
    try:
        return await asyncio.shield(running)
    finally:
        await ended(running, close)


async def ended(running: asyncio.Future[Any], close: Callable[[], Awaitable[None]]) -> None:
    """Closes first, and cancels what has not ended by that; returns when it has."""
    try:
        await close()
        for _ in range(_TURNS):
            if running.done():
                break
            await asyncio.sleep(0)
    finally:
        if running.cancel():
            await asyncio.wait({running})
