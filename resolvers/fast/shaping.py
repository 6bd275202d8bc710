"""Shaping: a plan's shapes become builders, and what of each answer is decoded.

`resolvers/fast/program.py` makes a program of what comes out. Where an answer holds what has no type of its own,
there is none: `NotCompiled`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Protocol

import msgspec

from adapters.contract.contract import Contract, Kind, Schema
from resolvers.fast.builders import (
    Builder,
    Column,
    ObjectBuilder,
    as_decoded,
    constant,
    converted,
    filled_by,
    getter,
    leaves,
    lists,
    property_column,
    read_column,
    sparse,
)
from resolvers.fast.given import Get
from resolvers.fast.in_types import InObject, InValue, leaf_type
from resolvers.fast.leaves import completed, conversion
from resolvers.fast.masked import access_of
from resolvers.fast.uncompiled import NotCompiled, Troubled, Unhurried
from resolvers.plan.meaning import Attribute, Call, Property, TypeName
from resolvers.plan.plan import Field, LeafShape, ListShape, ObjectShape, Plan, Shape
from resolvers.reading.reader import ObjectReader, steps_at
from resolvers.resolve import Paged
from resolvers.source import BoundOperation, Fetch, Lookup, Pages, Source

_NOTHING: Final[Mapping[int, Unhurried]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Within:
    """Where properties stand: an object schema of a contract, and what is decoded of its objects."""

    contract: Contract
    schema: Schema
    decoded: InObject


@dataclass(slots=True)
class Yielded:
    """What a step yields: how it is built; and what is decoded of a whole answer, and leads to the value there,
    where that can be.
    """

    build: Builder
    answer: InValue | None = None
    exact: bool = False
    take: Get | None = None

    @property
    def decode(self) -> Callable[[bytes], Any] | None:
        """Decodes a whole answer. Not before everybody has said what they decode."""
        if self.answer is None:
            return None
        hook = Decimal if self.exact else None
        decode = msgspec.json.Decoder(self.answer.made(), float_hook=hook).decode

        def decoded(body: bytes) -> Any:
            if not body.isascii():
                body.decode()  # msgspec passes over what is no UTF-8 in properties that nobody asked for
            return decode(body)

        return decoded


class Shaping:
    """The shapes of one plan. Of each step: `attributes`, the field of its parents' Structs that it fills;
    `above`, where its parents' properties stand; `values`, what it yields. A step that has no shape, or is one of
    those given as such, is among `islands`, for a reason; what is noted of steps below it means nothing. Fields that
    ask what is `denied` are null, and their steps are `skipped`.
    """

    def __init__(
        self,
        plan: Plan,
        islands: Mapping[int, Unhurried] = _NOTHING,
        denied: Collection[Hashable] = (),
    ) -> None:
        self._plan = plan
        self._denied = denied
        self.skipped: set[int] = set()
        self._known = islands
        self.islands: dict[int, Unhurried] = {}
        self.attributes: dict[int, str] = {}
        self.above: dict[int, Within | None] = {}
        self.values: dict[int, Yielded] = {}
        self._page: tuple[Contract, ObjectReader] | None = None

    # --- shapes

    def object(self, shape: ObjectShape, within: Within | None) -> ObjectBuilder:
        """The builder of an object: of a contract's, or (`within` nothing) of Python's own."""
        if shape.type.is_type_of is not None and (within is None or shape.schema != within.schema.pointer):
            raise NotCompiled(Unhurried.RESOLVER)
        decoded = None if within is None else within.decoded
        made = ObjectBuilder(shape.keys, decoded, islands=self.islands)
        for index, one in enumerate(shape.fields):
            meaning = one.meaning
            if self._denied and access_of(one) in self._denied:
                self._deny(one)
                made.columns.append(constant(None))
                made.as_is = False
            elif one.step is not None:
                if within is None and shape is not self._plan.root:
                    raise NotCompiled(Unhurried.RESOLVER)
                self.attributes[one.step] = filled_by(index)
                self.above[one.step] = within
                self._step(one.step, one, within)
                made.columns.append(constant(None))
                made.steps.append(one.step)
                # What decoding would take for the field must not be there.
                made.as_is &= within is not None and within.schema.property(one.key) is None
                made.filled += (one.key,)
            elif isinstance(meaning, TypeName):
                made.columns.append(constant(one.parent.name))
                made.as_is = False
            elif isinstance(meaning, Property) and within is not None:
                self._property(made, one, meaning, within)
            elif isinstance(meaning, Attribute) and within is None:
                made.columns.append(self._read(one, meaning))
                made.as_is = False
            else:
                raise NotCompiled(Unhurried.RESOLVER)
        return made

    def _deny(self, one: Field) -> None:
        if not one.shape.nullable:  # its error takes what is above
            raise NotCompiled(Unhurried.MASKED)
        if one.step is not None:
            self.skipped.add(one.step)

    def _step(self, number: int, one: Field, within: Within | None) -> None:
        if isinstance(one.meaning, Call):
            try:
                if number in self._known:
                    raise NotCompiled(self._known[number])
                self.values[number] = self._yielded(one, one.meaning.source)
            except NotCompiled as refused:
                self.islands[number] = refused.reason
        elif within is None:
            self.islands[number] = Unhurried.RESOLVER
        else:  # it is handed a record, which nothing here makes
            raise NotCompiled(Unhurried.RESOLVER)

    def _property(self, made: ObjectBuilder, one: Field, meaning: Property, within: Within) -> None:
        if meaning.schema not in (None, within.schema.pointer):
            raise NotCompiled(Unhurried.FREE_FORM)
        value, path = _place(within, meaning.upstream, insists=not one.shape.nullable)
        last = steps_at(within.contract, within.schema, meaning.upstream)[-1]
        build = self._shape(one.shape, within.contract.schema(last.use), within.contract, value)
        made.columns.append(property_column(path, build))
        made.same.append(meaning.upstream[0])
        made.as_is = made.as_is and build is as_decoded and len(path) == 1

    def _shape(self, shape: Shape, schema: Schema, contract: Contract, value: InValue) -> Builder:
        """The builder of values of a schema; what of them is decoded is put into `value`."""
        if isinstance(shape, LeafShape):
            value.as_leaf(leaf_type(schema))
            convert = conversion(schema, shape.type)
            return leaves(convert, value) if convert else as_decoded
        if schema.variants is not None or not isinstance(shape, ListShape | ObjectShape):
            raise NotCompiled(Unhurried.VARIANTS)
        if isinstance(shape, ListShape):
            if schema.kind is not Kind.ARRAY or schema.items is None:
                raise NotCompiled(Unhurried.FREE_FORM)
            items = value.as_list(nullable=schema.items.nullable and shape.item.nullable)
            build = self._shape(shape.item, contract.schema(schema.items), contract, items)
            return as_decoded if build is as_decoded else lists(build)
        if schema.kind is not Kind.OBJECT:
            raise NotCompiled(Unhurried.FREE_FORM)
        built = self.object(shape, Within(contract, schema, value.as_object()))
        return built if not value.nullable and not value.may_lack else sparse(built)

    # --- what steps yield

    def _yielded(self, one: Field, source: Source) -> Yielded:
        if isinstance(source, Pages):
            if not isinstance(source.read, ObjectReader):
                raise NotCompiled(Unhurried.VARIANTS)
            self._page, outer = (source.call.contract, source.read), self._page
            try:
                return Yielded(self._python(one.shape))
            finally:
                self._page = outer
        value = InValue(may_lack=False, nullable=False)
        if isinstance(source, Fetch):
            contract, call = source.call.contract, source.call
            if call.result is None or not call.safe:
                raise NotCompiled(Unhurried.FREE_FORM)
            if call.paging is None or not source.whole:
                return self._whole(one.shape, call)
            build = self._shape(one.shape, contract.schema(call.result), contract, value)
            return Yielded(converted(value, build))
        reader = source.entity.reader if isinstance(source, Lookup) else source.read
        if not isinstance(reader, ObjectReader):
            raise NotCompiled(Unhurried.VARIANTS)
        contract = (
            source.entity.operations[0].contract if isinstance(source, Lookup) else source.call.contract
        )
        shape = one.shape
        if isinstance(shape, ListShape):
            items = value.as_list(nullable=False)
            build = lists(self._objects(shape.item, contract, reader.schema, items))
        else:
            build = self._objects(shape, contract, reader.schema, value)
        return Yielded(converted(value, build))

    def _objects(self, shape: Shape, contract: Contract, schema: Schema, value: InValue) -> Builder:
        """Objects that were read as those of one schema, whatever may extend it."""
        if not isinstance(shape, ObjectShape) or schema.kind is not Kind.OBJECT:
            raise NotCompiled(Unhurried.VARIANTS)
        return self.object(shape, Within(contract, schema, value.as_object()))

    def _whole(self, shape: Shape, call: BoundOperation) -> Yielded:
        """A whole answer, of which the value that `pick` names is decoded and nothing else."""
        answer, contract = call.operation.success, call.contract
        if answer is None or answer.use is None or call.result is None:
            raise NotCompiled(Unhurried.FREE_FORM)
        top = InValue(may_lack=False, nullable=answer.use.nullable)
        value, take = top, None
        if call.pick:
            schema = contract.schema(answer.use)
            value, path = _place(Within(contract, schema, top.as_object()), call.pick, insists=False)
            take = getter(path)
        build = self._shape(shape, contract.schema(call.result), contract, value)
        if value.type is Any and not value.nullable:
            raise NotCompiled(Unhurried.FREE_FORM)  # decoding would let a null through
        return Yielded(build, top, call.exact, take)

    # --- connections: Python objects around a page's nodes

    def _read(self, one: Field, meaning: Attribute) -> Column:
        if meaning.part == "hasNextPage":
            return read_column(_known_next, as_decoded, nullable=False)
        # Of what connections are made of, only a node is read off an attribute of its own.
        build = self._python(one.shape, node=meaning.part in (None, "nodes"))
        return read_column(meaning.read, build, nullable=one.shape.nullable)

    def _python(self, shape: Shape, *, node: bool = False) -> Builder:
        if isinstance(shape, LeafShape):
            return leaves(completed(shape.type))
        if isinstance(shape, ListShape):
            return lists(self._python(shape.item, node=node))
        if not isinstance(shape, ObjectShape) or self._page is None:
            raise NotCompiled(Unhurried.VARIANTS)
        if not node:
            return sparse(self.object(shape, None))
        contract, reader = self._page
        value = InValue(may_lack=False, nullable=False)
        return converted(value, self._objects(shape, contract, reader.schema, value))


def _place(within: Within, path: tuple[str, ...], *, insists: bool) -> tuple[InValue, tuple[str, ...]]:
    """What is decoded at a path of properties, and the attributes that lead there."""
    here, attributes = within.decoded, list[str]()
    value: InValue | None = None
    for step in steps_at(within.contract, within.schema, path):
        if value is not None:
            here = value.as_object()
        value = here.value(
            step.name,
            may_lack=not insists and not step.required,
            # Services write null for what is optional, whatever their contract says.
            nullable=not insists and (step.use.nullable or not step.required),
        )
        attributes.append(value.attribute)
    assert value is not None  # a path names something
    return value, tuple(attributes)


class _PageInfo(Protocol):
    """What hangs below a connection for `pageInfo`."""

    @property
    def paged(self) -> Paged: ...


def _known_next(info: _PageInfo) -> bool:
    """Whether a page has a next one, where no call has to be made to know it."""
    found = info.paged.slice.has_next
    if found is None:
        raise Troubled
    return found
