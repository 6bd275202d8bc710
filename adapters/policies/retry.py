"""The retry policy: what may have passed is tried again, within bounds. The only place that
repeats, but for a refused token, which `adapters/credentials/credentials.py` replaces once.

Below the flight, so that waiters share its attempts; above the breaker, so that every attempt is counted and an
open one ends them. Whether and when is decided in `adapters/policies/retry_decision.py`, and how much of it a
service gets in `adapters/policies/retry_budget.py`; here is the loop. The next place down is
`adapters/policies/breaker.py`.

It is on where a project says nothing: a kept connection that the service closes just as a request goes out, or a
replica that is being replaced, is everyday life that no client should see, and costs one repetition. The
outage, where repeating would hurt, is what the budget is for.

A change that is repeated needs care with what it tells. Its first attempt may have worked, unseen; a second one is
then told 404 by a DELETE's own success, or 409 by a key that is being worked on. Such an answer does not
say that the change failed: the call ends as `Unavailable(sent=True)`, whose outcome is unknown.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from adapters.facts import Clock, NotRetried, Observer, Retried, tell
from adapters.failures import NotSent, Refused, Unavailable, UpstreamFailure, again
from adapters.messages import Departure, Policy, Request, Response, Send
from adapters.policies.retry_budget import RetryBudget
from adapters.policies.retry_decision import PASSING, Chance, Kept, Outcome, Retry, decide, may_have_worked
from adapters.problem import retry_after


def retry(
    settings: Retry,
    clock: Clock,
    observers: tuple[Observer, ...] = (),
    *,
    chance: Chance = random.random,
    epoch: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> Policy:
    """The policy for one service, with a budget of its own. `clock` is that of the requests' deadlines, `epoch` the
    seconds since 1970 that a `Retry-After` date is held against.

    Gives the last attempt's answer, or raises its failure. For a change `sent` is then true where any attempt may
    have reached the service, and the caller's departure is marked accordingly. Raises `Unavailable(sent=True)`
    for a change that an earlier attempt may have made and that no later one confirmed.
    """
    budget = RetryBudget(settings.share, settings.burst)

    def verdict(request: Request, outcome: Outcome, attempts: int) -> float | Kept:
        asked = retry_after(outcome, epoch()) if isinstance(outcome, Response) else None
        wait = decide(request, outcome, attempts, settings, now=clock(), asked=asked, chance=chance)
        return Kept.BUDGET if not isinstance(wait, Kept) and not budget.take() else wait

    async def policy(request: Request, send: Send) -> Response:
        budget.called()
        # In a frame of its own: a failure that was caught here would hold this one, which holds it, and the request.
        outcome = await _attempt(request, send)
        if isinstance(outcome, Response) and outcome.status not in PASSING:
            return outcome
        attempts, doubt = 1, False
        while not isinstance(wait := verdict(request, outcome, attempts), Kept):
            doubt = doubt or may_have_worked(request, outcome)
            tell(observers, Retried(request.service, request.operation, _reason(outcome), attempts, wait))
            await sleep(wait)
            # A departure of this attempt's own: whether it may be repeated is not for the ones before it to say.
            attempt = replace(request, departure=Departure())
            try:
                outcome = await _attempt(attempt, send)
            finally:
                if attempt.departure.sent:
                    request.departure.mark()
            attempts += 1
        if settings.retries and wait not in (Kept.FINAL, Kept.UNSAFE):
            tell(observers, NotRetried(request.service, request.operation, _reason(outcome), wait.value))
        outcome = _told(request, outcome, doubt=doubt)
        if isinstance(outcome, Response):
            return outcome
        try:
            raise outcome
        finally:
            # Or this frame and the exception would hold each other, and the request's body with them.
            del outcome

    return policy


async def _attempt(request: Request, send: Send) -> Outcome:
    try:
        return await send(request)
    except UpstreamFailure as failure:
        return failure


def _told(request: Request, outcome: Outcome, *, doubt: bool) -> Outcome:
    """How the whole call ended: as its last attempt did, or in the doubt that an earlier one left."""
    if isinstance(outcome, Response):
        if doubt and not 200 <= outcome.status < 300:
            return Unavailable(
                f"{request.service}: {request.operation} may have worked before it was answered {outcome.status}",
                sent=True,
            )
        return outcome
    if request.safe or outcome.sent or not request.departure.sent:
        return outcome
    if isinstance(outcome, NotSent | Refused):  # true of the last attempt alone
        return Unavailable(str(outcome), sent=True)
    told = again(outcome)
    told.sent = True
    return told


def _reason(outcome: Outcome) -> str:
    return str(outcome.status) if isinstance(outcome, Response) else type(outcome).__name__
