"""Where the answer of an operation holds the items of a page, and what it says of the pages to come. Pure.

Found by the names of `graph/paging/paging_words.py` in the schema of the contract; `graph/paging/recognition.py`
decides what follows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from adapters.contract.contract import Contract, Kind, Operation, Schema, Use
from adapters.mistake import nearest
from graph.paging.paging_parts import CURSORS_ARE, INTEGERS
from graph.paging.paging_words import (
    ITEMS,
    LAST,
    META,
    MORE,
    NEXT_CURSORS,
    NEXT_CURSORS_IN,
    NEXT_URLS,
    NEXT_URLS_IN,
    NO_ITEMS,
    SAYS_PAGE,
    SAYS_URL,
    SAYS_WHOLE,
    TOTALS,
    plain,
)
from resolvers.paging.paging import Path

_DEEPEST = 3  # properties from the root
_TEXTS = (Kind.STRING, Kind.ANY)


@dataclass(frozen=True, slots=True)
class Place:
    """A property of the answer. `optional`: it, or one on the way to it, may be null or absent."""

    path: Path
    use: Use
    schema: Schema
    optional: bool

    @property
    def dotted(self) -> str:
        """The path as a project writes it."""
        return ".".join(self.path)

    @property
    def names(self) -> tuple[str, ...]:
        """The path in the spelling of the tables."""
        return tuple(plain(step) for step in self.path)

    @property
    def says(self) -> str:
        """What the contract says about it, in words."""
        return self.use.description or self.schema.description or ""


class PagedAnswer:
    """The answer of an operation that has a JSON answer, `use`."""

    def __init__(self, contract: Contract, operation: Operation, use: Use, headers: Collection[str]) -> None:
        steps = [step for step in operation.path.split("/") if step and not step.startswith("{")]
        self._resource = plain(steps[-1]) if steps else ""
        self._contract = contract
        self.operation = operation
        self.root = Place((), use, contract.schema(use), use.nullable)
        self.has_link_header = "link" in headers
        self.places = list(self._below(self.root, _DEEPEST))

    def lists(self) -> list[Place]:
        """The arrays that may hold the items: the answer itself, or those at most two properties deep."""
        if self.root.schema.kind is Kind.ARRAY:
            return [self.root]
        arrays = [one for one in self.places if one.schema.kind is Kind.ARRAY and len(one.path) <= 2]
        return [one for one in arrays if one.names[-1] not in NO_ITEMS and not META & set(one.names[:-1])]

    def items(self) -> tuple[Place | None, bool]:
        """The array of the items, and whether it is named as such: by a well-known word, or after the
        resource.

        None where there is no array, or several of which none is so named.
        """
        found = self.lists()
        if found == [self.root]:
            return self.root, True
        levels = [[one for one in found if len(one.path) == depth] for depth in (1, 2)]
        for level in levels:
            named = _first(level, (*ITEMS, self._resource))
            if named is not None:
                return named, True
        level = levels[0] or levels[1]
        return (level[0] if len(level) == 1 else None), False

    def total(self, items: Place) -> tuple[Place | None, bool]:
        """The count of all items, and whether it may be one of the page's items: so is a bare `count`."""
        counts = [
            one
            for one in self._about(items)
            if one.schema.kind in INTEGERS and not SAYS_PAGE.search(one.says)
        ]
        found = _first(counts, TOTALS)
        if found is None or found.names[-1] != "count":
            return found, False
        # Django REST framework counts all, beside its next and previous.
        linked = self._beside(found, {"next"}) and self._beside(found, {"previous", "prev"})
        return found, not (linked or SAYS_WHOLE.search(found.says))

    def more(self, items: Place) -> tuple[Place | None, bool]:
        """The flag that says whether pages follow, and whether it is true on the last one instead."""
        flags = [one for one in self._about(items) if one.schema.kind is Kind.BOOLEAN]
        found = _first(flags, MORE)
        if found is not None:
            return found, False
        found = _first(flags, LAST)
        return found, found is not None

    def next_cursor(self, items: Place) -> Place | None:
        """Where the next page's cursor stands."""
        texts = [one for one in self._about(items) if one.schema.kind in CURSORS_ARE]
        found = _first(texts, NEXT_CURSORS)
        if found is not None:
            return found
        inside = [one for one in texts if one.names[-2:] in NEXT_CURSORS_IN]
        plainly = [one for one in texts if one.names[-1] == "next" and not self._is_url(one)]
        # Some services call it like the parameter that takes it.
        same = [one for one in texts if one.names[-1] == "cursor"]
        return next(iter((*inside, *plainly, *same)), None)

    def next_url(self, items: Place, *, plainly: bool) -> Place | None:
        """Where the next page's URL stands. `plainly`: a bare `next` is one too, since nothing would take a
        cursor.
        """
        texts = [one for one in self._about(items) if one.schema.kind in _TEXTS]
        found = _first(texts, NEXT_URLS) or next(
            (one for one in texts if one.names[-2:] in NEXT_URLS_IN), None
        )
        if found is not None:
            return found
        return next(
            (one for one in texts if one.names[-1] == "next" and (plainly or self._is_url(one))), None
        )

    def find(self, dotted: str) -> Place | str:
        """The property that a dotted text names, or what is wrong with the text. "" is the answer itself.

        A property whose own name has dots in it is found as well.
        """
        here, rest = self.root, dotted
        while rest:
            known = {one.path[-1]: one for one in self._below(here, 1)}
            name = max(
                (one for one in known if rest == one or rest.startswith(f"{one}.")), key=len, default=None
            )
            if name is None:
                if here.schema.kind in (Kind.ANY, Kind.UNION):
                    return Place((*here.path, *rest.split(".")), here.use, here.schema, optional=True)
                step = rest.partition(".")[0]
                at = f" at {here.dotted!r}" if here.path else ""
                return f"the answer of {self.operation.id} has no {step!r}{at}{nearest(step, known)}"
            here, rest = known[name], rest[len(name) + 1 :]
        return here

    def _below(self, place: Place, depth: int) -> Iterator[Place]:
        if depth == 0 or place.schema.kind is not Kind.OBJECT:
            return
        for one in place.schema.properties:
            optional = place.optional or one.use.nullable or not one.required
            found = Place((*place.path, one.name), one.use, self._contract.schema(one.use), optional)
            yield found
            yield from self._below(found, depth - 1)

    def _about(self, items: Place) -> list[Place]:
        """The properties that may speak of the page: beside the items or above them, or in objects named for
        that.
        """
        above = {items.path[:depth] for depth in range(len(items.path))}
        return [one for one in self.places if _speaks_of_page(one.path[:-1], above)]

    def _beside(self, place: Place, names: Collection[str]) -> bool:
        return any(one.path[:-1] == place.path[:-1] and one.names[-1] in names for one in self.places)

    def _is_url(self, place: Place) -> bool:
        """Whether a bare `next` is a URL, as far as a contract says it (Django REST framework's stands so)."""
        around = self._beside(place, {"previous", "prev"}) and self._beside(place, {"results", "count"})
        return place.names[-2:] in NEXT_URLS_IN or around or SAYS_URL.search(place.says) is not None


def _speaks_of_page(path: Path, above: Collection[Path]) -> bool:
    while path and path not in above:
        if plain(path[-1]) not in META:
            return False
        path = path[:-1]
    return True


def _first(places: Iterable[Place], names: Iterable[str]) -> Place | None:
    """The place with the name that comes first in the table, the least deep of several."""
    ordered = {name: rank for rank, name in reversed(list(enumerate(names)))}
    ranked = [(ordered[one.names[-1]], len(one.path), one) for one in places if one.names[-1] in ordered]
    return min(ranked, key=_rank)[2] if ranked else None


def _rank(ranked: tuple[int, int, Place]) -> tuple[int, int]:
    return ranked[:2]
