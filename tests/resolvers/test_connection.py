"""Windows of every kind of paging against the Relay Cursor Connections Specification, with the calls they
cost.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.contract import Parameter, Use
from resolvers.paging.connection import BadWindow, Slice, Window, slice_of
from resolvers.paging.numbered import covering
from resolvers.paging.paging import (
    ByCursor,
    ByLink,
    ByOffset,
    ByPage,
    Page,
    PageViolation,
    Paging,
    Values,
    read_page,
)


def query(name: str) -> Parameter:
    pointer = f"#/paths/~1items/get/parameters/{name}"
    return Parameter(name, "query", False, Use(f"{pointer}/schema"), "form", True, pointer)


PAGE, SIZE, OFFSET, LIMIT, CURSOR = map(query, ("page", "per_page", "offset", "limit", "cursor"))
BY_PAGE = ByPage(PAGE, SIZE, ("data",), ("total",), None, default_size=20, max_size=100)
BY_OFFSET = ByOffset(OFFSET, LIMIT, ("data",), ("total",), None, default_size=20, max_size=100)
BY_CURSOR = ByCursor(CURSOR, LIMIT, ("data",), ("next",), default_size=20, max_size=100)
BY_URL = ByLink(("data",), ("next",), LIMIT, ("total",), default_size=20, max_size=100)
BY_HEADER = ByLink((), None, None, None, default_size=20, max_size=100)

NUMBERED: dict[str, Paging] = {
    "page and total": BY_PAGE,
    "page and flag": replace(BY_PAGE, total=None, more=("more",), first_page=0),
    "page, total and flag": replace(BY_PAGE, more=("more",)),
    "page alone": replace(BY_PAGE, total=None),
    "page of 3 or more": replace(BY_PAGE, min_size=3),
    "offset and total": BY_OFFSET,
    "offset and flag": replace(BY_OFFSET, total=None, more=("more",)),
    "offset alone": replace(BY_OFFSET, total=None),
    "offset without limit": replace(BY_OFFSET, limit=None),
}
CHAINED: dict[str, Paging] = {
    "cursor": BY_CURSOR,
    "cursor without size": replace(BY_CURSOR, size=None),
    "next URL": BY_URL,
    "next URL without size": replace(BY_URL, size=None),
    "Link header": BY_HEADER,
}
# The service alone decides how long these pages are, whatever it is asked for.
OWN_LENGTH: dict[str, Paging] = {
    "page without size": replace(BY_PAGE, size=None),
    "page without size or total": replace(BY_PAGE, size=None, total=None, more=("more",)),
    "page that heeds no size": BY_PAGE,
    "page and flag that heeds no size": replace(BY_PAGE, total=None, more=("more",)),
    "offset that heeds no limit": BY_OFFSET,
    "cursor that heeds no size": BY_CURSOR,
    "next URL that heeds no size": BY_URL,
}
EVERY = {**NUMBERED, **CHAINED}


@dataclass
class Service:
    """A service that pages `items`. `cap`: the longest page. `fixed`: every page is that long, whatever is
    asked.
    """

    paging: Paging
    items: list[Any]
    cap: int = 100
    fixed: bool = False
    calls: list[Values] = field(default_factory=list)

    async def fetch(self, values: Values) -> Page:
        self.calls.append(values)
        paging = self.paging
        url_size = values.get("limit")
        wanted = int(str(url_size)) if url_size is not None else values.get(paging.size or "", self.cap)
        assert isinstance(wanted, int)
        size = self.cap if self.fixed else min(wanted, self.cap)
        match paging:
            case ByPage():
                number = values[paging.page]
                assert isinstance(number, int)
                start = (number - paging.first_page) * size
            case ByOffset():
                offset = values[paging.offset]
                assert isinstance(offset, int)
                start = offset
            case ByCursor():
                start = int(str(values.get(paging.cursor, "c0"))[1:])
            case ByLink():
                start = int(str(values.get("after", "0")))
        stop = start + size
        more = stop < len(self.items)
        body: dict[str, Any] = {"data": self.items[start:stop], "total": len(self.items), "more": more}
        if isinstance(paging, ByCursor):
            body["next"] = f"c{stop}" if more else None
            return read_page(paging, body, {})
        # Such a URL says the size only where the service can be asked for one.
        limit = f"&limit={size}" if paging.size is not None else ""
        url = f"https://internal.example/v9/list?key=s3cret&after={stop}{limit}"
        body["next"] = url if more else None
        headers = {"link": f'<{url}>; rel="next"'} if more else {}
        return read_page(paging, body if paging.items else body["data"], headers)

    def spent(self) -> int:
        """How many calls there were since it was last asked."""
        count = len(self.calls)
        self.calls.clear()
        return count


@dataclass(frozen=True)
class Told:
    """A slice, as a client sees it."""

    nodes: list[Any]
    has_next: bool
    has_previous: bool


async def told(found: Slice) -> Told:
    return Told(found.nodes, await found.has_next_page(), found.has_previous)


def relay(items: list[Any], window: Window, after: int | None, before: int | None) -> Told:
    """EdgesToReturn, HasNextPage and HasPreviousPage of the specification, over the whole list.

    Where the specification leaves it to the server: items exist before `after` and after `before`, as the
    cursors' own.
    """
    low = 0 if after is None else after + 1
    high = len(items) if before is None else before
    edges = items[low:high]
    if window.first is not None:
        return Told(edges[: window.first], len(edges) > window.first, after is not None)
    assert window.last is not None
    nodes = edges[max(0, len(edges) - window.last) :]
    return Told(nodes, before is not None, len(edges) > window.last)


# --- one page


@pytest.mark.parametrize("style", EVERY)
@pytest.mark.parametrize("count", [0, 1, 19, 20, 21, 300])
async def test_the_first_page_costs_one_call_of_its_size(style: str, count: int) -> None:
    """`first: 20` asks once for 20; a second call is made only to learn what no answer tells, and only when
    asked.
    """
    service = Service(EVERY[style], list(range(count)), cap=20 if EVERY[style].size is None else 100)
    found = await slice_of(service.paging, Window(first=20), service.fetch)
    assert found.nodes == list(range(min(count, 20)))
    sizes = [call[service.paging.size] for call in service.calls if service.paging.size is not None]
    assert (len(service.calls), sizes) == (1, [20] if service.paging.size is not None else [])
    untold = style in {"page alone", "offset alone"} and count >= 20
    assert found.has_next is (None if untold else count > 20)
    assert set(await asyncio.gather(found.has_next_page(), found.has_next_page())) == {count > 20}
    assert await found.has_next_page() is (count > 20)
    assert len(service.calls) == 1 + untold


@pytest.mark.parametrize("style", EVERY)
async def test_neither_first_nor_last_means_the_default_size(style: str) -> None:
    """A connection without arguments is its first page of the paging's default size."""
    service = Service(EVERY[style], list(range(50)))
    found = await slice_of(service.paging, Window(), service.fetch)
    assert (found.nodes, found.has_previous) == (list(range(20)), False)


