"""Waiting for several works at a time, exceptions in their places (`resolvers/run/run.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any


async def one_by_one(waits: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    """The results in order, exceptions in their places."""
    found: list[Any] = []
    try:
        for one in waits:
            found.append(await _settled(one))  # noqa: PERF401 - how many there are is read when one is cancelled
    finally:
        for one in waits[len(found) :]:
            one.close()
    return found


async def all_of(waits: list[Awaitable[Any]]) -> list[Any]:
    """The results of works that begin when they are awaited, in order, exceptions in their places."""
    if len(waits) == 1:
        return [await _settled(waits[0])]
    return await gathered([_settled(one) for one in waits])


async def _settled(wait: Awaitable[Any]) -> Any:
    try:
        return await wait
    except Exception as raised:  # noqa: BLE001 - it becomes the error of the field that waited
        return raised


def together(waits: list[Coroutine[Any, Any, None]]) -> Coroutine[Any, Any, None] | None:
    """One coroutine for all, None for none."""
    if len(waits) < 2:
        return waits[0] if waits else None
    return _gathered(waits)


async def _gathered(waits: list[Coroutine[Any, Any, None]]) -> None:
    await gathered(waits)


async def gathered(waits: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    """The results of works that run at the same time, in order. When one of them raises or is cancelled, the others
    are, and have ended before this does: none goes on, owned by nobody. (graphql-core's way lets them go on where one
    is cancelled.)
    """
    tasks = [asyncio.ensure_future(one) for one in waits]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
