"""The fallback policy: what stands in for an answer that a service does not give, when, and for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.caching.cache import Cache
from adapters.caching.cache_rule import CacheRule, Reuse
from adapters.caching.cache_store import InProcessStore
from adapters.credentials.credential_kinds import ApiKey, TokenEndpoint, TokenExchange
from adapters.credentials.credentials import credentials
from adapters.credentials.secrets import Secret
from adapters.facts import Fact, FellBack
from adapters.failures import (
    BadAnswer,
    KeyReused,
    NotSent,
    RateExceeded,
    Refused,
    TimedOut,
    Unauthenticated,
    Unavailable,
    UpstreamFailure,
)
from adapters.messages import Freshness, Identity, Policy, Request, Response, Send
from adapters.policies.deadline import deadline
from adapters.policies.fallback import fallback, in_trouble, with_credentials
from adapters.policies.fallback_rule import Fallback
from adapters.service import OperationRules, Service
from adapters.stack import stack

ADA = Identity("ada", "t-ada")
BEN = Identity("ben", "t-ben")
READ = Request("users", "getUser", "GET", "/users/1", {}, safe=True, identity=ADA)
HOUR = Fallback(stale=3600.0)
DOWN = Unavailable("refused", sent=False)


class World:
    """A service that does what it is told, a clock, and the policies over it."""

    def __init__(self, **service: Any) -> None:
        self.now = 1_000_000.0
        self.answer: Response | BaseException | Callable[[Request], Any] = Response(200, {}, b"1")
        self.asked: list[Request] = []
        self.facts: list[Fact] = []
        made = Service("users", "http://localhost", **service)
        store = InProcessStore(1 << 20, self.clock)
        cache = Cache(made, store, asyncio.get_running_loop().time, self.clock)
        own = credentials(made, self.clock)
        kept = with_credentials(made, own, cache.instead)
        policies: list[Policy] = [fallback(made.fallbacks, kept, (self.facts.append,)), own, cache]
        self.send: Send = stack(*policies, transport=self.wire)

    def clock(self) -> float:
        return self.now

    async def wire(self, request: Request) -> Response:
        self.asked.append(request)
        answer = self.answer(request) if callable(self.answer) else self.answer
        if isinstance(answer, BaseException):
            raise answer
        assert isinstance(answer, Response)
        return answer


def rules(fallen: Fallback, **reuse: Any) -> dict[str, OperationRules]:
    return {"getUser": OperationRules(fallback=fallen, reuse=Reuse(**reuse))}


# --- when


@given(status=st.integers(100, 599))
def test_a_status_is_trouble_that_tells_of_the_service_and_not_of_the_request(status: int):
    """Any 5xx, 408 and 429 do; whatever else a service answers is its answer."""
    expected = status >= 500 or status in (408, 429)
    assert in_trouble(Response(status, {}, b"")) is expected


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (DOWN, True),
        (Refused("open", retry_after=1.0), True),
        (RateExceeded("used up", retry_after=1.0), True),
        (TimedOut("late", sent=True), True),
        (BadAnswer("cut short", sent=True), True),
        (NotSent("forbidden here"), False),
        (Unauthenticated("no token"), False),
        (KeyReused("again"), False),
    ],
)
def test_a_call_without_an_answer_is_trouble_unless_the_gateway_refused_it(
    failure: UpstreamFailure, expected: bool
):
    """What policies forbid stays forbidden; all other ends of calls are the service's."""
    assert in_trouble(failure) is expected


@pytest.mark.parametrize("status", [401, 403, 404, 409])
async def test_what_the_service_answers_is_passed_on(status: int):
    """A refusal is an answer, whatever else could be given."""
    world = World(operations=rules(Fallback(constant=b"0")))
    world.answer = Response(status, {}, b"no")
    assert await world.send(READ) == Response(status, {}, b"no")
    assert world.facts == []


async def test_what_the_gateway_refuses_stays_refused():
    """Whoever has no right to the service's answer has none to what stands for it."""
    world = World(operations=rules(Fallback(constant=b"0")))
    world.answer = Unauthenticated("no token")
    with pytest.raises(Unauthenticated):
        await world.send(READ)
    assert world.facts == []


async def test_a_change_has_no_fallback():
    """Who changes something is told how that went, even if somebody declared something else."""
    world = World(operations=rules(Fallback(stale=1.0, constant=b"0")))
    world.answer = DOWN
    with pytest.raises(Unavailable):
        await world.send(replace(READ, method="POST", safe=False, fallback=Fallback(constant=b"0")))
    assert world.facts == []


async def test_without_a_fallback_nothing_stands_between():
    """The next policy's own awaitable is given on."""
    going = asyncio.get_running_loop().create_future()
    assert fallback({})(READ, lambda _: going) is going


# --- what


