"""What was dropped from the caches of one worker, told to the others through their parent.

Workers without a shared store have nothing in common but the parent's channels (`graph/workers/channel.py`). A
worker tells the parent (`graph/workers/worker.py`), and the parent every other worker
(`graph/workers/workers.py`): each end of a channel has one of these, which keeps no more than is stated, however
slowly the other end reads.
"""

from __future__ import annotations

import asyncio
from typing import Final

from graph.workers.channel import Channel, Stale

MOST_TAGS: Final = 1_000
"""Tags that wait to be told; where there are more, the other end is told that everything was dropped."""
LAST_SECONDS: Final = 1.0
"""For what still waits to be told at the end."""


class Relay:
    """Tells one end of a channel of dropped tags, in messages that follow each other as fast as they are read."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._tags: dict[str, None] | None = {}
        self._telling: asyncio.Task[None] | None = None

    def tell(self, tags: tuple[str, ...] | None) -> None:
        """These tags were dropped; None is for everything."""
        if tags is None:
            self._tags = None
        elif self._tags is not None:
            self._tags.update(dict.fromkeys(tags))
            if len(self._tags) > MOST_TAGS:
                self._tags = None
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())

    async def close(self) -> None:
        """Tells what still waits, if that is soon done."""
        if self._telling is None:
            return
        await asyncio.wait({self._telling}, timeout=LAST_SECONDS)
        self._telling.cancel()
        await asyncio.gather(self._telling, return_exceptions=True)

    async def _tell(self) -> None:
        while self._tags is None or self._tags:
            message = Stale(None if self._tags is None else list(self._tags))
            self._tags = {}
            self._channel.send(message)
            await self._channel.drained()
