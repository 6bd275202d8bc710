"""Taking annotations apart: `list[Order] | None` is a nullable list of Order, `Connection[Order]` a
connection of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from strawberry.types.base import (
    StrawberryList,
    StrawberryObjectDefinition,
    StrawberryOptional,
    StrawberryType,
    get_object_definition,
)
from strawberry.types.lazy_type import LazyType
from strawberry.types.union import StrawberryUnion

from graph.paging.connections import Connection


@dataclass(frozen=True, slots=True)
class Annotated:
    """An annotation taken apart. `of` is the innermost type: a class, a scalar or a Strawberry type.

    `items_nullable` matters for lists alone; `connection` is true where `of` is the node of a connection.
    """

    of: object
    nullable: bool
    is_list: bool
    items_nullable: bool
    connection: bool


def take_apart(annotation: StrawberryType | type) -> Annotated:
    """The parts of a resolved annotation. A list of lists has the inner list as its `of`."""
    nullable = isinstance(annotation, StrawberryOptional)
    inner = annotation.of_type if isinstance(annotation, StrawberryOptional) else annotation
    is_list = isinstance(inner, StrawberryList)
    items_nullable = False
    if isinstance(inner, StrawberryList):
        inner = inner.of_type
        items_nullable = isinstance(inner, StrawberryOptional)
        if isinstance(inner, StrawberryOptional):
            inner = inner.of_type
    if isinstance(inner, LazyType):
        inner = inner.resolve_type()
    definition = get_object_definition(inner)
    if (
        definition is not None
        and definition.concrete_of is not None
        and definition.concrete_of.origin is Connection
    ):
        node = next(iter(definition.type_var_map.values()))
        return Annotated(node_type(node), nullable, is_list, items_nullable, connection=True)
    return Annotated(inner, nullable, is_list, items_nullable, connection=False)


def node_type(node: object) -> object:
    """The class behind a type argument."""
    if isinstance(node, LazyType):
        return node.resolve_type()
    return node


def members(of: object) -> list[StrawberryObjectDefinition]:
    """The object types that an innermost type may be: itself, a union's members, or those of lists within lists."""
    while isinstance(of, (StrawberryList, StrawberryOptional)):
        of = of.of_type
    of = node_type(of)
    if isinstance(of, StrawberryUnion):
        found = (get_object_definition(node_type(member)) for member in of.types)
        return [one for one in found if one is not None]
    definition = get_object_definition(of)
    return [] if definition is None else [definition]
