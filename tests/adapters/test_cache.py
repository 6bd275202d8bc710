"""The cache policy: what is answered without a call, what is asked again, for whom it is, and what changes end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from unittest import mock

import pytest
from msgspec.structs import replace

from adapters.caching.cache import Cache
from adapters.caching.cache_renewals import MOST, Renewals
from adapters.caching.cache_rule import CacheRule, Reuse
from adapters.caching.cache_store import InProcessStore
from adapters.credentials.credential_kinds import ApiKey, TokenEndpoint, TokenExchange
from adapters.credentials.secrets import Secret
from adapters.facts import CacheUsed, Fact
from adapters.failures import BadAnswer, NotSent, TimedOut, Unauthenticated, Unavailable, UpstreamFailure
from adapters.messages import ANONYMOUS, Departure, Freshness, Identity, Request, Response, Send
from adapters.policies.deadline import deadline
from adapters.policies.flight import Flights
from adapters.service import OperationRules, Service
from adapters.stack import stack

URL = "http://users.example/api"
ADA = Identity("ada", "t-ada")
BEN = Identity("ben", "t-ben")
READ = Request("users", "getUser", "GET", "/users/1", {}, safe=True, identity=ADA)
CHANGE = Request("users", "patchUser", "PATCH", "/users/1", body=b"{}", identity=ADA)

Answer: TypeAlias = Response | BaseException | Callable[[Request], Any]


def ok(control: str | None = None, body: bytes = b"1", status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status, named if control is None else {"cache-control": control, **named}, body)


@dataclass
class World:
    """A service that answers in turn, its last answer for ever; a clock; and the policies over it."""

    answers: list[Answer] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    now: float = 1_000_000.0
    store: InProcessStore = field(init=False)
    caches: list[Cache] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = InProcessStore(1 << 20, self.clock)

    def clock(self) -> float:
        return self.now

    def hear(self, fact: Fact) -> None:
        if isinstance(fact, CacheUsed):
            self.told.append(fact.outcome)

    async def wire(self, request: Request) -> Response:
        self.asked.append(request)
        request.departure.mark()
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if callable(answer):
            answer = answer(request)
            if asyncio.isfuture(answer) or asyncio.iscoroutine(answer):
                answer = await answer
        if isinstance(answer, BaseException):
            raise answer
        assert isinstance(answer, Response)
        return answer

    def policies(self, rule: CacheRule, operations: dict[str, OperationRules], **service: Any) -> Send:
        made = Service("users", URL, cache=rule, operations=operations, **service)
        cache = Cache(made, self.store, asyncio.get_running_loop().time, self.clock, (self.hear,))
        self.caches.append(cache)
        return stack(cache, Flights(self.clock), transport=self.wire)


class Counting(InProcessStore):
    """Counts what is asked for and what is put."""

    puts = 0
    gets = 0
    is_shared = False

    async def get_many(self, keys: Any) -> Any:
        self.gets += 1
        return await super().get_many(keys)

    async def put(self, *given: Any, **more: Any) -> None:
        self.puts += 1
        await super().put(*given, **more)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    for cache in made.caches:
        await cache.close()


def over(world: World, reuse: Reuse | None = None, rule: CacheRule | None = None, **service: Any) -> Send:
    """The policies, whose every operation of these tests is reused so."""
    rules = {} if reuse is None else {"getUser": OperationRules(reuse=reuse)}
    send = world.policies(rule or CacheRule(), rules, **service)

    async def own(request: Request) -> Response:
        return await send(replace(request, departure=Departure()))

    return own


def bearing(request: Request, identity: Identity) -> Request:
    """The request as the credentials policy passes it on where callers' tokens are forwarded."""
    return replace(request, identity=identity, headers={"authorization": f"Bearer {identity.token}"})


async def turns(count: int = 20) -> None:
    """Lets everything that is ready run."""
    loop = asyncio.get_running_loop()
    for _ in range(count):
        turn = loop.create_future()
        loop.call_soon(turn.set_result, None)
        await turn


@pytest.mark.parametrize("shared", [False, True])
async def test_nothing_is_looked_for_that_was_never_kept(world: World, shared: bool):
    """A store is not asked for a service of which nothing was kept yet, unless others put their answers there,
    too.
    """
    world.store = counting = Counting(1 << 20, world.clock)
    counting.is_shared = shared
    world.answers = [ok("no-store"), ok("no-store"), ok("max-age=60"), ok("max-age=60")]
    send = over(world)
    seen = []
    for request in (READ, READ, READ, READ, replace(READ, operation="listUsers", target="/users")):
        await send(request)
        seen.append((counting.gets, len(world.asked)))
    assert seen == (
        [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4)] if shared else [(0, 1), (0, 2), (0, 3), (1, 3), (2, 4)]
    )


# --- fresh


