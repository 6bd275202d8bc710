"""Binding sources: links, queries, connections and mutations, each to the operations that serve it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.union import StrawberryUnion

from adapters.contract import Kind, Use
from graph.access import AccessExtension
from graph.annotations import Annotated, members, take_apart
from graph.bind_calls import CallBinder, Called
from graph.bind_properties import misfit
from graph.bound_types import BoundType, BoundTypes
from graph.call_site import Ask, Role, upstream_path
from graph.connection_arguments import connection_arguments
from graph.declare import Access, EachMark, FieldDeclaration
from graph.directives import Authenticated, RequiresScopes, SourceDirective, access_directives
from graph.fields import BoundField
from graph.mistakes import Mistakes
from graph.naming import pascal
from graph.results import Wanted, property_at
from graph.type_factory import TypeFactory
from resolvers.reader import Reader
from resolvers.source import BoundOperation, Fetch, Grouped, Key, Lookup, Pages, Source, Supplier, This


@dataclass(slots=True)
class SourceBinder:
    """Binds the sources of one graph."""

    calls: CallBinder
    types: TypeFactory
    bound_types: BoundTypes
    mistakes: Mistakes

    def bind(self, definition: StrawberryObjectDefinition, one: BoundField) -> None:
        """Give a field its source, its type and its arguments, or note what is wrong with it."""
        declaration = one.declaration
        parent = self.bound_types.bound.get(definition.origin)
        name = f"{definition.name}.{one.python_name}"
        apart = None if one.inherits_type else take_apart(one.resolve_type(type_definition=definition))
        one.access = declaration.access | self.access_of(apart)
        if one.access and apart is not None and not apart.nullable:
            self._wrong(
                declaration, name, "a field that not everyone may see must be nullable: write `… | None`"
            )
        if declaration.key is not None:
            self._by_key(parent, one, name, apart)
        elif declaration.operation is None:
            self._wrong(declaration, name, "rest.link needs key= or an operation")
        else:
            self._by_operation(parent, one, name, apart)

    def access_of(self, apart: Annotated | None) -> Access:
        """What the field's own type asks of callers."""
        if apart is None or isinstance(apart.of, StrawberryUnion):
            return Access()
        found = Access()
        for definition in members(apart.of):
            found = found | self.bound_types.access_of(definition)
        return found

    def _wrong(self, declaration: FieldDeclaration, name: str, message: str) -> None:
        operation = declaration.operation
        self.mistakes.at(operation.position if operation else declaration.position, name, message)

    # --- by key

    def _by_key(self, parent: BoundType | None, one: BoundField, name: str, apart: Annotated | None) -> None:
        declaration = one.declaration
        target = (
            None if apart is None or not isinstance(apart.of, type) else self.bound_types.bound.get(apart.of)
        )
        if parent is None:
            self._wrong(declaration, name, "rest.link(key=...) is for fields of bound types")
            return
        if declaration.operation is not None:
            self._wrong(declaration, name, "a link is by key= or by an operation, not both")
            return
        if apart is None or target is None or apart.is_list or apart.connection:
            self._wrong(
                declaration, name, "a link by key= needs the annotation of one bound type, as `User | None`"
            )
            return
        if target.entity is None:
            if not target.declaration.key or not (target.declaration.one or target.declaration.many):
                self._wrong(
                    declaration,
                    name,
                    f"{target.definition.name} has no key= with one= or many= to be found by",
                )
            return
        key = declaration.key or ()
        if len(key) != len(target.entity.key):
            count = len(target.entity.key)
            self._wrong(
                declaration,
                name,
                f"{target.definition.name} has a key of {count} parts, key= names {len(key)}",
            )
            return
        suppliers: list[Supplier] = []
        for part in key:
            path = upstream_path(parent.parent, part)
            if isinstance(path, str):
                self._wrong(declaration, name, f"key={part!r}: {path}")
                continue
            suppliers.append(This(path))
        if len(suppliers) == len(key):
            self._serve(
                one, Lookup(target.entity, tuple(suppliers), apart.nullable), target.entity.operations
            )

    # --- by operation

    def _by_operation(
        self, parent: BoundType | None, one: BoundField, name: str, apart: Annotated | None
    ) -> None:
        declaration = one.declaration
        operation = declaration.operation
        assert operation is not None  # asked for by `bind`, which looked
        role = self._role(one, name, apart)
        if role is None:
            return
        target = (
            None if apart is None or not isinstance(apart.of, type) else self.bound_types.bound.get(apart.of)
        )
        wanted = self._wanted(operation.contract, target, apart, role)
        ids = self._ids(target, operation.contract, operation.operation)
        ask = Ask(
            role, name, wanted, parent.parent if parent else None, ids=ids, named=pascal(one.python_name)
        )
        called = self.calls.bind(operation, ask)
        if called is None:
            return
        call = called.call
        nullable = True if apart is None else apart.nullable
        if apart is None:
            self._inherit(one, call)
        arguments = list(called.arguments)
        if role == "connection":
            arguments = [*connection_arguments(call), *arguments]
        one.arguments = arguments
        if one.description is None:
            one.description = call.operation.summary or call.operation.description
        if one.deprecation_reason is None and call.operation.deprecated:
            one.deprecation_reason = "Deprecated by its contract."
        source = self._source(parent, one, name, called, role, target, nullable, apart)
        if source is not None:
            operations = source.entity.operations if isinstance(source, Lookup) else (call,)
            self._serve(one, source, operations)

    def _role(self, one: BoundField, name: str, apart: Annotated | None) -> Role | None:
        declaration = one.declaration
        match declaration.kind:
            case "connection":
                if apart is None or not apart.connection:
                    self._wrong(declaration, name, "annotate a connection `rest.Connection[Node] | None`")
                    return None
                return "connection"
            case "mutation":
                return "mutation"
            case _:
                if apart is not None and apart.connection:
                    self._wrong(declaration, name, "use rest.connection for a Connection")
                    return None
                operation = declaration.operation
                assert operation is not None  # links by key do not come here
                has_each = any(isinstance(value, EachMark) for value in operation.bindings.values())
                if has_each and declaration.group_by is None:
                    self._wrong(
                        declaration,
                        name,
                        "rest.each(...) needs group_by=, the property that repeats its value",
                    )
                    return None
                if declaration.group_by is not None:
                    return "grouped"
                return "list" if apart is not None and apart.is_list else "field"

    def _wanted(self, contract: str, target: BoundType | None, apart: Annotated | None, role: Role) -> Wanted:
        is_list = role in ("connection", "grouped") or (apart is not None and apart.is_list)
        if target is None:
            if is_list:
                return Wanted(lambda _: True, True, "values")
            return Wanted(None, False, "a value")
        if target.contract.name != contract:
            return Wanted(
                lambda _: False, is_list, f"{target.definition.name} (of contract {target.contract.name!r})"
            )
        return Wanted(target.fits, is_list, target.definition.name)

    def _ids(self, target: BoundType | None, contract: str, operation: str) -> frozenset[str]:
        """The parameters of the target's own `one` that hold its key."""
        one = target.entity.one if target is not None and target.entity is not None else None
        if one is None or one.service != contract or one.operation.id != operation:
            return frozenset()
        return frozenset(
            binding.target.parameter.name
            for binding in one.bindings
            if isinstance(binding.supplier, Key) and binding.target.parameter is not None
        )

    def _inherit(self, one: BoundField, call: BoundOperation) -> None:
        use = call.result
        if use is None:
            one.bind_type(bool | None)
            return
        one.bind_type(self.types.output(call.contract, use, pascal(call.operation.id), nullable=True))

    def _source(
        self,
        parent: BoundType | None,
        one: BoundField,
        name: str,
        called: Called,
        role: Role,
        target: BoundType | None,
        nullable: bool,
        apart: Annotated | None,
    ) -> Source | None:
        call = called.call
        declaration = one.declaration
        if role == "grouped":
            return self._grouped(parent, declaration, name, call, target, nullable, apart)
        if role == "connection":
            return Pages(call, self._items(call, target), nullable)
        lookup = None if role == "mutation" else _as_lookup(call, target, nullable)
        if lookup is not None:
            return lookup
        if call.result is None:
            return Fetch(call, _done, nullable, whole=False)
        misfit = self._misfit(call, call.result, target, apart)
        if misfit is not None:
            self._wrong(declaration, name, misfit)
            return None
        read = self.types.readers(call.contract).of(call.result, target.cls if target else None)
        return Fetch(call, read, nullable, whole=role == "list")

    def _misfit(
        self, call: BoundOperation, use: Use, target: BoundType | None, apart: Annotated | None
    ) -> str | None:
        if target is not None or apart is None:
            return None
        return misfit(call.contract, use, apart, self.types)

    def _items(self, call: BoundOperation, target: BoundType | None) -> Reader:
        """The reader of one item of a list operation."""
        assert call.result is not None  # a list was found there
        items = call.contract.schema(call.result).items
        assert items is not None  # what fits is in a list
        return self.types.readers(call.contract).of(items, target.cls if target else None)

    def _grouped(
        self,
        parent: BoundType | None,
        declaration: FieldDeclaration,
        name: str,
        call: BoundOperation,
        target: BoundType | None,
        nullable: bool,
        apart: Annotated | None,
    ) -> Source | None:
        assert declaration.group_by is not None  # its role is grouped
        if parent is None or target is None or declaration.operation is None or apart is None:
            self._wrong(
                declaration, name, "a grouped link is a field of a bound type, annotated with a bound type"
            )
            return None
        each = [
            value.path for value in declaration.operation.bindings.values() if isinstance(value, EachMark)
        ]
        path = upstream_path(parent.parent, each[0])
        group_by = upstream_path(target.parent, declaration.group_by)
        if isinstance(group_by, str):
            self._wrong(declaration, name, f"group_by={declaration.group_by!r}: {group_by}")
            return None
        if isinstance(path, str):
            return None  # told when the call was bound
        found = property_at(target.contract, target.schema, group_by)
        kind = Kind.STRING if isinstance(found, str) else target.contract.schema(found[0]).kind
        return Grouped(
            call=call,
            each=path,
            group_by=group_by,
            kind=kind,
            read=self._items(call, target),
            single=not apart.is_list,
            nullable=nullable,
        )

    # --- what is printed and who may see it

    def _serve(self, one: BoundField, source: Source, operations: tuple[BoundOperation, ...]) -> None:
        one.source = source
        directive = SourceDirective(
            service=operations[0].service, operations=[call.operation.id for call in operations]
        )
        one.directives = [*_others(one.directives), directive, *access_directives(one.access)]

    def guard(self, definition: StrawberryObjectDefinition, one: StrawberryField) -> None:
        """Let a field with a resolver of its own decide, before that runs, who may see it and what it leads to."""
        apart = take_apart(one.resolve_type(type_definition=definition))
        access = self.access_of(apart)
        if isinstance(one, BoundField):
            one.access = one.access | one.declaration.access | access
            if one.access and not apart.nullable:
                name = f"{definition.name}.{one.python_name}"
                self._wrong(
                    one.declaration,
                    name,
                    "a field that not everyone may see must be nullable: write `… | None`",
                )
            one.directives = [*_others(one.directives), *access_directives(one.access)]
            return
        if not access or any(isinstance(extension, AccessExtension) for extension in one.extensions):
            return
        one.extensions = [*one.extensions, AccessExtension(access)]
        one.directives = [*one.directives, *access_directives(access)]


def _others(directives: Any) -> list[object]:
    return [
        one for one in directives if not isinstance(one, (SourceDirective, RequiresScopes, Authenticated))
    ]


def _done(value: object, where: object) -> Any:
    return value


def _as_lookup(call: BoundOperation, target: BoundType | None, nullable: bool) -> Lookup | None:
    """A call of the target's own `one` with its key bound and nothing else: it shares the entity's slots."""
    entity = target.entity if target is not None else None
    one = entity.one if entity is not None else None
    if entity is None or one is None or call.operation is not one.operation or call.pick != one.pick:
        return None
    key: dict[int, Supplier] = {}
    ours = {binding.target.parameter or binding.target.body: binding.supplier for binding in call.bindings}
    for binding in one.bindings:
        place = binding.target.parameter or binding.target.body
        supplier = ours.pop(place, None)
        if isinstance(binding.supplier, Key):
            if supplier is None:
                return None
            key[binding.supplier.part] = supplier
        elif supplier != binding.supplier:
            return None
    if ours or len(key) != len(entity.key):
        return None
    return Lookup(entity, tuple(key[part] for part in range(len(key))), nullable, call)
