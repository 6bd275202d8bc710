"""The stack: its order, its facts, and one service opened, called and closed over real sockets."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import pytest

import adapters.stack
from adapters.caching.cache_store import InProcessStore
from adapters.facts import CallEnded, CallStarted, Fact, ended, watch
from adapters.failures import TimedOut, Unavailable
from adapters.messages import Identity, Policy, Request, Response, Send
from adapters.service import Service
from adapters.stack import open_service, stack
from tests.adapters.wire import answer, says, serving

READ = Request("users", "listUsers", "GET", "/users", safe=True, identity=Identity("p1", "token1"))
OK = Response(200, {}, b"ok")


def loop_time() -> float:
    return asyncio.get_running_loop().time()


async def test_the_first_policy_is_outermost():
    """Policies run in the order given, down to the transport and back up."""
    seen: list[str] = []

    def named(name: str) -> Policy:
        async def policy(request: Request, send: Send) -> Response:
            seen.append(f"{name} down")
            response = await send(request)
            seen.append(f"{name} up")
            return response

        return policy

    async def transport(request: Request) -> Response:
        seen.append("transport")
        return OK

    assert await stack(named("a"), named("b"), transport=transport)(READ) == OK
    assert seen == ["a down", "b down", "transport", "b up", "a up"]
    assert await stack(transport=transport)(READ) == OK


def test_the_policies_stand_in_the_order_that_is_written_down(monkeypatch: pytest.MonkeyPatch):
    """A service's stack is the module's own table, row by row; what wraps a real call comes before the watch."""
    composed: list[Policy] = []

    def compose(*policies: Policy, transport: Send) -> Send:
        composed[:] = [*composed, *policies]
        return transport

    async def around(request: Request, send: Send) -> Response:
        return await send(request)

    monkeypatch.setattr("adapters.stack.stack", compose)
    more: dict[str, Any] = {"store": InProcessStore(1 << 20, loop_time), "keys": object()}
    service = Service("users", "http://127.0.0.1:9", budget_header="x-left")
    open_service(service, loop_time, (print,), around=(around,), **more)
    rows = re.findall(r"^\| \d+ \| `?(\w+)`? \|", adapters.stack.__doc__ or "", re.MULTILINE)
    assert rows == [
        "fallback",
        "deadline",
        "credentials",
        "idempotency",
        "claims",
        "cache",
        "flight",
        "retry",
        "breaker",
        "limit",
        "judge",
        "budget",
        "around",
        "watch",
        "transport",
    ]
    # The last one is the deadline of the health probe, which passes nothing else.
    assert [_concern(one) for one in composed] == [
        "fallback",
        "deadline",
        "none",
        "Changes",
        "Claims",
        "Cache",
        "Flights",
        "retry",
        "gate",
        "Limits",
        "judge",
        "budget",
        "around",
        "watch",
        "deadline",
    ]


def _concern(policy: Policy) -> str:
    """The function that made a policy, or the class of which it is."""
    name: str = getattr(policy, "__qualname__", type(policy).__qualname__)
    made_by, _, _ = name.partition(".<locals>.policy")
    return made_by.rpartition(".")[2]


async def test_a_service_is_called_with_its_callers_token():
    """One upstream carries the caller's token, keeps its connection, and tells every call."""
    facts: list[Fact] = []
    async with serving(says(answer(b'{"a":1}'))) as server:
        service = Service("users", server.url + "/v1", credentials="forward")
        async with open_service(service, loop_time, (facts.append,)) as upstream:
            first = await upstream.send(READ)
            await upstream.send(READ)
            assert upstream.service is service
    assert first == Response(200, {"content-length": "7"}, b'{"a":1}')
    assert server.lines == ["GET /v1/users HTTP/1.1"] * 2
    assert server.headers()["authorization"] == "Bearer token1"
    assert server.connections == 1
    told = [(type(one).__name__, getattr(one, "status", None), getattr(one, "bytes", None)) for one in facts]
    assert told == [("CallStarted", None, None), ("CallEnded", 200, 7)] * 2
    assert repr(upstream) == "Upstream('users')"


async def test_equal_reads_at_once_are_one_call_on_the_wire():
    """Equal reads of one caller share a call; another caller's is never shared with it."""
    facts: list[Fact] = []
    other = Request("users", "listUsers", "GET", "/users", safe=True, identity=Identity("p1", "token2"))
    async with serving(says(answer())) as server:
        service = Service("users", server.url)
        async with open_service(service, loop_time, (facts.append,)) as upstream:
            found = await asyncio.gather(*(upstream.send(one) for one in [READ, READ, READ, other]))
    assert [one.status for one in found] == [200] * 4
    assert len(server.requests) == 2
    assert sorted(one.shared for one in facts if isinstance(one, CallEnded)) == [False, False, True, True]


