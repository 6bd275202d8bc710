"""Every operation of the world's contracts: what it answers, and what it was asked for, one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.lanes.rows import (
    ARTICLES,
    NUMBERS,
    PEOPLE,
    PRODUCTS,
    TEAMS,
    TENANTS,
    VIDEOS,
    World,
)

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


_GONE: Final = Found(status=404)


def _whole(asked: Asked) -> Atoms:
    """A call that is one thing by itself."""
    query = tuple(f"{name}={value}" for name, value in sorted(asked.query.items()))
    return [(*asked.path, *query, "" if asked.body is None else repr(asked.body))]


def _last(asked: Asked) -> Atoms:
    return [(asked.path[-1],)]


def _each(name: str) -> Callable[[Asked], Atoms]:
    """One for each key; paging apart, what else is asked belongs to each."""

    def atoms(asked: Asked) -> Atoms:
        others = tuple(
            f"{other}={value}"
            for other, value in sorted(asked.query.items())
            if other not in (name, "page", "per_page")
        )
        return [(one, *others) for one in asked.listed(name)]

    return atoms


# --- people


def person(world: World, key: str) -> Any:
    """A person's row, the same whoever lists it."""
    return world.row("people", "Person", key, id=key)


def _one(service: str, schema: str, keys: Sequence[object]) -> Callable[[Asked, World], Found]:
    texts = {str(key): key for key in keys}

    def answer(asked: Asked, world: World) -> Found:
        key = texts.get(asked.path[-1])
        return _GONE if key is None else Found(world.row(service, schema, key, id=key))

    return answer


def _many(service: str, schema: str, keys: Sequence[str]) -> Callable[[Asked, World], list[Any]]:
    def rows(asked: Asked, world: World) -> list[Any]:
        wanted = sorted(set(asked.listed("ids")) & set(keys), reverse=world.seed % 2 == 1)
        return [world.row(service, schema, key, id=key) for key in wanted]

    return rows


def _found(rows: Callable[[Asked, World], list[Any]]) -> Callable[[Asked, World], Found]:
    return lambda asked, world: Found(rows(asked, world))


def _staff(asked: Asked, world: World) -> Found:
    return Found([person(world, key) for key in world.chosen(sorted(asked.query.items()), PEOPLE, 3)])


def _friends(asked: Asked, world: World) -> Found:
    keys = world.chosen(asked.path, (*PEOPLE, None), 3)
    return Found([None if key is None else person(world, key) for key in keys])


def _secret(asked: Asked, world: World) -> Found:
    key = asked.path[-1]
    return (
        Found({"data": world.row("people", "Secret", key, id=key)})
        if key in PEOPLE and key != "p3"
        else _GONE
    )


def _groups(schema: str, most: int) -> Callable[[Asked, World], Found]:
    def answer(asked: Asked, world: World) -> Found:
        rows = []
        for key in asked.listed("people"):
            count = len(world.chosen((schema, key, asked.query.get("metal")), PEOPLE, most))
            rows += [world.row("people", schema, (key, n), person_id=key) for n in range(count)]
        return Found(rows)

    return answer


def _new_person(asked: Asked, world: World) -> Found:
    return Found(world.row("people", "Person", ("new", sorted(asked.body.items())), id="p1"))


def _renamed(asked: Asked, world: World) -> Found:
    return Found(world.row("people", "Person", ("renamed", asked.path), id=asked.path[1], name=asked.body))


# --- shop


def order(world: World, tenant: str, number: int) -> Any:
    """An order's row."""
    return world.row("shop", "Order", (tenant, number), tenant=tenant, number=number)


def _has_order(tenant: object, number: object) -> bool:
    return tenant in TENANTS and number in NUMBERS


def _order(asked: Asked, world: World) -> Found:
    tenant, number = asked.path[1], int(asked.path[3])
    return Found(order(world, tenant, number)) if _has_order(tenant, number) else _GONE


def _orders_found(asked: Asked, world: World) -> Found:
    keys = [(one["tenant"], one["number"]) for one in asked.body["keys"]]
    return Found({"found": [order(world, *key) for key in reversed(keys) if _has_order(*key)]})


def _order_atoms(asked: Asked) -> Atoms:
    if asked.body is None:
        return [(asked.path[1], asked.path[3])]
    return [(str(one["tenant"]), str(one["number"])) for one in asked.body["keys"]]


def _filters(asked: Asked) -> tuple[object, ...]:
    paging = ("page", "per_page", "offset", "limit", "cursor", "from", "ids")
    return tuple(sorted(one for one in asked.query.items() if one[0] not in paging))


