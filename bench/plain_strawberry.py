"""The blog as somebody writes it by hand with plain Strawberry: its aiohttp view, an aiodataloader, aiohttp's client.

    BLOG_URL=http://127.0.0.1:9001 python bench/plain_strawberry.py PORT

Done well, so that the comparison is fair: one client session, uvloop, documents parsed and validated once, msgspec
for JSON, users loaded in one call, the caller's own token passed on. It checks no value against a contract.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import aiohttp
import msgspec
import strawberry
import uvloop
from aiodataloader import DataLoader
from aiohttp import web
from strawberry.aiohttp.views import GraphQLView
from strawberry.extensions import ParserCache, ValidationCache

Fetch = Callable[[str], Awaitable[bytes]]  # path and query, as the caller who asks
KEPT: Final = 100
CACHES: Final = (partial(ParserCache, maxsize=KEPT), partial(ValidationCache, maxsize=KEPT))


@dataclass(slots=True)
class Blog:
    """What one request knows: how to fetch, and the users that it has."""

    fetch: Fetch
    users: DataLoader[int, User | None]

    async def get(self, path: str) -> Any:
        """What the blog answers, decoded."""
        return msgspec.json.decode(await self.fetch(path))


Info = strawberry.Info[Blog, None]


@strawberry.type
class User:
    """Somebody who writes."""

    id: int
    name: str
    username: str
    email: str
    phone: str | None
    website: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> User:
        """The user that a row tells of."""
        return cls(
            id=row["id"],
            name=row["name"],
            username=row["username"],
            email=row["email"],
            phone=row.get("phone"),
            website=row.get("website"),
        )


@strawberry.type
class Post:
    """What somebody wrote."""

    id: int
    user_id: int
    title: str
    body: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Post:
        """The post that a row tells of."""
        return cls(id=row["id"], user_id=row["userId"], title=row["title"], body=row["body"])

    @strawberry.field
    async def user(self, info: Info) -> User | None:
        """Who wrote it."""
        return await info.context.users.load(self.user_id)


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def posts(self, info: Info) -> list[Post] | None:
        """Every post."""
        return [Post.of(row) for row in await info.context.get("/posts")]

    @strawberry.field
    async def post(self, info: Info, id: int) -> Post | None:  # noqa: A002 - the graph's word
        """One post."""
        return Post.of(await info.context.get(f"/posts/{id}"))

    @strawberry.field
    def greet(self) -> str:
        """No service is asked."""
        return "Hello World!"


def blog_of(fetch: Fetch) -> Blog:
    """What a new request knows."""

    async def users(ids: list[int]) -> list[User | None]:
        if len(ids) == 1:
            rows = [await blog.get(f"/users/{ids[0]}")]
        else:
            rows = await blog.get(f"/users?id={','.join(map(str, ids))}")
        found = {row["id"]: User.of(row) for row in rows}
        return [found.get(one) for one in ids]

    blog = Blog(fetch, DataLoader(users))
    return blog


def make_schema() -> strawberry.Schema:
    """The schema, with documents kept."""
    return strawberry.Schema(Query, extensions=list(CACHES))


def forwarding(session: aiohttp.ClientSession, url: str, token: str) -> Fetch:
    """How to fetch as the caller with this `Authorization`."""
    headers = {"authorization": token}

    async def fetch(path: str) -> bytes:
        async with session.get(url + path, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.read()

    return fetch


class PlainView(GraphQLView[Any, Any]):
    """Strawberry's own view, which makes the context of a request from its `Authorization`."""

    def __init__(self, schema: strawberry.Schema, context: Callable[[str], Any]) -> None:
        super().__init__(schema=schema, graphql_ide=None)
        self._context = context

    async def get_context(self, request: web.Request, response: object) -> Any:
        """What the resolvers of this request get."""
        return self._context(request.headers.get("authorization", ""))

    def encode_json(self, data: object) -> str | bytes:
        """Faster than the standard library's."""
        return msgspec.json.encode(data)


async def serve(view: PlainView, port: int) -> None:
    """Serve until the process is ended."""
    app = web.Application()
    app.router.add_route("POST", "/graphql", view)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


async def main(port: int, url: str) -> None:
    """Serve the blog."""
    async with aiohttp.ClientSession() as session:
        view = PlainView(make_schema(), lambda token: blog_of(forwarding(session, url, token)))
        await serve(view, port)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), os.environ["BLOG_URL"]))
