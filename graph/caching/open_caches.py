"""The caches that this process has open, and the call that drops from them: who may, what, and what it is told.

`graph/app.py` opens one with each application; while a project is reloaded there are two. Whatever is dropped from
one by its tags is dropped from the others, and told to who is `beyond` this process: the other workers, if there are
any (`graph/workers/relay.py`). `graph/observing/second_address.py` brings the call.

One store holds what services answered, entities by key and whole answers, all with the tags of
`adapters/caching/entity_tags.py`: what is dropped there is gone for all of them.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import msgspec

from adapters.caching.cache_store import InProcessStore, Store
from adapters.caching.entity_tags import dropped_by
from adapters.caching.relayed_store import RelayedStore
from adapters.credentials.secrets import KeptSecret, NoSecret
from graph.binding.keyed_types import KeyedType
from graph.caching.drop_request import Drop, Unfit, drop_of
from graph.settings.admin_settings import is_key

_log: Final = logging.getLogger("stolon.caches")


class DropCall(msgspec.Struct, frozen=True, tag="drop"):
    """A call as it came: the token that it bears, and its body. `refused` is a status and a sentence where the body
    was not read.
    """

    token: str | None
    body: bytes = b""
    refused: tuple[int, str] | None = None

    def __repr__(self) -> str:
        return "DropCall()"  # the token is a secret


class Dropped(msgspec.Struct, frozen=True, tag="dropped"):
    """What a call is told: a status of HTTP, and where it is an error what is wrong, as JSON pointers each with a
    sentence (RFC 9457).
    """

    status: int
    detail: str = ""
    errors: list[tuple[str, str]] = []


@dataclass(frozen=True, slots=True, eq=False)
class _Open:
    near: InProcessStore
    store: Store
    relayed: RelayedStore | None
    key: KeptSecret | None
    types: Mapping[str, KeyedType] = field(repr=False)


class OpenCaches:
    """The open caches of one process. `beyond` is told of tags that are dropped here, or with None of everything."""

    def __init__(self) -> None:
        self.beyond: Callable[[tuple[str, ...] | None], None] | None = None
        self._open: list[_Open] = []

    def __repr__(self) -> str:
        return f"OpenCaches({len(self._open)} open)"

    @contextmanager
    def opened(
        self,
        near: InProcessStore,
        shared: Store | None,
        key: KeptSecret | None,
        types: Mapping[str, KeyedType],
    ) -> Iterator[Store]:
        """The store to use while it is entered: the `shared` one, which has `near` in front and tells its replicas
        itself, else `near`. Calls that bear the `key` drop from it, and none without one. They name these `types`.
        """
        if shared is None:
            relayed = RelayedStore(near, partial(self._tell, near))
            one = _Open(near, relayed, relayed, key, types)
        else:
            one = _Open(near, shared, None, key, types)
        self._open.append(one)
        try:
            yield one.store
        finally:
            self._open.remove(one)

    async def hear(self, tags: tuple[str, ...] | None) -> None:
        """Others dropped these tags, or with None everything: so do all that are open here."""
        await self._hear(tags, None)

    async def drop(self, call: DropCall) -> Dropped:
        """Does what a call wants, if it may. What is told of success is told when all that is open here has
        dropped it.
        """
        if not self._open:
            return Dropped(503, "Nothing is served yet.")
        latest = self._open[-1]  # the others serve what they have begun, and end
        if latest.key is None:
            return Dropped(404, "There is no such call here: the project file names no key of [admin].")
        if not _bears(call.token, latest.key):
            return Dropped(401, "Expected the key of [admin] as a bearer token.")
        if call.refused is not None:
            return Dropped(*call.refused)
        try:
            wanted = drop_of(call.body, latest.types)
        except Unfit as unfit:
            return Dropped(422 if unfit.errors else 400, str(unfit), unfit.errors)
        for one in list(self._open):
            await _drop(one.store, wanted)
        what = "everything" if wanted.everything else f"what tells of {len(wanted.changes)} entities"
        _log.info("dropped from the caches by a call: %s", what)
        return Dropped(204)

    async def _tell(self, origin: InProcessStore, tags: tuple[str, ...] | None) -> None:
        await self._hear(tags, origin)
        if self.beyond is not None:
            self.beyond(tags)

    async def _hear(self, tags: tuple[str, ...] | None, origin: InProcessStore | None) -> None:
        for one in list(self._open):
            if one.relayed is not None and one.near is not origin:
                await one.relayed.hear(tags)


async def _drop(store: Store, wanted: Drop) -> None:
    if wanted.everything:
        await store.drop_everything()
    else:
        await store.drop_tags(dropped_by(wanted.changes))


def _bears(token: str | None, key: KeptSecret) -> bool:
    """Whether a token is the key. How long that takes tells nothing of either."""
    try:
        expected = key.current()
    except NoSecret:
        return False
    if token is None or not is_key(expected):
        return False
    digests = [hashlib.sha256(one.encode("utf-8", "surrogatepass")).digest() for one in (token, expected)]
    return hmac.compare_digest(*digests)
