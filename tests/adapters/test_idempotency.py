"""Equal changes under one client's key have one effect and one answer (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.facts import Fact, KeyMet
from adapters.failures import KeyReused, Unavailable, UpstreamFailure
from adapters.messages import Once, Request, Response
from adapters.policies.idempotency import Changes
from adapters.policies.known_keys import Idempotency, Known, KnownKeys

ONCE = Once("k1", b"payload")
PAY = Request("payments", "pay", "POST", "/payments", body=b"{}", keyed=True, once=ONCE)
PAID = Response(201, {"content-type": "application/json"}, b'{"id":1}')
AGAIN = replace(PAID, shared=True)


def same(request: Request) -> Request:
    """The same change as it comes again: an own departure, perhaps another token."""
    return replace(request, departure=type(request.departure)())


class Service:
    """Answers what it is told to, one after another, the last for ever; keeps what it got."""

    def __init__(self, *outcomes: Response | BaseException, sent: bool = True) -> None:
        self.outcomes = list(outcomes)
        self.got: list[Request] = []
        self.sent = sent
        self.gate: asyncio.Event | None = None

    async def __call__(self, request: Request) -> Response:
        self.got.append(request)
        if self.sent:
            request.departure.mark()
        if self.gate is not None:
            await self.gate.wait()
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def changes(facts: list[Fact] | None = None, now: Callable[[], float] = lambda: 0.0, **rule: int) -> Changes:
    return Changes(Idempotency(**rule), now, () if facts is None else (facts.append,))


async def until_waiting(count: int = 20) -> None:
    """Let the loop turn until everything waits that can."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_no_client_named_passes_as_it_is():
    """A request without a client's key is sent each time, untouched."""
    service, policy = Service(PAID), changes()
    plain = replace(PAY, once=None)
    assert [await policy(plain, service) for _ in range(2)] == [PAID, PAID]
    assert service.got == [plain, plain]


async def test_an_equal_change_gets_the_first_answer():
    """The second sending under one key calls nobody, is told as shared, and told to observers."""
    facts: list[Fact] = []
    service, policy = Service(PAID), changes(facts)
    first = await policy(PAY, service)
    second = await policy(same(PAY), service)
    assert (first.shared, second.shared, first, second) == (False, True, PAID, AGAIN)
    assert len(service.got) == 1
    assert facts == [KeyMet("payments", "pay", "replayed")]


async def test_another_payload_under_the_key_is_refused():
    """Reuse with another payload is KeyReused, never sent, and leaves the first answer there (section 2.7)."""
    facts: list[Fact] = []
    service, policy = Service(PAID), changes(facts)
    await policy(PAY, service)
    other = replace(same(PAY), once=Once("k1", b"another"))
    with pytest.raises(KeyReused) as caught:
        await policy(other, service)
    assert (caught.value.sent, str(caught.value)) == (
        False,
        "payments: the client's key was used for another pay",
    )
    assert await policy(same(PAY), service) == AGAIN
    assert len(service.got) == 1
    assert facts == [KeyMet("payments", "pay", "reused"), KeyMet("payments", "pay", "replayed")]


async def test_another_key_is_another_change():
    """Equal payloads under two keys are two changes."""
    service, policy = Service(PAID), changes()
    await policy(PAY, service)
    await policy(replace(same(PAY), once=Once("k2", b"payload")), service)
    assert len(service.got) == 2


@pytest.mark.parametrize(
    "lost", [Unavailable("reset", sent=True), Response(503, {}, b""), Response(402, {}, b""), KeyError("bug")]
)
async def test_a_lost_answer_is_asked_for_again_under_the_same_key(lost: Response | Exception):
    """Where no success came back, the same request goes out again; another payload is refused all the same."""
    service, policy = Service(lost, PAID), changes()
    if isinstance(lost, Response):
        assert await policy(PAY, service) == lost
    else:
        with pytest.raises(type(lost)):
            await policy(PAY, service)
    with pytest.raises(KeyReused):
        await policy(replace(same(PAY), once=Once("k1", b"another")), service)
    assert await policy(same(PAY), service) == PAID
    assert service.got == [PAY, PAY]
    assert await policy(same(PAY), service) == AGAIN


async def test_a_change_that_never_left_binds_nothing():
    """What was not sent had no effect: the key is as good as new, for another payload too."""
    service, policy = Service(Unavailable("refused", sent=False), PAID, sent=False), changes()
    with pytest.raises(Unavailable):
        await policy(same(PAY), service)
    other = replace(same(PAY), once=Once("k1", b"another"))
    assert await policy(other, service) == PAID


async def test_a_failure_that_may_have_been_sent_binds_the_key():
    """A failure that says sent binds the key to its payload, whoever marked what."""
    service, policy = Service(Unavailable("lost", sent=True), PAID, sent=False), changes()
    with pytest.raises(Unavailable):
        await policy(PAY, service)
    with pytest.raises(KeyReused):
        await policy(replace(same(PAY), once=Once("k1", b"another")), service)


