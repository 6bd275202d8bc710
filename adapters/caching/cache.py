"""The cache policy: what the service allows to be used again is not asked for again (RFC 9111, RFC 5861).

Below the idempotency, which concerns changes alone, and the credentials, which decide whose a request is; above the
flight, so that only what is not there flies. Decisions are those of `adapters/caching/cache_life.py` (what is
kept, for whom and how long) and `adapters/caching/cache_reuse.py` (whether it will do for a request); where things
are kept is the matter of `adapters/caching/cache_shelf.py`. The next place down is `adapters/policies/flight.py`.

| a read finds | then |
| --- | --- |
| nothing | it is sent, and its answer kept if that may be |
| a fresh answer | that, and no call |
| a stale one within its `stale-while-revalidate` | that, and a call in the background |
| a stale one | it is sent with the answer's validators; a 304 renews the answer |
| a stale one within its `stale-if-error`, and no other can be had | that |

An answer is for its caller's partition alone, unless the service says that it is for all, or its calls carry nobody's
credentials, or the project says that the operation is shared. Changes drop what they make stale
(`adapters/caching/cache_invalidation.py`).
"""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Final

import msgspec
from msgspec.structs import replace

from adapters.caching.cache_entry import Entry, confirmed
from adapters.caching.cache_invalidation import Invalidation
from adapters.caching.cache_keys import Keys, flight_of
from adapters.caching.cache_life import UNDERSTOOD, Life, life_of, may_be_kept
from adapters.caching.cache_renewals import Renewals
from adapters.caching.cache_reuse import ANYTHING, Use, Wanted, conditional, instead, on_error, use, wanted
from adapters.caching.cache_rule import UNSAID, Reuse
from adapters.caching.cache_shelf import Shelf
from adapters.caching.cache_store import Store
from adapters.credentials.carried import AUTHORIZATION
from adapters.facts import CacheUsed, Clock, Observer, tell
from adapters.failures import NotSent, TimedOut, UpstreamFailure
from adapters.messages import Departure, Freshness, Request, Response, Send
from adapters.service import OperationRules, Service

_READS: Final = ("GET", "HEAD")
_ERRORS: Final = frozenset({500, 502, 503, 504})
"""Statuses of answers that are as good as none (RFC 5861, section 4)."""
_FORBIDDEN: Final = frozenset({401, 403})
_TO_ANSWER: Final = 0.05
"""Seconds of a call's time that are left, at most, to answer with a stale answer when the service did not."""


class _Asked(msgspec.Struct, frozen=True):
    """A read, and all that was found out about it."""

    request: Request
    reuse: Reuse
    keys: Keys | None  # where nothing was looked for
    want: Wanted