async def test_a_warm_cache_makes_no_call(world: World):
    """RFC 9111, section 4: while an answer is fresh every equal read gets it, with its age, and nothing is sent."""
    world.answers = [ok("max-age=60", etag='"a"')]
    send = over(world)
    first = await send(READ)
    world.now += 10.75
    second = await send(READ)
    assert first == ok("max-age=60", etag='"a"')
    assert second == Response(200, {"cache-control": "max-age=60", "etag": '"a"', "age": "10"}, b"1")
    assert first.freshness == Freshness(60.0, 0.0, private=False)
    assert second.freshness == Freshness(49.25, 10.75, private=False, cached=True)
    assert (len(world.asked), world.told) == (1, ["stored", "hit"])


async def test_what_says_nothing_is_not_kept(world: World):
    """Without a word of service or project every read is a call, and nobody hears of the cache."""
    world.answers = [ok(etag='"a"')]
    send = over(world)
    assert [(await send(READ)).freshness for _ in range(2)] == [None, None]
    assert (len(world.asked), len(world.store), world.told) == (2, 0, [])


async def test_a_project_gives_freshness(world: World):
    """Where a service says nothing, `fresh` of its operation does, and of no other."""
    world.answers = [ok()]
    send = over(world, Reuse(fresh=30.0))
    for seconds in (0, 29.9, 0.2):
        world.now += seconds
        await send(READ)
    await send(replace(READ, operation="listUsers", target="/users"))
    await send(replace(READ, operation="listUsers", target="/users"))
    assert [one.operation for one in world.asked] == ["getUser", "getUser", "listUsers", "listUsers"]


async def test_a_lookup_by_post_is_kept_where_the_project_says_how_long(world: World):
    """RFC 9110, section 9.3.3: a POST's answer is kept only on purpose; its body is part of what was asked."""
    world.answers = [ok("max-age=60")]
    lookup = replace(READ, method="POST", target="/search", body=b'{"id":1}')
    plain = over(world)
    await plain(lookup)
    await plain(lookup)
    given = over(world, Reuse(fresh=30.0))
    await given(lookup)
    await given(lookup)
    await given(replace(lookup, body=b'{"id":2}'))
    assert [one.body for one in world.asked] == [b'{"id":1}'] * 3 + [b'{"id":2}']


async def test_equal_reads_at_once_are_one_call_and_one_entry(world: World):
    """N concurrent equal reads of a cold cache are one call and one entry, and who comes later has its answer."""
    gate: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    world.answers = [lambda _: gate]
    world.store = counting = Counting(1 << 20, world.clock)
    send = over(world)
    tasks = [asyncio.ensure_future(send(READ)) for _ in range(50)]
    await turns()
    gate.set_result(ok("max-age=60"))
    assert {(await one).body for one in tasks} == {b"1"}
    assert (await send(READ)).freshness == Freshness(60.0, 0.0, private=False, cached=True)
    assert (len(world.asked), counting.puts) == (1, 1)


# --- whose


async def test_an_answer_to_credentials_is_for_its_caller_alone(world: World):
    """RFC 9111, section 3.5: what a token fetched is kept for its caller's partition, and found with a new token."""
    world.answers = [lambda request: ok("max-age=60", body=request.headers["authorization"].encode())]
    send = over(world, credentials="forward")
    bodies = [(await send(bearing(READ, one))).body for one in (ADA, BEN, Identity("ada", "t-new"), BEN)]
    assert bodies == [b"Bearer t-ada", b"Bearer t-ben", b"Bearer t-ada", b"Bearer t-ben"]
    assert len(world.asked) == 2
    assert (await send(bearing(READ, ADA))).freshness == Freshness(60.0, 0.0, private=True, cached=True)


@pytest.mark.parametrize("control", ["public, max-age=60", "s-maxage=60", "s-maxage=60, must-revalidate"])
async def test_an_answer_that_says_so_is_for_all(world: World, control: str):
    """RFC 9111, section 3.5: `public` and `s-maxage` allow a token's answer for all callers."""
    world.answers = [ok(control)]
    send = over(world, credentials="forward")
    for one in (ADA, BEN):
        assert (await send(bearing(READ, one))).freshness is not None
    assert len(world.asked) == 1


@pytest.mark.parametrize(
    ("control", "reuse"),
    [
        ("must-revalidate", Reuse(fresh=30.0)),
        ("max-age=60, must-revalidate", None),
        ("max-age=0, must-revalidate", None),
        ("no-cache, must-revalidate", None),
    ],
)
async def test_must_revalidate_alone_gives_no_callers_answer_to_another(
    world: World, control: str, reuse: Reuse | None
):
    """Services say `must-revalidate` of every answer: it lets nobody have another's, neither fresh nor by a 304."""

    def me(request: Request) -> Response:
        if "if-none-match" in request.headers:
            return ok(control, b"", 304)
        return ok(control, request.headers["authorization"].encode(), etag='"me"')

    world.answers = [me]
    send = over(world, reuse, credentials="forward")
    asked = [(await send(bearing(READ, one))).body for one in (ADA, BEN, ADA, BEN)]
    assert asked == [b"Bearer t-ada", b"Bearer t-ben"] * 2
    assert [one.headers.get("if-none-match") for one in world.asked[:2]] == [None, None]


