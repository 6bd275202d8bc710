"""One variant of `bench/front_door.py`, served: `python bench/front_door_server.py VARIANT TOKENS`.

Prints one line of JSON: the port, and tokens that an issuer of its own signed (as many as were asked for). Log
lines go to stderr.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import strawberry
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt import PyJWS
from jwt.algorithms import RSAAlgorithm
from multidict import MultiMapping

from graph.app import load
from graph.executing.executor import Answer, GraphQLRequest
from graph.identity.auth import Authenticator, VerifiedTokens
from graph.identity.jwks import Jwks
from graph.observing.log_writer import LineWriter
from graph.observing.metrics import Metrics
from graph.observing.observe import RequestObserver, Watch
from graph.observing.request_log import request_log
from graph.observing.tracing import Spans
from graph.serving.collector import settle
from graph.serving.server import application, new_event_loop, serving
from graph.settings.settings import GraphSettings, IdentitySettings
from resolvers.caller import NOBODY, Caller

ISSUER: Final = "https://id.example"
AUDIENCE: Final = "api://bench"
ALL: Final = frozenset({"log", "metrics", "token"})
PARTS: Final = {
    "door": frozenset[str](),
    "log": frozenset({"log"}),
    "metrics": frozenset({"metrics"}),
    "token": frozenset({"token"}),
    "all": ALL,
    "cold": ALL,
    "spans": ALL | {"spans"},
    "graph": ALL | {"graph"},
}
CONSTANT: Final = b'{"data":{"constant":1}}'
PROJECT: Final = {
    "schema.py": """\
import strawberry
from stolon import rest


@strawberry.type
class Query:
    @strawberry.field
    def constant(self) -> int:
        return 1


schema = rest.Schema(query=Query)
""",
    "stolon.toml": """\
[graph]
schema = "schema:schema"

[identity]
issuer = "%(issuer)s"
audience = ["%(audience)s"]
jwks = "%(jwks)s"
""",
}


@strawberry.type
class Query:
    """The constant that clients ask for."""

    @strawberry.field
    def constant(self) -> int:
        """It takes nobody's time."""
        return 1


class Constant:
    """An executor that executes nothing. The first answer to a document makes it known, as executing would."""

    async def execute(
        self, document: GraphQLRequest, caller: Caller, headers: Mapping[str, str], request_id: str
    ) -> Answer:
        """The same to everybody."""
        if document.chosen is not None and document.chosen.document.valid_under is None:
            document.chosen.found_valid(())
        return Answer(data={"constant": 1})

    async def stream(
        self, document: GraphQLRequest, caller: Caller, headers: Mapping[str, str], request_id: str
    ) -> AsyncGenerator[Answer, None]:
        """One event."""
        yield Answer()


class Graph(Constant):
    """graphql-core over a plain Strawberry schema, without Stolon's own lane."""

    def __init__(self) -> None:
        self._schema = strawberry.Schema(Query)

    async def execute(
        self, document: GraphQLRequest, caller: Caller, headers: Mapping[str, str], request_id: str
    ) -> Answer:
        """What Strawberry makes of it."""
        await super().execute(document, caller, headers, request_id)
        result = await self._schema.execute(
            document.query, dict(document.variables), operation_name=document.operation_name
        )
        return Answer(data=result.data)


class Nobody:
    """An authenticator that looks at nothing."""

    async def caller(self, headers: MultiMapping[str]) -> Caller:
        """Nobody."""
        return NOBODY


class Issuer:
    """Keys that are published on loopback, and the tokens that they sign."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._signer = PyJWS()

    async def url(self, stack: AsyncExitStack) -> str:
        """Where the keys are, as long as the stack is open."""
        public: dict[str, Any] = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)

        async def keys(_: web.Request) -> web.Response:
            return web.json_response({"keys": [{**public, "kid": "k"}]})

        app = web.Application()
        app.router.add_get("/jwks.json", keys)
        return f"{await _listening(app, stack)}/jwks.json"

    def token(self, number: int) -> str:
        """A token of the usual size, good for an hour."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": f"user-{number}",
            "exp": int(time.time()) + 3600,
            "scope": "orders:read users:read",
            "tenant": "acme",
        }
        return self._signer.encode(json.dumps(claims).encode(), self._key, "RS256", {"kid": "k"})


async def bare(request: web.Request) -> web.Response:
    """What everything is compared with: aiohttp's own handler, which reads its body and answers."""
    await request.read()
    return web.Response(body=CONSTANT, content_type="application/json")


async def _listening(app: web.Application, stack: AsyncExitStack) -> str:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


async def _door(parts: frozenset[str], jwks: str, stack: AsyncExitStack) -> str:
    identity = IdentitySettings(issuer=ISSUER, audience=(AUDIENCE,), jwks=jwks)
    authenticator: Authenticator = Nobody()
    if "token" in parts:
        keys = await stack.enter_async_context(Jwks(jwks, identity.algorithms))
        authenticator = VerifiedTokens(identity, keys)
    observers: list[RequestObserver] = []
    if "metrics" in parts:
        observers.append(Metrics().request)
    if "log" in parts:
        observers.append(request_log(LineWriter(sys.stderr.buffer)))
    spans = Spans("http://127.0.0.1:9").request if "spans" in parts else None
    app = application(
        Graph() if "graph" in parts else Constant(),
        authenticator,
        GraphSettings(schema="a:b"),
        watch=Watch(tuple(observers), spans=spans),
    )
    return await stack.enter_async_context(serving(app, "127.0.0.1", 0))


async def _project(jwks: str, stack: AsyncExitStack) -> str:
    """A project as `stolon serve` serves it, whose schema is that constant."""
    folder = Path(stack.enter_context(TemporaryDirectory()))
    for name, text in PROJECT.items():
        (folder / name).write_text(
            text % {"issuer": ISSUER, "audience": AUDIENCE, "jwks": jwks} if name.endswith("toml") else text
        )
    app = load(folder, {})
    stack.enter_context(app.logging())
    return await stack.enter_async_context(serving(app.application(), "127.0.0.1", 0))


async def main(variant: str, count: int) -> None:
    """Serve until killed."""
    issuer = Issuer()
    async with AsyncExitStack() as stack:
        jwks = await issuer.url(stack)
        if variant == "bare":
            app = web.Application()
            app.router.add_post("/graphql", bare)
            url = await _listening(app, stack)
        elif variant == "project":
            url = await _project(jwks, stack)
        else:
            url = await _door(PARTS[variant], jwks, stack)
        settle()  # as `stolon serve` does, for `bare`, too
        tokens = [issuer.token(number) for number in range(count if variant == "cold" else 1)]
        print(json.dumps({"port": int(url.rpartition(":")[2]), "tokens": tokens}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main(sys.argv[1], int(sys.argv[2])))
