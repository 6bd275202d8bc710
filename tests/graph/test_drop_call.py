"""`POST /invalidation` of the second address, over HTTP: who may, what is dropped, and what is told of mistakes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from graph.app import App, load
from graph.serving.server import serving
from graph.settings.address import Address
from tests.graph import projects
from tests.graph.projects import TEXT, an, contract, listed, operation, ref
from tests.graph.served import Gateway, Reply, Rest, rest, toml

KEY = "0123456789abcdef0123456789abcdef"
SHOP = contract(
    operation("GET /orders/{id}", "getOrder", ref("Order")),
    operation("GET /orders", "listOrders", listed(ref("Order"))),
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


    schema = rest.Schema(query=Query)
"""
READS = ['{ order(id: "1") { status } }', '{ order(id: "2") { status } }', "{ orders { status } }"]
PLACES = ["GET /orders/1", "GET /orders/2", "GET /orders"]
ADMIN = '[admin]\nkey = "${KEY}"\n'


@dataclass
class Served:
    """A project that is served, and its second address."""

    gateway: Gateway
    url: str
    client: aiohttp.ClientSession
    shop: Rest

    async def call(self, *, key: str | None = KEY, method: str = "POST", **sent: Any) -> tuple[int, Any]:
        """The status and the problem that a call is answered with."""
        headers = {**({} if key is None else {"authorization": f"Bearer {key}"}), **sent.pop("headers", {})}
        async with self.client.request(method, f"{self.url}/invalidation", headers=headers, **sent) as answer:
            assert (answer.headers.get("www-authenticate") == "Bearer") is (answer.status == 401)
            if answer.status in (204, 405):
                return answer.status, None
            assert answer.headers["cache-control"] == "no-store"
            assert answer.content_type == "application/problem+json"
            problem = await answer.json()
            assert problem.pop("status") == answer.status
            return answer.status, problem

    async def read(self) -> list[str]:
        """Reads all there is; which of it was no call."""
        before = self.shop.calls
        for query in READS:
            assert "errors" not in await self.gateway.ask(query)
        return [place for place in PLACES if self.shop.calls[place] == before.get(place, 0)]


@asynccontextmanager
async def serve(folder: Path, admin: str = ADMIN) -> AsyncIterator[Served]:
    async with rest() as shop:
        fresh = {"cache-control": "max-age=60"}
        for one in ("1", "2"):
            shop.on(f"GET /orders/{one}", Reply({"id": one, "status": "open"}, headers=fresh))
        shop.on("GET /orders", Reply([{"id": "1", "status": "open"}], headers=fresh))
        projects.write(folder, MODULE, {"shop": SHOP}, toml({"shop": shop.url}, admin))
        app = App(load(folder, {"KEY": KEY}).project)
        app.observe_at = Address("127.0.0.1", 0)
        async with (
            app.observed() as second,
            serving(application := app.application(), "127.0.0.1", 0) as url,
            aiohttp.ClientSession() as client,
        ):
            assert second is not None
            yield Served(Gateway(url, client, application), second, client, shop)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Served]:
    async with serve(tmp_path) as made:
        yield made


async def test_what_is_kept_of_an_entity_is_dropped(shop: Served) -> None:
    """The entity and lists of its type are read again; others of its type are not."""
    assert await shop.read() == []
    assert await shop.read() == PLACES
    assert await shop.call(json={"entities": ["Order:1"]}) == (204, None)
    assert await shop.read() == ["GET /orders/2"]
    assert await shop.read() == PLACES


@pytest.mark.parametrize("body", [{"entities": ["Order:*"]}, {"everything": True}])
async def test_all_of_a_type_and_everything_are_dropped(shop: Served, body: Any) -> None:
    """Nothing of it is left."""
    await shop.read()
    assert await shop.call(json=body) == (204, None)
    assert await shop.read() == []


@pytest.mark.parametrize(
    ("key", "headers"),
    [(None, {}), ("wrong", {}), (KEY[1:], {}), (f"{KEY}0", {}), (KEY.upper(), {}), ("", {}),
     (None, {"authorization": f"Basic {KEY}"})],
)  # fmt: skip
async def test_only_who_bears_the_key_may(shop: Served, key: str | None, headers: dict[str, str]) -> None:
    """Without the key, and with another, nothing is dropped and nothing told of the call."""
    await shop.read()
    problem = {"title": "Unauthorized", "detail": "Expected the key of [admin] as a bearer token."}
    assert await shop.call(key=key, json={"everything": True}, headers=headers) == (401, problem)
    assert await shop.call(key=key, data=b"?" * (1 << 17), headers=headers) == (401, problem)
    assert await shop.read() == PLACES


async def test_all_mistakes_are_told_at_once(shop: Served) -> None:
    """A call that names what is not there drops nothing, and says of each what is wrong, as RFC 9457 has it."""
    await shop.read()
    assert await shop.call(json={"entities": ["Oder:1", "Order:1", "Order"]}) == (
        422,
        {
            "title": "Unprocessable Content",
            "detail": "The body is not what it should be.",
            "errors": [
                {
                    "pointer": "#/entities/0",
                    "detail": "'Oder' is no bound type with a key; did you mean 'Order'?",
                },
                {
                    "pointer": "#/entities/2",
                    "detail": "expected a type's name, a colon and a key, as 'User:42', or 'User:*' for all of a "
                    "type",
                },
            ],
        },
    )
    assert await shop.read() == PLACES


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": b"{", "headers": {"content-type": "application/json"}}, 400),
        ({"data": b'{"everything": true}', "headers": {"content-type": "text/plain"}}, 415),
        ({"json": {"entities": ["Order:" + "1" * (64 << 10)]}}, 413),
        ({"json": {}}, 422),
    ],
)
async def test_what_is_no_call_is_refused(shop: Served, sent: Any, status: int) -> None:
    """What cannot be read, or is too long, is told as that."""
    assert (await shop.call(**sent))[0] == status


async def test_it_is_a_post(shop: Served) -> None:
    """Nothing that browsers send by themselves drops anything."""
    assert await shop.call(method="GET") == (405, None)


async def test_without_a_key_there_is_no_such_call(tmp_path: Path) -> None:
    """A project without `[admin]` has none, whoever asks."""
    async with serve(tmp_path, "") as shop:
        problem = {
            "title": "Not Found",
            "detail": "There is no such call here: the project file names no key of [admin].",
        }
        assert await shop.call(json={"everything": True}) == (404, problem)
