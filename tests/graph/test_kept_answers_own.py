"""Kept whole answers by themselves: a clock of the test's, a store of its own, and whatever work answers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from multidict import CIMultiDict

from adapters.caching.cache_store import InProcessStore
from adapters.messages import Freshness, Identity
from graph.caching.answer_life import AnswerLife
from graph.declaring.schema import Schema
from graph.executing.executor import Answer
from graph.observing.observe import Watch
from resolvers.caller import Caller
from resolvers.fast.uncompiled import Unhurried
from tests.graph.keeping import ANA, DATA, MODULE, SHOP, World, life
from tests.graph.projects import load


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    return load(tmp_path_factory.mktemp("shop"), MODULE, {"shop": SHOP})


async def test_an_answer_ages_and_ends(schema: Schema):
    """What is left becomes less, and its age more, with the time that its making took and that it lay there; when
    nothing is left, it is made anew.
    """
    world = World(schema, takes=2.0)
    assert await world.ask() == Answer(msgspec.Raw(b'{"thing":{"id":"1"}}'), life=life(8, 7))
    world.now += 3
    assert await world.ask() == Answer(msgspec.Raw(b'{"thing":{"id":"1"}}'), life=life(5, 10))
    world.now += 5
    assert (await world.ask()).life == life(8, 7)
    assert (world.worked, world.came) == (2, ["stored", "hit", "missed", "stored"])


async def test_a_hit_ends_its_request(schema: Schema):
    """Nothing can be asked for in the name of a request that was answered from what is kept."""
    world = World(schema)
    await world.ask()
    await world.ask()
    with pytest.raises(RuntimeError, match="has ended"):
        world.contexts[1].store._still_open()
    world.contexts[0].store._still_open()


async def test_a_hit_is_seen(schema: Schema):
    """What is told of a request that was answered from what is kept says so; of others it does not."""
    world, told = World(schema), []
    watch = Watch((lambda fact: told.append(fact.kept),))
    for _ in range(2):
        seen = watch.begin("r", CIMultiDict())
        await world.ask()
        watch.end(seen, 200, 0)
    await world.ask()
    assert told == [False, True]


async def test_a_document_that_comes_for_the_first_time_is_kept_too(schema: Schema):
    """It is no sooner known to be valid than it was executed; its answer is kept then."""
    world = World(schema)
    await world.ask(first=True)
    await world.ask()
    assert (world.worked, world.came) == (1, ["stored", "hit"])


@pytest.mark.parametrize(
    "parts",
    [
        [], [(None, ())], [(Freshness(10, 0, private=False), ()), (None, ())],
        [(Freshness(0, 0, private=False, stale=True), ())], [(Freshness(2, 0, private=False), ())],
    ],
)  # fmt: skip
async def test_what_has_no_life(schema: Schema, parts: Any):
    """An answer of no part at all, of one that may not be used again, of a stale one, or one that was over before the
    answer was made, is given as it is.
    """
    world = World(schema, takes=2.0, parts=parts)
    assert [await world.ask(), await world.ask()] == [Answer(DATA)] * 2
    assert (world.worked, world.came, len(world.store)) == (2, [], 0)


@pytest.mark.parametrize(
    "answer", [Answer(DATA, [{"message": "x"}]), Answer(DATA, extensions={"a": 1}), Answer(errors=[{"a": 1}])]
)
async def test_what_says_more_than_data_has_no_life(schema: Schema, answer: Answer):
    """Errors and extensions tell of one request."""
    world = World(schema, answer=answer)
    assert [await world.ask(), await world.ask()] == [answer] * 2
    assert (world.worked, world.came) == (2, [])


async def test_what_is_not_ready_has_no_life(schema: Schema):
    """A request that goes another way than a plan's is answered, and nothing is kept."""
    world = World(schema)
    context = world.lanes.context(ANA, {}, "r")
    context.store.lifetime.heard(Freshness(10, 0, private=False), ())

    async def work() -> Answer:
        return world.answer

    for ready in (None, Unhurried.EXTENSIONS, Unhurried.FIRST):
        assert await world.kept.answer(ready, lambda: None, {}, context, work) == Answer(DATA)
    assert world.came == []


async def test_clients_are_told_what_is_stricter_for_them(schema: Schema):
    """A life that is shorter at clients passes with the time, kept or not; who wants to be asked is."""
    world = World(schema, parts=[(Freshness(60, 0, private=False), ())], takes=1.0)
    world.client, world.strict = 20.0, True
    assert (await world.ask()).life == AnswerLife(59, 1, True, (), 19, True)
    world.now += 9
    assert (await world.ask()).life == AnswerLife(50, 10, True, (), 10, True)
    world.now += 20
    assert (await world.ask()).life == AnswerLife(30, 30, True, (), -10, True)
    assert world.worked == 1


