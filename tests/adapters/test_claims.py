"""Equal changes under one client's key are one among replicas that share a store, over a real server."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.facts import Fact, KeyMet
from adapters.failures import KeyReused, TimedOut, Unavailable
from adapters.messages import Departure, Once, Request, Response
from adapters.policies.claims import MARGIN, UNBOUNDED, lease
from adapters.policies.known_keys import Idempotency
from adapters.service import Service
from adapters.sharing.shared_keys import Answered, Claim, Elsewhere, Mine
from adapters.stack import Upstream
from tests.adapters.store_server import (
    Replica,
    ValkeyServer,
    keys_of,
    new_prefix,
    replica,
    until,
    valkey,
)
from tests.adapters.wire import Connection, answer, says, says_and_resets, serving
from tests.faults.proxy import Proxy

PAY = Request(
    *("payments", "pay", "POST", "/payments", {"idempotency-key": "8e03978e"}),
    body=b"{}",
    keyed=True,
    once=Once("8e03978e", b"digest-1"),
)
PAID = answer(b'{"id":1}', "201 Created", "content-type: application/json")


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
class Gateway:
    """One replica: its stack for the payments service, and what was told of it."""

    upstream: Upstream
    replica: Replica
    facts: list[Fact] = field(default_factory=list[Fact])

    @property
    def met(self) -> list[str]:
        return [one.outcome for one in self.facts if isinstance(one, KeyMet)]

    async def pay(self, request: Request = PAY) -> Response:
        return await self.upstream.send(replace(request, departure=Departure()))


class Gateways:
    """Replicas of one gateway, over one store."""

    def __init__(self, stack: AsyncExitStack, port: int) -> None:
        self._stack = stack
        self.port = port
        self.prefix = new_prefix()

    async def open(
        self, url: str, *, seconds: float = 5.0, port: int | None = None, rule: Idempotency | None = None
    ) -> Gateway:
        made = await self._stack.enter_async_context(replica(port or self.port, self.prefix))
        clock = asyncio.get_running_loop().time
        facts: list[Fact] = []
        service = Service("payments", url, timeout=seconds, idempotency=rule or Idempotency())
        upstream = Upstream(service, clock, (facts.append,), keys=made.shared.keys)
        await self._stack.enter_async_context(upstream)
        return Gateway(upstream, made, facts)


@pytest.fixture
async def gateways(server: ValkeyServer) -> AsyncIterator[Gateways]:
    async with AsyncExitStack() as stack:
        yield Gateways(stack, server.port)


class Gate:
    """An act that waits before it answers: what is under way stays so until it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()

    async def __call__(self, connection: Connection) -> None:
        await self.open.wait()
        await connection.say(PAID)


async def test_a_change_is_made_once_whichever_replica_is_asked(gateways: Gateways):
    """What succeeded at one replica is answered by another without a call: the same answer, told as shared."""
    async with serving(says(PAID)) as service:
        one, two = await gateways.open(service.url), await gateways.open(service.url)
        first = await one.pay()
        second = await two.pay()
        third = await two.pay()
    assert (first.status, first.body, first.headers["content-type"]) == (201, b'{"id":1}', "application/json")
    assert first == second == third
    assert (first.shared, second.shared, third.shared) == (False, True, True)
    assert len(service.requests) == 1
    assert (one.met, two.met) == ([], ["replayed", "replayed"])


async def test_changes_at_once_at_two_replicas_are_one_call(gateways: Gateways):
    """Whoever comes to another replica while the first is under way waits for its answer there."""
    gate = Gate()
    async with serving(gate) as service:
        one, two = await gateways.open(service.url), await gateways.open(service.url)
        first = asyncio.ensure_future(one.pay())
        await service.arrived.wait()
        others = [
            asyncio.ensure_future(two.pay()) for _ in range(3)
        ]  # which begin after the next line's call
        with pytest.raises(KeyReused):
            await two.pay(replace(PAY, once=Once("8e03978e", b"digest-2")))
        gate.open.set()
        answers = [await first, *await asyncio.gather(*others)]
    assert [one.body for one in answers] == [b'{"id":1}'] * 4
    assert len(service.requests) == 1
    assert sorted(two.met) == ["joined", "joined", "joined", "reused"]


