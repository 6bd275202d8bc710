"""The caches that one process has open: who hears of what is dropped from one, and whose key opens the call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters.caching.cache_store import InProcessStore, Store
from adapters.contract.contract import Kind
from adapters.credentials.secrets import KeptSecret, Secret
from graph.binding.keyed_types import KeyedType
from graph.caching.open_caches import DropCall, Dropped, OpenCaches

KEY = "0123456789abcdef0123456789abcdef"
TYPES: Mapping[str, KeyedType] = {"Order": KeyedType("Order", "shop", "#/Order", ("id",), (Kind.STRING,))}
DONE = Dropped(204)
EVERYTHING = b'{"everything": true}'


class World:
    """Caches with a clock that the test moves, and what was told beyond the process."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[tuple[str, ...] | None] = []
        self.caches = OpenCaches()
        self.caches.beyond = self.told.append

    def clock(self) -> float:
        return self.now

    def near(self) -> InProcessStore:
        return InProcessStore(1 << 20, self.clock)

    def open(self, stack: ExitStack, key: str | Path | None = KEY, shared: Store | None = None) -> Store:
        """One more that is open, with what is kept of two orders in it."""
        secret = Secret(text=key) if isinstance(key, str) else Secret(file=key) if key is not None else None
        kept = None if secret is None else KeptSecret(secret, self.clock)
        return stack.enter_context(self.caches.opened(self.near(), shared, kept, TYPES))


@pytest.fixture
def world() -> World:
    return World()


async def fill(*stores: Store) -> None:
    for store in stores:
        await store.put(b"1", b"1", 60, ("Order:*", "Order:1"))
        await store.put(b"2", b"2", 60, ("Order:*", "Order:2"))


async def left(*stores: Store) -> list[list[bytes]]:
    """What each holds."""
    return [[value for value in await store.get_many([b"1", b"2"]) if value is not None] for store in stores]


async def test_a_drop_by_tags_is_heard_by_all_that_are_open(world: World) -> None:
    """While a project is reloaded two stores serve: what one drops both have dropped, and others are told once."""
    with ExitStack() as stack:
        one, two = world.open(stack), world.open(stack)
        await fill(one, two)
        await one.drop_tags(["Order:1", "Order:?"])
        assert await left(one, two) == [[b"2"], [b"2"]]
        await two.drop_everything()
        assert await left(one, two) == [[], []]
    assert world.told == [("Order:1", "Order:?"), None]


async def test_what_one_found_to_be_over_is_its_own_matter(world: World) -> None:
    """A drop by key is no change: nobody is told."""
    with ExitStack() as stack:
        one, two = world.open(stack), world.open(stack)
        await fill(one, two)
        await one.drop([b"1"])
        assert await left(one, two) == [[b"2"], [b"1", b"2"]]
    assert world.told == []


async def test_what_others_dropped_is_dropped_and_not_told_on(world: World) -> None:
    """What comes from beyond the process goes nowhere else, and what was fetched before is not put after it."""
    with ExitStack() as stack:
        one = world.open(stack)
        await fill(one)
        since = one.moment
        await world.caches.hear(("Order:1",))
        assert await left(one) == [[b"2"]]
        await one.put(b"1", b"old", 60, ("Order:1",), since=since)
        assert await left(one) == [[b"2"]]
        await world.caches.hear(None)
        assert await left(one) == [[]]
    assert world.told == []


async def test_a_shared_store_tells_its_replicas_itself(world: World) -> None:
    """Of what is dropped from a store that replicas share nobody else is told."""
    shared = world.near()
    with ExitStack() as stack:
        store = world.open(stack, shared=shared)
        assert store is shared
        await fill(store)
        await store.drop_tags(["Order:1"])
        await world.caches.hear(("Order:2",))  # its replicas have told it already
        assert await left(shared) == [[b"2"]]
        assert await world.caches.drop(DropCall(KEY, EVERYTHING)) == DONE
        assert await left(shared) == [[]]
    assert world.told == []


async def test_a_store_that_is_closed_is_out_of_it(world: World) -> None:
    """What was open once neither hears nor is dropped from."""
    with ExitStack() as stack:
        gone, stays = ExitStack(), world.open(stack)
        closed = world.open(gone)
        await fill(closed, stays)
        gone.close()
        await stays.drop_tags(["Order:1"])
        assert await left(closed, stays) == [[b"1", b"2"], [b"2"]]


async def test_a_call_is_done_in_all_that_are_open(world: World) -> None:
    """A call that is answered with success has dropped everywhere in this process."""
    with ExitStack() as stack:
        one, two = world.open(stack), world.open(stack)
        await fill(one, two)
        assert await world.caches.drop(DropCall(KEY, b'{"entities": ["Order:2"]}')) == DONE
        assert await left(one, two) == [[b"1"], [b"1"]]
        assert await world.caches.drop(DropCall(KEY, EVERYTHING)) == DONE
        assert await left(one, two) == [[], []]


async def test_before_anything_is_served_nothing_can_be_dropped(world: World) -> None:
    """A call that comes too early is told so."""
    assert await world.caches.drop(DropCall(KEY, EVERYTHING)) == Dropped(503, "Nothing is served yet.")


async def test_the_latest_projects_key_counts(world: World) -> None:
    """After a reload the key is that of the project as it was read last."""
    with ExitStack() as stack:
        world.open(stack, None)
        assert (await world.caches.drop(DropCall(KEY, EVERYTHING))).status == 404
        world.open(stack, KEY[::-1])
        assert (await world.caches.drop(DropCall(KEY, EVERYTHING))).status == 401
        assert await world.caches.drop(DropCall(KEY[::-1], EVERYTHING)) == DONE


async def test_a_key_in_a_file_may_change(world: World, tmp_path: Path) -> None:
    """A new key is taken without a restart; one that is too short opens nothing, and neither does a file that never
    held one.
    """
    file = tmp_path / "key"

    def write(text: str) -> None:
        file.write_text(text)
        os.utime(file, (world.now, world.now))
        world.now += 2

    async def status(key: str) -> int:
        return (await world.caches.drop(DropCall(key, EVERYTHING))).status

    with ExitStack() as stack:
        world.open(stack, file)
        assert await status(KEY) == 401
        write(KEY)
        assert await status(KEY) == 204
        write(KEY[::-1])
        assert (await status(KEY), await status(KEY[::-1])) == (401, 204)
        write("short")
        assert (await status("short"), await status(KEY[::-1])) == (401, 401)


async def test_what_was_not_read_is_told_to_who_may_call(world: World) -> None:
    """Only after the key is known to be right is anything said of the body."""
    with ExitStack() as stack:
        world.open(stack)
        refused = (413, "too large")
        assert await world.caches.drop(DropCall(None, refused=refused)) == Dropped(
            401, "Expected the key of [admin] as a bearer token."
        )
        assert await world.caches.drop(DropCall(KEY, refused=refused)) == Dropped(413, "too large")
        assert (await world.caches.drop(DropCall(KEY, b"{"))).status == 400


def test_nothing_shows_the_key(world: World) -> None:
    """Neither a call nor the caches have it in their `repr`."""
    with ExitStack() as stack:
        store = world.open(stack)
        shown = repr((DropCall(KEY, b""), world.caches, store))
    assert KEY not in shown
    assert "OpenCaches(1 open)" in shown
