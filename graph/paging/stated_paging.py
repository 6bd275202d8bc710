"""Pagings that a project states: `rest.by_page(page="page", size="per_page", items="data",
total="meta.total")`.

Every name is looked up in the contract; what does not fit is told with the nearest name.
`graph/paging/recognition.py` is for operations that say nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, Literal, TypeAlias

from adapters.contract.contract import Contract, Kind, Operation, Parameter
from adapters.mistake import nearest
from graph.paging.paged_answer import PagedAnswer, Place
from graph.paging.paging_build import Parts
from graph.paging.paging_parts import CURSORS_ARE, INTEGERS, Parameters
from graph.paging.paging_words import LAST, plain
from resolvers.paging.paging import Paging

Style: TypeAlias = Literal["page", "offset", "cursor", "link"]

# What each style takes: the parameter that leads, then the size.
_LEADING: Final[Mapping[Style, tuple[str, Collection[Kind]]]] = {
    "page": ("page", INTEGERS),
    "offset": ("offset", INTEGERS),
    "cursor": ("cursor", CURSORS_ARE),
}
_SIZE: Final[Mapping[Style, str]] = {"page": "size", "offset": "limit", "cursor": "size", "link": "size"}


def stated(
    contract: Contract,
    operation: Operation,
    style: Style,
    *,
    bound: Collection[str] = (),
    first_page: int | None = None,
    **names: str | None,
) -> tuple[Paging | None, list[str]]:
    """The paging of a style by its names, and every mistake in them; None with mistakes.

    `names`: `page`, `offset`, `cursor`, `size`, `limit` are query parameters; `items`, `total`, `more`,
    `next` dotted paths in the answer. Without `items` the list is the one that the contract shows plainly.
    `bound` are parameters that the declaration binds. `first_page` None: as the page parameter's minimum and
    default show.
    """
    success = operation.success
    if success is None or success.use is None:
        return None, [f"{operation.id} has no JSON answer to page through"]
    answer = PagedAnswer(contract, operation, success.use, success.headers)
    reading = _Stated(style, operation.id, Parameters(contract, operation, bound), answer, names)
    made = reading.make(first_page)
    return (None, reading.wrong) if reading.wrong else (made, [])


class _Stated:
    """One statement, with the mistakes found so far."""

    def __init__(
        self,
        style: Style,
        operation: str,
        parameters: Parameters,
        answer: PagedAnswer,
        names: Mapping[str, str | None],
    ) -> None:
        self.wrong: list[str] = []
        self._style = style
        self._id = operation
        self._parameters = parameters
        self._answer = answer
        self._names = names

    def make(self, first_page: int | None) -> Paging | None:
        """The paging; None with mistakes noted."""
        items = self._items()
        size = self._parameter(_SIZE[self._style], INTEGERS, "an integer")
        total = self._place("total", INTEGERS, "an integer")
        more = self._place("more", (Kind.BOOLEAN,), "a boolean")
        following = self._place(
            "next", (Kind.STRING, Kind.ANY) if self._style == "link" else CURSORS_ARE, "a string"
        )
        if self._style == "link":
            return None if items is None else Parts(self._parameters, size, items, total).by_link(following)
        leading = self._leading()
        if self._style == "cursor" and not self._names.get("next"):
            self._note("next", None, "expected the path of the next cursor in the answer")
        if items is None or leading is None:
            return None
        last = more is not None and plain(more.path[-1]) in LAST
        parts = Parts(self._parameters, size, items, total, more=more, last=last)
        if self._style == "page":
            return parts.by_page(
                leading, self._parameters.first_number(leading) if first_page is None else first_page
            )
        if self._style == "offset":
            return parts.by_offset(leading)
        return None if following is None else parts.by_cursor(leading, following)

    def _leading(self) -> Parameter | None:
        name, kinds = _LEADING[self._style]
        if not self._names.get(name):
            self._note(name, None, f"expected the name of a query parameter of {self._id}")
            return None
        return self._parameter(name, kinds, "an integer" if kinds is INTEGERS else "a string or an integer")

    def _parameter(self, argument: str, kinds: Collection[Kind], expected: str) -> Parameter | None:
        name = self._names.get(argument)
        if not name:
            return None
        for one in self._parameters.free:
            if one.name == name:
                kind = self._parameters.kind(one)
                if kind in kinds:
                    return one
                self._note(argument, name, f"expected {expected}, found {kind.value}")
                return None
        if any(one.name == name for one in self._parameters.bound):
            self._note(argument, name, "the operation binds this parameter to a value, so that it can't page")
        else:
            known = [one.name for one in self._parameters.free]
            self._note(argument, name, f"{self._id} has no query parameter {name!r}{nearest(name, known)}")
        return None

    def _place(self, argument: str, kinds: Collection[Kind], expected: str) -> Place | None:
        dotted = self._names.get(argument)
        if not dotted:
            return None
        found = self._answer.find(dotted)
        if isinstance(found, str):
            self._note(argument, dotted, found)
            return None
        if found.schema.kind in kinds or found.schema.kind in (Kind.ANY, Kind.UNION):
            return found
        self._note(argument, dotted, f"expected {expected}, found {found.schema.kind.value}")
        return None

    def _items(self) -> Place | None:
        if self._names.get("items"):
            return self._place("items", (Kind.ARRAY,), "an array")
        items, _ = self._answer.items()
        if items is None:
            known = _listed(one.dotted for one in self._answer.lists())
            self._note("items", None, f"expected the path of the list in the answer of {self._id}{known}")
        return items

    def _note(self, argument: str, value: str | None, message: str) -> None:
        stated_as = argument if value is None else f"{argument}={value!r}"
        self.wrong.append(f"by_{self._style}: {stated_as}: {message}")


def _listed(known: Iterable[str]) -> str:
    texts = [repr(one) for one in known]
    return f", one of {', '.join(texts)}" if texts else ""
