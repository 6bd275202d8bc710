"""The names by which REST services page, as tables: what `graph/paging/paging_parts.py` looks for in a contract.

Names stand here as `plain` makes them: lower case, letters and digits only (`page[size]`, `pageSize` and
`page_size` are one name). Earlier names are preferred.
"""

from __future__ import annotations

import re
from typing import Final


def plain(name: str) -> str:
    """A name without case and separators, to be looked up in these tables."""
    return "".join(character for character in name.lower() if character.isalnum())


# --- parameters

PAGES: Final = ("page", "pagenumber", "pagenum", "pageno", "pageindex", "p")
OFFSETS: Final = ("offset", "skip", "start", "startat", "pageoffset")
CURSORS: Final = (
    *("cursor", "pagetoken", "startingafter", "nexttoken", "continuationtoken", "pagecursor", "nextcursor"),
    *("nextpagetoken", "pageafter", "marker", "continuation", "scrollid", "after"),
)
SIZES: Final = (
    *("perpage", "pagesize", "limit", "maxresults", "pagelimit", "itemsperpage", "maxitems"),
    *("size", "first", "take", "top", "count"),
)
# These names have other meanings too: alone, without anything else of a paging, they say nothing.
WEAK: Final = frozenset({"p", "start", "skip", "after", "marker", "size", "first", "take", "top", "count"})

# --- the answer

ITEMS: Final = (
    "data",
    "items",
    "results",
    "content",
    "records",
    "values",
    "value",
    "entries",
    "elements",
    "rows",
    "list",
)
NO_ITEMS: Final = frozenset(
    {
        "errors",
        "error",
        "warnings",
        "messages",
        "links",
        "included",
        "facets",
        "aggregations",
        "sort",
        "filters",
    }
)
# Objects that speak of the page: their arrays are not its items, and their properties may be total, flag or next.
META: Final = frozenset(
    {
        *(
            "meta",
            "metadata",
            "pagination",
            "paging",
            "page",
            "pageinfo",
            "pager",
            "paginginfo",
            "paginationinfo",
        ),
        *("responsemetadata", "resultinfo", "links", "cursors", "next"),
    }
)
TOTALS: Final = (
    *(
        "total",
        "totalcount",
        "totalelements",
        "totalitems",
        "totalresults",
        "totalrecords",
        "totalrows",
        "totalhits",
    ),
    *("totalsize", "itemcount", "recordcount", "numfound", "count"),
)
MORE: Final = ("hasmore", "hasnext", "hasnextpage", "moreavailable", "more", "istruncated")
LAST: Final = ("last", "islast", "lastpage", "islastpage")

NEXT_CURSORS: Final = (
    *(
        "nextcursor",
        "nextpagetoken",
        "nexttoken",
        "nextpagecursor",
        "nextcontinuationtoken",
        "continuationtoken",
    ),
    *("nextmarker", "nextscrollid", "endcursor"),
)
# Names that mean a cursor in these objects only, as (object, name).
NEXT_CURSORS_IN: Final = frozenset(
    {
        ("cursors", "after"),
        ("cursors", "next"),
        ("next", "after"),
        ("next", "cursor"),
        ("next", "startingafter"),
    }
)
NEXT_URLS: Final = (
    "nexturl",
    "nextlink",
    "nextpageurl",
    "nextpagelink",
    "nexthref",
    "nexturi",
    "odatanextlink",
)
NEXT_URLS_IN: Final = frozenset({("links", "next"), ("next", "href"), ("next", "url"), ("next", "link")})

# --- descriptions

SAYS_URL: Final = re.compile(r"\b(url|uri|link|href)\b", re.IGNORECASE)
SAYS_WHOLE: Final = re.compile(r"\b(total|overall|altogether|all|matching|available)\b", re.IGNORECASE)
SAYS_PAGE: Final = re.compile(
    r"\b((on|in|of) (this|the|the current|a|each) (page|response|answer|batch)|returned|(number of|total) pages)\b",
    re.IGNORECASE,
)