@pytest.mark.parametrize(
    "credentials",
    [
        "forward",
        TokenExchange(TokenEndpoint("https://idp.example/token", "stolon", Secret("s")), audience="users"),
    ],
)
async def test_what_a_service_tells_the_anonymous_is_for_them_alone(world: World, credentials: Any):
    """A service that is told who asks answers whom it does not know so: no caller it knows is given that answer."""
    world.answers = [
        lambda request: ok("max-age=60", request.headers.get("authorization", "nobody").encode())
    ]
    send = over(world, credentials=credentials)
    nobody = replace(READ, identity=ANONYMOUS)
    asked = [(await send(one)).body for one in (nobody, bearing(READ, ADA), nobody, bearing(READ, ADA))]
    assert asked == [b"nobody", b"Bearer t-ada"] * 2
    assert len(world.asked) == 2
    assert (await send(nobody)).freshness == Freshness(60.0, 0.0, private=True, cached=True)


async def test_a_private_answer_is_apart_even_without_credentials(world: World):
    """RFC 9111, section 5.2.2.7: `private` is for one caller, though no token went along."""
    world.answers = [ok("private, max-age=60")]
    send = over(world)
    for one in (ADA, BEN, ADA):
        await send(replace(READ, identity=one))
    assert len(world.asked) == 2


@pytest.mark.parametrize(
    ("control", "calls"), [("max-age=60", 2), ("public, max-age=60", 1), ("private, max-age=60", 2)]
)
async def test_the_gateways_own_credentials_count_as_some(world: World, control: str, calls: int):
    """An API key is no `Authorization`, but lends rights all the same: its answers are for all if they say so."""
    world.answers = [ok(control)]
    key = ApiKey(Secret("k"), header="x-key")
    send = over(world, credentials=key)
    for one in (ADA, BEN):
        await send(replace(READ, identity=one, headers={"x-key": "k"}))
    assert len(world.asked) == calls


async def test_a_shared_operation_is_one_for_all_callers(world: World):
    """What the project declares shared is one entry and, at once, one call for all callers."""
    gate: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    world.answers = [lambda _: gate]
    send = over(world, Reuse(shared=True), credentials="forward")
    tasks = [asyncio.ensure_future(send(bearing(READ, one))) for one in (ADA, BEN, ADA)]
    await turns()
    gate.set_result(ok("max-age=60"))
    assert [(await one).body for one in tasks] == [b"1"] * 3
    await send(bearing(READ, Identity("cid", "t-cid")))
    assert len(world.asked) == 1


@pytest.mark.parametrize(
    "answer", [ok("private, max-age=60"), ok(status=403), ok(status=404), ok("no-store")]
)
async def test_what_was_to_be_for_all_and_is_not_reaches_only_its_caller(world: World, answer: Response):
    """A shared operation whose answer is for one caller after all is asked for each by itself."""
    gate = asyncio.Event()

    async def later(request: Request) -> Response:
        await gate.wait()
        return replace(answer, body=request.headers["authorization"].encode())

    world.answers = [later]
    send = over(world, Reuse(shared=True), credentials="forward")
    tasks = [asyncio.ensure_future(send(bearing(READ, one))) for one in (ADA, BEN)]
    await turns()
    assert len(world.asked) == 1
    gate.set()
    assert [(await one).body for one in tasks] == [b"Bearer t-ada", b"Bearer t-ben"]


async def test_who_wants_the_services_own_word_joins_nobody_elses_call(world: World):
    """A shared operation is one call for all, but for a request that asks for an answer of its own."""
    gate: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    world.answers = [lambda _: gate]
    send = over(world, Reuse(shared=True), credentials="forward")
    asked = (bearing(READ, ADA), replace(bearing(READ, BEN), anew=True))
    tasks = [asyncio.ensure_future(send(one)) for one in asked]
    await turns()
    assert len(world.asked) == 2
    gate.set_result(ok("max-age=60"))
    await asyncio.gather(*tasks)


async def test_a_trouble_of_the_service_is_shared_by_those_who_wait(world: World):
    """A 5xx tells of nobody: it is not asked for once more for each who waited for a shared operation."""
    gate: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    world.answers = [lambda _: gate]
    send = over(world, Reuse(shared=True), credentials="forward")
    tasks = [asyncio.ensure_future(send(bearing(READ, one))) for one in (ADA, BEN)]
    await turns()
    gate.set_result(ok(status=503))
    assert [(await one).status for one in tasks] == [503, 503]
    assert len(world.asked) == 1


