"""The retry policy: what is sent again, what is told of it, and what a caller learns at the end."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from contextlib import suppress
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.facts import CallEnded, Fact, NotRetried, Retried
from adapters.failures import BadAnswer, NotSent, Refused, TimedOut, Unavailable, UpstreamFailure
from adapters.messages import Departure, Policy, Request, Response
from adapters.policies.retry import retry
from adapters.policies.retry_decision import Outcome, Retry
from adapters.service import Service
from adapters.stack import open_service
from tests.adapters.wire import Act, answer, says, says_and_resets, serving

READ = Request("users", "listUsers", "GET", "/users", safe=True)
PUT = Request("users", "replaceUser", "PUT", "/users/1", body=b"{}")
POST = Request("users", "createUser", "POST", "/users", body=b"{}")
OK = Response(200, {}, b"ok")
EPOCH = 1_790_000_000.0
DEFAULT = Retry()


def said(status: int, **headers: str) -> Response:
    return Response(status, {name.replace("_", "-"): text for name, text in headers.items()}, b"")


class Script:
    """Answers the nth attempt with the nth outcome, on a clock that moves by what is slept alone."""

    def __init__(self, *outcomes: Outcome, settings: Retry = DEFAULT) -> None:
        self.left: Iterator[Outcome] = iter(outcomes)
        self.seen: list[Request] = []
        self.facts: list[Fact] = []
        self.slept: list[float] = []
        self.now = 100.0
        self.policy: Policy = retry(
            settings,
            lambda: self.now,
            (self.facts.append,),
            chance=lambda: 0.5,
            epoch=lambda: EPOCH,
            sleep=self.sleep,
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def transport(self, request: Request) -> Response:
        self.seen.append(request)
        outcome = next(self.left)
        if isinstance(outcome, Response):
            request.departure.mark()
            return outcome
        if outcome.sent:
            request.departure.mark()
        raise outcome

    async def __call__(self, request: Request) -> Response:
        return await self.policy(replace(request, departure=Departure()), self.transport)


async def test_what_goes_well_goes_once():
    """An answer that is no trouble is given on as it is: the same request, no copy, no fact, no wait."""
    script = Script(OK)
    assert await script.policy(READ, script.transport) is OK
    assert script.seen[0] is READ
    assert (len(script.seen), script.facts, script.slept) == (1, [], [])


async def test_what_passes_is_tried_again():
    """A reset and a 503 are each followed by another attempt, after waits that double; the last answer is the
    call's.
    """
    script = Script(Unavailable("reset", sent=True), said(503), OK)
    assert await script(READ) is OK
    assert script.seen == [READ] * 3
    assert script.slept == [0.05, 0.1]
    assert script.facts == [
        Retried("users", "listUsers", "Unavailable", 1, 0.05),
        Retried("users", "listUsers", "503", 2, 0.1),
    ]


async def test_after_the_last_attempt_its_outcome_is_the_calls():
    """With no attempts left the last answer is given, or the very failure raised, and it is told that there were no
    more.
    """
    kept = NotRetried("users", "listUsers", "503", "attempts")
    last = said(503, retry_after="1")
    script = Script(said(429), said(502), last)
    assert await script(READ) is last
    assert script.facts[2:] == [kept]

    failure = TimedOut("connecting", sent=False)
    script = Script(*[failure] * 3)
    with pytest.raises(TimedOut) as caught:
        await script(READ)
    assert caught.value is failure
    assert script.facts[2:] == [replace(kept, reason="TimedOut")]


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        (READ, said(404)),
        (READ, said(500)),
        (READ, BadAnswer("cut short", sent=True)),
        (READ, NotSent("a header")),
        (POST, said(503)),
        (POST, said(429, retry_after="0")),
        (POST, Unavailable("reset", sent=True)),
    ],
)
async def test_what_is_not_tried_again_says_nothing(request_: Request, outcome: Outcome):
    """What does not pass or is not safe to repeat goes out once, and is no news of retrying."""
    script = Script(outcome)
    try:
        assert await script(request_) is outcome
    except UpstreamFailure as failure:
        assert failure is outcome  # noqa: PT017 - one of the two ways, and which one is asserted by identity
    assert (len(script.seen), script.facts, script.slept) == (1, [], [])


async def test_switched_off_there_is_no_news_either():
    """With `retries = 0` every call goes out once and nothing is told."""
    script = Script(said(503), settings=Retry(retries=0))
    assert (await script(READ)).status == 503
    assert (len(script.seen), script.facts) == (1, [])


@pytest.mark.parametrize(
    "asked",
    ["2", formatdate(EPOCH + 2, usegmt=True)],
    ids=["seconds", "date"],
)
async def test_retry_after_is_obeyed_in_both_forms(asked: str):
    """Seconds and an HTTP-date (RFC 9110, section 10.2.3) are waited whole, with jitter on top."""
    script = Script(said(429, retry_after=asked), OK)
    assert await script(READ) is OK
    assert script.slept == [2.05]


@pytest.mark.parametrize(
    ("answered", "deadline", "why"),
    [
        (said(503, retry_after="6"), None, "retry_after"),
        (said(503, retry_after=formatdate(EPOCH + 3600, usegmt=True)), None, "retry_after"),
        (said(503, retry_after="2"), 102.0, "deadline"),
        (said(503), 100.04, "deadline"),
    ],
)
async def test_a_wait_too_long_is_not_begun(answered: Response, deadline: float | None, why: str):
    """Where the service asks for more than is obeyed, or the wait could not end in time, its answer is given at
    once.
    """
    script = Script(answered)
    assert await script(replace(READ, deadline=deadline)) is answered
    assert script.facts == [NotRetried("users", "listUsers", "503", why)]
    assert script.slept == []


async def test_unreadable_retry_after_is_none():
    """What is neither seconds nor a date asks for nothing."""
    script = Script(said(503, retry_after="soon"), OK)
    assert await script(READ) is OK
    assert script.slept == [0.05]


async def test_an_outage_costs_no_more_than_the_share():
    """A service that is down for 1,000 calls in a row gets 1,000 calls, a tenth of that in repetitions, and the
    burst.
    """
    script = Script(*[said(503)] * 1200, settings=Retry(burst=10, share=0.1))
    for _ in range(1000):
        await script(READ)
    # The first call finds the bucket full, and its tenth is lost.
    assert len(script.seen) == 1000 + 10 + 99
    retried = sum(isinstance(one, Retried) for one in script.facts)
    refused = [one.why for one in script.facts if isinstance(one, NotRetried)]
    assert (retried, set(refused), len(refused)) == (109, {"budget", "attempts"}, 1000)


@given(st.lists(st.lists(st.sampled_from([200, 404, 429, 503]), min_size=4, max_size=4), max_size=60))
def test_whatever_a_service_answers_the_extra_load_is_in_the_budget(worlds: list[list[int]]):
    """For any answers, calls on the wire are at most the calls asked for, their share, and the burst."""

    async def run() -> int:
        script = Script(settings=Retry(retries=3, burst=2, share=0.25))
        for world in worlds:
            script.left = iter([said(status) for status in world])
            await script(READ)
        return len(script.seen)

    assert asyncio.run(run()) <= len(worlds) * 1.25 + 2


# --- changes: what is told when an earlier attempt may have worked


@pytest.mark.parametrize("first", [Unavailable("reset", sent=True), said(502), said(504)])
@pytest.mark.parametrize("then", [404, 409, 412, 422, 500])
async def test_a_change_that_may_have_worked_is_never_told_as_failed(first: Outcome, then: int):
    """After an attempt whose answer was lost, an answer that is no success proves nothing: a DELETE is told 404 by
    its own effect. The call ends as one that was sent, whose outcome is unknown.
    """
    script = Script(first, said(then))
    with pytest.raises(Unavailable) as caught:
        await script(PUT)
    assert caught.value.sent is True
    assert str(caught.value) == f"users: replaceUser may have worked before it was answered {then}"


@pytest.mark.parametrize(
    ("request_", "outcomes"),
    [
        (PUT, [Unavailable("reset", sent=True), said(204)]),
        (PUT, [said(504), OK]),
        (PUT, [said(503), said(409)]),
        (PUT, [said(429), said(404)]),
        (PUT, [Unavailable("refused", sent=False), said(404)]),
        (POST, [Unavailable("refused", sent=False), said(503)]),
        (READ, [Unavailable("reset", sent=True), said(404)]),
        (READ, [said(504), said(404)]),
    ],
)
async def test_an_answer_that_is_certain_is_given(request_: Request, outcomes: list[Outcome]):
    """A success is one whatever came before; so is any answer to a read, or after attempts that did nothing."""
    script = Script(*outcomes)
    assert await script(request_) is outcomes[-1]
    assert len(script.seen) == len(outcomes)


async def test_a_key_makes_a_change_repeatable():
    """A POST that carries a declared idempotency key is repeated, the same in everything."""
    keyed = replace(POST, keyed=True, headers={"idempotency-key": "k1"})
    script = Script(Unavailable("reset", sent=True), said(201))
    assert (await script(keyed)).status == 201
    assert script.seen == [keyed] * 2


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (Unavailable("refused", sent=False), Unavailable),
        (TimedOut("connecting", sent=False), TimedOut),
        (NotSent("a header"), Unavailable),
        (Refused("the breaker is open", retry_after=3.0), Unavailable),
    ],
)
async def test_sent_is_true_where_any_attempt_was(last: UpstreamFailure, kind: type[UpstreamFailure]):
    """A last attempt that never left does not make the ones before it unsent."""
    script = Script(Unavailable("reset", sent=True), last, *[last] * 2)
    with pytest.raises(kind) as caught:
        await script(PUT)
    assert (type(caught.value), caught.value.sent, str(caught.value)) == (kind, True, str(last))
    assert last.sent is False


async def test_an_open_breaker_ends_the_attempts():
    """What is refused below is not tried again; a read is told just that, with the time until another try."""
    refused = Refused("the breaker is open", retry_after=3.0)
    script = Script(said(503), refused)
    with pytest.raises(Refused) as caught:
        await script(READ)
    assert (caught.value, len(script.seen)) == (refused, 2)


async def test_each_attempt_has_a_departure_of_its_own():
    """Whether an attempt left is asked of that attempt: one that was refused is repeated; and the caller's departure
    says whether any did.
    """
    script = Script(Unavailable("refused", sent=False), OK)
    request = replace(POST, departure=Departure())
    assert await script.policy(request, script.transport) is OK
    assert [one.departure.sent for one in script.seen] == [True, True]
    assert script.seen[1].departure is not request.departure
    assert script.seen[0].departure is request.departure


async def test_cancelled_in_an_attempt_the_caller_knows_that_it_left():
    """A call that ends during its second attempt has marked the caller's departure, which the deadline reads."""
    request = replace(POST, departure=Departure())
    waiting = asyncio.Event()

    async def send(one: Request) -> Response:
        if one is request:
            raise Unavailable("refused", sent=False)
        one.departure.mark()
        waiting.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")

    call = asyncio.ensure_future(Script().policy(request, send))
    await waiting.wait()
    assert request.departure.sent is False
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert request.departure.sent is True


