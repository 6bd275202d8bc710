"""Long lists, worked through in slices, so that the loop is not held. Short ones are one slice, and cost no turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


async def slices(items: Sequence[Item], size: int) -> AsyncIterator[tuple[int, Sequence[Item]]]:
    """Slices of at most `size` items, each with the index of its first; the loop has a turn after each,
    so that what follows is not in one turn with the last. A single slice costs none.
    """
    if len(items) <= size:
        yield 0, items
        return
    for start in range(0, len(items), size):
        yield start, items[start : start + size]
        await asyncio.sleep(0)
