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

from adapters.contract import Contract, Schema
from graph.bind_calls import CallBinder
from graph.bind_properties import PropertyBinder
from graph.bind_sources import SourceBinder
from graph.bound_types import BoundType, BoundTypes
from graph.call_arguments import ArgumentBinder
from graph.call_site import Ask
from graph.contracts import Contracts, read_toml
from graph.declare import CallerMark, OperationName, Position
from graph.directives import SourceDirective, access_directives
from graph.fields import BoundField
from graph.mistakes import Mistakes
from graph.naming import attribute_names, snake
from graph.results import Wanted
from graph.type_factory import TypeFactory
from resolvers.reader import Reader, Readers
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
        stated = {label: value for label, value in operation.bindings.items() if not _is_claim(value)}
        call = self._bound_call(operation)
        arguments: dict[str, object] = {}
        names = {
            one.supplier.name: one.target.parameter
            for one in call.bindings
            if isinstance(one.supplier, Argument) and one.target.parameter is not None
        }
        upstream = {parameter.name: name for name, parameter in names.items()}
        for label, value in {**stated, **values}.items():
            name = upstream.get(label) or (label if label in names else snake(label))
            if name not in names:
                raise TypeError(
                    f"operation {operation.operation!r} has no parameter {label!r} (it has {', '.join(upstream)})"
                )
            arguments[name] = value
        if body is not None:
            arguments["input"] = body
        read = None
        if call.result is not None:
            read = self.factory.readers(call.contract).of(call.result)
        return call, read, Supplied(arguments=arguments)

    def _bound_call(self, operation: OperationName) -> BoundOperation:
        claims = tuple(
            sorted((label, value) for label, value in operation.bindings.items() if _is_claim(value))
        )
        key = (operation.contract, operation.operation, operation.pick, operation.safe, claims)
        found = self._calls.get(key)
        if found is None:
            name = OperationName(
                operation.contract,
                operation.operation,
                dict(claims),
                operation.pick,
                operation.paging,
                operation.safe,
                operation.position,
            )
            mistakes = Mistakes()
            binder = CallBinder(self.contracts, self.calls.arguments, mistakes)
            called = binder.bind(
                name, Ask("call", f"context.call({operation.operation!r})", Wanted(None, False, ""))
            )
            mistakes.raise_if_any()
            assert called is not None  # without a mistake there is a call
            found = self._calls[key] = called.call
        return found


def _is_claim(value: object) -> bool:
    return isinstance(value, CallerMark)


def bind_graph(project: Path, roots: Iterable[type], position: Position) -> Graph:
    """Bind everything that the roots lead to. Raises ProjectError with every mistake."""
    mistakes = Mistakes()
    contracts = Contracts(project, mistakes)
    readers: dict[str, Readers] = {}

    def readers_of(contract: Contract) -> Readers:
        return readers.setdefault(contract.name, Readers(contract, _names))

    factory = TypeFactory(readers_of)
    calls = CallBinder(contracts, ArgumentBinder(factory, passed_on(project)), mistakes)
    types = BoundTypes(calls, factory, mistakes)
    types.discover(roots)
    properties = PropertyBinder(factory, mistakes)
    sources = SourceBinder(calls, factory, types, mistakes)
    for bound in types.bound.values():
        _bind_properties(bound, properties, types)
    types.bind_entities()
    for definition in types.definitions:
        for one in definition.fields:
            if isinstance(one, BoundField) and one.declaration.kind != "property":
                sources.bind(definition, one)
            elif not isinstance(one, BoundField) or one.base_resolver is not None:
                sources.guard(definition, one)
            elif definition.origin not in types.bound:
                where = f"{definition.name}.{one.python_name}"
                what = "rest.field() reads a property of a bound type, or stands above a resolver"
                mistakes.at(one.declaration.position, where, what)
    own = [definition.name for definition in types.definitions if definition.concrete_of is None]
    for message in factory.settle_names(own):
        mistakes.at(position, "schema", message)
    mistakes.raise_if_any()
    return Graph(contracts, calls, types, factory, tuple(_insisting(types)))


def _bind_properties(bound: BoundType, properties: PropertyBinder, types: BoundTypes) -> None:
    definition = bound.definition
    for one in definition.fields:
        if not isinstance(one, BoundField) or one.declaration.kind != "property":
            continue
        one.access = one.declaration.access | bound.declaration.access
        if one.base_resolver is None:
            properties.bind(bound, one)
        else:
            properties.check_needs(bound, one)
        one.directives = [
            *(each for each in one.directives if each not in access_directives(one.declaration.access)),
            *access_directives(one.declaration.access),
        ]
    directive = SourceDirective(service=bound.contract.name, schema=bound.schema.name)
    definition.directives = [directive, *access_directives(bound.declaration.access)]


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
