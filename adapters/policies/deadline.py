"""The deadline policy: a call gets the time that is left, and no more. Outermost, so that all waiting below
counts.

The next place down is `adapters/credentials/credentials.py`. This is the only place that ends a call for its time;
everything below just gets cancelled, and the transport tells through `Request.departure` whether the request
may have left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from adapters.facts import Clock
from adapters.failures import TimedOut
from adapters.messages import Policy, Request, Response, Send


def effective(deadline: float | None, now: float, timeout: float) -> float:
    """When a call must have ended: the caller's deadline or the service's timeout from now, whichever is
    sooner.
    """
    return now + timeout if deadline is None else min(deadline, now + timeout)


def deadline(timeout: float, clock: Clock, own: Mapping[str, float] = MappingProxyType({})) -> Policy:
    """The policy for a service that gets `timeout` seconds for one call; operations in `own` get theirs, by id.

    Raises `TimedOut(sent=False)` without starting anything where the deadline has passed; otherwise
    `TimedOut` when it passes, `sent` being true where the transport had begun to send.
    """

    async def policy(request: Request, send: Send) -> Response:
        now = clock()
        until = effective(request.deadline, now, own.get(request.operation, timeout) if own else timeout)
        if until <= now:
            raise TimedOut(f"{request.service}: no time left to call {request.operation}", sent=False)
        # A departure of this call's own: the same request may be sent again, and must not inherit the last
        # one's.
        timed = request.until(until)
        # As asyncio.timeout does, at half its price, and every call pays it.
        task = asyncio.current_task()
        assert task is not None  # nothing is awaited outside of one
        before = task.cancelling()
        limit = _Limit(task)
        timer = task.get_loop().call_later(until - now, limit.end)
        try:
            return await send(timed)
        except asyncio.CancelledError:
            # Who waits may have been ended too, and for that reason the call is over, whatever the time.
            if not limit.passed or task.cancelling() - 1 > before:
                raise
            raise TimedOut(
                f"{request.service}: {request.operation} did not end within {until - now:.3f} s",
                sent=timed.departure.sent,
            ) from None
        finally:
            timer.cancel()
            if limit.passed:
                task.uncancel()

    return policy


class _Limit(msgspec.Struct, eq=False):
    """Ends a task's wait, and knows that it did."""

    task: asyncio.Task[object]
    passed: bool = False

    def end(self) -> None:
        self.passed = True
        self.task.cancel()
