"""Reading on from a place in a paged list until there are items enough: one call where the service keeps to
its paging.

`resolvers/paging/connection.py` says where to start and makes a slice of what was found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from resolvers.paging.paging import (
    ByCursor,
    ByLink,
    ByOffset,
    Fetch,
    Next,
    Page,
    PageViolation,
    Paging,
    Values,
    asked,
    more_after,
    next_values,
    repeated,
    sized,
)

MAX_CALLS: Final = 10  # for one slice; services that send shorter pages than they are asked for need several


@dataclass(frozen=True, slots=True)
class Start:
    """Where to start: the values of a page and the items to skip in it.

    `behind` counts the items of the list before that page; None where it is not known.
    """

    values: Values
    skip: int = 0
    behind: int | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A page that was read; its items from `start` to before `stop` were taken. `behind` as in `Start`.

    `followed`: the list goes on after it, as it says itself or as a later page showed.
    """

    values: Values
    page: Page
    start: int
    stop: int
    behind: int | None
    followed: bool

    @property
    def taken(self) -> list[object]:
        """The items that were taken."""
        return self.page.items[self.start : self.stop]


@dataclass(frozen=True, slots=True)
class Walk:
    """The pages that were read, in order. `more`: whether items follow those taken; None: `following` would
    tell.
    """

    reads: list[Read]
    more: bool | None
    following: Values | None

    @property
    def nodes(self) -> list[object]:
        """All items that were taken."""
        return [item for read in self.reads for item in read.taken]

    @property
    def total(self) -> int | None:
        """The latest total that was said."""
        return next((read.page.total for read in reversed(self.reads) if read.page.total is not None), None)


async def walk(paging: Paging, fetch: Fetch, start: Start, count: int, opened: Page | None = None) -> Walk:
    """Take `count` items (1 or more), fewer where the list ends or `MAX_CALLS` pages hold fewer.

    `opened` is the page of `start`, where it was read already. Raises `PageViolation` for what `next_values`
    refuses, a link or cursor that leads in a circle, and so many pages without any item.
    """
    values, skip, behind = start.values, start.skip, start.behind
    reads: list[Read] = []
    followed: list[Next] = []
    missing = count
    for _ in range(MAX_CALLS):
        page = await fetch(values) if opened is None else opened
        opened = None
        following = next_values(paging, values, page, behind)
        more = more_after(paging, values, page, behind)
        stop = min(skip + missing, len(page.items))
        if page.items and reads:
            reads[-1] = replace(reads[-1], followed=True)
        reads.append(Read(values, page, min(skip, stop), stop, behind, followed=more is True))
        missing -= max(stop - skip, 0)
        if stop < len(page.items):
            return Walk(reads, True, following)
        if following is None:
            return Walk(reads, False, None)
        if not missing:
            return Walk(reads, more, following)
        if isinstance(paging, ByCursor | ByLink) and page.next is not None:
            if page.next in followed:
                raise repeated(paging)
            followed.append(page.next)
        behind = None if behind is None else behind + len(page.items)
        skip = 0
        values = following
        if isinstance(paging, ByCursor | ByOffset):
            # They say where, not how long: no more than is missing need come. Page numbers and URLs hold for
            # one size only.
            values = {**following, **sized(paging, missing)}
    if missing == count:
        raise PageViolation(paging.items, f"items within {MAX_CALLS} pages", "empty arrays")
    return Walk(reads, more, following)


def uneven(paging: Paging, read: Read) -> bool:
    """Whether the page is not as long as it was asked to be, and not because the list ends there."""
    size = asked(paging, read.values)
    length = len(read.page.items)
    return size is None or length > size or (length < size and read.followed)
