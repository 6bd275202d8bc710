"""Reads of one turn go together, and nobody waits for an answer that does not come."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from adapters.sharing.redis_reads import Reads


@pytest.mark.parametrize("given", [[], ["a"], ["a", "b", "c"]], ids=["none", "fewer", "more"])
async def test_an_answer_of_another_length_is_told_to_all_who_wait(given: list[str]):
    """Which value is whose cannot be known then: all fail, each with an exception of its own, and nobody hangs."""
    asked: list[Sequence[bytes]] = []

    async def read(keys: Sequence[bytes]) -> Sequence[str]:
        asked.append(keys)
        return given if len(asked) == 1 else ["a"]

    reads = Reads(read)
    async with asyncio.timeout(10):
        found = await asyncio.gather(reads.get([b"1"]), reads.get([b"2"]), return_exceptions=True)
        assert await reads.get([b"1"]) == ["a"]
    told = f"the shared store gave {len(given)} values for 2 keys"
    assert [(type(one), str(one)) for one in found] == [(ValueError, told)] * 2
    assert (asked, found[0] is found[1]) == ([[b"1", b"2"], [b"1"]], False)
    await reads.close()
