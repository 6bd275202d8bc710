"""What one replica drops by entity, the other reads anew within a second: over a real shared store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from graph.app import App, load
from graph.serving.server import serving
from graph.settings.address import Address
from tests.adapters.store_server import ValkeyServer, new_prefix, valkey
from tests.graph import projects
from tests.graph.projects import TEXT, an, contract, listed, operation, ref
from tests.graph.served import Gateway, Reply, Rest, rest, toml

KEY = "0123456789abcdef0123456789abcdef"
SHOP = contract(
    operation("GET /orders/{id}", "getOrder", ref("Order")),
    operation("GET /orders", "listOrders", listed(ref("Order"))),
    operation("POST /orders/{id}/cancel", "cancelOrder"),
    Order=an({"id": TEXT, "status": TEXT}),
)
MODULE = """
    import strawberry
    from stolon import rest

    shop = rest.contract("shop")


    @rest.type(shop.schema("Order"), key="id", one=shop.op("getOrder"))
    class Order:
        id: rest.auto
        status: rest.auto


    @strawberry.type
    class Query:
        order: Order | None = rest.query(shop.op("getOrder"))
        orders: list[Order] | None = rest.query(shop.op("listOrders"))


    @strawberry.type
    class Mutation:
        cancel: bool | None = rest.mutation(shop.op("cancelOrder"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
READS = ['{ order(id: "1") { status } }', '{ order(id: "2") { status } }', "{ orders { status } }"]


@pytest.fixture(scope="module")
def server() -> Iterator[ValkeyServer]:
    with valkey() as made:
        yield made


@dataclass
class Replica:
    """A replica that is served, and its second address."""

    gateway: Gateway
    second: str
    client: aiohttp.ClientSession

    async def read(self) -> list[Any]:
        return [(await self.gateway.ask(query))["data"] for query in READS]

    async def cancel(self) -> None:
        assert await self.gateway.ask('mutation { cancel(id: "1") }') == {"data": {"cancel": True}}

    async def drop(self) -> None:
        headers = {"authorization": f"Bearer {KEY}"}
        body = {"entities": ["Order:1"]}
        async with self.client.post(f"{self.second}/invalidation", json=body, headers=headers) as answer:
            assert answer.status == 204


@asynccontextmanager
async def replica(folder: Path, shop: Rest, store: int, prefix: str) -> AsyncIterator[Replica]:
    more = f'[cache]\nurl = "${{STORE}}"\nprefix = "{prefix}"\nwait = "1s"\n[admin]\nkey = "${{KEY}}"\n'
    projects.write(folder, MODULE, {"shop": SHOP}, toml({"shop": shop.url}, more))
    app = App(load(folder, {"STORE": f"redis://127.0.0.1:{store}", "KEY": KEY}).project)
    app.observe_at = Address("127.0.0.1", 0)
    async with (
        app.observed() as second,
        serving(application := app.application(), "127.0.0.1", 0) as url,
        aiohttp.ClientSession() as client,
    ):
        assert second is not None
        yield Replica(Gateway(url, client, application), second, client)


@dataclass
class Pair:
    """Two replicas, and what their service was asked."""

    one: Replica
    two: Replica
    shop: Rest


@pytest.fixture
async def pair(tmp_path: Path, server: ValkeyServer) -> AsyncIterator[Pair]:
    prefix = new_prefix()
    async with rest() as shop:
        fresh = {"cache-control": "public, max-age=60"}
        status = {"1": "open", "2": "open"}

        def order(one: str) -> dict[str, str]:
            return {"id": one, "status": status[one]}

        def cancelled(_: object) -> Reply:
            status["1"] = "cancelled"
            return Reply()

        for one in status:
            shop.on(f"GET /orders/{one}", lambda asked: Reply(order(asked.path[-1]), headers=fresh))
        shop.on("GET /orders", lambda _: Reply([order(one) for one in status], headers=fresh))
        shop.on("POST /orders/1/cancel", cancelled)
        async with (
            replica(tmp_path, shop, server.port, prefix) as first,
            replica(tmp_path, shop, server.port, prefix) as second,
        ):
            yield Pair(first, second, shop)


def state(status: str) -> list[Any]:
    """What all reads answer where the first order is so."""
    return [
        {"order": {"status": status}},
        {"order": {"status": "open"}},
        {"orders": [{"status": status}, {"status": "open"}]},
    ]


@pytest.mark.parametrize("drop", [Replica.cancel, Replica.drop], ids=["mutation", "call"])
async def test_what_one_drops_the_other_reads_anew(
    pair: Pair, drop: Callable[[Replica], Awaitable[None]]
) -> None:
    """The changed order and the list of orders are read again by the other replica, though it had kept them; the
    other order is not, by either.
    """
    one, two, shop = pair.one, pair.two, pair.shop
    assert [await each.read() for each in (one, two, one, two)] == [state("open")] * 4
    assert shop.calls == {"GET /orders/1": 1, "GET /orders/2": 1, "GET /orders": 1}
    await drop(one)
    expected = state("cancelled" if drop is Replica.cancel else "open")
    async with asyncio.timeout(1.0):
        while shop.calls["GET /orders/1"] == 1 or shop.calls["GET /orders"] == 1:
            await two.read()
    assert [await each.read() for each in (two, one)] == [expected] * 2
    calls = {name: count for name, count in shop.calls.items() if name.startswith("GET")}
    assert calls == {"GET /orders/1": 2, "GET /orders/2": 1, "GET /orders": 2}
