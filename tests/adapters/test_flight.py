"""Equal safe requests in flight are one call, which belongs to nobody and ends with the last who waits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.facts import CallEnded, Fact, Queued, ended
from adapters.failures import (
    BadAnswer,
    NotSent,
    TimedOut,
    Unauthenticated,
    Unavailable,
    UpstreamFailure,
    again,
)
from adapters.messages import Awaited, Departure, Identity, Request, Response, Send
from adapters.policies.budget import budget
from adapters.policies.deadline import deadline
from adapters.policies.flight import LEFT_OUT, Flights, flight_key
from adapters.policies.limit import Limits
from adapters.policies.limit_rule import LimitRule
from adapters.policies.rate import Rate
from adapters.policies.retry import retry
from adapters.policies.retry_decision import Retry
from adapters.service import Service
from adapters.stack import stack

READ = Request(
    "users", "listUsers", "GET", "/users?a=1", {"accept": "a"}, None, safe=True, identity=Identity("p1", "t1")
)
OK = Response(200, {}, b"ok")


@dataclass
class Script:
    """A transport that answers when the test says so, and tells what it was asked and how its calls ended."""

    asked: list[Request] = field(default_factory=list)
    cancelled: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[asyncio.Future[Response]] = field(default_factory=list)

    async def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        request.departure.mark()
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        self.started.set()
        try:
            return await answer
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


def own(request: Request) -> Request:
    return replace(request, departure=Departure())


async def waiting(flights: Flights, script: Script, *requests: Request) -> list[asyncio.Task[Response]]:
    """One task per request, all of them waiting for their answers."""
    tasks = [asyncio.create_task(flights(own(one), script)) for one in requests]
    await turns()
    return tasks


async def turns(count: int = 5) -> None:
    """Lets everything that is ready run."""
    loop = asyncio.get_running_loop()
    for _ in range(count):
        turn = loop.create_future()
        loop.call_soon(turn.set_result, None)
        await turn


def now() -> float:
    return 5.0


async def test_equal_reads_in_flight_are_one_call():
    """Any number of equal safe requests at once are one call and one answer; nothing is kept after it."""
    flights, script = Flights(now), Script()
    tasks = await waiting(flights, script, READ, READ, READ)
    assert len(script.asked) == 1
    script.answers[0].set_result(OK)
    assert await asyncio.gather(*tasks) == [OK, OK, OK]
    (later,) = await waiting(flights, script, READ)
    assert len(script.asked) == 2
    script.answers[1].set_result(OK)
    assert await later == OK


async def test_mutations_never_share():
    """Requests that are not safe go down one by one, in the caller's own task."""
    flights, script = Flights(now), Script()
    tasks = await waiting(flights, script, replace(READ, safe=False), replace(READ, safe=False))
    assert len(script.asked) == 2
    for answer in script.answers:
        answer.set_result(OK)
    await asyncio.gather(*tasks)


async def test_a_read_after_a_change_joins_no_read_from_before():
    """What is asked once a change has ended, well or not, is read anew; who waited before gets its own answer."""
    flights, script = Flights(now), Script()
    (before,) = await waiting(flights, script, READ)
    for place, failure in ((1, None), (3, Unavailable("gone", sent=True))):
        (change,) = await waiting(flights, script, replace(READ, safe=False))
        if failure is None:
            script.answers[place].set_result(OK)
        else:
            script.answers[place].set_exception(failure)
        await asyncio.wait({change})
        assert (change.exception() or change.result()) is (failure or OK)
        (after,) = await waiting(flights, script, READ)
        assert len(script.asked) == place + 2
        script.answers[place + 1].set_result(Response(200, {}, b"changed"))
        assert (await after).body == b"changed"
    script.answers[0].set_result(OK)
    assert await before == OK
    await flights.close()


DIFFERENT = [
    replace(READ, service="orders"),
    replace(READ, method="HEAD"),
    replace(READ, target="/users?a=2"),
    replace(READ, body=b""),
    replace(READ, body=b"x"),
    replace(READ, headers={"accept": "b"}),
    replace(READ, headers={}),
    replace(READ, headers={"accept": "a", "accept-language": "de"}),
    replace(READ, headers={"accept": "a", "authorization": "Bearer t1"}),
    replace(READ, identity=Identity("p2", "t1")),
    replace(READ, identity=Identity("p1", "t2")),
    replace(READ, identity=Identity("p1", None)),
    replace(READ, identity=Identity("p1", "t1", "tenant")),
]


