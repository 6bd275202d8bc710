"""One page of a paged operation, read from a decoded answer: its items, and what it says of the pages to
come. Pure.

`resolvers/paging/paging.py` decides by it what to ask next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from resolvers.paging.page_styles import ByCursor, ByLink, ByOffset, ByPage, Paging, Path
from resolvers.paging.weblink import QueryValue, UnusableUrl, next_link, url_parameters
from resolvers.reading.leaf import found_type

MAX_CURSOR: Final = 4096  # characters
LINK_HEADER: Final = ("headers", "link")

Next: TypeAlias = Mapping[str, QueryValue | int]
"""What an answer says of its next page, by the name of the parameter that takes it; several values of one as
a tuple.
"""


@dataclass(frozen=True, slots=True)
class Page:
    """One page as the answer tells it. None means: not said.

    By cursor and by link `more` is never None, and true exactly where `next` is there.
    """

    items: list[object]
    total: int | None = None
    more: bool | None = None
    next: Next | None = None


class PageViolation(Exception):
    """An answer that is not what its paging says. `path` leads to it; `expected` and `found` are types, never
    values.
    """

    def __init__(self, path: tuple[str | int, ...], expected: str, found: str) -> None:
        super().__init__(f"{'.'.join(map(str, path)) or 'the answer'}: expected {expected}, found {found}")
        self.path = path
        self.expected = expected
        self.found = found


def read_page(paging: Paging, body: object, headers: Mapping[str, str]) -> Page:
    """What a decoded JSON answer says. `headers` with names in lower case. Raises `PageViolation`.

    A negative total is how services say that they did not count: it is None.
    """
    items = _at(body, paging.items)
    if paging.null_items and (items is None or items is _NOTHING):
        items = []
    if not isinstance(items, list):
        raise PageViolation(paging.items, "array", _found(items))
    total = _total(paging, body, len(items))
    match paging:
        case ByPage() | ByOffset():
            return Page(items, total, _flag(paging, body))
        case ByCursor():
            following = _cursor(paging, body)
            more = _flag(paging, body)
            if more is False:
                following = None
            elif more and following is None:
                raise PageViolation(paging.next, "string", _found(_at(body, paging.next)))
        case ByLink():
            following = _link(paging, body, headers)
    return Page(items, total, following is not None, following)


def _total(paging: Paging, body: object, count: int) -> int | None:
    if paging.total is None:
        return None
    total = _at(body, paging.total)
    if total is None or total is _NOTHING:
        return None
    if isinstance(total, bool) or not isinstance(total, int):
        raise PageViolation(paging.total, "integer", _found(total))
    return None if total < 0 or (paging.doubtful_total and total <= count) else total


def _flag(paging: ByPage | ByOffset | ByCursor, body: object) -> bool | None:
    if paging.more is None:
        return None
    flag = _at(body, paging.more)
    if flag is None or flag is _NOTHING:
        return None
    if not isinstance(flag, bool):
        raise PageViolation(paging.more, "boolean", _found(flag))
    return flag is not paging.last_flag


def _cursor(paging: ByCursor, body: object) -> Next | None:
    cursor = _at(body, paging.next)
    if cursor is None or cursor is _NOTHING or cursor == "":
        return None
    if isinstance(cursor, bool) or not isinstance(cursor, str | int):
        raise PageViolation(paging.next, "string", _found(cursor))
    if isinstance(cursor, str):
        cursor = _cursor_in_url(paging, cursor)
        if len(cursor) > MAX_CURSOR:
            raise PageViolation(paging.next, f"a string of at most {MAX_CURSOR} characters", "a longer one")
    return {paging.cursor.name: cursor}


def _cursor_in_url(paging: ByCursor, text: str) -> str:
    """The cursor itself where the service writes the next page's whole URL in its place; contracts seldom say
    which.
    """
    if not text.startswith(("https://", "http://", "/", "?")):
        return text
    try:
        found = url_parameters(text, (paging.cursor.name,))[paging.cursor.name]
    except UnusableUrl:
        return text
    return found if isinstance(found, str) else found[-1]


def _link(paging: ByLink, body: object, headers: Mapping[str, str]) -> Next | None:
    url = next_link(headers.get("link", "")) if paging.next is None else _at(body, paging.next)
    if url is None or url is _NOTHING or url == "":
        return None
    path = paging.next or LINK_HEADER
    if not isinstance(url, str):
        raise PageViolation(path, "string", _found(url))
    try:
        return url_parameters(url, paging.parameters)
    except UnusableUrl as broken:
        raise PageViolation(path, broken.expected, broken.found) from None


class _Nothing:
    """The type of what is not there: neither null nor any other value."""


_NOTHING: Final = _Nothing()


def _at(body: object, path: Path) -> object:
    """What stands at a path; `_NOTHING` where a property on the way is absent or null.

    Raises `PageViolation` where the way leads through something else than an object.
    """
    for depth, name in enumerate(path):
        if depth and body is None:
            return _NOTHING
        if not isinstance(body, dict):
            raise PageViolation(path[:depth], "object", _found(body))
        if name not in body:
            return _NOTHING
        body = body[name]
    return body


def _found(value: object) -> str:
    return "nothing" if value is _NOTHING else found_type(value)
