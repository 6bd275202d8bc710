"""Readers: from the JSON of an answer to the values that GraphQL completes, each checked against its
contract.

A reader is made once per use of a schema, when the graph is bound: leaves come out checked
(`resolvers/reading/leaf.py`), objects as records that read their own properties when asked, objects of several
schemas as records of the right one (`resolvers/reading/variant.py`), lists item by item. What breaks the contract
becomes a `Violation` at the value's own place, so that GraphQL's null rules apply there and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, Final, TypeAlias

from adapters.contract.contract import Contract, Kind, Property, Schema, Use, Variants
from resolvers.fault import Violation, violation_at
from resolvers.reading.json_text import Unreadable
from resolvers.reading.leaf import WrongLeaf, expected_type, found_type, leaf
from resolvers.reading.record import Record, record, record_class
from resolvers.reading.row import Row
from resolvers.reading.variant import VariantReader
from resolvers.reading.where import Where, down

DEEPEST: Final = 200
"""Levels of lists and objects in free-form JSON; Python's own stack ends not far below."""


class _TooDeepError(Exception):
    """Free-form JSON of more levels."""


Reader: TypeAlias = Callable[[object, Where], Any]
"""Takes a JSON value and its place; gives the value for GraphQL; raises Violation."""


class ObjectReader:
    """Reads objects of one schema as records of one class.

    `names` maps Python attribute names to upstream names. `readers` makes the reader of a property's use on
    demand, which is how recursive schemas end.
    """

    __slots__ = ("_made", "_readers", "_schema", "names", "record_class", "title")

    def __init__(
        self, schema: Schema, names: Mapping[str, str], bound: type | None, readers: Callable[[Use], Reader]
    ) -> None:
        self._schema = schema
        self._readers = readers
        self._made: dict[str, Callable[[Record], Any]] = {}
        self.names = names
        self.title = bound.__name__ if bound else (schema.name or "object")
        self.record_class = record_class(bound)

    def __call__(self, value: object, where: Where) -> Record:
        """A record. Raises Violation where the value is no object."""
        if type(value) is Row:
            value = _object_of(value, where)
        if type(value) is not dict:
            raise Violation(violation_at(where, "object", found_type(value)))
        return record(value, where, self)

    @property
    def schema(self) -> Schema:
        """The schema of its objects."""
        return self._schema

    def property(self, of: Record, upstream: str) -> Any:
        """A property's checked value, by its upstream name. Raises Violation."""
        made = self._made.get(upstream)
        if made is None:
            declared = self._schema.property(upstream)
            if declared is None:
                raise KeyError(upstream)
            made = self._made[upstream] = property_reader((declared,), self._readers)
        return made(of)


def _object_of(row: Row, where: Where) -> Any:
    try:
        return row.object
    except Unreadable:
        raise Violation(violation_at(where, "JSON", "what is no JSON")) from None


def steps_at(contract: Contract, schema: Schema, path: tuple[str, ...]) -> tuple[Property, ...]:
    """The properties that a path of upstream names leads over, below a schema that has them."""
    steps: list[Property] = []
    for name in path:
        declared = schema.property(name)
        if declared is None:
            raise KeyError(name)
        steps.append(declared)
        schema = contract.schema(declared.use)
    return tuple(steps)


def property_reader(steps: tuple[Property, ...], readers: Callable[[Use], Reader]) -> Callable[[Record], Any]:
    """Reads what stands at a path of a record's properties. Each step may be null or absent where its own
    contract says so.
    """
    last = steps[-1]
    before = steps[:-1]
    path = tuple(step.name for step in steps)
    read = readers(last.use)

    def from_record(of: Record) -> Any:
        data: Any = of._stolon_data
        for taken, step in enumerate(before):
            found = data.get(step.name, _ABSENT)
            if type(found) is not dict:
                if _may_lack(step, found):
                    return None
                where = down(of._stolon_where, path[: taken + 1])
                raise Violation(violation_at(where, "object", _found(found)))
            data = found
        value = data.get(last.name, _ABSENT)
        if value is None or value is _ABSENT:
            if _may_lack(last, value):
                return None
            where = down(of._stolon_where, path)
            raise Violation(violation_at(where, "a value", _found(value)))
        return read(value, (down(of._stolon_where, path[:-1]), last.name))

    return from_record


def _may_lack(step: Property, value: object) -> bool:
    """Whether null, or nothing, is right there. Services write null for what is optional, whatever their contract
    says.
    """
    if value is _ABSENT:
        return not step.required
    return value is None and (step.use.nullable or not step.required)


def _found(value: object) -> str:
    return "nothing" if value is _ABSENT else found_type(value)


_ABSENT = object()


