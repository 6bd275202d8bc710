"""A small project whose whole answers may be kept, served over real sockets, for tests of keeping them.

`users` says of its answers what a test wants by `control`; users are named after who asked, and counted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import aiohttp
from multidict import CIMultiDictProxy
from prometheus_client import generate_latest

from examples.parfinanciero.services.signing import KeyRing
from graph.app import App, load
from graph.serving.server import serving
from tests.graph import projects
from tests.graph.projects import TEXT, an, contract, listed, operation, ref
from tests.graph.served import Asked, Gateway, Reply, Rest, rest, toml

USERS: Final = contract(
    operation("GET /users/{id}", "getUser", ref("User")),
    operation("GET /users", "listUsers", listed(ref("User"))),
    operation("GET /posts", "listPosts", listed(ref("Post"))),
    operation("PUT /users/{id}", "putUser", ref("User"), body=ref("Name")),
    User=an({"id": TEXT, "name": TEXT, "email": TEXT}),
    Post=an({"id": TEXT, "by": TEXT}),
    Name=an({"name": TEXT}),
)
MODULE: Final = """
    import strawberry
    from stolon import rest

    people = rest.contract("users")


    @rest.type(people.schema("User"), key="id", one=people.op("getUser"))
    class User:
        id: rest.auto
        name: rest.auto
        email: rest.auto = rest.field(scopes=["pii"])


    @rest.type(people.schema("Post"))
    class Post:
        id: rest.auto
        author: User | None = rest.link(key="by")


    @strawberry.type
    class Query:
        user: User | None = rest.query(people.op("getUser"))
        users: list[User] | None = rest.query(people.op("listUsers"))
        posts: list[Post] | None = rest.query(people.op("listPosts"))
        me: User | None = rest.query(people.op("getUser", id=rest.caller("sub")))

        @strawberry.field
        def hello(self) -> str:
            return "hello"


    @strawberry.type
    class Mutation:
        put_user: User | None = rest.mutation(people.op("putUser"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
ASK: Final = '{ user(id: "1") { name } }'
CHANGE: Final = 'mutation { putUser(id: "1", input: {name: "new"}) { name } }'
FRESH: Final = {"cache-control": "max-age=60"}
PUBLIC: Final = {"cache-control": "public, max-age=60"}
ISSUER, AUDIENCE = "https://id.example", "api://users"


class Users:
    """The service: `control` are the headers of its answers; `failing` the ids that it has no answer for."""

    def __init__(self, service: Rest) -> None:
        self.service = service
        self.control: dict[str, str] = dict(FRESH)
        self.failing: set[str] = set()
        self.changed: dict[str, str] = {}
        for number in ("1", "2", "3"):
            service.on(f"GET /users/{number}", self._get)
            service.on(f"PUT /users/{number}", self._put)
        service.on("GET /users", lambda asked: Reply([self._user("1", asked)], headers=self.control))
        posts = [{"id": f"p{number}", "by": number} for number in ("1", "2")]
        service.on("GET /posts", lambda _: Reply(posts, headers=self.control))

    @property
    def calls(self) -> int:
        """How many calls came."""
        return len(self.service.asked)

    def _user(self, number: str, asked: Asked) -> dict[str, str]:
        who = asked.headers.get("authorization", "nobody").removeprefix("Bearer ")[-40:]
        name = self.changed.get(number, who)
        return {"id": number, "name": name, "email": f"{name}@example.com"}

    def _get(self, asked: Asked) -> Reply:
        number = asked.path.rpartition("/")[2]
        if number in self.failing:
            return Reply({}, 500)
        return Reply(self._user(number, asked), headers=self.control)

    def _put(self, asked: Asked) -> Reply:
        number = asked.path.rpartition("/")[2]
        self.changed[number] = asked.body["name"]
        return Reply(self._user(number, asked))


@dataclass(frozen=True)
class Got:
    """One HTTP answer."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def control(self) -> str:
        return self.headers["cache-control"]


@dataclass
class Answering:
    """The served project."""

    app: App
    gateway: Gateway
    users: Users
    ring: KeyRing = field(repr=False)

    async def get(self, query: str = ASK, token: str | None = None, **headers: str) -> Got:
        """The answer to a GET."""
        sent = self._headers(token, headers)
        url, parameters = f"{self.gateway.url}/graphql", {"query": query}
        async with self.gateway.client.get(url, params=parameters, headers=sent) as response:
            return Got(response.status, response.headers, await response.read())

    async def post(
        self, query: str = ASK, token: str | None = None, variables: Mapping[str, Any] | None = None, **headers: str
    ) -> Got:  # fmt: skip
        """The answer to a POST."""
        asked = {"query": query, "variables": variables}
        url, sent = f"{self.gateway.url}/graphql", self._headers(token, headers)
        async with self.gateway.client.post(url, json=asked, headers=sent) as response:
            return Got(response.status, response.headers, await response.read())

    async def names(self, *tokens: str | None, query: str = ASK) -> list[str]:
        """The user's name, as each of the tokens is told."""
        found = [await self.gateway.ask(query, token=token) for token in tokens]
        return [next(iter(one["data"].values()))["name"] for one in found]

    def came(self) -> dict[str, int]:
        """What came of queries: the figures of `stolon_answer_cache_total`."""
        lines = generate_latest(self.app.seeing.metrics.registry).decode().splitlines()
        head = 'stolon_answer_cache_total{outcome="'
        found = (line.removeprefix(head).split('"} ') for line in lines if line.startswith(head))
        return {outcome: int(float(count)) for outcome, count in found}

    def token(self, subject: str = "ana", *scopes: str, **claims: object) -> str:
        """A token as the issuer signs it, of a caller without a tenant."""
        return self.ring.sign(subject, "", scopes, audience=[AUDIENCE], claims={"tenant": None, **claims})

    @staticmethod
    def _headers(token: str | None, headers: Mapping[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return named if token is None else {**named, "authorization": f"Bearer {token}"}


@asynccontextmanager
async def answering(
    folder: Path,
    more: str = "",
    *,
    lane: str = "fast",
    identity: str | None = None,
    credentials: str = "forward",
    users: Users | None = None,
    **settings: str,
) -> AsyncIterator[Answering]:
    """The project, served. `more` are further tables; `identity` further lines of `[identity]`, without which there
    is none; `settings` those of the service, which is `users` if that is there already.
    """
    ring = KeyRing(ISSUER, lambda: datetime.now(UTC), uuid4)
    async with rest() as own, rest() as issuer:
        issuer.on("GET /jwks.json", lambda _: Reply(ring.published()))
        users = Users(own) if users is None else users
        checked = f'lane = "{lane}"\n'
        if identity is not None:
            known = f'issuer = "{ISSUER}"\naudience = ["{AUDIENCE}"]\njwks = "{issuer.url}/jwks.json"\n'
            checked += f"[identity]\n{known}{identity}\n"
        lines = toml({"users": users.service.url}, checked, credentials=f'"{credentials}"', **settings)
        projects.write(folder, MODULE, {"users": USERS}, f"{lines}\n{more}\n")
        app = App(load(folder, {}).project)
        application = app.application()
        async with serving(application, "127.0.0.1", 0) as url, aiohttp.ClientSession() as client:
            yield Answering(app, Gateway(url, client, application), users, ring)
