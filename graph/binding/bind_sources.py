"""Binding sources: links, queries, connections and mutations, each to the operations that serve it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from strawberry.types.base import StrawberryObjectDefinition

from adapters.contract.contract import Kind, Schema, Use
from graph.binding.bind_calls import CallBinder, Called, find_operation
from graph.binding.bind_links import as_lookup, by_key, grouped
from graph.binding.bind_properties import is_json, misfit
from graph.binding.bound_types import BoundType, BoundTypes
from graph.binding.call_site import Ask, Parent, Role
from graph.binding.field_site import FieldSite
from graph.binding.results import Wanted
from graph.declaring.annotations import Annotated, take_apart
from graph.declaring.declare import Access, EachMark
from graph.declaring.fields import BoundField
from graph.declaring.guards import NOT_FOR_EVERYONE, access_of, declared_access, printed
from graph.declaring.mistakes import Mistakes
from graph.paging.connection_arguments import connection_arguments
from graph.types.directives import SourceDirective
from graph.types.naming import pascal
from graph.types.type_factory import DEPRECATED, TypeFactory
from graph.types.unions import is_abstract, shown
from resolvers.reading.reader import Reader, free_form
from resolvers.source import BoundOperation, Fetch, Key, Lookup, Pages, Source, opened


@dataclass(slots=True)
class SourceBinder:
    """Binds the sources of one graph. `mutation` is the root type of mutations, if there is one; `lending` the
    services that are called with credentials of the gateway's own.
    """

    calls: CallBinder
    types: TypeFactory
    bound_types: BoundTypes
    mistakes: Mistakes
    mutation: type | None
    lending: frozenset[str] = frozenset()

    def bind(self, definition: StrawberryObjectDefinition, one: BoundField) -> None:
        """Give a field its source, its type and its arguments, or note what is wrong with it."""
        site = self._site(definition, one)
        stated = one.declaration.access | access_of(site.apart)
        if site.apart is None and site.target is not None:
            stated = stated | site.target.declaration.access
        one.access = stated | declared_access(definition.origin)
        if one.declaration.public and one.declaration.access:
            site.wrong("public=True is for everybody; scopes= and authenticated= are not")
        if stated and not site.nullable:
            site.wrong(NOT_FOR_EVERYONE)
        if one.declaration.kind == "mutation" and definition.origin is not self.mutation:
            site.wrong("rest.mutation is for the fields of the mutation type, where changes run in order")
            return
        source: Source | None
        if one.declaration.key is not None:
            source = by_key(site)
        elif one.declaration.operation is None:
            site.wrong("rest.link needs key= or an operation")
            return
        else:
            source = self._by_operation(site)
        if source is None:
            return
        public = one.declaration.public
        one.source = opened(source) if public else source
        operations = source.entity.operations if isinstance(source, Lookup) else (source.call,)
        provenance = SourceDirective(
            service=operations[0].service, operations=[call.operation.id for call in operations]
        )
        one.directives = printed(one.directives, stated, provenance)
        if not public and any(call.service in self.lending for call in operations):
            one.access = one.access | Access(lent=True)

    def _site(self, definition: StrawberryObjectDefinition, one: BoundField) -> FieldSite:
        apart = None if one.inherits_type else take_apart(one.resolve_type(type_definition=definition))
        bound = self.bound_types.bound
        target, is_list = None, apart is not None and apart.is_list
        if apart is not None and isinstance(apart.of, type):
            target = bound.get(apart.of)
        elif apart is None and one.declaration.operation is not None:
            name = f"{definition.name}.{one.python_name}"
            found = self.calls.result_of(one.declaration.operation, name)
            if found is not None:
                target, is_list = self.bound_types.serving(*found)
        parent = bound.get(definition.origin)
        return FieldSite(definition, one, parent, apart, target, is_list, self.mistakes, self.types.unread)

    def _by_operation(self, site: FieldSite) -> Source | None:
        operation, one = site.declaration.operation, site.field
        assert operation is not None  # asked for by `bind`, which looked
        role = _role(site)
        if role is None:
            return None
        ask = Ask(
            role,
            site.name,
            self._wanted(site, operation.contract, role),
            site.parent.parent if site.parent else None,
            ids=self._ids(site.target, operation.contract, operation.operation),
            named=pascal(one.python_name),
            shows=None if site.target is None else site.target.definition.name,
            parent_is_unread=site.parent_is_unread,
        )
        called = self.calls.bind(operation, ask)
        if called is None or site.target_is_unread:
            return None
        call = called.call
        if site.apart is None:
            self._inherit(one, call)
        more = connection_arguments(call) if role == "connection" else []
        one.arguments = [*more, *called.arguments]
        if one.description is None:
            one.description = call.operation.summary or call.operation.description
        if one.deprecation_reason is None and call.operation.deprecated:
            one.deprecation_reason = DEPRECATED
        return self._source(site, called, role)

    def _ids(self, target: BoundType | None, contract: str, operation: str) -> frozenset[str]:
        """The parameters that hold the target's key: its own `one`'s, and those of the same name in the paths of
        other operations that answer with it, so that a client sends one id to all of them.
        """
        one = target.entity.one if target is not None and target.entity is not None else None
        if one is None or one.service != contract:
            return frozenset()
        asked = find_operation(one.contract, operation)
        if asked is None:
            return frozenset()
        keys = [
            binding.target.parameter
            for binding in one.bindings
            if isinstance(binding.supplier, Key) and binding.target.parameter is not None
        ]
        if asked is one.operation:
            return frozenset(key.name for key in keys)
        in_path = {parameter.name for parameter in asked.parameters if parameter.location == "path"}
        return frozenset(key.name for key in keys if key.location == "path") & in_path

    def _inherit(self, one: BoundField, call: BoundOperation) -> None:
        use = call.result
        if use is None:
            one.bind_type(bool | None)
            return
        one.bind_type(self.types.output(call.contract, use, pascal(call.operation.id), nullable=True))

    def _source(self, site: FieldSite, called: Called, role: Role) -> Source | None:
        call, target = called.call, site.target
        if role in ("grouped", "connection"):
            wrong = None
            if target is None and site.apart is not None:
                wrong = _misfit_of_items(call, site.apart, self.types)
            if wrong is not None:
                site.wrong(wrong)
                return None
            if role == "grouped":
                return grouped(site, call, self._items(call, site), self._items_are(call, site))
            return Pages(call, self._items(call, site), site.nullable)
        lookup = None if role == "mutation" else as_lookup(call, target, site.nullable)
        if lookup is not None:
            return lookup
        if call.result is None:
            return Fetch(call, _done, site.nullable, whole=False)
        if target is None and site.apart is not None:
            wrong = misfit(call.contract, call.result, site.apart, self.types)
            if wrong is not None:
                site.wrong(wrong)
                return None
        return Fetch(call, self._read(call, call.result, site), site.nullable, whole=role == "list")

    def _items(self, call: BoundOperation, site: FieldSite) -> Reader:
        """The reader of one item of a list operation."""
        return self._read(call, _items_of(call), site)

    def _read(self, call: BoundOperation, use: Use, site: FieldSite) -> Reader:
        if site.apart is not None and is_json(call.contract, use, site.apart):
            return free_form
        return self.types.readers(call.contract).of(use, site.target.cls if site.target else None)

    def _items_are(self, call: BoundOperation, site: FieldSite) -> list[Parent]:
        """What the items of a grouped link may be: of a bound type, or of each of a union's or an interface's."""
        if site.target is not None:
            return [site.target.parent]
        contract, readers = call.contract, self.types.readers(call.contract)
        schema = contract.schema(_items_of(call))
        if schema.variants is None and not (site.apart is not None and is_abstract(site.apart.of)):
            return []
        possible = self.types.unions.possible(contract, schema)
        return [Parent(contract, one, readers.of_object(one).names) for one in possible]

    def _wanted(self, site: FieldSite, contract: str, role: Role) -> Wanted:
        is_list = role in ("connection", "grouped") or site.is_list
        target, apart = site.target, site.apart
        if (apart is None and role != "grouped") or site.target_is_unread:
            # The contract said what it gives, and that is taken as it is.
            return Wanted(None, False, "a value")
        if target is None and apart is not None and is_abstract(apart.of):
            name = shown(apart.of)
            return Wanted(partial(self._may_be, contract, apart.of), is_list, name, f"list[{name}]")
        if target is None:
            return Wanted(_anything, True, "values") if is_list else Wanted(None, False, "a value")
        if target.contract.name != contract:
            name = f"{target.definition.name} (of contract {target.contract.name!r})"
            return Wanted(_nothing, is_list, name)
        name = target.definition.name
        return Wanted(target.fits, is_list, name, f"list[{name}]")

    def _may_be(self, contract: str, of: object, schema: Schema) -> bool:
        """Whether a schema can be what a union or an interface is asked of; whether it fits is told when it was
        found.
        """
        read = self.calls.contracts.all_read.get(contract)
        if schema.variants is not None or read is None:
            return True
        return self.types.unions.misfit(read, schema, of) is None


def _role(site: FieldSite) -> Role | None:
    declaration, apart = site.declaration, site.apart
    operation = declaration.operation
    assert operation is not None  # links by key do not come here
    if declaration.kind == "connection":
        if apart is None or not apart.connection:
            site.wrong("annotate a connection `rest.Connection[Node] | None`")
            return None
        return "connection"
    if declaration.kind == "mutation":
        return "mutation"
    if apart is not None and apart.connection:
        site.wrong("use rest.connection for a Connection")
        return None
    has_each = any(isinstance(value, EachMark) for value in operation.bindings.values())
    if has_each and declaration.group_by is None:
        site.wrong("rest.each(...) needs group_by=, the property that repeats its value")
        return None
    if declaration.group_by is not None:
        return "grouped"
    return "list" if site.is_list else "field"


def _anything(_: Schema) -> bool:
    return True


def _nothing(_: Schema) -> bool:
    return False


def _items_of(call: BoundOperation) -> Use:
    assert call.result is not None  # a list was found there
    items = call.contract.schema(call.result).items
    assert items is not None  # what fits is in a list
    return items


def _misfit_of_items(call: BoundOperation, apart: Annotated, types: TypeFactory) -> str | None:
    """Why the items of a list operation, each by itself, do not fit what the contract says they are."""
    items = _items_of(call)
    if call.contract.schema(items).kind is Kind.ARRAY:
        return "the contract says a list of lists, which no connection shows"
    node = Annotated(apart.of, False, False, False, connection=False)
    return misfit(call.contract, items, node, types)


def _done(value: object, where: object) -> Any:
    return value