async def test_what_was_for_all_and_is_no_longer_is_dropped(world: World):
    """When the service says `private` of what it said `public`, nobody finds the old answer any more."""
    world.answers = [ok("public, max-age=10", etag='"a"'), ok("private, max-age=60", body=b"2")]
    send = over(world, credentials="forward")
    await send(bearing(READ, ADA))
    world.now += 11
    bodies = [(await send(bearing(READ, one))).body for one in (ADA, ADA, BEN)]
    assert bodies == [b"2", b"2", b"2"]
    assert [one.headers.get("if-none-match") for one in world.asked] == [None, '"a"', None]


async def test_partitions_are_bytes_apart_whatever_vary_says(world: World):
    """RFC 9111, section 4.1: by default all headers tell answers apart, so that a forgotten `Vary` does no harm."""
    world.answers = [lambda request: ok("max-age=60", body=request.headers["x-tenant-id"].encode())]
    send = over(world)
    bodies = [(await send(replace(READ, headers={"x-tenant-id": one}))).body for one in ("a", "b", "a")]
    assert (bodies, len(world.asked)) == ([b"a", b"b", b"a"], 2)


async def test_what_is_for_one_caller_goes_before_what_is_for_all(world: World):
    """What the service told a caller alone is its answer, though what it told all since is later."""
    world.answers = [ok("private, max-age=60"), ok("public, max-age=60", b"2")]
    send = over(world)
    await send(READ)
    world.now += 1
    await send(replace(READ, identity=BEN))
    assert [(await send(replace(READ, identity=one))).body for one in (ADA, BEN)] == [b"1", b"2"]
    assert len(world.asked) == 2


async def test_what_was_for_one_and_is_for_all_now_does_not_stand_in_its_way(world: World):
    """When the service says `public` of what it said `private`, the caller's old answer is dropped for the new."""
    world.answers = [ok("private, max-age=10", etag='"a"'), ok("public, max-age=60", b"2")]
    send = over(world)
    await send(READ)
    world.now += 11
    assert [(await send(replace(READ, identity=one))).body for one in (ADA, ADA, BEN)] == [b"2", b"2", b"2"]
    assert [one.headers.get("if-none-match") for one in world.asked] == [None, '"a"']


@pytest.mark.parametrize("name", ["x-note", "etag", "vary"])
async def test_an_answer_whose_headers_are_no_text_is_given_and_not_kept(world: World, name: str):
    """A byte of Latin-1 comes from the wire as half a character: the call works, and nothing is left in the store."""
    answer = Response(200, {"cache-control": "max-age=60", name: "caf\udce9"}, b"1")
    world.answers = [answer]
    send = over(world, rule=CacheRule(headers="vary"))
    assert [await send(READ) for _ in range(2)] == [answer, answer]
    assert (len(world.asked), len(world.store), world.told) == (2, 0, [])


async def test_an_answer_whose_headers_are_no_text_ends_the_one_before_it(world: World):
    """A 304 with such a header confirms what is kept for this once, and it is not kept any more."""
    world.answers = [
        ok("max-age=10", etag='"a"'),
        ok("max-age=10", b"", 304, x_note="caf\udce9"),
        ok(None, b"2"),
    ]
    send = over(world)
    await send(READ)
    world.now += 11
    assert [(await send(READ)).body for _ in range(2)] == [b"1", b"2"]
    assert [one.headers.get("if-none-match") for one in world.asked] == [None, '"a"', None]


# --- Vary


async def test_only_what_vary_names_tells_answers_apart_where_the_project_says_so(world: World):
    """RFC 9111, section 4.1: with `headers = "vary"`, requests that differ in other headers share an answer."""

    def answer(request: Request) -> Response:
        return ok("max-age=60", body=request.headers["accept-language"].encode(), vary="Accept-Language")

    world.answers = [answer]
    send = over(world, rule=CacheRule(headers="vary"))
    asked = [("de", "1"), ("en", "1"), ("de", "2"), ("en", "2")]
    bodies = [
        (await send(replace(READ, headers={"accept-language": language, "x-other": other}))).body
        for language, other in asked
    ]
    assert (bodies, len(world.asked)) == ([b"de", b"en", b"de", b"en"], 2)


async def test_vary_on_what_is_left_out_of_keys_is_obeyed(world: World):
    """RFC 9111, section 4.1: an answer that varies by a trace header or by `Authorization` varies by it here too."""
    world.answers = [ok("public, max-age=60", vary="authorization")]
    send = over(world, credentials="forward")
    for one in (ADA, BEN, ADA):
        await send(bearing(READ, one))
    assert len(world.asked) == 2


async def test_an_answer_that_varies_by_everything_is_not_kept(world: World):
    """RFC 9111, section 4.1: `Vary: *` matches no request; nor is one kept that names more headers than are held."""
    world.answers = [ok("max-age=60", vary="*"), ok("max-age=60", vary=",".join(f"x-{n}" for n in range(17)))]
    send = over(world, rule=CacheRule(headers="vary"))
    for _ in range(3):
        await send(READ)
    assert (len(world.asked), len(world.store)) == (3, 0)


