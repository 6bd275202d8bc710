"""How a shared store is entered, listened to, lost and found again: over real sockets."""

from __future__ import annotations

import asyncio
import gc
import logging
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from adapters.caching.cache_store import InProcessStore
from adapters.credentials.secrets import Secret
from adapters.sharing.redis_address import RedisAddress
from adapters.sharing.redis_client import RedisClient, StoreFailed
from adapters.sharing.redis_connection import RedisConnection, held_up, pause
from adapters.sharing.redis_store import Dropped, channel, dropped
from adapters.sharing.shared_store import SharedRule, SharedStore, shared_store
from adapters.sharing.store_facts import StoreBypassed, StoreFact, StoreTurned
from tests.adapters.authority import Authority
from tests.adapters.store_server import PASSWORD, ValkeyServer, new_prefix, replica, stopped, until, valkey
from tests.faults.proxy import FAITHFUL, Proxy, garbage, half_open

KEY = bytes(32)


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


@pytest.fixture(scope="module")
def guarded() -> Iterator[ValkeyServer]:
    """A server that wants a password, or a user with another."""
    with valkey() as made:
        with redis.Redis(port=made.port) as client:
            client.execute_command("ACL", "SETUSER", "app", "on", f">{PASSWORD}", "~*", "&*", "+@all")
            client.execute_command(
                "ACL", "SETUSER", "reader", "on", f">{PASSWORD}", "~*", "&*", "+@all", "-hset"
            )
            client.config_set("requirepass", PASSWORD)
        yield made


@asynccontextmanager
async def entered(address: RedisAddress) -> AsyncIterator[tuple[SharedStore, list[StoreFact]]]:
    clock = asyncio.get_running_loop().time
    facts: list[StoreFact] = []
    rule = SharedRule(address, new_prefix(), 1.0)
    near = InProcessStore(1 << 16, clock)
    async with shared_store(rule, near, clock, lambda: 0.0, (facts.append,)) as shared:
        yield shared, facts


@pytest.mark.parametrize("user", [None, "app"])
async def test_a_password_opens_the_store(guarded: ValkeyServer, user: str | None):
    """With its password, as the default user or as a named one, the store is there."""
    address = RedisAddress("127.0.0.1", guarded.port, user=user, password=Secret(PASSWORD))
    async with entered(address) as (shared, facts):
        await shared.entries.put(KEY, b"1", 60)
        assert facts == [StoreTurned(True, "")]


@pytest.mark.parametrize("password", [None, "wrong"])
async def test_a_wrong_password_leaves_the_store_away(
    guarded: ValkeyServer, password: str | None, caplog: pytest.LogCaptureFixture
):
    """Nobody enters without the right password; the log says that it is away, and shows none."""
    secret = None if password is None else Secret(password)
    with caplog.at_level(logging.INFO, "stolon.shared_store"):
        async with entered(RedisAddress("127.0.0.1", guarded.port, password=secret)) as (shared, facts):
            assert not shared.connection.up
            assert await shared.entries.get(KEY) is None
    assert facts == [StoreTurned(False, "AuthenticationError"), StoreBypassed("get", waited=False)]
    said = "the shared store is away (AuthenticationError): requests go on without it"
    assert [one.getMessage() for one in caplog.records] == [said]


async def test_a_rotated_password_is_used_for_the_next_connection(guarded: ValkeyServer, tmp_path: Path):
    """A file that is put right lets the store in without a restart; an empty one is a password that is not there."""
    file = tmp_path / "password"
    file.write_text("")
    address = RedisAddress("127.0.0.1", guarded.port, password=Secret(file=file))
    async with entered(address) as (shared, facts):
        assert facts == [StoreTurned(False, "AuthenticationError")]
        file.write_text(PASSWORD)
        await until(lambda: shared.connection.up)
    assert facts == [StoreTurned(False, "AuthenticationError"), StoreTurned(True, "")]


async def test_a_user_who_may_not_is_told_and_stops_nothing(guarded: ValkeyServer):
    """What the server forbids counts as bypassed; what it allows goes on."""
    address = RedisAddress("127.0.0.1", guarded.port, user="reader", password=Secret(PASSWORD))
    async with entered(address) as (shared, facts):
        await shared.entries.put(KEY, b"1", 60)
        assert await shared.entries.get(bytes([1]) * 32) is None
        assert facts == [StoreTurned(True, ""), StoreBypassed("put", waited=True)]


