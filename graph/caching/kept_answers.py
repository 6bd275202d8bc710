"""Whole answers that are kept: a query that was answered without an error, from services' answers that are all fresh
yet, is answered with the same bytes, and nothing is executed.

`graph/executing/lanes.py` asks before it executes, and brings the answer when it has. Whoever asks was
authenticated and admitted before, and the document was found valid and within the limits. Which operations and
whose answers is said in `graph/caching/answer_keys.py`; the life of an answer is that of its shortest-lived part
(`resolvers/loading/lifetime.py`). They lie in the store of the upstream answers, under the tags of all their
parts, and are dropped by what drops those.

A caller who may not see all that an operation selects neither finds a kept answer nor leaves one.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias
from weakref import WeakKeyDictionary

import msgspec

from adapters.caching.cache_store import Store
from adapters.caching.entity_tags import fewer
from graph.caching.answer_keys import AnswerKeys, Keepable, answer_keys, keepable
from graph.caching.answer_life import AnswerLife
from graph.executing.executor import Answer
from graph.executing.fast_lane import Ready
from graph.executing.planned import mask
from graph.identity.passed_on import varying
from graph.observing.observe import SEEN
from resolvers.caller import Caller
from resolvers.context import Context
from resolvers.fast.uncompiled import Unhurried
from resolvers.plan.plan import Plan

LARGEST: Final = 1 << 20
"""Bytes of the largest answer that is kept: what replicas share at most, too."""
MOST_TAGS: Final = 500
"""Tags of one kept answer; what tells of more entities is dropped when any of their type changes."""

Outcome: TypeAlias = Literal["hit", "missed", "stored"]


class _Kept(msgspec.Struct, frozen=True, array_like=True, tag="whole"):
    """An answer's data as JSON. `made` and `ends`, in seconds since 1970, are when its oldest part was made and when
    the first of its parts is over, and `client` when that is for clients, if it is another time. `shared`: all parts
    are for all callers; `strict` as in `AnswerLife`.
    """

    data: bytes
    made: float
    ends: float
    client: float | None
    shared: bool
    strict: bool

    def __repr__(self) -> str:
        return f"_Kept({len(self.data)} bytes, shared={self.shared})"


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Kept)
_JSON: Final = msgspec.json.Encoder()
_AROUND: Final = b'{"data":}'
"""What is sent around the data of an answer without errors."""


class KeptAnswers:
    """The whole answers of one schema. `forward` and `tenant_header` are the headers that services see;
    `open_to_all`: callers without a token are answered too, so that what is for all callers is for everybody.

    `sent` is how many bytes of an answer are sent at most: none is kept that would be refused each time.
    `generation` tells the project from other versions of it over the same store. `epoch` gives the seconds since 1970
    that replicas agree on; `told` hears what came of each query that may be kept. Until there is a `store`, nothing
    is kept.
    """

    def __init__(
        self,
        *,
        forward: Iterable[str] = (),
        tenant_header: str | None = None,
        open_to_all: bool,
        epoch: Callable[[], float],
        sent: int | None = None,
        generation: bytes = b"",
        told: Callable[[Outcome], None] | None = None,
    ) -> None:
        self.store: Store | None = None
        self._open_to_all = open_to_all
        self._largest = LARGEST if sent is None else min(LARGEST, sent - len(_AROUND))
        self._generation = generation
        self._epoch = epoch
        self._told = told
        # By the plans themselves: what is known of an operation goes when its plan does.
        self._known: WeakKeyDictionary[Plan, Keepable | None] = WeakKeyDictionary()
        self._vary = {public: varying(forward, tenant_header, public=public) for public in (True, False)}

    async def answer(
        self,
        ready: object,
        again: Callable[[], object],
        variables: Mapping[str, Any],
        context: Context,
        work: Callable[[], Awaitable[Answer]],
    ) -> Answer:
        """The answer to a query: kept, or that of the work, which then is kept if it may be. It says how it may be
        used again.

        `ready` is the request made ready, a `Ready` if there is a plan for it; `again` makes it ready once more. A
        document that came for the first time was not ready, and is once it was found valid.
        """
        if isinstance(ready, Ready):
            found = await self._found(ready, variables, context)
            if found is not None:
                await context.close()
                return found
        # Both before anything is asked for: what is dropped from now on is not kept.
        moment, begun = 0 if self.store is None else self.store.moment, self._epoch()
        answer = await work()
        if not context.store.lifetime.left or answer.errors or answer.extensions:  # as it mostly is
            return answer
        of = again() if ready is Unhurried.FIRST else ready
        if not isinstance(of, Ready):
            return answer
        return await self._given(of, variables, context, answer, moment, begun)

    async def _found(self, ready: Ready, variables: Mapping[str, Any], context: Context) -> Answer | None:
        about = self._about(ready)
        if about is None or not about.kept or self.store is None or _masked(ready.plan, context.caller):
            return None
        keys = answer_keys(about, variables, context.store.sender.headers, context.caller)
        if keys is None:
            return None
        kept = await self._fresh(self.store, keys)
        if kept is None:
            self._tell("missed")
            return None
        seen = SEEN.get()
        if seen is not None:
            seen.kept = True
        self._tell("hit")
        return Answer(msgspec.Raw(kept.data), life=self._life(kept, self._epoch()))

    async def _given(
        self,
        ready: Ready,
        variables: Mapping[str, Any],
        context: Context,
        answer: Answer,
        moment: int,
        begun: float,
    ) -> Answer:
        lifetime, caller, now = context.store.lifetime, context.caller, self._epoch()
        # What its parts said of themselves they said at some time since it began.
        then = min(begun, now)
        ends = then + (lifetime.left or 0.0)
        about = self._about(ready)
        if about is None or ends <= now or _masked(ready.plan, caller):
            return answer
        shared = about.may_share(caller.identity) and not lifetime.private
        client = None if lifetime.client is None else then + lifetime.client
        kept = _Kept(b"", then - lifetime.age, ends, client, shared, lifetime.strict)
        life = self._life(kept, now)
        keys = None
        if self.store is not None and not lifetime.alone:
            keys = answer_keys(about, variables, context.store.sender.headers, caller)
        key = None if keys is None else (keys.shared if shared else keys.private)
        data = None if key is None else _json(answer.data)
        if self.store is None or key is None or data is None:
            return Answer(answer.data, life=life)
        tags = fewer(lifetime.tags, MOST_TAGS)
        if len(data) <= self._largest and tags is not None:
            about.kept = True
            value = _ENCODER.encode(msgspec.structs.replace(kept, data=data))
            await self.store.put(key, value, ends - now, tags, since=moment)
            self._tell("stored")
        return Answer(msgspec.Raw(data), life=life)

    async def _fresh(self, store: Store, keys: AnswerKeys) -> _Kept | None:
        if keys.shared is None:
            return _read(await store.get(keys.private), self._epoch(), shared=False)
        of_one, of_all = await store.get_many((keys.private, keys.shared))
        now = self._epoch()
        # What is for one caller alone goes before what is for all.
        return _read(of_one, now, shared=False) or _read(of_all, now, shared=True)

    def _about(self, ready: Ready) -> Keepable | None:
        try:
            return self._known[ready.plan]
        except KeyError:
            found = self._known[ready.plan] = keepable(ready.plan, ready.operation, self._generation)
            return found

    def _life(self, kept: _Kept, now: float) -> AnswerLife:
        # Who is asked for a token is not spared it by a cache that stands before this one.
        public = kept.shared and self._open_to_all
        client = math.inf if kept.client is None else kept.client - now
        left, age = kept.ends - now, now - kept.made
        return AnswerLife(left, age, public, self._vary[public], client, kept.strict)

    def _tell(self, outcome: Outcome) -> None:
        if self._told is not None:
            self._told(outcome)


def _masked(plan: Plan, caller: Caller) -> bool:
    return bool(plan.access) and bool(mask(plan, caller))


def _json(data: object) -> bytes | None:
    """The data as JSON; None where it is none, which whoever writes the answer will tell."""
    try:
        return _JSON.encode(data)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None


def _read(value: bytes | None, now: float, *, shared: bool) -> _Kept | None:
    if value is None:
        return None
    try:
        kept = _DECODER.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    # What is for one caller is never taken from a place for all, however it came there.
    return kept if kept.ends > now and kept.shared is shared else None