async def test_a_variant_that_is_no_more_to_be_kept_is_dropped(world: World):
    """What the service does not let be kept any longer goes, its variant and no other."""
    world.answers = [
        ok("max-age=10", etag='"a"', vary="x"), ok("max-age=10", etag='"b"', vary="x"), ok("no-store", vary="x"),
        ok("no-store", vary="x", body=b"3"),
    ]  # fmt: skip
    send = over(world, rule=CacheRule(headers="vary"))
    one, other = replace(READ, headers={"x": "1"}), replace(READ, headers={"x": "2"})
    await send(one)
    await send(other)
    world.now += 11
    await send(one)
    await send(one)
    await send(other)
    assert [each.headers.get("if-none-match") for each in world.asked] == [None, None, '"a"', None, '"b"']


# --- stale


async def test_a_304_renews_the_answer(world: World):
    """RFC 9111, section 4.3: a stale answer is asked about by its validators; a 304 makes it fresh again."""
    world.answers = [
        ok("max-age=10", etag='"a"', last_modified="then", x="old"),
        ok("max-age=20", b"", 304, etag='"a"', x="new"),
    ]
    send = over(world)
    await send(READ)
    world.now += 10
    renewed = await send(READ)
    assert renewed == Response(
        200, {"cache-control": "max-age=20", "etag": '"a"', "last-modified": "then", "x": "new"}, b"1"
    )
    assert renewed.freshness == Freshness(20.0, 0.0, private=False)
    world.now += 19
    assert (await send(READ)).headers["x"] == "new"
    assert [one.headers for one in world.asked] == [{}, {"if-none-match": '"a"', "if-modified-since": "then"}]
    assert world.told == ["stored", "revalidated", "hit"]


async def test_a_304_of_something_else_is_asked_again(world: World):
    """RFC 9111, section 4.3.4: what confirms another answer than was asked about confirms none."""
    world.answers = [ok("max-age=10", etag='"a"'), ok(None, b"", 304, etag='"b"'), ok("max-age=10", b"2")]
    send = over(world)
    await send(READ)
    world.now += 10
    assert (await send(READ)).body == b"2"
    assert [one.headers.get("if-none-match") for one in world.asked] == [None, '"a"', None]


async def test_a_new_answer_takes_the_place_of_the_stale_one(world: World):
    """RFC 9111, section 4.3.3: a full answer is used, and kept if it may be."""
    world.answers = [ok("max-age=10", etag='"a"'), ok("max-age=10", b"2", etag='"b"')]
    send = over(world)
    await send(READ)
    world.now += 10
    assert [(await send(READ)).body for _ in range(2)] == [b"2", b"2"]
    assert len(world.asked) == 2


async def test_a_304_that_forbids_keeping_ends_the_entry(world: World):
    """The answer still holds for this once, and is not kept any more."""
    world.answers = [ok("max-age=10", etag='"a"'), ok("no-store", b"", 304), ok("no-store", b"2")]
    send = over(world)
    await send(READ)
    world.now += 10
    assert [(await send(READ)).body for _ in range(2)] == [b"1", b"2"]
    assert "if-none-match" not in world.asked[2].headers


async def test_all_who_meet_a_stale_answer_at_once_are_one_call(world: World):
    """A stampede on an answer that is over is one conditional call, of callers of all partitions if it is for all."""
    gate: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    world.answers = [ok("public, max-age=10", etag='"a"'), lambda _: gate]
    send = over(world, credentials="forward")
    await send(bearing(READ, ADA))
    world.now += 10
    tasks = [asyncio.ensure_future(send(bearing(READ, one))) for one in (ADA, BEN) * 20]
    await turns()
    gate.set_result(ok("public, max-age=10", b"", 304))
    assert {(await one).body for one in tasks} == {b"1"}
    assert len(world.asked) == 2
    await send(bearing(READ, BEN))
    assert len(world.asked) == 2


async def test_a_stale_answer_is_given_while_another_is_fetched(world: World):
    """RFC 5861, section 3: within the window the stale answer comes at once, and one call in the background, however
    many ask; the next who asks has its answer.
    """
    gate: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    world.answers = [ok("max-age=10, stale-while-revalidate=5"), lambda _: gate]
    send = over(world)
    await send(READ)
    world.now += 12
    stale = [await send(READ) for _ in range(10)]
    assert {one.body for one in stale} == {b"1"}
    assert stale[0].freshness == Freshness(0.0, 12.0, private=False, cached=True, stale=True)
    await turns()
    gate.set_result(ok("max-age=10", b"2"))
    await turns()
    assert ((await send(READ)).body, len(world.asked)) == (b"2", 2)
    assert world.told == ["stored", *["stale"] * 10, "stored", "hit"]


