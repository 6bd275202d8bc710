"""The store in this process: bounded in bytes and time, dropped from by key and tag, and never behind a change."""

from __future__ import annotations

import gc
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from adapters.caching.cache_drops import Drops
from adapters.caching.cache_store import InProcessStore

KIB = 1 << 10


@dataclass
class Clock:
    """Seconds that pass when the test says so."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> InProcessStore:
    return InProcessStore(64 * KIB, clock)


async def test_what_was_put_is_there_until_its_time_is_over(store, clock):
    """An entry is found for as many seconds as were said, and not a moment longer."""
    await store.put(b"k", b"v", 10.0)
    clock.now = 9.999
    assert await store.get(b"k") == b"v"
    clock.now = 10.0
    assert await store.get(b"k") is None
    assert (len(store), store.size) == (0, 0)


async def test_several_are_found_in_the_order_of_their_keys(store):
    """Each key has its own answer, None for what is not there."""
    await store.put(b"a", b"1", 10.0)
    await store.put(b"c", b"3", 10.0)
    assert await store.get_many([b"c", b"b", b"a"]) == [b"3", None, b"1"]


async def test_a_later_value_takes_the_place_of_an_earlier(store, clock):
    """Value, life and tags are those of the last put."""
    await store.put(b"k", b"old", 5.0, ("old",))
    await store.put(b"k", b"new", 50.0, ("new",))
    clock.now = 20.0
    await store.drop_tags(["old"])
    assert await store.get(b"k") == b"new"
    await store.drop_tags(["new"])
    assert await store.get(b"k") is None


@pytest.mark.parametrize("seconds", [0.0, -1.0])
async def test_what_lives_no_time_is_not_kept(store, seconds):
    """A put without a life only ends what was there before."""
    await store.put(b"k", b"v", 10.0)
    await store.put(b"k", b"w", seconds)
    assert await store.get(b"k") is None


async def test_keys_and_tags_drop_what_they_name_and_nothing_else(store):
    """A drop by tag takes every entry that has the tag; a drop by key takes that one."""
    await store.put(b"a", b"1", 10.0, ("x", "y"))
    await store.put(b"b", b"2", 10.0, ("y",))
    await store.put(b"c", b"3", 10.0, ("z",))
    await store.put(b"d", b"4", 10.0)
    await store.drop_tags(["y", "unknown"])
    assert await store.get_many([b"a", b"b", b"c", b"d"]) == [None, None, b"3", b"4"]
    await store.drop([b"c", b"unknown"])
    assert await store.get_many([b"c", b"d"]) == [None, b"4"]


@pytest.mark.parametrize("drop", ["key", "tag", "clear"])
async def test_what_was_fetched_before_a_drop_is_not_put_after_it(store, drop):
    """An answer that was on its way when its entity changed is not kept; the next one is."""
    before = store.moment
    if drop == "key":
        await store.drop([b"k"])
    elif drop == "tag":
        await store.drop_tags(["t"])
    else:
        store.clear()
    await store.put(b"k", b"old", 10.0, ("t",), since=before)
    assert await store.get(b"k") is None
    await store.put(b"k", b"new", 10.0, ("t",), since=store.moment)
    assert await store.get(b"k") == b"new"


async def test_what_comes_too_late_also_ends_what_was_there(store):
    """A put that is refused leaves nothing under its key: what was there is no better."""
    before = store.moment
    await store.drop_tags(["t"])
    await store.put(b"k", b"v", 10.0)
    await store.put(b"k", b"w", 10.0, ("t",), since=before)
    assert await store.get(b"k") is None


async def test_drops_of_other_names_hold_nothing_up(store):
    """What was fetched before somebody else's drop is kept."""
    before = store.moment
    await store.drop([b"other"])
    await store.drop_tags(["other"])
    await store.put(b"k", b"v", 10.0, ("t",), since=before)
    assert await store.get(b"k") == b"v"


async def test_the_least_recently_used_make_room(store):
    """When the memory is full, what nobody asked for longest goes first."""
    value = b"v" * (7 * KIB)
    for key in (b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"h"):
        await store.put(key, value, 10.0)
    assert await store.get(b"a") == value
    await store.put(b"i", value, 10.0)
    assert [await store.get(one) is None for one in (b"a", b"b", b"c")] == [False, True, False]


async def test_a_large_value_does_not_drive_out_all_others(store):
    """What takes more than an eighth of the memory is not kept, and ends what was under its key."""
    await store.put(b"k", b"small", 10.0)
    await store.put(b"other", b"small", 10.0)
    await store.put(b"k", b"v" * (8 * KIB), 10.0)
    assert await store.get_many([b"k", b"other"]) == [None, b"small"]


