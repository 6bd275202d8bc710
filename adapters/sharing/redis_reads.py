"""Reads of a shared store that come at the same time go as one: fifty links of a query are one way to the server.

`adapters/sharing/redis_store.py` reads through it. Whoever waits has a future of its own: the end of one wait ends
no other. Nothing waits for company: what was asked for within one turn of the loop leaves at its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeAlias, TypeVar

from adapters.failures import again

MOST_AT_ONCE: Final = 100
"""Keys asked for in one step of the server's, during which it does nothing else."""

Value = TypeVar("Value")
# Failures land as results: a future whose exception nobody came to fetch would be logged as a bug.
_Future: TypeAlias = asyncio.Future[Value | BaseException]


class Reads(Generic[Value]):
    """What `read` gives for at most `MOST_AT_ONCE` keys, in their order, for any number of them."""

    def __init__(self, read: Callable[[Sequence[bytes]], Awaitable[Sequence[Value]]]) -> None:
        self._read = read
        self._waiting: dict[bytes, list[_Future[Value]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, keys: Sequence[bytes]) -> list[Value]:
        """What is under each of the keys, in their order. Raises what `read` raised, an exception of its own."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._leave)
        mine: list[_Future[Value]] = []
        for key in keys:
            mine.append(loop.create_future())
            self._waiting.setdefault(key, []).append(mine[-1])
        values: list[Value] = []
        for one in mine:
            value = await one
            if isinstance(value, BaseException):
                raise again(value)
            values.append(value)
        return values

    def _leave(self) -> None:
        waiting, self._waiting = self._waiting, {}
        keys = list(waiting)
        for at in range(0, len(keys), MOST_AT_ONCE):
            some = {key: waiting[key] for key in keys[at : at + MOST_AT_ONCE]}
            task = asyncio.create_task(self._fetch(some), name="reads of the shared store")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fetch(self, waiting: dict[bytes, list[_Future[Value]]]) -> None:
        values: Sequence[Value | BaseException]
        try:
            values = await self._read(list(waiting))
            if len(values) != len(waiting):
                raise ValueError(f"the shared store gave {len(values)} values for {len(waiting)} keys")
        except Exception as failure:  # noqa: BLE001 - whatever it is, those who wait are told
            values = [failure] * len(waiting)
        for (_, futures), value in zip(waiting.items(), values, strict=True):
            for one in futures:
                if not one.done():
                    one.set_result(value)

    async def close(self) -> None:
        """Waits for what is under way, which is bounded by whoever reads."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))
