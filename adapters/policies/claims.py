"""The claims policy: equal changes under one client's key are one among all replicas that share a store.

Directly below `adapters/policies/idempotency.py`, which has told by then what this process knows; the next place
down is `adapters/caching/cache.py`. A change is claimed in the shared store before it is sent:

| the store says | then |
| --- | --- |
| nobody has it | the change is sent, and its answer kept for all |
| another replica makes it | it is waited for, and looked at again |
| it was answered with success | that answer, and no call |
| the key was used for another payload | `KeyReused` |
| nothing: it is away | the change is sent, as without a store |

A replica that dies with a claim holds it no longer than its change's own deadline; then the next who waits sends the
change again under the same key, as a client would: the service knows the key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final

from msgspec.structs import replace

from adapters.facts import Clock, KeyMet, Observer, tell
from adapters.failures import KeyReused, UpstreamFailure
from adapters.messages import Once, Request, Response, Send
from adapters.policies.known_keys import Idempotency, fitting
from adapters.sharing.shared_keys import Answered, Elsewhere, Mine, Otherwise, SharedKeys

MARGIN: Final = 1.0
"""Seconds that a claim outlives the deadline of its change."""
UNBOUNDED: Final = 60.0
"""Seconds of the claim of a change without a deadline."""
_FIRST_LOOK: Final = 0.02
_LONGEST_LOOK: Final = 0.25


def lease(deadline: float | None, now: float) -> float:
    """Seconds for which a change is claimed that is made until the deadline."""
    return UNBOUNDED if deadline is None else max(0.0, deadline - now) + MARGIN


class Claims:
    """The changes of one service, as they are claimed among replicas: a policy, and `close()` for its tasks."""

    def __init__(
        self, rule: Idempotency, shared: SharedKeys, clock: Clock, observers: tuple[Observer, ...] = ()
    ) -> None:
        self._rule = rule
        self._shared = shared
        self._clock = clock
        self._observers = observers
        self._landing: set[asyncio.Task[None]] = set()

    def __call__(self, request: Request, send: Send) -> Awaitable[Response]:
        """Sends the request, or answers as another replica did. Raises `KeyReused` for another payload under its
        key.
        """
        once = request.once
        return send(request) if once is None else self._change(request, once, send)

    async def _change(self, request: Request, once: Once, send: Send) -> Response:
        claim = await self._claimed(request, once)
        if isinstance(claim, Response):
            return claim
        return await (send(request) if claim is None else self._made(request, once, claim, send))

    async def _claimed(self, request: Request, once: Once) -> Mine | Response | None:
        met, pause = "replayed", _FIRST_LOOK
        try:
            while True:
                length = lease(request.deadline, self._clock())
                claim = await self._shared.claim(request.service, once, lease=length, keep=self._rule.keep)
                match claim:
                    case Answered():
                        self._tell(request, met)
                        return replace(claim.answer, shared=True)
                    case Otherwise():
                        self._tell(request, "reused")
                        raise KeyReused(
                            f"{request.service}: the client's key was used for another {request.operation}"
                        )
                    case Elsewhere():
                        met = "joined"
                        await asyncio.sleep(min(pause, claim.seconds))
                        pause = min(pause * 2, _LONGEST_LOOK)
                    case _:
                        return claim
        except asyncio.CancelledError:
            if met == "joined":
                request.departure.mark()  # the other replica may have sent it
            raise

    async def _made(self, request: Request, once: Once, claim: Mine, send: Send) -> Response:
        answer: Response | None = None
        sent = True
        try:
            answer = await send(request)
        except UpstreamFailure as failure:
            sent = failure.sent or request.departure.sent
            raise
        except asyncio.CancelledError:
            sent = request.departure.sent
            raise
        finally:
            landing = self._land(request, once, claim, answer, sent=sent)
        # Before the client has its answer: from then on it may ask again, anywhere.
        await asyncio.wait({landing})
        return answer

    def _land(
        self, request: Request, once: Once, claim: Mine, answer: Response | None, *, sent: bool
    ) -> asyncio.Task[None]:
        """A task: the end of a change that was given up must be told too, and nobody waits for that."""
        success = answer if answer is not None and 200 <= answer.status < 300 else None
        kept = fitting(success, self._rule.most)
        told = self._shared.land(request.service, once, claim, kept, sent=sent, keep=self._rule.keep)
        landing = asyncio.ensure_future(told)
        self._landing.add(landing)
        landing.add_done_callback(self._landing.discard)
        return landing

    def _tell(self, request: Request, how: str) -> None:
        tell(self._observers, KeyMet(request.service, request.operation, how))

    async def close(self) -> None:
        """Waits until the ends of changes are told; each is bounded."""
        if self._landing:
            await asyncio.wait(set(self._landing))
