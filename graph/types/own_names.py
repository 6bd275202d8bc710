"""The names that a project's own types have taken: objects, inputs, enums, unions, interfaces and scalars.

Generated types keep clear of them (`graph/types/type_names.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from strawberry.schema.name_converter import NameConverter
from strawberry.types.base import StrawberryContainer, StrawberryObjectDefinition, get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.lazy_type import LazyType
from strawberry.types.union import StrawberryUnion

from graph.declaring.fields import LateField
from graph.types import generated


def own_names(definitions: Iterable[StrawberryObjectDefinition], converter: NameConverter) -> set[str]:
    """The GraphQL names of everything that these types and their fields name, but for generated types."""
    found: set[str] = set()
    seen: set[int] = set()
    waiting: list[Any] = list(definitions)
    while waiting:
        here = _innermost(waiting.pop())
        if id(here) in seen or _is_generated(here):
            continue
        seen.add(id(here))
        if isinstance(here, StrawberryObjectDefinition):
            found.add(converter.from_type(here))
            waiting += [*here.interfaces, *_of_fields(here)]
        elif isinstance(here, (StrawberryEnumDefinition, StrawberryUnion)):
            found.add(converter.from_type(here))
            waiting += here.types if isinstance(here, StrawberryUnion) else ()
        elif (scalar := getattr(here, "_scalar_definition", None)) is not None:
            found.add(scalar.name)
    return found


def _innermost(of: Any) -> Any:
    while isinstance(of, StrawberryContainer):
        of = of.of_type
    if isinstance(of, LazyType):
        of = of.resolve_type()
    if isinstance(of, StrawberryObjectDefinition):
        return of
    return get_object_definition(of) or of


def _is_generated(here: Any) -> bool:
    origin = here.origin if isinstance(here, StrawberryObjectDefinition) else None
    wrapped = here.wrapped_cls if isinstance(here, StrawberryEnumDefinition) else None
    return getattr(origin or wrapped, "__module__", "") == generated.__name__


def _of_fields(definition: StrawberryObjectDefinition) -> Iterator[Any]:
    for one in definition.fields:
        if isinstance(one, LateField) and one.inherits_type:
            continue
        with suppress(Exception):  # what can't be resolved is a mistake, told where it was met first
            yield one.resolve_type(type_definition=definition)
            if one.base_resolver is not None:
                yield from [argument.type for argument in one.arguments]