@pytest.mark.parametrize("outcome", [PAID, Response(500, {}, b""), Unavailable("reset", sent=True)])
async def test_equal_changes_at_once_are_one_call(outcome: Response | UpstreamFailure):
    """Whoever comes while the first is under way gets its outcome, be it a failure, each an exception of its own."""
    facts: list[Fact] = []
    service, policy = Service(outcome), changes(facts)
    service.gate = asyncio.Event()
    asking = [asyncio.ensure_future(policy(same(PAY), service)) for _ in range(3)]
    await until_waiting()
    service.gate.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert len(service.got) == 1
    if isinstance(outcome, Response):
        assert found == [outcome] * 3
        assert [isinstance(one, Response) and one.shared for one in found] == [False, True, True]
    else:
        assert [(type(one), str(one)) for one in found] == [(Unavailable, "reset")] * 3
        assert len({id(one) for one in found}) == 3
    assert facts == [KeyMet("payments", "pay", "joined")] * 2


async def test_another_payload_does_not_wait_for_the_first():
    """Reuse is refused while the first is still under way."""
    service, policy = Service(PAID), changes()
    service.gate = asyncio.Event()
    first = asyncio.ensure_future(policy(PAY, service))
    await until_waiting()
    with pytest.raises(KeyReused):
        await policy(replace(same(PAY), once=Once("k1", b"another")), service)
    service.gate.set()
    assert await first == PAID


@pytest.mark.parametrize("leaves", [True, False])
async def test_another_payload_waits_for_one_that_has_not_left(leaves: bool):
    """While it is open whether the first change leaves, so is what its key stands for: if it does, another payload is
    refused; if it does not, that one is made.
    """
    outcomes: tuple[Response | BaseException, ...] = (
        (PAID,) if leaves else (Unavailable("refused", sent=False), PAID)
    )
    service, policy = Service(*outcomes, sent=False), changes()
    service.gate = asyncio.Event()
    first = asyncio.ensure_future(policy(same(PAY), service))
    await until_waiting()
    mine = replace(same(PAY), once=Once("k1", b"another"))
    other = asyncio.ensure_future(policy(mine, service))
    await until_waiting()
    assert not other.done()
    service.gate.set()
    found = await asyncio.gather(first, other, return_exceptions=True)
    assert [type(one) for one in found] == [Response, KeyReused] if leaves else [Unavailable, Response]
    assert (len(service.got), mine.departure.sent) == (1 if leaves else 2, False)


async def test_who_waits_and_leaves_says_what_may_have_been_sent():
    """A waiter that is ended learns that the change it waited for was sent, and ends nobody else's wait."""
    service, policy = Service(PAID), changes()
    service.gate = asyncio.Event()
    first = asyncio.ensure_future(policy(PAY, service))
    await until_waiting()
    mine = same(PAY)
    leaving = asyncio.ensure_future(policy(mine, service))
    await until_waiting()
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert mine.departure.sent
    service.gate.set()
    assert await first == PAID


async def test_when_the_first_is_given_up_the_next_takes_over():
    """The end of the first's wait is nobody else's outcome: one of those who wait sends, for all of them."""
    service, policy = Service(PAID), changes()
    service.gate = asyncio.Event()
    first = asyncio.ensure_future(policy(PAY, service))
    await until_waiting()
    others = [asyncio.ensure_future(policy(same(PAY), service)) for _ in range(2)]
    await until_waiting()
    first.cancel()
    await until_waiting()
    service.gate.set()
    assert await asyncio.gather(*others) == [PAID, AGAIN]
    assert len(service.got) == 2


async def test_keys_are_forgotten_in_time():
    """After `keep` seconds a key is not known any more; the service's own memory decides from then on."""
    now = [0.0]
    service, policy = Service(PAID), changes(now=lambda: now[0], keep=60)
    await policy(PAY, service)
    now[0] = 59.0
    assert await policy(same(PAY), service) == AGAIN
    now[0] = 61.0
    assert (await policy(same(PAY), service)).shared is False
    assert len(service.got) == 2


def test_an_answer_too_large_is_not_kept_but_its_payload_is():
    """No answer takes more than an eighth of the memory; of a larger one just what it was given for is kept."""
    keys = KnownKeys(Idempotency(memory=8192), lambda: 0.0)
    keys.keep(ONCE, Response(200, {}, b"x" * 2000))
    assert keys.of(ONCE) == Known(b"payload", None)
    keys.keep(ONCE, Response(200, {}, b"x" * 100))
    assert keys.of(ONCE) == Known(b"payload", Response(200, {}, b"x" * 100))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 3000)), max_size=200))
def test_memory_is_bounded(kept: list[tuple[int, int]]):
    """However many keys come with however large answers, what is kept stays within the memory; the last is there."""
    memory = 8192
    keys = KnownKeys(Idempotency(memory=memory), lambda: 0.0)
    for number, size in kept:
        once = Once(str(number), b"p")
        keys.keep(once, Response(200, {"a": "b"}, b"x" * size))
        assert keys.of(once) is not None
        held = [keys.of(Once(str(one), b"p")) for one in range(51)]
        assert sum(len(one.answer.body) for one in held if one and one.answer) <= memory
        assert len(keys) * 400 <= memory


@pytest.mark.parametrize("rule", [{"keep": 0.0}, {"memory": 1023}])
def test_a_rule_that_cannot_work_is_refused(rule: dict[str, float]):
    """Nothing is kept for no time or in no memory."""
    with pytest.raises(
        ValueError, match="idempotency: keep is more than 0 seconds, and memory at least 1024 bytes"
    ):
        Idempotency(**rule)  # type: ignore[arg-type]  # as settings give them


def test_a_key_shows_nothing_of_its_payload():
    """What is kept of a key has no payload in its repr."""
    assert repr(ONCE) == "Once(key='k1')"