@pytest.mark.parametrize("style", EVERY)
@pytest.mark.parametrize("count", [0, 1])
async def test_first_zero_costs_nothing(style: str, count: int) -> None:
    """`first: 0` makes no call; one tells whether anything follows, when asked, and the total with it."""
    service = Service(EVERY[style], list(range(count)))
    found = await slice_of(service.paging, Window(first=0), service.fetch)
    assert (parts(found), service.spent()) == (([], [], None, False, None), 0)
    assert await found.has_next_page() is (count > 0)
    assert (found.total, service.spent()) == (count if service.paging.total is not None else None, 1)


def parts(found: Slice) -> tuple[Any, ...]:
    return found.nodes, found.cursors, found.has_next, found.has_previous, found.total


@pytest.mark.parametrize("style", EVERY)
async def test_the_total_comes_from_pages_that_were_read(style: str) -> None:
    """Where the answers count the list, the slice says so; no call is made for it alone."""
    service = Service(EVERY[style], list(range(33)))
    found = await slice_of(service.paging, Window(first=5), service.fetch)
    assert (found.total, service.spent()) == (33 if service.paging.total is not None else None, 1)


# --- walks


@pytest.mark.parametrize("style", [*EVERY, *OWN_LENGTH])
@given(count=st.integers(0, 60), first=st.integers(1, 25), cap=st.integers(4, 30))
async def test_a_walk_yields_every_item_once_in_order(style: str, count: int, first: int, cap: int) -> None:
    """`first: k` with `after: endCursor` until nothing follows is the list, one call a page."""
    paging = EVERY[style] if style in EVERY else OWN_LENGTH[style]
    own = style in OWN_LENGTH or paging.size is None
    service = Service(paging, list(range(count)), cap=cap if own else 100, fixed=own)
    seen: list[Any] = []
    after: str | None = None
    for _ in range(count + 1):
        found = await slice_of(paging, Window(first=first, after=after), service.fetch)
        sure = found.has_next is not None
        if not own:
            # A page of just the default length, where more was asked for and nothing else tells the end.
            doubtful = style in {"page alone", "offset alone"} and len(found.nodes) == 20 < first
            assert service.spent() == 1 + doubtful
        seen += found.nodes
        assert len(set(found.cursors)) == len(found.cursors) == len(found.nodes)
        more = await found.has_next_page()
        assert service.spent() <= (not sure) or own
        assert more == (len(seen) < count)
        assert len(found.nodes) == first or not more
        if not more:
            break
        after = found.cursors[-1]
    assert seen == list(range(count))


