"""Entities of batches, each kept under a key of its own: found by whom they are for, as long as they are fresh."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.caching.cache_entities import Entities, Entity
from adapters.caching.cache_keys import keys_of, part_key
from adapters.caching.cache_rule import CacheRule
from adapters.caching.cache_store import InProcessStore
from adapters.facts import CacheUsed, Fact
from adapters.messages import Freshness, Identity, Request, Response

ADA, BEN = Identity("ada", "t"), Identity("ben", "t")
ABOUT = Request("users", "listUsers", "GET", "/users", {}, safe=True, identity=ADA, tags=("User:*",))
A, B, C = ("a",), ("b",), ("c",)


@dataclass
class World:
    """Entities over a store, and a clock."""

    rule: CacheRule = field(default_factory=CacheRule)
    now: float = 1_000_000.0
    told: list[Fact] = field(default_factory=list)
    store: InProcessStore = field(init=False)
    entities: Entities = field(init=False)

    def __post_init__(self) -> None:
        self.store = InProcessStore(1 << 20, self.clock)
        self.entities = Entities(self.rule, self.store, self.clock, (self.told.append,))

    def clock(self) -> float:
        return self.now

    async def keep(self, about: Request = ABOUT, left: float = 60.0, **given: Any) -> None:
        """Keeps a and b, as an answer brought them that was 5 seconds old."""
        freshness = Freshness(left, 5.0, given.get("private", False), given.get("cached", False))
        answer = Response(200, given.get("headers", {}), b"", given.get("shared", False), freshness=freshness)
        brought = given.get("brought", {A: b"1", B: b"2"})
        since = given.get("since", self.entities.moment)
        await self.entities.keep(about, answer, brought, since=since, tags={A: ("User:a",)})

    async def values(self, about: Request = ABOUT, *keys: tuple[str, ...]) -> list[bytes | None]:
        found = await self.entities.found(about, keys or (A, B, C))
        return [None if one is None else one.value for one in found]


@pytest.fixture
def world() -> World:
    return World()


async def test_of_a_batch_only_what_is_missing_is_to_be_asked_for(world: World):
    """What an earlier batch brought is found key by key, in the order of the keys; the rest is not there."""
    await world.keep()
    assert await world.values() == [b"1", b"2", None]
    assert await world.values(ABOUT, C, B) == [None, b"2"]
    assert world.told == [CacheUsed("users", "listUsers", "hit")] * 2
    assert await world.values(ABOUT, C) == [None]
    assert len(world.told) == 2


async def test_an_entity_is_as_fresh_as_its_answer(world: World):
    """It says its age and what is left of its life; when that is over, it is to be asked for."""
    await world.keep()
    world.now += 59.5
    [found] = await world.entities.found(ABOUT, [A])
    assert found is not None
    assert found.freshness(world.now) == Freshness(0.5, 64.5, private=False, cached=True)
    world.now += 0.5
    assert await world.values() == [None, None, None]
    assert found.freshness(world.now).stale


@pytest.mark.parametrize(("private", "seen"), [(False, [b"1", b"2", None]), (True, [None, None, None])])
async def test_an_entity_is_for_whom_its_answer_is(world: World, private: bool, seen: list[bytes | None]):
    """What came for one caller is found by no other; what is for all by each."""
    await world.keep(private=private)
    assert await world.values(replace(ABOUT, identity=BEN)) == seen
    assert await world.values(replace(ABOUT, identity=Identity("ada", "new"))) == [b"1", b"2", None]


@pytest.mark.parametrize(
    "other",
    [
        {"target": "/users?full=1"},
        {"headers": {"accept-language": "de"}},
        {"service": "orders"},
        {"body": b"1"},
    ],
)
async def test_batches_that_differ_in_more_than_keys_share_nothing(world: World, other: dict[str, Any]):
    """What all calls of a batch have in common is part of each entity's key."""
    await world.keep()
    assert await world.values(replace(ABOUT, **other)) == [None, None, None]


async def test_what_is_for_one_caller_goes_before_what_is_for_all(world: World):
    """What the service told a caller alone is its entity, though what it told all since is later."""
    await world.keep(private=True, brought={A: b"mine"})
    world.now += 1
    await world.keep(brought={A: b"all", B: b"all"})
    assert await world.values() == [b"mine", b"all", None]
    assert await world.values(replace(ABOUT, identity=BEN)) == [b"all", b"all", None]


@pytest.mark.parametrize(
    "given_",
    [{"left": 0.0}, {"cached": True}, {"shared": True}, {"headers": {"vary": "*"}},
     {"headers": {"vary": "authorization"}}, {"about": replace(ABOUT, headers={"cache-control": "no-store"})}],
)  # fmt: skip
async def test_what_is_not_kept(world: World, given_: dict[str, Any]):
    """What is not fresh, what another call has kept, what differs by other than keys, what is not wanted."""
    await world.keep(**given_)
    assert len(world.store) == 0


