"""Binding links that are batched: by key, through an entity's `one` and `many`, and grouped."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.contract.contract import Kind
from graph.binding.bound_types import BoundType
from graph.binding.call_site import Parent, upstream_path
from graph.binding.field_site import FieldSite
from graph.binding.results import property_at
from graph.declaring.declare import EachMark
from resolvers.reading.reader import Reader
from resolvers.source import BoundOperation, Grouped, Key, Lookup, Supplier, This


def by_key(site: FieldSite) -> Lookup | None:
    """The source of `rest.link(key=...)`; None with a mistake noted."""
    target, parent, declaration = site.target, site.parent, site.declaration
    if site.parent_is_unread or site.target_is_unread:
        return None
    if parent is None:
        site.wrong("rest.link(key=...) is for fields of bound types")
        return None
    if declaration.operation is not None or declaration.group_by is not None:
        site.wrong("a link is by key= or by an operation, not both")
        return None
    if target is None or site.is_list or (site.apart is not None and site.apart.connection):
        site.wrong("a link by key= needs the annotation of one bound type, as `User | None`")
        return None
    key = declaration.key or ()
    suppliers: list[Supplier] = []
    for part in key:
        path = upstream_path(parent.parent, part)
        if isinstance(path, str):
            site.wrong(f"key={part!r}: {path}")
        else:
            suppliers.append(This(path))
    if not target.declaration.key or not (target.declaration.one or target.declaration.many):
        site.wrong(f"{target.definition.name} has no key= with one= or many= to be found by")
        return None
    if len(key) != len(target.declaration.key):
        parts = ", ".join(map(repr, target.declaration.key))
        site.wrong(f"{target.definition.name} has the key {parts}: key= must name as many properties")
        return None
    if target.entity is None or len(suppliers) < len(key):
        return None  # what is wrong with the entity was told when it was bound
    return Lookup(target.entity, tuple(suppliers), site.nullable)


def grouped(site: FieldSite, call: BoundOperation, read: Reader, items: Sequence[Parent]) -> Grouped | None:
    """The source of a link with `group_by=`; None with a mistake noted. `items` are what the items may be: one
    bound type, or the variants of a schema.
    """
    declaration, parent = site.declaration, site.parent
    assert declaration.group_by is not None  # its role is grouped
    assert declaration.operation is not None
    if site.parent_is_unread:
        return None
    if parent is None or not items:
        site.wrong("a grouped link is a field of a bound type, annotated with a bound type")
        return None
    each = [value.path for value in declaration.operation.bindings.values() if isinstance(value, EachMark)]
    path = upstream_path(parent.parent, each[0])
    group_by = _group_by(declaration.group_by, items)
    if isinstance(group_by, str):
        site.wrong(f"group_by={declaration.group_by!r}: {group_by}")
        return None
    if isinstance(path, str):
        return None  # told when the call was bound
    return Grouped(
        call=call,
        each=path,
        group_by=group_by[0],
        kind=group_by[1],
        read=read,
        single=not site.is_list,
        nullable=site.nullable,
    )


def _group_by(name: str, items: Sequence[Parent]) -> tuple[tuple[str, ...], Kind] | str:
    """The upstream path of the property that repeats the parents' value, and its kind; or what is wrong with it."""
    found: dict[tuple[tuple[str, ...], Kind], str] = {}
    for one in items:
        path = upstream_path(one, name)
        if isinstance(path, str):
            return path
        at = property_at(one.contract, one.schema, path)
        kind = Kind.STRING if isinstance(at, str) else one.contract.schema(at[0]).kind
        found.setdefault((path, kind), one.schema.name or one.schema.pointer)
    if len(found) > 1:
        listed = " and ".join(
            f"{'.'.join(path)!r} ({kind}) in {schema!r}" for (path, kind), schema in found.items()
        )
        return f"all variants must have it by one name and kind, and it is {listed}"
    return next(iter(found))


def as_lookup(call: BoundOperation, target: BoundType | None, nullable: bool) -> Lookup | None:
    """A call of the target's own `one` with its key bound and nothing else: it shares the entity's slots. What has a
    fallback of its own has answers that are no others'.
    """
    entity = target.entity if target is not None else None
    one = entity.one if entity is not None else None
    if entity is None or one is None or call.operation is not one.operation or call.pick != one.pick:
        return None
    if call.fallback is not None and call.fallback != one.fallback:
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
