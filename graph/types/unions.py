"""Types of values that are of one of several schemas (`adapters/contract/discriminators.py`): GraphQL unions made
from contracts, and the unions and interfaces that projects write themselves.

A union is named after its schema, as every generated type is (`graph/types/type_names.py`). Its members are the bound
types of the variants' schemas, generated types for the others. Where others extend a base by `allOf`, and all of them
are bound to types with a common Strawberry interface, that interface (the nearest of the first variant's) stands in
the union's place. Records are made by `resolvers/reading/variant.py`; `object_type_of` tells which type one is of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from strawberry.annotation import StrawberryAnnotation
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition
from strawberry.types.union import StrawberryUnion

from adapters.contract.contract import Contract, Kind, Schema
from graph.declaring.annotations import members
from graph.types.naming import pascal
from graph.types.type_names import TypeNames

MakeObject: TypeAlias = Callable[[Contract, Schema, str], type]
"""Makes the output type of an object schema; the text names it where the schema has no name."""


def object_type_of(value: object) -> StrawberryObjectDefinition | None:
    """The GraphQL object type of a record, or of an object of any Strawberry type, by its class. None for what has
    no type of its own: records of schemas that no type of the graph stands for, and plain values.
    """
    return get_object_definition(type(value))


def is_abstract(of: object) -> bool:
    """Whether a type is a union or an interface."""
    definition = get_object_definition(of)
    return isinstance(of, StrawberryUnion) or (definition is not None and definition.is_interface)


@dataclass(slots=True)
class Unions:
    """The unions of one graph. `bound` are its bound types by contract and pointer, `unread` those whose contract
    could not be read. `implementing` notes which types are answered through an interface.
    """

    names: TypeNames
    bound: Mapping[tuple[str, str], type]
    unread: set[type]
    implementing: dict[type, dict[type, None]] = field(default_factory=dict)
    _made: dict[tuple[str, str], StrawberryUnion] = field(default_factory=dict)

    def possible(self, contract: Contract, schema: Schema) -> tuple[Schema, ...]:
        """The schemas that a value may be of: its variants, unless a type is bound to the schema itself."""
        if schema.variants is None or (contract.name, schema.pointer) in self.bound:
            return (schema,)
        return tuple(contract.schema(pointer) for pointer in schema.variants.schemas)

    def output(self, contract: Contract, schema: Schema, named: str, make: MakeObject) -> Any:
        """The output type of a schema with variants. `named` names a union whose schema has no name."""
        possible = self.possible(contract, schema)
        interface = self._interface(contract, possible) if schema.kind is Kind.OBJECT else None
        if interface is not None:
            return interface
        key = (contract.name, schema.pointer)
        found = self._made.get(key)
        if found is None:
            wanted = pascal(schema.name) if schema.name else named
            # Known before its members are made: they may lead back to it.
            found = self._made[key] = StrawberryUnion(name=wanted, description=schema.description)
            self.names.note(contract, schema, wanted, found)
            types = [make(contract, one, wanted) for one in possible]
            found.type_annotations = tuple(StrawberryAnnotation(one) for one in types)
        return found

    def misfit(self, contract: Contract, schema: Schema, of: Any) -> str | None:
        """Why a union or an interface that a project wrote does not fit what a contract says; None where every
        schema that may stand there has a bound type among its members.
        """
        served = tuple(one.origin for one in members(of))
        name = shown(of)
        if any(cls in self.unread for cls in served) or any(issubclass(cls, served) for cls in self.unread):
            return None  # what is wrong with the type was told
        if schema.kind not in (Kind.OBJECT, Kind.UNION):
            hint = " (nothing tells its objects apart)" if schema.kind is Kind.ANY else ""
            return f"the contract says {schema.kind}{hint}, which is no {name}"
        union = isinstance(of, StrawberryUnion)
        serving: dict[type, None] = {}
        lacking: list[str] = []
        for one in self.possible(contract, schema):
            cls = self.bound.get((contract.name, one.pointer))
            if cls is not None and (cls in served if union else issubclass(cls, served)):
                serving[cls] = None
            else:
                lacking.append(repr(one.name or one.pointer))
        if lacking:
            how = "is a member of it" if union else "implements it"
            return f"{name} lacks the contract's {', '.join(lacking)}: bind a type to each that {how}"
        if not union:
            self.implementing.setdefault(served[0], {}).update(serving)
        return None

    def _interface(self, contract: Contract, possible: tuple[Schema, ...]) -> type | None:
        """The interface that the bound types of all schemas have in common."""
        found = [self.bound.get((contract.name, one.pointer)) for one in possible]
        classes = [cls for cls in found if cls is not None]
        if len(classes) < len(found):
            return None
        for interface in get_object_definition(classes[0], strict=True).interfaces:
            if all(issubclass(cls, interface.origin) for cls in classes):
                self.implementing.setdefault(interface.origin, {}).update(dict.fromkeys(classes))
                return interface.origin
        return None


def shown(of: object) -> str:
    """A type's name for messages."""
    if isinstance(of, StrawberryUnion):
        return of.graphql_name or " | ".join(one.name for one in members(of))
    return getattr(of, "__name__", str(of))