async def test_many_tags_count_as_memory(store):
    """An entry is measured with its tags, which take room too."""
    await store.put(b"k", b"v", 10.0, tuple(f"tag {number}" for number in range(100)))
    assert await store.get(b"k") is None


def test_a_store_without_memory_is_refused(clock):
    """Less than a KiB is a mistake, not a store that keeps nothing."""
    with pytest.raises(ValueError, match=r"^the store's memory must be at least 1024 bytes$"):
        InProcessStore(1023, clock)


async def test_its_text_shows_no_key_and_no_value(store):
    """What is kept is nobody's business in a log."""
    await store.put(b"secret key", b"secret value", 10.0, ("secret tag",))
    assert repr(store) == f"InProcessStore(1 entries, {store.size} of 65536 bytes)"


@given(st.integers(1, 30), st.lists(st.lists(st.integers(0, 20), max_size=3), max_size=40), st.data())
def test_no_drop_is_forgotten_in_favour_of_what_came_before_it(most, dropped, data):
    """However few drops are remembered, a name dropped after a moment is never taken for one that was not."""
    drops = Drops(most)
    at = data.draw(st.integers(0, len(dropped)))
    moment = 0
    for number, names in enumerate(dropped):
        if number == at:
            moment = drops.moment
        drops.record(map(str, names))
    if at == len(dropped):
        moment = drops.moment
    later = {str(name) for names in dropped[at:] for name in names}
    assert all(drops.any_since(moment, [name]) for name in later)
    if most >= 21:
        assert not any(drops.any_since(moment, [str(name)]) for name in range(21) if str(name) not in later)


def test_a_name_that_was_not_dropped_is_free():
    """While all drops are remembered, only dropped names are held up."""
    drops = Drops()
    before = drops.moment
    drops.record(["a"])
    assert [drops.any_since(before, ["a"]), drops.any_since(before, ["b"])] == [True, False]
    assert not drops.any_since(drops.moment, ["a"])


@settings(max_examples=50, stateful_step_count=30)
class AnyUse(RuleBasedStateMachine):
    """Whatever is put, dropped and forgotten: bounded, and never a value that was not the last put."""

    @initialize()
    def begin(self) -> None:
        self.clock = Clock()
        self.store = InProcessStore(4 * KIB, self.clock)
        self.last: dict[bytes, tuple[bytes, float, tuple[str, ...]]] = {}

    def run(self, work) -> object:
        try:
            work.send(None)
        except StopIteration as done:
            return done.value
        raise AssertionError("the store in this process waits for nothing")

    @rule(
        key=st.sampled_from([b"a", b"b", b"c"]),
        value=st.binary(max_size=600),
        seconds=st.integers(0, 5),
        tags=st.lists(st.sampled_from(["x", "y", "z"]), max_size=2).map(tuple),
    )
    def put(self, key, value, seconds, tags) -> None:
        self.run(self.store.put(key, value, float(seconds), tags))
        self.last[key] = (value, self.clock.now + seconds, tags)

    @rule(key=st.sampled_from([b"a", b"b", b"c"]))
    def drop(self, key) -> None:
        self.run(self.store.drop([key]))
        self.last.pop(key, None)

    @rule(tag=st.sampled_from(["x", "y", "z"]))
    def drop_tag(self, tag) -> None:
        self.run(self.store.drop_tags([tag]))
        self.last = {key: one for key, one in self.last.items() if tag not in one[2]}

    @rule(seconds=st.integers(1, 3))
    def passes(self, seconds) -> None:
        self.clock.now += seconds

    @rule(key=st.sampled_from([b"a", b"b", b"c"]))
    def ask(self, key) -> None:
        found = self.run(self.store.get(key))
        value, ends, _ = self.last.get(key, (None, 0.0, ()))
        assert found is None or (found == value and self.clock.now < ends)

    @invariant()
    def is_bounded(self) -> None:
        if hasattr(self, "store"):
            assert self.store.size <= 4 * KIB


TestAnyUse = AnyUse.TestCase


async def test_nothing_is_left_of_what_is_gone(clock):
    """Entries that are replaced, dropped, over or driven out leave nothing among the tags."""
    store = InProcessStore(16 * KIB, clock)
    for number in range(2_000):
        await store.put(b"%d" % (number % 100), b"v" * (number % 700), 10.0, (f"t{number}", "all"))
    await store.drop_tags(["all"])
    gc.collect()
    assert (len(store), store.size, store._entries._tagged) == (0, 0, {})


async def test_everything_is_dropped(store):
    """Nothing is left, whatever its tags, and nothing is put that was fetched before."""
    since = store.moment
    await store.put(b"a", b"1", 60.0, ("tag",))
    await store.drop_everything()
    await store.put(b"b", b"2", 60.0, since=since)
    assert await store.get_many([b"a", b"b"]) == [None, None]
