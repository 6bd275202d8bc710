"""The four ways in which operations page, as `graph/paging/recognition.py` finds them in a contract or a project
states them.

`resolvers/paging/page.py` reads an answer by them; `resolvers/paging/paging.py` says what to ask next. All sizes
count items. `size` is None where the service alone decides how long a page is.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Final, TypeAlias

from adapters.contract.contract import Parameter

Path: TypeAlias = tuple[str, ...]
"""Property names into the JSON answer; `()` is the answer itself."""

# Those of what a next URL may set that say how long a page is.
LINK_SIZES: Final = frozenset(
    {
        *("per_page", "perPage", "page_size", "pageSize", "size", "limit", "count"),
        *("$top", "page[size]", "page[limit]"),
    }
)

# What a next URL may set although the contract does not declare it.
LINK_PARAMETERS: Final = LINK_SIZES | frozenset(
    {
        *("page", "page_number", "pageNumber", "page_num", "pageNum", "p", "page[number]"),
        *("offset", "skip", "start", "$skip", "page[offset]"),
        *("cursor", "after", "starting_after", "next", "marker", "token", "page[cursor]", "page[after]"),
        *("page_token", "pageToken", "next_token", "nextToken", "page_info", "scroll_id", "$skiptoken"),
        *("continuation", "continuation_token", "continuationToken", "since_id", "max_id"),
    }
)


@dataclass(frozen=True, slots=True)
class ByPage:
    """Numbered pages. `first_page` is the number of the first one.

    `total` counts all items. `more` is a flag: true where pages follow, or, with `last_flag`, true on the
    last page. `doubtful_total`: it may count the items of its own page, so that it says something only where
    it is larger. `null_items`: null, or nothing, stands for an empty page.
    """

    page: Parameter
    size: Parameter | None
    items: Path
    total: Path | None
    more: Path | None
    _: KW_ONLY
    first_page: int = 1
    default_size: int
    max_size: int
    min_size: int = 1
    last_flag: bool = False
    doubtful_total: bool = False
    null_items: bool = False


@dataclass(frozen=True, slots=True)
class ByOffset:
    """Items from an absolute position, counted from 0. The other fields are those of `ByPage`."""

    offset: Parameter
    limit: Parameter | None
    items: Path
    total: Path | None
    more: Path | None
    _: KW_ONLY
    default_size: int
    max_size: int
    min_size: int = 1
    last_flag: bool = False
    doubtful_total: bool = False
    null_items: bool = False

    @property
    def size(self) -> Parameter | None:
        """`limit`, under the name that it has in the other styles."""
        return self.limit


@dataclass(frozen=True, slots=True)
class ByCursor:
    """Pages from a cursor on, which the answer before names at `next` (null, absent or "" on the last page).

    A cursor says where a page starts, not how long it is: sizes may change from page to page.
    """

    cursor: Parameter
    size: Parameter | None
    items: Path
    next: Path
    more: Path | None = None
    total: Path | None = None
    _: KW_ONLY
    default_size: int
    max_size: int
    min_size: int = 1
    last_flag: bool = False
    doubtful_total: bool = False
    null_items: bool = False


@dataclass(frozen=True, slots=True)
class ByLink:
    """Pages named by a URL: at `next` in the body, or, where that is None, in a `Link` header (RFC 8288,
    rel="next").

    `parameters` are the names that are read from such a URL; everything else in it is ignored. They must not
    hold what the operation binds (a customer's id, a tenant): URLs come from upstream and, inside cursors,
    from clients.
    """

    items: Path
    next: Path | None
    size: Parameter | None
    total: Path | None
    _: KW_ONLY
    default_size: int
    max_size: int
    min_size: int = 1
    parameters: frozenset[str] = LINK_PARAMETERS
    doubtful_total: bool = False
    null_items: bool = False


Paging: TypeAlias = ByPage | ByOffset | ByCursor | ByLink