async def test_however_many_come_each_change_is_made_once(gateways: Gateways):
    """Twenty changes, each sent three times by each of three replicas' clients at once: twenty calls, and whoever
    asked got the answer that the change's one call got.
    """

    async def numbered(connection: Connection) -> None:
        number = len(service.requests)
        await asyncio.sleep(0.001 * (number % 3))
        await connection.say(answer(b"%d" % number, "201 Created"))

    async with serving(numbered) as service:
        replicas = [await gateways.open(service.url) for _ in range(3)]
        once = [Once(f"key-{number}", b"digest") for number in range(20)]
        asking = [each.pay(replace(PAY, once=one)) for one in once for each in replicas for _ in range(3)]
        answers = await asyncio.gather(*asking)
    bodies = [{one.body for one in answers[at : at + 9]} for at in range(0, len(answers), 9)]
    assert [len(each) for each in bodies] == [1] * 20
    assert len(set().union(*bodies)) == len(service.requests) == 20
    met = [outcome for each in replicas for outcome in each.met]
    assert (len(met), set(met) <= {"joined", "replayed"}) == (160, True)


async def test_a_store_that_goes_while_a_change_is_made_stops_nothing(
    gateways: Gateways, server: ValkeyServer
):
    """The change is answered, though its end cannot be told; its claim ends by itself, and then the service is asked
    again under the same key.
    """
    gate = Gate()
    proxy = Proxy(server.port)
    await proxy.listen()
    try:
        async with serving(gate) as service:
            cut_off = await gateways.open(service.url, port=proxy.port, seconds=0.5)
            two = await gateways.open(service.url)
            paying = asyncio.ensure_future(cut_off.pay())
            await service.arrived.wait()
            proxy.refuse()
            proxy.cut()
            await cut_off.replica.until_up(False)
            gate.open.set()
            assert (await paying).status == 201
            assert ("key", False) in cut_off.replica.bypassed
            assert (await two.pay()).status == 201
    finally:
        await proxy.stop()
    assert len(service.requests) == 2
    assert [service.headers(at)["idempotency-key"] for at in range(2)] == ["8e03978e"] * 2


async def test_another_payload_is_refused_at_any_replica(gateways: Gateways):
    """Reuse of a key with another payload is KeyReused (the draft's section 2.7), and nothing is sent."""
    async with serving(says(PAID)) as service:
        one, two = await gateways.open(service.url), await gateways.open(service.url)
        await one.pay()
        with pytest.raises(KeyReused, match="payments: the client's key was used for another pay") as caught:
            await two.pay(replace(PAY, once=Once("8e03978e", b"digest-2")))
        assert not caught.value.sent
        assert (await two.pay()).shared
    assert len(service.requests) == 1
    assert two.met == ["reused", "replayed"]


async def test_another_key_and_another_service_are_other_changes(gateways: Gateways):
    """A key stands for one change of one service."""
    async with serving(says(PAID)) as service:
        one, two = await gateways.open(service.url), await gateways.open(service.url)
        await one.pay()
        await two.pay(replace(PAY, once=Once("other", b"digest-1")))
        await two.pay(replace(PAY, service="ledger"))
        await two.pay(replace(PAY, once=None))
    assert len(service.requests) == 4


