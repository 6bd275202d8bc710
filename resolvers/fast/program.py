"""Compiling a plan: its shapes become In types, builders and Out types, its steps know what to ask with.

A program is made once per plan, and knows as little of callers. `resolvers/fast/run.py` runs it. What has no
program (`Unhurried` says why) is run by the checked lane, `resolvers/run`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from graphql import ListValueNode, ObjectValueNode, OperationType, ValueNode, VariableNode
from graphql.execution.values import VariableValues, get_argument_values

from resolvers.fast.builders import Builder, ObjectBuilder, getter
from resolvers.fast.given import Get, Given
from resolvers.fast.groups import is_by_value
from resolvers.fast.in_types import InValue
from resolvers.fast.islands import Island, keys_of, way_to
from resolvers.fast.masked import Masked, masked_in
from resolvers.fast.shaping import Shaping, Within
from resolvers.fast.uncompiled import NotCompiled, Unhurried
from resolvers.plan.meaning import Call, Resolver
from resolvers.plan.needs import parents_of
from resolvers.plan.plan import Field, Plan
from resolvers.reading.reader import ObjectReader
from resolvers.reading.where import Where
from resolvers.source import Entity, Lookup, Source, This


@dataclass(frozen=True, slots=True, eq=False)
class FastStep:
    """One step. `attribute` is the field of the parents' Structs that it fills; `source` gives JSON as it came,
    in the place of records.

    `decode` decodes a whole answer at once, where the step needs nothing else of it; `take` leads to the value
    then. `build` makes what leaves of values. `key` gets the parts of a lookup's key of each parent, `by` the value
    that a grouped operation's items are grouped by, where nothing else of them is needed; `given` are the properties
    that calls are made from. `constant`: its arguments hold no variables. `alone`: nothing else of the plan can add a
    key to its batch. `apart`: places that show the same object have a Struct each, since something is run for each of
    them.
    """

    number: int
    field: Field
    attribute: str
    source: Source
    arguments: Callable[[dict[str, Any]], Mapping[str, object]]
    nullable: bool
    build: Builder
    decode: Callable[[bytes], Any] | None
    take: Get | None
    key: tuple[Get, ...] | None
    by: Get | None
    given: Given
    constant: bool
    alone: bool
    apart: bool


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A compiled plan. `root` makes the Struct that is the data of the answer; `steps` are by their numbers, None for
    those that are within islands or denied, as the fields `masked` are. `known` keeps arguments that are the same for
    every request, by the number of their step.
    """

    root: ObjectBuilder
    steps: tuple[FastStep | Island | None, ...]
    masked: tuple[Masked, ...] = ()
    known: dict[int, Mapping[str, object]] = field(default_factory=dict)

    has_islands: bool = field(init=False)
    """Whether the checked lane runs parts of it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "has_islands", any(isinstance(one, Island) for one in self.steps))

    def arguments(self, step: FastStep, variables: VariableValues) -> Mapping[str, object]:
        """The coerced arguments of a step's field. Raises what graphql-core raises for them."""
        found = self.known.get(step.number)
        if found is None:
            definition, node = step.field.definition, step.field.nodes[0]
            raw: dict[str, Any] = {}
            if definition.args or node.arguments:
                raw = get_argument_values(definition, node, variables)
            found = step.arguments(raw)
            if step.constant:
                self.known[step.number] = found
        return found


def compiled(plan: Plan, denied: Collection[Hashable] = ()) -> Program:
    """The program of a plan for callers to whom so much of what its fields ask is denied. Raises `NotCompiled`."""
    if plan.kind is not OperationType.QUERY:
        raise NotCompiled(Unhurried.MUTATION)
    islands: dict[int, Unhurried] = {}
    while True:
        shapes = Shaping(plan, islands, denied)
        root = shapes.object(plan.root, None)
        steps = _Steps(plan, shapes)
        for number in steps.numbers:
            try:
                steps.asked_with(number)
            except NotCompiled as refused:
                above = plan.steps[number].after
                if above is None:
                    raise
                # What cannot be given to the step below is within a record: the step that yields it is an island.
                islands[above] = refused.reason
                break
        else:
            made = tuple(map(steps.step, range(len(plan.steps))))
            return Program(root, made, masked_in(plan, denied, shapes.islands))


