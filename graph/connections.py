"""Relay connections (Cursor Connections specification, sections 2 to 5) over whatever paging an upstream has."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import strawberry

from resolvers.resolve import Paged

Node = TypeVar("Node")


@strawberry.type(description="Where a page stands in its list (Relay Cursor Connections).")
class PageInfo:
    """Relay's PageInfo. Whether there is a next page may cost one more call, made only when it is asked."""

    start_cursor: str | None = strawberry.field(description="The cursor of the first edge.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last edge.")
    has_previous_page: bool = strawberry.field(description="Whether there are edges before the first.")
    paged: strawberry.Private[Paged]

    @strawberry.field(description="Whether there are edges after the last.")
    async def has_next_page(self) -> bool:
        """Known from the page, or asked of the upstream."""
        return await self.paged.slice.has_next_page()


@strawberry.type(description="An item of a list and its place.")
class Edge(Generic[Node]):
    """Relay's edge."""

    cursor: str = strawberry.field(description="The place of this item: `after` it, or `before` it.")
    node: Node = strawberry.field(description="The item.")


def _paged(connection: Any) -> Paged:
    assert isinstance(connection, Paged)  # bound connection fields alone make connections
    return connection


@strawberry.type(description="A window of a list (Relay Cursor Connections).")
class Connection(Generic[Node]):
    """Relay's connection. The value behind it is a `Paged`; its fields read that."""

    @strawberry.field(description="The items of this page with their places.")
    def edges(self) -> list[Edge[Node]]:
        """One edge for each node."""
        paged = _paged(self)
        return [
            Edge(cursor=cursor, node=node)
            for cursor, node in zip(paged.slice.cursors, paged.nodes, strict=True)
        ]

    @strawberry.field(description="The items of this page.")
    def nodes(self) -> list[Node]:
        """The nodes alone."""
        return _paged(self).nodes

    @strawberry.field(description="Where this page stands in the list.")
    def page_info(self) -> PageInfo:
        """Of this page."""
        paged = _paged(self)
        cursors = paged.slice.cursors
        return PageInfo(
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
            has_previous_page=paged.slice.has_previous,
            paged=paged,
        )

    @strawberry.field(description="How many items the list has; null where its service does not say.")
    def total_count(self) -> int | None:
        """Of the whole list."""
        return _paged(self).slice.total
