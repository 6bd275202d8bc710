"""What is read again after a change, from clients' requests to services' sockets and back, in every lane."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.graph.projects import TEXT, an, contract, listed, operation, parameter, ref
from tests.graph.served import Asked, Gateway, Reply, Rest, rest, served, toml

SHOP = contract(
    operation("GET /orders/{id}", "getOrder", ref("Order"), statuses=("404",)),
    operation("GET /orders", "listOrders", listed(ref("Order")), parameter("ids", listed(TEXT))),
    operation("POST /orders/{id}/cancel", "cancelOrder", ref("Order")),
    operation("POST /refunds", "refund", an({"done": TEXT}), body=an({"order": TEXT})),
    Order=an({"id": TEXT, "status": TEXT, "customer": TEXT}),
)
USERS = contract(
    operation("GET /users/{id}", "getUser", ref("User")),
    operation("GET /users", "listNames", listed(ref("Line"))),
    operation("POST /users/{id}:rename", "rename", an({"done": TEXT})),
    User=an({"id": TEXT, "name": TEXT}),
    Line=an({"name": TEXT}),
)
MODULE = """
    import strawberry
    from stolon import rest

    shop = rest.contract("shop")
    users = rest.contract("users")


    @rest.type(users.schema("User"), key="id", one=users.op("getUser"))
    class User:
        id: rest.auto
        name: rest.auto


    @rest.type(shop.schema("Order"), key="id", one=shop.op("getOrder"), many=shop.op("listOrders", ids=rest.keys))
    class Order:
        id: rest.auto
        status: rest.auto
        customer: User | None = rest.link(key="customer")


    @rest.type(users.schema("Line"))
    class Line:
        name: rest.auto


    @strawberry.type
    class Query:
        order: Order | None = rest.query(shop.op("getOrder"))
        orders: list[Order] | None = rest.query(shop.op("listOrders"))
        names: list[Line] | None = rest.query(users.op("listNames"))


    @strawberry.type
    class Mutation:
        cancel: Order | None = rest.mutation(shop.op("cancelOrder"))
        rename: str | None = rest.mutation(users.op("rename", pick="done"))
        refund: str | None = rest.mutation(
            shop.op("refund", pick="done", changes=["Order:{order}", "User:*"]))

        @strawberry.mutation
        async def give_back(self, info: rest.Info, id: str) -> str:
            return await info.context.call(shop.op("refund", pick="done", changes=["Order:{order}"]), order=id)


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
ONE = '{ order(id: "%s") { status customer { name } } }'
ALL = "{ orders { id status } }"
CANCEL = 'mutation { cancel(id: "42") { status } }'
READS = {"GET /orders/42": 1, "GET /orders/43": 1, "GET /orders": 1, "GET /users/u": 1}


class Shop:
    """Two orders of one customer, that may be kept for a minute."""

    def __init__(self, service: Rest) -> None:
        self.service = service
        self.state = {"42": "open", "43": "open"}
        self.name = "Ada"
        for one in self.state:
            service.on(f"GET /orders/{one}", lambda asked: self._kept(self.order(asked.path.split("/")[-1])))
        service.on("GET /orders", lambda _: self._kept([self.order(one) for one in self.state]))
        service.on("POST /orders/42/cancel", self.cancel)
        service.on("POST /refunds", self.refund)
        service.on("GET /users/u", lambda _: self._kept({"id": "u", "name": self.name}))
        service.on("GET /users", lambda _: self._kept([{"name": self.name}]))
        service.on("POST /users/u:rename", self.rename)

    def order(self, key: str) -> dict[str, str]:
        return {"id": key, "status": self.state[key], "customer": "u"}

    def cancel(self, _: Asked) -> Reply:
        self.state["42"] = "cancelled"
        return Reply(self.order("42"))

    def refund(self, asked: Asked) -> Reply:
        self.state[asked.body["order"]] = "refunded"
        return Reply({"done": "yes"})

    def rename(self, _: Asked) -> Reply:
        self.name = "Eve"
        return Reply({"done": "yes"})

    @staticmethod
    def _kept(value: Any) -> Reply:
        return Reply(value, headers={"cache-control": "max-age=60"})


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with rest() as made:
        yield Shop(made)


@pytest.fixture(params=["fast", "plan", "reference"])
async def gateway(request: pytest.FixtureRequest, tmp_path: Path, shop: Shop) -> AsyncIterator[Gateway]:
    urls = dict.fromkeys(("shop", "users"), shop.service.url)
    stated = toml(urls).replace("[graph]", f'[graph]\nlane = "{request.param}"')
    async with served(tmp_path, MODULE, {"shop": SHOP, "users": USERS}, stated) as made:
        yield made


