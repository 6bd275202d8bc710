"""What one worker drops from its cache, and what a call of the second address drops, is gone in all workers."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.graph.projects import TEXT, an, contract, operation, ref
from tests.graph.served import Reply, Rest, rest
from tests.serving.processes import Started, asked, put, started

KEY = "0123456789abcdef0123456789abcdef"
SHOP = contract(
    operation("GET /orders/{id}", "getOrder", ref("Order")),
    operation("POST /orders/{id}/cancel", "cancelOrder", ref("Order")),
    Order=an({"id": TEXT, "status": TEXT}),
)
MODULE = """
import os

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

    @strawberry.field
    def pid(self) -> int:
        return os.getpid()


@strawberry.type
class Mutation:
    cancel: Order | None = rest.mutation(shop.op("cancelOrder"))


schema = rest.Schema(query=Query, mutation=Mutation)
"""
SETTINGS = """
[graph]
schema = "schema:schema"
[observe]
address = "{port}"
[admin]
key_file = "key"
[services.shop]
url = "{url}"
"""
READ = '{{ order(id: "{0}") {{ status }} }}'


@dataclass
class Workers:
    """Two workers, a client that stays with each, and the service that both call."""

    server: Started
    url: str
    second: str
    one: aiohttp.ClientSession
    two: aiohttp.ClientSession
    shop: Rest

    async def read(self, client: aiohttp.ClientSession, order: str = "1") -> str:
        return str((await asked(client, self.url, READ.format(order)))["order"]["status"])

    async def drop(self, body: Any, key: str = KEY) -> int:
        headers = {"authorization": f"Bearer {key}"}
        async with self.one.post(f"{self.second}/invalidation", json=body, headers=headers) as answer:
            return answer.status


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def clients(stack: AsyncExitStack, url: str) -> list[aiohttp.ClientSession]:
    """A client for each of two workers: its one connection stays with the worker that took it."""
    found: dict[int, aiohttp.ClientSession] = {}
    for _ in range(100):
        client = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit_per_host=1))
        )
        found.setdefault((await asked(client, url, "{ pid }"))["pid"], client)
        if len(found) == 2:
            return list(found.values())
    raise AssertionError("one worker took every connection")


@asynccontextmanager
async def workers(folder: Path) -> AsyncIterator[Workers]:
    (folder / "contracts").mkdir(parents=True)
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(rest())
        fresh = {"cache-control": "max-age=600"}
        for order in ("1", "2"):
            shop.on(
                f"GET /orders/{order}",
                lambda asked: Reply({"id": asked.path[-1], "status": f"{len(shop.asked)}"}, headers=fresh),
            )
        shop.on("POST /orders/1/cancel", Reply({"id": "1", "status": "cancelled"}))
        port = free_port()
        put(folder / "stolon.toml", SETTINGS.format(port=port, url=shop.url))
        put(folder / "schema.py", MODULE)
        put(folder / "key", KEY)
        put(folder / "contracts" / "shop.json", json.dumps(SHOP))
        server = await stack.enter_async_context(
            started("serve", "--project", str(folder), "--port", "0", "--workers", "2")
        )
        url = await server.url()
        one, two = await clients(stack, url)
        yield Workers(server, url, f"http://127.0.0.1:{port}", one, two, shop)


async def test_workers_hear_of_each_others_changes_and_calls_reach_all(tmp_path: Path) -> None:
    """After a change through one worker the other reads anew within a second; a call of the second address succeeds
    when all workers have dropped what it names.
    """
    async with workers(tmp_path / "project") as made:
        both = (made.one, made.two)
        kept = [await made.read(client) for client in both]
        others = [await made.read(client, "2") for client in both]
        assert [await made.read(client) for client in both] == kept
        await asked(made.one, made.url, 'mutation { cancel(id: "1") { status } }')
        async with asyncio.timeout(1.0):
            while await made.read(made.two) in kept:
                pass
        assert await made.read(made.one) not in kept
        assert [await made.read(client, "2") for client in both] == others

        kept = [await made.read(client) for client in both]
        assert await made.drop({"entities": ["Order:1"]}, key=KEY[::-1]) == 401
        assert await made.drop({"entities": ["Oder:1"]}) == 422
        assert [await made.read(client) for client in both] == kept
        assert await made.drop({"entities": ["Order:1"]}) == 204
        assert not {await made.read(client) for client in both} & set(kept)
        assert [await made.read(client, "2") for client in both] == others
        assert await made.drop({"everything": True}) == 204
        assert not {await made.read(client, "2") for client in both} & set(others)
