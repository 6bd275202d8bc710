"""The declaring idiom, `from stolon import rest`: Strawberry types bound to contracts.

Everything here only notes what was declared and where; nothing is read and nothing raises for a mistake, so
that `rest.Schema(...)`, which checks and binds it all (`graph/declaring/schema.py`), can tell all mistakes together.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, TypeVar, dataclass_transform, overload

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.info import Info as _Info
from typing_extensions import Format, Unpack, get_annotations

from graph.declaring.calls import (
    Contract,
    by_cursor,
    by_link,
    by_offset,
    by_page,
    caller,
    constant,
    contract,
    each,
    key,
    keys,
    stale,
    this,
)
from graph.declaring.declare import (
    AUTO,
    DECLARATION,
    EXTENSIONS,
    Access,
    Extension,
    FieldDeclaration,
    FieldKind,
    OperationName,
    Position,
    SchemaName,
    TypeDeclaration,
    caller_position,
)
from graph.declaring.fields import BoundField, is_property
from graph.declaring.schema import Schema
from graph.paging.connections import Connection, Edge, PageInfo
from graph.types.scalars import BigInt
from resolvers.context import Context
from resolvers.fault import Code, Fault, FieldError

__all__ = [
    "BigInt",
    "Code",
    "Connection",
    "Contract",
    "Edge",
    "Fault",
    "FieldError",
    "Info",
    "PageInfo",
    "Schema",
    "auto",
    "by_cursor",
    "by_link",
    "by_offset",
    "by_page",
    "caller",
    "connection",
    "constant",
    "contract",
    "each",
    "extend",
    "field",
    "key",
    "keys",
    "link",
    "mutation",
    "query",
    "stale",
    "this",
    "type",
]

Class = TypeVar("Class", bound=builtins.type)
Info: TypeAlias = _Info[Context, Any]
"""Strawberry's Info with Stolon's context: annotate a resolver's `info` with it."""


if TYPE_CHECKING:
    auto: TypeAlias = Any
else:
    auto = AUTO


class FieldOptions(TypedDict, total=False):
    """What every field may say beside its source. The last six as in `strawberry.field`."""

    scopes: Iterable[str]
    """Scopes of which the caller's token needs all; such a field is nullable."""
    authenticated: bool
    """Whether the caller must be verified; such a field is nullable."""
    name: str
    description: str
    deprecation_reason: str
    permission_classes: list[builtins.type[Any]]
    directives: Iterable[object]
    extensions: list[Any]


class SourceOptions(FieldOptions, total=False):
    """What a field may say that calls an operation."""

    public: bool
    """Whether everybody may see it, where its service is called with the gateway's own credentials: without it
    such a field is for verified callers.
    """


def _field(kind: FieldKind, options: FieldOptions | SourceOptions, **declared: Any) -> Any:
    access = Access(frozenset(options.get("scopes", ())), options.get("authenticated", False))
    return BoundField(
        declaration=FieldDeclaration(
            kind=kind,
            position=caller_position(3),
            access=access,
            public=bool(options.get("public", False)),
            **declared,
        ),
        graphql_name=options.get("name"),
        description=options.get("description"),
        deprecation_reason=options.get("deprecation_reason"),
        permission_classes=options.get("permission_classes", []),
        directives=tuple(options.get("directives", ())),
        extensions=list(options.get("extensions", [])),
    )


def _names(one_or_more: str | Iterable[str]) -> tuple[str, ...]:
    return (one_or_more,) if isinstance(one_or_more, str) else tuple(one_or_more)


@overload
def field(
    *, needs: Iterable[str], **options: Unpack[FieldOptions]
) -> Callable[[Callable[..., Any]], Any]: ...


@overload
def field(
    *,
    path: str | tuple[str, ...] | None = None,
    resolver: Callable[..., Any] | None = None,
    init: Literal[False] = False,
    **options: Unpack[FieldOptions],
) -> Any: ...


