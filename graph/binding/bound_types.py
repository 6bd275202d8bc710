"""Bound types of one graph: found from the roots, checked against their contracts, and given their entities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field

from strawberry.types.base import StrawberryObjectDefinition, get_object_definition
from strawberry.types.field import UNRESOLVED, StrawberryField

from adapters.contract.contract import Contract, Kind, Schema, Use
from adapters.mistake import nearest
from graph.binding.bind_calls import CallBinder
from graph.binding.call_site import Ask, Parent, upstream_path
from graph.binding.keyed_types import KeyedType
from graph.binding.results import Wanted, property_at
from graph.declaring.annotations import members, take_apart
from graph.declaring.declare import DECLARATION, EXTENSIONS, Extension, Position, TypeDeclaration
from graph.declaring.fields import BoundField
from graph.declaring.mistakes import Mistakes
from graph.declaring.positions import class_position, field_position
from graph.types.type_factory import TypeFactory
from resolvers.reading.reader import ObjectReader
from resolvers.source import Entity


@dataclass(slots=True, eq=False)
class BoundType:
    """A bound type with its contract. `entity` is None where nothing fetches it by key."""

    cls: type
    declaration: TypeDeclaration
    definition: StrawberryObjectDefinition
    contract: Contract
    schema: Schema
    reader: ObjectReader
    key: tuple[tuple[str, ...], ...] = ()
    entity: Entity | None = None

    @property
    def key_paths(self) -> frozenset[tuple[str, ...]]:
        """The upstream paths of the declared key; what is wrong with it is told when the entity is bound."""
        paths = (upstream_path(self.parent, part) for part in self.declaration.key)
        return frozenset(path for path in paths if not isinstance(path, str))

    @property
    def parent(self) -> Parent:
        """What calls of its fields are bound to."""
        return Parent(self.contract, self.schema, self.reader.names)

    def fits(self, schema: Schema) -> bool:
        """Whether objects of another schema of the contract serve as this type: the same, or with all its
        properties.
        """
        if schema.pointer == self.schema.pointer:
            return True
        if schema.kind is not Kind.OBJECT:
            return False
        used = {
            one.upstream[0] for one in self.definition.fields if isinstance(one, BoundField) and one.upstream
        }
        used |= {path[0] for path in self.key}
        return bool(used) and all(_same_property(self, schema, name) for name in used)


def _own_fields(definition: StrawberryObjectDefinition) -> None:
    """Give a type its own copies of fields that it has from a base class or an extension: binding fills in
    each for its own contract.
    """
    for place, one in enumerate(definition.fields):
        inherited = isinstance(one, BoundField) and one.origin is not definition.origin
        if isinstance(one, BoundField) and inherited and one.copied is None:
            made = copy(one)
            made.copied = one
            definition.fields[place] = made


def _same_property(bound: BoundType, theirs: Schema, name: str) -> bool:
    mine, other = bound.schema.property(name), theirs.property(name)
    if mine is None or other is None:
        return False
    ours, others = bound.contract.schema(mine.use), bound.contract.schema(other.use)
    return ours.pointer == others.pointer or (ours.kind, ours.json_type) == (others.kind, others.json_type)


@dataclass(slots=True)
class BoundTypes:
    """All object types that can be reached from the roots; those bound to contracts by class."""

    calls: CallBinder
    types: TypeFactory
    mistakes: Mistakes
    bound: dict[type, BoundType] = field(default_factory=dict)
    definitions: list[StrawberryObjectDefinition] = field(default_factory=list)
    unresolved: set[int] = field(default_factory=set)
    """Fields, by identity, whose annotations name nothing: that was told, and no more is to be said of them."""

    def discover(self, roots: Iterable[type]) -> None:
        """Find every object type from the roots on, and read the contract of every bound one."""
        waiting = [definition for root in roots if (definition := get_object_definition(root)) is not None]
        seen = {id(definition) for definition in self.definitions}
        while waiting:
            definition = waiting.pop()
            if id(definition) in seen:
                continue
            seen.add(id(definition))
            self._extend(definition)
            _own_fields(definition)
            self.definitions.append(definition)
            declaration = definition.origin.__dict__.get(DECLARATION)
            if declaration is not None:
                self._read(definition, declaration)
            waiting.extend(definition.interfaces)
            for one in definition.fields:
                waiting.extend(self._reached(definition, one))

    def serving(self, contract: Contract, use: Use) -> tuple[BoundType | None, bool]:
        """The bound type that serves a value of a contract, or the items of a list; and whether it is a list."""
        schema = contract.schema(use)
        is_list = schema.kind is Kind.ARRAY
        if schema.items is not None:
            schema = contract.schema(schema.items)
        cls = self.types.bound.get((contract.name, schema.pointer))
        return (None if cls is None else self.bound[cls]), is_list

    def _extend(self, definition: StrawberryObjectDefinition) -> None:
        extensions: list[Extension] = definition.origin.__dict__.get(EXTENSIONS) or []
        for extension in extensions:
            added = get_object_definition(extension.cls, strict=True)
            own = {one.python_name: one for one in definition.fields}
            for one in added.fields:
                there = own.get(one.python_name)
                if there is not None and one in (there, getattr(there, "copied", None)):
                    continue
                if one.python_name in own:
                    where = f"{definition.name}.{one.python_name}"
                    self.mistakes.at(extension.position, where, "the type has a field of this name already")
                    continue
                definition.fields.append(one)

    def _reached(
        self, definition: StrawberryObjectDefinition, one: StrawberryField
    ) -> Iterator[StrawberryObjectDefinition]:
        if isinstance(one, BoundField) and one.inherits_type:
            return
        position = one.declaration.position if isinstance(one, BoundField) else self._position(definition)
        try:
            resolved = one.resolve_type(type_definition=definition)
            if resolved is UNRESOLVED:
                annotation = one.type_annotation.raw_annotation if one.type_annotation else "?"
                raise NameError(f"the annotation {annotation!r} names what is not defined")
            apart = take_apart(resolved)
        except Exception as wrong:  # noqa: BLE001 - see below
            # Whatever an annotation does when it is evaluated is the project's own mistake, and one among
            # others.
            self.mistakes.at(
                field_position(one, definition.origin, position),
                f"{definition.name}.{one.python_name}",
                f"can't resolve its annotation: {wrong}",
            )
            self.unresolved.add(id(one))
            return
        yield from members(apart.of)
        if apart.connection:
            inner = one.resolve_type(type_definition=definition)
            yield from members(getattr(inner, "of_type", inner))

    def _position(self, definition: StrawberryObjectDefinition) -> Position:
        declaration: TypeDeclaration | None = definition.origin.__dict__.get(DECLARATION)
        if declaration is not None:
            return declaration.position
        return class_position(definition.origin)

    def _read(self, definition: StrawberryObjectDefinition, declaration: TypeDeclaration) -> None:
        name = definition.name
        contract = self.calls.contracts.get(declaration.schema.contract, declaration.schema.position, name)
        self.types.unread.add(definition.origin)
        if contract is None:
            return
        pointer = contract.components.get(declaration.schema.name)
        if pointer is None:
            wanted = declaration.schema.name
            hint = nearest(wanted, contract.components)
            self.mistakes.at(
                declaration.schema.position,
                name,
                f"contract {contract.name!r} has no schema {wanted!r}{hint}",
            )
            return
        schema = contract.schema(pointer)
        if schema.kind is not Kind.OBJECT:
            self.mistakes.at(
                declaration.schema.position, name, f"schema {schema.name!r} is {schema.kind}, not an object"
            )
            return
        cls = definition.origin
        self.types.unread.discard(cls)
        readers = self.types.readers(contract)
        readers.declare(schema.pointer, cls)
        self.types.bound.setdefault((contract.name, schema.pointer), cls)
        if definition.description is None:
            definition.description = schema.description
        reader = readers.of_object(schema, cls)
        self.bound[cls] = BoundType(cls, declaration, definition, contract, schema, reader)

    # --- entities

    def bind_entities(self) -> None:
        """Check every bound type's key, and bind its `one` and `many`."""
        unread = (get_object_definition(cls, strict=True).name for cls in self.types.unread)
        self.calls.keyed.failed.update(unread)
        for one in self.bound.values():
            self._bind_entity(one)

    def _bind_entity(self, bound: BoundType) -> None:
        declaration, name = bound.declaration, bound.definition.name
        key: list[tuple[str, ...]] = []
        kinds: list[Kind] = []
        for part in declaration.key:
            path = upstream_path(bound.parent, part)
            found = path if isinstance(path, str) else property_at(bound.contract, bound.schema, path)
            if isinstance(found, str) or isinstance(path, str):
                self.mistakes.at(declaration.position, name, f"key={part!r}: {found}")
                continue
            kind = bound.contract.schema(found[0]).kind
            if kind in (Kind.OBJECT, Kind.ARRAY, Kind.UNION, Kind.ANY, Kind.NUMBER, Kind.BOOLEAN):
                self.mistakes.at(
                    declaration.position, name, f"key={part!r}: a key is text or an integer, not {kind}"
                )
                continue
            key.append(path)
            kinds.append(kind)
        bound.key = tuple(key)
        if not declaration.key:
            if declaration.one is not None or declaration.many is not None:
                self.mistakes.at(declaration.position, name, "one= and many= need a key=")
            return
        if len(key) < len(declaration.key):
            self.calls.keyed.failed.add(name)
            return
        keyed = KeyedType(name, bound.contract.name, bound.schema.pointer, declaration.key, tuple(kinds))
        variants = bound.schema.variants
        self.calls.keyed.add(keyed, () if variants is None else variants.schemas)
        if declaration.one is None and declaration.many is None:
            return
        one = declaration.one and self.calls.bind(
            declaration.one,
            Ask("one", f"{name} one=", Wanted(bound.fits, False, name), key=declaration.key, shows=name),
        )
        many = declaration.many and self.calls.bind(
            declaration.many,
            Ask("many", f"{name} many=", Wanted(bound.fits, True, name), key=declaration.key, shows=name),
        )
        if one is None and many is None:
            return
        keyed.one = one.call if one else None
        bound.entity = Entity(
            name=name,
            key=bound.key,
            kinds=tuple(kinds),
            one=one.call if one else None,
            many=many.call if many else None,
            reader=bound.reader,
        )
