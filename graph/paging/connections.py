"""Relay connections (Cursor Connections specification, sections 2 to 5) over whatever paging an upstream has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import strawberry

from resolvers.resolve import Paged

Node = TypeVar("Node")


async def _has_next_page(root: strawberry.Parent[PageInfo]) -> bool:
    return await root.paged.has_next_page()


@strawberry.type(description="Where a page stands in its list (Relay Cursor Connections).")
class PageInfo:
    """Relay's PageInfo. Whether there is a next page may cost one more call, made only when it is asked."""

    start_cursor: str | None = strawberry.field(description="The cursor of the first edge.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last edge.")
    has_previous_page: bool = strawberry.field(description="Whether there are edges before the first.")
    has_next_page: bool = strawberry.field(
        resolver=_has_next_page, description="Whether there are edges after the last."
    )
    paged: strawberry.Private[Paged]


@strawberry.type(description="An item of a list and its place.")
class Edge(Generic[Node]):
    """Relay's edge."""

    cursor: str = strawberry.field(description="The place of this item: `after` it, or `before` it.")
    node: Node = strawberry.field(description="The item.")


def _edges(root: strawberry.Parent[Any]) -> Any:
    return [
        Edge(cursor=cursor, node=node) for cursor, node in zip(root.slice.cursors, root.nodes, strict=True)
    ]


def _nodes(root: strawberry.Parent[Any]) -> Any:
    return root.nodes


def _page_info(root: strawberry.Parent[Any]) -> PageInfo:
    cursors = root.slice.cursors
    return PageInfo(
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
        has_previous_page=root.slice.has_previous,
        paged=root,
    )


def _total_count(root: strawberry.Parent[Any]) -> int | None:
    total: int | None = root.total
    return total


@strawberry.type(description="A window of a list (Relay Cursor Connections).")
class Connection(Generic[Node]):
    """Relay's connection. The value behind it is a `Paged` of `resolvers/resolve.py`; its fields read that."""

    edges: list[Edge[Node]] = strawberry.field(
        resolver=_edges, description="The items of this page with their places."
    )
    nodes: list[Node] = strawberry.field(resolver=_nodes, description="The items of this page.")
    page_info: PageInfo = strawberry.field(
        resolver=_page_info, description="Where this page stands in the list."
    )
    total_count: int | None = strawberry.field(
        resolver=_total_count, description="How many items the list has; null where its service does not say."
    )


PARTS: Final[dict[Callable[..., Any], str]] = {
    _edges: "edges",
    _nodes: "nodes",
    _page_info: "pageInfo",
    _total_count: "totalCount",
    _has_next_page: "hasNextPage",
}
"""What reads each part of a connection from the `Paged` behind it, which holds it already; `hasNextPage` alone
may cost a call.
"""
