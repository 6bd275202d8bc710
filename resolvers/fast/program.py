"""Compiling a plan: its shapes become In types, builders and Out types, its steps know what to ask with.

A program is made once per plan, and knows as little of callers. `resolvers/fast/run.py` runs it. What has no
program (`Unhurried` says why) is run by the checked lane, `resolvers/run`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, cast

from graphql import ListValueNode, ObjectValueNode, OperationType, ValueNode, VariableNode
from graphql.execution.values import VariableValues, get_argument_values

from resolvers.fast.builders import (
    Builder,
    ObjectBuilder,
    getter,
)
from resolvers.fast.in_types import InValue
from resolvers.fast.shaping import Get, Shaping, Within
from resolvers.fast.uncompiled import NotCompiled, Unhurried
from resolvers.plan.meaning import Call
from resolvers.plan.needs import parents_of
from resolvers.plan.plan import Field, Plan
from resolvers.reader import ObjectReader
from resolvers.source import Entity, Lookup, Source, This
from resolvers.where import Where

Given: TypeAlias = tuple[tuple[tuple[str, ...], Get], ...]
"""Paths of a parent's properties, each with what gets it."""


@dataclass(frozen=True, slots=True, eq=False)
class FastStep:
    """One step. `attribute` is the field of the parents' Structs that it fills; `source` gives JSON as it came,
    in the place of records.

    `decode` decodes a whole answer at once, where the step needs nothing else of it; `take` leads to the value
    then. `build` makes what leaves of values. `key` gets the parts of a lookup's key of each parent, `given` are
    the properties that calls are made from. `constant`: its arguments hold no variables. `alone`: no other step of
    the plan can add a key to its batch.
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
    given: Given
    constant: bool
    alone: bool


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A compiled plan. `root` makes the Struct that is the data of the answer. `known` keeps arguments that are the
    same for every request, by the number of their step.
    """

    root: ObjectBuilder
    steps: tuple[FastStep, ...]
    known: dict[int, Mapping[str, object]] = field(default_factory=dict)

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


def compiled(plan: Plan) -> Program:
    """The program of a plan. Raises `NotCompiled`."""
    if plan.kind is not OperationType.QUERY:
        raise NotCompiled(Unhurried.MUTATION)
    shapes = Shaping(plan)
    root = shapes.object(plan.root, None)
    steps = _Steps(plan, shapes)
    numbers = range(len(plan.steps))
    for number in numbers:
        steps.asked_with(number)
    return Program(root, tuple(steps.step(number) for number in numbers))


class _Steps:
    """The steps of one plan, whose shapes are there."""

    def __init__(self, plan: Plan, shapes: Shaping) -> None:
        self._plan = plan
        self._shapes = shapes
        self._asked: dict[int, tuple[tuple[Get, ...] | None, Given]] = {}

    def asked_with(self, number: int) -> None:
        """What a step is asked with is decoded of its parents, whether or not it is shown."""
        within, source = (
            self._shapes.above[number],
            cast("Call", self._plan.steps[number].field.meaning).source,
        )
        if isinstance(source, Lookup) and all(isinstance(part, This) for part in source.key):
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

    def step(self, number: int) -> FastStep:
        """One step, once everybody has said what they decode."""
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
            given=given,
            constant=not any(_has_variable(each.value) for each in one.nodes[0].arguments or ()),
            alone=isinstance(source, Lookup) and self._is_alone(source.entity),
        )

    def _is_alone(self, entity: Entity) -> bool:
        asking = [one.field.meaning for one in self._plan.steps]
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
