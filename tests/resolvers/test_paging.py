"""What an answer says of the pages to come, and how a list is followed to its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.contract import Parameter, Use
from resolvers.paging.paging import (
    ByCursor,
    ByLink,
    ByOffset,
    ByPage,
    Incomplete,
    Page,
    PageViolation,
    Paging,
    Values,
    first_values,
    follow,
    more_after,
    next_values,
    read_page,
)


def query(name: str) -> Parameter:
    pointer = f"#/paths/~1items/get/parameters/{name}"
    return Parameter(name, "query", False, Use(f"{pointer}/schema"), "form", True, pointer)


PAGE, SIZE, OFFSET, LIMIT, CURSOR = map(query, ("page", "per_page", "offset", "limit", "cursor"))
BY_PAGE = ByPage(PAGE, SIZE, ("data",), ("meta", "total"), ("more",), default_size=20, max_size=100)
BY_OFFSET = ByOffset(OFFSET, LIMIT, ("data",), ("total",), None, default_size=20, max_size=100)
BY_CURSOR = ByCursor(
    CURSOR, LIMIT, ("data",), ("meta", "next"), ("more",), ("total",), default_size=20, max_size=100
)
BY_URL = ByLink(("results",), ("next",), LIMIT, ("count",), default_size=20, max_size=100)
BY_HEADER = ByLink((), None, SIZE, None, default_size=30, max_size=100)


def violation(paging: Paging, body: object, headers: dict[str, str] | None = None) -> tuple[Any, ...]:
    with pytest.raises(PageViolation) as caught:
        read_page(paging, body, headers or {})
    return caught.value.path, caught.value.expected, caught.value.found


# --- reading a page


@pytest.mark.parametrize(
    ("paging", "body", "expected"),
    [
        (BY_PAGE, {"data": [1], "meta": {"total": 9}, "more": True}, Page([1], 9, True)),
        (BY_PAGE, {"data": [], "meta": {}, "more": None}, Page([], None, None)),
        (BY_PAGE, {"data": [], "meta": None}, Page([], None, None)),
        (BY_PAGE, {"data": [], "meta": {"total": -1}, "more": False}, Page([], None, False)),
        (replace(BY_PAGE, last_flag=True), {"data": [], "more": True}, Page([], None, False)),
        (replace(BY_PAGE, last_flag=True), {"data": [1], "more": False}, Page([1], None, True)),
        (replace(BY_PAGE, null_items=True), {"data": None}, Page([], None, None)),
        (replace(BY_PAGE, null_items=True), {}, Page([], None, None)),
        (replace(BY_OFFSET, doubtful_total=True), {"data": [1, 2], "total": 2}, Page([1, 2], None, None)),
        (replace(BY_OFFSET, doubtful_total=True), {"data": [1, 2], "total": 3}, Page([1, 2], 3, None)),
        (replace(BY_OFFSET, items=(), total=None), [1, 2], Page([1, 2])),
        (BY_CURSOR, {"data": [1], "meta": {"next": "x"}}, Page([1], None, True, {"cursor": "x"})),
        (BY_CURSOR, {"data": [1], "meta": {"next": 7}}, Page([1], None, True, {"cursor": 7})),
        (BY_CURSOR, {"data": [1], "meta": {"next": "x"}, "more": False}, Page([1], None, False)),
        (BY_CURSOR, {"data": [1], "meta": {"next": ""}}, Page([1], None, False)),
        (BY_CURSOR, {"data": [1], "meta": {"next": None}, "total": 4}, Page([1], 4, False)),
        (BY_CURSOR, {"data": [1]}, Page([1], None, False)),
        (
            BY_CURSOR,
            {"data": [], "meta": {"next": "https://x.example/a?limit=2&cursor=a%2Bb"}},
            Page([], None, True, {"cursor": "a+b"}),
        ),
        (
            BY_CURSOR,
            {"data": [], "meta": {"next": "?cursor=a&cursor=b"}},
            Page([], None, True, {"cursor": "b"}),
        ),
        (BY_CURSOR, {"data": [], "meta": {"next": "/9j/="}}, Page([], None, True, {"cursor": "/9j/="})),
        (BY_URL, {"results": [1], "next": None, "count": 3}, Page([1], 3, False)),
        (BY_URL, {"results": [1], "next": ""}, Page([1], None, False)),
        (
            BY_URL,
            {"results": [1], "next": "/other/path?page=2&api_key=s3cret&limit=5"},
            Page([1], None, True, {"page": "2", "limit": "5"}),
        ),
        (
            replace(BY_URL, parameters=frozenset({"id"})),
            {"results": [1], "next": "https://elsewhere.example/?id=1&id=2&id=&page=3"},
            Page([1], None, True, {"id": ("1", "2", "")}),
        ),
    ],
)
def test_an_answer_is_read_as_its_paging_says(paging: Paging, body: Any, expected: Page) -> None:
    """Items, total, flag and next stand where the paging says; null, absent and "" mean that nothing was
    said.
    """
    assert read_page(paging, body, {}) == expected


@pytest.mark.parametrize(
    ("paging", "body", "expected"),
    [
        (BY_PAGE, [], ((), "object", "array")),
        (BY_PAGE, "secret", ((), "object", "string")),
        (BY_PAGE, {}, (("data",), "array", "nothing")),
        (BY_PAGE, {"data": None}, (("data",), "array", "null")),
        (BY_PAGE, {"data": {"a": 1}}, (("data",), "array", "object")),
        (BY_PAGE, {"data": [], "meta": 1}, (("meta",), "object", "integer")),
        (BY_PAGE, {"data": [], "meta": {"total": "9"}}, (("meta", "total"), "integer", "string")),
        (BY_PAGE, {"data": [], "meta": {"total": True}}, (("meta", "total"), "integer", "boolean")),
        (BY_PAGE, {"data": [], "meta": {"total": 9.5}}, (("meta", "total"), "integer", "number")),
        (BY_PAGE, {"data": [], "more": "yes"}, (("more",), "boolean", "string")),
        (replace(BY_OFFSET, items=()), {"data": []}, ((), "array", "object")),
        (BY_CURSOR, {"data": [], "meta": {"next": False}}, (("meta", "next"), "string", "boolean")),
        (BY_CURSOR, {"data": [], "meta": {"next": {}}}, (("meta", "next"), "string", "object")),
        (BY_CURSOR, {"data": [], "meta": {}, "more": True}, (("meta", "next"), "string", "nothing")),
        (BY_CURSOR, {"data": [], "meta": {"next": None}, "more": True}, (("meta", "next"), "string", "null")),
        (
            BY_CURSOR,
            {"data": [], "meta": {"next": "x" * 4097}},
            (("meta", "next"), "a string of at most 4096 characters", "a longer one"),
        ),
        (BY_URL, {"results": [], "next": 3}, (("next",), "string", "integer")),
        (
            BY_URL,
            {"results": [], "next": "https://x.example/items/2"},
            (("next",), "a URL with query parameters of the paging", "a URL without them"),
        ),
        (
            BY_URL,
            {"results": [], "next": "?page=" + "1" * 8192},
            (("next",), "a URL of at most 8192 characters", "a longer one"),
        ),
        (
            BY_URL,
            {"results": [], "next": "?" + "page=1&" * 64},
            (("next",), "a URL of at most 64 query parameters", "more"),
        ),
        (BY_URL, {"results": [], "next": "http://[x/?page=2"}, (("next",), "a URL", "text that is none")),
        (BY_URL, {"results": [], "next": "?page=%FF"}, (("next",), "a URL in UTF-8", "other bytes")),
    ],
)
def test_an_answer_that_is_not_what_the_paging_says_is_refused(
    paging: Paging, body: Any, expected: tuple[Any, ...]
) -> None:
    """A violation names the path, the expected and the found type, and never a value."""
    assert violation(paging, body) == expected


def test_a_violation_of_the_whole_answer_says_so() -> None:
    """Its text is for logs and holds no value either."""
    with pytest.raises(PageViolation, match=r"^the answer: expected object, found string$"):
        read_page(BY_PAGE, "secret", {})


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('<https://x.example/a?page=2>; rel="next"', {"page": "2"}),
        ('<?page=9>; rel="last", <?page=2>; rel=next', {"page": "2"}),
        ('<?page=2>;title="a, b; rel=\\"x\\"";REL="prev NEXT"', {"page": "2"}),
        ("<?page=1,2>; rel=next", {"page": "1,2"}),
        ("<?page=2>; rel=prev; rel=next", None),
        ('<?page=2>; rel=next; anchor="/other"', None),
        ("?page=2; rel=next", None),
        ("<?page=2", None),
        ('<?page=2>; rel="next, <?page=3>; rel=next', None),
        ("", None),
        (",;<>", None),
    ],
)
def test_a_link_header_is_read_as_rfc_8288_says(header: str, expected: dict[str, str] | None) -> None:
    """Of links with rel=next the first counts; what is malformed or about another resource is passed over."""
    found = read_page(BY_HEADER, [], {"link": header})
    assert found == Page([], None, expected is not None, expected)


def test_an_unusable_link_header_is_a_violation_at_the_header() -> None:
    """A next link that names no page must not end the list in silence."""
    assert violation(BY_HEADER, [], {"link": "</items/2>; rel=next"}) == (
        ("headers", "link"),
        "a URL with query parameters of the paging",
        "a URL without them",
    )


@given(st.text(alphabet='<>;,="\\ relnxtpag?&12', max_size=60))
def test_no_link_header_breaks_the_reader(header: str) -> None:
    """Whatever stands in the header, a page or a violation comes of it."""
    page = Page([], None, False)
    with suppress(PageViolation):
        page = read_page(BY_HEADER, [], {"link": header})
    assert (page.items, page.more) == ([], page.next is not None)


# --- from page to page


@pytest.mark.parametrize(
    ("paging", "size", "expected"),
    [
        (BY_PAGE, 10, {PAGE: 1, SIZE: 10}),
        (replace(BY_PAGE, first_page=0), None, {PAGE: 0, SIZE: 20}),
        (replace(BY_PAGE, size=None), 10, {PAGE: 1}),
        (replace(BY_PAGE, min_size=5), 1, {PAGE: 1, SIZE: 5}),
        (BY_OFFSET, 500, {OFFSET: 0, LIMIT: 100}),
        (BY_CURSOR, 10, {LIMIT: 10}),
        (replace(BY_CURSOR, size=None), 10, {}),
        (BY_URL, 10, {LIMIT: 10}),
    ],
)
def test_the_first_page_is_asked_for_with_a_size_within_bounds(
    paging: Paging, size: int | None, expected: Values
) -> None:
    """Numbered pagings say where they start; the size is moved into what the service takes."""
    assert first_values(paging, size) == expected


@pytest.mark.parametrize(
    ("paging", "values", "page", "before", "expected"),
    [
        (BY_PAGE, {PAGE: 1, SIZE: 2}, Page([1, 2], 5), None, {PAGE: 2, SIZE: 2}),
        (BY_PAGE, {PAGE: 3, SIZE: 2}, Page([5], 5), None, None),
        (BY_PAGE, {PAGE: 2, SIZE: 2}, Page([3, 4], 4), None, None),
        (BY_PAGE, {PAGE: 1, SIZE: 2}, Page([1, 2], None, False), None, None),
        (BY_PAGE, {PAGE: 1, SIZE: 5}, Page([1, 2], None, True), None, {PAGE: 2, SIZE: 5}),
        (BY_PAGE, {PAGE: 1, SIZE: 2}, Page([1]), None, None),
        (BY_PAGE, {PAGE: 1, SIZE: 2}, Page([1, 2]), None, {PAGE: 2, SIZE: 2}),
        (BY_PAGE, {PAGE: 2, SIZE: 100}, Page(list(range(50)), 120), 50, {PAGE: 3, SIZE: 100}),
        (BY_PAGE, {PAGE: 4, SIZE: 100}, Page([], 120), 110, None),
        (BY_PAGE, {PAGE: 2, SIZE: 2}, Page([3, 4], 3), None, {PAGE: 3, SIZE: 2}),
        (BY_PAGE, {PAGE: 1, SIZE: 100}, Page([0] * 20), None, {PAGE: 2, SIZE: 100}),
        (replace(BY_PAGE, size=None), {PAGE: 1}, Page([1]), None, {PAGE: 2}),
        (replace(BY_PAGE, size=None), {PAGE: 2}, Page([]), None, None),
        (replace(BY_PAGE, size=None), {PAGE: 2}, Page([1], 2), 1, None),
        (replace(BY_PAGE, size=None), {PAGE: 2}, Page([1], 2), None, {PAGE: 3}),
        (BY_OFFSET, {OFFSET: 4, LIMIT: 5}, Page([1, 2, 3], 10), None, {OFFSET: 7, LIMIT: 5}),
        (BY_OFFSET, {OFFSET: 7, LIMIT: 5}, Page([1, 2, 3], 10), None, None),
        (BY_OFFSET, {OFFSET: 0, LIMIT: 2}, Page([1, 2, 3]), None, {OFFSET: 3, LIMIT: 2}),
        (BY_CURSOR, {LIMIT: 2}, Page([1], None, True, {"cursor": "b"}), None, {CURSOR: "b", LIMIT: 2}),
        (BY_CURSOR, {CURSOR: "b", LIMIT: 2}, Page([1], None, False), None, None),
        (
            BY_CURSOR,
            {CURSOR: "b"},
            Page([], None, True, {"cursor": 3}),
            None,
            {CURSOR: 3},
        ),
        (BY_URL, {LIMIT: 2}, Page([1], None, True, {"page": "2"}), None, {"page": "2", LIMIT: 2}),
        (
            BY_URL,
            {LIMIT: 2},
            Page([1], None, True, {"limit": "9", "id": ("1", "2")}),
            None,
            {"limit": "9", "id": ["1", "2"]},
        ),
        (
            replace(BY_URL, size=None),
            {"page": "2"},
            Page([1], None, True, {"page": "3"}),
            None,
            {"page": "3"},
        ),
    ],
)
def test_the_next_page_follows_from_values_and_answer(
    paging: Paging, values: Values, page: Page, before: int | None, expected: Values | None
) -> None:
    """A flag counts before a total, a total that can be true before a short page; else the list goes on."""
    assert next_values(paging, values, page, before) == expected


@pytest.mark.parametrize(
    ("paging", "values", "page", "path"),
    [
        (BY_PAGE, {PAGE: 1, SIZE: 2}, Page([], None, True), ("data",)),
        (BY_PAGE, {PAGE: 2, SIZE: 2}, Page([], 9), ("data",)),
        (BY_OFFSET, {OFFSET: 4, LIMIT: 2}, Page([], 9), ("data",)),
        (BY_CURSOR, {CURSOR: "a"}, Page([1], None, True, {"cursor": "a"}), ("meta", "next")),
        (BY_URL, {"page": "2"}, Page([1], None, True, {"page": "2"}), ("next",)),
        (BY_URL, {"id": ["1", "2"]}, Page([1], None, True, {"id": ("1", "2")}), ("next",)),
        (BY_HEADER, {"page": "2"}, Page([1], None, True, {"page": "2"}), ("headers", "link")),
    ],
)
def test_a_page_that_would_be_followed_for_ever_is_refused(
    paging: Paging, values: Values, page: Page, path: tuple[str, ...]
) -> None:
    """An empty numbered page that claims more, and a next page that is the page itself, are violations."""
    with pytest.raises(PageViolation) as caught:
        next_values(paging, values, page)
    assert caught.value.path == path


def test_an_unknown_end_is_said_as_unknown() -> None:
    """A full page without flag and total leaves open whether items follow."""
    values: Values = {PAGE: 1, SIZE: 2}
    pages = [Page([1, 2]), Page([1]), Page([1, 2], 2), Page([1, 2], 3), Page([1, 2, 3])]
    assert [more_after(BY_PAGE, values, page) for page in pages] == [None, False, False, True, None]


# --- whole lists


def serve(
    paging: Paging, items: list[Any], *, cap: int = 100, fixed: bool = False
) -> tuple[Any, list[Values]]:
    """A service that pages a list, with pages of at most `cap` items (or always of `cap`), and the calls it
    had.
    """
    calls: list[Values] = []

    def size_of(values: Values) -> int:
        wanted = values.get(paging.size, cap) if paging.size is not None else cap
        assert isinstance(wanted, int)
        return cap if fixed else min(wanted, cap)

    async def fetch(values: Values) -> Page:
        calls.append(values)
        size = size_of(values)
        match paging:
            case ByPage():
                start = (int(str(values[paging.page])) - paging.first_page) * size
            case ByOffset():
                start = int(str(values[paging.offset]))
            case ByCursor():
                start = int(str(values.get(paging.cursor, 0)))
            case ByLink():
                start = int(str(values.get("after", 0)))
        stop = start + size
        body: dict[str, Any] = {}
        if paging.total is not None:
            place(body, paging.total, len(items))
        if not isinstance(paging, ByLink) and paging.more is not None:
            place(body, paging.more, stop < len(items))
        if isinstance(paging, ByCursor):
            place(body, paging.next, str(stop) if stop < len(items) else None)
        headers = {}
        if isinstance(paging, ByLink) and stop < len(items):
            url = f"https://internal.example/elsewhere?after={stop}"
            if paging.next is None:
                headers["link"] = f'<{url}>; rel="next"'
            else:
                place(body, paging.next, url)
        if not paging.items:
            return read_page(paging, items[start:stop], headers)
        place(body, paging.items, items[start:stop])
        return read_page(paging, body, headers)

    return fetch, calls


def place(body: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        body = body.setdefault(step, {})
    body[path[-1]] = value


WHOLE: dict[str, Paging] = {
    "page, total and flag": BY_PAGE,
    "page, total": replace(BY_PAGE, more=None),
    "page from 0": replace(BY_PAGE, first_page=0, total=None),
    "page alone": replace(BY_PAGE, more=None, total=None, items=()),
    "page without size": replace(BY_PAGE, more=None, total=None, size=None),
    "offset, total": BY_OFFSET,
    "offset alone": replace(BY_OFFSET, total=None),
    "offset without limit": replace(BY_OFFSET, limit=None),
    "cursor": replace(BY_CURSOR, more=None, total=None),
    "cursor and flag": BY_CURSOR,
    "next URL": BY_URL,
    "Link header": BY_HEADER,
}


@pytest.mark.parametrize("style", WHOLE)
@given(count=st.integers(0, 350))
async def test_a_list_is_followed_to_its_end_in_as_few_calls_as_can_be(style: str, count: int) -> None:
    """Every item comes once, in order, in the largest pages; one call more where nothing tells the end."""
    paging = WHOLE[style]
    fetch, calls = serve(paging, list(range(count)))
    assert await follow(paging, fetch, page_limit=10) == list(range(count))
    numbered = isinstance(paging, ByPage | ByOffset) and paging.total is None and paging.more is None
    told = max(1, -(-count // 100))
    untold = count // 100 + 1 + (count % 100 == 20)
    if numbered and paging.size is None:
        untold = told + (count > 0)
    assert len(calls) == (untold if numbered else told)


@pytest.mark.parametrize("style", [name for name in WHOLE if name not in {"page alone", "offset alone"}])
@given(count=st.integers(0, 60), cap=st.integers(7, 30))
async def test_a_service_with_shorter_pages_than_asked_loses_no_item(
    style: str, count: int, cap: int
) -> None:
    """Where anything tells the end, a page shorter than was asked for is not taken for it."""
    paging = WHOLE[style]
    fetch, _ = serve(paging, list(range(count)), cap=cap)
    assert await follow(paging, fetch, page_limit=20) == list(range(count))


@pytest.mark.parametrize("style", ["page alone", "offset alone"])
async def test_pages_of_just_the_default_length_are_not_taken_for_the_end(style: str) -> None:
    """A service that heeds no size sends its default: the list goes on until a page is short of that."""
    paging = WHOLE[style]
    fetch, calls = serve(paging, list(range(47)), cap=20, fixed=True)
    assert await follow(paging, fetch, page_limit=20) == list(range(47))
    assert len(calls) == 3


@pytest.mark.parametrize("style", WHOLE)
async def test_a_list_longer_than_the_bound_is_incomplete(style: str) -> None:
    """No part of a list passes for the whole: the bound is an error that names it."""
    fetch, calls = serve(WHOLE[style], list(range(301)))
    with pytest.raises(Incomplete, match="3 pages") as caught:
        await follow(WHOLE[style], fetch, page_limit=3)
    assert (caught.value.pages, len(calls)) == (3, 3)


def scripted(pages: list[Page]) -> tuple[Callable[[Values], Awaitable[Page]], list[Values]]:
    calls: list[Values] = []

    async def fetch(values: Values) -> Page:
        calls.append(values)
        return pages[(len(calls) - 1) % len(pages)]

    return fetch, calls


@pytest.mark.parametrize("paging", [BY_CURSOR, BY_HEADER])
async def test_a_circle_of_pages_is_left(paging: Paging) -> None:
    """A cursor or link that was followed before ends the reading with a violation, not with the bound."""
    name = "cursor" if isinstance(paging, ByCursor) else "page"
    fetch, calls = scripted([Page([1], None, True, {name: "a"}), Page([2], None, True, {name: "b"})])
    with pytest.raises(PageViolation, match="expected a page that was not read yet, found one that was"):
        await follow(paging, fetch, page_limit=100)
    assert len(calls) == 3


async def test_an_empty_page_in_a_chain_is_passed() -> None:
    """Services that filter after paging send empty pages with a next one; the list goes on."""
    fetch, calls = scripted(
        [Page([1], None, True, {"cursor": "a"}), Page([], None, True, {"cursor": "b"}), Page([2])]
    )
    assert await follow(BY_CURSOR, fetch, page_limit=5) == [1, 2]
    assert calls == [{LIMIT: 100}, {CURSOR: "a", LIMIT: 100}, {CURSOR: "b", LIMIT: 100}]


async def test_a_total_that_shrinks_on_the_way_ends_the_list_where_it_ends() -> None:
    """Items deleted while the list is read neither loop nor break it."""
    paging = replace(BY_PAGE, more=None, max_size=2)
    fetch, calls = scripted([Page([1, 2], 6), Page([3, 4], 3), Page([], 3)])
    assert await follow(paging, fetch, page_limit=9) == [1, 2, 3, 4]
    assert len(calls) == 3


def test_paging_values_are_made_of_whole_numbers_only() -> None:
    """Values that no paging made are refused, not guessed at."""
    with pytest.raises(TypeError, match="is no int"):
        next_values(BY_PAGE, {PAGE: "1", SIZE: 2}, Page([1, 2], 5))
