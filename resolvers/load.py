"""Loading a batch: keys split into calls, calls run with bounded concurrency, answers matched by key whatever
their order.

`resolvers/store.py` hands batches here. Every key gets a settled result: a value, nothing, or the fault of
its own call.
"""

from __future__ import annotations

import itertools
from asyncio import Semaphore, gather
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from adapters.contract import Parameter
from adapters.service import Service
from resolvers.answered import Answered, page_of, rows_of
from resolvers.errors import incomplete, no_key, not_a_list, page_fault
from resolvers.fault import Fault, FieldError
from resolvers.kept_parts import KeptParts, may_be_kept
from resolvers.keys import keys_of, texts_of
from resolvers.paging import PageViolation, first_values, next_values
from resolvers.row import Row, joined, plain
from resolvers.row_reader import rows_in
from resolvers.settled import ABSENT, Settled
from resolvers.slices import slices
from resolvers.source import BoundOperation, Constant, Entity, Grouped, Keys, Supplied
from resolvers.source import Key as KeyPart
from resolvers.where import SOMEWHERE, Where, down

Result = TypeVar("Result")
Key: TypeAlias = tuple[str, ...]
SLICE: Final = 1_000
"""Items that are matched with keys before the loop has a turn: some two milliseconds' work."""


class Reading(Protocol):
    """What a load needs of the store."""

    async def read(
        self,
        call: BoundOperation,
        supplied: Supplied,
        values: Mapping[Parameter | str, object] = MappingProxyType({}),
    ) -> Settled: ...

    def limits(self, call: BoundOperation) -> Service: ...

    def kept(self, call: BoundOperation, supplied: Supplied, apart: Hashable) -> KeptParts | None: ...


async def bounded(works: Sequence[Callable[[], Awaitable[Result]]], limit: int) -> list[Result]:
    """Run works, at most `limit` at once; results in order. Raises what the first of them raised, when all
    have ended.
    """
    if len(works) == 1:
        return [await works[0]()]
    gate = Semaphore(limit)

    async def one(work: Callable[[], Awaitable[Result]]) -> Result:
        async with gate:
            return await work()

    # gather alone would leave the others running, owned by nobody, when one of them raises.
    results = await gather(*(one(work) for work in works), return_exceptions=True)
    done: list[Result] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        done.append(result)
    return done


