"""What an operation of the world is to its service: how it answers, and what it was asked for, one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.lanes.rows import World

Atoms = Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, read: the parts of its path, its query, its body."""

    path: tuple[str, ...]
    query: Mapping[str, str]
    body: Any = None

    def listed(self, name: str) -> list[str]:
        """The values of a comma-separated parameter."""
        return self.query[name].split(",")


@dataclass(frozen=True, slots=True)
class Found:
    """A good answer, before anything goes wrong with it."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation. `family` names the kind of what it answers where other operations, or other cuts of the same
    keys, answer for the same things.
    """

    answer: Callable[[Asked, World], Found]
    atoms: Callable[[Asked], Atoms]
    family: str | None = None


GONE: Final = Found(status=404)


# --- what is asked for


def whole(asked: Asked) -> Atoms:
    """A call that is one thing by itself."""
    query = tuple(f"{name}={value}" for name, value in sorted(asked.query.items()))
    return [(*asked.path, *query, "" if asked.body is None else repr(asked.body))]


def last(asked: Asked) -> Atoms:
    """A call for the key that ends its path."""
    return [(asked.path[-1],)]


def each(name: str) -> Callable[[Asked], Atoms]:
    """One for each key; paging apart, what else is asked belongs to each."""

    def atoms(asked: Asked) -> Atoms:
        others = tuple(
            f"{other}={value}"
            for other, value in sorted(asked.query.items())
            if other not in (name, "page", "per_page")
        )
        return [(one, *others) for one in asked.listed(name)]

    return atoms


def filters(asked: Asked) -> tuple[object, ...]:
    """What a call asks beside its page and its keys."""
    paging = ("page", "per_page", "offset", "limit", "cursor", "from", "ids")
    return tuple(sorted(one for one in asked.query.items() if one[0] not in paging))


# --- how it is answered


def one_of(service: str, schema: str, keys: Sequence[object]) -> Callable[[Asked, World], Found]:
    """The row whose key ends the path, or 404."""
    texts = {str(key): key for key in keys}

    def answer(asked: Asked, world: World) -> Found:
        key = texts.get(asked.path[-1])
        return GONE if key is None else Found(world.row(service, schema, key, id=key))

    return answer


def many_of(service: str, schema: str, keys: Sequence[str]) -> Callable[[Asked, World], list[Any]]:
    """The rows of the keys asked for, in an order of the service's own."""

    def rows(asked: Asked, world: World) -> list[Any]:
        wanted = sorted(set(asked.listed("ids")) & set(keys), reverse=world.seed % 2 == 1)
        return [world.row(service, schema, key, id=key) for key in wanted]

    return rows


def found(rows: Callable[[Asked, World], list[Any]]) -> Callable[[Asked, World], Found]:
    """Rows as the whole answer."""
    return lambda asked, world: Found(rows(asked, world))


def groups(
    service: str, schema: str, most: int, by: str = "person_id"
) -> Callable[[Asked, World], list[Any]]:
    """Some rows for each of the people asked for, who stand in the property `by`."""

    def rows(asked: Asked, world: World) -> list[Any]:
        made = []
        for key in asked.listed("people"):
            others = [value for name, value in sorted(asked.query.items()) if name != "people"]
            count = len(world.chosen((schema, key, *others), range(9), most))
            made += [world.row(service, schema, (key, n), **{by: key}) for n in range(count)]
        return made

    return rows


def by_page(items: str, rows: Callable[[Asked, World], list[Any]]) -> Callable[[Asked, World], Found]:
    """A numbered page of rows, with their total."""

    def answer(asked: Asked, world: World) -> Found:
        listed = rows(asked, world)
        size = int(asked.query.get("per_page", "2"))
        start = (int(asked.query.get("page", "1")) - 1) * size
        return Found({items: listed[start : start + size], "total": len(listed)})

    return answer


def by_cursor(rows: Callable[[Asked, World], list[Any]]) -> Callable[[Asked, World], Found]:
    """Rows from a cursor on, with the cursor of those that follow."""

    def answer(asked: Asked, world: World) -> Found:
        listed = rows(asked, world)
        text = asked.query.get("cursor", "c0")[1:]
        start, size = int(text) if text.isdigit() else 0, int(asked.query.get("limit", "2"))
        following = {"next_cursor": f"c{start + size}"} if start + size < len(listed) else {}
        return Found({"data": listed[start : start + size], **following})

    return answer


def rows_of(service: str, schema: str, most: int = 5) -> Callable[[Asked, World], list[Any]]:
    """Some rows for what a call asks beside its page."""

    def rows(asked: Asked, world: World) -> list[Any]:
        count = len(world.chosen((schema, *filters(asked)), range(9), most))
        return [world.row(service, schema, (*filters(asked), n)) for n in range(count)]

    return rows