class Cache:
    """The cached answers of one service: a policy, and `close()` for its tasks.

    `clock` is that of the requests' deadlines, `epoch` the seconds since 1970 that replicas agree on.
    """

    def __init__(
        self, service: Service, store: Store, clock: Clock, epoch: Clock, observers: tuple[Observer, ...] = ()
    ) -> None:
        self._service = service
        self._rule = service.cache
        self._reuse = {name: _reuse_of(one) for name, one in service.operations.items()}
        self._shelf = Shelf(service.cache, store)
        self._invalidation = Invalidation(service.url, store)
        self._clock = clock
        self._epoch = epoch
        self._observers = observers
        self._renewals = Renewals()

    async def __call__(self, request: Request, send: Send) -> Response:
        """Answers a read from the cache where that may be, or sends it. Raises what the call raised."""
        if not request.safe:
            return await self._invalidation(request, send)
        reuse = self._reuse.get(request.operation, UNSAID)
        fallback = request.fallback
        if fallback is not None and fallback.stale is not None and fallback.stale > reuse.fallback:
            # From here on its answers are kept for so long, whichever field asks for them next.
            reuse = self._reuse[request.operation] = dataclasses.replace(reuse, fallback=fallback.stale)
        if request.method not in _READS and reuse.fresh is None and not reuse.fallback:
            return await send(request)
        want = wanted(request.headers, anew=request.anew)
        if want.no_store or conditional(request.headers):
            self._tell(request, "bypassed")
            return await send(request)
        keys = self._shelf.keys(request) if self._shelf.may_have_any else None
        asked = _Asked(request, reuse, keys, want)
        entry = None if keys is None else await self._shelf.found(request, keys)
        if entry is not None:
            now = self._epoch()
            how = use(entry, want, now)
            if how is not Use.ASK:
                if how is Use.MEANWHILE:
                    self._renew(asked, entry, send)
                answer = entry.given(now)
                self._tell(request, "hit" if how is Use.AS_IS and entry.fresh > entry.age(now) else "stale")
                return answer
        if want.only_if_cached:  # RFC 9111, section 5.2.1.7
            return Response(504, {}, b"")
        return await self._fetched(asked, entry, send)

    async def instead(self, request: Request, within: float) -> Response | None:
        """What is kept for a read that its service did not answer, at most so many seconds past its freshness."""
        want = wanted(request.headers, anew=request.anew)
        if want.no_store or conditional(request.headers):
            return None
        entry = await self._shelf.found(request, self._shelf.keys(request))
        if entry is None or not instead(entry, want, self._epoch(), within):
            return None
        return self._stale(request, entry)

    async def close(self) -> None:
        """Ends what is being fetched in the background."""
        await self._renewals.close()

    def _keys(self, asked: _Asked) -> Keys:
        return self._shelf.keys(asked.request) if asked.keys is None else asked.keys

    # --- what is fetched

    def _renew(self, asked: _Asked, entry: Entry, send: Send) -> None:
        request = asked.request
        seconds = self._service.timeouts.get(request.operation, self._service.timeout)
        alone = replace(request, departure=Departure(), deadline=self._clock() + seconds)
        again = replace(asked, request=alone)
        # By headers too, or the variants of an answer would wait for each other.
        key = flight_of(request, {"of": "" if entry.shared else self._keys(asked).private.hex()})
        self._renewals.start(key, lambda: self._fetched(again, entry, send), seconds)

    async def _fetched(self, asked: _Asked, entry: Entry | None, send: Send) -> Response:
        """The service's answer, or the kept one where it still holds or no other can be had."""
        since, sent_at = self._shelf.moment, self._epoch()
        try:
            if entry is None and not asked.reuse.shared:  # as it mostly is: with as little between as can be
                response, renewed = await send(asked.request), False
            else:
                response, renewed = await self._answer(asked, entry, send)
        except NotSent:
            raise
        except UpstreamFailure:
            if entry is None or not on_error(entry, asked.want, self._epoch()):
                raise
            return self._stale(asked.request, entry)
        if response.status in _ERRORS and entry is not None and on_error(entry, asked.want, self._epoch()):
            return self._stale(asked.request, entry)
        now = self._epoch()
        life = self._life(asked, response, sent_at, now)
        # Not to be kept any more, or for others than it was: the new answer does not take the old one's place.
        elsewhere = entry is not None and (life is None or entry.shared is not life.shared)
        if entry is not None and elsewhere and _replaces(response.status, entry):
            await self._shelf.drop(asked.request, self._keys(asked), entry)
        if life is None:
            return response
        # An answer of another's flight is kept by whom that flight began with.
        if not response.shared:
            await self._shelf.keep(asked.request, self._keys(asked), response, life, now, since)
        self._tell(asked.request, "revalidated" if renewed else "stored")
        left = max(0.0, life.fresh - life.age)
        return replace(response, freshness=Freshness(left, life.age, private=not life.shared))

    async def _answer(self, asked: _Asked, entry: Entry | None, send: Send) -> tuple[Response, bool]:
        """What the service answers, and whether that is the kept answer, renewed."""
        request = asked.request
        sent_at = self._epoch()
        conditions = {} if entry is None else entry.validators()
        for_all = asked.want is ANYTHING and (asked.reuse.shared or (entry is not None and entry.shared))
        outgoing = request
        if conditions:
            outgoing = replace(request, headers={**request.headers, **conditions})
        if for_all:
            outgoing = replace(outgoing, flight=flight_of(request, conditions))
        answer = await self._in_time(asked, entry, outgoing, send)
        renewed = False
        if entry is not None and conditions and answer.status == 304:
            same = confirmed(entry, answer)
            if same is None:
                return await send(request), False
            answer, renewed = same, True
        if for_all and answer.shared and answer.status < 500 and answer.status != 429:
            life = self._life(asked, answer, sent_at, self._epoch())
            if life is None or not life.shared:
                # It was to be for all, and is for whom that flight began with.
                return await send(request), False
        return answer, renewed

    async def _in_time(self, asked: _Asked, entry: Entry | None, request: Request, send: Send) -> Response:
        """Sends; where a stale answer would do, a little time is left to give it."""
        if entry is None or request.deadline is None or not on_error(entry, asked.want, self._epoch()):
            return await send(request)
        left = request.deadline - self._clock()
        try:
            async with asyncio.timeout(left - min(_TO_ANSWER, left / 10)):
                return await send(request)
        except TimeoutError:
            message = f"{request.service}: {request.operation} did not end in time"
            raise TimedOut(message, sent=request.departure.sent) from None

    def _life(self, asked: _Asked, response: Response, sent_at: float, now: float) -> Life | None:
        if not may_be_kept(response, self._rule, asked.reuse):
            return None
        # A service that knows its callers knows who is none of them too: what it tells those is for them alone.
        service = self._service
        authorized = service.lends or service.of_caller or AUTHORIZATION in asked.request.headers
        return life_of(response, self._rule, asked.reuse, authorized=authorized, asked=sent_at, received=now)

    def _stale(self, request: Request, entry: Entry) -> Response:
        self._tell(request, "stale")
        return entry.given(self._epoch())

    def _tell(self, request: Request, outcome: str) -> None:
        tell(self._observers, CacheUsed(request.service, request.operation, outcome))


def _reuse_of(rules: OperationRules) -> Reuse:
    declared = rules.fallback
    if declared is None or declared.stale is None:
        return rules.reuse
    return dataclasses.replace(rules.reuse, fallback=declared.stale)


def _replaces(status: int, entry: Entry) -> bool:
    """Whether an answer of this status is the end of a kept one: it tells what the resource is now, or that the
    caller whose answer it is may not see it any more, which no trouble of its service may undo.
    """
    return status in UNDERSTOOD or (status in _FORBIDDEN and not entry.shared)