class Readers:
    """All readers of one contract in one graph."""

    def __init__(self, contract: Contract, names: Callable[[Schema], Mapping[str, str]]) -> None:
        self._contract = contract
        self._names = names
        self._objects: dict[tuple[str, type | None], ObjectReader] = {}
        self._variants: dict[str, VariantReader] = {}
        self._types: dict[str, type] = {}
        self._bound: set[str] = set()

    def declare(self, pointer: str, cls: type, *, generated: bool = False) -> None:
        """Let objects of a schema be records of this type from now on: a bound type, or one that was generated
        for it. The first type declared for a schema stays.
        """
        if self._types.setdefault(pointer, cls) is cls and not generated:
            self._bound.add(pointer)

    def of_object(self, schema: Schema, bound: type | None = None) -> ObjectReader:
        """The reader of an object schema, as records of `bound`, or of the type declared for it."""
        bound = bound or self._types.get(schema.pointer)
        found = self._objects.get((schema.pointer, bound))
        if found is None:
            found = self._objects[schema.pointer, bound] = ObjectReader(
                schema, self._names(schema), bound, self.of
            )
        return found

    def of(self, use: Use, bound: type | None = None) -> Reader:
        """The reader of a use; of an array of objects with `bound` as the class of its items. Null is not its
        business.

        What has variants is read as one of them, unless a bound type was declared for it, or is asked for.
        """
        schema = self._contract.schema(use)
        if schema.variants is not None and bound is None and schema.pointer not in self._bound:
            return self._of_variants(schema.pointer, schema.variants)
        if schema.kind is Kind.OBJECT:
            return self.of_object(schema, bound)
        if schema.kind is Kind.ARRAY:
            return self._of_array(schema, bound)
        if schema.kind in (Kind.ANY, Kind.UNION):
            return free_form
        return _of_leaf(schema)

    def _of_variants(self, pointer: str, variants: Variants) -> VariantReader:
        found = self._variants.get(pointer)
        if found is None:
            schemas = {at: self._contract.schema(at) for at in variants.schemas}
            objects = {at: self.of_object(schema) for at, schema in schemas.items()}
            found = self._variants[pointer] = VariantReader(
                variants.discriminator,
                {value: objects[at] for value, at in variants.values},
                [schema.name or "object" for schema in schemas.values()],
            )
        return found

    def _of_array(self, schema: Schema, bound: type | None) -> Reader:
        items = schema.items
        return free_form if items is None else ArrayReader(self.of(items, bound), items.nullable)


class ArrayReader:
    """Reads lists, item by item, with the reader `items`; null among them where they are `nullable`."""

    __slots__ = ("items", "nullable")

    def __init__(self, items: Reader, nullable: bool) -> None:
        self.items = items
        self.nullable = nullable

    def __call__(self, value: object, where: Where) -> list[Any]:
        """The items, Violations in the places of those that break the contract. Raises one where there is no list."""
        if type(value) is not list:
            raise Violation(violation_at(where, "array", found_type(value)))
        read, nullable = self.items, self.nullable
        return [item_of(read, item, (where, index), nullable) for index, item in enumerate(value)]


def discriminator_of(read: Reader) -> str | None:
    """The property that says of which schema a reader's objects are, or its items; None where that is known."""
    while isinstance(read, ArrayReader):
        read = read.items
    return read.discriminator if isinstance(read, VariantReader) else None


def item_of(read: Reader, item: object, where: Where, nullable: bool) -> Any:
    """An item of a list; a Violation stands in its place where it breaks the contract, so that its neighbours
    stay.

    graphql-core raises an exception that it meets as an item, at that item's path.
    """
    if item is None:
        return None if nullable else Violation(violation_at(where, "a value", "null"))
    try:
        return read(item, where)
    except Violation as found:
        return found


def _of_leaf(schema: Schema) -> Reader:
    check = leaf(schema)
    expected = expected_type(schema)

    def checked(value: object, where: Where) -> Any:
        try:
            return check(value)
        except WrongLeaf:
            raise Violation(violation_at(where, expected, found_type(value))) from None

    return checked


def free_form(value: object, where: Where) -> Any:
    """A JSON value as it is. Raises Violation where it is deeper than `DEEPEST`."""
    try:
        return plain(_object_of(value, where) if type(value) is Row else value)
    except _TooDeepError:
        expected = f"JSON of at most {DEEPEST} levels"
        raise Violation(violation_at(where, expected, "deeper JSON")) from None


def plain(value: Any, depth: int = 0) -> Any:
    """Free-form JSON without decimals, which would leave as text: they were read only to keep digits
    elsewhere.
    """
    if depth > DEEPEST:
        raise _TooDeepError
    if isinstance(value, Decimal):
        number = float(value)
        # JSON has no infinity: what a double can't hold stays text.
        return number if isfinite(number) else str(value)
    if isinstance(value, list):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {name: plain(item, depth + 1) for name, item in value.items()}
    return value


def holds_decimal_numbers(contract: Contract, use: Use) -> bool:
    """Whether an answer may hold decimals as JSON numbers, which must then be read digit by digit."""
    seen: set[str] = set()
    waiting = [use.schema]
    while waiting:
        pointer = waiting.pop()
        if pointer in seen:
            continue
        seen.add(pointer)
        schema = contract.schema(pointer)
        if schema.kind is Kind.DECIMAL and schema.json_type == "number":
            return True
        waiting.extend(declared.use.schema for declared in schema.properties)
        waiting.extend(schema.variants.schemas if schema.variants is not None else ())
        if schema.items is not None:
            waiting.append(schema.items.schema)
    return False
