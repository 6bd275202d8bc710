"""Events are answered by services themselves, whatever these allow to be used again: real HTTP on both sides."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.graph.projects import TEXT, an, contract, operation, parameter, ref
from tests.graph.projects import listed as a_list
from tests.graph.served import Asked, Gateway, Reply, Rest, rest, served, toml

SHOP = contract(
    operation("GET /posts/{id}", "getPost", ref("Post")),
    operation("GET /users/{id}", "getUser", ref("User")),
    operation("GET /users", "listUsers", a_list(ref("User")), parameter("ids", a_list(TEXT))),
    User=an({"id": TEXT, "name": TEXT}),
    Post=an({"id": TEXT, "by": TEXT}),
)
MODULE = """
    import strawberry
    from collections.abc import AsyncGenerator
    from stolon import rest

    shop = rest.contract("shop")


    @rest.type(
        shop.schema("User"),
        key="id",
        one=shop.op("getUser"),
        many=shop.op("listUsers", ids=rest.keys("id")),
    )
    class User:
        id: rest.auto
        name: rest.auto


    @rest.type(shop.schema("Post"), key="id", one=shop.op("getPost"))
    class Post:
        id: rest.auto
        author: User | None = rest.link(key="by")


    @strawberry.type
    class Query:
        post: Post | None = rest.query(shop.op("getPost"))


    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def posts(self, info: rest.Info) -> AsyncGenerator[Post | None, None]:
            for _ in range(3):
                yield await info.context.load(Post, "1")

        @strawberry.subscription
        async def pairs(self, info: rest.Info) -> AsyncGenerator[list[Post | None], None]:
            for _ in range(3):
                yield [await info.context.load(Post, number) for number in ("1", "2")]


    schema = rest.Schema(query=Query, subscription=Subscription)
"""
POSTS = "subscription { posts { author { name } } }"
QUERY = '{ post(id: "1") { author { name } } }'


class Shop:
    """Users whose names tell how often they were asked for."""

    def __init__(self, service: Rest, control: str) -> None:
        self.service = service
        self.headers = {"cache-control": control}
        self.told = 0
        for number in ("1", "2"):
            post = {"id": number, "by": number}
            service.on(f"GET /posts/{number}", Reply(post, headers=self.headers))
            service.on(f"GET /users/{number}", self.user)
        service.on("GET /users", self.users)

    def user(self, asked: Asked) -> Reply:
        self.told += 1
        found = {"id": asked.path.rpartition("/")[2], "name": f"v{self.told}"}
        return Reply(found, headers=self.headers)

    def users(self, _: Asked) -> Reply:
        self.told += 1
        found = [{"id": number, "name": f"v{self.told}"} for number in ("1", "2")]
        return Reply(found, headers=self.headers)


@asynccontextmanager
async def shop(folder: Path, control: str) -> AsyncIterator[tuple[Gateway, Shop]]:
    async with rest() as service:
        made = Shop(service, control)
        lines = toml({"shop": service.url}, 'lane = "fast"\n', credentials='"none"')
        async with served(folder, MODULE, {"shop": SHOP}, lines) as gateway:
            yield gateway, made


async def events(gateway: Gateway, query: str) -> list[Any]:
    """The events of a subscription, to its end."""
    async with gateway.post(query, accept="text/event-stream") as response:
        lines = (await response.text()).splitlines()
    return [json.loads(line[5:]) for line in lines if line.startswith("data:") and line[5:].strip()]


def told(name: str) -> dict[str, Any]:
    """An event without errors."""
    return {"data": {"posts": {"author": {"name": name}}}}


@pytest.mark.parametrize("control", ["no-store", "max-age=60", "max-age=60, stale-while-revalidate=60"])
async def test_each_event_asks_links_anew(tmp_path: Path, control: str):
    """An event tells that something happened: what it links to is called for, be an earlier answer fresh or not."""
    async with shop(tmp_path, control) as (gateway, made):
        found = await events(gateway, POSTS)
        assert found == [told("v1"), told("v2"), told("v3")]
        assert made.service.calls == {"GET /posts/1": 3, "GET /users/1": 3}


async def test_each_event_asks_batches_anew(tmp_path: Path):
    """Nor is an event answered from the kept parts of an earlier batch; within one event the batch is one call."""
    async with shop(tmp_path, "max-age=60") as (gateway, made):
        found = await events(gateway, "subscription { pairs { author { name } } }")
        names = [[one["author"]["name"] for one in event["data"]["pairs"]] for event in found]
        assert names == [["v1", "v1"], ["v2", "v2"], ["v3", "v3"]]
        assert made.service.calls == {"GET /posts/1": 3, "GET /posts/2": 3, "GET /users": 3}


async def test_an_event_takes_no_part_in_what_is_kept_for_queries(tmp_path: Path):
    """Before a subscription and after it a query is answered with the same kept whole answer, for as long as its
    services allow; the events between are not.
    """
    async with shop(tmp_path, "max-age=60") as (gateway, made):
        before = [await gateway.ask(QUERY) for _ in range(2)]
        found = await events(gateway, POSTS)
        after = await gateway.ask(QUERY)
        assert before == [after] * 2 == [{"data": {"post": {"author": {"name": "v1"}}}}] * 2
        assert found == [told("v2"), told("v3"), told("v4")]
        assert made.service.calls == {"GET /posts/1": 4, "GET /users/1": 4}


async def test_what_events_fetched_is_there_for_queries(tmp_path: Path):
    """What an event was answered with is kept as any answer is: a query that comes later needs no call."""
    async with shop(tmp_path, "max-age=60") as (gateway, made):
        await events(gateway, POSTS)
        assert await gateway.ask(QUERY) == {"data": {"post": {"author": {"name": "v3"}}}}
        assert made.service.calls == {"GET /posts/1": 3, "GET /users/1": 3}


async def test_no_stale_answer_stands_in_for_what_an_event_cannot_read(tmp_path: Path):
    """What may be used when its service fails (RFC 5861, section 4) answers queries; it says nothing of an event."""
    async with shop(tmp_path, "max-age=0, stale-if-error=600") as (gateway, made):
        assert "errors" not in await gateway.ask(QUERY)
        made.service.on("GET /users/1", Reply({}, 500))
        stale = await gateway.ask(QUERY)
        assert (stale["data"], "errors" in stale) == ({"post": {"author": {"name": "v1"}}}, False)
        found = await events(gateway, POSTS)
        assert [one["data"] for one in found] == [{"posts": {"author": None}}] * 3
        assert [one["errors"][0]["path"] for one in found] == [["posts", "author"]] * 3