async def read(gateway: Gateway) -> list[Any]:
    """Both orders by key, and all of them."""
    one, other, orders = [await gateway.ask(query) for query in (ONE % 42, ONE % 43, ALL)]
    return [
        one["data"]["order"],
        other["data"]["order"],
        [each["status"] for each in orders["data"]["orders"]],
    ]


def user(status: str) -> dict[str, Any]:
    return {"status": status, "customer": {"name": "Ada"}}


async def test_a_warm_cache_is_no_call(gateway: Gateway, shop: Shop) -> None:
    """What was read once and may be kept is read again without a call."""
    before = await read(gateway)
    assert await read(gateway) == before == [user("open"), user("open"), ["open", "open"]]
    assert shop.service.calls == READS


async def test_what_a_change_tells_of_is_read_again_and_nothing_else(gateway: Gateway, shop: Shop) -> None:
    """After the change of one order it and the list are read from the service, the other order is not, nor the
    customer.
    """
    await read(gateway)
    assert (await gateway.ask(CANCEL))["data"] == {"cancel": {"status": "cancelled"}}
    assert await read(gateway) == [user("cancelled"), user("open"), ["cancelled", "open"]]
    await read(gateway)
    assert shop.service.calls == {
        **READS, "POST /orders/42/cancel": 1, "GET /orders/42": 2, "GET /orders": 2
    }  # fmt: skip


async def test_a_change_drops_what_it_says_of_other_services(gateway: Gateway, shop: Shop) -> None:
    """`changes` names entities of any service of the graph."""
    await read(gateway)
    await gateway.ask('mutation { refund(input: {order: "43"}) }')
    assert await read(gateway) == [user("open"), user("refunded"), ["open", "refunded"]]
    assert shop.service.calls == {
        **READS, "POST /refunds": 1, "GET /orders/43": 2, "GET /orders": 2, "GET /users/u": 2
    }  # fmt: skip


async def test_a_list_by_another_schema_is_read_again(gateway: Gateway, shop: Shop) -> None:
    """The list at the path above an entity is dropped with it, though the type of its lines has no key; here by a
    verb that stands behind the entity's key.
    """
    names = "{ names { name } }"
    before = [await gateway.ask(names), await read(gateway), await gateway.ask(names)]
    assert before[0] == before[2] == {"data": {"names": [{"name": "Ada"}]}}
    await gateway.ask('mutation { rename(id: "u") }')
    assert await gateway.ask(names) == {"data": {"names": [{"name": "Eve"}]}}
    await read(gateway)
    assert shop.service.calls == {
        **READS, "GET /users": 2, "POST /users/u:rename": 1, "GET /users/u": 2
    }  # fmt: skip


async def test_a_resolvers_call_drops_what_it_says(gateway: Gateway, shop: Shop) -> None:
    """Changes that Python resolvers make drop as those of declared mutations do."""
    await read(gateway)
    assert (await gateway.ask('mutation { giveBack(id: "42") }'))["data"] == {"giveBack": "yes"}
    assert await read(gateway) == [user("refunded"), user("open"), ["refunded", "open"]]
    assert shop.service.calls == {**READS, "POST /refunds": 1, "GET /orders/42": 2, "GET /orders": 2}


async def test_a_change_with_an_unknown_outcome_drops_too(gateway: Gateway, shop: Shop) -> None:
    """A change that was sent and not answered rightly may have been made: what it tells of is read again."""

    def broken(asked: Asked) -> Reply:
        shop.cancel(asked)
        return Reply("?", 500)

    await read(gateway)
    shop.service.on("POST /orders/42/cancel", broken)
    assert [one["extensions"]["code"] for one in (await gateway.ask(CANCEL))["errors"]] == ["UPSTREAM_ERROR"]
    assert (await read(gateway))[0] == user("cancelled")


async def test_a_batch_is_read_again_for_what_was_changed(gateway: Gateway, shop: Shop) -> None:
    """Keys that are asked for together are read again after a change of one of them."""
    both = '{ a: order(id: "42") { status } b: order(id: "43") { status } }'
    assert (await gateway.ask(both))["data"] == {"a": {"status": "open"}, "b": {"status": "open"}}
    await gateway.ask(CANCEL)
    assert (await gateway.ask(both))["data"] == {"a": {"status": "cancelled"}, "b": {"status": "open"}}
