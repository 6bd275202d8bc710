"""The policy stack of one service: which concerns a call passes, in which order, and why there.

| place | policy | why here |
| --- | --- | --- |
| 1 | `fallback` | above the deadline, so that there is time left to fall back in |
| 2 | `deadline` | all waiting below counts, queueing too; what cannot finish is not started |
| 3 | `credentials` | before whatever compares requests: under others it is another one; a 401 gets new ones |
| 4 | `idempotency` | below what may differ when a change comes again; above all that makes a call |
| 5 | `claims` | the same among replicas that share a store, and asked only for what is not known here |
| 6 | `cache` | below what decides whose a request is; above the flight, so that only what is not there flies |
| 7 | `flight` | on the whole outgoing request; above whatever waits or repeats, so that waiters share that |
| 8 | `retry` | repeats what may have passed; below the flight, so that waiters share its attempts |
| 9 | `breaker` | below retry, so that an open one ends all attempts; what it stops takes no place in a queue |
| 10 | `limit` | below what may end a call without one, so that only what really goes out takes a turn |
| 11 | `judge` | the breaker again: once more for what waited, and only the service's own time counts |
| 12 | `budget` | what is left when the call really goes out; above, it would tell equal calls apart |
| 13 | `around` | what wraps a real call for those who watch, such as its span in a trace; mostly nothing |
| 14 | `watch` | last before the wire: every real call is told once (shared answers are told by the flight) |
| 15 | transport | bytes |
"""

from __future__ import annotations

import time
from collections.abc import Awaitable
from types import FunctionType, MethodType, TracebackType
from typing import Self

from adapters.caching.cache import Cache
from adapters.caching.cache_entities import Entities
from adapters.caching.cache_invalidation import Invalidation
from adapters.caching.cache_store import Store
from adapters.credentials.credentials import close, credentials
from adapters.facts import Clock, Observer, watch
from adapters.messages import Policy, Request, Response, Send
from adapters.policies.breaker import Breakers
from adapters.policies.budget import budget
from adapters.policies.claims import Claims
from adapters.policies.deadline import deadline
from adapters.policies.fallback import Kept, fallback, with_credentials
from adapters.policies.flight import Flights
from adapters.policies.idempotency import Changes
from adapters.policies.limit import Limits
from adapters.policies.retry import retry
from adapters.service import Service
from adapters.sharing.shared_keys import SharedKeys
from adapters.transport.mutual_tls import fresh_certificate, tls_context
from adapters.transport.transport import Transport


def stack(*policies: Policy, transport: Send) -> Send:
    """One `Send` of the policies, the first outermost, over the transport."""
    send = transport
    for policy in reversed(policies):
        send = _over(policy, send)
    return send


def _over(policy: Policy, send: Send) -> Send:
    # No coroutine of its own: there is one of these for each policy of each call. Nor is an object called, but its
    # method, which Python has to look up anew otherwise.
    call: Policy = policy
    if not isinstance(policy, FunctionType | MethodType):
        call = policy.__call__  # type: ignore[operator] # mypy knows none of a Callable

    def sent(request: Request) -> Awaitable[Response]:
        return call(request, send)

    return sent


class Upstream:
    """One service, ready to be called: `send` is its whole stack. Use as an async context manager, or close
    it.
    """

    def __init__(
        self,
        service: Service,
        clock: Clock,
        observers: tuple[Observer, ...] = (),
        around: tuple[Policy, ...] = (),
        store: Store | None = None,
        keys: SharedKeys | None = None,
    ) -> None:
        self.service = service
        context = None if service.tls is None else tls_context(service.name, service.url, service.tls)
        self._transport = Transport(
            service.url, connections=service.connections, answer_limit=service.answer_limit, tls=context
        )
        wire: Send = self._transport.__call__
        if service.tls is not None and context is not None:
            wire = _over(fresh_certificate(service.name, service.tls, context, clock), wire)
        self._credentials = credentials(service, clock, observers)
        self._cache: Cache | None = None
        # What batches keep of each key: beside the stack, since no policy reads answers.
        self.entities: Entities | None = None
        if store is not None and service.cache.enabled:
            self._cache = Cache(service, store, clock, time.time, observers)
            self.entities = Entities(service.cache, store, time.time, observers)
        kept: Kept | None = None
        if self._cache is not None:
            kept = with_credentials(service, self._credentials, self._cache.instead)
        self._claims = None if keys is None else Claims(service.idempotency, keys, clock, observers)
        self._flights = Flights(clock, observers, *(() if store is None else (lambda: store.moment,)))
        self._breakers = Breakers(service, clock, observers)
        self._limits = Limits(service, clock, time.time, observers)
        self.send: Send = stack(
            fallback(service.fallbacks, kept, observers),
            deadline(service.timeout, clock, service.timeouts),
            self._credentials,
            Changes(service.idempotency, clock, observers),
            *(() if self._claims is None else (self._claims,)),
            *self._cached(store),
            self._flights,
            retry(service.retry, clock, observers),
            self._breakers.gate,
            self._limits,
            self._breakers.judge,
            *(() if service.budget_header is None else (budget(service.budget_header, clock),)),
            *around,
            *((watch(clock, observers),) if observers else ()),
            transport=wire,
        )
        # For health probes: nobody's credentials, nobody's flight, and no part in what is told of calls.
        self.probe: Send = stack(deadline(service.timeout, clock), transport=wire)

    def _cached(self, store: Store | None) -> tuple[Policy, ...]:
        if self._cache is not None:
            return (self._cache,)
        # Its changes may make stale what is kept of other services, and whole answers.
        return () if store is None else (Invalidation(self.service.url, store),)

    def __repr__(self) -> str:
        return f"Upstream({self.service.name!r})"

    async def __aenter__(self) -> Self:
        await self._transport.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends what is in flight, then closes the connections. Leaves no task."""
        if self._cache is not None:
            await self._cache.close()
        await self._flights.close()
        if self._claims is not None:
            await self._claims.close()
        await close(self._credentials)
        self._limits.close()
        self._breakers.close()
        await self._transport.close()


def open_service(
    service: Service,
    clock: Clock,
    observers: tuple[Observer, ...] = (),
    around: tuple[Policy, ...] = (),
    store: Store | None = None,
    keys: SharedKeys | None = None,
) -> Upstream:
    """The upstream of a service: `async with open_service(service, loop.time) as upstream: await
    upstream.send(request)`.

    Opens no socket until it is entered. `around` wraps real calls, outermost first. `clock` gives seconds, as
    the running loop's `time` does. Answers are cached in `store`, which may serve other services too, and which
    whoever opened it closes; without one, none are. `keys` are what replicas know of clients' idempotency keys.
    Raises ValueError for settings that cannot be served: an unknown way of credentials, or tokens that would travel
    over plain HTTP.
    """
    return Upstream(service, clock, observers, around, store, keys)