async def test_an_answer_without_freshness_brings_nothing_to_keep(world: World):
    """Where the service allows nothing, nothing is kept of its parts."""
    await world.entities.keep(ABOUT, Response(200, {}, b""), {A: b"1"}, since=world.entities.moment)
    assert len(world.store) == 0


async def test_a_large_entity_is_not_kept():
    """The bound on one answer holds for one entity."""
    world = World(CacheRule(largest=1))
    await world.keep(brought={A: b"1", B: b"22"})
    assert await world.values() == [b"1", None, None]


@pytest.mark.parametrize("headers", [{"cache-control": "no-cache"}, {"cache-control": "no-store"}])
async def test_who_wants_the_services_own_word_finds_nothing(world: World, headers: dict[str, str]):
    """Nor does a read after a change."""
    await world.keep()
    await world.keep(replace(ABOUT, headers=headers))
    assert await world.values(replace(ABOUT, headers=headers)) == [None, None, None]
    assert await world.values(replace(ABOUT, anew=True)) == [None, None, None]


@pytest.mark.parametrize(
    ("tag", "left"), [("User:a", [None, b"2", None]), ("User:*", [None] * 3), ("User:b", [b"1", b"2", None])]
)
async def test_an_entity_is_dropped_by_what_it_tells_of(world: World, tag: str, left: list[bytes | None]):
    """By its own tag, or by that of all; what was on its way then is not kept."""
    since = world.entities.moment
    await world.keep()
    await world.store.drop_tags([tag])
    assert await world.values() == left
    await world.keep(since=since)
    assert await world.values() == left


@given(st.binary(max_size=60))
async def test_foreign_bytes_are_no_entity(value: bytes):
    """What another program left under a key, or what stands in the wrong place, is not there."""
    world = World()
    keys = keys_of(ABOUT, by_headers=True)
    await world.store.put(part_key(keys.shared, A), value, 60.0)
    assert await world.values(ABOUT, A) == [None]


async def test_what_is_for_one_is_not_taken_from_the_place_for_all(world: World):
    """However it came there."""
    await world.keep(private=True)
    keys = keys_of(ABOUT, by_headers=True)
    stolen = await world.store.get(part_key(keys.private, A))
    assert stolen is not None
    await world.store.put(part_key(keys.shared, A), stolen, 60.0)
    assert await world.values(replace(ABOUT, identity=BEN), A) == [None]


def test_keys_of_parts_are_apart():
    """However parts are cut, and from the keys of variants."""
    assert len({part_key(b"k", one) for one in (("a", "b"), ("ab",), ("a",), ("", "ab"))}) == 4


def test_its_text_shows_nothing_of_it():
    """What is in it is nobody's business in a log."""
    assert repr(Entity(b"secret", 0.0, 1.0, True)) == "Entity(6 bytes, shared=True)"


class FarAway(InProcessStore):
    """A store that answers after a turn of the loop; `most` are the puts that were under way together."""

    under_way = most = 0

    async def put(
        self, key: bytes, value: bytes, seconds: float, tags: Any = (), *, since: Any = None
    ) -> None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        await super().put(key, value, seconds, tags, since=since)
        self.under_way -= 1


async def test_entities_are_put_at_the_same_time_and_not_all_at_once():
    """A store on another machine is asked to keep a batch in few ways there and back, not in hundreds together."""
    world = World()
    world.store = FarAway(1 << 20, world.clock)
    world.entities = Entities(world.rule, world.store, world.clock)
    brought = {(str(number),): b"1" for number in range(200)}
    await world.keep(brought=brought)
    assert (world.store.most, len(world.store)) == (64, 200)


async def test_an_entity_tells_what_its_answer_said_of_caches_and_by_what_it_is_dropped(world: World):
    """Whoever answers with it knows how far it may go."""
    await world.keep(headers={"cache-control": "public, s-maxage=9"})
    [found] = await world.entities.found(ABOUT, [A])
    assert found is not None
    assert (found.control, set(found.tags) >= {"User:*", "User:a"}) == ("public, s-maxage=9", True)


async def test_of_an_operation_of_which_nothing_was_kept_nothing_need_be_asked(world: World):
    """What holds nothing says so, until the first answer that may be kept."""
    assert not world.entities.may_hold("listUsers")
    await world.keep(left=0)
    assert not world.entities.may_hold("listUsers")
    await world.keep()
    assert (world.entities.may_hold("listUsers"), world.entities.may_hold("listPets")) == (True, False)
