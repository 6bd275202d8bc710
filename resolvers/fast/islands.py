"""Islands: steps of a compiled plan that have no program themselves, as those of Python resolvers, of plain
Strawberry types and of interfaces and unions. The checked lane runs them, with everything below, at the places where
the program has built the objects that they hang on (`resolvers/run/parts.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from adapters.contract.contract import Kind
from resolvers.fast.builders import Hanging, filled_by
from resolvers.fast.given import Given, given_of
from resolvers.fast.uncompiled import Troubled
from resolvers.loading.keys import canonical
from resolvers.plan.meaning import Call
from resolvers.plan.plan import Field, ListShape, ObjectShape, Plan
from resolvers.reading.record import raw
from resolvers.run.parts import Parent
from resolvers.run.place import Place
from resolvers.source import Grouped, Lookup, This

Way: TypeAlias = tuple[tuple[str, Field], ...]
"""The fields that lead from the root to an object, each with its attribute in the Struct above it."""


@dataclass(frozen=True, slots=True, eq=False)
class Island:
    """A step that the checked lane runs. `attribute` is the field of the parents' Structs that it fills, `way` leads
    to these; `given` are the properties that its calls are made from, `keys` those of them that have to be keys.
    """

    number: int
    field: Field
    attribute: str
    way: Way
    given: Given
    keys: tuple[tuple[Kind, tuple[str, ...]], ...]

    def parents(self, root: Any, hanging: Hanging, outs: list[Any]) -> Iterator[Parent]:
        """What the step runs for, in the order of the answer: what calls are made from, and the place of the value.
        The Structs that wait for these values go into `outs`.
        """
        one = self.field
        known = dict(zip(map(id, hanging.outs), hanging.parents, strict=True))
        for out, above in objects_at(root, self.way):
            outs.append(out)
            made = given_of(self.given, known[id(out)])
            yield made, Place(above, {one.key: None}, one.key, nullable=True, parent=one.parent.name)

    def check(self, parents: list[Any]) -> None:
        """Raises `Troubled` for a parent whose key is none: the checked lane says where it stands."""
        for kind, path in self.keys:
            for value in _distinct(self._at(path, parents)):
                if value is not None and canonical(kind, value) is None:
                    raise Troubled

    def _at(self, path: tuple[str, ...], parents: list[Any]) -> list[Any]:
        for given, get in self.given:
            if given == path:
                return list(map(get, parents))
            if given == path[: len(given)]:
                return [raw(get(parent), path[len(given) :]) for parent in parents]
        return []


def _distinct(values: list[Any]) -> Iterable[Any]:
    """Each value once; all of them where one is none that can be told apart, and so no key."""
    try:
        return [value for _, value in set(zip(map(type, values), values, strict=True))]  # True is not 1
    except TypeError:
        return values


def way_to(plan: Plan, path: tuple[str, ...]) -> Way:
    """The way to the objects that the last of these response keys stands on."""
    shape: Any = plan.root
    way: list[tuple[str, Field]] = []
    for key in path[:-1]:
        while isinstance(shape, ListShape):
            shape = shape.item
        assert isinstance(shape, ObjectShape)  # what may be of several types is within an island
        index = shape.keys.index(key)
        way.append((filled_by(index), shape.fields[index]))
        shape = shape.fields[index].shape
    return tuple(way)


def keys_of(meaning: object) -> tuple[tuple[Kind, tuple[str, ...]], ...]:
    """The properties of the parent that calls are asked with as keys."""
    source = meaning.source if isinstance(meaning, Call) else None
    if isinstance(source, Grouped):
        return ((source.kind, source.each),)
    if isinstance(source, Lookup):
        pairs = zip(source.entity.kinds, source.key, strict=True)
        return tuple((kind, part.path) for kind, part in pairs if isinstance(part, This))
    return ()


def objects_at(root: Any, way: Way) -> Iterator[tuple[Any, Place]]:
    """The Structs at the end of a way, each with its place; none below a null."""
    return _objects(root, Place(None, None, "data", nullable=True, parent=None), way, 0)


def _objects(value: Any, place: Place, way: Way, done: int) -> Iterator[tuple[Any, Place]]:
    if value is None:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _objects(item, Place(place, None, index, nullable=True, parent=None), way, done)
    elif done == len(way):
        yield value, place
    else:
        attribute, one = way[done]
        below = Place(place, None, one.key, nullable=True, parent=one.parent.name)
        yield from _objects(getattr(value, attribute), below, way, done + 1)
