"""The whole stack of one service behind the proxy: what each policy makes of faults on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from adapters.facts import BreakerTurned, Fact, HeldBack, NotRetried, Retried
from adapters.messages import Request
from adapters.policies.breaker_state import BreakerRule
from adapters.policies.limit_rule import LimitRule
from adapters.policies.retry_decision import Retry
from adapters.service import Service
from adapters.stack import Upstream, open_service
from tests.adapters.wire import Act, Server, answer, says, serving
from tests.faults.calls import DELETE, GET, LATE, LOST, POST, REFUSED, SPOILT, UNREACHED, outcome
from tests.faults.leftovers import nothing_left
from tests.faults.proxy import (
    FAITHFUL,
    Fault,
    Proxy,
    close,
    drip,
    half_open,
    proxied,
    reset,
    reset_request,
    stall,
)
from tests.faults.skipped_time import skipped_time
from tests.graph.served import settled

ONCE = Retry(retries=0)
AT_ONCE = Retry(first=0.0)
OK = answer(b'{"id":1}')
BODY = b'{"id":1}'
TIMEOUT = 60.0


@dataclass
class Behind:
    """A service, the proxy before it, and what it was told."""

    server: Server
    proxy: Proxy
    upstream: Upstream
    facts: list[Fact]
    skip: Callable[[float], None]

    async def call(self, request: Request = GET) -> tuple[str, bool] | bytes:
        return await outcome(self.upstream.send, request)

    async def late(self, request: Request = GET) -> tuple[str, bool] | bytes:
        """A call whose connection the proxy holds in silence, until more time has passed than it has."""
        call = asyncio.create_task(self.call(request))
        await self.held()
        self.skip(TIMEOUT)
        return await call

    async def held(self) -> None:
        """Waits until the proxy holds a connection in silence, and what it said before has arrived."""
        async with asyncio.timeout(10):
            await self.proxy.holding.wait()
        self.proxy.holding.clear()
        await settled()

    @property
    def methods(self) -> list[str]:
        """Of the requests that arrived whole."""
        return [line.split()[0] for line in self.server.lines]

    def told(self, *kinds: type) -> list[Fact]:
        """The facts of these kinds; the waits of retries are chance, and left out."""
        found = [one for one in self.facts if isinstance(one, kinds)]
        return [replace(one, wait=0.0) if isinstance(one, Retried) else one for one in found]


@asynccontextmanager
async def behind(
    *faults: Fault, acts: tuple[Act, ...] = (says(OK),), **settings: Any
) -> AsyncIterator[Behind]:
    """The stack over a proxy with these faults, on the loop's clock, which is moved on by hand. Nothing is left."""
    facts: list[Fact] = []
    with skipped_time() as skip:
        async with nothing_left(), serving(*acts) as server, proxied(server.url, *faults) as proxy:
            service = Service("users", f"http://127.0.0.1:{proxy.port}", timeout=TIMEOUT, **settings)
            async with open_service(service, now, (facts.append,)) as upstream:
                yield Behind(server, proxy, upstream, facts, skip)


def now() -> float:
    return asyncio.get_running_loop().time()


def again(reason: str, attempt: int, request: Request = GET) -> Retried:
    return Retried("users", request.operation, reason, attempt, 0.0)


# Retry


async def test_a_read_whose_answer_was_lost_is_read_again():
    """Two resets, at the first byte and within the head, and then the answer: the caller sees nothing of it."""
    async with behind(reset(), reset(9), FAITHFUL, retry=AT_ONCE) as users:
        assert await users.call() == BODY
    assert users.methods == ["GET"] * 3
    assert users.told(Retried, NotRetried) == [again("Unavailable", 1), again("Unavailable", 2)]


async def test_a_change_whose_answer_was_lost_is_not_made_again():
    """A POST that was read and not answered has an unknown outcome; it was made once."""
    async with behind(reset(), FAITHFUL, retry=AT_ONCE) as users:
        assert await users.call(POST) == LOST
    assert users.methods == ["POST"]


