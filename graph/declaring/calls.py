"""Declared calls: a contract's operations with their bindings, as `rest.contract("users").op(...)` names
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from graph.declaring.declare import (
    CallerMark,
    ConstantMark,
    EachMark,
    FallbackMark,
    KeyMark,
    KeysMark,
    OperationName,
    PagingNames,
    Position,
    SchemaName,
    StaleMark,
    ThisMark,
    caller_position,
)

key: Final = KeyMark()
"""In a `one`: the key asked for. `rest.key("tenant")` is one part of a composite key."""
keys: Final = KeysMark()
"""In a `many`: the keys asked for, in one list. `rest.keys("id")` is one part of each."""


def this(path: str) -> ThisMark:
    """The parent's attribute; dotted for a nested one."""
    return ThisMark(path)


def each(path: str) -> EachMark:
    """All parents' attributes in one list: one call answers for many parents. Goes with `group_by`."""
    return EachMark(path)


def caller(claim: str) -> CallerMark:
    """A claim of the caller's verified token; dotted for a nested one."""
    return CallerMark(claim)


def stale(within: str) -> StaleMark:
    """A kept answer, where the service gives none: `fallback=rest.stale("60m")` lets one be used for so long after it
    is no longer fresh. The client is told its age, in `extensions.stale`.
    """
    return StaleMark(within, caller_position())


def constant(value: Any) -> ConstantMark:
    """A value that stands for the service's, where it gives none: what `pick` names, as its contract has it. The
    client is told of it, in `extensions.constant`.
    """
    return ConstantMark(value, caller_position())


class Contract:
    """The name of a contract of the project: `contracts/NAME.yaml`, or what `stolon.toml` says. Reads
    nothing.
    """

    def __init__(self, name: str, position: Position) -> None:
        self.name = name
        self.position = position

    def __repr__(self) -> str:
        return f"rest.contract({self.name!r})"

    def schema(self, name: str) -> SchemaName:
        """A schema of the contract's components, by name."""
        return SchemaName(self.name, name, caller_position())

    def op(
        self,
        operation: str,
        bindings: Mapping[str, Any] | None = None,
        /,
        *,
        pick: str | None = None,
        paging: PagingNames | None = None,
        safe: bool | None = None,
        fallback: FallbackMark | Sequence[FallbackMark] = (),
        changes: Sequence[str] | None = None,
        **named: Any,
    ) -> OperationName:
        """An operation, by its operationId or as `"GET /users/{id}"`, with everything about the call.

        Parameters and body properties are bound by name, those that are no identifiers in `bindings`, where
        `query:id` tells apart what stands under one name in several places. `pick` is the dotted path of the
        value in the answer. `safe=True` declares that a POST changes nothing, so that it may be shared,
        batched and repeated. `fallback` is given where the service gives no answer to a read: `rest.stale(...)`,
        `rest.constant(...)`, or both in that order. `changes` are the entities that a change makes stale in caches,
        as `["Order:{order_id}", "User:*"]`: types with a key, and in braces what the call is given. Without it they
        are told from the operation's path and answer; `[]` is for none.
        """
        return OperationName(
            self.name,
            operation,
            {**(bindings or {}), **named},
            pick,
            paging,
            safe,
            caller_position(),
            _marks(fallback),
            changes,
        )


def _marks(given: object) -> tuple[Any, ...]:
    """One or several, whatever they are: what is none is told when the schema is built."""
    return tuple(given) if isinstance(given, list | tuple) else (given,)


def contract(name: str) -> Contract:
    """Names a contract of the project."""
    return Contract(name, caller_position())


# --- paging, where the contract does not show it


def by_page(
    *,
    page: str,
    size: str | None = None,
    items: str = "",
    total: str | None = None,
    more: str | None = None,
    first: int | None = None,
) -> PagingNames:
    """Numbered pages. `page` and `size` are parameters; `items`, `total` and `more` dotted paths in the
    answer. `first` is the number of the first page: 1, unless the contract shows that it is 0.
    """
    names = {"page": page, "size": size, "items": items, "total": total, "more": more}
    return PagingNames("page", names, caller_position(), first)


def by_offset(
    *,
    offset: str,
    limit: str | None = None,
    items: str = "",
    total: str | None = None,
    more: str | None = None,
) -> PagingNames:
    """Positions. `offset` and `limit` are parameters; `items`, `total` and `more` dotted paths in the answer."""
    names = {"offset": offset, "limit": limit, "items": items, "total": total, "more": more}
    return PagingNames("offset", names, caller_position())


def by_cursor(
    *,
    cursor: str,
    next: str,  # noqa: A002 - the field-standard name
    size: str | None = None,
    items: str = "",
    total: str | None = None,
    more: str | None = None,
) -> PagingNames:
    """Cursors. `cursor` and `size` are parameters; `next` (the next cursor), `items` and `total` paths in the
    answer.
    """
    names = {"cursor": cursor, "size": size, "items": items, "next": next, "total": total, "more": more}
    return PagingNames("cursor", names, caller_position())


def by_link(
    *,
    items: str = "",
    next: str | None = None,  # noqa: A002 - the field-standard name
    size: str | None = None,
    total: str | None = None,
) -> PagingNames:
    """A link to the next page: a URL at the path `next` of the answer, or the Link header (RFC 8288) without
    one.
    """
    names = {"items": items, "next": next, "size": size, "total": total}
    return PagingNames("link", names, caller_position())