async def test_after_its_window_a_stale_answer_is_not_given(world: World):
    """RFC 5861, section 3: from then on the call is waited for."""
    world.answers = [ok("max-age=10, stale-while-revalidate=5"), ok("max-age=10", b"2")]
    send = over(world)
    await send(READ)
    world.now += 15
    assert (await send(READ)).body == b"2"


@pytest.mark.parametrize("failure", [Unavailable("x", sent=True), RuntimeError("broken")])
async def test_what_fails_in_the_background_hurts_nobody(
    world: World, failure: BaseException, caplog: pytest.LogCaptureFixture
):
    """A renewal that fails leaves the stale answer for its window, and the next who asks tries again; a defect is
    logged.
    """
    world.answers = [ok("max-age=10, stale-while-revalidate=50"), failure]
    send = over(world)
    await send(READ)
    world.now += 12
    for _ in range(2):
        assert (await send(READ)).body == b"1"
        await turns()
    assert len(world.asked) == 3
    assert ("fetching a stale answer anew failed" in caplog.text) is isinstance(failure, RuntimeError)


async def test_a_renewal_has_the_calls_time_and_no_more(world: World):
    """In the background too a call gets its operation's time, and is ended after it; closing ends it at once."""
    ended: list[str] = []

    async def stall(request: Request) -> Response:
        assert request.deadline is not None
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(request.operation)
        raise AssertionError

    world.answers = [ok("max-age=10, stale-while-revalidate=50"), stall]
    loop = asyncio.get_running_loop()
    at = [loop.time()]
    with mock.patch.object(loop, "time", lambda: at[0]):  # noqa: PT008 - it is not always the same
        send = world.policies(CacheRule(), {"getUser": OperationRules(timeout=2.0)})
        await send(READ)
        world.now += 12
        await send(READ)
        await turns()
        at[0] += 1.99
        await turns()
        assert (ended, len(world.caches[0]._renewals)) == ([], 1)
        at[0] += 0.02
        await turns()
    assert (ended, len(world.caches[0]._renewals)) == (["getUser"], 0)
    slow = world.policies(CacheRule(), {})
    with mock.patch.object(InProcessStore, "is_shared", True):  # another cache's entries are in it
        await slow(READ)
        await turns()
        await world.caches[1].close()
        assert ended == ["getUser", "getUser"]
        await slow(READ)
    assert len(world.caches[1]._renewals) == 0


async def test_renewals_are_bounded():
    """No more than so many run at once, and one for each key."""
    renewals = Renewals()
    started: list[int] = []

    def renewal(number: int) -> Callable[[], Any]:
        async def run() -> None:
            started.append(number)
            await asyncio.Event().wait()

        return run

    for number in range(MOST + 5):
        renewals.start(b"%d" % number, renewal(number), 10.0)
        renewals.start(b"%d" % number, renewal(-1), 10.0)
    await turns()
    assert (started, len(renewals)) == ([*range(MOST)], MOST)
    await renewals.close()
    await turns()
    assert len(renewals) == 0


@pytest.mark.parametrize(
    "trouble",
    [
        Unavailable("x", sent=False),
        BadAnswer("x", sent=True),
        TimedOut("x", sent=True),
        *(ok(status=status) for status in (500, 502, 503, 504)),
    ],
)
async def test_a_stale_answer_is_given_where_no_other_can_be_had(world: World, trouble: Answer):
    """RFC 5861, section 4: on failures and 500, 502, 503 and 504, within the window, said to be stale."""
    world.answers = [ok("max-age=10, stale-if-error=30"), trouble]
    send = over(world)
    await send(READ)
    world.now += 39.5
    given = await send(READ)
    assert (given.body, given.freshness) == (
        b"1",
        Freshness(0.0, 39.5, private=False, cached=True, stale=True),
    )
    assert world.told == ["stored", "stale"]
    world.now += 0.5
    if isinstance(trouble, UpstreamFailure):
        with pytest.raises(type(trouble)):
            await send(READ)
    else:
        assert (await send(READ)).status == trouble.status  # type: ignore[union-attr]


@pytest.mark.parametrize("answer", [ok(status=400), ok(status=404), ok(status=429), ok(status=501)])
async def test_what_the_service_says_is_not_hidden_by_a_stale_answer(world: World, answer: Response):
    """An answer that is no trouble of the service's is given as it is."""
    world.answers = [ok("max-age=10, stale-if-error=30"), answer]
    send = over(world)
    await send(READ)
    world.now += 11
    assert (await send(READ)).status == answer.status


@pytest.mark.parametrize("failure", [NotSent("x"), Unauthenticated("x")])
async def test_what_may_not_be_asked_is_not_answered_stale(world: World, failure: BaseException):
    """A call that a policy forbids is forbidden, whatever is kept."""
    world.answers = [ok("max-age=10, stale-if-error=30"), failure]
    send = over(world)
    await send(READ)
    world.now += 11
    with pytest.raises(type(failure)):
        await send(READ)


