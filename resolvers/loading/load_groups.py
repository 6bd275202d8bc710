"""Loading a batch of groups: one call for many parents, its items told apart by the property that repeats the
parent's value.

`resolvers/loading/store.py` hands batches here; `resolvers/loading/load.py` holds what all batches have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from resolvers.errors import no_key
from resolvers.fault import Fault
from resolvers.loading.kept_parts import KeptParts, Key, may_be_kept
from resolvers.loading.keys import texts_of
from resolvers.loading.load import SLICE, Reading, admits_nulls, bounded, most_at_once, split, take_all
from resolvers.loading.settled import Settled
from resolvers.loading.slices import slices
from resolvers.reading.answered import Answered
from resolvers.reading.row import Row, joined
from resolvers.reading.row_reader import rows_in
from resolvers.reading.where import SOMEWHERE, Where, down
from resolvers.source import BoundOperation, Grouped, Supplied


async def load_groups(calls: Reading, grouped: Grouped, supplied: Supplied, keys: list[str]) -> list[Settled]:
    """A settled list of items for each parent's value, in order; kept ones without a call."""
    call = grouped.call
    kept = calls.kept(call, supplied, ("group", grouped.group_by, grouped.kind))
    found = {} if kept is None else await _found_groups(kept, call, keys)
    missing = [key for key in keys if key not in found] if found else keys
    if missing:
        most = call.batch or calls.limits(call).batch_limit
        works = [partial(_load_group, calls, grouped, supplied, run, kept) for run in split(missing, most)]
        for part in await bounded(works, most_at_once(calls, call)):
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
    nulls = admits_nulls(grouped.call)
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
    fault = await take_all(calls, grouped.call, asked, None, take, lambda: False) or unreadable
    if fault:  # where anything is missing, no group is known to be whole
        return {key: Settled(fault=fault) for key in keys}
    if kept is not None and len(answers) == 1 and may_be_kept(answers[0].response):
        rows = {key: [item for item, _ in items] for key, items in groups.items()}
        texts: dict[Key, bytes] = {
            (key,): joined(one) for key, one in rows.items() if all(type(item) is Row for item in one)
        }
        await kept.keep(answers[0].request, answers[0].response, texts)
    return {key: Settled(items) for key, items in groups.items()}
