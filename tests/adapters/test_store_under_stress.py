"""Replicas that read, keep, change and drop at random over one store, some of them cut off at times: none ever keeps
what was changed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from tests.adapters.store_server import Replica, ValkeyServer, new_prefix, replica, until, valkey
from tests.faults.proxy import Proxy

KEYS = [bytes([number]) * 32 for number in range(5)]
OPERATIONS = 150


@pytest.fixture(scope="module")
def server() -> Iterator[ValkeyServer]:
    with valkey() as made:
        yield made


class World:
    """The service behind the cache: a version of each thing, and what clients saw."""

    def __init__(self, seed: int) -> None:
        self.versions = dict.fromkeys(KEYS, 0)
        self.dice = random.Random(seed)  # noqa: S311 - dice, not secrets
        self.stale: list[str] = []

    async def pause(self) -> None:
        """Some turns of the loop, or a moment of the network's."""
        for _ in range(self.dice.randrange(4)):
            await asyncio.sleep(0)
        if self.dice.random() < 0.3:
            await asyncio.sleep(self.dice.random() * 0.004)

    async def read(self, one: Replica, key: bytes) -> int:
        """As the cache policy reads: what is kept, or what the service says, which is kept."""
        value = await one.store.get(key)
        if value is not None:
            return int(value)
        since = one.store.moment
        await self.pause()
        version = self.versions[key]
        await self.pause()
        await one.store.put(key, b"%d" % version, 60, (f"Thing:{key[0]}", "Thing:*"), since=since)
        return version

    async def change(self, one: Replica, key: bytes) -> None:
        """As the cache policy changes: the service first, then what is kept; and whoever changed reads it at once."""
        self.versions[key] += 1
        version = self.versions[key]
        await self.pause()
        await one.store.drop_tags([f"Thing:{key[0]}"])
        found = await self.read(one, key)
        if found < version:
            self.stale.append(f"{found} was read after {version} was made, where it was made")

    async def client(self, replicas: list[Replica]) -> None:
        """Asks whichever replica comes."""
        for _ in range(OPERATIONS):
            one, key = self.dice.choice(replicas), self.dice.choice(KEYS)
            await (self.change(one, key) if self.dice.random() < 0.3 else self.read(one, key))
            await self.pause()

    async def settled(self, replicas: list[Replica]) -> None:
        """Waits until every replica has what is true, or nothing, for each key, a second at most."""

        def all_true() -> bool:
            held = [(key, one.near.held(key)) for one in replicas for key in KEYS]
            return all(value in (None, b"%d" % self.versions[key]) for key, value in held)

        await until(all_true, 1.0)


@pytest.mark.parametrize("seed", range(4))
async def test_nobody_reads_what_was_changed_before(server: ValkeyServer, seed: int):
    """Whoever changed something never reads it as it was; a second later nobody does, nor finds it in the store."""
    world, prefix = World(seed), new_prefix()
    async with AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(replica(server.port, prefix)) for _ in range(3)]
        await asyncio.gather(*(world.client(replicas) for _ in range(4)))
        await world.settled(replicas)
        for one in replicas:
            one.near.clear()
            found = await one.store.get_many(KEYS)
            assert [
                value in (None, b"%d" % world.versions[key]) for key, value in zip(KEYS, found, strict=True)
            ] == [True] * len(KEYS)
    assert world.stale == []


@pytest.mark.parametrize("seed", range(2))
async def test_nor_where_replicas_are_cut_off_at_times(server: ValkeyServer, seed: int):
    """The same where connections end at any moment, and the way to the store is shut now and then."""
    world, prefix = World(seed), new_prefix()
    proxy = Proxy(server.port)
    await proxy.listen()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(proxy.stop)
        steady = await stack.enter_async_context(replica(server.port, prefix))
        shaken = await stack.enter_async_context(replica(proxy.port, prefix))
        working = asyncio.gather(*(world.client([steady, shaken]) for _ in range(4)))
        while not working.done():
            await asyncio.wait({working}, timeout=0.02 + world.dice.random() * 0.2)
            proxy.cut()
            if world.dice.random() < 0.3:
                proxy.refuse()
                await asyncio.wait({working}, timeout=0.1)
                await proxy.listen()
        await working
        await shaken.until_up()
        await world.settled([steady, shaken])
        for one in (steady, shaken):
            one.near.clear()
            found = await one.store.get_many(KEYS)
            wrong = [
                value
                for key, value in zip(KEYS, found, strict=True)
                if value not in (None, b"%d" % world.versions[key])
            ]
            assert wrong == []
    assert world.stale == []
    assert False in shaken.turns