async def test_a_stale_answer_stands_in_for_its_own_caller():
    """With its age; nobody else gets it, and nothing is told of a call that went well."""
    world = World(operations=rules(HOUR), credentials="forward")
    await world.send(READ)
    assert world.facts == []
    world.now += 90
    world.answer = DOWN
    found = await world.send(READ)
    assert (found.status, found.body) == (200, b"1")
    assert found.freshness == Freshness(0.0, 90.0, private=True, cached=True, stale=True)
    assert world.facts == [FellBack("users", "getUser", "stale", "Unavailable")]
    with pytest.raises(Unavailable):
        await world.send(replace(READ, identity=BEN))


@pytest.mark.parametrize("trouble", [Response(500, {}, b""), Response(429, {}, b""), TimedOut("", sent=True)])
async def test_any_trouble_lets_a_stale_answer_stand_in(trouble: Any):
    """Also what RFC 5861 does not name."""
    world = World(operations=rules(HOUR))
    await world.send(READ)
    world.now += 1
    world.answer = trouble
    assert (await world.send(READ)).body == b"1"


async def test_a_stale_answer_will_do_for_its_window_past_its_freshness():
    """Up to the window and no longer."""
    world = World(operations=rules(Fallback(stale=60.0), fresh=30.0))
    await world.send(READ)
    world.answer = DOWN
    world.now += 89
    assert (await world.send(READ)).body == b"1"
    world.now += 2
    with pytest.raises(Unavailable):
        await world.send(READ)


@pytest.mark.parametrize(
    ("control", "after", "expected"),
    [
        ("max-age=10", 60, True),
        ("max-age=10, must-revalidate", 60, False),
        ("no-cache", 60, False),
        ("no-store", 60, False),
        ("s-maxage=10", 60, False),
        ("max-age=10, stale-if-error=20", 25, True),
        ("max-age=10, stale-if-error=20", 60, False),
        ("max-age=10, stale-if-error=7200", 7000, True),
        ("max-age=10, proxy-revalidate", 60, False),
    ],
)
async def test_what_the_service_says_of_stale_answers_holds(control: str, after: float, expected: bool):
    """RFC 9111, sections 5.2.2 and 4.2.4; RFC 5861, section 4: a project adds where the service is silent."""
    world = World(operations=rules(HOUR))
    world.answer = Response(200, {"cache-control": control}, b"1")
    await world.send(READ)
    world.answer = DOWN
    world.now += after
    try:
        there = (await world.send(READ)).body == b"1"
    except Unavailable:
        there = False
    assert there is expected


@pytest.mark.parametrize(
    ("status", "is_kept"), [(401, False), (403, False), (404, False), (400, True), (500, True)]
)
async def test_what_was_taken_back_does_not_come_again(status: int, is_kept: bool):
    """An answer that the caller may not see any more, or that is gone, is no fallback later."""
    world = World(operations=rules(HOUR), credentials="forward")
    await world.send(READ)
    world.answer = Response(status, {}, b"no")
    await world.send(READ)
    world.answer = DOWN
    try:
        await world.send(READ)
        there = True
    except Unavailable:
        there = False
    assert there is is_kept


async def test_a_read_that_follows_a_change_gets_no_stale_answer():
    """It would show what was there before."""
    world = World(operations=rules(HOUR))
    await world.send(READ)
    world.answer = DOWN
    with pytest.raises(Unavailable):
        await world.send(replace(READ, anew=True))


@pytest.mark.parametrize("header", [{"cache-control": "no-store"}, {"if-none-match": '"a"'}])
async def test_a_request_that_passes_the_cache_by_gets_nothing_of_it(header: dict[str, str]):
    """Neither by a fallback."""
    world = World(operations=rules(HOUR))
    await world.send(READ)
    world.answer = DOWN
    with pytest.raises(Unavailable):
        await world.send(replace(READ, headers=header))


async def test_a_lookup_by_post_has_stale_answers_too():
    """What a project declares safe is kept for its fallback, by its body."""
    world = World(operations=rules(HOUR))
    lookup = replace(READ, method="POST", body=b'{"a":1}')
    await world.send(lookup)
    world.answer = DOWN
    assert (await world.send(lookup)).body == b"1"
    with pytest.raises(Unavailable):
        await world.send(replace(lookup, body=b'{"a":2}'))


async def test_a_constant_stands_in_and_says_so():
    """It is JSON, of no age, not to be used again, and none of the service's."""
    world = World(operations=rules(Fallback(constant=b"[]")))
    world.answer = DOWN
    found = await world.send(READ)
    assert found == Response(200, {"content-type": "application/json"}, b"[]")
    assert found.freshness == Freshness(0.0, 0.0, private=False, cached=True, constant=True)
    assert world.facts == [FellBack("users", "getUser", "constant", "Unavailable")]


