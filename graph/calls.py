"""Declared calls: a contract's operations with their bindings, as `rest.contract("users").op(...)` names
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graph.declare import (
    CallerMark,
    EachMark,
    KeyMark,
    KeysMark,
    OperationName,
    PagingNames,
    Position,
    SchemaName,
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
        **named: Any,
    ) -> OperationName:
        """An operation, by its operationId or as `"GET /users/{id}"`, with everything about the call.

        Parameters and body properties are bound by name, those that are no identifiers in `bindings`, where
        `query:id` tells apart what stands under one name in several places. `pick` is the dotted path of the
        value in the answer. `safe=True` declares that a POST changes nothing, so that it may be shared,
        batched and repeated.
        """
        return OperationName(
            self.name, operation, {**(bindings or {}), **named}, pick, paging, safe, caller_position()
        )


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
