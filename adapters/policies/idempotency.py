"""The idempotency policy: equal changes under one client's key have one effect, and one answer.

Below the credentials, since what they ask may differ from one sending to the next while the change stays the same;
above the flight, so that an answer given again costs no call. The key itself goes to the service with every sending
(`resolvers/change_keys.py` makes it), so that the service tells repetitions too, whichever process they came through;
here they are told without asking it. What is known here is what this process saw; the next place down is
`adapters/policies/claims.py`, which knows what other replicas did, where they share a store.

| the key is | then |
| --- | --- |
| not known | the change is sent |
| known, and the payload another | `KeyReused`, as draft-ietf-httpapi-idempotency-key-header-07, section 2.7, has it |
| known, with the answer of a success | that answer, and no call |
| known, without one | it is sent again, with the same key: the first answer may have been lost |
| of a change under way | its outcome, when it is there |
| of another one under way | `KeyReused`, as soon as that one has left |
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TypeAlias

from msgspec.structs import replace

from adapters.facts import Clock, KeyMet, Observer, tell
from adapters.failures import KeyReused, UpstreamFailure, again
from adapters.messages import Departure, Once, Request, Response, Send
from adapters.policies.known_keys import Idempotency, KnownKeys

_Outcome: TypeAlias = Response | UpstreamFailure


@dataclass(slots=True, eq=False)
class _UnderWay:
    payload: bytes
    departure: Departure
    # Outcomes land as results, and None where it was given up: then nobody knows more than before.
    waiters: set[asyncio.Future[_Outcome | None]] = field(
        default_factory=set[asyncio.Future[_Outcome | None]]
    )

    def land(self, outcome: _Outcome | None) -> None:
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(outcome)


class Changes:
    """The changes of one service that clients named with keys: a policy. What is under way is bounded by those who
    wait, what is remembered by the rule.
    """

    def __init__(self, rule: Idempotency, clock: Clock, observers: tuple[Observer, ...] = ()) -> None:
        self._known = KnownKeys(rule, clock)
        self._under_way: dict[str, _UnderWay] = {}
        self._observers = observers

    def __call__(self, request: Request, send: Send) -> Awaitable[Response]:
        """Sends the request, or answers as an equal one was. Raises `KeyReused` for another payload under its key."""
        once = request.once
        return send(request) if once is None else self._change(request, once, send)

    async def _change(self, request: Request, once: Once, send: Send) -> Response:
        while (first := self._under_way.get(once.key)) is not None:
            same = first.payload == once.payload
            if first.departure.sent:
                self._same(request, once, first.payload)
            outcome = await _awaited(first, request if same else None)
            # Of another payload that has not left, only its end tells whether the key is bound to it.
            if same and outcome is not None:
                self._tell(request, "joined")
                if isinstance(outcome, UpstreamFailure):
                    raise again(outcome)
                return replace(outcome, shared=True)
        known = self._known.of(once)
        if known is not None:
            self._same(request, once, known.payload)
            if known.answer is not None:
                self._tell(request, "replayed")
                return replace(known.answer, shared=True)
        return await self._first(request, once, send)

    async def _first(self, request: Request, once: Once, send: Send) -> Response:
        mine = self._under_way[once.key] = _UnderWay(once.payload, request.departure)
        outcome: _Outcome | None = None
        try:
            outcome = response = await send(request)
        except UpstreamFailure as failure:
            outcome = failure
            raise
        finally:
            del self._under_way[once.key]
            if isinstance(outcome, Response) and 200 <= outcome.status < 300:
                self._known.keep(once, outcome)
            elif request.departure.sent or (outcome is not None and _arrived(outcome)):
                self._known.keep(once, None)
            mine.land(outcome)
            # Or this frame and the exception would hold each other, and the request's body with them.
            del outcome
        return response

    def _same(self, request: Request, once: Once, payload: bytes) -> None:
        if once.payload != payload:
            self._tell(request, "reused")
            raise KeyReused(f"{request.service}: the client's key was used for another {request.operation}")

    def _tell(self, request: Request, how: str) -> None:
        tell(self._observers, KeyMet(request.service, request.operation, how))


def _arrived(outcome: _Outcome) -> bool:
    """Whether the service may have got the change."""
    return isinstance(outcome, Response) or outcome.sent


async def _awaited(first: _UnderWay, same: Request | None) -> _Outcome | None:
    waiter: asyncio.Future[_Outcome | None] = asyncio.get_running_loop().create_future()
    first.waiters.add(waiter)
    try:
        return await waiter
    finally:
        first.waiters.discard(waiter)
        if same is not None and first.departure.sent:
            same.departure.mark()
