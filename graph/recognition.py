"""How an operation pages, recognised from its contract by well-known names; or why it seems to page and can't be followed.

Binding (`graph/bind_calls.py`) asks for every operation that serves lists. Nothing is guessed: what is half a paging is a
`Suspect`, over which no list passes for whole. A project states what is not recognised (`graph/stated_paging.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from adapters.contract import Contract, Kind, Operation, Parameter
from graph.paged_answer import PagedAnswer, Place
from graph.paging_parts import CURSORS_ARE, INTEGERS, Parameters
from graph.paging_words import CURSORS, OFFSETS, PAGES, SIZES, WEAK, plain
from graph.stated_paging import stated
from resolvers.paging import ByCursor, ByLink, ByOffset, ByPage, Paging

__all__ = ["Recognised", "Suspect", "recognise", "stated"]


@dataclass(frozen=True, slots=True)
class Suspect:
    """An operation that seems to page, and why it can't be followed: a clause that names what the contract shows."""

    reason: str


Recognised: TypeAlias = Paging | Suspect | None
"""None: not paged, an answer holds everything."""


def recognise(contract: Contract, operation: Operation, bound: Collection[str] = ()) -> Recognised:
    """How an operation pages.

    `bound` are the query parameters that its declaration binds: paging leaves them alone, and a bound page, offset or
    cursor means that just that page is wanted (None). Preferred are cursors, then numbers with a total or flag, then
    links, then numbers alone.
    """
    success = operation.success
    if success is None or success.use is None:
        return None
    return _Recognition(contract, operation, PagedAnswer(contract, operation, success.use, success.headers), bound).find()


class _Recognition:
    """One operation's parts, each found once."""

    def __init__(
        self, contract: Contract, operation: Operation, answer: PagedAnswer, bound: Collection[str]
    ) -> None:
        self.id = operation.id
        self.answer = answer
        self.parameters = Parameters(contract, operation, bound)
        named = self.parameters.named
        self.page = named(PAGES, INTEGERS)
        self.offset = named(OFFSETS, INTEGERS)
        # `page` may take a token too.
        self.cursor = named(CURSORS, CURSORS_ARE) or named(("page",), (Kind.STRING,))
        self.size = named(SIZES, INTEGERS)

    def find(self) -> Recognised:
        """What the parts amount to."""
        bound = self.parameters.bound
        if self.parameters.named((*PAGES, *OFFSETS, *CURSORS), CURSORS_ARE, bound) is not None:
            return None
        items, named = self.answer.items()
        if items is None:
            return self._without_items()
        total, _ = self.answer.total(items)
        more, _ = self.answer.more(items)
        tells = total is not None or more is not None
        cursor = self.answer.next_cursor(items)
        takes_cursor = self.cursor is not None
        url = self.answer.next_url(items, plainly=not takes_cursor)
        asks = self.page or self.offset or self.cursor or self.size
        if self.cursor is not None and cursor is not None:
            return self._by_cursor(self.cursor, items, cursor)
        if self.page is not None and tells:
            return self._by_page(self.page, items)
        if self.offset is not None and tells and not self.parameters.starts_at_one(self.offset):
            return self._by_offset(self.offset, items)
        if (url is not None or self.answer.has_link_header) and (asks is not None or named):
            return self._by_link(items, url)
        if self.page is not None and self.size is not None:
            return self._by_page(self.page, items)
        if self.offset is not None and self.size is not None and not self.parameters.starts_at_one(self.offset):
            return self._by_offset(self.offset, items)
        return self._suspect(cursor if named or takes_cursor else None, more if named else None)
