"""Running a plan for one request: each step for all its parents together, over the request's store.

A step starts the moment its own parents are there, and waits for nothing else. Everything that can be done
without waiting is done at once, so that keys of one level gather in one batch; `resolvers/run/values.py` puts
what steps yield into the answer, and queues the steps below.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias

from graphql import GraphQLError, OperationType, located_error
from graphql.execution.values import VariableValues, get_argument_values

from resolvers.fault import Fault, FieldError
from resolvers.loading.store import Store
from resolvers.plan.meaning import Call, Resolver
from resolvers.plan.plan import Field, Plan, Step
from resolvers.resolve import resolve
from resolvers.run.place import Place
from resolvers.run.values import SLICE, TURN, Late, Nulled, Sliced, Values
from resolvers.run.waiting import all_of, one_by_one, together
from resolvers.run.watch import RunWatch
from resolvers.source import Fetch, Grouped, Lookup

Parents: TypeAlias = "list[tuple[Any, Place]]"
"""The objects that a step runs for, each with the place of the step's value."""
_NOTHING: Final[Mapping[int, Any]] = MappingProxyType({})


class Kept(Protocol):
    """A part of the plan that was run already, or still runs, for some objects (`resolvers/run/parts.py`)."""

    @property
    def places(self) -> Mapping[tuple[str | int, ...], Place]: ...

    async def ended(self) -> None: ...

    def errors_at(self, path: tuple[str | int, ...]) -> Iterable[GraphQLError]: ...


class Host(Protocol):
    """What a run needs of the executor that it stands in for: graphql-core's own, with its request."""

    variable_values: VariableValues
    hide_suggestions: bool
    root_value: Any

    @property
    def is_awaitable(self) -> Callable[[Any], bool]: ...

    @property
    def is_async_iterable(self) -> Callable[[Any], bool]: ...

    def build_resolve_info(self, field_def: Any, field_nodes: Any, parent_type: Any, path: Any) -> Any: ...

    def ensure_valid_runtime_type(
        self, runtime_type_name: Any, return_type: Any, field_details_list: Any, info: Any, result: Any
    ) -> Any: ...

    @property
    def type_resolver(self) -> Callable[..., Any]: ...


class _Over(Exception):
    """An error took all of the answer: nothing that is still under way matters any more."""