async def test_a_read_after_a_drop_joins_no_read_from_before():
    """Where something was dropped from the caches, whoever did it, later reads are calls of their own; those that
    waited get what they waited for, and reads after that share as ever.
    """
    moments = [0]
    script = Script()
    flights = Flights(now, (), lambda: moments[-1])
    early = await waiting(flights, script, READ, READ)
    moments.append(1)
    late = await waiting(flights, script, READ, READ)
    assert len(script.asked) == 2
    script.answers[0].set_result(Response(200, {}, b"old"))
    script.answers[1].set_result(Response(200, {}, b"new"))
    assert [(await one).body for one in (*early, *late)] == [b"old", b"old", b"new", b"new"]


async def test_a_read_anew_joins_only_such():
    """Who must hear from the service itself is not answered by a read that may have left before."""
    flights, script = Flights(now), Script()
    anew = replace(READ, anew=True)
    tasks = await waiting(flights, script, READ, anew, READ, anew)
    assert script.asked == [READ, anew]
    for answer in script.answers:
        answer.set_result(OK)
    assert await asyncio.gather(*tasks) == [OK] * 4


async def test_different_requests_never_share():
    """Another service, method, target, body, header, partition, tenant or token is another call."""
    flights, script = Flights(now), Script()
    tasks = await waiting(flights, script, READ, *DIFFERENT)
    assert len(script.asked) == len(DIFFERENT) + 1
    for answer in script.answers:
        answer.set_result(OK)
    await asyncio.gather(*tasks)


async def test_requests_that_differ_in_a_header_alone_find_their_own():
    """Whoever lands first, each later one joins its equal and no other, as long as that flies."""
    flights, script = Flights(now), Script()
    other = replace(READ, headers={"accept": "b"})
    one, *others = await waiting(flights, script, READ, other, other)
    assert len(script.asked) == 2
    script.answers[0].set_result(OK)
    assert await one == OK
    later = await waiting(flights, script, other, READ, READ)
    assert [asked.headers for asked in script.asked] == [READ.headers, other.headers, READ.headers]
    script.answers[1].set_result(Response(200, {}, b"b"))
    script.answers[2].set_result(OK)
    found = await asyncio.gather(*others, *later)
    assert [one.body for one in found] == [b"b", b"b", b"b", b"ok", b"ok"]
    assert (flights._first, flights._others, flights._aloft) == ({}, {}, set())


async def test_a_call_that_was_never_begun_leaves_nothing():
    """A service that closes in the very turn of asking: nothing is sent, who asked is told, and nothing is left."""
    flights, script = Flights(now), Script()
    before = asyncio.all_tasks()
    asking = asyncio.create_task(flights(own(READ), script))
    closing = asyncio.create_task(flights.close())
    with pytest.raises(Unavailable) as caught:
        await asking
    await closing
    assert (caught.value.sent, script.asked, flights._first, flights._aloft) == (False, [], {}, set())
    assert asyncio.all_tasks() == before


async def test_trace_and_request_ids_do_not_separate():
    """The headers of the stated list take no part in the key, nor does the order of the others."""
    traced = dict.fromkeys(LEFT_OUT, "1")
    assert flight_key(replace(READ, headers={**traced, "accept": "a"})) == flight_key(READ)
    assert {"traceparent", "x-request-id"} <= LEFT_OUT
    first, second = {"a": "1", "b": "2"}, {"b": "2", "a": "1"}
    assert flight_key(replace(READ, headers=first)) == flight_key(replace(READ, headers=second))
    assert flight_key(replace(READ, deadline=9.0, operation="other")) == flight_key(READ)


TEXTS = st.text(max_size=4)
REQUESTS = st.builds(
    Request,
    service=TEXTS,
    operation=st.just("o"),
    method=TEXTS,
    target=TEXTS,
    headers=st.dictionaries(TEXTS.filter(lambda name: name not in LEFT_OUT), TEXTS, max_size=2),
    body=st.none() | st.binary(max_size=3),
    identity=st.builds(Identity, TEXTS, st.none() | TEXTS, st.none() | TEXTS),
)


@given(REQUESTS, REQUESTS)
def test_keys_are_equal_for_equal_requests_only(one: Request, other: Request):
    """No two different requests spell the same key, wherever the bytes stand."""
    assert (flight_key(one) == flight_key(other)) == (one == other)


def test_a_key_is_a_hash():
    """Nothing of a request can be read in its key."""
    assert len(flight_key(READ)) == 32


async def test_the_end_of_one_waiter_ends_only_its_wait():
    """The first who asked may go away: the call goes on for the others."""
    flights, script = Flights(now), Script()
    first, second, third = await waiting(flights, script, READ, READ, READ)
    first.cancel()
    third.cancel()
    await turns()
    assert (first.cancelled(), third.cancelled(), script.cancelled) == (True, True, 0)
    script.answers[0].set_result(OK)
    assert await second == OK
    assert len(script.asked) == 1


