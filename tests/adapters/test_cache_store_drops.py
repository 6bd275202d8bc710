"""Drops of many entries from the store in this process: in turn with others, and found by nobody once they began."""

from __future__ import annotations

import asyncio

import pytest

from adapters.caching.cache_store import AT_ONCE, InProcessStore


def clock() -> float:
    """No time passes."""
    return 0.0


MANY = [b"%d" % number for number in range(3 * AT_ONCE + 1)]


async def many() -> InProcessStore:
    """A store of more entries of one tag than are dropped at once, and one of another."""
    store = InProcessStore(16 << 20, clock)
    for key in MANY:
        await store.put(key, b"old", 60.0, ("all", f"one {key!r}"))
    await store.put(b"other", b"old", 60.0, ("other",))
    return store


def begun(store: InProcessStore, tags: list[str]):
    """A drop that has been left to others for the first time."""
    drop = store.drop_tags(tags)
    assert drop.send(None) is None
    return drop


def turns(drop) -> int:
    """Ends a drop. How many more times others had their turn."""
    for count in range(2 * len(MANY)):
        try:
            drop.send(None)
        except StopIteration:
            return count
    raise AssertionError("the drop does not end")


async def test_many_are_dropped_in_turn_with_others():
    """After each thousand that is dropped others in the process have their turn."""
    store = await many()
    assert turns(begun(store, ["all"])) == len(MANY) // AT_ONCE - 1
    assert (len(store), store._entries._tagged) == (1, {"other": {b"other"}})


async def test_nothing_that_is_being_dropped_is_found():
    """From the moment when a drop begins nothing with its tag is found, in memory or not; what has another tag is."""
    store = await many()
    drop = begun(store, ["all"])
    assert len(store) == len(MANY) + 1 - AT_ONCE
    assert await store.get_many(MANY) == [None] * len(MANY)
    assert await store.get(b"other") == b"old"
    turns(drop)
    assert await store.get_many([*MANY, b"other"]) == [None] * len(MANY) + [b"old"]


async def test_what_is_put_during_a_drop_is_told_from_what_was_fetched_before():
    """Under keys and tags that are being dropped: what was fetched before is not kept, what was fetched since is, and
    outlives the drop.
    """
    store = await many()
    before = store.moment
    drop = begun(store, ["all"])
    for key in MANY:
        await store.put(key, b"stale", 60.0, ("all",), since=before)
    assert await store.get_many(MANY) == [None] * len(MANY)
    for key in MANY[::2]:
        await store.put(key, b"new", 60.0, ("all",), since=store.moment)
    expected = [b"new" if at % 2 == 0 else None for at in range(len(MANY))]
    assert await store.get_many(MANY) == expected
    turns(drop)
    assert await store.get_many(MANY) == expected
    await store.drop_tags(["all"])
    assert (len(store), await store.get_many(MANY)) == (1, [None] * len(MANY))


async def test_drops_at_the_same_time_each_end_what_is_theirs():
    """A drop of other tags, of a key, or of everything while one is under way leaves nothing of either."""
    store = await many()
    drop = begun(store, ["all"])
    await store.drop_tags(["other", f"one {MANY[-1]!r}"])
    await store.drop([MANY[0], MANY[-2]])
    assert await store.get_many([*MANY, b"other"]) == [None] * (len(MANY) + 1)
    await store.drop_tags(["all"])
    assert await store.get_many(MANY) == [None] * len(MANY)
    await store.put(b"k", b"new", 60.0, ("all",))
    turns(drop)
    assert (await store.get(b"k"), len(store)) == (b"new", 1)
    await store.drop_everything()
    assert len(store) == 0


async def test_who_is_cancelled_while_it_drops_has_dropped_all():
    """A drop that began is made, even if nobody waits for it any more."""
    store = await many()
    drop = asyncio.ensure_future(store.drop_tags(["all"]))
    await asyncio.sleep(0)
    drop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drop
    assert (len(store), await store.get_many(MANY)) == (1, [None] * len(MANY))
