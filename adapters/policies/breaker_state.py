"""Whether a service, or one operation of it, is asked at all: closed, open, half-open. Pure: states are values, and
time is an argument.

| state | calls | leaves it |
| --- | --- | --- |
| closed | all go | to open, when too many of the last calls failed or were slow |
| open | none goes | to half-open, by the first call after the pause |
| half-open | so many probes go | to closed, when all went well; to open again, by the first that did not |

`adapters/policies/breaker.py` asks and tells. Calls are counted in a window of time that slides in slices. What
was begun in one state says nothing in a later one: each has a number, and outcomes carry the number that they
began under. What each call makes anew is a Struct, which costs a fraction of a dataclass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from adapters.failures import NotSent, Refused, UpstreamFailure
from adapters.messages import Response

SLICES: Final = 10
"""A window's slices: how finely it slides."""
SOON: Final = 1.0
"""Seconds until the next try where nobody can know them: probes are under way."""


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """`[services.NAME.breaker]`, or one operation's own. Durations in seconds, shares from 0 to 1.

    Opens when at least `calls` ended within the `window`, and of these at least the share `failures` failed or,
    where `slow_after` is said, at least the share `slow` took longer than that. It stays open for `pause`; then
    `probes` calls must go well. Raises ValueError for what cannot work.
    """

    enabled: bool = True
    window: float = 30.0
    calls: int = 20
    failures: float = 0.5
    slow_after: float | None = None
    slow: float = 0.5
    pause: float = 5.0
    probes: int = 3

    def __post_init__(self) -> None:
        if not (self.window > 0 and self.pause > 0 and self.calls >= 1 and self.probes >= 1):
            raise ValueError("breaker: window and pause must be greater than 0, calls and probes at least 1")
        if not (0 < self.failures <= 1 and 0 < self.slow <= 1):
            raise ValueError("breaker: failures and slow are shares greater than 0, at most 1")
        if self.slow_after is not None and not self.slow_after > 0:
            raise ValueError("breaker: slow_after must be greater than 0")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one call says of its service."""

    failed: bool = False
    slow: bool = False


_VERDICTS: Final = {
    (failed, slow): Verdict(failed, slow) for failed in (False, True) for slow in (False, True)
}


class Slice(msgspec.Struct, frozen=True):
    """The calls that ended in one tenth of a window; tenths are numbered from the clock's zero."""

    number: int
    calls: int
    failed: int
    slow: int


class Closed(msgspec.Struct, frozen=True):
    """All calls go. `slices` are in order, the newest last."""

    number: int = 0
    slices: tuple[Slice, ...] = ()


@dataclass(frozen=True, slots=True)
class Open:
    """No call goes before `until`, in seconds on the clock."""

    number: int
    until: float


@dataclass(frozen=True, slots=True)
class HalfOpen:
    """Probes go: so many are under way, and so many went well."""

    number: int
    under_way: int = 0
    passed: int = 0


State: TypeAlias = Closed | Open | HalfOpen


def verdict(
    rule: BreakerRule, outcome: Response | BaseException, seconds: float, *, patience: float
) -> Verdict | None:
    """What an outcome that took so many seconds says of the service; None where it says nothing.

    A 5xx, no connection and no usable answer are failures. Other statuses speak of the request. What was refused on
    this side says nothing. Neither does a wait that was given up, unless it had lasted for `patience` seconds: nobody
    opens a breaker for all by asking with no time to spare.
    """
    slow = rule.slow_after is not None and seconds > rule.slow_after
    if isinstance(outcome, Response):
        return _VERDICTS[outcome.status >= 500, slow]
    if isinstance(outcome, UpstreamFailure):
        return None if isinstance(outcome, NotSent | Refused) else _VERDICTS[True, slow]
    return _VERDICTS[True, slow] if seconds >= patience else None


def refusal(rule: BreakerRule, state: State, now: float) -> float | None:
    """The seconds until the next try, at least; None where a call may go."""
    match state:
        case Closed():
            return None
        case Open(until=until):
            return until - now if now < until else None
        case HalfOpen(under_way=under_way, passed=passed):
            return None if under_way + passed < rule.probes else SOON


def begun(state: State) -> State:
    """The state once a call that may go has begun. The call's outcome carries this state's number."""
    match state:
        case Closed():
            return state
        case Open(number=number):
            return HalfOpen(number + 1, under_way=1)
        case HalfOpen(number=number, under_way=under_way, passed=passed):
            return HalfOpen(number, under_way + 1, passed)


def ended(rule: BreakerRule, state: State, number: int, said: Verdict | None, now: float) -> State:
    """The state once a call that began under the number has ended and said this."""
    if number != state.number:
        return state
    match state:
        case Closed(slices=slices):
            return state if said is None else _counted(rule, number, slices, said, now)
        case HalfOpen(under_way=under_way, passed=passed):
            if said is None:
                return HalfOpen(number, under_way - 1, passed)
            if said.failed or said.slow:
                return Open(number + 1, now + rule.pause)
            if passed + 1 >= rule.probes:
                return Closed(number + 1)
            return HalfOpen(number, under_way - 1, passed + 1)
        case Open():  # no call begins under an open state's number
            return state


def _counted(
    rule: BreakerRule, number: int, slices: tuple[Slice, ...], said: Verdict, now: float
) -> Closed | Open:
    current = int(now * SLICES / rule.window)
    failed, slow = int(said.failed), int(said.slow)
    if slices and slices[-1].number == current:
        last = slices[-1]
        slices = (*slices[:-1], Slice(current, last.calls + 1, last.failed + failed, last.slow + slow))
    else:
        kept = (one for one in slices if one.number > current - SLICES)
        slices = (*kept, Slice(current, 1, failed, slow))
    # A call that went well never opens anything.
    if (failed or slow) and _too_many(rule, slices):
        return Open(number + 1, now + rule.pause)
    return Closed(number, slices)


def _too_many(rule: BreakerRule, slices: Iterable[Slice]) -> bool:
    calls = failed = slow = 0
    for one in slices:
        calls += one.calls
        failed += one.failed
        slow += one.slow
    return calls >= rule.calls and (failed >= rule.failures * calls or slow >= rule.slow * calls)