async def test_a_stale_answer_goes_before_a_constant():
    """The constant is for where nothing is kept."""
    world = World(operations=rules(Fallback(3600.0, b"0")))
    world.answer = Response(503, {}, b"")
    assert (await world.send(READ)).body == b"0"
    world.answer = Response(200, {}, b"1")
    await world.send(READ)
    world.answer = Response(503, {}, b"")
    assert (await world.send(READ)).body == b"1"


async def test_without_anything_to_give_the_trouble_is_told():
    """Failures are raised and answers given on, as they were."""
    world = World(operations=rules(HOUR))
    world.answer = Response(500, {}, b"why")
    assert (await world.send(READ)).body == b"why"
    world.answer = DOWN
    with pytest.raises(Unavailable):
        await world.send(READ)
    assert world.facts == []


async def test_a_request_brings_its_own_fallback():
    """What its field declares goes before what its operation has; others of the operation are not touched."""
    world = World(operations=rules(Fallback(constant=b"0")))
    world.answer = DOWN
    assert (await world.send(replace(READ, fallback=Fallback(constant=b"9")))).body == b"9"
    assert (await world.send(READ)).body == b"0"


async def test_once_a_field_declares_it_answers_are_kept_for_all_of_its_operation():
    """Another field's answer takes the place of the first one's, and must last as long."""
    world = World()
    declared = replace(READ, fallback=HOUR)
    await world.send(declared)
    world.answer = Response(200, {}, b"2")
    await world.send(READ)
    world.now += 3000
    world.answer = DOWN
    assert (await world.send(declared)).body == b"2"
    with pytest.raises(Unavailable):
        await world.send(READ)


async def test_time_that_ran_out_below_leaves_time_to_fall_back():
    """The deadline stands below, and says that the call is over."""
    world = World(operations=rules(Fallback(constant=b"0")))
    clock = asyncio.get_running_loop().time

    async def wire(_: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError

    own = fallback({"getUser": Fallback(constant=b"0")}, None, (world.facts.append,))
    assert (await stack(own, deadline(0.01, clock), transport=wire)(READ)).body == b"0"
    assert world.facts == [FellBack("users", "getUser", "constant", "TimedOut")]


async def test_an_end_of_the_wait_is_no_trouble():
    """Who is cancelled is given nothing."""
    arrived = asyncio.Event()

    async def wire(_: Request) -> Response:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.ensure_future(stack(fallback({"getUser": Fallback(constant=b"0")}), transport=wire)(READ))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# --- credentials


@pytest.mark.parametrize(
    "way",
    [
        "none",
        "forward",
        ApiKey(Secret("k"), header="x-key"),
        ApiKey(Secret("k"), query="key"),
    ],
)
async def test_what_was_kept_under_credentials_is_found_again(way: Any):
    """Keys tell answers apart and are put back in; tokens do not."""
    world = World(operations=rules(HOUR), credentials=way)
    read = replace(READ, entitled=True)
    await world.send(read)
    world.answer = DOWN
    found = await world.send(read)
    assert (found.body, found.freshness and found.freshness.stale) == (b"1", True)


async def test_no_token_is_got_to_fall_back():
    """Its endpoint may be what does not answer: the caller's kept answer is found without."""
    way = TokenExchange(TokenEndpoint("http://localhost/token", "gateway", Secret("s")), "aud")
    kept_for: list[Request] = []

    async def kept(request: Request, within: float) -> Response:
        kept_for.append(request)
        return Response(200, {}, b"1")

    async def never(request: Request, send: Send) -> Response:
        raise AssertionError("no credentials are asked for")

    service = Service("users", "http://localhost", credentials=way)
    assert (await with_credentials(service, never, kept)(READ, 1.0)) == Response(200, {}, b"1")
    assert kept_for == [READ]


async def test_a_key_that_cannot_be_read_finds_nothing():
    """There is no telling whose answers would be found."""

    async def kept(request: Request, within: float) -> Response:
        raise AssertionError("asked without a key")

    async def unreadable(request: Request, send: Send) -> Response:
        raise NotSent("its key cannot be read")

    service = Service("users", "http://localhost")
    assert await with_credentials(service, unreadable, kept)(READ, 1.0) is None


# --- the rule


@pytest.mark.parametrize("stale", [None, 0.0, -1.0])
def test_a_fallback_says_something(stale: float | None):
    """Neither nothing, nor a window of no length."""
    with pytest.raises(ValueError, match="fallback"):
        Fallback(stale)


def test_a_constant_is_not_shown():
    """It may be long, and nobody's business."""
    assert "secret" not in repr(Fallback(constant=b'"secret"'))


async def test_a_cache_that_keeps_nothing_for_one_caller_has_no_fallback_for_one():
    """`private = false` holds here too."""
    world = World(operations=rules(HOUR), credentials="forward", cache=CacheRule(private=False))
    await world.send(READ)
    world.answer = DOWN
    with pytest.raises(Unavailable):
        await world.send(READ)
