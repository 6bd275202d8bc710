"""Running a program for one request: steps over the store, as on the checked lane, but for many objects at a
time, and only as long as everything is as promised.

A step starts the moment its own parents are there, and waits for nothing else. Whatever goes wrong ends the run
with `Troubled`; the checked lane then runs the plan over the same store, in which everything that was fetched, or
is under way, is found again.
"""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Coroutine, Iterator
from itertools import repeat
from typing import Any, Final, cast

from graphql.execution.values import VariableValues
from graphql.pyutils import gather_with_cancel

from resolvers.call import check, request_of, supply
from resolvers.fast.builders import Hanging, Hung
from resolvers.fast.given import given_of
from resolvers.fast.groups import groups
from resolvers.fast.islands import Island
from resolvers.fast.lookups import lookups
from resolvers.fast.program import FastStep, Program
from resolvers.fast.uncompiled import Troubled
from resolvers.loading.settled import Settled
from resolvers.loading.store import Store
from resolvers.resolve import Paged, lacks, resolve
from resolvers.run.parts import Parts
from resolvers.source import Fetch, Grouped, Lookup, Pages, Supplied

SLICE: Final = 1_000
"""Objects that are built, or keys asked for, before the loop has a turn: about a millisecond's work."""
ASKED: Final = 100
"""Parents for which a call is made ready, one by one, before the loop has a turn; and turns that this may take."""