async def test_a_project_opens_windows_where_the_service_has_none(world: World):
    """`stale_if_error` of an operation, where its answers say nothing of it."""
    world.answers = [ok("max-age=10"), Unavailable("x", sent=True)]
    send = over(world, Reuse(stale_if_error=5.0))
    await send(READ)
    world.now += 14
    assert (await send(READ)).body == b"1"
    world.now += 1
    with pytest.raises(Unavailable):
        await send(READ)


async def test_a_stalled_service_leaves_time_for_the_stale_answer(world: World):
    """RFC 5861, section 4: a call that would end in a timeout ends a little before, with the stale answer."""

    async def stall(_: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError

    world.answers = [ok("max-age=10, stale-if-error=30"), stall]
    loop = asyncio.get_running_loop()
    at = [loop.time()]
    with mock.patch.object(loop, "time", lambda: at[0]):  # noqa: PT008 - it is not always the same
        timed = stack(deadline(10.0, loop.time), transport=world.policies(CacheRule(), {}))
        await timed(READ)
        world.now += 11
        early = asyncio.ensure_future(timed(READ))
        await turns()
        at[0] += 9.96
        assert (await early).body == b"1"
        world.now += 60
        late = asyncio.ensure_future(timed(READ))
        await turns()
        at[0] += 9.96
        await turns()
        assert not late.done()
        at[0] += 0.05
        with pytest.raises(TimedOut):
            await late


# --- what requests ask


async def test_a_request_may_ask_for_the_services_own_word(world: World):
    """RFC 9111, section 5.2.1.4: `no-cache` is asked of the service, conditionally, and renews the entry for all."""
    world.answers = [ok("max-age=60", etag='"a"'), ok("max-age=60", b"2")]
    send = over(world)
    await send(READ)
    assert (await send(replace(READ, headers={"cache-control": "no-cache"}))).body == b"2"
    assert world.asked[1].headers == {"cache-control": "no-cache", "if-none-match": '"a"'}
    assert (await send(READ)).body == b"2"


async def test_a_read_after_a_change_is_asked_of_the_service(world: World):
    """Who has changed something reads what came of it, and not what is still fresh: with validators, and for all."""
    world.answers = [
        ok("max-age=60, stale-if-error=60", etag='"a"'),
        ok("max-age=60", b"2"),
        Unavailable("x", sent=True),
    ]
    send = over(world)
    await send(READ)
    assert (await send(replace(READ, anew=True))).body == b"2"
    assert world.asked[1].headers == {"if-none-match": '"a"'}
    assert (await send(READ)).body == b"2"
    with pytest.raises(Unavailable):
        await send(replace(READ, anew=True))


@pytest.mark.parametrize(
    ("control", "calls"),
    [
        ("max-age=10", 1),
        ("s-maxage=10", 2),
        ("max-age=10, proxy-revalidate", 2),
        ("private, max-age=10, s-maxage=10", 1),
        ("private, max-age=10, proxy-revalidate", 1),
    ],
)
async def test_a_caller_gets_nothing_stale_that_the_service_wants_to_be_asked_about(
    world: World, control: str, calls: int
):
    """RFC 9111, sections 4.2.4 and 5.2.2.10: of what is for all, `s-maxage` and `proxy-revalidate` forbid what
    `max-stale` asks; of what is for one caller they say nothing.
    """
    world.answers = [ok(control, etag='"a"')]
    send = over(world)
    await send(READ)
    world.now += 11
    await send(replace(READ, headers={"cache-control": "max-stale=60"}))
    assert len(world.asked) == calls


async def test_a_request_may_pass_by(world: World):
    """RFC 9111, section 5.2.1.5: `no-store` reads nothing and keeps nothing; nor do parts and conditions."""
    world.answers = [ok("max-age=60")]
    send = over(world)
    for headers in ({"cache-control": "no-store"}, {"range": "bytes=0-1"}, {"if-none-match": '"z"'}):
        await send(replace(READ, headers=headers))
    assert (len(world.asked), len(world.store), world.told) == (3, 0, ["bypassed"] * 3)


async def test_a_request_may_want_no_call(world: World):
    """RFC 9111, section 5.2.1.7: `only-if-cached` is answered 504 where nothing is kept."""
    world.answers = [ok("max-age=60")]
    send = over(world)
    only = replace(READ, headers={"cache-control": "only-if-cached"})
    assert await send(only) == Response(504, {}, b"")
    await send(READ)
    assert (await send(only)).body == b"1"
    assert len(world.asked) == 1


# --- changes


@pytest.mark.parametrize("status", [200, 201, 204, 303, 500, 504, 404, 409, 410, 412])
async def test_a_change_ends_what_is_kept_of_its_place(world: World, status: int):
    """RFC 9111, section 4.4: whatever its query, also where it is not known whether the change was made, and where
    the service says that things are not as its caller was shown.
    """
    answer = lambda request: ok(status=status) if not request.safe else ok("max-age=60")  # noqa: E731
    world.answers = [answer]
    send = over(world)
    for request in (READ, replace(READ, target="/users/1?full=1"), replace(READ, target="/users/2")) * 2:
        await send(request)
    assert len(world.asked) == 3
    await send(CHANGE)
    for request in (READ, replace(READ, target="/users/1?full=1"), replace(READ, target="/users/2")):
        await send(request)
    assert [one.target for one in world.asked[4:]] == ["/users/1", "/users/1?full=1"]


@pytest.mark.parametrize("status", [400, 401, 403, 422, 429])
async def test_a_change_that_was_refused_ends_nothing(world: World, status: int):
    """RFC 9111, section 4.4: a 4xx changed nothing."""
    world.answers = [lambda request: ok("max-age=60") if request.safe else ok(status=status)]
    send = over(world)
    for request in (READ, CHANGE, READ):
        await send(request)
    assert len(world.asked) == 2


async def test_a_change_ends_the_places_that_its_answer_names(world: World):
    """RFC 9111, section 4.4: `Location` and `Content-Location`, below the service's base URL."""
    world.answers = [
        lambda request: ok("max-age=60") if request.safe else ok(status=201, location="/api/users/1")
    ]
    send = over(world)
    for request in (READ, replace(CHANGE, method="POST", target="/users"), READ):
        await send(request)
    assert len(world.asked) == 3


@pytest.mark.parametrize(("failure", "calls"), [(Unavailable("x", sent=True), 3), (NotSent("x"), 2)])
async def test_a_change_whose_answer_is_lost_counts_as_made(
    world: World, failure: UpstreamFailure, calls: int
):
    """What may have reached the service may have changed something; what never left has not."""

    async def wire(request: Request) -> Response:
        world.asked.append(request)
        if request.safe:
            return ok("max-age=60")
        if failure.sent:
            request.departure.mark()
        raise failure

    world.wire = wire  # type: ignore[method-assign]
    send = over(world)
    await send(READ)
    with pytest.raises(type(failure)):
        await send(CHANGE)
    await send(READ)
    assert len(world.asked) == calls


async def test_a_read_from_before_a_change_is_not_kept_after_it(world: World):
    """An answer that was on its way while its place changed is given to who asked, and to nobody later."""
    gate: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    world.answers = [lambda _: gate, ok(status=204), ok("max-age=60", b"new")]
    send = over(world)
    early = asyncio.ensure_future(send(READ))
    await turns()
    await send(CHANGE)
    gate.set_result(ok("max-age=60", b"old"))
    assert ((await early).body, (await send(READ)).body) == (b"old", b"new")


async def test_tags_of_a_change_end_what_is_tagged_alike(world: World):
    """A read says what it tells of, and a change what it changes: `User:1`, or `User:*` for all."""
    world.answers = [lambda request: ok("max-age=60") if request.safe else ok()]
    send = over(world)
    listed = replace(READ, target="/users", tags=("User:*",))
    one = replace(READ, tags=("User:*", "User:1"))
    await send(listed)
    await send(one)
    await send(replace(CHANGE, target="/elsewhere", tags=("User:1",)))
    await send(listed)
    assert len(world.asked) == 3
    await send(one)
    assert len(world.asked) == 4
    await send(replace(CHANGE, target="/elsewhere", tags=("User:*",)))
    await send(listed)
    await send(one)
    assert len(world.asked) == 7


# --- stores


async def test_a_store_that_has_nothing_costs_nothing_but_calls(world: World):
    """Where a store keeps nothing and finds nothing, every read is a call, and no read fails."""

    class Away(InProcessStore):
        async def put(self, *_: Any, **__: Any) -> None:
            return

    world.store = Away(1 << 20, world.clock)
    world.answers = [ok("max-age=60")]
    send = over(world)
    assert [(await send(READ)).body for _ in range(2)] == [b"1", b"1"]
    assert len(world.asked) == 2


async def test_what_another_left_under_a_key_is_no_answer(world: World):
    """What cannot be read, or stands in the wrong place, is not there: a private answer is never taken for all."""
    world.answers = [ok("private, max-age=60")]
    send = over(world)
    await send(READ)
    shelf = world.caches[0]._shelf
    keys = shelf.keys(READ)
    stolen = await world.store.get(keys.private)
    assert stolen is not None
    await world.store.put(keys.shared, stolen, 60.0)
    await send(replace(READ, identity=BEN))
    assert len(world.asked) == 2
    await world.store.put(keys.private, b"\xc1 no entry", 60.0)
    await send(READ)
    assert len(world.asked) == 3
