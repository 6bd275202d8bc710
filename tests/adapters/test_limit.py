"""How calls wait for their turn: how many at once, at what pace, in whose order; and over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from adapters.facts import Dequeued, Fact, HeldBack, Queued
from adapters.failures import RateExceeded, Refused, TimedOut, Unavailable
from adapters.messages import Identity, Request, Response
from adapters.policies.limit import Limits
from adapters.policies.limit_rule import LimitRule
from adapters.policies.rate import Rate
from adapters.service import OperationRules, Service
from adapters.stack import open_service
from tests.adapters.wire import answer, says, serving

OK = Response(200, {}, b"ok")
SPENT = Response(200, {"ratelimit": '"day";r=0;t=30'}, b"")


def call(name: str, *, operation: str = "listUsers", deadline: float | None = None) -> Request:
    """A call whose caller is the first letter of its name."""
    identity = Identity(name[0], token=f"token-{name[0]}")
    return Request("users", operation, "GET", f"/{name}", safe=True, identity=identity, deadline=deadline)


class Timer(asyncio.TimerHandle):
    """A timer that rings when the test's clock is moved past it."""

    def __init__(self, at: float, rings: Callable[[], None]) -> None:
        super().__init__(at, rings, (), asyncio.get_running_loop())
        self.rings = rings


@dataclass
class Scripted:
    """The policy over a transport that answers when the test says so, under a clock and timers moved by hand."""

    rule: LimitRule = field(default_factory=lambda: LimitRule(calls=1))
    operations: dict[str, OperationRules] = field(default_factory=dict)
    credentials: str = "none"
    now: float = 100.0
    under_way: dict[str, asyncio.Future[Response]] = field(default_factory=dict)
    went: list[str] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)

    def __post_init__(self) -> None:
        service = Service(
            *("users", "http://localhost"),
            credentials=self.credentials,
            limit=self.rule,
            operations=self.operations,
            connections=3,
        )
        self.limits = Limits(
            service, lambda: self.now, lambda: 1.7e9 + self.now, (self.facts.append,), later=self.later
        )

    def later(self, seconds: float, rings: Callable[[], None]) -> asyncio.TimerHandle:
        self.timers.append(Timer(self.now + seconds, rings))
        return self.timers[-1]

    async def transport(self, request: Request) -> Response:
        name = request.target[1:]
        self.went.append(name)
        self.under_way[name] = asyncio.get_running_loop().create_future()
        try:
            return await self.under_way[name]
        finally:
            del self.under_way[name]

    def send(
        self, name: str, operation: str = "listUsers", deadline: float | None = None
    ) -> asyncio.Future[Response]:
        return asyncio.ensure_future(
            self.limits(call(name, operation=operation, deadline=deadline), self.transport)
        )

    async def sends(self, *names: str, operation: str = "listUsers") -> list[asyncio.Future[Response]]:
        """Begins the calls in this order, and says how far they come."""
        found = [self.send(name, operation) for name in names]
        await settled()
        return found

    async def answers(self, name: str, response: Response = OK) -> None:
        self.under_way[name].set_result(response)
        await settled()

    async def passes(self, seconds: float) -> None:
        """Time passes, and timers ring."""
        self.now += seconds
        for timer in list(self.timers):
            if timer.when() <= self.now + 1e-9 and not timer.cancelled():
                self.timers.remove(timer)
                timer.rings()
        await settled()


async def settled() -> None:
    """Everything that can go on without a further event has gone on."""
    for _ in range(10):
        await asyncio.sleep(0)


