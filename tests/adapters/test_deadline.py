"""A call gets the time that is left, and its end says truly whether it may have been sent."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.failures import TimedOut
from adapters.messages import Departure, Identity, Request, Response
from adapters.policies.deadline import deadline, effective

REQUEST = Request("users", "listUsers", "GET", "/users")
NOW = 1000.0


def clock() -> float:
    return NOW


@pytest.mark.parametrize(
    ("asked", "until"), [(None, 1002.0), (1001.0, 1001.0), (1005.0, 1002.0), (900.0, 900.0)]
)
def test_the_sooner_of_two_times_holds(asked: float | None, until: float):
    """A call must end by its own deadline or after the service's timeout, whichever comes first."""
    assert effective(asked, NOW, 2.0) == until


@given(st.none() | st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_no_call_gets_more_than_either(asked: float | None, now: float, timeout: float):
    """Never later than the deadline, never later than the timeout."""
    until = effective(asked, now, timeout)
    assert until <= now + timeout
    assert asked is None or until <= asked


async def test_the_deadline_is_passed_down():
    """Policies below see when the call must have ended, and a departure of this call's own."""
    seen: list[Request] = []

    async def send(request: Request) -> Response:
        seen.append(request)
        request.departure.mark()
        return Response(200, {}, b"")

    assert await deadline(2.0, clock)(REQUEST, send) == Response(200, {}, b"")
    assert [one.deadline for one in seen] == [1002.0]
    assert REQUEST.departure.sent is False


@pytest.mark.parametrize("past", [NOW, NOW - 1])
async def test_what_cannot_finish_is_not_started(past: float):
    """A call whose deadline has passed is TimedOut, not sent, and nothing below is asked."""
    asked: list[Request] = []

    async def send(request: Request) -> Response:
        asked.append(request)
        return Response(200, {}, b"")

    with pytest.raises(TimedOut) as caught:
        await deadline(2.0, clock)(Request("users", "listUsers", "GET", "/", deadline=past), send)
    assert (asked, caught.value.sent, str(caught.value)) == (
        [],
        False,
        "users: no time left to call listUsers",
    )


@pytest.mark.parametrize("sent", [True, False])
async def test_a_call_ends_with_its_time(sent: bool):
    """What waits below is cancelled; whether it was sent is what the transport had told by then."""
    ended: list[str] = []

    async def send(request: Request) -> Response:
        if sent:
            request.departure.mark()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        raise AssertionError("nobody sets the event")

    with pytest.raises(TimedOut) as caught:
        await deadline(0.01, clock)(REQUEST, send)
    assert (caught.value.sent, ended) == (sent, ["cancelled"])
    assert str(caught.value) == "users: listUsers did not end within 0.010 s"


async def test_a_timeout_from_below_is_not_the_deadline():
    """A TimeoutError that is not this policy's own passes as it is."""

    async def send(request: Request) -> Response:
        raise TimeoutError("from below")

    with pytest.raises(TimeoutError, match="from below"):
        await deadline(5.0, clock)(REQUEST, send)


async def test_cancelling_from_outside_stays_a_cancellation():
    """The end of who waits is no timeout."""
    started = asyncio.Event()

    async def send(request: Request) -> Response:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")

    call = asyncio.create_task(_called(send))
    await started.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def _called(send: object) -> Response:
    return await deadline(5.0, clock)(REQUEST, send)  # type: ignore[arg-type]  # a plain stand-in for Send


def test_a_departure_is_marked_once_for_good():
    """A departure starts unsent, stays sent, and says which."""
    departure = Departure()
    assert repr(departure) == "Departure(sent=False)"
    departure.mark()
    departure.mark()
    assert repr(departure) == "Departure(sent=True)"
    assert Request("a", "b", "GET", "/") == Request("a", "b", "GET", "/", departure=departure)


async def test_an_operation_may_have_its_own_time():
    """An operation's own timeout, shorter or longer, stands in the service's place."""
    seen: list[Request] = []

    async def send(request: Request) -> Response:
        seen.append(request)
        return Response(200, {}, b"")

    policy = deadline(2.0, clock, {"listUsers": 0.5, "report": 60.0})
    for operation in ("listUsers", "report", "getUser"):
        await policy(Request("users", operation, "GET", "/users"), send)
    assert [one.deadline for one in seen] == [1000.5, 1060.0, 1002.0]


async def test_ended_by_who_waits_at_the_same_time_is_a_cancellation():
    """A call whose waiter is ended as its time passes is cancelled, as whoever ended it expects, and no timeout."""

    async def send(request: Request) -> Response:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            call.cancel()  # while what its time ended is still being cleared away
            raise
        raise AssertionError("nobody sets the event")

    async def called() -> Response:
        return await deadline(0.01, clock)(REQUEST, send)

    call = asyncio.create_task(called())
    with pytest.raises(asyncio.CancelledError):
        await call
    assert call.cancelled()


async def test_a_task_whose_call_timed_out_goes_on():
    """After a timeout the task that called is not being cancelled: its next wait is a wait like any other."""

    async def send(request: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")

    with pytest.raises(TimedOut):
        await deadline(0.01, clock)(REQUEST, send)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    async with asyncio.timeout(5):
        await asyncio.sleep(0)


def test_a_request_until_a_deadline_is_the_same_request():
    """A copy with a deadline differs in nothing else, and its sending is its own."""
    request = Request(
        "a", "b", "POST", "/", {"x": "1"}, b"{}", keyed=True, identity=Identity("p"), entitled=True
    )
    timed = request.until(12.5)
    assert timed == replace(request, deadline=12.5)
    timed.departure.mark()
    assert request.departure.sent is False