def _rows(asked: Asked, world: World, schema: str) -> list[Any]:
    numbers = range(len(world.chosen((schema, *_filters(asked)), NUMBERS, 5)))
    return [world.row("shop", schema, (*_filters(asked), n)) for n in numbers]


def _by_page(items: str, rows: Callable[[Asked, World], list[Any]]) -> Callable[[Asked, World], Found]:
    def answer(asked: Asked, world: World) -> Found:
        found = rows(asked, world)
        size = int(asked.query.get("per_page", "2"))
        start = (int(asked.query.get("page", "1")) - 1) * size
        return Found({items: found[start : start + size], "total": len(found)})

    return answer


def _orders(asked: Asked, world: World) -> list[Any]:
    keys = world.chosen(("orders", *_filters(asked)), [(one, n) for one in TENANTS for n in NUMBERS], 5)
    return [order(world, *key) for key in keys]


def _payments(asked: Asked, world: World) -> Found:
    found = _rows(asked, world, "Payment")
    start, size = int(asked.query.get("offset", "0")), int(asked.query.get("limit", "2"))
    total = {"total": len(found)} if world.seed % 3 else {}
    return Found({"items": found[start : start + size], **total})


def _events(asked: Asked, world: World) -> Found:
    found = _rows(asked, world, "Event")
    text = asked.query.get("cursor", "c0")[1:]
    start, size = int(text) if text.isdigit() else 0, int(asked.query.get("limit", "2"))
    following = {"next_cursor": f"c{start + size}"} if start + size < len(found) else {}
    return Found({"data": found[start : start + size], **following})


def _reviews(asked: Asked, world: World) -> Found:
    found = _rows(asked, world, "Review")
    start, size = int(asked.query.get("offset", "0")), int(asked.query.get("limit", "2"))
    link = {"link": f'</reviews?offset={start + size}&limit={size}>; rel="next"'}
    return Found(found[start : start + size], headers=link if start + size < len(found) else {})


def _new_order(asked: Asked, world: World) -> Found:
    return Found(world.row("shop", "Order", ("new", repr(asked.body)), tenant=asked.body["tenant"], number=1))


def _state_set(asked: Asked, world: World) -> Found:
    tenant, number = asked.path[1], int(asked.path[3])
    return Found(world.row("shop", "Order", (tenant, number), tenant=tenant, number=number, **asked.body))


# --- media


def _feed(asked: Asked, world: World) -> Found:
    count = len(world.chosen(("feed", *_filters(asked)), PEOPLE, 4))
    return Found([world.row("media", "Post", (*_filters(asked), n)) for n in range(count)])


def _published(asked: Asked, world: World) -> Found:
    return Found(world.row("media", "Post", repr(asked.body), **asked.body))


ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "getPerson": Endpoint(_one("people", "Person", PEOPLE), _last, "person"),
    "listPeople": Endpoint(_found(_many("people", "Person", PEOPLE)), _each("ids"), "person"),
    "listStaff": Endpoint(_staff, _whole),
    "listFriends": Endpoint(_friends, _whole),
    "getTeam": Endpoint(_one("people", "Team", TEAMS), _last),
    "listBadges": Endpoint(_groups("Badge", 2), _each("people"), "badges"),
    "listLockers": Endpoint(_groups("Locker", 1), _each("people"), "lockers"),
    "getSecret": Endpoint(_secret, _last),
    "createPerson": Endpoint(_new_person, _whole),
    "rename": Endpoint(_renamed, _whole),
    "dismiss": Endpoint(lambda asked, _: Found() if asked.path[-1] in PEOPLE else _GONE, _whole),
    "getOrder": Endpoint(_order, _order_atoms, "order"),
    "findOrders": Endpoint(_orders_found, _order_atoms, "order"),
    "listOrders": Endpoint(_by_page("data", _orders), _whole),
    "listPayments": Endpoint(_payments, _whole),
    "listEvents": Endpoint(_events, _whole),
    "listReviews": Endpoint(_reviews, _whole),
    "listLedger": Endpoint(_by_page("data", lambda asked, world: _rows(asked, world, "Entry")), _whole),
    "getProduct": Endpoint(_one("shop", "Product", PRODUCTS), _last, "product"),
    "listProducts": Endpoint(_by_page("data", _many("shop", "Product", PRODUCTS)), _each("ids"), "product"),
    "createOrder": Endpoint(_new_order, _whole),
    "setState": Endpoint(_state_set, _whole),
    "getArticle": Endpoint(_one("media", "Article", ARTICLES), _last, "article"),
    "listArticles": Endpoint(_found(_many("media", "Article", ARTICLES)), _each("ids"), "article"),
    "getVideo": Endpoint(_one("media", "Video", VIDEOS), _last),
    "listFeed": Endpoint(_feed, _whole),
    "publish": Endpoint(_published, _whole),
}
