"""Pass: what of each answer is decoded. The properties that are selected, and those that nobody selected but
that something else needs: further steps (keys of links, what their parameters are bound to, what resolvers said they
need), and whoever has to tell of which type an object is (discriminators).

After serving, whose steps it reads. A field that the caller may not see counts like any other: a permitted
link may need it, and the plan is the same for all callers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from resolvers.plan.meaning import Attribute, Call, Property, Resolver
from resolvers.plan.plan import Field, Shape, Step
from resolvers.plan.walking import held
from resolvers.source import BoundOperation, Entity, Fetch, Grouped, Lookup, Pages, Source, Supplier, This

ANY: Final = "*"
"""The need of a resolver that does not say what it needs: every property."""


def needs(steps: tuple[Step, ...]) -> tuple[tuple[str, ...], ...]:
    """Per step the paths of the properties that are read of its values, in upstream names, sorted; `*` stands
    for all. Nothing for resolvers, whose values are Python's.
    """
    return tuple(tuple(sorted(set(_of(step)))) for step in steps)


def _of(step: Step) -> Iterator[str]:
    meaning = step.field.meaning
    if not isinstance(meaning, Call):
        return
    entity = _entity(meaning.source)
    if entity is not None:
        # An answer of many is matched by key, whatever was selected.
        yield from (".".join(path) for path in entity.key)
    if isinstance(meaning.source, Grouped):
        yield ".".join(meaning.source.group_by)
    if meaning.discriminator is not None:
        yield meaning.discriminator
    yield from _below(step.field.shape, ())


def _below(shape: Shape, at: tuple[str, ...]) -> Iterator[str]:
    for one in held(shape):
        meaning = one.meaning
        if isinstance(meaning, Property):
            path = (*at, *meaning.upstream)
            inner = list(_below(one.shape, path))
            if meaning.discriminator is not None:
                inner.append(".".join((*path, meaning.discriminator)))
            yield from inner or [".".join(path)]
        elif isinstance(meaning, Attribute):
            yield from _below(one.shape, at)  # a connection's edges and nodes: the items' own properties
        else:
            yield from (".".join((*at, *path)) for path in _asked(one))


def _asked(one: Field) -> Iterator[tuple[str, ...]]:
    """The parent's properties that a step needs before it can start."""
    if isinstance(one.meaning, Resolver):
        yield from ((name,) for name in ((ANY,) if one.meaning.needs is None else one.meaning.needs))
    if isinstance(one.meaning, Call):
        yield from parents_of(one.meaning.source)


def parents_of(source: Source) -> Iterator[tuple[str, ...]]:
    """The paths of the parent's properties that a source's calls are made from."""
    match source:
        case Lookup():
            suppliers: list[Supplier] = list(source.key)
        case Grouped():
            yield source.each
            suppliers = [one.supplier for one in source.call.bindings]
        case Fetch() | Pages():
            suppliers = [one.supplier for one in source.call.bindings]
    yield from (one.path for one in suppliers if isinstance(one, This))


def _entity(source: Source) -> Entity | None:
    return source.entity if isinstance(source, Lookup) else None


def operations_of(source: Source) -> tuple[BoundOperation, ...]:
    """The operations that may be called for a source; of a lookup the one by many keys first."""
    if isinstance(source, Lookup):
        return tuple(reversed(source.entity.operations))
    return (source.call,)
