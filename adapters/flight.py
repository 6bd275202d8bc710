"""The flight policy: equal safe requests that are in flight at the same time are one call.

Above everything that repeats, waits or limits, so that all waiters share one budget of those; below
credentials, because the whole outgoing request is the key. A flight belongs to nobody: it is a task of its
own that runs while anyone waits. Each waiter's deadline ends only its own wait (`adapters/deadline.py`,
above, cancels it), so that the flight lives under the longest of them, and the end of the last wait ends the
call. Nothing is kept after landing; mutations never share, and no read after a change joins one from before.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from adapters.facts import Clock, Observer, ended, tell
from adapters.failures import Unavailable, again
from adapters.messages import Departure, Request, Response, Send

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
    departure: Departure
    task: asyncio.Task[Response]
    # Failures land as results: a future whose exception nobody came to fetch would be logged as a bug.
    waiters: set[asyncio.Future[Outcome]] = field(default_factory=set)


class Flights:
    """The flights of one service: a policy, and `close()` for its tasks. Bounded by those who wait."""

    def __init__(self, clock: Clock, observers: tuple[Observer, ...] = ()) -> None:
        self._clock = clock
        self._observers = observers
        self._flying: dict[bytes, _Flight] = {}
        self._tasks: set[asyncio.Task[Response]] = set()

    async def __call__(self, request: Request, send: Send) -> Response:
        """Sends the request, or waits for an equal one. Raises what the call raised, each waiter an exception
        of its own.
        """
        if not request.safe:
            try:
                return await send(request)
            finally:
                # Whoever reads from here on must not be answered by a read that left before the change was made.
                self._flying.clear()
        key = flight_key(request)
        flight = self._flying.get(key)
        if flight is None:
            return await self._wait(self._start(key, request, send), key, request)
        started = self._clock()
        try:
            response = await self._wait(flight, key, request)
        except BaseException as failure:
            self._tell(request, failure, started)
            raise
        self._tell(request, response, started)
        return replace(response, shared=True)

    def _tell(self, request: Request, outcome: Outcome, started: float) -> None:
        now = self._clock()
        tell(self._observers, ended(request, outcome, now - started, now=now, shared=True))

    def _start(self, key: bytes, request: Request, send: Send) -> _Flight:
        departure = Departure()
        own = replace(request, departure=departure)

        async def fly() -> Response:
            return await send(own)

        task = asyncio.create_task(fly(), name=f"flight {request.service} {request.operation}")
        flight = _Flight(departure, task)
        self._flying[key] = flight
        self._tasks.add(task)
        task.add_done_callback(lambda _: self._land(key, flight))
        return flight

    def _land(self, key: bytes, flight: _Flight) -> None:
        self._tasks.discard(flight.task)
        self._forget(key, flight)
        outcome: Outcome
        if flight.task.cancelled():
            outcome = Unavailable(
                "the service was closed while the call was in flight", sent=flight.departure.sent
            )
        else:
            outcome = flight.task.exception() or flight.task.result()
        for waiter in flight.waiters:
            if not waiter.done():
                waiter.set_result(outcome)

    def _forget(self, key: bytes, flight: _Flight) -> None:
        if self._flying.get(key) is flight:
            del self._flying[key]

    async def _wait(self, flight: _Flight, key: bytes, request: Request) -> Response:
        waiter: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        flight.waiters.add(waiter)
        try:
            outcome = await waiter
        finally:
            flight.waiters.discard(waiter)
            if flight.departure.sent:
                request.departure.mark()
            if not flight.waiters and not flight.task.done():
                # Forgotten at once: who asks from here on must not join a call that is being ended.
                self._forget(key, flight)
                flight.task.cancel()
                # When the last wait has ended, so has the call: its connection is closed and no task is left.
                await asyncio.wait({flight.task})
        if isinstance(outcome, BaseException):
            raise again(outcome)
        return outcome

    async def close(self) -> None:
        """Ends every flight; those who still wait get `Unavailable`."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
