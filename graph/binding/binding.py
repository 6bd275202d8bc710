"""Binding a whole graph: every declaration that can be reached from the roots, against the contracts of its
project.

The order matters: properties first, since what a type uses decides which answers serve as it; then entities,
since links go through them; then sources; names last, when it is known which types there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from strawberry.schema.name_converter import NameConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from adapters.contract.contract import Contract, Schema
from adapters.mistake import nearest
from graph.binding.bind_calls import CallBinder
from graph.binding.bind_properties import PropertyBinder
from graph.binding.bind_sources import SourceBinder
from graph.binding.bound_types import BoundType, BoundTypes
from graph.binding.call_arguments import ArgumentBinder
from graph.binding.call_site import Ask, Site
from graph.binding.call_targets import find_target
from graph.binding.results import Wanted
from graph.declaring.contracts import Contracts, read_toml
from graph.declaring.declare import (
    DECLARATION,
    CallerMark,
    EachMark,
    KeyMark,
    KeysMark,
    OperationName,
    Position,
    ThisMark,
)
from graph.declaring.fields import BoundField
from graph.declaring.guards import guard
from graph.declaring.mistakes import Mistakes
from graph.declaring.positions import class_position, field_position
from graph.project.project_modules import values_of
from graph.settings.credential_settings import lending
from graph.types.directives import SourceDirective, access_directives
from graph.types.naming import attribute_names
from graph.types.own_names import own_names
from graph.types.reached import unreached
from graph.types.type_factory import TypeFactory
from resolvers.reading.reader import Reader, Readers
from resolvers.source import Argument, BoundOperation, Entity, Supplied


@dataclass(slots=True, eq=False)
class Graph:
    """A bound graph: what a schema knows of its own declarations at run time."""

    contracts: Contracts
    calls: CallBinder
    types: BoundTypes
    factory: TypeFactory
    insisting: tuple[str, ...] = ()
    _calls: dict[Any, BoundOperation] = field(default_factory=dict)

    def entity_of(self, bound: type) -> Entity:
        """The entity of a bound type. Raises TypeError where it has none."""
        found = self.types.bound.get(bound)
        if found is None or found.entity is None:
            name = getattr(bound, "__name__", repr(bound))
            raise TypeError(
                f"{name} can't be loaded: it is no bound type of this schema with key= and one= or many="
            )
        return found.entity

    def call_of(
        self, operation: OperationName, values: Mapping[str, object], body: object
    ) -> tuple[BoundOperation, Reader | None, Supplied]:
        """The bound call that a resolver makes, and what it is made from. Raises TypeError for names it does
        not have.
        """
        call = self._bound_call(operation)
        mistakes = Mistakes()
        site = Site(operation, _call_ask(operation), call.contract, call.operation, mistakes)
        names = {
            one.target.parameter: one.supplier.name
            for one in call.bindings
            if isinstance(one.supplier, Argument) and one.target.parameter is not None
        }
        arguments: dict[str, object] = {}
        for label, value in {**operation.bindings, **values}.items():
            if _is_claim(value):
                continue
            if isinstance(value, (ThisMark, EachMark, KeyMark, KeysMark)):
                raise TypeError(f"{label!r}: marks such as rest.this(...) are for fields; give the value")
            to = find_target(site, label)
            if to is None:
                raise TypeError(mistakes.found[-1].message)
            if to.parameter is None:
                body = _placed(body, to.body or (), value)
            elif to.parameter in names:
                arguments[names[to.parameter]] = value
            else:
                raise TypeError(
                    f"parameter {to.parameter.name!r} of {call.operation.id!r} has its value already"
                )
        if body is not None:
            if call.operation.body is None:
                raise TypeError(f"operation {call.operation.id!r} takes no body")
            arguments["input"] = body
        read = None
        if call.result is not None:
            read = self.factory.readers(call.contract).of(call.result)
        return call, read, Supplied(arguments=arguments)

    def _bound_call(self, operation: OperationName) -> BoundOperation:
        claims = tuple(
            sorted((label, value) for label, value in operation.bindings.items() if _is_claim(value))
        )
        fallback = tuple(map(repr, operation.fallback))
        # What is no list is told as a mistake when it is bound.
        changes = None if operation.changes is None else repr(operation.changes)
        key = (
            operation.contract,
            operation.operation,
            operation.pick,
            operation.safe,
            claims,
            fallback,
            changes,
        )
        found = self._calls.get(key)
        if found is None:
            known = self.contracts.all_read
            if operation.contract not in known:
                hint = nearest(operation.contract, known)
                raise TypeError(f"{operation.contract!r} is no contract of this schema{hint}")
            name = OperationName(
                operation.contract,
                operation.operation,
                dict(claims),
                operation.pick,
                operation.paging,
                operation.safe,
                operation.position,
                operation.fallback,
                operation.changes,
            )
            mistakes = Mistakes()
            binder = CallBinder(
                self.contracts, self.calls.arguments, mistakes, self.calls.converter, keyed=self.calls.keyed
            )
            called = binder.bind(name, _call_ask(operation))
            if called is None:
                raise TypeError("; ".join(one.message for one in mistakes.found))
            found = self._calls[key] = called.call
        return found


def _call_ask(operation: OperationName) -> Ask:
    return Ask("call", f"context.call({operation.operation!r})", Wanted(None, False, ""))


def _placed(body: object, path: tuple[str, ...], value: object) -> dict[str, object]:
    """A body with one more value in it; what the resolver handed over is left as it is."""
    if body is not None and not isinstance(body, Mapping):
        raise TypeError(f"{'.'.join(path)!r} is bound in a body that is no mapping")
    here = dict(body or {})
    first, rest = path[0], path[1:]
    here[first] = _placed(here.get(first), rest, value) if rest else value
    return here


def _is_claim(value: object) -> bool:
    return isinstance(value, CallerMark)


def bind_graph(
    project: Path,
    roots: Iterable[type],
    position: Position,
    converter: NameConverter,
    mutation: type | None = None,
) -> Graph:
    """Bind everything that the roots lead to. Raises ProjectError with every mistake.

    `converter` makes the schema's names; `mutation` is the one of the roots whose fields change things.
    """
    mistakes = Mistakes()
    contracts = Contracts(project, mistakes)
    readers: dict[str, Readers] = {}

    def readers_of(contract: Contract) -> Readers:
        return readers.setdefault(contract.name, Readers(contract, _names))

    contracts.read_declared()
    factory = TypeFactory(readers_of)
    calls = CallBinder(contracts, ArgumentBinder(factory, passed_on(project), converter), mistakes, converter)
    types = BoundTypes(calls, factory, mistakes)
    types.discover(roots)
    # A property whose type the contract says may lead to a bound type that no annotation names.
    types.discover(one for one in values_of(project) if isinstance(one, type) and DECLARATION in one.__dict__)
    properties = PropertyBinder(factory, mistakes)
    sources = SourceBinder(calls, factory, types, mistakes, mutation, lending(read_toml(project)))
    for bound in types.bound.values():
        _bind_properties(bound, properties, types)
    types.bind_entities()
    for definition in types.definitions:
        for one in definition.fields:
            if id(one) in types.unresolved:
                continue
            if isinstance(one, BoundField) and one.declaration.kind != "property":
                sources.bind(definition, one)
            elif not isinstance(one, BoundField) or one.base_resolver is not None:
                guard(definition, one, mistakes)
            elif DECLARATION not in definition.origin.__dict__:
                where = f"{definition.name}.{one.python_name}"
                what = "rest.field() reads a property of a bound type, or stands above a resolver"
                mistakes.at(one.declaration.position, where, what)
        _check_names(definition, converter, mistakes)
    for interface, cls in unreached(roots, factory.unions.implementing):
        found = types.bound[cls]
        message = f"it is answered as {interface.__name__} alone: add it to types= of rest.Schema"
        mistakes.at(found.declaration.position, found.definition.name, message)
    for message in factory.names.settle(own_names(types.definitions, converter)):
        mistakes.at(position, "schema", message)
    mistakes.raise_if_any()
    return Graph(contracts, calls, types, factory, tuple(_insisting(types)))


def _bind_properties(bound: BoundType, properties: PropertyBinder, types: BoundTypes) -> None:
    definition = bound.definition
    for one in definition.fields:
        if (
            not isinstance(one, BoundField)
            or one.declaration.kind != "property"
            or id(one) in types.unresolved
        ):
            continue
        if one.base_resolver is None:
            properties.bind(bound, one)
        else:
            properties.check_needs(bound, one)
    directive = SourceDirective(service=bound.contract.name, schema=bound.schema.name)
    definition.directives = [directive, *access_directives(bound.declaration.access)]


def _check_names(
    definition: StrawberryObjectDefinition, converter: NameConverter, mistakes: Mistakes
) -> None:
    """Two fields of one name: Strawberry would show the later alone."""
    seen: dict[str, StrawberryField] = {}
    for one in definition.fields:
        name = converter.from_field(one)
        first = seen.setdefault(name, one)
        if first is not one:
            declared = one.declaration.position if isinstance(one, BoundField) else None
            position = field_position(one, definition.origin, declared or class_position(definition.origin))
            where = f"{definition.name}.{one.python_name}"
            mistakes.at(
                position, where, f"{first.python_name!r} is {name!r} in GraphQL already: give one a name="
            )


def _names(schema: Schema) -> Mapping[str, str]:
    """Attribute names of records: Python's own form, and the upstream's spelling where that is a name too."""
    upstream = [one.name for one in schema.properties if not one.use.write_only]
    names = attribute_names(upstream)
    return {**{name: name for name in upstream if name.isidentifier()}, **names}


def passed_on(project: Path) -> frozenset[str]:
    """The headers that a project passes on, in lower case: never anyone's arguments."""
    toml = read_toml(project)
    headers = toml.get("headers")
    identity = toml.get("identity")
    forward = headers.get("forward", ()) if isinstance(headers, dict) else ()
    listed = [name for name in forward if isinstance(name, str)] if isinstance(forward, list) else []
    if isinstance(identity, dict):
        tenant = identity.get("tenant_header", "x-tenant-id")
        listed += [tenant] if isinstance(tenant, str) else []
    return frozenset(name.lower() for name in listed)


def _insisting(types: BoundTypes) -> Iterable[str]:
    """Fields that cross a network and insist on a value: one dead service blanks what stands around them."""
    for definition in types.definitions:
        for one in definition.fields:
            if isinstance(one, BoundField) and one.source is not None and not one.source.nullable:
                yield f"{definition.name}.{one.python_name}"
