"""Running a program for one request: steps over the store, as on the checked lane, but for many objects at a
time, and only as long as everything is as promised.

A step starts the moment its own parents are there, and waits for nothing else. Whatever goes wrong ends the run
with `Troubled`; the checked lane then runs the plan over the same store, in which everything that was fetched, or
is under way, is found again.
"""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Coroutine, Iterable, Iterator
from typing import Any, Final, cast

from graphql.execution.values import VariableValues
from graphql.pyutils import gather_with_cancel

from adapters.contract import MISSING
from resolvers.call import request_of, supply
from resolvers.fast.builders import Hanging, Hung
from resolvers.fast.program import FastStep, Program
from resolvers.fast.uncompiled import Troubled
from resolvers.keys import canonical
from resolvers.resolve import Paged, lacks, resolve
from resolvers.settled import Settled
from resolvers.source import Fetch, Lookup, Pages, Supplied
from resolvers.store import Store

SLICE: Final = 1_000
"""Objects that are built, or keys asked for, before the loop has a turn: about a millisecond's work."""
ASKED: Final = 100
"""Parents for which a call is made ready, one by one, before the loop has a turn; and turns that this may take."""


class FastRun:
    """One execution of a program, for one request's variables, over its store."""

    def __init__(self, program: Program, variables: VariableValues, store: Store) -> None:
        self._program = program
        self._variables = variables
        self._store = store
        self._branches = False

    async def execute(self) -> Any:
        """The data of the answer, a Struct. Raises `Troubled`."""
        hung: Hung = {}
        try:
            (root,) = self._program.root([None], hung)
            await self._onward(hung)
        except Exception as raised:
            # Whatever it is, the checked lane meets it again, and says it where it belongs.
            raise Troubled from raised
        return root

    async def _onward(self, hung: Hung) -> None:
        """Start every step that objects hang on, and wait for them and what is below."""
        if len(hung) == 1:
            ((number, hanging),) = hung.items()
            await self._step(self._program.steps[number], hanging)
        elif hung:
            # Asked for at once, in the plan's order; each then goes on by itself.
            self._branches = True
            works = [self._step(self._program.steps[number], hung[number]) for number in sorted(hung)]
            await gather_with_cancel(*works)

    async def _step(self, step: FastStep, hanging: Hanging) -> None:
        hung: Hung = {}
        source = step.source
        if isinstance(source, Lookup):
            await self._lookup(step, source, hanging, hung)
        elif step.decode is not None:
            await self._fetch(step, cast("Fetch", source), hanging, hung)
        else:
            await self._resolve(step, hanging, hung)
        await self._onward(hung)

    # --- by key

    async def _lookup(self, step: FastStep, source: Lookup, hanging: Hanging, hung: Hung) -> None:
        keys = self._keys(step, source, hanging.parents)
        waiting: dict[Any, list[Any]] = {}
        for key, out in zip(keys, hanging.outs, strict=True):
            outs = waiting.get(key)
            if outs is None:
                waiting[key] = [out]
            else:
                outs.append(out)
        texts = _texts(source, waiting)
        there: list[list[Any]] = []
        items: list[Any] = []
        for key, settled in zip(texts, await self._settled(step, source, list(texts.values())), strict=True):
            pair = settled.unwrap()
            if pair is not None:
                there.append(waiting[key])
                items.append(pair[0])
        if len(items) < len(waiting) and not step.nullable:
            raise Troubled
        attribute = step.attribute
        for outs, value in zip(there, await self._built(step, items, hung), strict=True):
            for out in outs:
                setattr(out, attribute, value)

    def _keys(self, step: FastStep, source: Lookup, parents: list[Any]) -> list[Any]:
        """The key of each parent: one part, or a tuple of several."""
        if step.key is not None:
            parts = [list(map(get, parents)) for get in step.key]
        else:
            arguments, sender = self._program.arguments(step, self._variables), self._store.sender
            given = [Supplied(parent=_given(step, parent), arguments=arguments) for parent in parents]
            if source.call is not None and source.call.from_client:
                for one in given:  # refuses what may not be sent, before anything is asked
                    request_of(source.call, one, sender)
            parts = [[supply(part, one, sender) for one in given] for part in source.key]
        return parts[0] if len(parts) == 1 else list(zip(*parts, strict=True))

    async def _settled(self, step: FastStep, source: Lookup, asked: list[tuple[str, ...]]) -> list[Settled]:
        ask, entity = self._store.entities, source.entity
        if len(asked) <= SLICE:
            landing = ask(entity, asked, alone=step.alone)
        else:
            for start in range(0, len(asked), SLICE):
                ask(entity, asked[start : start + SLICE])
                await asyncio.sleep(0)
            landing = ask(entity, asked)
        if isinstance(landing, Future):
            await landing
            landing = ask(entity, asked)
        assert isinstance(landing, list)  # nothing that was settled is forgotten while a query runs
        return landing

    # --- one answer for each parent

    async def _fetch(self, step: FastStep, source: Fetch, hanging: Hanging, hung: Hung) -> None:
        arguments = self._program.arguments(step, self._variables)
        asked: list[Settled | Future[Settled] | None] = []
        turn = _turn(hanging.parents)
        for count, parent in enumerate(hanging.parents, 1):
            if count % turn == 0:
                await asyncio.sleep(0)
            supplied = Supplied(parent=_given(step, parent), arguments=arguments)
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
                values.append(resolve(step.source, _given(step, parent), arguments, self._store))
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


def _texts(source: Lookup, keys: Iterable[Any]) -> dict[Any, tuple[str, ...]]:
    """The canonical texts of keys; of those for which there is something to ask. Raises `Troubled`."""
    kinds = source.entity.kinds
    texts: dict[Any, tuple[str, ...]] = {}
    for key in keys:
        parts = key if len(kinds) > 1 else (key,)
        if None in parts or MISSING in parts:
            continue
        text = tuple(map(canonical, kinds, parts))
        if None in text:
            raise Troubled
        texts[key] = cast("tuple[str, ...]", text)
    return texts


def _given(step: FastStep, parent: Any) -> Any:
    """The properties of a parent that a call is made from, where they stand in the parent's JSON."""
    made: dict[str, Any] = {}
    for path, get in step.given:
        here = made
        for name in path[:-1]:
            here = here.setdefault(name, {})
        here[path[-1]] = get(parent)
    return made or None
