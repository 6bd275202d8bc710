"""Loading a batch: keys split into calls, calls run with bounded concurrency, answers matched by key whatever
their order.

`resolvers/store.py` hands batches here. Every key gets a settled result: a value, nothing, or the fault of
its own call.
"""

from __future__ import annotations

import itertools
from asyncio import Semaphore, gather
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from adapters.contract import Parameter
from adapters.service import Service
from resolvers.errors import incomplete, no_key, not_a_list, page_fault
from resolvers.fault import Fault, FieldError
from resolvers.keys import canonical, key_of
from resolvers.paging import Page, PageViolation, first_values, next_values
from resolvers.record import raw
from resolvers.settled import ABSENT, Settled
from resolvers.source import BoundOperation, Entity, Grouped, Key, Supplied
from resolvers.where import Where, down

Result = TypeVar("Result")


class Calls(Protocol):
    """What a load needs of the store."""

    async def loaded(self, call: BoundOperation, supplied: Supplied) -> Settled: ...

    def limits(self, call: BoundOperation) -> Service: ...

    async def page(
        self, call: BoundOperation, supplied: Supplied, values: Mapping[Parameter | str, object]
    ) -> Page: ...


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


async def load_entities(calls: Calls, entity: Entity, keys: list[tuple[str, ...]]) -> list[Settled]:
    """A settled result for each key, in order: by `many` where there is more than one key, else by `one`."""
    one, many = entity.one, entity.many
    if many is not None and (one is None or len(keys) > 1):
        most = many.batch or calls.limits(many).batch_limit
        works = [
            partial(_load_many, calls, entity, many, run)
            for group in _apart(many, keys)
            for run in split(group, most)
        ]
        found: dict[tuple[str, ...], Settled] = {}
        for part in await bounded(works, calls.limits(many).concurrency):
            found |= part
        return [found[key] for key in keys]
    assert one is not None  # binding refuses an entity with neither
    singles = [partial(_load_one, calls, one, key) for key in keys]
    return await bounded(singles, calls.limits(one).concurrency)


def _apart(many: BoundOperation, keys: list[tuple[str, ...]]) -> list[list[tuple[str, ...]]]:
    """Keys grouped by the parts that one call can take only one value of."""
    parts = [one.supplier.part for one in many.bindings if isinstance(one.supplier, Key)]

    def shared(key: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(key[part] for part in parts)

    return (
        [list(group) for _, group in itertools.groupby(sorted(keys, key=shared), key=shared)]
        if parts
        else [keys]
    )


async def _load_one(calls: Calls, one: BoundOperation, key: tuple[str, ...]) -> Settled:
    try:
        return await calls.loaded(one, Supplied(key=key))
    except FieldError as refused:
        return Settled(fault=refused.fault)


async def _load_many(
    calls: Calls, entity: Entity, many: BoundOperation, keys: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], Settled]:
    missing = dict.fromkeys(keys)
    nulls = _admits_nulls(many)
    found: dict[tuple[str, ...], Settled] = {}
    unreadable: Fault | None = None

    def take(items: list[Any], where: Where) -> None:
        nonlocal unreadable
        for index, item in enumerate(items):
            if item is None and nulls:
                continue
            key = key_of(entity, item)
            if key is None:
                unreadable = unreadable or no_key(many, (where, index))
            elif key in missing:
                del missing[key]
                found[key] = Settled((item, (where, index)))

    supplied = Supplied(key=keys[0], keys=tuple(keys))
    fault = await _take_all(calls, many, supplied, len(keys), take, lambda: not missing)
    # An item that could not be matched may be the one that a missing key waits for: absence is not proven.
    rest = Settled(fault=fault or unreadable) if fault or unreadable else ABSENT
    return found | dict.fromkeys(missing, rest)


async def load_groups(calls: Calls, grouped: Grouped, supplied: Supplied, keys: list[str]) -> list[Settled]:
    """A settled list of items for each parent's value, in order."""
    most = grouped.call.batch or calls.limits(grouped.call).batch_limit
    works = [partial(_load_group, calls, grouped, supplied, run) for run in split(keys, most)]
    found: dict[str, Settled] = {}
    for part in await bounded(works, calls.limits(grouped.call).concurrency):
        found |= part
    return [found[key] for key in keys]


async def _load_group(
    calls: Calls, grouped: Grouped, supplied: Supplied, keys: Sequence[str]
) -> dict[str, Settled]:
    groups: dict[str, list[tuple[Any, Where]]] = {key: [] for key in keys}
    nulls = _admits_nulls(grouped.call)
    unreadable: Fault | None = None

    def take(items: list[Any], where: Where) -> None:
        nonlocal unreadable
        for index, item in enumerate(items):
            if item is None and nulls:
                continue
            key = canonical(grouped.kind, raw(item, grouped.group_by))
            if key is None:
                unreadable = unreadable or no_key(grouped.call, (where, index))
            elif key in groups:
                groups[key].append((item, (where, index)))

    asked = Supplied(parent=supplied.parent, arguments=supplied.arguments, each=tuple(keys))
    fault = await _take_all(calls, grouped.call, asked, None, take, lambda: False) or unreadable
    # Where anything is missing, no group is known to be whole.
    return {key: Settled(fault=fault) if fault else Settled(items) for key, items in groups.items()}


def _admits_nulls(call: BoundOperation) -> bool:
    """Whether the contract lets rows of the list be null: such a row says that there is nothing."""
    items = None if call.result is None else call.contract.schema(call.result).items
    return items is not None and items.nullable


async def _take_all(
    calls: Calls,
    call: BoundOperation,
    supplied: Supplied,
    wanted: int | None,
    take: Callable[[list[Any], Where], None],
    enough: Callable[[], bool],
) -> Fault | None:
    """Hand every item of a list answer to `take`, page after page until `enough`; the fault that ended it
    early, if any.
    """
    where = down(call.root, call.pick)
    try:
        if call.paging is None:
            answered = (await calls.loaded(call, supplied)).unwrap()
            if answered is None:
                return None
            items, where = answered
            if type(items) is not list:
                return not_a_list(call, where, items)
            take(items, where)
            return None
        size = call.paging.default_size if wanted is None else wanted
        size = min(max(size, call.paging.default_size), call.paging.max_size)
        values = first_values(call.paging, size)
        most = calls.limits(call).page_limit
        before = 0
        for _ in range(most):
            page = await calls.page(call, supplied, values)
            take(page.items, where)
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