class FastRun:
    """One execution of a program, for one request's variables, over its store."""

    def __init__(
        self, program: Program, variables: VariableValues, store: Store, parts: Parts | None = None
    ) -> None:
        self._program = program
        self._parts = parts
        self._variables = variables
        self._store = store
        self._branches = False

    async def execute(self) -> Any:
        """The data of the answer, a Struct. Raises `Troubled`."""
        hung: Hung = {}
        cancelled = _cancelled()
        try:
            (self._root,) = self._program.root([None], hung)
            await self._onward(hung)
        except Exception as raised:
            if _cancelled() > cancelled:  # in the turn of the fault, which `gather` then gives in its place
                raise asyncio.CancelledError from None
            # Whatever it is, the checked lane meets it again, and says it where it belongs.
            raise Troubled from raised
        return self._root

    async def _onward(self, hung: Hung) -> None:
        """Start every step that objects hang on, and wait for them and what is below."""
        if len(hung) == 1:
            ((number, hanging),) = hung.items()
            await self._step(number, hanging)
        elif hung:
            # Asked for at once, in the plan's order; each then goes on by itself.
            self._branches = True
            works = [self._step(number, hung[number]) for number in sorted(hung)]
            await gather_with_cancel(*works)

    async def _step(self, number: int, hanging: Hanging) -> None:
        step = self._program.steps[number]
        if not isinstance(step, FastStep):
            await self._island(cast("Island", step), hanging)
            return
        hung: Hung = {}
        source = step.source
        if isinstance(source, Lookup):
            await self._lookup(step, source, hanging, hung)
        elif step.by is not None:
            supplied = Supplied(arguments=self._program.arguments(step, self._variables))
            by, turn = list(map(step.by, hanging.parents)), _turn(hanging.parents)
            found = await groups(cast("Grouped", source), by, supplied, self._store, turn)
            await self._put(step, hanging, found, hung)
        elif step.decode is not None:
            await self._fetch(step, cast("Fetch", source), hanging, hung)
        else:
            await self._resolve(step, hanging, hung)
        await self._onward(hung)

    # --- by the checked lane

    async def _island(self, island: Island, hanging: Hanging) -> None:
        assert self._parts is not None  # whoever runs a program with islands gives what runs them
        island.check(hanging.parents)
        outs: list[Any] = []
        parents = island.parents(self._root, hanging, outs)
        part = self._parts.begin(island.number, parents, len(hanging.outs))
        await part.ended()
        if len(outs) != len(hanging.outs):
            raise Troubled  # never: each of them stands at one place
        for out, place in zip(outs, part.places.values(), strict=True):
            value = place.container[place.key]
            if value is None and not island.field.shape.nullable:
                raise Troubled  # an error took what is above
            setattr(out, island.attribute, value)

    # --- by key

    async def _lookup(self, step: FastStep, source: Lookup, hanging: Hanging, hung: Hung) -> None:
        keys = self._keys(step, source, hanging.parents)
        found = dict.fromkeys(keys)  # nothing, until there is something
        items = await lookups(
            source, list(found), self._store, alone=step.alone, branches=self._branches, most=SLICE
        )
        if len(items) < len(found) and not step.nullable:
            raise Troubled
        if step.apart:
            await self._each(step, hanging, keys, items, hung)
            return
        found.update(zip(items, await self._built(step, list(items.values()), hung), strict=True))
        # For each parent, without a turn of Python's own loop.
        deque(map(setattr, hanging.outs, repeat(step.attribute), map(found.get, keys)), maxlen=0)

    async def _each(
        self, step: FastStep, hanging: Hanging, keys: list[Any], items: dict[Any, Any], hung: Hung
    ) -> None:
        """What leaves of the items, anew for each parent."""
        outs = [out for key, out in zip(keys, hanging.outs, strict=True) if key in items]
        built = await self._built(step, [items[key] for key in keys if key in items], hung)
        deque(map(setattr, outs, repeat(step.attribute), built), maxlen=0)

    def _keys(self, step: FastStep, source: Lookup, parents: list[Any]) -> list[Any]:
        """The key of each parent: one part, or a tuple of several."""
        if step.key is not None:
            parts = [list(map(get, parents)) for get in step.key]
        else:
            arguments, sender = self._program.arguments(step, self._variables), self._store.sender
            given = [Supplied(parent=given_of(step.given, parent), arguments=arguments) for parent in parents]
            if source.call is not None and source.call.from_client:
                for one in given:  # refuses what may not be sent, before anything is asked
                    check(source.call, one, sender)
            parts = [[supply(part, one, sender) for one in given] for part in source.key]
        return parts[0] if len(parts) == 1 else list(zip(*parts, strict=True))

    # --- one answer for each parent

    async def _fetch(self, step: FastStep, source: Fetch, hanging: Hanging, hung: Hung) -> None:
        arguments = self._program.arguments(step, self._variables)
        asked: list[Settled | Future[Settled] | None] = []
        turn = _turn(hanging.parents)
        for count, parent in enumerate(hanging.parents, 1):
            if count % turn == 0:
                await asyncio.sleep(0)
            supplied = Supplied(parent=given_of(step.given, parent), arguments=arguments)
            if lacks(source.call, supplied.parent):
                asked.append(None)
            else:
                request = request_of(source.call, supplied, self._store.sender)
                if self._branches or len(hanging.parents) > 1:
                    asked.append(self._store.answer(source.call, request))
                else:  # nobody else can end this wait, and so the call
                    asked.append(await self._store.sent(source.call, request))
        values: list[Any] = []
        known: dict[Any, Any] = {None: None}  # parents may share an answer: it is decoded once
        for one in asked:
            settled = await one if isinstance(one, Future) else one
            answered: Any = None if settled is None else settled.unwrap()
            if answered not in known:
                value = answered.decoded(step.decode)
                known[answered] = value if value is None or step.take is None else step.take(value)
            values.append(known[answered])
        await self._put(step, hanging, values, hung)

    # --- everything else as on the checked lane, without its records

    async def _resolve(self, step: FastStep, hanging: Hanging, hung: Hung) -> None:
        arguments = self._program.arguments(step, self._variables)
        values: list[Any] = []
        turn = _turn(hanging.parents)
        try:
            for count, parent in enumerate(hanging.parents, 1):
                if count % turn == 0:
                    await asyncio.sleep(0)
                values.append(resolve(step.source, given_of(step.given, parent), arguments, self._store))
            waits = [one for one in values if isinstance(one, Coroutine)]
            # Pages are read when they are awaited; everything else is under way.
            if isinstance(step.source, Pages) and len(waits) > 1:
                values = await gather_with_cancel(*waits)
            else:
                values = [await one if isinstance(one, Coroutine) else one for one in values]
        finally:
            for one in values:
                if isinstance(one, Coroutine):
                    one.close()
        await self._put(step, hanging, values, hung)

    async def _put(self, step: FastStep, hanging: Hanging, values: list[Any], hung: Hung) -> None:
        there = [index for index, value in enumerate(values) if value is not None]
        if len(there) < len(values) and not step.nullable:
            raise Troubled
        built = await self._built(step, [values[index] for index in there], hung)
        if len(there) < len(values):
            for out in hanging.outs:  # whatever an answer held under the name of the field
                setattr(out, step.attribute, None)
        for index, value in zip(there, built, strict=True):
            setattr(hanging.outs[index], step.attribute, value)

    async def _built(self, step: FastStep, values: list[Any], hung: Hung) -> list[Any]:
        """What leaves of values, none of which is null; of many in slices, so that the loop is not held."""
        if not values:
            return []
        if len(values) == 1 and isinstance(values[0], list) and len(values[0]) > SLICE:
            items: list[Any] = []
            for start in range(0, len(values[0]), SLICE):
                items += step.build([values[0][start : start + SLICE]], hung)[0]
                await asyncio.sleep(0)
            return [items]
        if len(values) <= SLICE and not isinstance(values[0], list | Paged):
            return step.build(values, hung)
        made: list[Any] = []
        for run in _runs(values):
            if made:
                await asyncio.sleep(0)
            made += step.build(run, hung)
        return made


def _cancelled() -> int:
    """How often this task was told to end."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


def _turn(parents: list[Any]) -> int:
    """How many of these parents are asked for before the loop has a turn: so many that keys still make one batch."""
    return max(ASKED, len(parents) // ASKED)


def _runs(values: list[Any]) -> Iterator[list[Any]]:
    """Runs of values, each of as many objects as may be built at once, or of a single value."""
    start = held = 0
    for index, value in enumerate(values):
        items = value.nodes if isinstance(value, Paged) else value
        size = len(items) if isinstance(items, list) else 1
        if held and held + size > SLICE:
            yield values[start:index]
            start, held = index, 0
        held += size
    yield values[start:]
