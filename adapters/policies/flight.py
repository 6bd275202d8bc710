"""The flight policy: equal safe requests that are in flight at the same time are one call.

Above everything that repeats, waits or limits, so that all waiters share one budget of those; below
credentials, because the whole outgoing request is the key. A flight belongs to nobody: it is a task of its
own that runs while anyone waits. Each waiter's deadline ends only its own wait (`adapters/policies/deadline.py`,
above, cancels it), so that the flight lives under the longest of them, and the end of the last wait ends the
call. What waits or counts below goes by the longest too: `Request.latest`, which moves as others join. Nothing is
kept after landing; mutations never share, and no read after a change joins one from before. A read `anew` joins none
but such.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from msgspec.structs import replace

from adapters.facts import Clock, Observer, ended, tell
from adapters.failures import Unavailable, again
from adapters.messages import Awaited, Request, Response, Send

LEFT_OUT: Final = frozenset(
    {"traceparent", "tracestate", "baggage", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid",
     "x-b3-sampled", "x-request-id", "x-correlation-id", "x-amzn-trace-id", "x-cloud-trace-context"}
)  # fmt: skip
"""Headers that tell one request from another without changing its answer: they take no part in the key."""


def flight_key(request: Request) -> bytes:
    """SHA-256 over everything that makes two requests one: service, method, target, body, headers, and whose
    they are.

    Every part is preceded by its length, so that no two different requests spell the same bytes. Nothing
    readable is left in the key, tokens least of all.
    """
    whole = hashlib.sha256()
    for part in _parts(request):
        whole.update(b"-" if part is None else b"%d:%b" % (len(part), part))
    return whole.digest()


def _parts(request: Request) -> Iterator[bytes | None]:
    identity = request.identity
    for text in (request.service, request.method, request.target):
        yield _bytes(text)
    for given in (identity.partition, identity.tenant, identity.token):
        yield None if given is None else _bytes(given)
    yield request.body
    for name in sorted(name for name in request.headers if name not in LEFT_OUT):
        yield _bytes(name)
        yield _bytes(request.headers[name])


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


Outcome: TypeAlias = Response | BaseException


@dataclass(slots=True, eq=False)
class _Flight:
    request: Request  # whose departure is the flight's own
    awaited: Awaited
    part: int
    # Failures land as results: a future whose exception nobody came to fetch would be logged as a bug.
    waiters: set[asyncio.Future[Outcome]] = field(default_factory=set)
    task: asyncio.Task[None] = field(init=False)
    _key: bytes | None = None

    def key(self) -> bytes:
        """What it is known by, once somebody asks."""
        if self._key is None:
            self._key = _whole(self.request)
        return self._key


class Flights:
    """The flights of one service: a policy, and `close()` for its tasks. Bounded by those who wait.

    Most reads fly alone, and hashing them whole would cost more than all the rest of this policy. So a flight is
    found by a part of its request first, by the hash that Python makes of it, and whole requests are compared only
    where those are equal. `moment` moves on whenever a change dropped something from the caches, here or elsewhere
    (see `Store`): nobody joins a read that left before.
    """

    def __init__(
        self, clock: Clock, observers: tuple[Observer, ...] = (), moment: Callable[[], int] = lambda: 0
    ) -> None:
        self._clock = clock
        self._observers = observers
        self._moment = moment
        self._last = moment()
        self._first: dict[int, _Flight] = {}  # by the part: who has it first
        self._others: dict[bytes, _Flight] = {}  # by the whole: all others
        self._aloft: set[_Flight] = set()

    async def __call__(self, request: Request, send: Send) -> Response:
        """Sends the request, or waits for an equal one. Raises what the call raised, each waiter an exception
        of its own.
        """
        if not request.safe:
            try:
                return await send(request)
            finally:
                self._depart()
        moment = self._moment()
        if moment != self._last:
            self._last = moment
            self._depart()
        part = _part(request)
        first = self._first.get(part)
        if first is None and not self._others:
            self._first[part] = alone = self._start(part, request, send)
            return await self._wait(alone, request)
        key = _whole(request)
        joined = first if first is not None and first.key() == key else self._others.get(key)
        if joined is None:
            flight = self._start(part, request, send)
            if first is None:
                self._first[part] = flight
            else:
                self._others[key] = flight
            return await self._wait(flight, request)
        joined.awaited.join(request.deadline)
        started = self._clock()
        try:
            response = await self._wait(joined, request)
        except BaseException as failure:
            self._tell(request, failure, started)
            raise
        self._tell(request, response, started)
        return replace(response, shared=True)

    def _depart(self) -> None:
        """Whoever reads from here on must not be answered by a read that left before a change was made."""
        self._first.clear()
        self._others.clear()

    def _tell(self, request: Request, outcome: Outcome, started: float) -> None:
        now = self._clock()
        tell(self._observers, ended(request, outcome, now - started, now=now, shared=True))

    def _start(self, part: int, request: Request, send: Send) -> _Flight:
        awaited = Awaited(request.deadline)
        flight = _Flight(request.shared(awaited), awaited, part)
        flight.task = asyncio.get_running_loop().create_task(self._fly(flight, send))
        self._aloft.add(flight)
        return flight

    async def _fly(self, flight: _Flight, send: Send) -> None:
        try:
            response = await send(flight.request)
        except asyncio.CancelledError:
            self._land(flight, _closed(flight))
            raise
        except BaseException as failure:
            self._land(flight, failure)
            if not isinstance(failure, Exception):
                raise
        else:
            self._land(flight, response)

    def _land(self, flight: _Flight, outcome: Outcome) -> None:
        self._aloft.discard(flight)
        self._forget(flight)
        for waiter in flight.waiters:
            if not waiter.done():
                waiter.set_result(outcome)

    def _forget(self, flight: _Flight) -> None:
        if self._first.get(flight.part) is flight:
            del self._first[flight.part]
        elif self._others and self._others.get(flight.key()) is flight:
            del self._others[flight.key()]

    async def _wait(self, flight: _Flight, request: Request) -> Response:
        waiter: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        flight.waiters.add(waiter)
        try:
            outcome = await waiter
        finally:
            flight.waiters.discard(waiter)
            if flight.request.departure.sent:
                request.departure.mark()
            if not flight.waiters and not flight.task.done():
                # Forgotten at once: who asks from here on must not join a call that is being ended.
                self._forget(flight)
                flight.task.cancel()
                # When the last wait has ended, so has the call: its connection is closed and no task is left.
                await asyncio.wait({flight.task})
                self._aloft.discard(flight)  # one that is cancelled before it begins does not land
        if isinstance(outcome, BaseException):
            raise again(outcome)
        return outcome

    async def close(self) -> None:
        """Ends every flight; those who still wait get `Unavailable`."""
        flights = tuple(self._aloft)
        for flight in flights:
            flight.task.cancel()
        if flights:
            await asyncio.wait({flight.task for flight in flights})
        for flight in flights:
            self._land(flight, _closed(flight))  # one that was cancelled before it began has not landed


def _part(request: Request) -> int:
    if request.flight is not None:
        return hash((request.flight, request.anew))
    identity = request.identity
    whose = (identity.partition, identity.tenant, identity.token)
    return hash((request.method, request.target, request.body, whose, request.anew))


def _whole(request: Request) -> bytes:
    key = flight_key(request) if request.flight is None else request.flight
    return key + b"anew" if request.anew else key


def _closed(flight: _Flight) -> Unavailable:
    return Unavailable(
        "the service was closed while the call was in flight", sent=flight.request.departure.sent
    )
