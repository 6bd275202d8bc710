"""The policy stack of one service: which concerns a call passes, in which order, and why there.

| place | policy | why here |
| --- | --- | --- |
| 1 | `deadline` | all waiting below counts, queueing too; what cannot finish is not started |
| 2 | `credentials` | before whatever compares requests: under other credentials it is another one |
| 3 | `flight` | on the whole outgoing request; above whatever waits or repeats, so that waiters share that |
| 4 | `retry` | the only place that repeats; below the flight, so that waiters share its attempts |
| 5 | `around` | what wraps a real call for those who watch, such as its span in a trace; mostly nothing |
| 6 | `watch` | last before the wire: every real call is told once (shared answers are told by the flight) |
| 7 | transport | bytes |

Later policies have their places: fallback goes above the deadline, so that there is time left to fall back
in; idempotency follows credentials, since a key belongs to one caller; cache follows it and precedes flight,
so that only misses fly; breaker below retry, so that every attempt is counted and an open breaker stops them; limit last
before watch, so that only what really goes out takes a place in the queue.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from adapters.credentials import credentials
from adapters.deadline import deadline
from adapters.facts import Clock, Observer, watch
from adapters.flight import Flights
from adapters.messages import Policy, Request, Response, Send
from adapters.retry import retry
from adapters.service import Service
from adapters.transport import Transport


def stack(*policies: Policy, transport: Send) -> Send:
    """One `Send` of the policies, the first outermost, over the transport."""
    send = transport
    for policy in reversed(policies):
        send = _over(policy, send)
    return send


def _over(policy: Policy, send: Send) -> Send:
    async def sent(request: Request) -> Response:
        return await policy(request, send)

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
    ) -> None:
        self.service = service
        self._transport = Transport(
            service.url, connections=service.connections, answer_limit=service.answer_limit
        )
        self._flights = Flights(clock, observers)
        self.send: Send = stack(
            deadline(service.timeout, clock),
            credentials(service),
            self._flights,
            retry(service.retry, clock, observers),
            *around,
            watch(clock, observers),
            transport=self._transport,
        )
        # For health probes: nobody's credentials, nobody's flight, and no part in what is told of calls.
        self.probe: Send = stack(deadline(service.timeout, clock), transport=self._transport)

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
        await self._flights.close()
        await self._transport.close()


def open_service(
    service: Service, clock: Clock, observers: tuple[Observer, ...] = (), around: tuple[Policy, ...] = ()
) -> Upstream:
    """The upstream of a service: `async with open_service(service, loop.time) as upstream: await
    upstream.send(request)`.

    Opens no socket until it is entered. `around` wraps real calls, outermost first. `clock` gives seconds, as
    the running loop's `time` does. Raises ValueError for settings that cannot be served: an unknown way of
    credentials, or tokens that would travel over plain HTTP.
    """
    return Upstream(service, clock, observers, around)
