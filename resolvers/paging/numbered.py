"""Absolute positions out of numbered pages: which page covers them, and what to do where pages are not as
long as asked.

`resolvers/paging/connection.py` asks for positions here; `resolvers/paging/walk.py` reads the pages.
"""

from __future__ import annotations

from typing import Final

from resolvers.paging.paging import ByOffset, ByPage, Fetch, Page, Values, first_values, more_after, sized
from resolvers.paging.walk import Read, Start, Walk, uneven, walk

# How far above a window's length a page size is looked for that covers the window in one page.
_SIZES_TRIED: Final = 1000


async def read_positions(
    paging: ByPage | ByOffset, fetch: Fetch, low: int, high: int, length: int | None = None
) -> Walk:
    """The items from position `low` to before `high`: in one page where one covers them, else in two adjacent
    ones.

    `high` is above `low`, by the paging's `max_size` at most. `length`: how long the service's pages are,
    where it is known that it heeds no size. Where it takes none at all, `low` must be 0. Raises
    `PageViolation`.
    """
    count = high - low
    if isinstance(paging, ByOffset):
        return await walk(paging, fetch, Start({paging.offset: low, **sized(paging, count)}, 0, low), count)
    if paging.size is None:
        return await walk(paging, fetch, Start(first_values(paging), 0, 0), count)
    if length is None:
        number, size = covering(paging, low, high)
        start = _at_page(paging, number, size, low - number * size)
        opened = await fetch(start.values)
        length = len(opened.items)
        if not _elsewhere(paging, start, opened) or (number == 0 and start.skip < length):
            return await walk(paging, fetch, start, count, opened)
        # The service's pages have a length of their own, so that this one began elsewhere than was thought.
        # Only the first page tells that length for sure: the one that was read may be the last.
        if number:
            length = len((await fetch(first_values(paging, size))).items)
        if not length:
            return Walk([Read(start.values, opened, 0, 0, 0, followed=False)], more=False, following=None)
    number, skip = divmod(low, length)
    return await walk(paging, fetch, _at_page(paging, number, length, skip), count)


def _elsewhere(paging: ByPage, start: Start, page: Page) -> bool:
    """Whether a page shows that it does not begin where its number and size say."""
    behind, length = start.behind or 0, len(page.items)
    more = more_after(paging, start.values, page, start.behind)
    read = Read(start.values, page, 0, 0, behind, followed=more is True)
    beyond = page.total is not None and behind + length > page.total
    return length > 0 and (beyond or uneven(paging, read))


def covering(paging: ByPage, low: int, high: int) -> tuple[int, int]:
    """Page number, counted from 0, and size: the smallest size whose page holds all these positions.

    Where the service's bounds allow no such size: the first of two adjacent pages that do.
    """
    least = max(paging.min_size, high - low)
    for size in range(least, min(paging.max_size, least + _SIZES_TRIED) + 1):
        if low // size == (high - 1) // size:
            return low // size, size
    return low // least, least


def _at_page(paging: ByPage, number: int, size: int, skip: int) -> Start:
    values: Values = {paging.page: paging.first_page + number, **sized(paging, size)}
    return Start(values, skip, number * size)