async def test_a_change_with_a_key_is_sent_again():
    """With an idempotency key a second sending has no second effect, and the answer is the second one's."""
    async with behind(reset(), FAITHFUL, retry=AT_ONCE) as users:
        assert await users.call(replace(POST, keyed=True)) == BODY
    assert users.methods == ["POST"] * 2


async def test_a_change_that_its_own_first_attempt_made_is_not_told_as_failed():
    """DELETE worked, its answer was lost, and the second attempt is told 404: the outcome is unknown."""
    acts = says(answer(b"", "204 No Content")), says(answer(b"", "404 Not Found"))
    async with behind(reset(), FAITHFUL, acts=acts, retry=AT_ONCE) as users:
        assert await users.call(DELETE) == LOST
    assert users.methods == ["DELETE"] * 2


async def test_what_was_refused_may_be_sent_again_whatever_it_is():
    """A refused connection carried nothing: a POST too is tried as often as the settings say, and never sent."""
    async with behind(retry=AT_ONCE) as users:
        users.proxy.refuse()
        assert await users.call(POST) == UNREACHED
        assert users.told(Retried, NotRetried) == [
            again("Unavailable", 1, POST),
            again("Unavailable", 2, POST),
            NotRetried("users", "createUser", "Unavailable", "attempts"),
        ]
        await users.proxy.listen()
        assert await users.call(POST) == BODY
    assert users.methods == ["POST"]


async def test_an_answer_cut_short_is_not_asked_for_again():
    """A body that broke off would break off again."""
    async with behind(close(len(OK) - 1), FAITHFUL, retry=AT_ONCE) as users:
        assert await users.call() == SPOILT
    assert users.methods == ["GET"]


async def test_an_outage_costs_no_more_than_the_budget():
    """However many calls fail, the service sees but `burst` attempts and the share on top of them."""
    quiet = BreakerRule(enabled=False)
    async with behind(reset(), retry=Retry(first=0.0, burst=3, share=0.0), breaker=quiet) as users:
        assert [await users.call() for _ in range(8)] == [LOST] * 8
    assert len(users.server.requests) == 8 + 3


# Breaker


async def test_a_breaker_opens_and_closes_with_its_service():
    """Two resets open it: nothing connects any more. After its pause a probe goes; where it goes well, all do."""
    rule = BreakerRule(calls=2, failures=1.0, pause=5.0, probes=1)
    async with behind(reset(), retry=ONCE, breaker=rule) as users:
        assert [await users.call() for _ in range(4)] == [LOST, LOST, REFUSED, REFUSED]
        assert users.proxy.accepted == 2
        users.skip(5.0)
        users.proxy.refuse()
        assert [await users.call() for _ in range(2)] == [UNREACHED, REFUSED]
        users.skip(5.0)
        users.proxy.behave(FAITHFUL)
        await users.proxy.listen()
        assert [await users.call() for _ in range(2)] == [BODY, BODY]
        turns = users.told(BreakerTurned)
    states = ["open", "half-open", "open", "half-open", "closed"]
    assert turns == [BreakerTurned("users", None, state) for state in states]
    assert users.told(HeldBack) == [HeldBack("users", "listUsers", "breaker")] * 3


async def test_an_open_breaker_ends_the_attempts_of_a_call():
    """A call whose second attempt opens the breaker makes no third."""
    rule = BreakerRule(calls=2, failures=1.0)
    async with behind(reset(), retry=AT_ONCE, breaker=rule) as users:
        assert await users.call() == REFUSED
    assert users.methods == ["GET"] * 2


async def test_stalls_open_a_breaker():
    """A service that accepts and never answers is as bad as one that refuses."""
    rule = BreakerRule(calls=2, failures=1.0, window=600.0)
    async with behind(stall(), retry=ONCE, breaker=rule) as users:
        assert [await users.late(), await users.late(), await users.call()] == [LATE, LATE, REFUSED]
    assert users.proxy.accepted == 2


