"""Waiting for several works at a time."""

from __future__ import annotations

import asyncio

import pytest

from resolvers.run.waiting import gathered


async def test_results_come_in_order():
    """Whichever work ends first, its result stands in its own place."""

    async def work(number: int) -> int:
        for _ in range(5 - number):
            await asyncio.sleep(0)
        return number

    assert await gathered([work(number) for number in range(4)]) == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", [ValueError, asyncio.CancelledError])
async def test_what_ends_one_ends_all_before_it_is_told(kind: type[BaseException]):
    """An exception or a cancel of one work cancels the others, which have ended when it is raised."""
    ended: list[str] = []

    async def broken() -> None:
        await asyncio.sleep(0)
        raise kind

    async def long() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0)
            ended.append("long")

    before = asyncio.all_tasks()
    with pytest.raises(kind):
        await gathered([long(), broken(), long()])
    assert (ended, asyncio.all_tasks()) == (["long", "long"], before)


async def test_the_end_of_who_waits_ends_all():
    """Whoever is cancelled while waiting leaves no work behind."""
    before = asyncio.all_tasks()

    async def long() -> None:
        await asyncio.get_running_loop().create_future()

    waiting = asyncio.ensure_future(gathered([long(), long()]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert asyncio.all_tasks() == before
