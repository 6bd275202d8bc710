"""That nothing is left: the tasks and sockets of this process, before and after."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.graph.served import until


def sockets() -> int:
    """How many sockets this process has open."""
    found = 0
    for name in os.listdir("/dev/fd"):
        with suppress(OSError):  # the folder's own descriptor is closed by now
            found += stat.S_ISSOCK(os.fstat(int(name)).st_mode)
    return found


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """What happens within leaves no task and no socket; raises TimeoutError where one stays for ten seconds."""
    tasks, open_before = asyncio.all_tasks(), sockets()
    yield
    await until(lambda: asyncio.all_tasks() <= tasks and sockets() <= open_before)