async def test_a_lost_answer_is_asked_for_again_at_another_replica(gateways: Gateways):
    """Where the first answer was lost the other replica sends the change again, with the same key; another payload
    is refused all the same.
    """
    async with serving(says_and_resets(), says(PAID)) as service:
        quick = replace(PAY, keyed=False)  # or this replica's own retry would come before
        one, two = await gateways.open(service.url), await gateways.open(service.url)
        with pytest.raises(Unavailable) as caught:
            await one.pay(quick)
        assert caught.value.sent
        await until(lambda: not one.upstream._claims._landing)  # type: ignore[union-attr]
        with pytest.raises(KeyReused):
            await two.pay(replace(quick, once=Once("8e03978e", b"digest-2")))
        assert (await two.pay(quick)).status == 201
        assert (await one.pay(quick)).shared
    assert len(service.requests) == 2


async def test_an_answer_that_is_no_success_is_asked_for_again(gateways: Gateways):
    """A refusal is the service's to repeat or to think over: it is not kept for other replicas."""
    async with serving(says(answer(b"{}", "409 Conflict")), says(PAID)) as service:
        one, two = await gateways.open(service.url), await gateways.open(service.url)
        assert (await one.pay()).status == 409
        assert (await two.pay()).status == 201
    assert len(service.requests) == 2


async def test_what_never_left_binds_nothing(gateways: Gateways, server: ValkeyServer):
    """A change that was not sent leaves no trace in the store: its key is as good as new, for another payload too."""
    async with serving(says(PAID)) as service:
        refused = await gateways.open("http://127.0.0.1:1")
        two = await gateways.open(service.url)
        with pytest.raises(Unavailable):
            await refused.pay(replace(PAY, keyed=False))
        await until(lambda: keys_of(server, gateways.prefix) == [])
        assert (await two.pay(replace(PAY, once=Once("8e03978e", b"digest-2")))).status == 201


async def test_who_waits_too_long_says_that_it_may_have_been_sent(gateways: Gateways):
    """A wait for another replica's change that ends by its deadline is of unknown outcome, not of none."""
    gate = Gate()
    async with serving(gate) as service:
        one = await gateways.open(service.url)
        two = await gateways.open(service.url, seconds=0.1)
        first = asyncio.ensure_future(one.pay())
        await service.arrived.wait()
        with pytest.raises(TimedOut) as caught:
            await two.pay()
        assert caught.value.sent
        gate.open.set()
        await first
    assert len(service.requests) == 1


async def test_the_claim_of_a_replica_that_died_ends(gateways: Gateways, server: ValkeyServer):
    """Whoever waits for a replica that is no more sends the change when its claim is over, under the same key."""
    async with serving(says(PAID)) as service:
        two = await gateways.open(service.url)
        dead = two.replica.shared.keys
        assert PAY.once is not None
        assert await dead.claim("payments", PAY.once, lease=0.15, keep=60) is not None
        assert (await two.pay()).status == 201
    assert len(service.requests) == 1


async def test_a_late_end_ends_no_other_claim(gateways: Gateways):
    """Whoever lost a claim by time ends the next one's no more, unless by an answer, which is one for all."""
    keys = (await gateways.open("http://127.0.0.1:1")).replica.shared.keys
    once = Once("key", b"digest")
    first = await keys.claim("payments", once, lease=0.001, keep=60)
    second: Claim | None = None
    while not isinstance(second, Mine):
        second = await keys.claim("payments", once, lease=60, keep=60)
    assert isinstance(first, Mine)
    assert (first.first, second.first) == (True, False)
    for sent in (True, False):
        await keys.land("payments", once, first, None, sent=sent, keep=60)
        assert isinstance(await keys.claim("payments", once, lease=60, keep=60), Elsewhere)
    made = Response(201, {"location": "/1"}, b"{}")
    await keys.land("payments", once, first, made, sent=True, keep=60)
    assert await keys.claim("payments", once, lease=60, keep=60) == Answered(made)
    await keys.land("payments", once, second, None, sent=False, keep=60)
    assert await keys.claim("payments", once, lease=60, keep=60) == Answered(made)