# Deadline


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
@pytest.mark.parametrize(
    "fault",
    [stall(), stall(9), stall(len(OK) - 1), half_open(9)],
    ids=["before the head", "in the head", "in the body", "half-open"],
)
async def test_silence_ends_with_the_deadline(fault: Fault, request_: Request):
    """Wherever an answer stops, the call ends in its time, as sent, and once; the next is served."""
    async with behind(fault, FAITHFUL, retry=AT_ONCE) as users:
        assert [await users.late(request_), await users.call(request_)] == [LATE, BODY]
    assert (users.methods, users.proxy.accepted) == ([request_.method] * 2, 2)


async def test_a_drip_does_not_renew_the_deadline():
    """A byte now and then, each well within the time, is still no answer in time."""
    async with behind(drip(1, pause=TIMEOUT / 4), FAITHFUL, retry=AT_ONCE) as users:
        call = asyncio.create_task(users.call())
        await users.server.arrived.wait()
        for _ in range(4):
            await settled()
            assert not call.done()
            users.skip(TIMEOUT / 4 + 0.001)
        assert [await call, await users.call()] == [LATE, BODY]


async def test_a_body_that_nobody_reads_ends_with_the_deadline():
    """A service that stops reading in the middle of a large request holds nobody up beyond the deadline."""
    large = replace(POST, body=b"x" * 16_000_000)
    async with behind(half_open(request=1000), FAITHFUL, retry=AT_ONCE) as users:
        assert [await users.late(large), await users.call(POST)] == [LATE, BODY]
    assert users.methods == ["POST"]


# Flight


async def test_those_who_share_a_call_share_its_end():
    """Five equal reads are one request; its reset is a failure of each one's own."""
    async with behind(reset(), retry=ONCE) as users:
        assert await asyncio.gather(*(users.call() for _ in range(5))) == [LOST] * 5
    assert users.methods == ["GET"]


async def test_those_who_share_a_call_share_its_attempts():
    """Five equal reads are tried again once, not five times."""
    async with behind(reset(), FAITHFUL, retry=AT_ONCE) as users:
        assert await asyncio.gather(*(users.call() for _ in range(5))) == [BODY] * 5
    assert users.methods == ["GET"] * 2


async def test_one_that_goes_leaves_a_stalled_call_to_the_others():
    """The first caller's end is not the call's; when the last one's time is up, the connection is closed."""
    async with behind(stall(), retry=ONCE) as users:
        first, *others = [asyncio.create_task(users.call()) for _ in range(4)]
        await users.held()
        first.cancel()
        await settled()
        assert (first.cancelled(), users.proxy.open) == (True, 1)
        users.skip(TIMEOUT)
        assert await asyncio.gather(*others) == [LATE] * 3
        await users.proxy.quiet()
    assert (users.methods, users.proxy.accepted) == (["GET"], 1)


# Limit


async def test_a_stalled_call_gives_up_its_place():
    """With one place, the next in the queue gets it once the stalled call's time is up."""
    async with behind(stall(), FAITHFUL, retry=ONCE, limit=LimitRule(calls=1)) as users:
        stalled = asyncio.create_task(users.call(replace(POST, deadline=now() + TIMEOUT / 2)))
        await users.held()
        queued = asyncio.create_task(users.call(POST))
        await settled()
        assert users.methods == ["POST"]
        users.skip(TIMEOUT / 2)
        assert [await stalled, await queued] == [LATE, BODY]
    assert users.methods == ["POST"] * 2


async def test_a_request_that_is_reset_gives_up_its_place():
    """A place is free again after a reset in the middle of a request."""
    async with behind(reset_request(9), FAITHFUL, retry=ONCE, limit=LimitRule(calls=1)) as users:
        assert [await users.call(POST), await users.call(POST)] == [LOST, BODY]
