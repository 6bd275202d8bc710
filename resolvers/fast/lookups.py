"""Objects by key, for many parents at a time: each key that they have is asked for once."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, cast

from adapters.contract.contract import MISSING
from resolvers.fast.uncompiled import Troubled
from resolvers.loading.batch import QUIET_TURNS
from resolvers.loading.keys import canonical
from resolvers.loading.settled import Settled
from resolvers.loading.slices import slices
from resolvers.loading.store import Store
from resolvers.source import Entity, Lookup

Text: TypeAlias = tuple[str, ...]
"""A key in its canonical text."""


async def lookups(
    source: Lookup, keys: Sequence[Any], store: Store, *, alone: bool, branches: bool, most: int
) -> dict[Any, Any]:
    """The object of each key that leads to one, in order. The loop has a turn after some `most` of them. `alone`:
    nobody else asks for more of these objects; `branches`: others run beside. Raises `Troubled`, and FieldError for a
    failure.
    """
    entity = source.entity
    if len(keys) > most:
        return await _in_slices(entity, keys, store, most)
    texts = _texts(entity, keys)
    asked = list(texts.values())
    if alone and not branches:
        return _items(texts, await store.loaded(entity, asked))
    landing = store.entities(entity, asked, alone=alone)
    if isinstance(landing, Future):
        await landing
        landing = _landed(store, entity, asked)
    return _items(texts, landing)


async def _in_slices(entity: Entity, keys: Sequence[Any], store: Store, most: int) -> dict[Any, Any]:
    # In so few turns that keys of other steps, which wait for quiet ones, still wait when these are asked for.
    size = max(most, -(-len(keys) // (QUIET_TURNS // 2)))
    texts: list[tuple[Any, Text]] = []
    async for _, run in slices(keys, size):
        texts += _texts(entity, run).items()
    landings: list[tuple[dict[Any, Text], list[Settled] | Future[None]]] = []
    async for _, run in slices(texts, most):
        some = dict(run)
        landings.append((some, store.entities(entity, list(some.values()))))
    found: dict[Any, Any] = {}
    for some, landing in landings:
        if isinstance(landing, Future):
            await landing
            landing = _landed(store, entity, list(some.values()))
        found |= _items(some, landing)
        await asyncio.sleep(0)
    return found


def _landed(store: Store, entity: Entity, asked: list[Text]) -> list[Settled]:
    landing = store.entities(entity, asked)
    assert isinstance(landing, list)  # nothing that was settled is forgotten while a query runs
    return landing


def _items(texts: Iterable[Any], settled: Iterable[Settled]) -> dict[Any, Any]:
    pairs = zip(texts, map(Settled.unwrap, settled), strict=True)
    return {key: pair[0] for key, pair in pairs if pair is not None}


def _texts(entity: Entity, keys: Iterable[Any]) -> dict[Any, Text]:
    """The canonical texts of keys; of those for which there is something to ask. Raises `Troubled`."""
    kinds = entity.kinds
    texts: dict[Any, Text] = {}
    if len(kinds) == 1:  # as mostly
        (kind,) = kinds
        for key in keys:
            if key is None or key is MISSING:
                continue
            part = canonical(kind, key)
            if part is None:
                raise Troubled
            texts[key] = (part,)
        return texts
    for key in keys:
        if None in key or MISSING in key:
            continue
        text = tuple(map(canonical, kinds, key))
        if None in text:
            raise Troubled
        texts[key] = cast("Text", text)
    return texts
