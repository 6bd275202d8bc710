"""The budget policy: a service is told how long its answer is waited for, so that it need not work for nobody.

Just above the wire, since what is left is less after each wait and each attempt, and since calls that differ in
nothing else are one flight. The next place down is `adapters/facts.py`, `watch`.
"""

from __future__ import annotations

from collections.abc import Awaitable

from adapters.facts import Clock
from adapters.failures import TimedOut
from adapters.messages import Policy, Request, Response, Send


def remaining(deadline: float, now: float) -> int:
    """Whole milliseconds until the deadline, rounded down: a service must not be promised what is not there."""
    return int((deadline - now) * 1000)


def budget(header: str | None, clock: Clock) -> Policy:
    """The policy for a service that reads the milliseconds left from this header, in lower case; None sends none.

    Raises `TimedOut(sent=False)` where not one is left.
    """

    def policy(request: Request, send: Send) -> Awaitable[Response]:
        until = request.latest
        if header is None or until is None:
            return send(request)
        left = remaining(until, clock())
        if left < 1:
            raise TimedOut(f"{request.service}: no time left to call {request.operation}", sent=False)
        return send(request.carrying({**request.headers, header: str(left)}))

    return policy
