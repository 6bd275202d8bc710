"""Every operation of the world's contracts: what it answers, and what it was asked for, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.lanes.endpoint import (
    GONE,
    Asked,
    Atoms,
    Endpoint,
    Found,
    by_cursor,
    by_page,
    each,
    filters,
    found,
    groups,
    last,
    many_of,
    one_of,
    rows_of,
    whole,
)
from tests.lanes.endpoints_hoard import ENDPOINTS as HOARD
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

# --- people


def person(world: World, key: str) -> Any:
    """A person's row, the same whoever lists it."""
    return world.row("people", "Person", key, id=key)


def _staff(asked: Asked, world: World) -> Found:
    return Found([person(world, key) for key in world.chosen(sorted(asked.query.items()), PEOPLE, 3)])


def _friends(asked: Asked, world: World) -> Found:
    keys = world.chosen(asked.path, (*PEOPLE, None), 3)
    return Found([None if key is None else person(world, key) for key in keys])


def _secret(asked: Asked, world: World) -> Found:
    key = asked.path[-1]
    return (
        Found({"data": world.row("people", "Secret", key, id=key)}) if key in PEOPLE and key != "p3" else GONE
    )


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
    return Found(order(world, tenant, number)) if _has_order(tenant, number) else GONE


def _orders_found(asked: Asked, world: World) -> Found:
    keys = [(one["tenant"], one["number"]) for one in asked.body["keys"]]
    return Found({"found": [order(world, *key) for key in reversed(keys) if _has_order(*key)]})


def _order_atoms(asked: Asked) -> Atoms:
    if asked.body is None:
        return [(asked.path[1], asked.path[3])]
    return [(str(one["tenant"]), str(one["number"])) for one in asked.body["keys"]]


def _orders(asked: Asked, world: World) -> list[Any]:
    keys = world.chosen(("orders", *filters(asked)), [(one, n) for one in TENANTS for n in NUMBERS], 5)
    return [order(world, *key) for key in keys]


def _payments(asked: Asked, world: World) -> Found:
    listed = rows_of("shop", "Payment")(asked, world)
    start, size = int(asked.query.get("offset", "0")), int(asked.query.get("limit", "2"))
    total = {"total": len(listed)} if world.seed % 3 else {}
    return Found({"items": listed[start : start + size], **total})


def _reviews(asked: Asked, world: World) -> Found:
    listed = rows_of("shop", "Review")(asked, world)
    start, size = int(asked.query.get("offset", "0")), int(asked.query.get("limit", "2"))
    link = {"link": f'</reviews?offset={start + size}&limit={size}>; rel="next"'}
    return Found(listed[start : start + size], headers=link if start + size < len(listed) else {})


def _new_order(asked: Asked, world: World) -> Found:
    return Found(world.row("shop", "Order", ("new", repr(asked.body)), tenant=asked.body["tenant"], number=1))


def _state_set(asked: Asked, world: World) -> Found:
    tenant, number = asked.path[1], int(asked.path[3])
    return Found(world.row("shop", "Order", (tenant, number), tenant=tenant, number=number, **asked.body))


# --- media


def _feed(asked: Asked, world: World) -> Found:
    count = len(world.chosen(("feed", *filters(asked)), PEOPLE, 4))
    return Found([world.row("media", "Post", (*filters(asked), n)) for n in range(count)])


def _published(asked: Asked, world: World) -> Found:
    return Found(world.row("media", "Post", repr(asked.body), **asked.body))


ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "getPerson": Endpoint(one_of("people", "Person", PEOPLE), last, "person"),
    "listPeople": Endpoint(found(many_of("people", "Person", PEOPLE)), each("ids"), "person"),
    "listStaff": Endpoint(_staff, whole),
    "listFriends": Endpoint(_friends, whole),
    "getTeam": Endpoint(one_of("people", "Team", TEAMS), last),
    "listBadges": Endpoint(found(groups("people", "Badge", 2)), each("people"), "badges"),
    "listLockers": Endpoint(found(groups("people", "Locker", 1)), each("people"), "lockers"),
    "getSecret": Endpoint(_secret, last),
    "createPerson": Endpoint(_new_person, whole),
    "rename": Endpoint(_renamed, whole),
    "dismiss": Endpoint(lambda asked, _: Found() if asked.path[-1] in PEOPLE else GONE, whole),
    "getOrder": Endpoint(_order, _order_atoms, "order"),
    "findOrders": Endpoint(_orders_found, _order_atoms, "order"),
    "listOrders": Endpoint(by_page("data", _orders), whole),
    "listPayments": Endpoint(_payments, whole),
    "listEvents": Endpoint(by_cursor(rows_of("shop", "Event")), whole),
    "listReviews": Endpoint(_reviews, whole),
    "listLedger": Endpoint(by_page("data", rows_of("shop", "Entry")), whole),
    "getProduct": Endpoint(one_of("shop", "Product", PRODUCTS), last, "product"),
    "listProducts": Endpoint(by_page("data", many_of("shop", "Product", PRODUCTS)), each("ids"), "product"),
    "createOrder": Endpoint(_new_order, whole),
    "setState": Endpoint(_state_set, whole),
    "getArticle": Endpoint(one_of("media", "Article", ARTICLES), last, "article"),
    "listArticles": Endpoint(found(many_of("media", "Article", ARTICLES)), each("ids"), "article"),
    "getVideo": Endpoint(one_of("media", "Video", VIDEOS), last),
    "listFeed": Endpoint(_feed, whole),
    "publish": Endpoint(_published, whole),
    **HOARD,
}