async def test_without_the_store_each_replica_goes_on(gateways: Gateways):
    """A store that is away stops no change, and is told of; this process still knows its own."""
    async with serving(says(PAID)) as service:
        alone = await gateways.open(service.url, port=1)
        assert (await alone.pay()).status == 201
        assert (await alone.pay()).shared
        assert (await alone.pay(replace(PAY, once=Once("other", b"d")))).status == 201
    assert alone.replica.bypassed == [("key", False)] * 2
    assert len(service.requests) == 2


async def test_an_answer_too_large_is_not_kept_for_others(gateways: Gateways):
    """Of an answer over an eighth of the memory only what it was given for is known: the service is asked again."""
    large = answer(b"x" * 2000, "201 Created")
    async with serving(says(large)) as service:
        rule = Idempotency(memory=8192)
        one, two = await gateways.open(service.url, rule=rule), await gateways.open(service.url, rule=rule)
        await one.pay()
        with pytest.raises(KeyReused):
            await two.pay(replace(PAY, once=Once("8e03978e", b"digest-2")))
        assert not (await two.pay()).shared
    assert len(service.requests) == 2


async def test_keys_are_forgotten_in_time(gateways: Gateways, server: ValkeyServer):
    """After `keep` seconds nothing is left in the store of a change and its answer."""
    async with serving(says(PAID)) as service:
        one = await gateways.open(service.url, rule=Idempotency(keep=0.2))
        await one.pay()
        assert len(keys_of(server, gateways.prefix)) == 1
        await until(lambda: keys_of(server, gateways.prefix) == [])


async def test_nothing_readable_stands_in_a_key(gateways: Gateways, server: ValkeyServer):
    """The store's key says neither the client's key nor the service."""
    async with serving(says(PAID)) as service:
        one = await gateways.open(service.url)
        await one.pay()
    (name,) = keys_of(server, gateways.prefix)
    assert b"8e03978e" not in name
    assert b"payments" not in name


async def test_what_is_no_answer_of_ours_is_not_answered(gateways: Gateways, server: ValkeyServer):
    """Bytes in the store that are no answer count as nothing: the change is sent."""
    async with serving(says(PAID)) as service:
        one, two = await gateways.open(service.url), await gateways.open(service.url)
        await one.pay()
        (name,) = keys_of(server, gateways.prefix)
        with redis.Redis(port=server.port) as client:
            client.hset(name, "a", b"\x80\x81nonsense")
        assert not (await two.pay()).shared
    assert len(service.requests) == 2


async def test_an_answer_that_cannot_be_kept_gives_its_claim_back(gateways: Gateways, server: ValkeyServer):
    """A header that is no UTF-8 is not kept: the change ends, and another replica sends it under the same key."""
    strange = answer(b"{}", "201 Created", "x-name: \xff")
    async with serving(says(strange)) as service:
        one, two = await gateways.open(service.url), await gateways.open(service.url)
        assert (await one.pay()).headers["x-name"] == "\udcff"
        (name,) = keys_of(server, gateways.prefix)
        with redis.Redis(port=server.port) as client:
            assert client.hkeys(name) == [b"p"]
        assert not (await two.pay()).shared
    assert len(service.requests) == 2


async def test_closing_tells_the_end_of_what_was_given_up(gateways: Gateways, server: ValkeyServer):
    """A change that is cancelled, as its replica stops, gives its claim back before the stack is closed."""
    gate = Gate()
    async with serving(gate) as service:
        one = await gateways.open(service.url)
        paying = asyncio.ensure_future(one.pay())
        await service.arrived.wait()
        paying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await paying
        await one.upstream.close()
        (name,) = keys_of(server, gateways.prefix)
        with redis.Redis(port=server.port) as client:
            assert client.hkeys(name) == [b"p"]
        gate.open.set()
        await service.hung_up.wait()


@given(st.none() | st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_claim_outlives_its_change(deadline: float | None, now: float):
    """A claim ends after its change can have ended, and never later than a margin after its deadline."""
    found = lease(deadline, now)
    if deadline is None:
        assert found == UNBOUNDED
    else:
        assert found == max(0.0, deadline - now) + MARGIN