class _Steps:
    """The steps of one plan, whose shapes are there. Raises `NotCompiled` where all of them are islands."""

    def __init__(self, plan: Plan, shapes: Shaping) -> None:
        self._plan = plan
        self._shapes = shapes
        self._asked: dict[int, tuple[tuple[Get, ...] | None, Given]] = {}
        within: set[int] = set()
        self._apart: set[int] = set()
        for step in plan.steps:  # those above come before those below
            if step.number in shapes.skipped or step.after in shapes.islands or step.after in within:
                within.add(step.number)
            elif step.number in shapes.islands:
                self._apart.update(self._above(step.after))
        self.numbers = [number for number in range(len(plan.steps)) if number not in within]
        """Of all that are not within islands, nor denied."""
        if shapes.islands and all(number in shapes.islands for number in self.numbers):
            raise NotCompiled(next(iter(shapes.islands.values())))

    def _above(self, number: int | None) -> Iterator[int]:
        while number is not None:
            yield number
            number = self._plan.steps[number].after

    def asked_with(self, number: int) -> None:
        """What a step is asked with is decoded of its parents, whether or not it is shown."""
        meaning = self._plan.steps[number].field.meaning
        if not isinstance(meaning, Call):
            self._asked[number] = None, ()
            return
        within, source = self._shapes.above[number], meaning.source
        is_island = number in self._shapes.islands
        if isinstance(source, Lookup) and not is_island and all(isinstance(one, This) for one in source.key):
            key = tuple(_get(within, cast("This", part).path, is_key=True) for part in source.key)
            self._asked[number] = key, ()
        else:
            # What a key is made of is told apart as a key: as values, 1 and true are one.
            keys = (
                {part.path for part in source.key if isinstance(part, This)}
                if isinstance(source, Lookup)
                else ()
            )
            paths = dict.fromkeys(parents_of(source))
            self._asked[number] = (
                None,
                tuple((path, _get(within, path, is_key=path in keys)) for path in paths),
            )

    def step(self, number: int) -> FastStep | Island | None:
        """One step, once everybody has said what they decode; None for one within an island."""
        if number not in self._asked:
            return None
        if number in self._shapes.islands:
            step, attribute = self._plan.steps[number], self._shapes.attributes[number]
            made = self._asked[number][1]
            way, keys = way_to(self._plan, step.path), keys_of(step.field.meaning)
            return Island(number, step.field, attribute, way, made, keys)
        one, value = self._plan.steps[number].field, self._shapes.values[number]
        meaning = cast("Call", one.meaning)
        source, (key, given) = meaning.source, self._asked[number]
        return FastStep(
            number=number,
            field=one,
            attribute=self._shapes.attributes[number],
            source=_as_it_came(source),
            arguments=meaning.arguments,
            nullable=source.nullable,
            build=value.build,
            decode=value.decode,
            take=value.take,
            key=key,
            by=given[0][1] if is_by_value(source) else None,
            given=given,
            constant=not any(_has_variable(each.value) for each in one.nodes[0].arguments or ()),
            alone=isinstance(source, Lookup) and self._is_alone(source.entity),
            apart=number in self._apart,
        )

    def _is_alone(self, entity: Entity) -> bool:
        asking = [one.field.meaning for one in self._plan.steps]
        if any(isinstance(one, Resolver) and one.may_call for one in asking):
            return False
        sources = [one.source for one in asking if isinstance(one, Call)]
        return sum(isinstance(one, Lookup) and one.entity.slot == entity.slot for one in sources) == 1


def _get(within: Within | None, path: tuple[str, ...], *, is_key: bool) -> Get:
    """What gets a property that steps are asked with. Nobody insists on it: where it is not, nothing is asked."""
    if within is None:
        raise NotCompiled(Unhurried.FREE_FORM)  # a root has no properties: the checked lane says so
    here, attributes = within.decoded, list[str]()
    value: InValue | None = None
    for name in path:
        if value is not None:
            here = value.as_object()
        known = name in here.values
        value = here.values[name] if known else here.value(name, may_lack=True, nullable=True)
        attributes.append(value.attribute)
    assert value is not None  # a path names something
    value.as_key(is_key=is_key)
    return getter(tuple(attributes))


def _as_it_came(source: Source) -> Source:
    """The same source, giving JSON in the place of records: it shares slots and batches with the original."""
    if isinstance(source, Lookup):
        entity = source.entity
        reader = cast("ObjectReader", _as_it_is)
        return replace(source, entity=replace(entity, reader=reader, shares=entity.shares or entity))
    return replace(source, read=_as_it_is)


def _as_it_is(value: object, where: Where) -> Any:
    return value


def _has_variable(value: ValueNode) -> bool:
    if isinstance(value, ListValueNode):
        return any(map(_has_variable, value.values))
    if isinstance(value, ObjectValueNode):
        return any(_has_variable(one.value) for one in value.fields)
    return isinstance(value, VariableNode)
