"""Which types a schema shows: those that its roots lead to. GraphQL has no other way to a type than its fields, so
that what merely implements an interface is not found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from strawberry.types.base import StrawberryContainer, get_object_definition
from strawberry.types.lazy_type import LazyType
from strawberry.types.union import StrawberryUnion


def reached(roots: Iterable[object]) -> set[type]:
    """The classes of all object types that the roots lead to, through bound and plain fields."""
    found: set[type] = set()
    seen: set[int] = set()
    waiting: list[object] = list(roots)
    while waiting:
        here = waiting.pop()
        while isinstance(here, StrawberryContainer):
            here = here.of_type
        if isinstance(here, LazyType):
            here = here.resolve_type()
        if isinstance(here, StrawberryUnion):
            waiting += here.types
            continue
        definition = get_object_definition(here)
        if definition is None or id(definition) in seen:
            continue
        seen.add(id(definition))
        found.add(definition.origin)
        waiting += [one.origin for one in definition.interfaces]
        for one in definition.fields:
            with suppress(Exception):  # what can't be resolved is a mistake, told where it was met first
                waiting.append(one.resolve_type(type_definition=definition))
    return found


def unreached(
    roots: Iterable[object], implementing: Mapping[type, Iterable[type]]
) -> list[tuple[type, type]]:
    """The interfaces that answers go through, each with a type that implements it and that nothing leads to."""
    there = reached(roots) if implementing else set()
    return [
        (interface, cls) for interface, classes in implementing.items() for cls in classes if cls not in there
    ]
