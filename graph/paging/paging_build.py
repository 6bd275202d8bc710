"""From the parts of a paging to the paging: what recognition found, or a project stated, as `resolvers/`
reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapters.contract.contract import Parameter
from graph.paging.paged_answer import Place
from graph.paging.paging_parts import Parameters, Sizes
from resolvers.paging.paging import ByCursor, ByLink, ByOffset, ByPage, Path


@dataclass(frozen=True, slots=True)
class Parts:
    """What every style of paging has. `doubtful`: `total` may count the page's items only. `last`: `more` is
    true on the last page.
    """

    parameters: Parameters
    size: Parameter | None
    items: Place
    total: Place | None = None
    doubtful: bool = False
    more: Place | None = None
    last: bool = False

    def by_page(self, page: Parameter, first_page: int) -> ByPage:
        """Numbered pages."""
        return ByPage(
            page,
            self._size,
            self.items.path,
            _path(self.total),
            _path(self.more),
            first_page=first_page,
            last_flag=self.last,
            doubtful_total=self.doubtful,
            null_items=self.items.optional,
            **self._sizes,
        )

    def by_offset(self, offset: Parameter) -> ByOffset:
        """Absolute positions."""
        return ByOffset(
            offset,
            self._size,
            self.items.path,
            _path(self.total),
            _path(self.more),
            last_flag=self.last,
            doubtful_total=self.doubtful,
            null_items=self.items.optional,
            **self._sizes,
        )

    def by_cursor(self, cursor: Parameter, following: Place) -> ByCursor:
        """A cursor that the answer names at `following`."""
        return ByCursor(
            cursor,
            self._size,
            self.items.path,
            following.path,
            _path(self.more),
            _path(self.total),
            last_flag=self.last,
            doubtful_total=self.doubtful,
            null_items=self.items.optional,
            **self._sizes,
        )

    def by_link(self, following: Place | None) -> ByLink:
        """A URL at `following`, or in the Link header."""
        return ByLink(
            self.items.path,
            _path(following),
            self._size,
            _path(self.total),
            parameters=self.parameters.linked(),
            doubtful_total=self.doubtful,
            null_items=self.items.optional,
            **self._sizes,
        )

    @property
    def _size(self) -> Parameter | None:
        """The size parameter, unless it takes listed numbers only: a window's own length is none of them."""
        return None if self.size is None or self.parameters.lists_sizes(self.size) else self.size

    @property
    def _sizes(self) -> Sizes:
        return self.parameters.sizes(self._size)


def _path(place: Place | None) -> Path | None:
    return None if place is None else place.path