def split(keys: Sequence[Result], most: int) -> list[Sequence[Result]]:
    """Runs of at most `most` keys, as even as they can be."""
    count = -(-len(keys) // most)
    size = -(-len(keys) // count) if count else most
    return [keys[start : start + size] for start in range(0, len(keys), size)]


async def load_entities(calls: Reading, entity: Entity, keys: list[Key]) -> list[Settled]:
    """A settled result for each key, in order: kept ones without a call, others by `many` where there are more than
    one, else by `one`.
    """
    one, many = entity.one, entity.many
    if many is None:
        assert one is not None  # binding refuses an entity with neither
        return await bounded([partial(_load_one, calls, one, key, None) for key in keys], _most(calls, one))
    # What one of them brings does for the other where both ask the same on behalf of the same.
    alike = one is None or _alike(one, many)
    apart = ("entity", entity.key, entity.kinds)
    kept = calls.kept(many, Supplied(), apart) if alike or len(keys) > 1 else None
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
        for part in await bounded(works, _most(calls, many)):
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


def _most(calls: Reading, call: BoundOperation) -> int:
    return calls.limits(call).concurrency


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
    nulls = _admits_nulls(many)
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
    fault = await _take_all(calls, many, supplied, len(keys), take, lambda: not missing)
    # An item that could not be matched may be the one that a missing key waits for: absence is not proven.
    rest = Settled(fault=fault or unreadable) if fault or unreadable else ABSENT
    return found | dict.fromkeys(missing, rest)


async def load_groups(calls: Reading, grouped: Grouped, supplied: Supplied, keys: list[str]) -> list[Settled]:
    """A settled list of items for each parent's value, in order; kept ones without a call."""
    call = grouped.call
    kept = calls.kept(call, supplied, ("group", grouped.group_by, grouped.kind))
    found = {} if kept is None else await _found_groups(kept, call, keys)
    missing = [key for key in keys if key not in found] if found else keys
    if missing:
        most = call.batch or calls.limits(call).batch_limit
        works = [partial(_load_group, calls, grouped, supplied, run, kept) for run in split(missing, most)]
        for part in await bounded(works, _most(calls, call)):
            found |= part
    return [found[key] for key in keys]


async def _found_groups(kept: KeptParts, call: BoundOperation, keys: list[str]) -> dict[str, Settled]:
    where = (down(call.root, call.pick), SOMEWHERE)
    found: dict[str, Settled] = {}
    for (key,), text in (await kept.found([(key,) for key in keys])).items():
        rows = rows_in(text, exact=call.exact)
        if rows is not None:
            found[key] = Settled([(row, where) for row in rows])
    return found


async def _load_group(
    calls: Reading, grouped: Grouped, supplied: Supplied, keys: Sequence[str], kept: KeptParts | None
) -> dict[str, Settled]:
    groups: dict[str, list[tuple[Any, Where]]] = {key: [] for key in keys}
    nulls = _admits_nulls(grouped.call)
    unreadable: Fault | None = None
    answers: list[Answered] = []

    async def take(items: list[Any], where: Where, answered: Answered) -> None:
        nonlocal unreadable
        answers.append(answered)
        async for start, some in slices(items, SLICE):
            texts = texts_of(grouped.kind, grouped.group_by, some)
            for index, (item, key) in enumerate(zip(some, texts, strict=True), start):
                if item is None and nulls:
                    continue
                if key is None:
                    unreadable = unreadable or no_key(grouped.call, (where, index))
                elif key in groups:
                    groups[key].append((item, (where, index)))

    asked = Supplied(parent=supplied.parent, arguments=supplied.arguments, each=tuple(keys))
    fault = await _take_all(calls, grouped.call, asked, None, take, lambda: False) or unreadable
    if fault:  # where anything is missing, no group is known to be whole
        return {key: Settled(fault=fault) for key in keys}
    if kept is not None and len(answers) == 1 and may_be_kept(answers[0].response):
        rows = {key: [item for item, _ in items] for key, items in groups.items()}
        texts: dict[Key, bytes] = {
            (key,): joined(one) for key, one in rows.items() if all(type(item) is Row for item in one)
        }
        await kept.keep(answers[0].request, answers[0].response, texts)
    return {key: Settled(items) for key, items in groups.items()}


def _admits_nulls(call: BoundOperation) -> bool:
    """Whether the contract lets rows of the list be null: such a row says that there is nothing."""
    items = None if call.result is None else call.contract.schema(call.result).items
    return items is not None and items.nullable


async def _take_all(
    calls: Reading,
    call: BoundOperation,
    supplied: Supplied,
    wanted: int | None,
    take: Callable[[list[Any], Where, Answered], Awaitable[None]],
    enough: Callable[[], bool],
) -> Fault | None:
    """Hand every item of a list answer to `take`, page after page until `enough`; the fault that ended it
    early, if any.
    """
    where = down(call.root, call.pick)
    try:
        if call.paging is None:
            settled = await calls.read(call, supplied)
            found = rows_of(call, settled).unwrap()
            if found is None:
                return None
            items, where = found
            if type(items) is not list:
                return not_a_list(call, where, plain(items))
            await take(items, where, settled.value)
            return None
        size = call.paging.default_size if wanted is None else wanted
        size = min(max(size, call.paging.default_size), call.paging.max_size)
        values = first_values(call.paging, size)
        most = calls.limits(call).page_limit
        before = 0
        for _ in range(most):
            answered = (await calls.read(call, supplied, values)).unwrap()
            page = page_of(call, answered)
            if answered is not None:
                await take(page.items, where, answered)
            if enough():
                return None
            following = next_values(call.paging, values, page, before)
            before += len(page.items)
            if following is None:
                return None
            values = following
    except FieldError as failed:
        return failed.fault
    except PageViolation as broken:
        return page_fault(call, broken)
    return incomplete(call, most)
