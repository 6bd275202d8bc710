"""Whether a call that went wrong is worth another try, and after how long. Pure: the clock's reading and chance
are arguments.

`adapters/policies/retry.py` asks after each attempt. Three questions, all of which must be answered with yes:

| question | yes |
| --- | --- |
| may it pass? | no connection, or one that ended before an answer; 408, 429, 502, 503, 504 |
| is it safe to repeat? | safe requests, PUT and DELETE (RFC 9110, 9.2.2), an idempotency key, or it never left |
| is there room? | attempts left, a wait that ends in time, and a token of `adapters/policies/retry_budget.py` |

An answer that was cut short or is no HTTP is a service's bug, and would come again. What an open breaker or a full
queue refused is not tried again either: they are there to end attempts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from adapters.failures import Refused, TimedOut, Unavailable, UpstreamFailure
from adapters.messages import Request, Response

Chance: TypeAlias = Callable[[], float]
"""A number from 0 to 1, as `random.random` gives it."""

Outcome: TypeAlias = Response | UpstreamFailure
"""How one attempt ended."""

PASSING: Final = frozenset({408, 429, 502, 503, 504})
"""Statuses of what may have passed a moment later (RFC 9110, sections 15.5.9, 15.6.3 to 15.6.5; RFC 6585, 4)."""

IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Methods of which several equal requests have the effect of one (RFC 9110, section 9.2.2)."""

_DOUBTFUL: Final = frozenset({502, 504})
_DOUBLINGS: Final = 30


@dataclass(frozen=True, slots=True)
class Retry:
    """`[services.NAME.retry]`. Each call is tried again at most `retries` times; 0 never tries again.

    Before the nth repetition it waits a random time up to `first` seconds * 2^(n-1), never above `longest`; on top of
    what the service asks by `Retry-After`, which is obeyed up to `retry_after` seconds. Repetitions are at most
    `burst` plus `share` of the calls (`adapters/policies/retry_budget.py`). Raises ValueError for what cannot work.
    """

    retries: int = 2
    share: float = 0.1
    burst: int = 10
    first: float = 0.1
    longest: float = 2.0
    retry_after: float = 5.0

    def __post_init__(self) -> None:
        if self.retries < 0 or self.burst < 1 or not 0 <= self.share <= 1:
            raise ValueError("retry: retries is at least 0, burst at least 1, and share from 0 to 1")
        if self.first < 0 or self.longest < 0 or self.retry_after < 0:
            raise ValueError("retry: no wait is less than 0 seconds")


class Kept(StrEnum):
    """Why an outcome is kept instead of tried again."""

    FINAL = "final"
    """It is no trouble, or none that passes."""
    UNSAFE = "unsafe"
    """The request may have had its effect, and repeating it might have it twice."""
    ATTEMPTS = "attempts"
    """There were as many as the settings allow."""
    RETRY_AFTER = "retry_after"
    """The service asks for a longer wait than is obeyed."""
    DEADLINE = "deadline"
    """The wait could not end in time."""
    BUDGET = "budget"
    """Retries would be more extra load than the service's share."""


def decide(
    request: Request,
    outcome: Outcome,
    attempts: int,
    settings: Retry,
    *,
    now: float,
    asked: float | None,
    chance: Chance,
) -> float | Kept:
    """The seconds to wait before the next attempt, or why there is none.

    `attempts` counts those made, this one too; `now` is on the clock of the request's deadline; `asked` are the
    seconds of the answer's `Retry-After` (RFC 9110, section 10.2.3), or None.
    """
    if not may_pass(outcome):
        return Kept.FINAL
    if not may_repeat(request, outcome):
        return Kept.UNSAFE
    if attempts > settings.retries:
        return Kept.ATTEMPTS
    if asked is not None and asked > settings.retry_after:
        return Kept.RETRY_AFTER
    # What asks everybody to come back at once would be met by everybody at once: the jitter is added, not compared.
    wait = (asked or 0) + backoff(attempts, settings, chance)
    until = request.latest
    if until is not None and now + wait >= until:
        return Kept.DEADLINE
    return wait


def backoff(attempts: int, settings: Retry, chance: Chance) -> float:
    """Seconds: full jitter, anything from 0 to a bound that doubles with every attempt made."""
    return chance() * min(settings.longest, settings.first * 2.0 ** min(attempts - 1, _DOUBLINGS))


def may_pass(outcome: Outcome) -> bool:
    """Whether the same request may fare better a moment later."""
    if isinstance(outcome, Response):
        return outcome.status in PASSING
    return isinstance(outcome, Unavailable | TimedOut) and not isinstance(outcome, Refused)


def may_repeat(request: Request, outcome: Outcome) -> bool:
    """Whether sending it once more has no other effect than sending it once (RFC 9110, section 9.2.2)."""
    if request.safe or request.method in IDEMPOTENT or request.keyed:
        return True
    return isinstance(outcome, UpstreamFailure) and not outcome.sent


def may_have_worked(request: Request, outcome: Outcome) -> bool:
    """Whether an attempt that failed may have made its change all the same, unseen: its answer was lost, here or on
    the way between the service's gateway and itself (RFC 9110, sections 15.6.3 and 15.6.5).
    """
    if request.safe:
        return False
    if isinstance(outcome, Response):
        return outcome.status in _DOUBTFUL
    return outcome.sent