async def test_a_service_that_is_too_slow_times_out_as_sent():
    """The service's timeout ends the call on the wire too: the service sees the connection close."""
    async with serving(says()) as server:
        facts: list[Fact] = []
        service = Service("users", server.url, timeout=0.05)
        async with open_service(service, loop_time, (facts.append,)) as upstream:
            with pytest.raises(Exception, match=r"users: listUsers did not end within 0\.050 s") as caught:
                await upstream.send(READ)
            await asyncio.wait_for(server.hung_up.wait(), 5)
    assert (type(caught.value).__name__, getattr(caught.value, "sent", None)) == ("TimedOut", True)
    assert [one.failure for one in facts if isinstance(one, CallEnded)] == ["TimedOut"]


async def test_queueing_counts_and_is_not_sent():
    """A mutation that never got a connection in its time is TimedOut and not sent."""
    async with serving(says()) as server:
        async with open_service(Service("users", server.url, connections=1), loop_time) as upstream:
            holding = asyncio.ensure_future(upstream.send(Request("users", "a", "POST", "/a", body=b"{}")))
            await server.arrived.wait()
            # The one connection stays held until after this deadline, however slow the machine is.
            queued = Request("users", "b", "POST", "/b", body=b"{}", deadline=loop_time() + 0.05)
            with pytest.raises(TimedOut) as caught:
                await upstream.send(queued)
            assert not holding.done()
        with pytest.raises(Unavailable):
            await holding
    assert caught.value.sent is False
    assert len(server.requests) == 1


async def test_closing_leaves_nothing():
    """Closing ends flights and connections; waiters get Unavailable, and no task of the stack is left."""
    async with serving(says()) as server:
        before = asyncio.all_tasks()
        async with open_service(Service("users", server.url), loop_time) as upstream:
            waiting = asyncio.ensure_future(upstream.send(READ))
            await server.arrived.wait()
        with pytest.raises(Unavailable):
            await waiting
        left = {one for one in asyncio.all_tasks() - before if "accept" not in repr(one)}
        assert left == set()


def test_settings_that_cannot_be_served_are_refused_at_once():
    """What cannot work is told when the service is built, before any call."""
    with pytest.raises(ValueError, match="plain HTTP"):
        open_service(Service("users", "http://users.example", credentials="forward"), loop_time)
    with pytest.raises(ValueError, match="a service's URL must start with"):
        Service("users", "users.example")


async def test_an_observer_that_fails_breaks_no_call(caplog: pytest.LogCaptureFixture):
    """A broken observer is logged, and the others still observe."""
    facts: list[Fact] = []

    def broken(fact: Fact) -> None:
        raise RuntimeError("observer bug")

    async def transport(request: Request) -> Response:
        return OK

    with caplog.at_level(logging.ERROR):
        assert await stack(watch(lambda: 1.0, (broken, facts.append)), transport=transport)(READ) == OK
    assert facts == [
        CallStarted("users", "listUsers"),
        CallEnded("users", "listUsers", 200, None, 0.0, 2, shared=False),
    ]
    assert [one.getMessage().split(" failed on ")[1] for one in caplog.records] == [
        "CallStarted",
        "CallEnded",
    ]


@pytest.mark.parametrize(
    ("outcome", "deadline", "status", "failure"),
    [
        (OK, None, 200, None),
        (Unavailable("x", sent=True), None, None, "Unavailable"),
        (asyncio.CancelledError(), None, None, "Cancelled"),
        (asyncio.CancelledError(), 9.0, None, "Cancelled"),
        (asyncio.CancelledError(), 5.0, None, "TimedOut"),
        (KeyError("bug"), None, None, "Error"),
    ],
)
def test_what_a_call_ended_with(
    outcome: Response | BaseException, deadline: float | None, status: int | None, failure: str | None
):
    """A fact names the status or the kind of failure; a cancellation at the deadline is a timeout."""
    request = Request("users", "listUsers", "GET", "/", deadline=deadline)
    fact = ended(request, outcome, 2.0, now=5.0, shared=False)
    size = 2 if status else 0
    assert fact == CallEnded("users", "listUsers", status, failure, 2.0, size, shared=False)
