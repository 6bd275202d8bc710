"""A store that replicas share, over a real server: what one drops is gone in all, and a dead server stops nobody."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

import pytest
import redis

from adapters.caching.tiered_store import MOST_OWED, MOST_SHARED, SHORT
from adapters.sharing.redis_store import Found, of_key
from tests.adapters.store_server import (
    Replica,
    ValkeyServer,
    free_port,
    keys_of,
    new_prefix,
    replica,
    scripts_run,
    stopped,
    until,
    valkey,
)
from tests.faults.proxy import Proxy

K1, K2, K3 = (bytes([one]) * 32 for one in (1, 2, 3))


@pytest.fixture(autouse=True)
def unhurried() -> Iterator[None]:
    """No garbage collection of the whole session's objects, which can take longer than these waits for a server."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="module")
def server() -> Iterator[ValkeyServer]:
    with valkey() as made:
        yield made


@dataclass
class Pair:
    """Two replicas of one gateway."""

    one: Replica
    two: Replica
    prefix: str


@pytest.fixture
async def pair(server: ValkeyServer) -> AsyncIterator[Pair]:
    prefix = new_prefix()
    async with replica(server.port, prefix) as one, replica(server.port, prefix) as two:
        yield Pair(one, two, prefix)


async def test_what_one_puts_the_other_gets(pair: Pair):
    """An entry is there for all replicas, whole; from then on it is in the process that asked, too."""
    value = bytes(range(256)) * 10
    await pair.one.store.put(K1, value, 60, ("Order:42", "Order:*"))
    assert await pair.two.store.get(K1) == value
    assert pair.two.near.held(K1) == value
    assert pair.one.turns == pair.two.turns == [True]
    assert pair.one.bypassed == pair.two.bypassed == []


async def test_many_are_asked_for_at_once(pair: Pair):
    """Values come in the order of their keys, from wherever they are; what is nowhere is None."""
    keys = [b"%032d" % number for number in range(250)]
    for key in keys[::2]:
        await pair.one.store.put(key, key[-4:], 60)
    await pair.two.store.put(keys[1], b"mine", 60)
    expected = [key[-4:] if number % 2 == 0 else None for number, key in enumerate(keys)]
    expected[1] = b"mine"
    assert await pair.two.store.get_many(keys) == expected
    assert await pair.two.store.get_many([]) == []


