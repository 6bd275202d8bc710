"""Strawberry types made from contract schemas: nested objects, enums and inputs that nobody wrote by hand.
Unions are `graph/types/unions.py`'s.

How they are named in the end is `graph/types/type_names.py`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Optional
from uuid import UUID

import strawberry
from strawberry.scalars import JSON
from strawberry.types.base import get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

from adapters.contract.contract import MISSING, Contract, Kind, Property, Schema, Use
from graph.binding.arguments import INPUT_NAMES
from graph.declaring.declare import FieldDeclaration, Position
from graph.declaring.fields import BoundField, LateField
from graph.declaring.guards import declared_access, printed
from graph.types import generated
from graph.types.directives import SourceDirective
from graph.types.naming import attribute_names, constant, pascal, stated_name
from graph.types.scalars import BigInt
from graph.types.type_names import TypeNames
from graph.types.unions import Unions
from resolvers.reading.reader import Readers, discriminator_of, property_reader

DEPRECATED: Final = "Deprecated by its contract."

_SCALARS: Final[Mapping[Kind, Any]] = {
    Kind.BOOLEAN: bool,
    Kind.INTEGER: int,
    Kind.INT64: BigInt,
    Kind.NUMBER: float,
    Kind.DECIMAL: Decimal,
    Kind.STRING: str,
    Kind.DATE: date,
    Kind.DATE_TIME: datetime,
    Kind.UUID: UUID,
    Kind.UNION: JSON,
    Kind.ANY: JSON,
}


@dataclass(slots=True)
class TypeFactory:
    """Makes each type once per contract, schema and direction."""

    readers: Callable[[Contract], Readers]
    bound: dict[tuple[str, str], type] = field(default_factory=dict)
    unread: set[type] = field(default_factory=set)
    """Bound types whose contract or schema could not be read: what that is was told."""
    _outputs: dict[tuple[str, str], type] = field(default_factory=dict)
    _inputs: dict[tuple[str, str, frozenset[str]], type] = field(default_factory=dict)
    _enums: dict[tuple[str, str], type[Enum]] = field(default_factory=dict)
    names: TypeNames = field(default_factory=TypeNames)
    unions: Unions = field(init=False)

    def __post_init__(self) -> None:
        self.unions = Unions(self.names, self.bound, self.unread)

    # --- annotations

    def output(self, contract: Contract, use: Use, named: str, nullable: bool) -> Any:
        """The annotation of a value that comes out of a contract. `named` names what is nested and has no
        name.
        """
        of = self._output(contract, contract.schema(use), named)
        return Optional[of] if nullable else of  # noqa: UP045 - `of` is a value, of which not all know `|`

    def _output(self, contract: Contract, schema: Schema, named: str) -> Any:
        if schema.enum is not None:
            return self._enum(contract, schema, named)
        if schema.kind is Kind.ARRAY:
            if schema.items is None:
                return list[JSON | None]
            return list[self.output(contract, schema.items, named, schema.items.nullable)]  # type: ignore[misc]
        if schema.variants is not None and (contract.name, schema.pointer) not in self.bound:
            return self.unions.output(contract, schema, named, self.object)
        if schema.kind is Kind.OBJECT:
            shown = [one for one in schema.properties if not one.use.write_only]
            return self.object(contract, schema, named) if shown else JSON
        return _SCALARS[schema.kind]

    def input(
        self, contract: Contract, use: Use, named: str, nullable: bool, without: frozenset[str] = frozenset()
    ) -> Any:
        """The annotation of a value that goes into a contract; of an object without the properties bound
        otherwise.
        """
        schema = contract.schema(use)
        if schema.enum is not None:
            of: Any = self._enum(contract, schema, named)
        elif schema.kind is Kind.ARRAY and schema.items is not None:
            of = list[self.input(contract, schema.items, named, schema.items.nullable)]  # type: ignore[misc]
        elif schema.kind is Kind.ARRAY:
            of = list[JSON | None]
        elif schema.kind is Kind.OBJECT and input_properties(schema, without):
            of = self._input(contract, schema, named, without)
        elif schema.kind is Kind.OBJECT:
            of = JSON
        else:
            of = _SCALARS[schema.kind]
        return Optional[of] if nullable else of  # noqa: UP045 - `of` is a value, of which not all know `|`

    # --- types

    def object(self, contract: Contract, schema: Schema, named: str) -> type:
        """The output type of an object schema: the bound type that declares it, or a generated one."""
        key = (contract.name, schema.pointer)
        found = self.bound.get(key) or self._outputs.get(key)
        if found is not None:
            return found
        wanted = pascal(schema.name) if schema.name else named
        shown = [one for one in schema.properties if not one.use.write_only]
        names = attribute_names(one.name for one in shown)
        by_upstream = {one.name: one for one in shown}
        fields = {
            name: BoundField(
                declaration=FieldDeclaration(
                    kind="property", position=Position(contract.file, 0), path=(upstream,)
                ),
                graphql_name=stated_name(name),
                description=by_upstream[upstream].use.description,
                deprecation_reason=DEPRECATED if by_upstream[upstream].use.deprecated else None,
            )
            for name, upstream in names.items()
        }
        made = strawberry.type(
            _class(contract, schema.pointer, wanted, fields),
            name=wanted,
            description=schema.description,
            directives=[SourceDirective(service=contract.name, schema=schema.name or UNSET)],
        )
        self._outputs[key] = made
        self.names.note(contract, schema, wanted, get_object_definition(made, strict=True))
        readers = self.readers(contract)
        readers.declare(schema.pointer, made, generated=True)
        for name, upstream in names.items():
            self.bind_property(fields[name], contract, by_upstream[upstream], wanted, readers)
        return made

    def bind_property(
        self, to: BoundField, contract: Contract, found: Property, parent: str, readers: Readers
    ) -> None:
        """Give a field the type and the reader of its property."""
        nullable = found.use.nullable or not found.required
        leads_to = contract.schema(found.use)
        while leads_to.items is not None:
            leads_to = contract.schema(leads_to.items)
        to.access = declared_access(self.bound.get((contract.name, leads_to.pointer)))
        to.directives = printed((), to.access, None)
        to.bind_type(
            self.output(contract, found.use, parent + pascal(found.name), nullable or bool(to.access))
        )
        to.upstream = (found.name,)
        to.discriminator = discriminator_of(readers.of(found.use))
        to.read = property_reader((found,), readers.of)

    def _input(self, contract: Contract, schema: Schema, named: str, without: frozenset[str]) -> type:
        key = (contract.name, schema.pointer, without)
        found = self._inputs.get(key)
        if found is not None:
            return found
        wanted = named if without or not schema.name else pascal(schema.name)
        wanted = wanted if wanted.endswith("Input") else f"{wanted}Input"
        taken = {one.name: one for one in input_properties(schema, without)}
        names = attribute_names(taken)
        fields = {
            name: self._input_field(name, contract, taken[upstream]) for name, upstream in names.items()
        }
        pointer = f"{schema.pointer} input {' '.join(sorted(without))}"
        made = strawberry.input(
            _class(contract, pointer, wanted, fields), name=wanted, description=schema.description
        )
        setattr(made, INPUT_NAMES, names)
        self._inputs[key] = made
        self.names.note(contract, schema, wanted, get_object_definition(made, strict=True))
        base = wanted.removesuffix("Input")
        for name, upstream in names.items():
            use = taken[upstream].use
            optional = use.nullable or not taken[upstream].required
            fields[name].bind_type(self.input(contract, use, base + pascal(upstream), optional))
            default = self.default(contract, use, base + pascal(upstream))
            if default is not UNSET:
                fields[name].default_value = default
        return made

    def _input_field(self, name: str, contract: Contract, found: Property) -> LateField:
        optional = found.use.nullable or not found.required
        return LateField(
            graphql_name=stated_name(name),
            description=found.use.description,
            deprecation_reason=DEPRECATED if found.use.deprecated and optional else None,
            **({"default": UNSET} if optional or found.use.default is not MISSING else {}),
        )

    def default(self, contract: Contract, use: Use, named: str) -> Any:
        """A contract's default as GraphQL's, for scalars, enums and lists of them; UNSET for anything else."""
        value = use.default
        schema = contract.schema(use)
        if value is MISSING or value is None:
            return UNSET
        if schema.enum is not None:
            found = [member for member in self._enum(contract, schema, named) if member.value == value]
            return found[0] if found else UNSET
        if schema.kind is Kind.ARRAY and schema.items is not None and isinstance(value, (list, tuple)):
            items = [self.default(contract, Use(schema.items.schema, default=item), named) for item in value]
            return UNSET if any(item is UNSET for item in items) else items
        match schema.kind:
            case Kind.BOOLEAN if isinstance(value, bool):
                return value
            case Kind.INTEGER | Kind.INT64 if isinstance(value, int) and not isinstance(value, bool):
                return value
            case Kind.NUMBER if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
                return float(value)
            case Kind.STRING if isinstance(value, str):
                return value
        return UNSET

    def _enum(self, contract: Contract, schema: Schema, named: str) -> type[Enum]:
        key = (contract.name, schema.pointer)
        found = self._enums.get(key)
        if found is not None:
            return found
        wanted = pascal(schema.name) if schema.name else named
        members: dict[str, Any] = {}
        for value in schema.enum or ():
            wanted_member = member = constant(value)
            count = 2
            while member in members:
                member = f"{wanted_member}_{count}"
                count += 1
            members[member] = value
        enum = Enum(wanted, members, module=generated.__name__, qualname=f"{contract.name}:{schema.pointer}")  # type: ignore[misc]
        made = strawberry.enum(enum, name=wanted, description=schema.description)
        self._enums[key] = made
        definition: StrawberryEnumDefinition = made.__strawberry_definition__  # type: ignore[attr-defined]
        self.names.note(contract, schema, wanted, definition)
        return made


def input_properties(schema: Schema, without: frozenset[str]) -> list[Property]:
    """The properties that a client may send."""
    return [one for one in schema.properties if not one.use.read_only and one.name not in without]


def _class(contract: Contract, pointer: str, name: str, fields: Mapping[str, StrawberryField]) -> type:
    # Strawberry takes two types of one module and qualified name for the same type: the pointer tells them
    # apart.
    namespace = {
        "__module__": generated.__name__,
        "__qualname__": f"{contract.name}:{pointer}",
        "__annotations__": dict.fromkeys(fields, Any),
        **fields,
    }
    return type(name, (), namespace)
