"""How the services are: healthy, degraded or unhealthy, judged by their last calls and probes.

An observer of upstream facts (`adapters/facts.py`); `graph/observing/second_address.py` shows the report at
`/health/integrations`. The rules are pure:

| status | when, among a service's last 20 calls and probes that are at most 5 minutes old |
| --- | --- |
| `unhealthy` | the last three failed, or all of them |
| `degraded` | more than 5 % failed, or the 95th percentile of their times is above `slow` |
| `healthy` | otherwise |
| `unknown` | there are none: nobody asked the service anything |

A service whose breaker is open is `unhealthy`, whatever was heard of it before: it is not called any more, so that
nothing new is heard. While it is half-open, and where the breaker of one of its operations is not closed, the
service is no better than `degraded`. `breaker` tells the state, as long as one is not closed.

A call fails by a 5xx, a timeout, no connection or no usable answer. Other statuses speak of the request, not of
the service; what was cancelled or never sent says nothing. A probe fails by anything but a 2xx. A token that the
service's token endpoint does not grant counts as a failed call, since calls need it, unless it was the caller's own
token that was refused; one that is granted says nothing.
The whole is `unhealthy` when every known service is, `degraded` when any is not healthy. Where replicas share a
store, `store` tells how it is and since when; without it all goes on, and is no better than `degraded`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from adapters.facts import BreakerTurned, CallEnded, Clock, Fact, Probed, TokenAsked

MOST: Final = 20
SECONDS: Final = 300.0
IN_A_ROW: Final = 3
SHARE: Final = 0.05
SLOW: Final = 0.5
OPEN: Final = "open"
CLOSED: Final = "closed"
_SAYS_NOTHING: Final = frozenset({"Cancelled", "NotSent", "Unauthenticated"})


class Status(StrEnum):
    """How a service is, or all of them are."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One call or probe. `at` on a monotonic clock and `seconds` are seconds."""

    at: float
    seconds: float
    well: bool


def outcome_of(fact: Fact, at: float) -> Outcome | None:
    """What a fact says of its service's health, or None where it says nothing."""
    match fact:
        case Probed():
            return Outcome(at, fact.seconds, fact.passed)
        case TokenAsked(outcome="unavailable" | "refused"):
            return Outcome(at, fact.seconds, False)
        case CallEnded(shared=False) if fact.failure not in _SAYS_NOTHING:
            well = fact.failure is None and fact.status is not None and fact.status < 500
            return Outcome(at, fact.seconds, well)
    return None


def percentile_95(times: Iterable[float]) -> float | None:
    """The least of the times that at least 95 % do not exceed (nearest rank); None of no times."""
    ordered = sorted(times)
    return ordered[math.ceil(0.95 * len(ordered)) - 1] if ordered else None


def judged(outcomes: Sequence[Outcome], slow: float) -> Status:
    """The status by the module's rules; outcomes in their order. `slow` is seconds."""
    if not outcomes:
        return Status.UNKNOWN
    failed = sum(not one.well for one in outcomes)
    last = outcomes[-IN_A_ROW:]
    if failed == len(outcomes) or (len(last) == IN_A_ROW and not any(one.well for one in last)):
        return Status.UNHEALTHY
    time = percentile_95(one.seconds for one in outcomes)
    if failed > SHARE * len(outcomes) or (time is not None and time > slow):
        return Status.DEGRADED
    return Status.HEALTHY


def with_breakers(status: Status, breakers: Mapping[str | None, str]) -> Status:
    """The status of a service of which these breakers are `open` or `half-open`: by operation, None for its own."""
    if breakers.get(None) == OPEN:
        return Status.UNHEALTHY
    return Status.DEGRADED if breakers and status is not Status.UNHEALTHY else status


def with_store(status: Status, store: Status) -> Status:
    """The status of all services where the shared store's is this: they all go on without it."""
    return status if store is Status.HEALTHY or status is Status.UNHEALTHY else Status.DEGRADED


def overall(statuses: Iterable[Status]) -> Status:
    """One status for all services, of which those that nobody asked do not count."""
    known = {one for one in statuses if one is not Status.UNKNOWN}
    if not known:
        return Status.UNKNOWN
    if known == {Status.UNHEALTHY}:
        return Status.UNHEALTHY
    return Status.HEALTHY if known == {Status.HEALTHY} else Status.DEGRADED


def worst(states: Iterable[str]) -> str:
    """One state for several breakers that are not closed."""
    return OPEN if OPEN in states else "half-open"


class Integrations:
    """The last outcomes of each service. `slow` are the services' own thresholds, in seconds, by name; `store` says
    whether the shared store is there and since when, None without one.
    """

    def __init__(
        self,
        slow: Mapping[str, float],
        clock: Clock,
        epoch: Callable[[], float],
        store: Callable[[], tuple[bool, float] | None] = lambda: None,
    ) -> None:
        self._store = store
        self._slow: dict[str, float] = {}
        self._clock = clock
        self._epoch = epoch
        self._outcomes: dict[str, deque[Outcome]] = {}
        self._last: dict[str, float] = {}
        self._breakers: dict[str, dict[str | None, str]] = {}
        self.expect(slow)

    def expect(self, slow: Mapping[str, float]) -> None:
        """The services are these from now on; what is known of those that stay is kept."""
        known = self._outcomes
        self._slow = dict(slow)
        self._outcomes = {name: known.get(name, deque(maxlen=MOST)) for name in slow}
        self._last = {name: at for name, at in self._last.items() if name in slow}
        self._breakers = {name: states for name, states in self._breakers.items() if name in slow}

    def observe(self, fact: Fact) -> None:
        """Take a fact into account."""
        if isinstance(fact, BreakerTurned):
            if fact.service in self._outcomes:
                self._turned(fact)
            return
        outcome = outcome_of(fact, self._clock())
        if outcome is not None and fact.service in self._outcomes:
            self._outcomes[fact.service].append(outcome)
            self._last[fact.service] = self._epoch()

    def _turned(self, fact: BreakerTurned) -> None:
        breakers = self._breakers.setdefault(fact.service, {})
        if fact.state == CLOSED:
            breakers.pop(fact.operation, None)
        else:
            breakers[fact.operation] = fact.state

    def report(self) -> dict[str, Any]:
        """All services in the project's order: `{"status", "services": {name: {"status", "response_time",
        "last_check"}}}`. The time is the 95th percentile, `150ms`; the check is in UTC, `2024-01-01T00:00:00Z`;
        both are null for a service that was never asked. `breaker` is there while one is not closed; `store`,
        `{"status", "since"}`, where there is one.
        """
        since = self._clock() - SECONDS
        services: dict[str, dict[str, Any]] = {}
        statuses: list[Status] = []
        for name, kept in self._outcomes.items():
            recent = [one for one in kept if one.at >= since]
            breakers = self._breakers.get(name, {})
            status = with_breakers(judged(recent, self._slow[name]), breakers)
            time = percentile_95(one.seconds for one in recent)
            last = self._last.get(name)
            statuses.append(status)
            services[name] = {
                "status": str(status),
                "response_time": None if time is None else f"{round(time * 1000)}ms",
                "last_check": None if last is None else _moment(last),
                **({"breaker": worst(breakers.values())} if breakers else {}),
            }
        whole = overall(statuses)
        turned = self._store()
        if turned is None:
            return {"status": str(whole), "services": services}
        up, when = turned
        status = Status.HEALTHY if up else Status.UNHEALTHY
        store = {"status": str(status), "since": _moment(when)}
        return {"status": str(with_store(whole, status)), "services": services, "store": store}


def _moment(epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%SZ}"