@pytest.mark.parametrize("style", OWN_LENGTH)
async def test_services_of_their_own_page_length_cost_no_more_than_their_pages(style: str) -> None:
    """Pages longer than asked are cut, and the cut knows that more follows; no page is read twice for one
    slice.
    """
    service = Service(OWN_LENGTH[style], list(range(45)), cap=30, fixed=True)
    found = await slice_of(service.paging, Window(first=20), service.fetch)
    assert (found.nodes, found.has_next, service.spent()) == (list(range(20)), True, 1)
    found = await slice_of(service.paging, Window(first=20, after=found.cursors[-1]), service.fetch)
    assert (found.nodes, found.has_next, found.has_previous) == (list(range(20, 40)), True, True)
    assert service.spent() == (1 if isinstance(service.paging, ByOffset) else 2)
    found = await slice_of(service.paging, Window(first=20, after=found.cursors[-1]), service.fetch)
    assert (found.nodes, found.has_next, service.spent()) == (list(range(40, 45)), False, 1)


@pytest.mark.parametrize(
    "style", ["page and total", "page and flag", "offset and total", "cursor", "next URL"]
)
@given(count=st.integers(0, 60), cap=st.integers(4, 30), firsts=st.lists(st.integers(4, 40), max_size=6))
async def test_a_service_that_caps_its_pages_loses_no_item(
    style: str, count: int, cap: int, firsts: list[int]
) -> None:
    """Pages shorter than asked are filled from the next ones; sizes may change on the way, but of numbered
    pages.
    """
    if isinstance(EVERY[style], ByPage):
        firsts = firsts[:1] * len(firsts)
    service = Service(EVERY[style], list(range(count)), cap=cap)
    seen: list[Any] = []
    after: str | None = None
    for first in firsts:
        found = await slice_of(service.paging, Window(first=first, after=after), service.fetch)
        seen += found.nodes
        assert seen == list(range(len(seen)))
        assert found.has_next is (len(seen) < count)
        assert len(found.nodes) == first or not found.has_next
        if not found.has_next:
            break
        after = found.cursors[-1]


# --- any window


at: st.SearchStrategy[int | None] = st.one_of(st.none(), st.integers(0, 80))


@pytest.mark.parametrize("style", NUMBERED)
@given(
    count=st.integers(0, 80),
    windows=st.lists(st.tuples(st.booleans(), st.integers(0, 30), at, at), max_size=6),
)
async def test_windows_of_numbered_pages_are_the_specifications_slices(
    style: str, count: int, windows: list[tuple[bool, int, int | None, int | None]]
) -> None:
    """Any `first`, `last`, `after`, `before` gives the nodes and page info that the whole list would give."""
    paging = NUMBERED[style]
    service = Service(paging, list(range(count)))
    cursors = await all_cursors(service)
    for forward, size, wanted_after, wanted_before in windows:
        after, before = within(wanted_after, count), within(wanted_before, count)
        window = Window(
            first=size if forward else None,
            last=None if forward else size,
            after=None if after is None else cursors[after],
            before=None if before is None else cursors[before],
        )
        if not forward and before is None and paging.total is None:
            with pytest.raises(BadWindow, match="does not say how many items"):
                await slice_of(paging, window, service.fetch)
            assert service.spent() == 0
            continue
        found = await slice_of(paging, window, service.fetch)
        calls = service.spent()
        assert await told(found) == relay(service.items, window, after, before)
        # A page that one size covers, or two; and one to learn the total, or what a full page does not say.
        assert calls <= (1 if isinstance(paging, ByOffset) else 2) + (not forward and before is None)
        assert service.spent() <= (style in {"page alone", "offset alone"} or size == 0)
        assert len(found.cursors) == len(found.nodes)
        assert found.cursors == [cursors[service.items.index(node)] for node in found.nodes]


