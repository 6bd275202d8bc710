"""Parts of a plan that run on their own: a step for some objects, with everything below it, while a compiled program
runs the rest (`resolvers/fast/run.py`).

A part is run once. Where the program meets what is not as promised, the run of the whole plan that then begins takes
over what each part yielded, its errors too, or waits for it: no resolver runs twice.
"""

from __future__ import annotations

import asyncio
from asyncio import Task
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

from graphql import GraphQLError

from resolvers.fault import Fault
from resolvers.loading.store import Store
from resolvers.plan.plan import Plan
from resolvers.run.place import Place
from resolvers.run.run import Host, Run
from resolvers.run.waiting import gathered

SLICE: Final = 100
"""Objects that a step begins for before the loop has a turn; and, of more objects, turns that this may take."""
# As turns that `graph/executing/ending.py` gives to tasks that had not begun.
_TURNS: Final = 16

Parent: TypeAlias = "tuple[Any, Place]"
_Path: TypeAlias = "tuple[str | int, ...]"


class Part:
    """One step, run for the objects at these places; each place holds its value when the part has ended."""

    def __init__(self, run: Run, number: int) -> None:
        self._run = run
        self._number = number
        self._task: Task[None] | None = None
        self._errors: dict[_Path, list[GraphQLError]] | None = None
        self.places: dict[_Path, Place] = {}
        self.unwanted = False
        """Whether nobody waits for it any more: it begins for no further objects."""

    def begin(self, parents: Iterable[Parent], count: int) -> None:
        """Start the step for so many parents; what is left to do is a task's."""
        left = iter(parents)
        size = max(SLICE, -(-count // SLICE))
        first = self._started(left, size)
        if first or count > size:
            self._task = asyncio.create_task(self._go_on(left, count, size, first))

    def _started(self, parents: Iterator[Parent], size: int) -> list[Any]:
        some = list(islice(parents, size))
        self.places.update((tuple(place.path), place) for _, place in some)
        left = self._run.part(self._number, some) if some else None
        return [] if left is None else [left]

    async def _go_on(self, parents: Iterator[Parent], count: int, size: int, waits: list[Any]) -> None:
        try:
            for _ in range(size, count, size):
                await asyncio.sleep(0)
                if self.unwanted:
                    break
                waits += self._started(parents, size)
        except BaseException:
            for one in waits:
                one.close()
            raise
        await gathered(waits)

    @property
    def task(self) -> Task[None] | None:
        """What still runs of it, which nobody's waiting owns; None where nothing was left to do."""
        return self._task

    async def ended(self) -> None:
        """Wait until all values are there. Who no longer waits ends nothing but the waiting."""
        if self._task is not None:
            await asyncio.shield(self._task)

    def errors_at(self, path: _Path) -> Sequence[GraphQLError]:
        """The errors at a place and below it, once the part has ended."""
        if self._errors is None:
            self._errors = {}
            for error in self._run.errors:
                self._errors.setdefault(tuple((error.path or [])[: len(path)]), []).append(error)
        return self._errors.get(path, ())


class Parts:
    """The parts of one request's plan that run on their own, by the number of their step. `host` makes what stands
    in for graphql-core's executor, when the first of them begins; `denied` are the faults of what the caller may not
    see.
    """

    def __init__(
        self, plan: Plan, host: Callable[[], Host], store: Store, denied: Mapping[Hashable, Fault]
    ) -> None:
        self._plan = plan
        self._denied = denied
        self._host = host
        self._store = store
        self._run: Run | None = None
        self._parts: dict[int, Part] = {}
        self._left = False

    @property
    def errors(self) -> Sequence[GraphQLError]:
        """The errors of all parts, which are parts of the answer where these are."""
        return () if self._run is None else self._run.errors

    def begin(self, number: int, parents: Iterable[Parent], count: int) -> Part:
        """Run a step for so many parents, each with the place of the step's value."""
        if self._run is None:
            self._run = Run(self._plan, self._host(), self._store, self._denied)
        part = self._parts[number] = Part(self._run, number)
        part.begin(parents, count)
        return part

    def leave(self) -> None:
        """The program ends here: whoever runs the plan takes the parts over."""
        self._left = True

    def taken(self, plan: Plan) -> Mapping[int, Part]:
        """The parts that a run of this plan takes over: once, and none that the program still runs."""
        if not self._left or plan is not self._plan:
            return {}
        self._left = False
        return self._parts

    async def close(self) -> None:
        """End what still runs: what waits for the store, which is closed before, ends by itself; nothing is left."""
        for part in self._parts.values():
            part.unwanted = True
        tasks = {part.task for part in self._parts.values() if part.task is not None}
        for _ in range(_TURNS):
            if all(one.done() for one in tasks):
                return
            await asyncio.sleep(0)
        for one in tasks:
            one.cancel()
        await asyncio.wait(tasks)
