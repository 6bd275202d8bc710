"""Connections: a window (`first`, `after`, `last`, `before`) of a paged operation, cut out of as few pages as
can be.

After the Relay Cursor Connections Specification, whose sections "Arguments", "Pagination algorithm" and
"PageInfo" are named below. `graph/` turns a `Slice` into edges and page info; calls are made by the `fetch`
it hands in.

What a slice costs, where the service keeps to its paging: one call. Two, where the window of numbered pages
starts in the middle of one and no single page covers it; where a cursor names an item inside a page and that
page is too short; where `last` stands without `before` and must first learn the total. `has_next_page` may
add one, and only when asked.
"""

from __future__ import annotations

from asyncio import Lock
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from resolvers.paging.cursor import BadCursor, InChain, InPage, Place, Position, decode, encode
from resolvers.paging.numbered import read_positions
from resolvers.paging.paging import (
    ByCursor,
    ByLink,
    ByOffset,
    ByPage,
    Fetch,
    Paging,
    Values,
    address,
    asked,
    continued,
    first_values,
    more_after,
    position,
    sized,
)
from resolvers.paging.walk import Read, Start, Walk, uneven, walk

_FORWARD_ONLY: Final = "the upstream pages forward only: {} can't be served"
_NO_END: Final = "the upstream does not say how many items there are: last needs before, or ask for first"


class BadWindow(Exception):
    """An argument that cannot be served. `argument` is its name; the text says why, with figure and limit."""

    def __init__(self, argument: str, message: str) -> None:
        super().__init__(message)
        self.argument = argument


@dataclass(frozen=True, slots=True)
class Window:
    """The arguments of a connection field (section "Arguments")."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


_Look: TypeAlias = Callable[[], Awaitable[tuple[bool, int | None]]]


@dataclass(slots=True, eq=False)
class Slice:
    """The items of a window with their cursors. `total` counts the whole list where the pages read said so.

    `has_next` is None where those pages do not tell: `has_next_page` then makes one call. `has_previous` is
    true where `last` cut items off, and, going forward, wherever `after` was given (section "PageInfo").
    """

    nodes: list[object]
    _cursors: list[str] | Callable[[], list[str]] = field(repr=False)
    has_next: bool | None
    has_previous: bool
    total: int | None
    _look: _Look | None = field(default=None, repr=False)
    _looking: Lock = field(default_factory=Lock, init=False, repr=False)

    @property
    def cursors(self) -> list[str]:
        """The cursor of each item, worked out when somebody asks: many clients ask for nodes alone."""
        made = self._cursors
        if not isinstance(made, list):
            made = self._cursors = made()
        return made

    async def has_next_page(self) -> bool:
        """`has_next`, learnt by one call where it is not known; asked again, it is remembered."""
        async with self._looking:
            if self.has_next is None and self._look is not None:
                self.has_next, total = await self._look()
                self.total = total if self.total is None else self.total
        return bool(self.has_next)


async def slice_of(paging: Paging, window: Window, fetch: Fetch) -> Slice:
    """The slice of a window (section "Pagination algorithm").

    Neither `first` nor `last` means the paging's default size: the first so many, or with `before` alone the
    last. Raises `BadWindow` for arguments that the paging cannot serve, and `PageViolation` for answers that
    break it.
    """
    if window.first is not None and window.last is not None:
        raise BadWindow("last", "first and last can't be given together: ask for one of them")
    for argument, size in (("first", window.first), ("last", window.last)):
        if size is not None and size < 0:
            raise BadWindow(argument, f"{size} is negative")
        if size is not None and size > paging.max_size:
            raise BadWindow(argument, f"{size} is more than the limit, {paging.max_size}")
    if isinstance(paging, ByCursor | ByLink):
        return await _chained(paging, window, fetch)
    return await _numbered(paging, window, fetch)


# --- services whose pages are chained: forward only


def _forward_only(window: Window) -> None:
    for argument, value in (("last", window.last), ("before", window.before)):
        if value is not None:
            raise BadWindow(argument, _FORWARD_ONLY.format(argument))


async def _chained(paging: ByCursor | ByLink, window: Window, fetch: Fetch) -> Slice:
    _forward_only(window)
    count = paging.default_size if window.first is None else window.first
    place = _place(paging, "after", window.after)
    if count == 0:
        return _nothing(paging, window, fetch)
    following, skip = (place.following, place.skip) if isinstance(place, InChain) else (None, 0)
    values = continued(paging, following, sized(paging, skip + count))
    found = await walk(paging, fetch, Start(values, skip), count)
    return _slice(paging, found, fetch, has_previous=place is not None)


# --- services whose pages are numbered, by page or by offset


async def _numbered(paging: ByPage | ByOffset, window: Window, fetch: Fetch) -> Slice:
    after = _place(paging, "after", window.after)
    before = _place(paging, "before", window.before)
    own_length = paging.size is None or isinstance(after, InPage) or isinstance(before, InPage)
    if isinstance(paging, ByPage) and own_length:
        # Positions are not known where the service gives its pages a length of its own.
        _forward_only(window)
    start = after.at + 1 if isinstance(after, Position) else 0
    stop = before.at if isinstance(before, Position) else None
    if window.last is not None or (window.first is None and before is not None):
        count = paging.default_size if window.last is None else window.last
        return await _backward(paging, fetch, start, stop, count)
    count = paging.default_size if window.first is None else window.first
    within = count if stop is None else max(0, min(count, stop - start))
    if within == 0:
        if stop is None:
            return _nothing(paging, window, fetch)
        return Slice([], [], has_next=stop - start > count, has_previous=after is not None, total=None)
    if isinstance(after, InPage):
        assert isinstance(paging, ByPage)  # `decode` gives such places to no other
        values: Values = {paging.page: after.number}
        if paging.size is not None:
            values[paging.size] = after.size
        behind = max(0, after.seen - after.skip)
        found = await walk(paging, fetch, Start(values, after.skip, behind), within)
    else:
        found = await read_positions(paging, fetch, start, start + within)
    made = _slice(paging, found, fetch, has_previous=after is not None)
    if stop is not None:
        # Step 1 of HasNextPage: with `first`, what counts is whether it cut off items before `before`.
        made.has_next = stop - start > count and made.has_next is not False
    return made


async def _backward(
    paging: ByPage | ByOffset, fetch: Fetch, start: int, stop: int | None, count: int
) -> Slice:
    """The last `count` items from `start` to before `stop` (None: the end, which one call must tell)."""
    has_next = stop is not None
    opened: Read | None = None
    if stop is None:
        if paging.total is None:
            raise BadWindow("last", _NO_END)
        opened = await _opened(paging, fetch, count)
        stop = opened.stop
    total = None if has_next else stop
    low = max(start, stop - count)
    has_previous = stop - start > count
    if low >= stop:
        return Slice([], [], has_next=has_next, has_previous=has_previous, total=total)
    if opened is not None and stop <= len(opened.page.items):
        found = Walk([replace(opened, start=low)], more=False, following=None)
    else:
        # The first page may have shown that the service's pages have a length of their own.
        length = len(opened.page.items) if opened is not None and uneven(paging, opened) else None
        found = await read_positions(paging, fetch, low, stop, length or None)
    if found.total is not None and found.total <= stop:
        has_next = False
        if found.total < stop:
            # The list became shorter since its end was known. Once: a list may shrink for ever.
            stop = found.total
            has_previous = stop - start > count
            former, low = low, max(start, stop - count)
            if low < min(former, stop):
                found = await read_positions(paging, fetch, low, stop)
    made = _slice(paging, found, fetch, has_previous=has_previous)
    made.has_next = has_next
    made.total = total if made.total is None else made.total
    return made


async def _opened(paging: ByPage | ByOffset, fetch: Fetch, count: int) -> Read:
    """The list's first page, read to know the end of the list, which is its `stop`. Raises `BadWindow`."""
    values = first_values(paging, max(count, 1))
    page = await fetch(values)
    more = more_after(paging, values, page, 0)
    if page.total is not None:
        return Read(values, page, 0, page.total, 0, followed=more is True)
    if more is False:
        return Read(values, page, 0, len(page.items), 0, followed=False)
    raise BadWindow("last", _NO_END)


