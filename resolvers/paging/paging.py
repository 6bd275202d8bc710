"""How to read a paged operation: what to ask first, what to ask after a page, and a whole list to its end.

Pure, but for `follow`. A Relay connection is cut out of pages by `resolvers/paging/connection.py`. The words of
paging that other modules need are imported from here: styles stand in `resolvers/paging/page_styles.py`, `Page` in
`resolvers/paging/page.py`.

Values are keyed by `Parameter`, and, for what a next URL says, by the query parameter's name. A `fetch` must
let what the operation binds win over a value under a name: such names come from upstream URLs and out of
clients' cursors.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from adapters.contract.contract import Parameter
from resolvers.paging.page import LINK_HEADER, Next, Page, PageViolation, read_page
from resolvers.paging.page_styles import LINK_PARAMETERS, ByCursor, ByLink, ByOffset, ByPage, Paging, Path
from resolvers.paging.weblink import QueryValue

__all__ = [
    "LINK_PARAMETERS",
    "ByCursor",
    "ByLink",
    "ByOffset",
    "ByPage",
    "Fetch",
    "Incomplete",
    "Next",
    "Page",
    "PageViolation",
    "Paging",
    "Path",
    "Values",
    "address",
    "asked",
    "continued",
    "first_values",
    "follow",
    "more_after",
    "next_values",
    "position",
    "read_page",
    "repeated",
    "sized",
]

Values: TypeAlias = dict[Parameter | str, object]
"""What paging adds to one call. A query parameter under its name may have several values, as a list."""

Fetch: TypeAlias = Callable[[Values], Awaitable[Page]]


class Incomplete(Exception):
    """A list that goes on after the bound of `pages` calls."""

    def __init__(self, pages: int) -> None:
        super().__init__(f"the list goes on after the {pages} pages that may be read")
        self.pages = pages


def first_values(paging: Paging, size: int | None = None) -> Values:
    """The values of the first page, of `size` items (within the service's bounds; None: its default)."""
    values = sized(paging, paging.default_size if size is None else size)
    match paging:
        case ByPage():
            return {paging.page: paging.first_page, **values}
        case ByOffset():
            return {paging.offset: 0, **values}
        case ByCursor() | ByLink():
            return values


def sized(paging: Paging, size: int) -> Values:
    """The value that asks for `size` items, moved into the service's bounds; empty where no size can be asked
    for.
    """
    return {} if paging.size is None else {paging.size: max(paging.min_size, min(size, paging.max_size))}


def asked(paging: Paging, values: Values) -> int | None:
    """How many items the values ask for; None where they leave that to the service (or to a next URL)."""
    return None if paging.size is None or paging.size not in values else _number(values[paging.size])


def more_after(paging: Paging, values: Values, page: Page, before: int | None = None) -> bool | None:
    """Whether items follow this page. None: the answer does not say, and the page is as long as was asked
    for.

    `before` counts the items of the list before this page; None where only `values` tell. Without total or
    flag a page shorter than was asked for is the last one, unless it has just the default length, as those of
    a service that heeds no size. Raises `PageViolation` for an empty page of a numbered paging which says
    that there is more, since following it would never end. (By cursor and by link an empty page may have a
    next one: services that filter after paging answer so.)
    """
    if isinstance(paging, ByCursor | ByLink):
        return page.next is not None
    count = len(page.items)
    at = position(paging, values)
    start = at if before is None else before
    if not count:
        reached = before if at is None else at
        short = page.total is not None and reached is not None and reached < page.total
        if page.more or (page.more is None and short):
            raise PageViolation(paging.items, "items, as the answer says that more follow", "an empty array")
        return False
    if page.more is not None:
        return page.more
    # A total below what was read already says nothing: the list shrank, or it never was one.
    if page.total is not None and start is not None and start + count <= page.total:
        return start + count < page.total
    size = asked(paging, values)
    return None if size is None or count >= size or count == paging.default_size else False


def next_values(paging: Paging, values: Values, page: Page, before: int | None = None) -> Values | None:
    """The values of the page after `page`, which `values` fetched, or None where it is the last.

    `before` as for `more_after`; who reads page after page should pass it, since services may send shorter
    pages than they are asked for. An offset moves on by the items that came, so that such a service loses
    none. Raises `PageViolation` where an empty page claims more (see `more_after`), and where a cursor or
    link names its own page.
    """
    if more_after(paging, values, page, before) is False:
        return None
    match paging:
        case ByPage():
            return {**values, paging.page: _number(values[paging.page]) + 1}
        case ByOffset():
            return {**values, paging.offset: _number(values[paging.offset]) + len(page.items)}
        case ByCursor() | ByLink():
            if page.next == address(paging, values):
                raise repeated(paging)
            return continued(paging, page.next, values)


def continued(paging: ByCursor | ByLink, following: Next | None, sizes: Values) -> Values:
    """The values of the page that `following` names (None: the first), sized as in `sizes` unless its URL
    says a size.
    """
    size: Values = {key: value for key, value in sizes.items() if key == paging.size}
    if following is None:
        return size
    if isinstance(paging, ByCursor):
        return {paging.cursor: following[paging.cursor.name], **size}
    named: Values = {name: list(one) if isinstance(one, tuple) else one for name, one in following.items()}
    return named if paging.size is not None and paging.size.name in named else {**named, **size}


def address(paging: ByCursor | ByLink, values: Values) -> Next | None:
    """What names a page among its values, as `Page.next` of the page before does; None for the first page."""
    named: dict[str, QueryValue | int] = {}
    for key, value in values.items():
        name = key if isinstance(key, str) else key.name
        if isinstance(key, str) if isinstance(paging, ByLink) else key == paging.cursor:
            if isinstance(value, list):
                named[name] = tuple(value)
            elif isinstance(value, str | int):
                named[name] = value
    return named or None


def repeated(paging: ByCursor | ByLink) -> PageViolation:
    """The violation of a next page that was read before."""
    return PageViolation(paging.next or LINK_HEADER, "a page that was not read yet", "one that was")


async def follow(paging: Paging, fetch: Fetch, page_limit: int) -> list[object]:
    """The whole list, in the largest pages that the service allows.

    Raises `Incomplete` where more follows after `page_limit` pages, and `PageViolation` for an empty page
    that claims more and for a cursor or link that was followed before.
    """
    values = first_values(paging, paging.max_size)
    items: list[object] = []
    followed: set[frozenset[tuple[str, QueryValue | int]]] = set()
    for _ in range(page_limit):
        page = await fetch(values)
        following = next_values(paging, values, page, len(items))
        items.extend(page.items)
        if following is None:
            return items
        if isinstance(paging, ByCursor | ByLink) and page.next is not None:
            mark = frozenset(page.next.items())
            if mark in followed:
                raise repeated(paging)
            followed.add(mark)
        values = following
    raise Incomplete(page_limit)


def position(paging: ByPage | ByOffset, values: Values) -> int | None:
    """The absolute position that the values ask for; None where the service alone decides how long its pages
    are.
    """
    if isinstance(paging, ByOffset):
        return _number(values[paging.offset])
    pages = _number(values[paging.page]) - paging.first_page
    if pages == 0:
        return 0
    return None if paging.size is None else pages * _number(values[paging.size])


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError("a page number, offset or size among the values is no int")
    return value