@asynccontextmanager
async def ending(*sent: asyncio.Future[Response]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for one in sent:
            one.cancel()
        await asyncio.gather(*sent, return_exceptions=True)


async def test_so_many_at_once_and_the_rest_in_fair_order():
    """Only so many calls are under way; whoever waits gets its turn when one ends, callers taking turns."""
    users = Scripted(LimitRule(calls=2))
    sent = await users.sends("a1", "a2", "a3", "a4", "b1")
    assert users.went == ["a1", "a2"]
    await users.answers("a2")
    assert users.went == ["a1", "a2", "a3"]
    for name in ("a1", "a3", "b1", "a4"):
        await users.answers(name)
    assert users.went == ["a1", "a2", "a3", "b1", "a4"]
    assert [one.result() for one in sent] == [OK] * 5
    assert users.facts[:3] == [Queued("users", "listUsers")] * 3
    assert users.facts[3:] == [Dequeued("users", "listUsers", 0.0)] * 3


async def test_a_service_takes_as_many_calls_as_it_has_connections():
    """Where nothing is said, calls wait here, in fair order, rather than for a socket."""
    users = Scripted(LimitRule())
    sent = await users.sends("a1", "a2", "a3", "a4")
    async with ending(*sent):
        assert users.went == ["a1", "a2", "a3"]


async def test_a_call_that_fails_makes_room_too():
    """However a call ends, the next one goes."""
    users = Scripted()
    sent = await users.sends("a1", "a2", "a3")
    users.under_way["a1"].set_exception(Unavailable("reset", sent=True))
    await settled()
    assert users.went == ["a1", "a2"]
    sent[1].cancel()
    await settled()
    assert users.went == ["a1", "a2", "a3"]
    await users.answers("a3")
    assert [type(one).__name__ for one in await asyncio.gather(*sent, return_exceptions=True)] == [
        *("Unavailable", "CancelledError", "Response")
    ]


async def test_a_full_queue_refuses():
    """Beyond its bound nobody waits: the newcomer is told to come back, and nothing was sent."""
    users = Scripted(LimitRule(calls=1, queue=1))
    sent = await users.sends("a1", "a2", "a3")
    async with ending(*sent):
        with pytest.raises(Refused) as caught:
            await sent[2]
        assert (type(caught.value), caught.value.retry_after, caught.value.sent) == (Refused, 1.0, False)
        assert str(caught.value) == "users: the queue is full, and listUsers was not called"
        assert users.facts == [Queued("users", "listUsers"), HeldBack("users", "listUsers", "queue")]


async def test_who_fills_the_queue_gives_way():
    """One caller's crowd does not keep another out of a full queue: its last call is refused instead."""
    users = Scripted(LimitRule(calls=1, queue=3))
    sent = await users.sends("a1", "a2", "a3", "a4", "b1")
    async with ending(*sent):
        with pytest.raises(Refused, match="the queue is full"):
            await sent[3]
        await users.answers("a1")
        await users.answers("a2")
        assert users.went == ["a1", "a2", "b1"]


async def test_who_waits_no_longer_leaves_the_queue():
    """A call that is given up while it waits takes nobody's turn."""
    users = Scripted()
    sent = await users.sends("a1", "a2", "a3")
    users.now += 2.0
    sent[1].cancel()
    await settled()
    await users.answers("a1")
    assert users.went == ["a1", "a3"]
    await users.answers("a3")
    assert users.facts[2] == Dequeued("users", "listUsers", 2.0)


async def test_a_turn_that_comes_too_late_is_passed_on():
    """A call that is given up in the moment in which its turn comes passes the turn on."""
    users = Scripted()
    sent = await users.sends("a1", "a2", "a3")
    users.under_way["a1"].set_result(OK)
    await asyncio.sleep(0)  # the call ends, and gives the next its turn
    sent[1].cancel()
    await settled()
    assert users.went == ["a1", "a3"]
    await users.answers("a3")
    assert (await asyncio.gather(*sent, return_exceptions=True))[2] == OK
    last = await users.sends("a4")
    assert users.went == ["a1", "a3", "a4"]
    async with ending(*last):
        pass


async def test_a_rate_is_kept_and_the_rest_wait():
    """At a stated rate calls go one by one in fair order, each when its time has come."""
    users = Scripted(LimitRule(calls=9, rate=Rate(2, 20.0), burst=1))
    sent = await users.sends("a1", "a2", "a3", "b1")
    async with ending(*sent):
        assert users.went == ["a1"]
        await users.passes(9.9)
        assert users.went == ["a1"]
        await users.passes(0.1)
        assert users.went == ["a1", "a2"]
        await users.passes(10.0)
        assert users.went == ["a1", "a2", "b1"]
        await users.passes(10.0)
        assert users.went == ["a1", "a2", "b1", "a3"]


async def test_a_wait_that_cannot_end_in_time_is_not_begun():
    """Where the rate leaves no turn before the deadline, the caller is told at once, and how long it would be."""
    users = Scripted(LimitRule(calls=9, rate=Rate(2, 20.0), burst=1))
    sent = await users.sends("a1", "a2")
    sent.append(users.send("b1", deadline=120.0))
    sent.append(users.send("b2", deadline=130.1))
    async with ending(*sent):
        with pytest.raises(RateExceeded) as caught:
            await asyncio.wait_for(sent[2], 5)
        assert (caught.value.retry_after, caught.value.sent) == (20.0, False)
        assert str(caught.value) == "users: its rate leaves no turn for listUsers within 20 s"
        assert users.facts[-2:] == [HeldBack("users", "listUsers", "rate"), Queued("users", "listUsers")]


async def test_a_service_that_says_it_is_spent_is_not_asked():
    """When an answer tells that nothing is left, the next call waits until the quota is renewed; no 429 is met."""
    users = Scripted(LimitRule(calls=9))
    sent = await users.sends("a1")
    await users.answers("a1", SPENT)
    sent += await users.sends("b1")
    with pytest.raises(RateExceeded) as caught:
        await users.send("b2", deadline=110.0)
    assert caught.value.retry_after == 30.0
    await users.passes(29.0)
    assert users.went == ["a1"]
    await users.passes(1.0)
    assert users.went == ["a1", "b1"]
    async with ending(*sent):
        pass


async def test_a_callers_own_quota_holds_only_that_caller():
    """Where calls carry the caller's token, services count callers one by one, and so it is here."""
    users = Scripted(LimitRule(calls=9), credentials="forward")
    sent = await users.sends("a1")
    await users.answers("a1", SPENT)
    sent += await users.sends("a2", "b1")
    assert users.went == ["a1", "b1"]
    await users.passes(30.0)
    assert users.went == ["a1", "b1", "a2"]
    async with ending(*sent):
        pass


async def test_an_answer_may_let_go_who_waits_for_time():
    """A later answer that tells of more lets waiting calls go before the time that was expected."""
    users = Scripted(LimitRule(calls=9))
    sent = await users.sends("a1", "a2")
    await users.answers("a1", SPENT)
    sent += await users.sends("a3")
    assert users.went == ["a1", "a2"]
    await users.answers("a2", Response(200, {"ratelimit": '"day";r=5;t=30'}, b""))
    assert users.went == ["a1", "a2", "a3"]
    async with ending(*sent):
        pass


async def test_no_more_go_than_an_answer_says_are_left():
    """Of those who wait only as many get a turn as the quota has left, whoever they are."""
    users = Scripted(LimitRule(calls=9))
    sent = await users.sends("a1", "a2")
    await users.answers("a1", SPENT)
    sent += await users.sends("b1", "c1")
    await users.answers("a2", Response(200, {"ratelimit": '"day";r=1;t=30'}, b""))
    assert users.went == ["a1", "a2", "b1"]
    async with ending(*sent):
        pass


async def test_the_timer_is_set_for_who_comes_first():
    """Where several wait for their time, the shortest wait ends when it should."""
    slow = OperationRules(limit=LimitRule(rate=Rate(1, 100.0)))
    users = Scripted(LimitRule(calls=9, rate=Rate(1, 10.0)), operations={"search": slow})
    sent = await users.sends("a1", "a2")
    sent += await users.sends("s1", "s2", operation="search")
    assert users.went == ["a1", "s1"]
    await users.passes(10.0)
    assert users.went == ["a1", "s1", "a2"]
    await users.passes(90.0)
    assert users.went == ["a1", "s1", "a2", "s2"]
    async with ending(*sent):
        pass


async def test_answers_are_not_heeded_where_the_project_says_so():
    """With `learn = false` what a service tells of its limits changes nothing."""
    users = Scripted(LimitRule(calls=9, learn=False))
    sent = await users.sends("a1")
    await users.answers("a1", SPENT)
    sent += await users.sends("a2")
    assert users.went == ["a1", "a2"]
    async with ending(*sent):
        pass


async def test_an_operation_counts_by_itself_what_it_says():
    """An operation's own `calls` is not the service's; its rate, of which it says nothing, is counted together."""
    own = OperationRules(limit=LimitRule(calls=1))
    users = Scripted(LimitRule(calls=1, rate=Rate(3, 30.0), burst=3), operations={"report": own})
    sent = await users.sends("a1", "a2")
    sent += await users.sends("r1", "r2", operation="report")
    assert users.went == ["a1", "r1"]
    await users.answers("a1")
    assert users.went == ["a1", "r1", "a2"]
    await users.answers("r1")
    assert users.went == ["a1", "r1", "a2"]  # three calls in any half minute
    await users.passes(30.0)
    assert users.went == ["a1", "r1", "a2", "r2"]
    async with ending(*sent):
        pass


async def test_what_an_operations_answers_tell_holds_for_it_alone():
    """An operation with a rule of its own, be it empty, keeps what it is told to itself, and hears no more."""
    users = Scripted(LimitRule(calls=9), operations={"search": OperationRules(limit=LimitRule())})
    sent = await users.sends("s1", operation="search")
    await users.answers("s1", SPENT)
    sent += await users.sends("s2", operation="search")
    sent += await users.sends("a1")
    assert users.went == ["s1", "a1"]
    await users.answers("a1", SPENT)
    sent += await users.sends("a2")
    assert users.went == ["s1", "a1"]
    await users.passes(30.0)
    assert users.went == ["s1", "a1", "a2", "s2"]
    async with ending(*sent):
        pass


async def test_operations_that_share_room_take_turns():
    """An operation with a rate of its own shares the service's room, and neither starves the other."""
    own = OperationRules(limit=LimitRule(rate=Rate(100, 1.0), burst=50))
    users = Scripted(LimitRule(calls=1), operations={"search": own})
    sent = await users.sends("a1", "a2", "a3")
    sent += await users.sends("s1", "s2", operation="search")
    for name in ("a1", "a2", "s1", "a3", "s2"):
        await users.answers(name)
    assert users.went == ["a1", "a2", "s1", "a3", "s2"]
    await asyncio.gather(*sent)


async def test_closing_ends_all_waits():
    """When the service is closed nobody waits on: those in the queue get `Unavailable`, and no timer is left."""
    users = Scripted(LimitRule(calls=9, rate=Rate(2, 20.0), burst=1))
    sent = await users.sends("a1", "a2", "a3")
    async with ending(*sent):
        users.limits.close()
        for one in sent[1:]:
            with pytest.raises(Unavailable, match="closed") as caught:
                await one
            assert caught.value.sent is False
        assert [one.cancelled() for one in users.timers] == [True] * len(users.timers)
        users.limits.close()


async def test_over_sockets_calls_wait_for_room_and_then_go():
    """Many calls at once over few places: never more connections than places, and every call is answered."""
    async with serving(says(answer())) as server:
        service = Service("users", server.url, limit=LimitRule(calls=2))
        loop = asyncio.get_running_loop()
        async with open_service(service, loop.time) as upstream:
            found = await asyncio.gather(*(upstream.send(call(f"a{number}")) for number in range(20)))
    assert [one.status for one in found] == [200] * 20
    assert (len(server.requests), server.connections) == (20, 2)


async def test_over_sockets_a_real_timer_keeps_the_rate():
    """A rate is kept by the loop's own timer: the calls beyond the burst go, later."""
    facts: list[Fact] = []
    async with serving(says(answer())) as server:
        service = Service("users", server.url, limit=LimitRule(rate=Rate(50, 1.0), burst=2))
        loop = asyncio.get_running_loop()
        async with open_service(service, loop.time, (facts.append,)) as upstream:
            started = loop.time()
            found = await asyncio.gather(*(upstream.send(call(f"a{number}")) for number in range(5)))
            took = loop.time() - started
    assert [one.status for one in found] == [200] * 5
    assert len([one for one in facts if isinstance(one, Dequeued)]) == 3
    # From below only, and from before the first call: a slow machine can but lengthen it.
    assert took >= 0.99 * 3 / 50


async def test_over_sockets_queueing_counts_and_ends_with_the_deadline():
    """Waiting for room is part of the call's time: when that ends, the call was not sent."""
    async with serving(says()) as server:
        service = Service("users", server.url, limit=LimitRule(calls=1))
        loop = asyncio.get_running_loop()
        async with open_service(service, loop.time) as upstream:
            holding = asyncio.ensure_future(upstream.send(call("a1")))
            await server.arrived.wait()
            with pytest.raises(TimedOut) as caught:
                await upstream.send(call("a2", deadline=loop.time() + 0.05))
        with pytest.raises(Unavailable):
            await holding
    assert caught.value.sent is False
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"calls": 0}, "limit: calls must be at least 1"),
        ({"queue": -1}, "limit: queue must be at least 0"),
        ({"burst": 1}, "limit: burst is of a rate, and there is none"),
        (
            {"rate": Rate(5, 1.0), "burst": 6},
            "limit: burst must be at least 1, and at most the calls of the rate",
        ),
    ],
)
def test_a_rule_that_cannot_work_is_refused(wrong: dict[str, int], said: str):
    """Bounds that contradict each other, or let nothing through, are refused when the rule is made."""
    with pytest.raises(ValueError, match=f"^{said}$"):
        LimitRule(**wrong)  # type: ignore[arg-type]  # each is of its field's kind