class Run:
    """One execution of a plan. `denied` are the faults of what the caller may not see, by what the plan's
    fields ask. `kept` are the parts of it that were run before, by the number of their step. `data` and `errors` are
    the answer when `execute` is done.
    """

    def __init__(
        self,
        plan: Plan,
        host: Host,
        store: Store,
        denied: Mapping[Hashable, Fault],
        watch: RunWatch | None = None,
        kept: Mapping[int, Kept] = _NOTHING,
    ) -> None:
        self.errors: list[GraphQLError] = []
        self._plan = plan
        self._host = host
        self._store = store
        self._denied = denied
        self._watch = watch
        self._kept = kept
        self._top: dict[str, Any] = {"data": None}
        self._root = Place(None, self._top, "data", nullable=True, parent=None)
        # What a change set going runs to its end, whoever still wants its value.
        self._abandons = plan.kind is not OperationType.MUTATION
        self._values = Values(host, denied, partial(_note, self.errors))
        self._arguments: dict[int, Mapping[str, object]] = {}

    @property
    def data(self) -> dict[str, Any] | None:
        """The data of the answer; None where an error took all of it."""
        data: dict[str, Any] | None = self._top["data"]
        return data

    def execute(self) -> Awaitable[None] | None:
        """Run the plan. What is left to wait for, or None where all is done."""
        root = self._root
        if self._plan.kind is OperationType.MUTATION:
            return self._in_order(root)
        try:
            self._top["data"] = self._values.object(self._plan.root, self._host.root_value, root)
        except Nulled:
            root.null()
        left = together(self._onward())
        return None if left is None else self._to_its_end(left)

    def part(self, number: int, parents: Parents) -> Coroutine[Any, Any, None] | None:
        """Run one step for these parents, and everything below; each place holds its value when nothing is left to
        wait for.
        """
        return self._start(self._plan.steps[number], parents)

    async def _to_its_end(self, left: Awaitable[None]) -> None:
        with suppress(_Over):
            await left

    async def _in_order(self, root: Place) -> None:
        """The root fields of a mutation, each to its end before the next (GraphQL, section 6.2.2)."""
        data = self._top["data"] = dict.fromkeys(self._plan.root.keys)
        for one in self._plan.root.fields:
            self._store.change_keys.enter(one.key)
            try:
                self._values.field(one, self._host.root_value, data, root)
            except Nulled:
                root.null()
            left = together(self._onward())
            if left is not None:
                await left
            if root.gone:
                return

    def _onward(self) -> list[Coroutine[Any, Any, None]]:
        """Start everything that the values completed just now lead to; what is left to wait for."""
        taken = self._values.taken()
        if taken is None:
            return []
        queued, late, sliced = taken
        left = [
            waits
            for number, parents in queued.items()
            if (waits := self._start(self._plan.steps[number], parents)) is not None
        ]
        left += [self._later(one) for one in late]
        turns = room = 0
        for one in sliced:
            size = min(len(one.value) - one.done, SLICE)
            if room < size:
                turns, room = turns + 1, TURN
            room -= size
            left.append(self._slices(one, turns))
        return left

    # --- steps

    def _start(self, step: Step, parents: Parents) -> Coroutine[Any, Any, None] | None:
        kept = self._kept.get(step.number)
        return self._started(step, parents) if kept is None else self._take_over(kept, step, parents)

    async def _take_over(self, kept: Kept, step: Step, parents: Parents) -> None:
        """What the step yielded before goes where it belongs, and what went wrong below is told."""
        await kept.ended()
        new: Parents = []
        for parent, place in parents:
            path = tuple(place.path)
            found = kept.places.get(path)
            if found is None:
                new.append((parent, place))
            elif not place.is_gone:
                self.errors += kept.errors_at(path)
                place.container[place.key] = found.container[found.key]
                if found.container[found.key] is None:
                    place.null()
        await self._on(self._started(step, new) if new else None)

    def _started(self, step: Step, parents: Parents) -> Coroutine[Any, Any, None] | None:
        parents = [one for one in parents if not one[1].is_gone]
        if self._watch is not None:
            self._watch.begin(step.number, len(parents))
        yielded = [self._yielded(step, parent, place) for parent, place in parents]
        is_awaitable = self._host.is_awaitable
        if any(map(is_awaitable, yielded)):
            return self._finish(step, parents, yielded)
        return self._landed(step, parents, yielded)

    def _yielded(self, step: Step, parent: Any, place: Place) -> Any:
        """What the step gives for one parent: a value, an awaitable of one, or the exception in its place."""
        field, meaning = step.field, step.field.meaning
        try:
            arguments = self._arguments_of(step)
            if isinstance(meaning, Call):
                fault = self._denied.get(meaning.access)
                if fault is not None:
                    return FieldError(fault)
                return resolve(meaning.source, parent, arguments, self._store, sliced=True)
            assert isinstance(meaning, Resolver)  # no other meaning is a step
            path = place.resolver_path
            info = self._host.build_resolve_info(field.definition, field.nodes, field.parent, path)
            return meaning.resolve(parent, info, **arguments)
        except Exception as raised:  # noqa: BLE001 - whatever a resolver raises is an error at its field
            return raised

    def _arguments_of(self, step: Step) -> Mapping[str, Any]:
        """The coerced arguments of a step's field, worked out once. Raises what graphql-core raises for them."""
        found = self._arguments.get(step.number)
        if found is None:
            found = self._arguments[step.number] = self._coerced(step.field)
        return found

    def _coerced(self, field: Field) -> Mapping[str, object]:
        node = field.nodes[0]
        raw: dict[str, Any] = {}
        if field.definition.args or node.arguments:
            raw = get_argument_values(
                field.definition, node, self._host.variable_values, None, self._host.hide_suggestions
            )
        return field.meaning.arguments(raw) if isinstance(field.meaning, Call) else raw

    async def _finish(self, step: Step, parents: Parents, yielded: list[Any]) -> None:
        waited = [
            at
            for at, one in enumerate(yielded)
            if self._host.is_awaitable(one) and not self._abandoned(one, parents[at][1])
        ]
        waits = [yielded[at] for at in waited]
        if self._watch is not None:
            self._watch.enter(step.number)
        landed = await (one_by_one(waits) if _is_under_way(step) else all_of(waits))
        for at, value in zip(waited, landed, strict=True):
            yielded[at] = value
        await self._on(self._landed(step, parents, yielded))

    async def _on(self, left: Awaitable[None] | None) -> None:
        """Wait for what values that landed have led to. Raises `_Over`."""
        if left is not None:
            await left
        if self._root.gone and self._abandons:
            raise _Over

    def _abandoned(self, wait: Any, place: Place) -> bool:
        """Whether nobody waits for a value any more, since an error took its place: what has not begun never does."""
        if not (self.errors and self._abandons and place.is_gone):
            return False
        if isinstance(wait, Coroutine):
            wait.close()
        # A future may be another field's as well, as those of a project's own DataLoader are.
        return True

    def _landed(self, step: Step, parents: Parents, yielded: list[Any]) -> Coroutine[Any, Any, None] | None:
        if self._watch is not None:
            self._watch.end(step.number)
        self._values.step = step.number
        for (_, place), value in zip(parents, yielded, strict=True):
            self._values.put(step.field, step.field.shape, value, place)
        return together(self._onward())

    async def _later(self, late: Late) -> None:
        """Values that their parents held as awaitables: they hold nothing up but what hangs on them."""
        waiting = [one for one in late.waiting if not self._abandoned(one[0], one[2])]
        if self._watch is not None and late.step is not None:
            self._watch.enter(late.step)
        landed = await all_of([awaitable for awaitable, _, _ in waiting])
        self._values.step = late.step
        for (_, shape, place), value in zip(waiting, landed, strict=True):
            self._values.put(late.field, shape, value, place)
        await self._on(together(self._onward()))

    async def _slices(self, of: Sliced, turns: int) -> None:
        """The next items of a long list, after so many turns of the loop, and what they lead to, beside the items
        after them.
        """
        for _ in range(turns):
            await asyncio.sleep(0)
        if self.errors and of.place.is_gone:
            return
        self._values.step = of.step
        try:
            self._values.slice(of)
        except Nulled:
            of.place.null()
        await self._on(together(self._onward()))


def _note(errors: list[GraphQLError], raised: Exception, field: Field, place: list[str | int]) -> None:
    errors.append(located_error(raised, field.nodes, place))


def _is_under_way(step: Step) -> bool:
    """Whether what was asked for goes on by itself, so that awaiting it one by one costs no time."""
    source = step.field.meaning.source if isinstance(step.field.meaning, Call) else None
    return isinstance(source, Lookup | Grouped) or (isinstance(source, Fetch) and source.call.safe)
