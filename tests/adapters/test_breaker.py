"""The breaker in its places: what it stops, what it learns from, whom it tells; and over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

import pytest

from adapters.facts import BreakerTurned, Fact, HeldBack
from adapters.failures import NotSent, Refused, TimedOut, Unavailable
from adapters.messages import Request, Response, Send
from adapters.policies.breaker import Breakers
from adapters.policies.breaker_state import BreakerRule
from adapters.policies.retry_decision import Retry
from adapters.service import OperationRules, Service
from adapters.stack import open_service, stack
from tests.adapters.wire import answer, says, says_and_resets, serving

READ = Request("users", "listUsers", "GET", "/users", safe=True)
REPORT = Request("users", "report", "GET", "/report", safe=True)
OK, BROKEN = Response(200, {}, b"ok"), Response(500, {}, b"")
RULE = BreakerRule(calls=2, failures=1.0, pause=5.0, probes=1)


@dataclass
class Scripted:
    """Both places of the breaker over a transport that does what it is told, under a clock moved by hand."""

    rule: BreakerRule = RULE
    operations: dict[str, OperationRules] = field(default_factory=dict)
    now: float = 100.0
    outcome: Response | BaseException | asyncio.Future[Response] = OK
    calls: list[str] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    takes: float = 0.0

    def __post_init__(self) -> None:
        service = Service("users", "http://localhost", breaker=self.rule, operations=self.operations)
        self.breakers = Breakers(service, lambda: self.now, (self.facts.append,))
        self.send: Send = stack(self.breakers.gate, self.breakers.judge, transport=self.transport)

    async def transport(self, request: Request) -> Response:
        self.calls.append(request.operation)
        self.now += self.takes
        if isinstance(self.outcome, asyncio.Future):
            return await self.outcome
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    async def fails(self, times: int = 2, request: Request = READ) -> None:
        self.outcome = BROKEN
        for _ in range(times):
            assert await self.send(request) == BROKEN


async def test_an_open_breaker_answers_at_once():
    """After too many failures nothing goes out: callers are told, and when the next try is."""
    users = Scripted()
    await users.fails()
    users.now += 1.5
    with pytest.raises(Refused) as caught:
        await users.send(READ)
    assert (caught.value.retry_after, caught.value.sent) == (3.5, False)
    assert str(caught.value) == (
        "users: the breaker of the service is open, and listUsers was not called; the next try is in 4 s"
    )
    assert users.calls == ["listUsers"] * 2
    assert users.facts == [BreakerTurned("users", None, "open"), HeldBack("users", "listUsers", "breaker")]


async def test_a_service_that_is_well_again_is_asked_again():
    """After the pause one probe goes; when it goes well, everything does, and each turn is told once."""
    users = Scripted()
    await users.fails()
    users.now += 5.0
    users.outcome = OK
    assert [await users.send(READ) for _ in range(3)] == [OK] * 3
    turns = [one.state for one in users.facts if isinstance(one, BreakerTurned)]
    assert turns == ["open", "half-open", "closed"]
    assert len(users.calls) == 5


async def test_a_service_that_is_still_ill_gets_one_probe_a_pause():
    """A probe that fails opens the breaker for another pause, however many wait for it."""
    users = Scripted()
    await users.fails()
    users.now += 5.0
    users.outcome = asyncio.get_running_loop().create_future()
    probe = asyncio.ensure_future(users.send(READ))
    await asyncio.sleep(0)
    with pytest.raises(Refused) as caught:
        await users.send(READ)
    assert caught.value.retry_after == 1.0
    users.outcome.set_exception(Unavailable("refused", sent=False))
    with pytest.raises(Unavailable):
        await probe
    with pytest.raises(Refused) as caught:
        await users.send(READ)
    assert caught.value.retry_after == 5.0
    assert len(users.calls) == 3


async def test_a_probe_that_is_given_up_frees_its_place():
    """A probe whose caller goes away says nothing: the next call is the probe."""
    users = Scripted()
    await users.fails()
    users.now += 5.0
    users.outcome = asyncio.get_running_loop().create_future()
    probe = asyncio.ensure_future(users.send(READ))
    await asyncio.sleep(0)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    users.outcome = OK
    assert await users.send(READ) == OK


async def test_an_operation_with_a_rule_of_its_own_has_a_breaker_of_its_own():
    """What such an operation does opens its own breaker and no other; the others do not open its."""
    users = Scripted(operations={"report": OperationRules(breaker=RULE), "search": OperationRules()})
    await users.fails(request=REPORT)
    with pytest.raises(Refused, match="the breaker of report is open"):
        await users.send(REPORT)
    users.outcome = OK
    assert await users.send(READ) == OK
    users.now += 60.0
    search = Request("users", "search", "GET", "/search", safe=True)
    await users.fails(request=search, times=1)
    await users.fails(request=READ, times=1)
    with pytest.raises(Refused, match="the breaker of the service is open"):
        await users.send(search)
    assert [one for one in users.facts if isinstance(one, BreakerTurned)] == [
        BreakerTurned("users", "report", "open"),
        BreakerTurned("users", None, "open"),
    ]


async def test_an_open_breaker_of_the_service_does_not_stop_an_operation_with_its_own():
    """An operation with a breaker of its own is held to that one only."""
    users = Scripted(operations={"report": OperationRules(breaker=RULE)})
    await users.fails(request=READ)
    users.outcome = OK
    assert await users.send(REPORT) == OK


async def test_what_was_queued_while_the_breaker_opened_is_not_sent():
    """Between the breaker's two places calls wait: who comes out when it is open is refused there."""
    users = Scripted()
    turn = asyncio.Event()

    async def queue(request: Request, send: Send) -> Response:
        if request is REPORT:
            await turn.wait()
        return await send(request)

    users.send = stack(users.breakers.gate, queue, users.breakers.judge, transport=users.transport)
    waiting = asyncio.ensure_future(users.send(REPORT))
    await asyncio.sleep(0)
    await users.fails()
    turn.set()
    with pytest.raises(Refused):
        await waiting
    assert users.calls == ["listUsers"] * 2