async def test_the_end_of_the_last_waiter_ends_the_call():
    """When nobody waits any longer, the call is cancelled, and its end comes before the end of the wait."""
    flights, script = Flights(now), Script()
    before = asyncio.all_tasks()
    tasks = await waiting(flights, script, READ, READ)
    for task in tasks:
        task.cancel()
    assert [type(one) for one in await asyncio.gather(*tasks, return_exceptions=True)] == [
        asyncio.CancelledError
    ] * 2
    assert script.cancelled == 1
    assert asyncio.all_tasks() == before


async def test_nobody_joins_a_call_that_is_being_ended():
    """Who asks in the very turn in which the last waiter leaves gets a call of its own."""
    flights, script = Flights(now), Script()
    (first,) = await waiting(flights, script, READ)
    first.cancel()
    (second,) = await waiting(flights, script, READ)
    assert (len(script.asked), script.cancelled) == (2, 1)
    script.answers[1].set_result(OK)
    assert await second == OK


async def test_a_cancelled_wait_whose_answer_is_there_cancels_nothing():
    """A wait that ends in the turn of the landing is a cancellation without any noise, and the others get the
    answer.
    """
    flights, script = Flights(now), Script()
    first, second = await waiting(flights, script, READ, READ)
    script.answers[0].set_exception(Unavailable("down", sent=True))
    await turns(2)
    first.cancel()
    found = await asyncio.gather(first, second, return_exceptions=True)
    assert isinstance(found[1], Unavailable)
    assert script.cancelled == 0


async def test_a_wait_that_ends_just_before_the_landing_gets_nothing():
    """A waiter that is cancelled after the call ended, before its answer was given out, stays cancelled."""
    flights, script = Flights(now), Script()
    first, second = await waiting(flights, script, READ, READ)
    loop = asyncio.get_running_loop()
    loop.call_soon(
        lambda: loop.call_soon(first.cancel)
    )  # one turn later: after the call's end, before its landing
    script.answers[0].set_result(OK)
    found = await asyncio.gather(first, second, return_exceptions=True)
    assert (type(found[0]), found[1], script.cancelled) == (asyncio.CancelledError, OK, 0)


