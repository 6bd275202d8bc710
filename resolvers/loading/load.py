"""What loads of batches have in common: keys split into calls, calls run with bounded concurrency, and every item of
an answer handed over, page after page.

`resolvers/loading/load_entities.py` and `resolvers/loading/load_groups.py` match the items with keys. Every key
gets a settled result: a value, nothing, or the fault of its own call.
"""

from __future__ import annotations

from asyncio import Semaphore, gather
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeVar

from adapters.contract.contract import Parameter
from adapters.service import Service
from resolvers.errors import incomplete, not_a_list, page_fault
from resolvers.fault import Fault, FieldError
from resolvers.loading.kept_parts import KeptParts
from resolvers.loading.settled import Settled
from resolvers.paging.paging import PageViolation, first_values, next_values
from resolvers.reading.answered import Answered, page_of, rows_of
from resolvers.reading.row import plain
from resolvers.reading.where import Where, down
from resolvers.source import BoundOperation, Supplied

Result = TypeVar("Result")
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


def most_at_once(calls: Reading, call: BoundOperation) -> int:
    """Calls of one batch that may be under way together."""
    return calls.limits(call).concurrency


def admits_nulls(call: BoundOperation) -> bool:
    """Whether the contract lets rows of the list be null: such a row says that there is nothing."""
    items = None if call.result is None else call.contract.schema(call.result).items
    return items is not None and items.nullable


async def take_all(
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