@asynccontextmanager
async def over_tls(server: ValkeyServer, authority: Authority, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """A port of loopback at which the server speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("server", host=host))

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(1 << 16):
            writer.write(piece)
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, to_inner = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(relay(reader, to_inner), relay(inner, writer), return_exceptions=True)
        await asyncio.gather(to_inner.wait_closed(), writer.wait_closed(), return_exceptions=True)

    listening = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


async def test_tls_is_verified(server: ValkeyServer, tmp_path: Path):
    """A server is believed by an authority that the project names, under its own name, and not otherwise."""
    authority = Authority(tmp_path)
    other = Authority(tmp_path, "other")
    async with over_tls(server, authority) as port, over_tls(server, authority, "127.0.0.2") as misnamed:
        known = RedisAddress("127.0.0.1", port, tls=True, authority=authority.certificate)
        async with entered(known) as (shared, facts):
            await shared.entries.put(KEY, b"1", 60)
            assert facts == [StoreTurned(True, "")]
        for address in (
            RedisAddress("127.0.0.1", port, tls=True, authority=other.certificate),
            RedisAddress("127.0.0.1", port, tls=True),
            RedisAddress("127.0.0.1", misnamed, tls=True, authority=authority.certificate),
        ):
            async with entered(address) as (shared, facts):
                assert facts == [StoreTurned(False, "ConnectionError")]


async def test_a_lost_and_found_store_is_told_once_each(
    server: ValkeyServer, caplog: pytest.LogCaptureFixture
):
    """However often it is tried meanwhile, log and facts say once that it is away, and once that it is back."""
    proxy = Proxy(server.port)
    await proxy.listen()
    try:
        with caplog.at_level(logging.INFO, "stolon.shared_store"):
            async with replica(proxy.port, new_prefix()) as one:
                proxy.behave(garbage())
                proxy.cut()
                await one.until_up(False)
                await until(lambda: proxy.accepted > 4)
                proxy.behave(half_open(request=0))
                proxy.cut()
                proxy.refuse()
                await proxy.listen()
                proxy.behave(FAITHFUL)
                await one.until_up()
                assert one.turns == [True, False, True]
        levels = [(record.levelno, record.getMessage().partition("(")[0]) for record in caplog.records]
        assert levels == [
            (logging.WARNING, "the shared store is away "),
            (logging.INFO, "the shared store is back"),
        ]
    finally:
        await proxy.stop()


async def test_nothing_is_left_when_it_is_closed(server: ValkeyServer):
    """Closing ends the connections and the task, whether the store is there or not."""
    proxy = Proxy(server.port)
    await proxy.listen()
    before = asyncio.all_tasks()
    async with replica(proxy.port, new_prefix()) as one:
        await asyncio.gather(*(one.store.get(bytes([number]) * 32) for number in range(20)))
    await proxy.quiet()
    await proxy.stop()
    assert {one for one in asyncio.all_tasks() - before if not one.done()} == set()


async def test_messages_of_others_are_nothing(server: ValkeyServer):
    """What somebody else publishes on the channel is not believed, and ends nothing."""
    prefix = new_prefix()
    async with replica(server.port, prefix) as one, replica(server.port, prefix) as two:
        await one.store.put(KEY, b"1", 60)
        with redis.Redis(port=server.port) as client:
            for odd in (b"", b"x" * 24, b"0" * 23, b"0" * 24 + b"x" * 17):
                client.publish(channel(prefix).decode(), odd)
        await two.store.drop_tags(["Any:1"])
        await until(lambda: one.store.moment > 1)
        assert one.near.held(KEY) == b"1"
        assert one.turns == [True]


@given(st.binary(max_size=80))
def test_any_message_is_read_or_none(message: bytes):
    """Whatever comes on the channel is a drop of whole tags, or nothing."""
    found = dropped(message)
    if found is not None:
        assert b"%016d" % found.moment + found.sender + b"".join(found.tags) == message


def test_a_drop_is_read():
    """A message is a moment, the sender, and the tags."""
    message = b"0000000000000042" + b"s" * 8 + b"a" * 16 + b"b" * 16
    assert dropped(message) == Dropped(42, b"s" * 8, (b"a" * 16, b"b" * 16))


async def test_a_busy_process_does_not_doubt_the_store():
    """A wait that ends late tells of this process, which did nothing meanwhile, and not of the store: that read
    goes on without it, and the next ones ask again, until one has waited in vain in time.
    """
    with valkey() as own:
        async with replica(own.port, new_prefix(), wait=0.2) as one:
            with stopped(own):
                reading = asyncio.ensure_future(one.store.get(KEY))
                for _ in range(10):
                    await asyncio.sleep(0)  # until it is on its way
                time.sleep(0.5)  # noqa: ASYNC251 - the loop is held up
                assert await reading is None
                assert (one.turns, one.bypassed) == ([True], [("get", True)])
                async with asyncio.timeout(30):
                    while one.turns == [
                        True
                    ]:  # on a machine that is busy itself, more than one wait ends late
                        assert await one.store.get(KEY) is None
                assert one.turns == [True, False]
            await one.until_up()


@given(st.floats(0, 10), st.floats(0.001, 5))
def test_only_a_late_end_is_this_process_s_own(waited: float, wait: float):
    """Half as long again as was to be waited is late."""
    assert held_up(waited, wait) is (waited > wait + wait / 2)


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_the_wait_before_the_next_try_is_bounded(failures: int, chance: float):
    """Tries come ever later up to a second, with half of it left to chance."""
    longest = min(1.0, 0.1 * 2 ** min(failures, 10))
    assert longest / 2 <= pause(failures, chance) <= longest


async def test_a_connection_wants_a_listener(server: ValkeyServer):
    """Without anybody who hears what others drop, a store could not be believed: it is not entered."""
    loop = asyncio.get_running_loop()
    client = RedisClient(RedisAddress("127.0.0.1", server.port), loop.time)
    connection = RedisConnection(client, b"c", clock=loop.time, wait=1.0, chance=lambda: 0.0)
    with pytest.raises(RuntimeError, match="nobody listens"):
        await connection.__aenter__()
    await client.close()


async def test_a_bug_of_a_listener_does_not_end_the_store(
    server: ValkeyServer, caplog: pytest.LogCaptureFixture
):
    """An exception where none may be is logged, and the store found again."""

    class Odd:
        def __init__(self) -> None:
            self.begun = 0

        async def ready(self, *, anew: bool) -> None:
            self.begun += anew
            if self.begun == 1:
                raise ZeroDivisionError

        async def told(self, message: bytes) -> None:
            raise AssertionError("nothing is told here")

        def lost(self, silence: float) -> None:
            assert silence == 0.0

    odd = Odd()
    loop = asyncio.get_running_loop()
    client = RedisClient(RedisAddress("127.0.0.1", server.port), loop.time)
    facts: list[StoreFact] = []
    connection = RedisConnection(
        client, b"odd", clock=loop.time, wait=1.0, chance=lambda: 0.0, observers=(facts.append,)
    )
    connection.told_to(odd)
    async with connection:
        await until(lambda: connection.up)
    assert facts == [StoreTurned(False, "ZeroDivisionError"), StoreTurned(True, "")]
    assert [record.message for record in caplog.records if record.exc_info] == [
        "the shared store's task failed"
    ]


async def test_a_subscription_that_ended_is_not_made_anew(server: ValkeyServer):
    """What was lost is told as lost: a connection that came back by itself would have missed messages."""
    client = RedisClient(RedisAddress("127.0.0.1", server.port), asyncio.get_running_loop().time)
    try:
        subscription = await client.subscribe(b"c")
        await subscription.ping()
        assert await subscription.heard(1.0) == ""
        await subscription.close()
        with pytest.raises(StoreFailed, match=r"^ConnectionError$"):
            await subscription.ping()
        with pytest.raises(StoreFailed, match=r"^ConnectionError$"):
            await subscription.heard(1.0)
    finally:
        await client.close()


async def test_an_end_while_subscribing_leaves_no_socket(server: ValkeyServer):
    """A connection that is refused, answered with garbage or not at all raises StoreFailed, and is closed."""
    proxy = Proxy(server.port, garbage())
    await proxy.listen()
    client = RedisClient(RedisAddress("127.0.0.1", proxy.port), asyncio.get_running_loop().time)
    try:
        with pytest.raises(StoreFailed):
            await client.subscribe(b"c")
        proxy.behave(half_open(answer=0))
        subscribing = asyncio.ensure_future(client.subscribe(b"c"))
        await proxy.holding.wait()
        subscribing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await subscribing
    finally:
        await client.close()
        await proxy.stop()
