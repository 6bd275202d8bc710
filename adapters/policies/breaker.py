"""The breaker policies of one service: an open breaker answers at once, and a closed one learns from what came back.

Two places in the stack, since a queue lies between them. `gate` stands above it: what an open breaker stops takes no
place in the queue. `judge` stands below it: what waited is asked for once more, and only the service's own time
counts. All decisions are in `adapters/policies/breaker_state.py`; here are the states that there are. The next
place down is `adapters/policies/limit.py`, then what wraps real calls.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable

from adapters.facts import BreakerTurned, Clock, HeldBack, Observer, tell
from adapters.failures import Refused
from adapters.messages import Request, Response, Send
from adapters.policies.breaker_state import (
    BreakerRule,
    Closed,
    HalfOpen,
    Open,
    State,
    begun,
    ended,
    refusal,
    verdict,
)
from adapters.service import Service

_NAMES = {Closed: "closed", Open: "open", HalfOpen: "half-open"}
_PATIENCE = 0.5
"""Of the service's timeout: a call that was given up after so much of it counts as failed."""


class _Breaker:
    """One state, and who is told when it turns. `operation` is None for that of the whole service."""

    __slots__ = ("_observers", "operation", "rule", "service", "state")

    def __init__(
        self, service: str, operation: str | None, rule: BreakerRule, observers: tuple[Observer, ...]
    ) -> None:
        self.service = service
        self.operation = operation
        self.rule = rule
        self.state: State = Closed()
        self._observers = observers

    def turn(self, state: State) -> None:
        """The state is this one from now on."""
        turned = type(state) is not type(self.state)
        self.state = state
        if turned:
            tell(self._observers, BreakerTurned(self.service, self.operation, _NAMES[type(state)]))


class Breakers:
    """The breakers of one service: one for each operation that has a rule of its own, one for all others."""

    def __init__(self, service: Service, clock: Clock, observers: tuple[Observer, ...] = ()) -> None:
        self._clock = clock
        self._observers = observers
        self._patience = service.timeout * _PATIENCE
        self._own = {
            name: _Breaker(service.name, name, rules.breaker, observers)
            for name, rules in service.operations.items()
            if rules.breaker is not None
        }
        self._rest = _Breaker(service.name, None, service.breaker, observers)

    def gate(self, request: Request, send: Send) -> Awaitable[Response]:
        """Raises `Refused` while the breaker is open, and while half-open as soon as its probes are under way."""
        breaker = self._of(request)
        if not isinstance(breaker.state, Closed):
            self._check(breaker, request)
        return send(request)

    async def judge(self, request: Request, send: Send) -> Response:
        """Counts what the call comes to. Raises `Refused` where the breaker opened while the call was queued."""
        breaker = self._of(request)
        if not breaker.rule.enabled:
            return await send(request)
        if not isinstance(breaker.state, Closed):
            self._check(breaker, request)
            breaker.turn(begun(breaker.state))
        number, started = breaker.state.number, self._clock()
        try:
            response = await send(request)
        except BaseException as failure:
            self._count(breaker, number, failure, started)
            raise
        self._count(breaker, number, response, started)
        return response

    def close(self) -> None:
        """The service is called no more: none of its breakers is open, for all who are told."""
        for breaker in (self._rest, *self._own.values()):
            breaker.turn(Closed(breaker.state.number + 1))

    def _of(self, request: Request) -> _Breaker:
        return self._own.get(request.operation, self._rest)

    def _check(self, breaker: _Breaker, request: Request) -> None:
        wait = refusal(breaker.rule, breaker.state, self._clock())
        if wait is None:
            return
        tell(self._observers, HeldBack(request.service, request.operation, "breaker"))
        raise Refused(
            f"{request.service}: the breaker of {breaker.operation or 'the service'} is open, and"
            f" {request.operation} was not called; the next try is in {math.ceil(wait)} s",
            retry_after=wait,
        )

    def _count(
        self, breaker: _Breaker, number: int, outcome: Response | BaseException, started: float
    ) -> None:
        now = self._clock()
        said = verdict(breaker.rule, outcome, now - started, patience=self._patience)
        breaker.turn(ended(breaker.rule, breaker.state, number, said, now))
