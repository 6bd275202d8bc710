"""What was kept of one batch is never taken for a part of another: batches of one operation that ask for other
things, and callers of whom another call tells more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from examples.parfinanciero.services.signing import KeyRing
from tests.graph.projects import TEXT, an, contract, listed, operation, parameter, ref
from tests.graph.served import Asked, Gateway, Reply, Rest, rest, served, toml

ISSUER = "https://id.example"
AUDIENCE = "api://shop"
SHOP = contract(
    operation("GET /people", "listPeople", listed(ref("Person"))),
    operation("GET /users/{id}", "getUser", ref("User"), parameter("region")),
    operation(
        "GET /users",
        "listUsers",
        listed(ref("User")),
        parameter("ids", listed(TEXT)),
        parameter("numbers", listed(TEXT)),
    ),
    operation(
        "GET /orders",
        "listOrders",
        listed(ref("Order")),
        parameter("buyer", listed(TEXT)),
        parameter("seller", listed(TEXT)),
    ),
    operation("POST /rename", "rename", an({"ok": TEXT})),
    Person=an({"id": TEXT}),
    User=an({"id": TEXT, "number": TEXT, "name": TEXT}),
    Order=an({"id": TEXT, "buyer": TEXT, "seller": TEXT}),
)
MODULE = """
    import strawberry
    from stolon import rest

    shop = rest.contract("shop")


    @rest.type(shop.schema("Order"))
    class Order:
        id: rest.auto


    @rest.type(
        shop.schema("User"),
        key="id",
        one=shop.op("getUser", region=rest.caller("region")),
        many=shop.op("listUsers", ids=rest.keys("id")),
    )
    class User:
        name: rest.auto


    @rest.type(shop.schema("User"), key="number", many=shop.op("listUsers", numbers=rest.keys("number")))
    class Numbered:
        name: rest.auto


    @rest.type(shop.schema("Person"))
    class Person:
        user: User | None = rest.link(key="id")
        numbered: Numbered | None = rest.link(key="id")
        bought: list[Order] | None = rest.link(shop.op("listOrders", buyer=rest.each("id")), group_by="buyer")
        sold: list[Order] | None = rest.link(shop.op("listOrders", seller=rest.each("id")), group_by="seller")


    @strawberry.type
    class Query:
        people: list[Person] | None = rest.query(shop.op("listPeople"))


    @strawberry.type
    class Mutation:
        rename: str | None = rest.mutation(shop.op("rename", changes=[], pick="ok"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
ORDERS = [
    {"id": "o1", "buyer": "1", "seller": "2"},
    {"id": "o2", "buyer": "1", "seller": "2"},
    {"id": "o3", "buyer": "2", "seller": "1"},
]


class Shop:
    """A service whose answers are all fresh and for everybody. `people` are those that the list names."""

    def __init__(self, service: Rest) -> None:
        self.service = service
        self.control = "public, max-age=60"
        self.people = ["1", "2"]
        self.suffix = ""
        service.on("GET /people", lambda _: Reply([{"id": one} for one in self.people]))
        service.on("GET /users", self.many)
        service.on("GET /users/1", self.one)
        service.on("GET /orders", self.orders)
        service.on("POST /rename", self.rename)

    def one(self, asked: Asked) -> Reply:
        region = _query(asked).get("region", ["nowhere"])[0]
        return self._reply({"id": "1", "number": "2", "name": f"one in {region}{self.suffix}"})

    def many(self, asked: Asked) -> Reply:
        ((by, keys),) = _query(asked).items()
        users = [{"id": "1", "number": "2", "name": "one"}, {"id": "2", "number": "1", "name": "two"}]
        return self._reply([one for one in users if one[by.removesuffix("s")] in keys])

    def orders(self, asked: Asked) -> Reply:
        ((by, keys),) = _query(asked).items()
        return self._reply([one for one in ORDERS if one[by] in keys])

    def rename(self, _: Asked) -> Reply:
        self.suffix = "!"
        return Reply({"ok": "yes"}, headers={"content-location": "/users/1"})

    def _reply(self, body: Any) -> Reply:
        return Reply(body, headers={"cache-control": self.control})

    @property
    def calls(self) -> dict[str, int]:
        """How often each endpoint was called but for the list of people."""
        return {path: count for path, count in self.service.calls.items() if path != "GET /people"}


def _query(asked: Asked) -> dict[str, list[str]]:
    return parse_qs(urlsplit(asked.path).query)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with rest() as made:
        yield Shop(made)


@asynccontextmanager
async def opened(folder: Path, shop: Shop) -> AsyncIterator[tuple[Gateway, KeyRing]]:
    """The project, whose callers may be verified and need not be."""
    ring = KeyRing(ISSUER, lambda: datetime.now(UTC), uuid4)
    async with rest() as issuer:
        issuer.on("GET /jwks.json", lambda _: Reply(ring.published()))
        identity = (
            f'[identity]\nissuer = "{ISSUER}"\naudience = ["{AUDIENCE}"]\njwks = "{issuer.url}/jwks.json"\n'
            "anonymous = true\n"
        )
        settings = toml({"shop": shop.service.url}, identity, credentials='"none"')
        async with served(folder, MODULE, {"shop": SHOP}, settings) as gateway:
            yield gateway, ring


def token(ring: KeyRing, region: str) -> str:
    return ring.sign(
        f"somebody in {region}", "", (), audience=[AUDIENCE], claims={"tenant": None, "region": region}
    )


async def people(gateway: Gateway, fields: str, token: str | None = None) -> Any:
    answer = await gateway.ask(f"{{ people {{ {fields} }} }}", token=token)
    assert "errors" not in answer
    return answer["data"]["people"]


async def test_groups_by_other_parameters_are_other_groups(tmp_path: Path, shop: Shop):
    """Two links over one operation that ask with the same values in other parameters share nothing."""
    async with opened(tmp_path, shop) as (gateway, _):
        sold = await people(gateway, "sold { id }")
        bought = await people(gateway, "bought { id }")
        assert sold == [{"sold": [{"id": "o3"}]}, {"sold": [{"id": "o1"}, {"id": "o2"}]}]
        assert bought == [{"bought": [{"id": "o1"}, {"id": "o2"}]}, {"bought": [{"id": "o3"}]}]
        assert (await people(gateway, "bought { id }"), shop.calls) == (bought, {"GET /orders": 2})


async def test_entities_by_other_keys_are_other_entities(tmp_path: Path, shop: Shop):
    """Two types over one operation whose keys are other properties share nothing."""
    async with opened(tmp_path, shop) as (gateway, ring):
        caller = token(ring, "eu")
        assert await people(gateway, "user { name }", caller) == [
            {"user": {"name": "one"}},
            {"user": {"name": "two"}},
        ]
        by_number = await people(gateway, "numbered { name }", caller)
        assert by_number == [{"numbered": {"name": "two"}}, {"numbered": {"name": "one"}}]
        assert shop.calls == {"GET /users": 2}


async def test_what_one_caller_alone_is_told_is_no_part_of_others_batches(tmp_path: Path, shop: Shop):
    """Where `one` is made from a claim and `many` is not, what `one` brought is given to no other caller."""
    shop.people = ["1"]
    async with opened(tmp_path, shop) as (gateway, ring):
        for region in ("eu", "us"):
            found = await people(gateway, "user { name }", token(ring, region))
            assert found == [{"user": {"name": f"one in {region}"}}]
        answer = await gateway.ask("{ people { user { name } } }")
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]
        assert answer["data"] == {"people": [{"user": None}]}


async def test_a_part_is_dropped_with_the_place_that_it_came_from(tmp_path: Path, shop: Shop):
    """A change that names the place of an answer drops what that answer brought (RFC 9111, section 4.4)."""
    shop.people = ["1"]
    async with opened(tmp_path, shop) as (gateway, ring):
        caller = token(ring, "eu")
        assert await people(gateway, "user { name }", caller) == [{"user": {"name": "one in eu"}}]
        assert (await gateway.ask("mutation { rename }", token=caller))["data"] == {"rename": "yes"}
        assert await people(gateway, "user { name }", caller) == [{"user": {"name": "one in eu!"}}]


async def test_what_is_made_of_parts_tells_clients_no_more_than_the_parts_allow(tmp_path: Path, shop: Shop):
    """The lives that a service gives to shared caches and to others hold when its answers are used again, too."""
    shop.control = "public, max-age=5, s-maxage=300, must-revalidate"
    shop.service.on(
        "GET /people",
        lambda _: Reply(
            [{"id": one} for one in shop.people], headers={"cache-control": "public, max-age=600"}
        ),
    )
    async with opened(tmp_path, shop) as (gateway, _):
        told = []
        for fields in ("sold { id }", "sold { id } again: sold { id }"):
            async with gateway.post(f"{{ people {{ {fields} }} }}") as response:
                said = response.headers["cache-control"].split(", ")
            told.append((said[0], "must-revalidate" in said, int(said[1].removeprefix("max-age=")) <= 5))
        assert told[0] == told[1] == (told[0][0], True, True)
        assert shop.calls == {"GET /orders": 1}
