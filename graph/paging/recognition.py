"""How an operation pages, recognised from its contract by well-known names; or why it seems to page and can't
be followed.

Binding (`graph/binding/bind_calls.py`) asks for every operation that serves lists. Nothing is guessed: half a paging
is a `Suspect`, over which no list passes for whole. A project states what is not recognised
(`graph/paging/stated_paging.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from adapters.contract.contract import Contract, Kind, Operation, Parameter
from graph.paging.paged_answer import PagedAnswer, Place
from graph.paging.paging_build import Parts
from graph.paging.paging_parts import CURSORS_ARE, INTEGERS, Parameters
from graph.paging.paging_words import CURSORS, OFFSETS, PAGES, SIZES, WEAK, plain
from graph.paging.stated_paging import stated
from resolvers.paging.paging import Paging

__all__ = ["Recognised", "Suspect", "recognise", "stated"]


@dataclass(frozen=True, slots=True)
class Suspect:
    """An operation that seems to page, and why it can't be followed: a clause that says what the contract
    shows.
    """

    reason: str


Recognised: TypeAlias = Paging | Suspect | None
"""None: not paged, one answer holds everything."""


@dataclass(frozen=True, slots=True)
class _Asks:
    """The parameters that ask for a page, each by the best of its names."""

    page: Parameter | None
    offset: Parameter | None
    cursor: Parameter | None
    size: Parameter | None

    @property
    def strong(self) -> Parameter | None:
        """One whose name means paging and nothing else; or any, where two stand together."""
        found = [one for one in (self.cursor, self.page, self.offset, self.size) if one is not None]
        if len(found) > 1:
            return found[0]
        return next((one for one in found if plain(one.name) not in WEAK), None)


def recognise(contract: Contract, operation: Operation, bound: Collection[str] = ()) -> Recognised:
    """How an operation pages.

    `bound` are the query parameters that its declaration binds: paging leaves them alone, and where it binds
    page, offset or cursor by a name that means nothing else, just that page is wanted (None). Preferred are
    cursors, then numbers with a total or flag, then links, then numbers alone.
    """
    success = operation.success
    if success is None or success.use is None:
        return None
    parameters = Parameters(contract, operation, bound)
    chosen = [name for name in (*PAGES, *OFFSETS, *CURSORS) if name not in WEAK]
    if parameters.named(chosen, CURSORS_ARE, parameters.bound) is not None:
        return None
    answer = PagedAnswer(contract, operation, success.use, success.headers)
    named = parameters.named
    asks = _Asks(
        page=named(PAGES, INTEGERS),
        offset=named(OFFSETS, INTEGERS),
        # `page` may take a token, too.
        cursor=named(CURSORS, CURSORS_ARE) or named(("page",), (Kind.STRING,)),
        size=named(SIZES, INTEGERS),
    )
    return _together(parameters, asks, answer)


def _together(parameters: Parameters, asks: _Asks, answer: PagedAnswer) -> Recognised:
    items, listed = answer.items()
    if items is None:
        return _without_items(asks, answer)
    total, doubtful = answer.total(items)
    more, last = answer.more(items)
    tells = total is not None or more is not None
    parts = Parts(parameters, asks.size, items, total, doubtful, more, last)
    cursor = answer.next_cursor(items)
    url = answer.next_url(items, plainly=asks.cursor is None)
    offset = None if asks.offset is None or parameters.starts_at_one(asks.offset) else asks.offset
    if asks.cursor is not None and cursor is not None:
        return parts.by_cursor(asks.cursor, cursor)
    if asks.page is not None and tells:
        return parts.by_page(asks.page, parameters.first_number(asks.page))
    if offset is not None and tells:
        return parts.by_offset(offset)
    if (url is not None or answer.has_link_header) and (listed or asks.strong is not None):
        return parts.by_link(url)
    if asks.page is not None and asks.size is not None:
        return parts.by_page(asks.page, parameters.first_number(asks.page))
    if offset is not None and asks.size is not None:
        return parts.by_offset(offset)
    if listed or asks.strong is not None:
        return _half(asks, cursor, more)
    return None


def _without_items(asks: _Asks, answer: PagedAnswer) -> Recognised:
    lists = [one.dotted for one in answer.lists()]
    if lists and (asks.strong is not None or answer.has_link_header):
        return Suspect(
            f"its answer has several lists, {' and '.join(map(repr, lists))}, none of them named as its items"
        )
    if asks.strong is not None and answer.root.schema.kind in (Kind.ANY, Kind.UNION):
        return Suspect(f"it has a parameter {asks.strong.name!r}, and its answer's schema shows no list")
    return None


def _half(asks: _Asks, cursor: Place | None, more: Place | None) -> Suspect | None:
    """What half of a paging there is, in the order in which a reader would mend it."""
    if cursor is not None:
        return Suspect(
            f"its answer names a next page at {cursor.dotted!r}, and no parameter is known to take that"
        )
    asking = asks.strong
    if asking is not None and asking == asks.cursor:
        return Suspect(f"its parameter {asking.name!r} takes a cursor, and the answer names no next one")
    if asking is not None and asking == asks.offset:
        return Suspect(
            f"its parameter {asking.name!r} is no position from 0, or nothing says how long pages are"
        )
    if more is not None:
        return Suspect(
            f"its answer says at {more.dotted!r} whether more follows, and no parameter asks for that"
        )
    if asking is not None and asking == asks.page:
        return Suspect(
            f"its parameter {asking.name!r} chooses a page, and nothing says how long pages are or where they end"
        )
    if asking is not None:
        return Suspect(f"its parameter {asking.name!r} bounds the answer, and nothing leads to the rest")
    return None