async def test_reads_that_come_together_are_one_way(pair: Pair, server: ValkeyServer):
    """Whatever is asked for at the same time goes to the server at once, a hundred keys each time; one key that many
    ask for is asked for once; and who leaves takes nobody with him.
    """
    keys = [b"%032d" % number for number in range(150)]
    await asyncio.gather(*(pair.one.store.put(key, key, 60) for key in keys[:149]))
    assert await pair.two.store.get(K1) is None  # by now the server knows the script
    before = scripts_run(server)
    reads = [asyncio.ensure_future(pair.two.store.get(key)) for key in keys for _ in range(2)]
    await asyncio.sleep(0)
    reads[0].cancel()
    found = await asyncio.gather(*reads, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert found[1:] == [keys[0], *(key for key in keys[1:149] for _ in range(2)), None, None]
    assert scripts_run(server) == before + 2


async def test_a_drop_is_a_drop_everywhere(pair: Pair):
    """What is dropped by key or by tag is gone here and in the shared store at once, and in the other process soon
    after; what has other tags stays.
    """
    one, two = pair.one.store, pair.two.store
    await one.put(K1, b"1", 60, ("Order:1", "Order:*"))
    await one.put(K2, b"2", 60, ("Order:2", "Order:*"))
    await one.put(K3, b"3", 60, ("User:3",))
    assert await two.get_many([K1, K2, K3]) == [b"1", b"2", b"3"]
    await one.drop([K1])
    assert await one.get_many([K1, K2, K3]) == [None, b"2", b"3"]
    await until(lambda: pair.two.near.held(K1) is None)
    assert await two.get_many([K1, K2, K3]) == [None, b"2", b"3"]
    await two.drop_tags(["Order:*", "Other:1"])
    assert await two.get_many([K1, K2, K3]) == [None, None, b"3"]
    await until(lambda: pair.one.near.held(K2) is None)
    assert await one.get_many([K1, K2, K3]) == [None, None, b"3"]


async def test_what_is_dropped_can_be_put_again(pair: Pair):
    """An entry put after a drop of its key and tags lives, in the process that dropped and in the other."""
    one, two = pair.one.store, pair.two.store
    await one.put(K1, b"old", 60, ("Order:1",))
    await one.drop_tags(["Order:1"])
    await one.drop([K1])
    await one.put(K1, b"new", 60, ("Order:1",), since=one.moment)
    assert await two.get(K1) == b"new"
    assert await one.get(K1) == b"new"


async def test_nothing_is_put_that_was_fetched_before_a_drop_here(pair: Pair):
    """A value that was fetched before a drop in this process is not kept, and what it would replace is gone."""
    one, two = pair.one.store, pair.two.store
    await one.put(K1, b"before", 60)
    moment = one.moment
    await one.drop_tags(["Order:1"])
    await one.put(K1, b"stale", 60, ("Order:1",), since=moment)
    assert await one.get(K1) is None
    assert await two.get(K1) is None
    await one.put(K2, b"other", 60, ("Order:2",), since=moment)
    assert await two.get(K2) == b"other"


async def test_nothing_is_put_that_was_fetched_before_a_drop_elsewhere(pair: Pair):
    """As soon as the other replica's drop was heard of, values from before are refused here."""
    one, two = pair.one.store, pair.two.store
    moment = one.moment
    await two.drop_tags(["Order:1"])
    await until(lambda: one.moment > moment)
    await one.put(K1, b"stale", 60, ("Order:1",), since=moment)
    assert await one.get(K1) is None
    assert await two.get(K1) is None


async def test_what_was_dropped_on_its_way_here_is_not_kept(pair: Pair, monkeypatch: pytest.MonkeyPatch):
    """An entry that left the store before another replica's drop, and arrives after word of it, does not stay."""
    one, two = pair.one.store, pair.two.store
    await one.put(K1, b"old", 60, ("Order:1",))
    read, gate = two._shared.get, asyncio.Event()

    async def late(keys: Sequence[bytes]) -> list[Found | None]:
        found = await read(keys)
        left.set()
        await gate.wait()
        return found

    left = asyncio.Event()
    monkeypatch.setattr(two._shared, "get", late)
    reading = asyncio.ensure_future(two.get(K1))
    await left.wait()
    before = two.moment
    await one.drop_tags(["Order:1"])
    await until(lambda: two.moment > before)
    gate.set()
    assert await reading == b"old"
    assert pair.two.near.held(K1) is None


async def test_what_comes_while_a_drop_is_on_its_way_goes_with_it(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
):
    """An entry that is read here between the drop here and the drop in the store is gone when the drop returns."""
    one = pair.one.store
    await one.put(K1, b"old", 60, ("Order:1",))
    drop = one._shared.drop

    async def late(tags: Sequence[bytes]) -> int:
        assert pair.one.near.held(K1) is None
        assert await one.get(K1) == b"old"
        assert pair.one.near.held(K1) == b"old"
        return await drop(tags)

    monkeypatch.setattr(one._shared, "drop", late)
    await one.drop_tags(["Order:1"])
    assert pair.one.near.held(K1) is None
    assert await one.get(K1) is None


async def test_the_server_refuses_what_does_not_know_of_a_drop(pair: Pair, server: ValkeyServer):
    """A replica that has not yet heard of a drop cannot put what was dropped: its word of it comes later."""
    one, two = pair.one.store, pair.two.store
    await two.drop_tags(["Order:1"])
    await until(lambda: one.moment > 1)
    one._heard -= 10_000_000  # as in a replica to which the message is still on its way
    await one.put(K1, b"stale", 60, ("Order:1",), since=one.moment)
    assert await two.get(K1) is None
    await one.put(K2, b"other", 60, ("Order:2",), since=one.moment)
    assert await two.get(K2) == b"other"


async def test_an_entry_lives_as_long_as_it_was_put_for(pair: Pair):
    """The other replica keeps it no longer than the first: what is left of its life goes with it."""
    await pair.one.store.put(K1, b"1", 0.05)
    assert await pair.two.store.get(K1) == b"1"
    await until(lambda: pair.two.near.held(K1) is None and pair.one.near.held(K1) is None)
    assert await pair.two.store.get(K1) is None
    await pair.one.store.put(K1, b"1", 0.0)
    await pair.one.store.put(K2, b"1", -1.0)
    assert await pair.one.store.get_many([K1, K2]) == [None, None]


async def test_names_are_not_told(pair: Pair, server: ValkeyServer):
    """No tag stands on the server in clear; all keys stand below the prefix, and all but one have an end."""
    await pair.one.store.put(K1, b"1", 60, ("Customer:maria@example.com",))
    await pair.one.store.drop_tags(["Customer:otto@example.com"])
    names = keys_of(server, pair.prefix)
    assert (
        len(names) == 6
    )  # the entry, its key's mark, its tag's, everything's, the dropped tag's, the moment
    assert b"example" not in b"".join(names)


async def test_what_is_too_large_is_not_shared(pair: Pair, server: ValkeyServer):
    """A value over a MiB is kept in this process alone, if there."""
    await pair.one.store.put(K1, bytes(MOST_SHARED + 1), 60)
    assert await pair.two.store.get(K1) is None
    assert keys_of(server, pair.prefix) == []


async def test_other_prefixes_are_other_stores(server: ValkeyServer):
    """Two projects on one server share nothing, and hear nothing of each other."""
    async with replica(server.port, "shop-a") as one, replica(server.port, "shop-b") as two:
        await one.store.put(K1, b"1", 60, ("T",))
        assert await two.store.get(K1) is None
        await two.store.drop_tags(["T"])
        await two.store.drop([K1])
        assert await one.store.get(K1) == b"1"


async def test_many_tags_are_one_entry_s(pair: Pair):
    """A thousand tags may be on an entry, and any one of them drops it."""
    tags = tuple(f"Order:{number}" for number in range(1000))
    await pair.one.store.put(K1, b"list", 60, tags)
    assert await pair.two.store.get(K1) == b"list"
    await pair.two.store.drop_tags(tags[999:])
    assert await pair.one.store.get(K1) is None or pair.one.near.held(K1) == b"list"
    await until(lambda: pair.one.near.held(K1) is None)
    assert await pair.one.store.get(K1) is None


async def test_without_a_server_requests_go_on():
    """A server that is not there when the gateway starts costs no request a wait; this process serves itself."""
    proxy = Proxy(1)  # a port that refuses
    try:
        async with replica(proxy.port, new_prefix()) as alone:
            await alone.store.put(K1, b"1", 60, ("T",))
            assert await alone.store.get(K1) == b"1"
            assert await alone.store.get_many([K1, K2]) == [b"1", None]
            await alone.store.drop_tags(["T"])
            assert await alone.store.get(K1) is None
            assert alone.turns == [False]
            assert set(alone.bypassed) == {("put", False), ("get", False), ("drop", False)}
    finally:
        await proxy.stop()


async def test_when_the_server_goes_entries_live_shortly(server: ValkeyServer):
    """While nobody tells what others drop, an entry is believed for a second at most: what was there is forgotten,
    what comes lives no longer.
    """
    proxy = Proxy(server.port)
    await proxy.listen()
    try:
        async with replica(proxy.port, new_prefix()) as one:
            await one.store.put(K1, b"1", 60)
            proxy.refuse()
            proxy.cut()
            await one.until_up(False)
            assert await one.store.get(K1) == b"1"
            loop = asyncio.get_running_loop()
            started = loop.time()
            await one.store.put(K2, b"2", 60)
            await until(lambda: one.near.held(K1) is None and one.near.held(K2) is None, 2.0)
            assert loop.time() - started < SHORT + 0.5
            await proxy.listen()
            await one.until_up()
            assert await one.store.get(K1) == b"1"
            assert one.turns == [True, False, True]
    finally:
        await proxy.stop()


async def test_drops_without_the_server_are_made_when_it_is_back(server: ValkeyServer):
    """A replica that could not tell of its drop tells before it uses the store again: nobody gets the old entry
    from then on.
    """
    prefix = new_prefix()
    proxy = Proxy(server.port)
    await proxy.listen()
    try:
        async with replica(proxy.port, prefix) as cut_off, replica(server.port, prefix) as other:
            await other.store.put(K1, b"old", 60, ("Order:1",))
            await other.store.put(K2, b"stays", 60, ("Order:2",))
            assert await cut_off.store.get(K1) == b"old"
            proxy.refuse()
            proxy.cut()
            await cut_off.until_up(False)
            await cut_off.store.drop_tags(["Order:1"])
            assert await cut_off.store.get(K1) is None
            assert await other.store.get(K1) == b"old"
            await proxy.listen()
            await cut_off.until_up()
            assert await cut_off.store.get_many([K1, K2]) == [None, b"stays"]
            await until(lambda: other.near.held(K1) is None)
            assert await other.store.get_many([K1, K2]) == [None, b"stays"]
    finally:
        await proxy.stop()


async def test_more_drops_than_can_be_owed_drop_everything(server: ValkeyServer):
    """Where too many drops could not be made, all entries of all replicas go, rather than one that should have."""
    prefix = new_prefix()
    proxy = Proxy(server.port)
    await proxy.listen()
    try:
        async with replica(proxy.port, prefix) as cut_off, replica(server.port, prefix) as other:
            await other.store.put(K1, b"1", 60)
            proxy.refuse()
            proxy.cut()
            await cut_off.until_up(False)
            await cut_off.store.drop_tags(f"Order:{number}" for number in range(MOST_OWED + 1))
            await proxy.listen()
            await cut_off.until_up()
            assert await cut_off.store.get(K1) is None
            await until(lambda: other.near.held(K1) is None)
            assert await other.store.get(K1) is None
    finally:
        await proxy.stop()


async def test_what_was_dropped_unheard_is_not_in_the_process_afterwards(server: ValkeyServer):
    """A replica that missed the channel for a moment believes nothing that it held, nor what it had fetched."""
    prefix = new_prefix()
    proxy = Proxy(server.port)
    await proxy.listen()
    try:
        async with replica(proxy.port, prefix) as cut_off, replica(server.port, prefix) as other:
            await cut_off.store.put(K1, b"old", 60, ("Order:1",))
            moment = cut_off.store.moment
            proxy.cut()
            await cut_off.until_up(False)
            await other.store.drop_tags(["Order:1"])
            await cut_off.until_up()
            assert cut_off.near.held(K1) is None
            await cut_off.store.put(K2, b"stale", 60, ("Order:1",), since=moment)
            assert await cut_off.store.get_many([K1, K2]) == [None, None]
            assert await other.store.get_many([K1, K2]) == [None, None]
    finally:
        await proxy.stop()


async def test_a_server_that_stands_still_is_waited_for_once():
    """A request waits for its bound, the next ones not at all; silence on the channel is noticed; when the server
    goes on, so does everything.
    """
    with valkey() as own:
        async with replica(own.port, new_prefix(), wait=0.3) as one:
            await one.store.put(K1, b"1", 60)
            one.near.clear()
            with stopped(own):
                assert await one.store.get(K1) is None
                assert one.bypassed == [("get", True)]
                assert [await one.store.get(K1) for _ in range(3)] == [None] * 3
                assert one.bypassed[1:] == [("get", False)] * 3
                await until(lambda: not one.shared.connection.listening, 5.0)
            await one.until_up()
            assert await one.store.get(K1) == b"1"
            assert one.turns == [True, False, True]


async def test_waits_in_vain_take_no_connection_with_them():
    """However many waited for a server that stood still: when it goes on, as many are served at once as before."""
    with valkey() as own:
        prefix = new_prefix()
        async with replica(own.port, prefix, wait=0.4) as one, replica(own.port, prefix) as two:
            keys = [b"%032d" % number for number in range(60)]
            for _ in range(2):
                with stopped(own):
                    await asyncio.gather(*(one.store.put(key, b"lost", 60) for key in keys))
                assert one.bypassed == [("put", True)] * 60
                one.facts.clear()
                await one.until_up()
                one.facts.clear()
            await asyncio.gather(*(one.store.put(key, key, 60) for key in keys))
            assert one.facts == []
            assert await two.store.get_many(keys) == keys


async def test_a_restarted_server_is_used_again():
    """A server that starts anew knows neither entries nor scripts: it gets them again."""
    port = free_port()
    with valkey(port) as first:
        made = replica(first.port, new_prefix())
        one = await made.__aenter__()
        await one.store.put(K1, b"1", 60)
    await one.until_up(False)
    with valkey(port):
        await one.until_up()
        assert await one.store.get(K1) is None
        await one.store.put(K1, b"2", 60)
        one.near.clear()
        assert await one.store.get(K1) == b"2"
        assert one.turns == [True, False, True]
        await made.__aexit__(None, None, None)


async def test_a_server_with_an_older_state_is_not_believed():
    """Where another process answers than before, as after a restart from a snapshot, everything is dropped: what it
    knows may have been dropped since.
    """
    port, prefix = free_port(), new_prefix()
    with valkey(port) as first:
        made = replica(port, prefix)
        one = await made.__aenter__()
        await one.store.put(K1, b"old", 60, ("Order:1",))
        with redis.Redis(port=first.port) as client:
            held = {name: client.dump(name) for name in keys_of(first, prefix)}
        await one.store.drop_tags(["Order:1"])
    await one.until_up(False)
    with valkey(port) as second:
        with redis.Redis(port=second.port) as client:
            for name, content in held.items():
                client.restore(name, 60_000, content, replace=True)
        async with replica(port, prefix) as other:
            await one.until_up()
            assert await one.store.get(K1) is None
            assert await other.store.get(K1) is None
        await made.__aexit__(None, None, None)


async def test_a_drop_that_is_given_up_is_made(server: ValkeyServer):
    """Whoever ends while a drop is on its way leaves it to be made: nobody knows whether it was."""
    prefix = new_prefix()
    async with replica(server.port, prefix) as one, replica(server.port, prefix) as two:
        await one.store.put(K1, b"1", 60, ("Order:1",))
        dropping = asyncio.ensure_future(one.store.drop_tags(["Order:1"]))
        await asyncio.sleep(0)
        dropping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dropping
        assert not one.shared.connection.up
        await one.until_up()
        assert await two.store.get(K1) is None
        await one.store.drop_tags([])
        assert one.turns == [True, False, True]


async def test_a_doubted_server_keeps_what_is_in_the_process():
    """A pause shorter than the channel's patience puts the store in doubt, not what this process holds."""
    with valkey() as own:
        async with replica(own.port, new_prefix(), wait=0.2) as one:
            await one.store.put(K1, b"1", 60)
            with stopped(own):
                assert await one.store.get(K2) is None
                assert one.shared.connection.listening
            await one.until_up()
            assert one.near.held(K1) == b"1"
            assert one.turns == [True, False, True]


async def test_a_full_server_takes_nothing_and_stops_nothing():
    """A server that refuses to keep more is not away: entries that are there are got, others stay in the process."""
    with valkey(maxmemory="3mb", maxmemory_policy="noeviction") as own:
        prefix = new_prefix()
        async with replica(own.port, prefix) as one, replica(own.port, prefix) as two:
            await one.store.put(K1, b"1", 60)
            for number in range(100):
                await one.store.put(b"%032d" % number, bytes(100_000), 60)
            assert ("put", True) in one.bypassed
            assert await two.store.get(K1) == b"1"
            await one.store.drop([K1])
            assert await two.store.get(b"%032d" % 0) == bytes(100_000)
            assert one.bypassed == [("put", True)] * len(one.bypassed)
            assert one.turns == [True]


async def test_entries_that_the_server_forgot_take_no_drop_with_them(server: ValkeyServer):
    """A server may forget anything for want of memory: an entry whose tag it forgot is gone, not fresh for ever."""
    prefix = new_prefix()
    async with replica(server.port, prefix) as one, replica(server.port, prefix) as two:
        await one.store.put(K1, b"1", 60, ("Order:1",))
        await one.store.put(K2, b"2", 60, ("Order:2",))
        tags = [name for name in keys_of(server, prefix) if b":1:t:" in name]
        own = [name for name in tags if name.endswith(of_key(K1))]
        with redis.Redis(port=server.port) as client:
            client.delete(*own)
        assert await two.store.get_many([K1, K2]) == [None, b"2"]


async def test_nothing_of_the_address_is_in_a_repr(pair: Pair):
    """A store and its parts show their state, and no host."""
    shown = f"{pair.one.store!r} {pair.one.shared.connection!r}"
    near = "InProcessStore(0 entries, 0 of 1048576 bytes)"
    assert shown == f"TieredStore({near}, RedisConnection(up=True)) RedisConnection(up=True)"


async def test_everything_is_dropped_everywhere(pair: Pair):
    """Nothing is left in the shared store and in any process; what is put afterwards is kept."""
    one, two = pair.one.store, pair.two.store
    await one.put(K1, b"1", 60, ("Order:1",))
    await one.put(K2, b"2", 60)
    assert await two.get_many([K1, K2]) == [b"1", b"2"]
    since = one.moment
    await one.drop_everything()
    await one.put(K3, b"3", 60, since=since)
    assert await one.get_many([K1, K2, K3]) == [None, None, None]
    await until(lambda: pair.two.near.held(K1) is None)
    assert await two.get_many([K1, K2, K3]) == [None, None, None]
    await one.put(K1, b"4", 60, since=one.moment)
    assert await two.get(K1) == b"4"
