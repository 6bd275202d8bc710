"""Values into the answer: what a step yields is completed by its shape (GraphQL, section 6.4.3), and the steps
below are queued with the objects that they will run for.

Nothing here waits. What turns out to be awaitable is handed back as `Late`, to be put in its place when it is
there. Messages are graphql-core's, so that both lanes say the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterable, Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from graphql import Undefined
from graphql.execution import Executor
from graphql.pyutils import inspect, is_iterable

from resolvers.fault import Fault, FieldError
from resolvers.plan.meaning import Attribute, Property, TypeName
from resolvers.plan.plan import AbstractShape, Field, LeafShape, ListShape, ObjectShape, Shape
from resolvers.reading.long_list import LongList
from resolvers.run.place import Place

if TYPE_CHECKING:
    from resolvers.run.run import Host, Parents


SLICE: Final = 100
"""Items of a list that are completed before the loop has a turn: a millisecond or two."""
SLICES: Final = 100
TURN: Final = 300
"""Items of all lists together that are completed before the loop has a turn."""


class Nulled(Exception):
    """An error that was noted takes the position above the one where it stands."""


@dataclass(slots=True)
class Late:
    """Awaitables that stand where values of one field belong, in what the step of this number yielded."""

    field: Field
    step: int | None
    waiting: list[tuple[Awaitable[Any], Shape, Place]] = dataclasses.field(default_factory=list)


@dataclass(slots=True)
class Sliced:
    """A long list, of which so many items are `done`: completed in slices, so that the loop is not held."""

    field: Field
    step: int | None
    shape: ListShape
    value: Sequence[Any]
    made: list[Any]
    place: Place
    done: int = 0


class Values:
    """Completes values for one run. `note` takes an exception, the field and the path where it stands."""

    def __init__(
        self,
        host: Host,
        denied: Mapping[Hashable, Fault],
        note: Callable[[Exception, Field, list[str | int]], None],
    ) -> None:
        self._host = host
        self._is_awaitable = host.is_awaitable
        self._denied = denied
        self._note = note
        self._queued: dict[int, Parents] = {}
        self._late: dict[Field, Late] = {}
        self._sliced: list[Sliced] = []
        self._left = TURN
        self.step: int | None = None
        """The step whose values are completed now."""

    def taken(self) -> tuple[dict[int, Parents], list[Late], list[Sliced]] | None:
        """What was queued since the last time: steps with their parents, what has to be waited for, and lists that
        are not done yet. None for nothing.
        """
        self._left = TURN
        if not (self._queued or self._late or self._sliced):
            return None
        queued, self._queued = self._queued, {}
        late, self._late = self._late, {}
        sliced, self._sliced = self._sliced, []
        return queued, list(late.values()), sliced

    def put(self, one: Field, shape: Shape, value: Any, place: Place) -> None:
        """Complete a value into its place. An error there is noted, and nulls what it must."""
        if place.is_gone:
            return
        try:
            place.container[place.key] = self._complete(one, shape, value, place)
        except Nulled:
            place.null()
        except Exception as raised:  # noqa: BLE001 - whatever is wrong with a value is an error at its place
            self._note(raised, one, place.path)
            place.null()

    def object(self, shape: ObjectShape, value: Any, place: Place) -> dict[str, Any]:
        """The fields of an object, those of steps still null. Raises `Nulled`."""
        made = dict.fromkeys(shape.keys)
        for one in shape.fields:
            self.field(one, value, made, place)
        return made

    def field(self, one: Field, parent: Any, into: dict[str, Any], above: Place) -> None:
        """One field of an object: its value, or its place in the queue of its step. Raises `Nulled`."""
        meaning = one.meaning
        if isinstance(meaning, TypeName):
            into[one.key] = one.parent.name
            return
        if one.step is not None:
            place = Place(above, into, one.key, one.shape.nullable, one.parent.name)
            self._queued.setdefault(one.step, []).append((parent, place))
            return
        assert isinstance(meaning, Property | Attribute)
        if type(one.shape) is LeafShape and isinstance(meaning, Property):
            self._leaf(one, one.shape, meaning, parent, into, above)
            return
        place = Place(above, into, one.key, one.shape.nullable, one.parent.name)
        try:
            self._permit(meaning)
            self._store(one, one.shape, meaning.read(parent), place)
        except Nulled:
            if not place.nullable:
                raise
            place.null()
        except Exception as raised:  # noqa: BLE001 - as in `put`
            self._note(raised, one, place.path)
            place.gone = True
            if not place.nullable:
                raise Nulled from None

    def _leaf(
        self,
        one: Field,
        shape: LeafShape,
        meaning: Property,
        parent: Any,
        into: dict[str, Any],
        above: Place,
    ) -> None:
        """A property's leaf: by far the most of what answers hold. It is there, and nothing hangs on it."""
        try:
            self._permit(meaning)
            value = meaning.read(parent)
            if value is None:
                if not shape.nullable:
                    raise _null(one)
            else:
                into[one.key] = Executor.complete_leaf_value(shape.type, value)
        except Exception as raised:  # noqa: BLE001 - as in `put`
            self._note(raised, one, [*above.path, one.key])
            if not shape.nullable:
                raise Nulled from None

    def _permit(self, meaning: Property | Attribute) -> None:
        if meaning.access is not None:
            fault = self._denied.get(meaning.access)
            if fault is not None:
                raise FieldError(fault)

    def _store(self, one: Field, shape: Shape, value: Any, place: Place) -> None:
        if self._is_awaitable(value):
            place.container[place.key] = None
            self._wait(one, value, shape, place)
        else:
            place.container[place.key] = self._complete(one, shape, value, place)

    def _complete(self, one: Field, shape: Shape, value: Any, place: Place) -> Any:
        if isinstance(value, Exception):
            raise value
        if value is None or value is Undefined:
            if shape.nullable:
                return None
            raise _null(one)
        if isinstance(value, _Typed):
            return self.object(value.shape, value.value, place)
        if isinstance(shape, LeafShape):
            return Executor.complete_leaf_value(shape.type, value)
        if isinstance(shape, ListShape):
            return self._list(one, shape, value, place)
        if isinstance(shape, ObjectShape):
            return self._object(one, shape, value, place)
        return self._abstract(one, shape, value, place)

    # --- lists

    def _list(self, one: Field, shape: ListShape, value: Any, place: Place) -> list[Any] | None:
        if self._host.is_async_iterable(value):
            self._wait(one, _collected(value), shape, place)
            return None
        if not is_iterable(value):
            raise TypeError(f"Expected Iterable, but did not find one for field '{one.parent}.{one.name}'.")
        made: list[Any] = []
        if isinstance(value, list | LongList) and len(value) > max(0, min(SLICE, self._left)):
            made += [None] * len(value)
            of = Sliced(one, self.step, shape, value, made, place)
            if self._left > 0:
                self.slice(of)
            else:
                self._sliced.append(of)
        else:
            for index, item in enumerate(value):
                made.append(None)
                self._left -= 1
                self._item(one, shape.item, item, Place(place, made, index, shape.item.nullable, None))
        return made

    def slice(self, of: Sliced) -> None:
        """Complete the next items of a long list; the rest of it waits for a turn of the loop. Raises `Nulled`."""
        # At most so many slices, each of which waits for the one after it.
        start, of.done = of.done, min(of.done + max(SLICE, len(of.value) // SLICES), len(of.value))
        item = of.shape.item
        self._left -= of.done - start
        for index in range(start, of.done):
            self._item(of.field, item, of.value[index], Place(of.place, of.made, index, item.nullable, None))
        if of.done < len(of.value):
            self._sliced.append(of)

    def _item(self, one: Field, shape: Shape, item: Any, at: Place) -> None:
        try:
            self._store(one, shape, item, at)
        except Nulled:
            if not at.nullable:
                raise
            at.null()
        except Exception as raised:  # noqa: BLE001 - as in `put`
            self._note(raised, one, at.path)
            at.gone = True
            if not at.nullable:
                raise Nulled from None

    # --- objects

    def _object(self, one: Field, shape: ObjectShape, value: Any, place: Place) -> dict[str, Any] | None:
        is_type_of = shape.type.is_type_of
        if is_type_of is not None:
            found = is_type_of(value, self._info(one, place))
            if self._is_awaitable(found):
                self._wait(one, _checked(found, shape, value), shape, place)
                return None
            if not found:
                raise _not_of(shape, value)
        return self.object(shape, value, place)

    def _abstract(self, one: Field, shape: AbstractShape, value: Any, place: Place) -> dict[str, Any] | None:
        info = self._info(one, place)
        found: Any = (shape.type.resolve_type or self._host.type_resolver)(value, info, shape.type)
        if self._is_awaitable(found):
            self._wait(one, self._determined(found, one, shape, value, info), shape, place)
            return None
        return self._object(one, self._case(one, shape, value, found, info), value, place)

    def _case(self, one: Field, shape: AbstractShape, value: Any, name: Any, info: Any) -> ObjectShape:
        found = self._host.ensure_valid_runtime_type(name, shape.type, list(one.details), info, value)
        return shape.cases[found.name]

    async def _determined(
        self, found: Awaitable[Any], one: Field, shape: AbstractShape, value: Any, info: Any
    ) -> _Typed:
        case = self._case(one, shape, value, await found, info)
        is_type_of = case.type.is_type_of
        if is_type_of is None:
            return _Typed(case, value)
        checked = is_type_of(value, info)
        if self._is_awaitable(checked):
            return await _checked(checked, case, value)
        if not checked:
            raise _not_of(case, value)
        return _Typed(case, value)

    def _info(self, one: Field, place: Place) -> Any:
        while isinstance(place.key, int) and place.above is not None:
            place = place.above
        return self._host.build_resolve_info(one.definition, one.nodes, one.parent, place.resolver_path)

    def _wait(self, one: Field, awaitable: Awaitable[Any], shape: Shape, place: Place) -> None:
        self._late.setdefault(one, Late(one, self.step)).waiting.append((awaitable, shape, place))


@dataclass(frozen=True, slots=True)
class _Typed:
    """An object of which it took waiting to know its type."""

    shape: ObjectShape
    value: Any


async def _checked(found: Any, shape: ObjectShape, value: Any) -> _Typed:
    if not await found:
        raise _not_of(shape, value)
    return _Typed(shape, value)


async def _collected(items: AsyncIterable[Any]) -> list[Any]:
    return [item async for item in items]


def _null(one: Field) -> TypeError:
    return TypeError(f"Cannot return null for non-nullable field {one.parent}.{one.name}.")


def _not_of(shape: ObjectShape, value: Any) -> TypeError:
    return TypeError(f"Expected value of type '{shape.type}' but got: {inspect(value)}.")
