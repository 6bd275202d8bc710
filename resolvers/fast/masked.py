"""Fields that a caller may not see, in a program that was compiled for callers who may not: they are null, nothing is
decoded or called for them, and their errors are told when the rest is there.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from graphql import GraphQLError, located_error
from graphql.execution.values import VariableValues, get_argument_values

from resolvers.fast.builders import filled_by
from resolvers.fast.islands import Way, objects_at
from resolvers.fast.uncompiled import Troubled
from resolvers.fault import Fault, FieldError
from resolvers.plan.meaning import Attribute, Call, Property
from resolvers.plan.plan import Field, ListShape, Plan, Shape
from resolvers.plan.walking import objects

MOST: Final = 300
"""Places whose errors are told at once, some milliseconds' work; of more, the checked lane tells in slices."""


class Masked(NamedTuple):
    """A field that is denied, and the way to the objects that it stands on."""

    way: Way
    field: Field


def access_of(one: Field) -> Hashable | None:
    """What a field asks of callers; None: nothing, as far as the plan decides it."""
    return one.meaning.access if isinstance(one.meaning, Attribute | Call | Property) else None


def masked_in(plan: Plan, denied: Collection[Hashable], islands: Collection[int]) -> tuple[Masked, ...]:
    """The fields that are denied, but for those within islands, where the checked lane tells."""
    return tuple(_masked(plan.root, (), denied, islands)) if denied else ()


def _masked(
    shape: Shape, way: Way, denied: Collection[Hashable], islands: Collection[int]
) -> Iterator[Masked]:
    while isinstance(shape, ListShape):
        shape = shape.item
    for of in objects(shape):
        for index, one in enumerate(of.fields):
            if access_of(one) in denied:
                yield Masked(way, one)
            elif one.step is None or one.step not in islands:
                yield from _masked(one.shape, (*way, (filled_by(index), one)), denied, islands)


def errors_of(
    masked: Iterable[Masked], root: Any, denied: Mapping[Hashable, Fault], variables: VariableValues
) -> list[GraphQLError]:
    """An error for each place of all fields. Raises `Troubled` where there are too many to be told at once, or where
    there is another error to tell: of arguments that cannot be coerced, which comes first.
    """
    found: list[GraphQLError] = []
    for way, one in masked:
        fault = denied[access_of(one)]
        left = MOST - len(found)
        places = [[*place.path, one.key] for _, place in islice(objects_at(root, way), left + 1)]
        if len(places) > left:
            raise Troubled
        if places:
            _coerce(one, variables)
        found += (located_error(FieldError(fault), one.nodes, place) for place in places)
    return found


def _coerce(one: Field, variables: VariableValues) -> None:
    node = one.nodes[0]
    if not isinstance(one.meaning, Call) or not (one.definition.args or node.arguments):
        return
    try:
        one.meaning.arguments(get_argument_values(one.definition, node, variables))
    except Exception as raised:
        raise Troubled from raised