def field(
    *,
    path: str | tuple[str, ...] | None = None,
    needs: Iterable[str] | None = None,
    resolver: Callable[..., Any] | None = None,
    init: Literal[False] = False,
    **options: Unpack[FieldOptions],
) -> Any:
    """A property of the contract's schema: by its own name, or at a dotted `path` of upstream names.

    Above a method, or with `resolver=`, it makes a resolver, on plain Strawberry types too. On a bound type its
    `self` is a record of the schema; `needs` names the attributes it uses.
    """
    made = _field("property", options, path=path, needs=None if needs is None else tuple(needs))
    return made if resolver is None else made(resolver)


def link(
    operation: OperationName | None = None,
    /,
    *,
    key: str | Iterable[str] | None = None,
    group_by: str | None = None,
    init: Literal[False] = False,
    **options: Unpack[SourceOptions],
) -> Any:
    """Another operation's answer: by `key` (properties that hold the other type's key), by an operation, or
    grouped.

    Grouped: the operation takes `rest.each(...)`, and `group_by` is the property of its items that repeats
    that value.
    """
    names = None if key is None else _names(key)
    return _field("link", options, operation=operation, key=names, group_by=group_by)


def query(
    operation: OperationName, /, *, init: Literal[False] = False, **options: Unpack[SourceOptions]
) -> Any:
    """An operation's answer. Parameters that nobody binds are the field's arguments. A list is followed to
    its end.
    """
    return _field("query", options, operation=operation)


def connection(
    operation: OperationName, /, *, init: Literal[False] = False, **options: Unpack[SourceOptions]
) -> Any:
    """A Relay connection over a paged operation: annotate it `rest.Connection[Node] | None`."""
    return _field("connection", options, operation=operation)


def mutation(
    operation: OperationName, /, *, init: Literal[False] = False, **options: Unpack[SourceOptions]
) -> Any:
    """A change: the body that nobody binds is the argument `input`, of a generated type."""
    return _field("mutation", options, operation=operation)


# --- types


@dataclass_transform(
    kw_only_default=True, field_specifiers=(field, link, query, connection, mutation, strawberry.field)
)
def type(  # noqa: A001 - it is `rest.type`, as Strawberry's is `strawberry.type`
    schema: SchemaName,
    /,
    *,
    key: str | Iterable[str] = (),
    one: OperationName | None = None,
    many: OperationName | None = None,
    scopes: Iterable[str] = (),
    authenticated: bool = False,
    name: str | None = None,
    description: str | None = None,
) -> Callable[[Class], Class]:
    """A Strawberry type whose fields come from a contract's schema.

    `key` names the properties that identify an object; `one` fetches by key, `many` a list of keys in one
    call. `scopes` and `authenticated` hold for every field that leads to the type.
    """
    declaration = TypeDeclaration(
        schema=schema,
        key=_names(key),
        one=one,
        many=many,
        access=Access(frozenset(scopes), authenticated),
        position=caller_position(),
        description=description,
    )

    def declare(cls: Class) -> Class:
        made = strawberry.type(
            _with_bound_fields(cls, declaration.position), name=name, description=description
        )
        setattr(made, DECLARATION, declaration)
        return made

    return declare


@dataclass_transform(
    kw_only_default=True, field_specifiers=(field, link, query, connection, mutation, strawberry.field)
)
def extend(extended: builtins.type, /) -> Callable[[Class], Class]:
    """Adds this class's fields to a type of another module, so that neither module must import the other's
    links.
    """
    position = caller_position()

    def declare(cls: Class) -> Class:
        made = strawberry.type(_with_bound_fields(cls, position))
        extensions: list[Extension] = extended.__dict__.get(EXTENSIONS) or []
        setattr(extended, EXTENSIONS, [*extensions, Extension(made, position)])
        return made

    return declare


def _with_bound_fields(cls: Class, position: Position) -> Class:
    """Give every annotation without a value a bound field: a property of the contract, by its name."""
    names = sys.modules[cls.__module__].__dict__
    for name, annotation in get_annotations(cls, format=Format.FORWARDREF).items():
        if name not in cls.__dict__ and is_property(StrawberryAnnotation(annotation, namespace=names)):
            setattr(cls, name, BoundField(declaration=FieldDeclaration(kind="property", position=position)))
    return cls
