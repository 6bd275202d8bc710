"""What of one batch needs no call, since an earlier answer brought it and is fresh: objects by their keys, or the
groups of parents' values.

Loads (`resolvers/loading/load_entities.py`, `resolvers/loading/load_groups.py`) ask before they split a batch, and
bring back what answers held; `adapters/caching/cache_entities.py` keeps each part as JSON text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Protocol

from adapters.caching.cache_entities import Entity
from adapters.caching.cache_keys import place_tag
from adapters.messages import Request, Response
from resolvers.call import Sender, other_parameters
from resolvers.loading.lifetime import Lifetime
from resolvers.source import BoundOperation, Supplied

Key = tuple[str, ...]


class Entities(Protocol):
    """The kept parts of one service's answers."""

    def may_hold(self, operation: str) -> bool: ...

    @property
    def moment(self) -> int: ...

    async def found(self, about: Request, keys: Sequence[Key]) -> list[Entity | None]: ...

    async def keep(
        self,
        about: Request,
        response: Response,
        entities: Mapping[Key, bytes],
        *,
        since: int,
        tags: Mapping[Key, tuple[str, ...]] | None = None,
    ) -> None: ...


class KeptParts:
    """Those of one batch of one request: of the batched operation `call`, with what is `supplied` beside keys.
    `apart` tells its parts from those of other batches of the operation. `anew`: the service itself is to be asked.
    `epoch` gives the seconds since 1970.
    """

    def __init__(
        self,
        entities: Entities,
        call: BoundOperation,
        supplied: Supplied,
        apart: Hashable,
        sender: Sender,
        lifetime: Lifetime,
        epoch: Callable[[], float],
        *,
        anew: bool,
    ) -> None:
        self._entities = entities
        self._call = call
        self._supplied = supplied
        self._sender = sender
        self._lifetime = lifetime
        self._epoch = epoch
        self._anew = anew
        self._apart = apart
        self._about: Request | None = None
        self._since = entities.moment

    async def found(self, keys: Sequence[Key]) -> dict[Key, bytes]:
        """The parts of those keys that need no call. Raises FieldError for a claim that is missing."""
        if self._anew or not self._entities.may_hold(self._call.operation.id):
            return {}
        now = self._epoch()
        found: dict[Key, bytes] = {}
        for key, kept in zip(keys, await self._entities.found(self._asked(), keys), strict=True):
            if kept is not None:
                self._lifetime.kept(kept.freshness(now), kept.tags, kept.control)
                found[key] = kept.value
        return found

    async def keep(self, request: Request, response: Response, parts: Mapping[Key, bytes]) -> None:
        """Keeps the parts of the answer to a request for as long as it is fresh. A change at the place that it came
        from drops them too. Raises FieldError for a claim that is missing.
        """
        place = place_tag(request.service, request.target.partition("?")[0])
        tags = {key: (place, *self._tags(key)) for key in parts}
        await self._entities.keep(self._asked(), response, parts, since=self._since, tags=tags)

    def _tags(self, key: Key) -> tuple[str, ...]:
        tags = self._call.tags
        return () if tags is None else tags(Supplied(keys=(key,)), {}, None)

    def _asked(self) -> Request:
        """The batch as if it were for no key: all that its calls have in common."""
        if self._about is None:
            call, sender = self._call, self._sender
            made_from = hashlib.sha256(repr((self._apart, spelled(call))).encode())
            made_from.update(other_parameters(call, self._supplied, sender))
            self._about = Request(
                service=call.service,
                operation=call.operation.id,
                method=call.operation.method,
                target=f"{call.operation.path}?{made_from.hexdigest()}",
                headers=sender.headers,
                safe=True,
                identity=sender.identity,
            )
        return self._about


def spelled(call: BoundOperation) -> object:
    """What tells bound calls of one operation apart but for values: in every process the same, when printed."""
    return (
        call.pick,
        type(call.paging).__name__,
        call.exact,
        [
            (
                None
                if one.target.parameter is None
                else (one.target.parameter.location, one.target.parameter.name),
                one.target.body,
                one.supplier,
            )
            for one in call.bindings
        ],
    )


def may_be_kept(response: Response) -> bool:
    """Whether there is any use in bringing an answer's parts."""
    freshness = response.freshness
    return freshness is not None and freshness.left > 0
