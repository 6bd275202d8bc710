"""Serving one field from its source, on the reference lane: what a bound field's resolver does.

Everything asks the store at once, without awaiting first, so that keys of one level gather in one batch; only
what is not settled yet is awaited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from adapters.contract.contract import MISSING
from resolvers.call import argument_path, check, supply
from resolvers.errors import page_fault
from resolvers.fault import Code, Fault, FieldError, Violation, violation_at
from resolvers.loading.keys import canonical
from resolvers.loading.settled import Settled, then
from resolvers.loading.store import Store
from resolvers.paging.connection import BadWindow, Slice, Window, slice_of
from resolvers.paging.paging import PageViolation
from resolvers.reading.leaf import INT32, found_type
from resolvers.reading.long_list import LONG, LongList
from resolvers.reading.reader import ArrayReader, Reader, item_of
from resolvers.reading.record import raw
from resolvers.reading.where import Where, down
from resolvers.source import (
    Argument,
    BoundOperation,
    Fetch,
    Grouped,
    Lookup,
    Pages,
    Source,
    Supplied,
    Target,
    This,
)

_NOTHING = Fault(Code.NOT_FOUND, "Not found.")


def resolve(
    source: Source, parent: object, arguments: Mapping[str, object], store: Store, *, sliced: bool = False
) -> Any:
    """The field's value, or an awaitable of it. Raises FieldError, at once or when awaited. `sliced`: who asks takes
    long lists as they come (`LongList`).
    """
    supplied = Supplied(parent=parent, arguments=arguments)
    match source:
        case Fetch():
            return _fetch(source, supplied, store, sliced)
        case Lookup():
            return _lookup(source, supplied, store)
        case Grouped():
            return _grouped(source, supplied, store)
        case Pages():
            return _pages(source, supplied, arguments, store)


def _fetch(source: Fetch, supplied: Supplied, store: Store, sliced: bool) -> Any:
    if lacks(source.call, supplied.parent):
        return _nothing(source.nullable)
    use = partial(read_pair, source.read, source.nullable, sliced=sliced)
    if not source.call.safe:
        return _change(source, supplied, store)
    asked = store.whole(source.call, supplied) if source.whole else store.value(source.call, supplied)
    return then(asked, use)


async def _change(source: Fetch, supplied: Supplied, store: Store) -> Any:
    return read_pair(source.read, source.nullable, await store.change(source.call, supplied))


def lacks(call: BoundOperation, parent: object) -> bool:
    """Whether a required parameter, or a required property of the body, would come from a property of the
    parent that is null: then there is nothing to ask.
    """
    return any(
        isinstance(one.supplier, This)
        and raw(parent, one.supplier.path) is None
        and _insists(call, one.target)
        for one in call.bindings
    )


def _insists(call: BoundOperation, to: Target) -> bool:
    if to.parameter is not None:
        return to.parameter.required
    if to.use.nullable or call.operation.body is None:
        return False
    use, required = call.operation.body.use, call.operation.body.required
    for step in to.body or ():
        declared = call.contract.schema(use).property(step)
        if declared is None:
            return False
        use, required = declared.use, declared.required
    return required


def read_pair(read: Reader, nullable: bool, settled: Settled, *, sliced: bool = False) -> Any:
    """The GraphQL value of a settled pair of value and place, a long list as `LongList` where it is to be `sliced`.
    Raises FieldError.
    """
    found = settled.unwrap()
    if found is None:
        return _nothing(nullable)
    value, where = found
    if sliced and isinstance(read, ArrayReader) and type(value) is list and len(value) > LONG:
        return LongList(read, value, where)
    return read(value, where)


def _nothing(nullable: bool) -> None:
    if not nullable:
        raise FieldError(_NOTHING)


def _lookup(source: Lookup, supplied: Supplied, store: Store) -> Any:
    entity = source.entity
    key: list[str] = []
    for supplier, kind in zip(source.key, entity.kinds, strict=True):
        value = supply(supplier, supplied, store.sender)
        if value is None or value is MISSING:
            return _nothing(source.nullable)
        part = canonical(kind, value)
        if part is None:
            raise FieldError(_no_key(supplier, value, supplied.parent))
        key.append(part)
    if source.call is not None and source.call.from_client:
        # Refuses what may not be sent at the argument's own place, before anything is asked.
        check(source.call, supplied, store.sender)
    return then(store.entity(entity, tuple(key)), partial(_read_lookup, source))


def _read_lookup(source: Lookup, settled: Settled) -> Any:
    fault, call = settled.fault, source.call
    if fault is not None and fault.status in (400, 422) and call is not None:
        # Links may share the key; here the client said it. (Of a batch nobody knows which key was refused.)
        said = [one.target for one in call.bindings if isinstance(one.supplier, Argument)]
        if said and fault.operation == call.operation.id:
            fields = [{"path": list(argument_path(call, to, ())), "message": fault.message} for to in said]
            details = {"fields": fields, **fault.details}
            raise FieldError(replace(fault, code=Code.BAD_USER_INPUT, details=details))
    return read_pair(source.entity.reader, source.nullable, settled)


def _no_key(supplier: object, value: object, parent: Any) -> Fault:
    if isinstance(supplier, This):
        where: Where = parent._stolon_where
        for step in supplier.path:
            where = (where, step)
        return violation_at(where, "a key", found_type(value))
    name = (supplier.shown or supplier.name) if isinstance(supplier, Argument) else "key"
    return Fault(
        Code.BAD_USER_INPUT,
        f"{name}: expected a key of this type",
        details={"fields": [{"path": [name], "message": "expected a key of this type"}]},
    )


def _grouped(source: Grouped, supplied: Supplied, store: Store) -> Any:
    value = raw(supplied.parent, source.each)
    if value is None or lacks(source.call, supplied.parent):
        return _nothing(source.nullable) if source.single or source.nullable else []
    each = canonical(source.kind, value)
    if each is None:
        raise FieldError(_no_key(This(source.each), value, supplied.parent))
    return then(store.group(source, supplied, each), partial(_read_group, source))


def _read_group(source: Grouped, settled: Settled) -> Any:
    items = settled.unwrap()
    if not source.single:
        return [item_of(source.read, item, where, nullable=False) for item, where in items]
    if not items:
        return _nothing(source.nullable)
    if len(items) > 1:
        raise Violation(violation_at(items[1][1], "one item for each parent", "another"))
    item, where = items[0]
    return source.read(item, where)


class Paged:
    """A slice of a connection with the reader of its nodes: what GraphQL's connection types read."""

    __slots__ = ("_call", "nodes", "slice")

    def __init__(self, found: Slice, read: Reader, call: BoundOperation, where: Where) -> None:
        self.slice = found
        self._call = call
        self.nodes = [
            item_of(read, item, (where, index), nullable=False) for index, item in enumerate(found.nodes)
        ]

    @property
    def total(self) -> int | None:
        """How many items the list has, where that was said. Raises FieldError for more than GraphQL's Int holds."""
        total, paging = self.slice.total, self._call.paging
        if total is not None and total not in INT32:
            path = () if paging is None or paging.total is None else paging.total
            broken = PageViolation(path, "Int (32 bits)", found_type(total))
            raise FieldError(page_fault(self._call, broken))
        return total

    async def has_next_page(self) -> bool:
        """Whether items follow, which may cost a call. Raises FieldError."""
        try:
            return await self.slice.has_next_page()
        except PageViolation as broken:
            raise FieldError(page_fault(self._call, broken)) from None


async def _pages(source: Pages, supplied: Supplied, arguments: Mapping[str, object], store: Store) -> Any:
    call = source.call
    paging = call.paging
    assert paging is not None  # binding refuses a connection over an operation that does not page
    if lacks(call, supplied.parent):
        return _nothing(source.nullable)
    window = Window(**{name: _argument(arguments, name) for name in ("first", "after", "last", "before")})
    try:
        found = await slice_of(paging, window, partial(store.page, call, supplied))
    except BadWindow as bad:
        details = {"fields": [{"path": [bad.argument], "message": str(bad)}]}
        raise FieldError(Fault(Code.BAD_USER_INPUT, f"{bad.argument}: {bad}", details=details)) from None
    except PageViolation as broken:
        raise FieldError(page_fault(call, broken)) from None
    return Paged(found, source.read, call, down(call.root, paging.items))


def _argument(arguments: Mapping[str, object], name: str) -> Any:
    value = arguments.get(name)
    return None if value is MISSING else value
