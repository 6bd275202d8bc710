"""How an execution ends that is cut off: from inside first, so that nothing of it is dropped half made.

graphql-core makes tasks out of coroutines that hold coroutines. Cancelling a task that has not begun drops what it
holds, which Python reports as never awaited. `graph/executing/lanes.py` ends its executions here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import copy_context
from typing import Any, Final, TypeAlias, TypeVar

Result = TypeVar("Result")

# A turn of the loop for each level of tasks that had not begun. What still waits then waits for something else.
_TURNS: Final = 16


Begun: TypeAlias = Result | Coroutine[Any, Any, Result]
"""The result, where there was nothing to wait for; else what is left to do."""


async def to_its_end(begin: Callable[[], Begun[Result]], close: Callable[[], Awaitable[None]]) -> Result:
    """The result of an execution, and then `close`. Where the caller is cancelled, `close` comes first: it ends what
    the execution waits for, which so ends by itself; what does not is cancelled. No task of ours is left; where
    graphql-core executes, it may leave those of resolvers to end by themselves.
    """
    # As if all of it were one task's: what resolvers set in their context is theirs from beginning to end, and no
    # other request's. An execution that waits for nothing is spared the task.
    context = copy_context()
    try:
        begun = context.run(begin)
    except BaseException:
        await close()
        raise
    if not isinstance(begun, Coroutine):
        await close()
        return begun
    running = asyncio.get_running_loop().create_task(begun, context=context)
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
