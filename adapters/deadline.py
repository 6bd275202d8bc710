"""The deadline policy: a call gets the time that is left, and no more. Outermost, so that all waiting below
counts.

The next place down is `adapters/credentials.py`. This is the only place that ends a call for its time;
everything below just gets cancelled, and the transport tells through `Request.departure` whether the request
may have left.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from adapters.facts import Clock
from adapters.failures import TimedOut
from adapters.messages import Departure, Policy, Request, Response, Send


def effective(deadline: float | None, now: float, timeout: float) -> float:
    """When a call must have ended: the caller's deadline or the service's timeout from now, whichever is
    sooner.
    """
    return now + timeout if deadline is None else min(deadline, now + timeout)


def deadline(timeout: float, clock: Clock) -> Policy:
    """The policy for a service that gets `timeout` seconds for one call.

    Raises `TimedOut(sent=False)` without starting anything where the deadline has passed; otherwise
    `TimedOut` when it passes, `sent` being true where the transport had begun to send.
    """

    async def policy(request: Request, send: Send) -> Response:
        now = clock()
        until = effective(request.deadline, now, timeout)
        if until <= now:
            raise TimedOut(f"{request.service}: no time left to call {request.operation}", sent=False)
        # A departure of this call's own: the same request may be sent again, and must not inherit the last
        # one's.
        timed = replace(request, deadline=until, departure=Departure())
        limit = asyncio.timeout(until - now)  # not timeout_at: the clock need not be the loop's
        try:
            async with limit:
                return await send(timed)
        except TimeoutError:
            if not limit.expired():
                raise
            seconds = until - now
            raise TimedOut(
                f"{request.service}: {request.operation} did not end within {seconds:.3f} s",
                sent=timed.departure.sent,
            ) from None

    return policy