@pytest.mark.parametrize("style", CHAINED)
@given(
    count=st.integers(0, 80), windows=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 80)), max_size=6)
)
async def test_windows_of_chained_pages_are_the_specifications_slices(
    style: str, count: int, windows: list[tuple[int, int]]
) -> None:
    """Any `first` after any cursor that was given gives the nodes and page info that the whole list would
    give.
    """
    paging = CHAINED[style]
    service = Service(paging, list(range(count)), cap=100 if paging.size is not None else 13)
    cursors = await all_cursors(service)
    for first, at in windows:
        after = within(at, count)
        window = Window(first=first, after=None if after is None else cursors[after])
        found = await slice_of(paging, window, service.fetch)
        calls = service.spent()
        assert await told(found) == relay(service.items, window, after, None)
        assert service.spent() == (first == 0)
        # URLs keep the size of the walk that gave the cursor (7 here), unsized pages are 13 long.
        length = 100 if isinstance(paging, ByCursor) and paging.size is not None else 7 if paging.size else 13
        assert calls <= 1 + first // length + 1


async def all_cursors(service: Service) -> list[str]:
    """The cursor of every item, as a walk by sevens gives it."""
    cursors: list[str] = []
    more = True
    while more:
        after = cursors[-1] if cursors else None
        found = await slice_of(service.paging, Window(first=7, after=after), service.fetch)
        cursors += found.cursors
        more = await found.has_next_page()
    service.spent()
    assert len(cursors) == len(service.items)
    return cursors


def within(index: int | None, count: int) -> int | None:
    return None if index is None or index >= count else index