# --- making slices


def _place(paging: Paging, argument: str, cursor: str | None) -> Place | None:
    try:
        return None if cursor is None else decode(paging, cursor)
    except BadCursor as bad:
        raise BadWindow(argument, str(bad)) from None


def _nothing(paging: Paging, window: Window, fetch: Fetch) -> Slice:
    """The slice of `first: 0`: no call, unless someone asks whether anything follows."""

    async def look() -> tuple[bool, int | None]:
        found = await slice_of(paging, replace(window, first=1), fetch)
        return bool(found.nodes), found.total

    return Slice([], [], has_next=None, has_previous=window.after is not None, total=None, _look=look)


def _slice(paging: Paging, found: Walk, fetch: Fetch, *, has_previous: bool) -> Slice:
    following = found.following

    async def look() -> tuple[bool, int | None]:
        assert following is not None  # a walk that does not know says where it would go on
        page = await fetch({**following, **sized(paging, 1)} if isinstance(paging, ByOffset) else following)
        return bool(page.items), page.total

    def cursors() -> list[str]:
        uneven_pages = any(uneven(paging, read) for read in found.reads)
        return [
            encode(paging, _after(paging, read, index, uneven_pages))
            for read in found.reads
            for index in range(read.start, read.stop)
        ]

    ask = look if found.more is None else None
    return Slice(found.nodes, cursors, found.more, has_previous, found.total, ask)


def _after(paging: Paging, read: Read, index: int, uneven_pages: bool) -> Place:
    """The place of what comes after an item. After the last of a page that is the next page, not this one
    again.
    """
    ends = index == len(read.page.items) - 1
    match paging:
        case ByCursor() | ByLink():
            if ends and read.page.next is not None:
                return InChain.of(read.page.next, 0)
            return InChain.of(address(paging, read.values), index + 1)
        case ByPage() if uneven_pages:
            number, size = read.values[paging.page], asked(paging, read.values)
            assert isinstance(number, int)  # as it was put there, to be asked for
            seen = (read.behind or 0) + index + 1
            if ends and read.followed:
                return InPage(number + 1, size, 0, seen)
            return InPage(number, size, index + 1, seen)
        case ByPage() | ByOffset():
            return Position((position(paging, read.values) or 0) + index)