@pytest.mark.parametrize(
    "outcome", [NotSent("forbidden"), Refused("full", retry_after=1.0), KeyError("ours")]
)
async def test_what_says_nothing_of_the_service_opens_nothing(outcome: Exception):
    """Refusals on this side, and faults of our own, never open a breaker."""
    users = Scripted(outcome=outcome)
    for _ in range(10):
        with pytest.raises(type(outcome)):
            await users.send(READ)
    assert len(users.calls) == 10
    assert users.facts == []


async def test_a_service_that_hangs_is_broken_though_each_caller_gives_up():
    """A call given up after half of the service's timeout counts as failed; one given up earlier does not."""
    users = Scripted(outcome=asyncio.CancelledError(), takes=4.9)
    for _ in range(4):
        with pytest.raises(asyncio.CancelledError):
            await users.send(READ)
    assert users.facts == []
    users.takes = 5.0
    for _ in range(2):
        with pytest.raises(asyncio.CancelledError):
            await users.send(READ)
    assert users.facts == [BreakerTurned("users", None, "open")]


async def test_a_breaker_that_is_off_lets_everything_through():
    """`enabled = false` counts nothing and stops nothing."""
    users = Scripted(rule=BreakerRule(enabled=False, calls=1, failures=0.1))
    await users.fails(50)
    assert (len(users.calls), users.facts) == (50, [])


async def test_closing_tells_that_no_breaker_is_open():
    """When a service is called no more, as after a reload, nobody goes on believing that its breaker is open."""
    users = Scripted(operations={"report": OperationRules(breaker=RULE)})
    await users.fails()
    users.facts.clear()
    users.breakers.close()
    assert users.facts == [BreakerTurned("users", None, "closed")]


async def test_over_sockets_a_dead_service_is_left_alone():
    """A service that resets every connection is asked until its breaker opens, and not once more."""
    rule = BreakerRule(calls=3, failures=1.0, pause=60.0)
    async with serving(says_and_resets()) as server:
        service = Service("users", server.url, breaker=rule, retry=Retry(retries=0))
        loop = asyncio.get_running_loop()
        async with open_service(service, loop.time) as upstream:
            found = [await _failure(upstream.send(READ)) for _ in range(6)]
    assert found == ["Unavailable"] * 3 + ["Refused"] * 3
    assert len(server.requests) == 3


async def test_over_sockets_a_service_that_hangs_is_left_alone_and_then_found_again():
    """Timeouts open the breaker; after the pause the service answers, and is asked as before."""
    rule = BreakerRule(calls=2, failures=1.0, pause=0.05, probes=1)
    async with serving(says(), says(), says(answer())) as server:
        service = Service("users", server.url, breaker=rule, timeout=0.2, retry=Retry(retries=0))
        loop = asyncio.get_running_loop()
        skew = 0.0  # the pause passes by the clock, and nobody waits for it
        async with open_service(service, lambda: loop.time() + skew) as upstream:
            found = [await _failure(upstream.send(READ)) for _ in range(2)]
            skew = 10.0
            assert (await upstream.send(READ)).status == 200
            assert (await upstream.send(READ)).status == 200
    assert found == [TimedOut.__name__] * 2
    assert len(server.requests) == 4


async def _failure(sending: Awaitable[Response]) -> str:
    with pytest.raises((Unavailable, TimedOut)) as caught:
        await sending
    return type(caught.value).__name__