async def test_a_deadline_before_anything_was_sent_says_so():
    """A flight whose transport has not begun to send ends as not sent."""
    flights = Flights(now)

    async def queueing(request: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")

    with pytest.raises(TimedOut) as caught:
        await stack(deadline(0.01, now), flights, transport=queueing)(READ)
    assert caught.value.sent is False


async def test_each_waiters_deadline_is_its_own():
    """A short deadline ends its own wait, as sent; the flight lives on under the longest."""
    flights, script = Flights(now), Script()
    short = stack(deadline(0.01, now), flights, transport=script)
    long = stack(deadline(60, now), flights, transport=script)
    tasks = [asyncio.ensure_future(short(READ)), asyncio.ensure_future(long(READ))]
    with pytest.raises(TimedOut) as caught:
        await tasks[0]
    assert (caught.value.sent, script.cancelled, len(script.asked)) == (True, 0, 1)
    script.answers[0].set_result(OK)
    assert await tasks[1] == OK


def joined_later(send: Send, *deadlines: float | None) -> list[asyncio.Future[Response]]:
    """One task per deadline, none of which ends it: equal reads in this order."""
    return [
        asyncio.ensure_future(send(replace(READ, deadline=one, departure=Departure()))) for one in deadlines
    ]


async def test_a_retry_may_wait_as_long_as_the_longest_waiter():
    """The first has no time for another attempt, and who joined later has: it is made, and told the longest time."""
    script = Script()

    async def at_once(_: float) -> None:
        pass

    patient = retry(Retry(first=2.0), now, chance=lambda: 1.0, sleep=at_once)
    send = stack(Flights(now), patient, budget("x-left", now), transport=script)
    tasks = joined_later(send, 6.0)
    await turns()
    tasks += joined_later(send, 9.0, 8.0)
    await turns()
    script.answers[0].set_exception(Unavailable("gone", sent=True))
    await turns()
    tasks += joined_later(send, 9.5)
    await turns()
    script.answers[1].set_result(Response(503, {}, b""))
    await turns(10)
    script.answers[2].set_result(OK)
    assert await asyncio.gather(*tasks) == [OK] * 4
    assert [one.headers["x-left"] for one in script.asked] == ["1000", "4000", "4500"]


@pytest.mark.parametrize(
    ("deadlines", "latest"),
    [((6.0,), 6.0), ((6.0, 9.0, 7.0), 9.0), ((6.0, None, 7.0), None), ((None, 6.0), None), ((None,), None)],
)
async def test_a_flight_is_awaited_until_the_last_deadline(
    deadlines: tuple[float | None, ...], latest: float | None
):
    """The longest wait counts, whoever asked first; one without an end is longer than any."""
    script = Script()
    tasks = joined_later(stack(Flights(now), transport=script), *deadlines)
    await turns()
    assert [one.latest for one in script.asked] == [latest]
    script.answers[0].set_result(OK)
    assert await asyncio.gather(*tasks) == [OK] * len(deadlines)


async def test_a_turn_may_come_as_late_as_the_longest_waiter_waits():
    """A read whose first caller has not the time to wait for the rate takes its turn for those who have."""
    service = Service("users", "http://localhost", limit=LimitRule(rate=Rate(1, 60.0), burst=1))
    script, facts = Script(), list[Fact]()
    limits = Limits(service, now, now, (facts.append,))
    send = stack(Flights(now), limits, transport=script)
    (spent,) = joined_later(stack(limits, transport=script), None)
    await turns()
    script.answers[0].set_result(OK)
    assert await spent == OK
    tasks = joined_later(send, 6.0, 500.0)
    await turns()
    assert ([type(one) for one in facts], len(script.asked)) == ([Queued], 1)
    limits.close()
    assert [type(one) for one in await asyncio.gather(*tasks, return_exceptions=True)] == [Unavailable] * 2


def test_a_shared_call_is_late_when_nobody_waits_any_longer():
    """What is told of a call that was ended goes by the last who waited, not by the first."""
    flown = replace(READ, deadline=1.0).shared(Awaited(5.0))
    found = [ended(flown, asyncio.CancelledError(), 1.0, now=at, shared=False).failure for at in (4.0, 5.0)]
    assert (found, repr(flown.awaited)) == (["Cancelled", "TimedOut"], "Awaited(until=5.0)")


async def test_failures_are_shared_as_exceptions_of_their_own():
    """Every waiter gets an equal failure, none of them the same object, each caused by the first."""
    flights, script = Flights(now), Script()
    tasks = await waiting(flights, script, READ, READ, READ)
    first = Unavailable("users: reset", sent=True)
    script.answers[0].set_exception(first)
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert len({id(one) for one in [first, *found]}) == 4
    assert [
        (type(one), str(one), one.sent, one.__cause__) for one in found if isinstance(one, Unavailable)
    ] == [(Unavailable, "users: reset", True, first)] * 3
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    "failure",
    [Unavailable("a", sent=True), TimedOut("b", sent=False), BadAnswer("c", sent=True), NotSent("d"),
     Unauthenticated("e"),
     ValueError("f", 1), KeyError("g")],
)  # fmt: skip
def test_a_failure_can_be_had_again(failure: Exception):
    """A fresh exception has the class, arguments and attributes of the first."""
    fresh = again(failure)
    assert fresh is not failure
    assert (type(fresh), fresh.args, vars(fresh)) == (type(failure), failure.args, vars(failure))
    assert (fresh.__cause__, fresh.__traceback__) == (failure, None)


async def test_closing_ends_every_flight():
    """Those who wait when the service closes get Unavailable, sent as it was; no task is left; closing twice
    is fine.
    """
    flights, script = Flights(now), Script()
    before = asyncio.all_tasks()
    tasks = await waiting(flights, script, READ, READ, DIFFERENT[0])
    await flights.close()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [(type(one), getattr(one, "sent", None)) for one in found] == [(Unavailable, True)] * 3
    assert isinstance(found[0], UpstreamFailure)
    assert (script.cancelled, asyncio.all_tasks()) == (2, before)
    await flights.close()


async def test_shared_answers_are_told():
    """Those who joined are told to observers as shared, with their own time and outcome; the call itself is
    not.
    """
    facts: list[Fact] = []
    times = iter([1.0, 3.0, 4.0, 6.0])
    flights, script = Flights(lambda: next(times), (facts.append,)), Script()
    tasks = await waiting(flights, script, READ, READ)
    script.answers[0].set_result(OK)
    await asyncio.gather(*tasks)
    tasks = await waiting(flights, script, READ, READ)
    script.answers[1].set_exception(BadAnswer("x", sent=True))
    await asyncio.gather(*tasks, return_exceptions=True)
    assert facts == [
        CallEnded("users", "listUsers", 200, None, 2.0, 2, shared=True),
        CallEnded("users", "listUsers", None, "BadAnswer", 2.0, 0, shared=True),
    ]
