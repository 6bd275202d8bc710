"""Loading a batch of entities: by the type's `many` where there are several keys, else by its `one`, and those that
were kept without a call.

`resolvers/loading/store.py` hands batches here; `resolvers/loading/load.py` holds what all batches have in common.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from resolvers.errors import no_key
from resolvers.fault import Fault, FieldError
from resolvers.loading.kept_parts import KeptParts, Key, may_be_kept
from resolvers.loading.keys import keys_of
from resolvers.loading.load import SLICE, Reading, admits_nulls, bounded, most_at_once, split, take_all
from resolvers.loading.settled import ABSENT, Settled
from resolvers.loading.slices import slices
from resolvers.reading.answered import Answered, rows_of
from resolvers.reading.row import Row
from resolvers.reading.where import SOMEWHERE, Where, down
from resolvers.source import BoundOperation, Constant, Entity, Keys, Supplied
from resolvers.source import Key as KeyPart


async def load_entities(calls: Reading, entity: Entity, keys: list[Key]) -> list[Settled]:
    """A settled result for each key, in order: kept ones without a call, others by `many` where there are more than
    one, else by `one`.
    """
    one, many = entity.one, entity.many
    if many is None:
        assert one is not None  # binding refuses an entity with neither
        return await bounded(
            [partial(_load_one, calls, one, key, None) for key in keys], most_at_once(calls, one)
        )
    # What one of them brings does for the other where both ask the same on behalf of the same.
    kept = calls.kept(many, Supplied(), ("entity", entity.key, entity.kinds))
    alike = kept is None or one is None or _alike(one, many)
    if len(keys) == 1 and not alike:
        kept = None
    found = {} if kept is None else await _found(kept, many, keys)
    missing = [key for key in keys if key not in found] if found else keys
    if one is not None and len(missing) == 1:
        found[missing[0]] = await _load_one(calls, one, missing[0], kept if alike else None)
    elif missing:
        most = many.batch or calls.limits(many).batch_limit
        works = [
            partial(_load_many, calls, entity, many, run, kept)
            for group in _apart(many, missing)
            for run in split(group, most)
        ]
        for part in await bounded(works, most_at_once(calls, many)):
            found |= part
    return [found[key] for key in keys]


def _alike(one: BoundOperation, many: BoundOperation) -> bool:
    """Whether both are made from the same of the caller, of one service."""
    said = [
        {
            repr(each.supplier)
            for each in call.bindings
            if not isinstance(each.supplier, KeyPart | Keys | Constant)
        }
        for call in (one, many)
    ]
    return one.service == many.service and one.public is many.public and said[0] == said[1]


async def _found(kept: KeptParts, many: BoundOperation, keys: list[Key]) -> dict[Key, Settled]:
    where = (down(many.root, many.pick), SOMEWHERE)
    return {key: Settled((Row(text, many.exact), where)) for key, text in (await kept.found(keys)).items()}


def _apart(many: BoundOperation, keys: list[Key]) -> list[list[Key]]:
    """Keys grouped by the parts that one call can take only one value of."""
    parts = [one.supplier.part for one in many.bindings if isinstance(one.supplier, KeyPart)]

    def shared(key: Key) -> Key:
        return tuple(key[part] for part in parts)

    return (
        [list(group) for _, group in itertools.groupby(sorted(keys, key=shared), key=shared)]
        if parts
        else [keys]
    )


async def _load_one(calls: Reading, one: BoundOperation, key: Key, kept: KeptParts | None) -> Settled:
    try:
        answered = await calls.read(one, Supplied(key=key))
    except FieldError as refused:
        return Settled(fault=refused.fault)
    found = rows_of(one, answered)
    if kept is not None and found.fault is None and found.value is not None:
        await _keep(kept, answered.value, {key: found.value[0]})
    return found


async def _keep(kept: KeptParts, answered: Answered, rows: Mapping[Key, object]) -> None:
    if may_be_kept(answered.response):
        texts = {key: bytes(row.text) for key, row in rows.items() if type(row) is Row}
        await kept.keep(answered.request, answered.response, texts)


async def _load_many(
    calls: Reading, entity: Entity, many: BoundOperation, keys: Sequence[Key], kept: KeptParts | None
) -> dict[Key, Settled]:
    missing = dict.fromkeys(keys)
    nulls = admits_nulls(many)
    found: dict[Key, Settled] = {}
    unreadable: Fault | None = None

    async def take(items: list[Any], where: Where, answered: Answered) -> None:
        nonlocal unreadable
        rows: dict[Key, object] = {}
        async for start, some in slices(items, SLICE):
            for index, (item, key) in enumerate(zip(some, keys_of(entity, some), strict=True), start):
                if item is None and nulls:
                    continue
                if key is None:
                    unreadable = unreadable or no_key(many, (where, index))
                elif key in missing:
                    del missing[key]
                    rows[key] = item
                    found[key] = Settled((item, (where, index)))
        if kept is not None:
            await _keep(kept, answered, rows)

    supplied = Supplied(key=keys[0], keys=tuple(keys))
    fault = await take_all(calls, many, supplied, len(keys), take, lambda: not missing)
    # An item that could not be matched may be the one that a missing key waits for: absence is not proven.
    rest = Settled(fault=fault or unreadable) if fault or unreadable else ABSENT
    return found | dict.fromkeys(missing, rest)