async def test_what_is_for_all_is_found_by_all(schema: Schema):
    """An answer all of whose parts are for all callers is one; a private one of a caller goes before it."""
    world = World(schema, parts=[(Freshness(10, 0, private=False), ())])
    ben = Caller(Identity("ben"))
    assert (await world.ask()).life == life(10, 0, public=True)
    assert (await world.ask(caller=ben)).life == life(10, 0, public=True)
    assert (world.worked, world.came) == (1, ["stored", "hit"])
    world.now += 10
    world.parts = [(Freshness(60, 0, private=True), ())]
    world.answer = Answer({"thing": None})
    await world.ask()
    world.parts = [(Freshness(60, 0, private=False), ())]
    world.answer = Answer(DATA)
    await world.ask(caller=ben)
    assert (await world.ask()).data == msgspec.Raw(b'{"thing":null}')
    assert (await world.ask(caller=ben)).data == msgspec.Raw(b'{"thing":{"id":"1"}}')


async def test_who_may_not_see_it_neither_finds_nor_leaves_it(schema: Schema):
    """The mask is asked each time, whatever the partition: a kept answer is for who may see all that it selects."""
    world = World(schema)
    query = '{ thing(id: "1") { cost } }'
    fewer_scopes = Caller(ANA.identity, authenticated=True)
    assert (await world.ask(query, fewer_scopes)).life is None
    assert (await world.ask(query)).life == life(10, 5)
    assert (await world.ask(query, fewer_scopes)).life is None
    assert (await world.ask(query)).life == life(10, 5)
    assert (world.worked, world.came) == (3, ["stored", "hit"])


async def test_what_must_not_be_kept_has_a_life_all_the_same(schema: Schema):
    """What came with another request's call, cannot be written as JSON, or has no store yet, is given as it is."""
    world = World(schema)
    assert await world.ask(alone=True) == Answer(DATA, life=life(10, 5))
    odd = {"thing": {"id": object()}}
    world.answer = Answer(odd)
    assert await world.ask() == Answer(odd, life=life(10, 5))
    world.answer, world.kept.store = Answer(DATA), None
    assert await world.ask() == Answer(DATA, life=life(10, 5))
    assert (world.worked, world.came) == (3, [])


@pytest.mark.parametrize(("short_of", "came"), [(0, ["stored", "hit"]), (1, [])])
async def test_what_would_be_refused_is_not_kept(schema: Schema, short_of: int, came: list[str]):
    """An answer of as many bytes as are sent is kept, and one of a byte more is not: it has an error in its place."""
    sent = len(b'{"data":{"thing":{"id":"1"}}}') - short_of
    world = World(schema, sent=sent)
    for _ in range(2):
        assert (await world.ask()).life == life(10, 5)
    assert (world.worked, world.came) == (2 - len(came) // 2, came)


async def test_what_was_dropped_meanwhile_is_not_found(schema: Schema):
    """Neither what was dropped while it was made, nor what was dropped since; by any tag of any part."""
    world = World(schema)
    world.parts.append((Freshness(60, 0, private=False), ("User:*", "User:?")))
    await world.ask(drop="User:?")
    assert len(world.store) == 0
    for tag in ("Thing:1", "User:*", "User:?"):
        await world.ask()
        assert len(world.store) == 1
        await world.store.drop_tags([tag])
        assert len(world.store) == 0


async def test_too_many_tags_become_fewer(schema: Schema):
    """An answer that tells of many entities is dropped when any of them changes; one that even so tells of too many
    things is not kept.
    """
    world = World(schema)
    many = tuple(f"User:{number}" for number in range(1_000))
    world.parts = [(Freshness(60, 0, private=False), ("User:*", *many))]
    await world.ask()
    assert len(world.store) == 1
    await world.store.drop_tags(["User:?"])
    assert len(world.store) == 0
    world.parts = [(Freshness(60, 0, private=False), tuple(f"at:{number}" for number in range(1_000)))]
    await world.ask()
    assert len(world.store) == 0


async def test_bytes_that_are_none_of_ours_count_as_nothing(schema: Schema):
    """What cannot be read, and what is for one caller but lies where answers for all do, is not given."""
    world = World(schema)
    written: list[tuple[bytes, bytes]] = []

    class Spied(InProcessStore):
        async def put(self, key: bytes, value: bytes, *rest: Any, **more: Any) -> None:
            written.append((key, value))
            await super().put(key, value, *rest, **more)

    store = world.kept.store = Spied(1 << 20, lambda: world.now)
    await world.ask()
    world.parts = [(Freshness(10, 5, private=False), ())]
    world.now += 10
    await world.ask()
    (one, private), (all_, shared) = written
    assert private != shared
    for key, value in ((one, b"?"), (one, shared), (one, b"\xff" * 8), (all_, private)):
        for each in (one, all_):
            await store.drop([each])
        await store.put(key, value, 60)
        before = world.worked
        await world.ask()
        assert world.worked == before + 1
    assert b"ana" not in b"".join((one, private, all_, shared))


async def test_what_is_raised_is_not_kept(schema: Schema):
    """What was raised instead of an answer is raised, and nothing is kept."""
    world = World(schema)
    context = world.lanes.context(ANA, {}, "r")
    context.store.lifetime.heard(Freshness(10, 0, private=False), ())

    async def work() -> Answer:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await world.kept.answer(None, lambda: None, {}, context, work)
    assert world.came == []
