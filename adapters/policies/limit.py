"""The limit policy: no more calls to a service at once, or in its time, than it can take; the rest wait their turn.

Below the breaker's gate, so that nobody queues for a service that is not asked; above whatever is a real call. Who
waits is in a bounded queue that callers share fairly (`adapters/policies/fair_queue.py`), under the request's
deadline: a wait that cannot end in time is refused at once. Time is kept by `adapters/policies/pacing.py`. The
next place down is the breaker's `judge`.

Operations with a rule of their own wait in a lane of their own. Lanes that share what limits them take turns.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

from adapters.facts import Clock, Dequeued, HeldBack, Observer, Queued, tell
from adapters.failures import RateExceeded, Refused, Unavailable
from adapters.messages import Request, Response, Send
from adapters.policies.fair_queue import FairQueue
from adapters.policies.limit_rule import LimitRule
from adapters.policies.pacing import Beat, Pacing, Told
from adapters.policies.quota import quota
from adapters.service import Service

Later: TypeAlias = Callable[[float, Callable[[], None]], asyncio.TimerHandle]
"""Calls a function after so many seconds, as a loop's `call_later` does."""

SOON: Final = 1.0
"""Seconds until the next try where nobody can know them: the queue is full."""
_SHORTEST: Final = 0.001
"""Seconds of a timer at least: a clock that is not the loop's may lag behind it."""
_ALL: Final = ""
"""The one party whose quota a service tells where callers have no credentials of their own there."""


class _Waiting:
    """A call in a queue. Its future gives whether its turn came; then it counts as under way already."""

    __slots__ = ("told", "turn")

    def __init__(self, turn: asyncio.Future[bool]) -> None:
        self.turn = turn
        self.told: Told | None = None


class _Bulkhead:
    __slots__ = ("calls", "under_way")

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.under_way = 0


class _Lane:
    """Calls under one rule: how many at once, at what pace, and who waits. Places and beat may be shared."""

    __slots__ = ("bulkhead", "learn", "pacing", "queue")

    def __init__(self, rule: LimitRule, bulkhead: _Bulkhead, pacing: Pacing) -> None:
        self.bulkhead = bulkhead
        self.pacing = pacing
        self.queue: FairQueue[_Waiting] = FairQueue(rule.queue)
        self.learn = rule.learn


