"""A served application whose executor does what the test says: the HTTP edge alone, on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from graph.executing.executor import Answer, GraphQLRequest
from graph.http.refused import Refused
from graph.identity.auth import Authenticator
from graph.serving.server import RUNNING, application, serving
from graph.settings.limits import Limits
from graph.settings.settings import GraphSettings
from resolvers.caller import NOBODY, Caller

Script = Callable[[GraphQLRequest], Awaitable[Answer]]


@dataclass
class Call:
    document: GraphQLRequest
    caller: Caller
    headers: Mapping[str, str]
    request_id: str


@dataclass
class Scripted:
    """An executor that notes its calls and answers by its script."""

    script: Script
    calls: list[Call] = field(default_factory=list)

    async def execute(
        self, document: GraphQLRequest, caller: Caller, headers: Mapping[str, str], request_id: str
    ) -> Answer:
        self.calls.append(Call(document, caller, headers, request_id))
        return await self.script(document)

    async def stream(
        self, document: GraphQLRequest, caller: Caller, headers: Mapping[str, str], request_id: str
    ) -> AsyncGenerator[Answer, None]:
        yield await self.execute(document, caller, headers, request_id)


class Held:
    """A script that begins, tells so, and ends only when it is let go; it counts the ways in which it
    ended.
    """

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.let_go = asyncio.Event()
        self.ended = asyncio.Event()
        self.outcome = ""

    async def __call__(self, _document: GraphQLRequest) -> Answer:
        self.begun.set()
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.outcome = "cancelled"
            self.ended.set()
            raise
        self.outcome = "finished"
        self.ended.set()
        return Answer(data={"held": True})


class Everybody:
    """An authenticator that lets everybody in but callers with `authorization: no`."""

    async def caller(self, headers: Any) -> Caller:
        if headers.get("authorization") == "no":
            raise Refused(401, "UNAUTHENTICATED", "Not you.", {"www-authenticate": "Bearer"})
        return NOBODY


@dataclass
class Edge:
    """The served edge: where it listens, what was executed, what runs, and a client for it."""

    url: str
    executor: Scripted
    app: web.Application
    client: aiohttp.ClientSession

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def running(self) -> int:
        return len(self.app[RUNNING])

    async def post(self, body: object, **headers: str) -> tuple[int, Mapping[str, str], Any]:
        """Status, headers and decoded body of the answer to a POST; a body in bytes goes as it is."""
        named = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.client.post(f"{self.url}/graphql", data=data, headers=named) as response:
            return response.status, response.headers, await response.json(content_type=None)

    async def get(self, **parameters: str) -> tuple[int, Mapping[str, str], Any]:
        """Status, headers and decoded body of the answer to a GET with these parameters."""
        async with self.client.get(f"{self.url}/graphql", params=parameters) as response:
            return response.status, response.headers, await response.json(content_type=None)


async def hello(_document: GraphQLRequest) -> Answer:
    """The script of most tests."""
    return Answer(data={"hello": "world"})


def error(message: str, code: str, request_id: str | None) -> dict[str, Any]:
    """GraphQL's error body as every refusal gives it."""
    return {"errors": [{"message": message, "extensions": {"code": code, "requestId": request_id}}]}


@asynccontextmanager
async def edge(
    script: Script = hello,
    *,
    authenticator: Authenticator | None = None,
    body_limit: int = 1000,
    drain: float = 5.0,
    limits: Limits | None = None,
    origins: tuple[str, ...] = (),
) -> AsyncIterator[Edge]:
    """The edge on a free port of loopback."""
    executor = Scripted(script)
    settings = GraphSettings(schema="schema:schema", body_limit=body_limit, origins=origins)
    app = application(executor, authenticator or Everybody(), settings, drain=drain, limits=limits)
    async with serving(app, "127.0.0.1", 0) as url, aiohttp.ClientSession() as client:
        yield Edge(url, executor, app, client)
