"""What serves each field of a built schema, read off its Strawberry and bound fields for the planner.

A field that is served in no way known here is a Python resolver: it is called as graphql-core would call it,
with its permissions, extensions and whatever else Strawberry wraps around it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from typing import Any, Final

from graphql import GraphQLField, GraphQLObjectType
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from graph.binding.arguments import plain_arguments
from graph.declaring.access import AccessExtension
from graph.declaring.declare import DECLARATION
from graph.declaring.fields import BoundField
from graph.paging.connections import PARTS
from resolvers.plan.meaning import Attribute, Call, Meaning, Property, Resolver
from resolvers.reading.reader import discriminator_of
from resolvers.source import Lookup, Source

_BACK: Final = "strawberry-definition"


class SchemaMeanings:
    """The meanings of one schema's fields, each made once."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        built = schema._schema
        self._roots = (built.query_type, built.mutation_type, built.subscription_type)
        self._made: dict[tuple[str, str], Meaning] = {}

    def of(self, parent: GraphQLObjectType, name: str, definition: GraphQLField) -> Meaning:
        """What serves a field of an object type."""
        found = self._made.get((parent.name, name))
        if found is None:
            found = self._made[parent.name, name] = self._read(parent, name, definition)
        return found

    def schema_of(self, parent: GraphQLObjectType) -> str | None:
        """The pointer of the schema whose records are all of this type's class, which Strawberry's own `is_type_of`
        goes by.
        """
        definition, types = parent.extensions[_BACK], self._schema.graph.types
        bound = types.bound.get(definition.origin)
        if bound is None or definition.is_type_of is not None:
            return None
        # Of two types that are bound to one schema, records are of the first one's class.
        first = types.types.bound.get((bound.contract.name, bound.schema.pointer))
        return bound.schema.pointer if first is bound.cls else None

    def _read(self, parent: GraphQLObjectType, name: str, definition: GraphQLField) -> Meaning:
        name = f"{parent.name}.{name}"
        one = definition.extensions.get(_BACK)
        resolve = definition.resolve
        assert resolve is not None  # Strawberry gives every field one
        # What handles a field's exceptions is Strawberry's, and wraps its resolver.
        if not isinstance(one, StrawberryField) or self._schema.exception_handlers:
            return Resolver(resolve, name)
        if one.extensions:
            return _guarded(one) or Resolver(resolve, name)
        if isinstance(one, BoundField) and one.base_resolver is None:
            access = one.access or None
            if one.source is not None:
                return Call(one.source, self._arguments(one), access, _discriminator(one.source))
            return Property(_value(one), one.upstream, access, one.discriminator, self._schema_of(parent))
        if one.base_resolver is not None:
            part = _part(one)
            if part is not None:
                function: Any = one.base_resolver.wrapped_func
                return Attribute(function, part)
            needs = self._needs(parent, one) if isinstance(one, BoundField) else None
            return Resolver(resolve, name, needs, _may_call(one.base_resolver, parent, self._roots))
        return Attribute(_value(one)) if one.is_basic_field else Resolver(resolve, name)

    def _schema_of(self, parent: GraphQLObjectType) -> str | None:
        bound = self._schema.graph.types.bound.get(parent.extensions[_BACK].origin)
        return None if bound is None else bound.schema.pointer

    def _needs(self, parent: GraphQLObjectType, one: BoundField) -> tuple[str, ...] | None:
        """What a resolver said it needs, which are attributes of its parent's record, as properties."""
        stated = one.declaration.needs
        bound = self._schema.graph.types.bound.get(parent.extensions[_BACK].origin)
        if stated is None or bound is None:
            return stated
        return tuple(bound.reader.names.get(name, name) for name in stated)

    def _arguments(self, one: BoundField) -> Callable[[dict[str, Any]], Mapping[str, object]]:
        registry, config = self._schema.schema_converter.scalar_registry, self._schema.config

        def arguments(raw: dict[str, Any]) -> Mapping[str, object]:
            return plain_arguments(
                convert_arguments(raw, one.arguments, scalar_registry=registry, config=config)
            )

        return arguments


def _discriminator(source: Source) -> str | None:
    return None if isinstance(source, Lookup) else discriminator_of(source.read)


def _may_call(
    resolver: StrawberryResolver[Any], parent: GraphQLObjectType, roots: tuple[object, ...]
) -> bool:
    """Whether a resolver is handed what calls services: `info`, or a parent that may hold it, which records and
    roots do not.
    """
    if resolver.info_parameter is not None:
        return True
    holds_nothing = parent in roots or DECLARATION in vars(parent.extensions[_BACK].origin)
    over = (resolver.self_parameter, resolver.root_parameter, resolver.parent_parameter)
    return not holds_nothing and any(one is not None for one in over)


def _guarded(one: StrawberryField) -> Attribute | None:
    """What reads what its parent holds, once it was decided that the caller may see it; None where more is done."""
    guards = [extension.access for extension in one.extensions if isinstance(extension, AccessExtension)]
    if isinstance(one, BoundField) or len(guards) < len(one.extensions):
        return None
    part = _part(one)
    if one.base_resolver is None:
        return Attribute(_value(one), access=reduce(or_, guards))
    function: Any = one.base_resolver.wrapped_func
    return None if part is None else Attribute(function, part, reduce(or_, guards))


def _part(one: StrawberryField) -> str | None:
    """The part of a connection that a field gives."""
    function: Any = None if one.base_resolver is None else one.base_resolver.wrapped_func
    return PARTS.get(function)


def _value(one: StrawberryField) -> Callable[[Any], Any]:
    def value(parent: Any) -> Any:
        return one.get_result(parent, info=None, args=[], kwargs={})

    return value