async def test_a_fault_of_our_own_is_not_repeated():
    """What is no failure of the upstream passes as it is."""

    async def send(_: Request) -> Response:
        raise KeyError("bug")

    with pytest.raises(KeyError, match="bug"):
        await Script().policy(READ, send)


async def test_a_failed_call_holds_nothing():
    """When a call has failed and its failure is dropped, the request's body is gone without the garbage collector."""

    class Marked(Departure, weakref=True):
        pass

    async def send(_: Request) -> Response:
        raise Unavailable("reset", sent=True)

    async def failing(marked: Departure) -> None:
        with suppress(Unavailable):
            await Script().policy(replace(READ, departure=marked), send)

    marked = Marked()
    gone = weakref.ref(marked)
    gc.collect()
    gc.disable()
    try:
        await failing(marked)
        del marked
        assert gone() is None
    finally:
        gc.enable()


# --- over sockets, in the whole stack


def loop_time() -> float:
    return asyncio.get_running_loop().time()


QUICK = Retry(first=0.001, longest=0.001)


async def sent(
    request: Request, *acts: Act, settings: Retry = QUICK, seconds: float = 10.0
) -> tuple[Response | UpstreamFailure, list[str], list[Fact]]:
    """The outcome of a call, the request lines that the service saw, and the facts."""
    facts: list[Fact] = []
    async with serving(*acts) as server:
        service = Service("users", server.url, retry=settings, timeout=seconds)
        async with open_service(service, loop_time, (facts.append,)) as upstream:
            try:
                outcome: Response | UpstreamFailure = await upstream.send(request)
            except UpstreamFailure as failure:
                outcome = failure
    return outcome, server.lines, facts


