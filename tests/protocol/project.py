"""A small project with everything that a front door serves: a query, a mutation, subscriptions and an upload."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from graph.serving.server import STREAMS
from tests.graph import projects
from tests.graph.served import Gateway, Reply, Rest, rest, served, toml

USERS = projects.contract(
    projects.operation("GET /users/{id}", "getUser", projects.ref("User")),
    projects.operation("PUT /users/{id}", "putUser", projects.ref("User"), body=projects.ref("Name")),
    User=projects.an({"id": projects.TEXT, "name": projects.TEXT}),
    Name=projects.an({"name": projects.TEXT}),
)

MODULE = """
import asyncio
from collections.abc import AsyncGenerator

import strawberry
from strawberry.file_uploads import Upload
from stolon import Context, rest

users = rest.contract("users")
LOG: list[str] = []
GO = asyncio.Event()


@rest.type(users.schema("User"), key="id", one=users.op("getUser", id=rest.key))
class User:
    id: rest.auto
    name: rest.auto


@strawberry.type
class Query:
    user: User | None = rest.query(users.op("getUser"))

    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"

    @strawberry.field
    def big(self, size: int) -> str:
        return "x" * size

    @strawberry.field
    def again(self) -> "Query":
        return Query()

    @strawberry.field
    def caller(self, info: strawberry.Info[Context, None]) -> str | None:
        return info.context.caller.subject


@strawberry.type
class Mutation:
    put_user: User | None = rest.mutation(users.op("putUser"))

    @strawberry.mutation
    async def slow(self) -> str:
        LOG.append("slow begun")
        await GO.wait()
        LOG.append("slow ended")
        return "done"

    @strawberry.mutation
    async def upload(self, files: list[Upload]) -> list[str]:
        found = []
        for one in files:
            text = await one.read()
            found.append(f"{one.filename} {one.content_type} {one.size} {text[:8].decode()}")
        return found

    @strawberry.mutation
    async def one(self, file: Upload | None = None) -> int | None:
        return None if file is None else file.size


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number

    @strawberry.subscription
    async def user_again(
        self, info: strawberry.Info[Context, None], id: str, times: int
    ) -> AsyncGenerator[User, None]:
        for _ in range(times):
            found = await info.context.load(User, id)
            yield found

    @strawberry.subscription
    async def queries(self, times: int) -> AsyncGenerator[Query, None]:
        for _ in range(times):
            yield Query()

    @strawberry.subscription
    async def wait(self) -> AsyncGenerator[int, None]:
        LOG.append("wait begun")
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            LOG.append("wait ended")

    @strawberry.subscription
    async def flood(self, size: int) -> AsyncGenerator[str, None]:
        try:
            while True:
                LOG.append("flood")
                yield "x" * size
        finally:
            LOG.append("flood ended")

    @strawberry.subscription
    async def broken(self) -> AsyncGenerator[int, None]:
        yield 1
        raise RuntimeError("inner secret")

    @strawberry.subscription
    async def unfit(self) -> AsyncGenerator[int, None]:
        raise RuntimeError("inner secret")
        yield 1

    @strawberry.subscription
    async def caller(self, info: strawberry.Info[Context, None]) -> AsyncGenerator[str | None, None]:
        yield info.context.caller.subject
        await asyncio.Event().wait()


schema = rest.Schema(query=Query, mutation=Mutation, subscription=Subscription)
"""


@dataclass(frozen=True)
class Front:
    """The served project and the service below it."""

    gateway: Gateway
    users: Rest

    @property
    def url(self) -> str:
        return f"{self.gateway.url}/graphql"

    @property
    def client(self) -> aiohttp.ClientSession:
        return self.gateway.client

    @property
    def module(self) -> Any:
        """The project's module, as it runs."""
        return sys.modules["schema"]

    @property
    def log(self) -> list[str]:
        found: list[str] = self.module.LOG
        return found

    @property
    def streams(self) -> int:
        return len(self.gateway.app[STREAMS])

    def tasks(self) -> set[str]:
        """The tasks of this loop, by what they run."""
        return {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]


@asynccontextmanager
async def front(folder: Path, *, limits: str = "", more: str = "") -> AsyncIterator[Front]:
    """The project served on a free port. Its service names user 7 differently with each call."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - nothing is served yet
    async with rest() as users:

        def user(_: object) -> Reply:
            return Reply(json={"id": "7", "name": f"Ada {len(users.asked)}"})

        users.on("GET /users/7", user)
        users.on("PUT /users/7", user)
        # The audits ask `__type`, which only an open project answers.
        text = toml({"users": users.url}, f"introspection = true\n{more}") + (
            f"[limits]\n{limits}\n" if limits else ""
        )
        async with served(folder, MODULE, {"users": USERS}, text) as gateway:
            yield Front(gateway, users)
