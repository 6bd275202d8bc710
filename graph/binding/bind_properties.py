"""Binding properties: fields of bound types that read what their parent's answer holds already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, cast
from uuid import UUID

import strawberry
from strawberry.scalars import JSON
from strawberry.types.base import StrawberryList, StrawberryOptional
from strawberry.types.enum import StrawberryEnumDefinition

from adapters.contract.contract import Contract, Kind, Schema, Use
from adapters.mistake import nearest
from graph.binding.bound_types import BoundType
from graph.binding.results import property_at
from graph.declaring.annotations import Annotated, take_apart
from graph.declaring.declare import Access
from graph.declaring.fields import BoundField
from graph.declaring.guards import NOT_FOR_EVERYONE, access_of, declared_access, printed
from graph.declaring.mistakes import Mistakes
from graph.declaring.positions import field_position
from graph.types.naming import pascal, stated_name
from graph.types.scalars import BigInt
from graph.types.type_factory import DEPRECATED, TypeFactory
from graph.types.unions import is_abstract
from resolvers.reading.reader import Reader, discriminator_of, free_form, property_reader, steps_at
from resolvers.reading.record import Record

# Which Python types a project may write for a contract's kind.
_FITS: Final[dict[Any, frozenset[Kind]]] = {
    bool: frozenset({Kind.BOOLEAN}),
    int: frozenset({Kind.INTEGER}),
    BigInt: frozenset({Kind.INT64, Kind.INTEGER}),
    float: frozenset({Kind.NUMBER, Kind.INTEGER}),
    Decimal: frozenset({Kind.DECIMAL}),
    str: frozenset({Kind.STRING, Kind.DATE, Kind.DATE_TIME, Kind.UUID, Kind.DECIMAL}),
    strawberry.ID: frozenset({Kind.STRING, Kind.UUID, Kind.INTEGER, Kind.INT64}),
    date: frozenset({Kind.DATE}),
    datetime: frozenset({Kind.DATE_TIME}),
    UUID: frozenset({Kind.UUID}),
}


@dataclass(slots=True)
class PropertyBinder:
    """Binds the properties of all bound types of one graph."""

    types: TypeFactory
    mistakes: Mistakes

    def bind(self, bound: BoundType, one: BoundField) -> None:
        """Give a property field its type and its reader, or note what is wrong with it."""
        name = f"{bound.definition.name}.{one.python_name}"
        path = self._path(bound, one, name)
        if path is None:
            return
        found = property_at(bound.contract, bound.schema, path)
        if isinstance(found, str):
            self._wrong(bound, one, name, f"path={'.'.join(path)!r}: {found}")
            return
        use, required = found
        if use.write_only:
            self._wrong(bound, one, name, f"{'.'.join(path)!r} is write-only: services do not answer it")
            return
        nullable = use.nullable or not required
        schema = bound.contract.schema(use)
        one.upstream = path
        one.graphql_name = one.graphql_name or stated_name(one.python_name)
        if one.description is None:
            one.description = use.description
        if one.deprecation_reason is None and use.deprecated:
            one.deprecation_reason = DEPRECATED
        is_key = path in bound.key_paths
        stated = self._access(bound, one, schema)
        one.access = stated | bound.declaration.access
        one.directives = printed(one.directives, stated, None)
        if one.inherits_type:
            optional = nullable or bool(stated)
            if is_key and schema.kind not in (Kind.OBJECT, Kind.ARRAY, Kind.UNION, Kind.ANY):
                one.bind_type(strawberry.ID | None if optional else strawberry.ID)
            else:
                named = pascal(bound.schema.name or bound.definition.name) + "".join(
                    pascal(step) for step in path
                )
                one.bind_type(self.types.output(bound.contract, use, named, optional))
            write: Callable[[Any], Any] | None = str if is_key else None
        else:
            write = self._checked(bound, one, name, use, nullable, stated)
        steps = steps_at(bound.contract, bound.schema, path)
        free = not one.inherits_type and is_json(bound.contract, use, take_apart(one.resolve_type()))
        readers = _free if free else self.types.readers(bound.contract).of
        one.discriminator = discriminator_of(readers(use))
        read = property_reader(steps, readers)
        one.read = read if write is None else _written(read, write)

    def _access(self, bound: BoundType, one: BoundField, schema: Schema) -> Access:
        """What the property, and the bound type that it leads to, ask of callers."""
        if not one.inherits_type:
            return one.declaration.access | access_of(take_apart(one.resolve_type()))
        while schema.items is not None:
            schema = bound.contract.schema(schema.items)
        leads_to = self.types.bound.get((bound.contract.name, schema.pointer))
        return one.declaration.access | declared_access(leads_to)

    def check_needs(self, bound: BoundType, one: BoundField) -> None:
        """A resolver's `needs` must be properties of the contract's schema."""
        if one.declaration.path is not None:
            name = f"{bound.definition.name}.{one.python_name}"
            self.mistakes.at(
                one.declaration.position, name, "path= is for properties, and this is a resolver"
            )
        for need in one.declaration.needs or ():
            if need not in bound.reader.names:
                name = f"{bound.definition.name}.{one.python_name}"
                known = bound.reader.names
                message = (
                    f"needs={need!r}: schema {bound.schema.name!r} has no such property{nearest(need, known)}"
                )
                self.mistakes.at(one.declaration.position, name, message)

    def _path(self, bound: BoundType, one: BoundField, name: str) -> tuple[str, ...] | None:
        stated = one.declaration.path
        if stated is not None:
            return tuple(stated.split(".")) if isinstance(stated, str) else tuple(stated)
        if bound.schema.property(one.python_name) is not None:
            return (one.python_name,)
        upstream = bound.reader.names.get(one.python_name)
        if upstream is not None:
            return (upstream,)
        known = list(bound.reader.names)
        self._wrong(
            bound,
            one,
            name,
            f"schema {bound.schema.name!r} of contract {bound.contract.name!r} has no property "
            f"{one.python_name!r}{nearest(one.python_name, known)}",
        )
        return None

    def _wrong(self, bound: BoundType, one: BoundField, name: str, message: str) -> None:
        self.mistakes.at(field_position(one, bound.cls, one.declaration.position), name, message)

    def _checked(
        self, bound: BoundType, one: BoundField, name: str, use: Use, nullable: bool, stated: Access
    ) -> Callable[[Any], Any] | None:
        """How values are written where the project wrote the type itself; a mistake where it does not fit."""
        resolved = one.resolve_type()
        apart = take_apart(resolved)
        if nullable and not apart.nullable:
            self._wrong(
                bound, one, name, f"the contract lets {'.'.join(one.upstream)!r} be null: write `… | None`"
            )
        if stated and not apart.nullable:
            self._wrong(bound, one, name, NOT_FOR_EVERYONE)
        wrong = misfit(bound.contract, use, take_apart(resolved), self.types)
        if wrong is not None:
            self._wrong(bound, one, name, wrong)
        of = apart.of
        if of is strawberry.ID or of is str:
            return _texts
        if isinstance(of, StrawberryEnumDefinition):
            return _members(of.wrapped_cls)
        return None


def is_json(contract: Contract, use: Use, apart: Annotated) -> bool:
    """Whether a project takes objects of a contract as free-form JSON."""
    schema = contract.schema(use)
    while schema.items is not None:
        schema = contract.schema(schema.items)
    return apart.of is JSON and schema.kind in (Kind.OBJECT, Kind.UNION)


def _free(_: Use) -> Reader:
    return free_form


def misfit(contract: Contract, use: Use, apart: Annotated, types: TypeFactory) -> str | None:
    """Why an annotation does not fit what a contract says there; None where it does."""
    schema = contract.schema(use)
    if apart.of is JSON:
        return None
    if apart.is_list != (schema.kind is Kind.ARRAY):
        return f"the contract says {schema.kind}, the annotation {'a list' if apart.is_list else 'no list'}"
    if apart.is_list and schema.items is not None:
        if schema.items.nullable and not apart.items_nullable:
            return "the contract lets items be null: write `list[… | None]`"
        if isinstance(apart.of, StrawberryList):
            return misfit(contract, schema.items, take_apart(apart.of), types)
        schema = contract.schema(schema.items)
    return _misfit_of(contract, schema, apart.of, types)


def _misfit_of(contract: Contract, schema: Schema, of: Any, types: TypeFactory) -> str | None:
    if is_abstract(of):
        return types.unions.misfit(contract, schema, of)
    if isinstance(of, StrawberryEnumDefinition):
        values = {member.value for member in cast("type[Enum]", of.wrapped_cls)}
        missing = [value for value in schema.enum or () if value not in values]
        if schema.enum is None:
            return f"the contract has no enum here, but {schema.kind}"
        return f"the enum {of.name} lacks the contract's {', '.join(map(repr, missing))}" if missing else None
    if of in _FITS:
        if schema.kind in _FITS[of]:
            return None
        known = [getattr(one, "__name__", str(one)) for one, kinds in _FITS.items() if schema.kind in kinds]
        hint = f": write rest.auto, or one of {', '.join(known)}" if known else ": write rest.auto"
        return f"the contract says {schema.kind}, which is no {_spoken(of)}{hint}"
    if schema.kind is not Kind.OBJECT:
        return f"the contract says {schema.kind}, which is no {_spoken(of)}"
    if of in types.unread:
        return None
    if types.bound.get((contract.name, schema.pointer)) is not of:
        name = schema.name or schema.pointer
        return f"{_spoken(of)} is not bound to the schema {name!r} that stands here"
    return None


def _spoken(of: Any) -> str:
    """An annotation as somebody writes it."""
    if isinstance(of, StrawberryOptional):
        return f"{_spoken(of.of_type)} | None"
    if isinstance(of, StrawberryList):
        return f"list[{_spoken(of.of_type)}]"
    return str(getattr(of, "__name__", None) or getattr(of, "graphql_name", None) or type(of).__name__)


def _written(read: Callable[[Record], Any], write: Callable[[Any], Any]) -> Callable[[Record], Any]:
    def written(of: Record) -> Any:
        value = read(of)
        return None if value is None else write(value)

    return written


def _texts(value: Any) -> Any:
    if isinstance(value, list):
        return [item if item is None or isinstance(item, Exception) else _texts(item) for item in value]
    return str(value)


def _members(enum: Any) -> Callable[[Any], Any]:
    by_value: dict[Any, Any] = {one.value: one for one in enum}

    def members(value: Any) -> Any:
        if isinstance(value, list):
            return [item if item is None or isinstance(item, Exception) else members(item) for item in value]
        return by_value[value]

    return members