async def test_a_connection_reset_before_an_answer_is_tried_again():
    """A service that hangs up on a read is asked again on a new connection; every attempt is told as a call."""
    outcome, lines, facts = await sent(READ, says_and_resets(), says(answer(b"[1]")))
    assert isinstance(outcome, Response)
    assert (outcome.status, outcome.body) == (200, b"[1]")
    assert lines == ["GET /users HTTP/1.1"] * 2
    ends = [(one.status, one.failure) for one in facts if isinstance(one, CallEnded)]
    assert ends == [(None, "Unavailable"), (200, None)]
    assert [one.reason for one in facts if isinstance(one, Retried)] == ["Unavailable"]


async def test_an_answer_that_breaks_off_is_not_tried_again():
    """Once an answer has begun, a connection that ends is a broken answer, and final."""
    outcome, lines, _ = await sent(READ, says_and_resets(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab"))
    assert (type(outcome), len(lines)) == (BadAnswer, 1)


async def test_a_change_goes_out_once():
    """A POST on whose connection the service hangs up is not sent again, and is known to have been sent."""
    outcome, lines, _ = await sent(POST, says_and_resets())
    assert (type(outcome), getattr(outcome, "sent", None), len(lines)) == (Unavailable, True, 1)


async def test_a_refused_change_is_tried_again():
    """Where nobody listens, a POST never left: it is repeated, and still not sent at the end."""
    async with serving(says()) as server:
        closed = server.url
    facts: list[Fact] = []
    service = Service("users", closed, retry=QUICK)
    async with open_service(service, loop_time, (facts.append,)) as upstream:
        with pytest.raises(Unavailable) as caught:
            await upstream.send(POST)
    assert caught.value.sent is False
    assert [one.attempt for one in facts if isinstance(one, Retried)] == [1, 2]


async def test_a_change_that_was_refused_and_then_stalls_is_known_to_be_sent():
    """The deadline that ends a later attempt of a change says that it may have been made."""
    put = replace(PUT, body=b"{}")
    outcome, lines, _ = await sent(put, says(answer(b"", "503 Busy")), says(), seconds=0.2)
    assert (type(outcome), getattr(outcome, "sent", None), len(lines)) == (TimedOut, True, 2)


async def test_waiters_of_a_flight_share_its_attempts():
    """Equal reads at once are one call, and so are its repetitions."""
    async with (
        serving(says(answer(b"", "503 Busy")), says(answer(b"[1]"))) as server,
        open_service(Service("users", server.url, retry=QUICK), loop_time) as upstream,
    ):
        found = await asyncio.gather(*(upstream.send(READ) for _ in range(5)))
    assert [one.body for one in found] == [b"[1]"] * 5
    assert len(server.requests) == 2