class Limits:
    """The limits of one service: a policy, and `close()` for those who wait."""

    def __init__(
        self,
        service: Service,
        clock: Clock,
        epoch: Clock,
        observers: tuple[Observer, ...] = (),
        *,
        later: Later | None = None,
    ) -> None:
        self._clock = clock
        self._epoch = epoch
        self._observers = observers
        self._later = later
        self._timer: asyncio.TimerHandle | None = None
        self._by_caller = service.of_caller
        rule = service.limit
        self._rest = _Lane(rule, _Bulkhead(rule.calls or service.connections), Pacing(Beat(rule.pace)))
        self._own = {
            name: self._lane(rules.limit)
            for name, rules in service.operations.items()
            if rules.limit is not None
        }
        self._lanes = [self._rest, *self._own.values()]

    def _lane(self, rule: LimitRule) -> _Lane:
        shared = self._rest
        bulkhead = shared.bulkhead if rule.calls is None else _Bulkhead(rule.calls)
        beat = shared.pacing.beat if rule.rate is None else Beat(rule.pace)
        return _Lane(rule, bulkhead, Pacing(beat))

    async def __call__(self, request: Request, send: Send) -> Response:
        """Sends the request when its turn has come. Raises `Refused` where the queue is full, and `RateExceeded`
        where the rate leaves no turn before the deadline.
        """
        lane = self._own.get(request.operation, self._rest)
        party = request.identity.partition if self._by_caller else _ALL
        now = self._clock()
        bulkhead = lane.bulkhead
        if bulkhead.under_way < bulkhead.calls and not lane.queue.count and lane.pacing.may(now, party):
            bulkhead.under_way += 1
            told = lane.pacing.go(now, party)
        else:
            told = await self._turn(lane, request, party, now)
        try:
            response = await send(request)
        except BaseException:
            self._ended(lane, party, told, None)
            raise
        self._ended(lane, party, told, response)
        return response

    def close(self) -> None:
        """Nobody's turn comes any more: who still waits gets `Unavailable`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for lane in self._lanes:
            while (found := lane.queue.take(lambda _: True)) is not None:
                if not found[1].turn.done():
                    found[1].turn.set_exception(Unavailable("the service was closed", sent=False))

    async def _turn(self, lane: _Lane, request: Request, party: str, now: float) -> Told | None:
        caller = request.identity.partition
        certain = lane.pacing.certain(now, party, lane.queue.ahead(caller))
        until = request.latest
        if until is not None and certain > 0.0 and now + certain >= until:
            raise self._held_back(request, "rate", certain)
        waiting = _Waiting(asyncio.get_running_loop().create_future())
        displaced = lane.queue.put(caller, waiting)
        if displaced is waiting:
            raise self._held_back(request, "queue", SOON)
        if displaced is not None and not displaced.turn.done():
            displaced.turn.set_result(False)
        tell(self._observers, Queued(request.service, request.operation))
        self._pump()
        try:
            came = await waiting.turn
        except asyncio.CancelledError:
            # Its turn may have come in the very moment in which it was given up: it is passed on.
            if not lane.queue.remove(caller, waiting) and _has_come(waiting):
                self._ended(lane, party, waiting.told, None)
            raise
        finally:
            tell(self._observers, Dequeued(request.service, request.operation, self._clock() - now))
        if not came:
            raise self._held_back(request, "queue", SOON)
        return waiting.told

    def _ended(self, lane: _Lane, party: str, told: Told | None, response: Response | None) -> None:
        lane.bulkhead.under_way -= 1
        found = quota(response, self._epoch()) if response is not None and lane.learn else None
        if told is not None or found is not None:
            lane.pacing.ended(self._clock(), party, told, found)
        self._pump()

    def _pump(self) -> None:
        """Gives turns to all whose turn it is, and sets the timer for the next."""
        for lane in self._lanes:
            if lane.queue.count:
                break
        else:
            return
        now = self._clock()
        while any(self._next(lane, now) for lane in tuple(self._lanes)):
            pass
        waits = [self._wait(lane, now) for lane in self._lanes if _is_held_by_time(lane)]
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if waits:
            later = self._later or asyncio.get_running_loop().call_later
            self._timer = later(max(min(waits), _SHORTEST), self._time_has_passed)

    def _time_has_passed(self) -> None:
        self._timer = None
        self._pump()

    def _next(self, lane: _Lane, now: float) -> bool:
        """Gives one call of the lane its turn, if any may go; the lane's next comes after those of the others."""
        if not _is_held_by_time(lane) or lane.pacing.beat.wait(now) > 0.0:
            return False
        found = lane.queue.take(partial(self._may, lane, now))
        if found is None:
            return False
        caller, waiting = found
        if not waiting.turn.done():
            lane.bulkhead.under_way += 1
            waiting.told = lane.pacing.go(now, self._party(caller))
            waiting.turn.set_result(True)
        self._lanes.remove(lane)
        self._lanes.append(lane)
        return True

    def _may(self, lane: _Lane, now: float, caller: str) -> bool:
        return lane.pacing.may(now, self._party(caller))

    def _wait(self, lane: _Lane, now: float) -> float:
        rate = lane.pacing.beat.wait(now)
        return rate or min(lane.pacing.wait(now, self._party(caller)) for caller in lane.queue.parties)

    def _party(self, caller: str) -> str:
        return caller if self._by_caller else _ALL

    def _held_back(self, request: Request, by: str, seconds: float) -> Refused:
        tell(self._observers, HeldBack(request.service, request.operation, by))
        if by == "queue":
            return Refused(
                f"{request.service}: the queue is full, and {request.operation} was not called",
                retry_after=seconds,
            )
        return RateExceeded(
            f"{request.service}: its rate leaves no turn for {request.operation} within {math.ceil(seconds)} s",
            retry_after=seconds,
        )


def _has_come(waiting: _Waiting) -> bool:
    turn = waiting.turn
    return turn.done() and not turn.cancelled() and turn.exception() is None and turn.result()


def _is_held_by_time(lane: _Lane) -> bool:
    """Whether calls wait, and nothing but time is in their way."""
    return bool(lane.queue) and lane.bulkhead.under_way < lane.bulkhead.calls