@given(low=st.integers(0, 3000), length=st.integers(1, 100), least=st.integers(1, 10))
def test_the_smallest_page_that_covers_a_window_is_taken(low: int, length: int, least: int) -> None:
    """One page where any size within bounds covers the window, else two adjacent ones."""
    number, size = covering(replace(BY_PAGE, min_size=least), low, low + length)
    sizes = [one for one in range(max(least, length), 101) if low // one == (low + length - 1) // one]
    assert size == (sizes[0] if sizes else max(least, length))
    assert number * size <= low
    assert low + length <= (number + (1 if sizes else 2)) * size


# --- backward


@pytest.mark.parametrize("style", ["page and total", "offset and total"])
async def test_last_learns_the_total_by_one_call(style: str) -> None:
    """The call that tells the end is enough where the whole list came with it."""
    service = Service(NUMBERED[style], list(range(45)))
    found = await slice_of(service.paging, Window(last=5), service.fetch)
    assert (found.nodes, found.has_previous, found.has_next, found.total) == (
        list(range(40, 45)),
        True,
        False,
        45,
    )
    assert service.spent() == 2
    found = await slice_of(service.paging, Window(last=50), service.fetch)
    assert (found.nodes, found.has_previous, found.has_next, found.total) == (
        list(range(45)),
        False,
        False,
        45,
    )
    assert service.spent() == 1
    found = await slice_of(service.paging, Window(last=0), service.fetch)
    assert (found.nodes, found.has_previous, found.has_next, found.total) == ([], True, False, 45)
    assert service.spent() == 1


@pytest.mark.parametrize("style", ["page alone", "offset alone"])
async def test_last_with_before_needs_no_total(style: str) -> None:
    """A position says where the window ends; the upstream need not count."""
    service = Service(NUMBERED[style], list(range(45)))
    cursors = await all_cursors(service)
    found = await slice_of(service.paging, Window(last=5, before=cursors[20]), service.fetch)
    assert (found.nodes, found.has_previous, found.has_next) == ([15, 16, 17, 18, 19], True, True)
    assert service.spent() == 1


@pytest.mark.parametrize("style", ["page alone", "offset and total"])
async def test_before_alone_means_the_nearest_of_the_default_size(style: str) -> None:
    """A client that pages back without `last` gets the items right before the cursor."""
    service = Service(NUMBERED[style], list(range(45)))
    cursors = await all_cursors(service)
    found = await slice_of(service.paging, Window(before=cursors[30]), service.fetch)
    assert (found.nodes, found.has_previous) == (list(range(10, 30)), True)


@pytest.mark.parametrize("style", CHAINED)
@pytest.mark.parametrize("argument", ["last", "before"])
async def test_chained_pages_go_forward_only(style: str, argument: str) -> None:
    """`last` and `before` are refused by name, before any call."""
    service = Service(CHAINED[style], [1])
    window = Window(last=1) if argument == "last" else Window(before="1.x")
    with pytest.raises(BadWindow, match="the upstream pages forward only") as caught:
        await slice_of(service.paging, window, service.fetch)
    assert (caught.value.argument, service.spent()) == (argument, 0)


async def test_pages_of_the_services_own_length_go_forward_only() -> None:
    """Without positions there is no way back: neither where no size can be asked for, nor where none is
    heeded.
    """
    unsized = Service(replace(BY_PAGE, size=None), list(range(50)), cap=10, fixed=True)
    heedless = Service(BY_PAGE, list(range(50)), cap=10, fixed=True)
    cursor = (await slice_of(BY_PAGE, Window(first=3), heedless.fetch)).cursors[0]
    heedless.spent()
    for service, window in (
        (unsized, Window(last=3)),
        (heedless, Window(last=3, after=cursor)),
        (heedless, Window(first=3, before=cursor)),
    ):
        with pytest.raises(BadWindow, match="forward only"):
            await slice_of(service.paging, window, service.fetch)
        assert service.spent() == 0


async def test_last_of_a_service_that_heeds_no_size_is_right_all_the_same() -> None:
    """The page that was read shows how long the service's pages are; the window is found by that."""
    service = Service(BY_PAGE, list(range(45)), cap=10, fixed=True)
    found = await slice_of(BY_PAGE, Window(last=7), service.fetch)
    assert (found.nodes, found.has_previous, found.has_next) == (list(range(38, 45)), True, False)


@pytest.mark.parametrize("style", ["page and total", "page, total and flag"])
async def test_a_page_that_begins_elsewhere_is_noticed(style: str) -> None:
    """A service that caps pages below what its contract says is found out, and read by its own length."""
    service = Service(NUMBERED[style], list(range(95)), cap=10)
    found = await slice_of(service.paging, Window(first=10), service.fetch)
    for _ in range(3):
        found = await slice_of(service.paging, Window(first=10, after=found.cursors[-1]), service.fetch)
    assert service.spent() == 4
    found = await slice_of(service.paging, Window(first=40, after=found.cursors[-1]), service.fetch)
    assert (found.nodes, found.has_next, service.spent()) == (list(range(40, 80)), True, 6)
    found = await slice_of(service.paging, Window(first=40, after=found.cursors[-1]), service.fetch)
    assert (found.nodes, found.has_next) == (list(range(80, 95)), False)


async def test_a_list_that_is_gone_when_its_page_length_is_asked_for_is_empty() -> None:
    """What was found first stands where nothing else is left."""
    cursors = await all_cursors(Service(BY_PAGE, list(range(60))))
    pages = [Page([1], 60), Page([], 0)]

    async def fetch(values: Values) -> Page:
        return pages.pop(0) if len(pages) > 1 else pages[0]

    found = await slice_of(BY_PAGE, Window(first=40, after=cursors[49]), fetch)
    assert (found.nodes, found.has_next) == ([], False)


async def test_a_first_page_with_everything_serves_last_though_it_is_longer_than_asked() -> None:
    """The page that told the total is not read again, and its cursors go on."""
    service = Service(BY_PAGE, list(range(8)), cap=10, fixed=True)
    found = await slice_of(BY_PAGE, Window(last=3), service.fetch)
    assert (found.nodes, found.has_previous, service.spent()) == ([5, 6, 7], True, 1)
    rest = await slice_of(BY_PAGE, Window(first=3, after=found.cursors[0]), service.fetch)
    assert rest.nodes == [6, 7]


@pytest.mark.parametrize("total", [None, -1])
async def test_last_is_refused_where_the_answer_does_not_count(total: int | None) -> None:
    """A total that the contract names and the answer leaves out is no total; a short first page tells the
    end.
    """
    pages = [Page([1, 2, 3], None)]

    async def fetch(values: Values) -> Page:
        return pages[0]

    with pytest.raises(BadWindow, match="does not say how many") as caught:
        await slice_of(BY_OFFSET, Window(last=3), fetch)
    assert caught.value.argument == "last"
    found = await slice_of(BY_OFFSET, Window(last=4), fetch)
    assert parts(found) == ([1, 2, 3], found.cursors, False, False, 3)


# --- lists that change


async def test_a_list_that_shrank_gives_its_new_end() -> None:
    """`last` before a cursor beyond the end means the end, read once more; and nothing follows there."""
    service = Service(BY_OFFSET, list(range(50)))
    cursors = await all_cursors(service)
    del service.items[30:]
    found = await slice_of(BY_OFFSET, Window(last=5, before=cursors[33]), service.fetch)
    assert (found.nodes, found.has_next, found.has_previous, found.total) == (
        list(range(25, 30)),
        False,
        True,
        30,
    )
    assert service.spent() == 2
    found = await slice_of(BY_OFFSET, Window(last=5, before=cursors[49]), service.fetch)
    assert (found.nodes, found.has_next) == ([25, 26, 27, 28, 29], False)
    found = await slice_of(BY_OFFSET, Window(last=5, before=cursors[30]), service.fetch)
    assert (found.nodes, found.has_next) == ([25, 26, 27, 28, 29], False)
    found = await slice_of(BY_OFFSET, Window(last=5, before=cursors[40], after=cursors[35]), service.fetch)
    assert parts(found) == ([], [], False, False, 30)


async def test_a_list_that_shrank_between_total_and_page_gives_its_new_end() -> None:
    """The total is learnt again from the page itself, once."""
    service = Service(BY_OFFSET, list(range(50)))

    async def fetch(values: Values) -> Page:
        page = await service.fetch(values)
        del service.items[47:]
        return page

    found = await slice_of(BY_OFFSET, Window(last=5), fetch)
    assert (found.nodes, found.total, service.spent()) == ([42, 43, 44, 45, 46], 47, 3)


@pytest.mark.parametrize(
    "style", ["page and total", "page alone", "offset and total", "offset alone", "cursor"]
)
async def test_after_an_item_beyond_the_end_stands_nothing(style: str) -> None:
    """A list that lost its end since a cursor was given answers with an empty last page."""
    service = Service(EVERY[style], list(range(50)))
    cursors = await all_cursors(service)
    del service.items[5:]
    found = await slice_of(service.paging, Window(first=10, after=cursors[40]), service.fetch)
    assert (found.nodes, found.cursors, await found.has_next_page(), found.has_previous) == (
        [],
        [],
        False,
        True,
    )


@pytest.mark.parametrize("style", EVERY)
async def test_the_last_cursor_finds_what_was_added_since(style: str) -> None:
    """A client that stays at the end of a growing list gets just the new items."""
    service = Service(EVERY[style], list(range(10)))
    cursors = await all_cursors(service)
    service.items += [10, 11]
    found = await slice_of(service.paging, Window(first=5, after=cursors[-1]), service.fetch)
    assert found.nodes == [10, 11]


# --- chains


async def test_after_the_last_item_of_a_page_the_next_one_is_read_at_once() -> None:
    """The page before is not read again; within a page, one call covers what is skipped and wanted."""
    service = Service(BY_CURSOR, list(range(50)))
    first = await slice_of(BY_CURSOR, Window(first=10), service.fetch)
    await slice_of(BY_CURSOR, Window(first=10, after=first.cursors[-1]), service.fetch)
    await slice_of(BY_CURSOR, Window(first=10, after=first.cursors[3]), service.fetch)
    assert service.calls == [{LIMIT: 10}, {CURSOR: "c10", LIMIT: 10}, {LIMIT: 14}]


async def test_a_next_url_is_asked_for_as_the_service_wrote_it() -> None:
    """Its parameters are sent as they are, since a page's URL holds for one size only; the rest of it is
    dropped.
    """
    service = Service(BY_URL, list(range(50)))
    first = await slice_of(BY_URL, Window(first=10), service.fetch)
    found = await slice_of(BY_URL, Window(first=15, after=first.cursors[-1]), service.fetch)
    assert found.nodes == list(range(10, 25))
    assert service.calls == [{LIMIT: 10}, {"after": "10", "limit": "10"}, {"after": "20", "limit": "10"}]


async def test_several_values_of_one_parameter_come_back_from_a_cursor() -> None:
    """A next URL may name a parameter more than once."""
    paging = replace(BY_URL, parameters=frozenset({"id"}))
    calls: list[Values] = []

    async def fetch(values: Values) -> Page:
        calls.append(values)
        following = "?id=1&id=2" if len(calls) == 1 else None
        return read_page(paging, {"data": [len(calls)], "next": following}, {})

    first = await slice_of(paging, Window(first=1), fetch)
    found = await slice_of(paging, Window(first=1, after=first.cursors[0]), fetch)
    assert (found.nodes, calls) == ([2], [{LIMIT: 1}, {"id": ["1", "2"], LIMIT: 1}])


def chain(pages: list[list[object]], loop: bool = False) -> tuple[Any, list[Values]]:
    """A service whose cursor names the page: these pages, the last leading to the first if it loops."""
    calls: list[Values] = []

    async def fetch(values: Values) -> Page:
        calls.append(values)
        at = int(str(values.get(CURSOR, "0")))
        following = at + 1 if at + 1 < len(pages) else 0 if loop else None
        named = None if following is None else {"cursor": following}
        return Page(pages[at], None, following is not None, named)

    return fetch, calls


async def test_empty_pages_are_passed_until_items_come() -> None:
    """A slice without items would leave the client no cursor to go on with."""
    fetch, calls = chain([[], [1], [], [], [2, 3], [4]])
    found = await slice_of(BY_CURSOR, Window(first=2), fetch)
    assert (found.nodes, found.has_next, len(calls)) == ([1, 2], True, 5)
    found = await slice_of(BY_CURSOR, Window(first=2, after=found.cursors[-1]), fetch)
    assert (found.nodes, found.has_next) == ([3, 4], False)


async def test_a_slice_costs_ten_calls_at_most() -> None:
    """A service that sends an item a page gives a shorter slice that goes on; one that sends none breaks its
    paging.
    """
    fetch, calls = chain([[n] for n in range(30)])
    found = await slice_of(BY_CURSOR, Window(first=20), fetch)
    assert (found.nodes, found.has_next, len(calls)) == (list(range(10)), True, 10)
    found = await slice_of(BY_CURSOR, Window(first=20, after=found.cursors[-1]), fetch)
    assert found.nodes == list(range(10, 20))
    fetch, calls = chain([[]] * 30)
    with pytest.raises(PageViolation, match="data: expected items within 10 pages, found empty arrays"):
        await slice_of(BY_CURSOR, Window(first=20), fetch)
    assert len(calls) == 10


async def test_a_circle_of_cursors_is_a_violation() -> None:
    """Pages that lead back to one that was read never give a slice of repeated items."""
    fetch, calls = chain([[1], [2], [3]], loop=True)
    with pytest.raises(PageViolation, match="expected a page that was not read yet"):
        await slice_of(BY_CURSOR, Window(first=20), fetch)
    assert len(calls) == 4


@pytest.mark.parametrize("paging", [BY_PAGE, BY_OFFSET, replace(BY_PAGE, total=None, more=("more",))])
async def test_an_empty_numbered_page_that_claims_more_is_a_violation(paging: Paging) -> None:
    """Nothing could be answered that would not be wrong."""

    async def fetch(values: Values) -> Page:
        return read_page(paging, {"data": [], "total": 7, "more": True}, {})

    with pytest.raises(PageViolation, match="data: expected items, as the answer says that more follow"):
        await slice_of(paging, Window(first=5), fetch)


# --- arguments


@pytest.mark.parametrize("style", EVERY)
@pytest.mark.parametrize(
    ("window", "argument", "message"),
    [
        (Window(first=-1), "first", "-1 is negative"),
        (Window(last=-3), "last", "-3 is negative"),
        (Window(first=101), "first", "101 is more than the limit, 100"),
        (Window(last=101), "last", "101 is more than the limit, 100"),
        (Window(first=1, last=1), "last", "first and last can't be given together: ask for one of them"),
    ],
)
async def test_a_window_that_makes_no_sense_is_refused_with_its_figure(
    style: str, window: Window, argument: str, message: str
) -> None:
    """With the argument, and a text that names the figure and the limit; no call is made."""
    service = Service(EVERY[style], [1])
    with pytest.raises(BadWindow) as caught:
        await slice_of(service.paging, window, service.fetch)
    assert (caught.value.argument, str(caught.value), service.spent()) == (argument, message, 0)


def packed(text: str) -> str:
    return "1." + base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


async def cursor_of(paging: Paging, own: bool = False) -> str:
    service = Service(paging, list(range(30)), cap=12, fixed=own)
    return (await slice_of(paging, Window(first=5), service.fetch)).cursors[-1]


@pytest.mark.parametrize("style", EVERY)
@pytest.mark.parametrize(
    "cursor",
    ["", "x", "1.", "1.%", "1.é", "1.AAAA", "2.W10", packed("[]"), packed("1"), "1." + "A" * 20_000],
)
async def test_a_text_that_is_no_cursor_is_refused(style: str, cursor: str) -> None:
    """A broken, foreign or overlong cursor is the client's mistake, told without its text and any call."""
    service = Service(EVERY[style], [1])
    with pytest.raises(BadWindow) as caught:
        await slice_of(service.paging, Window(first=1, after=cursor), service.fetch)
    assert (caught.value.argument, service.spent()) == ("after", 0)
    assert str(caught.value) in {"this cursor is damaged", "this is no cursor of this graph"}


@pytest.mark.parametrize("style", NUMBERED)
async def test_a_broken_before_is_told_at_before(style: str) -> None:
    """The argument that holds the broken cursor is the one that is named."""
    service = Service(NUMBERED[style], [1])
    with pytest.raises(BadWindow) as caught:
        await slice_of(service.paging, Window(last=1, before="x"), service.fetch)
    assert (caught.value.argument, service.spent()) == ("before", 0)


@pytest.mark.parametrize("style", EVERY)
async def test_a_cursor_of_another_connection_is_refused(style: str) -> None:
    """A cursor holds for connections over one operation's paging alone."""
    service = Service(EVERY[style], [1])
    other = ByOffset(query("skip"), None, ("data",), None, None, default_size=20, max_size=100)
    with pytest.raises(BadWindow, match="belongs to another connection"):
        await slice_of(service.paging, Window(first=1, after=await cursor_of(other)), service.fetch)
    assert service.spent() == 0


@pytest.mark.parametrize("style", EVERY)
async def test_a_cursor_is_opaque_and_fits_a_url(style: str) -> None:
    """Letters, digits and what RFC 3986 calls unreserved; of a next URL only what the paging allows is kept
    in it.
    """
    cursor = await cursor_of(EVERY[style])
    assert cursor.startswith("1.")
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert b"s3cret" not in base64.urlsafe_b64decode(cursor[2:] + "===")


def forged(cursor: str, old: str, new: str) -> str:
    text = base64.urlsafe_b64decode(cursor[2:] + "===").decode()
    assert old in text
    return packed(text.replace(old, new))


@pytest.mark.parametrize(
    ("paging", "own", "old", "new"),
    [
        (BY_URL, False, '"after"', '"tenant"'),
        (BY_URL, False, '{"after":"5","limit":"5"}', "{}"),
        (BY_URL, False, '"5"', "5"),
        (BY_URL, False, '"limit":"5"', '"limit":"1001"'),
        (BY_URL, False, '"limit":"5"', '"limit":["5","1000000"]'),
        (BY_URL, False, '"limit":"5"', '"limit":"-1"'),
        (replace(BY_URL, size=None), False, "null,5", '{"per_page":"1000000"},5'),
        (BY_URL, False, '["next"', '["at"'),
        (BY_CURSOR, False, '"cursor"', '"tenant"'),
        (BY_CURSOR, False, '"c5"', '["c5"]'),
        (BY_OFFSET, False, "4]]", "-4]]"),
        (BY_OFFSET, False, "4]]", "9007199254740992]]"),
        (BY_OFFSET, False, "4]]", "true]]"),
        (BY_OFFSET, False, '["at",4]', '["page",1,5,5,5]'),
        (BY_PAGE, True, "1,5,5,5]", "0,5,5,5]"),
        (BY_PAGE, True, "1,5,5,5]", "1,500,5,5]"),
        (BY_PAGE, True, "1,5,5,5]", "1,null,5,5]"),
        (replace(BY_PAGE, size=None), True, "1,null,5,5]", "1,5,5,5]"),
        (replace(BY_PAGE, size=None), True, '["page",1,null,5,5]', '["at",4]'),
    ],
)
async def test_a_forged_cursor_reaches_no_more_than_paging_does(
    paging: Paging, own: bool, old: str, new: str
) -> None:
    """A client can't add parameters, sizes or kinds of places that the paging would not give itself."""
    service = Service(paging, list(range(30)))
    cursor = forged(await cursor_of(paging, own), old, new)
    with pytest.raises(BadWindow, match=r"damaged|another connection"):
        await slice_of(paging, Window(first=1, after=cursor), service.fetch)
    assert service.spent() == 0


async def test_a_failed_look_ahead_is_no_answer() -> None:
    """Where the call that would tell fails, the failure is told; the slice itself stands."""
    service = Service(NUMBERED["offset alone"], list(range(20)))
    failing = False

    async def fetch(values: Values) -> Page:
        if failing:
            raise ConnectionError
        return await service.fetch(values)

    found = await slice_of(service.paging, Window(first=20), fetch)
    failing = True
    with pytest.raises(ConnectionError):
        await found.has_next_page()
    failing = False
    assert await found.has_next_page() is False
