"""What happened on the wire, as frozen facts: metrics, logs and traces observe these, and no policy knows
them.

`watch` stands directly above the transport and tells of real calls; `adapters/policies/flight.py` tells of answers
that were shared. An observer that raises is logged and never breaks a call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

import msgspec

from adapters.failures import UpstreamFailure
from adapters.messages import Policy, Request, Response, Send

log = logging.getLogger("stolon.observe")

Clock: TypeAlias = Callable[[], float]
"""Seconds, monotonic: `loop.time` of the running loop, or a test's own."""


class CallStarted(msgspec.Struct, frozen=True):
    """A call goes down to the transport."""

    service: str
    operation: str


class CallEnded(msgspec.Struct, frozen=True):
    """A call ended. Exactly one of `status` and `failure` is set.

    `failure` is the failure's class in `adapters/failures.py` by name, `Cancelled` where nobody waited any
    longer, or `Error` for a fault of Stolon's own. `bytes` counts the body after decompression. `shared` is
    true for a caller that was served by another's call: calls on the wire are those with `shared=False`.
    """

    service: str
    operation: str
    status: int | None
    failure: str | None
    seconds: float
    bytes: int
    shared: bool


class Probed(msgspec.Struct, frozen=True):
    """A service was asked for its health, by a request of Stolon's own. One of `status` and `failure` is set,
    as in `CallEnded`.
    """

    service: str
    status: int | None
    failure: str | None
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the service says that it is well: by a 2xx, and nothing else."""
        return self.status is not None and 200 <= self.status < 300


class Retried(msgspec.Struct, frozen=True):
    """A call will be tried again after `wait` seconds. `reason` is the status, or the failure's class by name, with
    which attempt number `attempt`, from 1, ended.
    """

    service: str
    operation: str
    reason: str
    attempt: int
    wait: float


class NotRetried(msgspec.Struct, frozen=True):
    """A call was not tried again, though it might have fared better and was safe to repeat. `why` is a value of
    `adapters.policies.retry_decision.Kept`: `attempts`, `retry_after`, `deadline` or `budget`.
    """

    service: str
    operation: str
    reason: str
    why: str


class BreakerTurned(msgspec.Struct, frozen=True):
    """A breaker is `closed`, `open` or `half-open` from now on: that of an operation, or of the whole service."""

    service: str
    operation: str | None
    state: str


class HeldBack(msgspec.Struct, frozen=True):
    """A call was refused before it left, by an open `breaker`, a full `queue`, or the service's `rate`."""

    service: str
    operation: str
    by: str


class Queued(msgspec.Struct, frozen=True):
    """A call waits for its turn."""

    service: str
    operation: str


class Dequeued(msgspec.Struct, frozen=True):
    """A call that waited so many seconds waits no longer, whether its turn came or not."""

    service: str
    operation: str
    seconds: float


class KeyMet(msgspec.Struct, frozen=True):
    """A client's idempotency key was met again: the first answer was `replayed`, a change under way was `joined`, or
    the key was `reused` for another payload.
    """

    service: str
    operation: str
    outcome: str


class CacheUsed(msgspec.Struct, frozen=True):
    """The cache had a part in a read: it answered (`hit`), or with what was not fresh any more (`stale`); it was told
    by a 304 that its answer still holds (`revalidated`); it kept a new one (`stored`); or the request asked to pass
    it by (`bypassed`). Of reads that it neither answered nor kept nothing is told.
    """

    service: str
    operation: str
    outcome: str


class FellBack(msgspec.Struct, frozen=True):
    """A read was answered in place of its service: by a `stale` answer, or by a `constant`. `reason` is the status,
    or the failure's class by name.
    """

    service: str
    operation: str
    to: str
    reason: str


class TokenAsked(msgspec.Struct, frozen=True):
    """A service's token endpoint was asked for a token: it was `granted`; `refused`; `caller_refused`, where it was
    the caller's token that did not do; or the endpoint was `unavailable`.
    """

    service: str
    outcome: str
    seconds: float


Fact: TypeAlias = (
    CallStarted
    | CallEnded
    | Probed
    | Retried
    | NotRetried
    | BreakerTurned
    | HeldBack
    | Queued
    | Dequeued
    | KeyMet
    | CacheUsed
    | FellBack
    | TokenAsked
)
Observer: TypeAlias = Callable[[Fact], None]


Told = TypeVar("Told")


def tell(observers: tuple[Callable[[Told], None], ...], fact: Told) -> None:
    """Gives the fact to every observer; one that raises is logged by name."""
    for observer in observers:
        try:
            observer(fact)
        except Exception:
            log.exception("observer %r failed on %s", observer, type(fact).__name__)


def ended(
    request: Request, outcome: Response | BaseException, seconds: float, *, now: float, shared: bool
) -> CallEnded:
    """The fact of a call's end. A cancellation at or after the deadline is a `TimedOut`."""
    status = failure = None
    size = 0
    if isinstance(outcome, Response):
        status, size = outcome.status, len(outcome.body)
    elif isinstance(outcome, UpstreamFailure):
        failure = type(outcome).__name__
    elif isinstance(outcome, asyncio.CancelledError):
        until = request.latest
        late = until is not None and now >= until
        failure = "TimedOut" if late else "Cancelled"
    else:
        failure = "Error"
    return CallEnded(request.service, request.operation, status, failure, seconds, size, shared)


def watch(clock: Clock, observers: tuple[Observer, ...]) -> Policy:
    """The policy that tells observers of every call that goes to the transport."""

    async def policy(request: Request, send: Send) -> Response:
        started = clock()
        tell(observers, CallStarted(request.service, request.operation))
        try:
            response = await send(request)
        except BaseException as failure:
            now = clock()
            tell(observers, ended(request, failure, now - started, now=now, shared=False))
            raise
        status, size = response.status, len(response.body)  # as `ended` has it
        seconds = clock() - started
        tell(
            observers,
            CallEnded(request.service, request.operation, status, None, seconds, size, shared=False),
        )
        return response

    return policy if observers else _untold


def _untold(request: Request, send: Send) -> Awaitable[Response]:
    return send(request)
