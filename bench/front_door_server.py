"""One variant of `bench/front_door.py`, served: `python bench/front_door_server.py VARIANT TOKENS`.

Prints one line of JSON: the port, and tokens that the server's own issuer signed (as many as were asked for).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import strawberry
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt import PyJWS
from jwt.algorithms import RSAAlgorithm

from graph.auth import Authenticator, VerifiedTokens
from graph.executor import Answer, GraphQLRequest
from graph.jwks import Jwks
from graph.server import application, new_event_loop, serving
from graph.settings import GraphSettings, IdentitySettings

ISSUER = "https://id.example"
AUDIENCE = "api://bench"


@strawberry.type
class Query:
    """The constant that clients ask for is `__typename`; a type needs a field."""

    constant: int = 1


class Constant:
    """An executor that executes nothing."""

    async def execute(self, document: GraphQLRequest, *_: object) -> Answer:
        return Answer(data={"__typename": "Query"})


class Graph:
    """graphql-core over a plain Strawberry schema."""

    def __init__(self) -> None:
        self._schema = strawberry.Schema(Query)

    async def execute(self, document: GraphQLRequest, *_: object) -> Answer:
        result = await self._schema.execute(
            document.query, dict(document.variables), operation_name=document.operation_name
        )
        assert not result.errors, result.errors
        return Answer(data=result.data)


class Nobody:
    """An authenticator that looks at nothing."""

    async def caller(self, _headers: Any) -> Any:
        from resolvers.caller import NOBODY

        return NOBODY


async def bare(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=b'{"data":{"__typename":"Query"}}', content_type="application/json")


async def main(variant: str, count: int) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    published = {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "k"}
    jwks = web.Application()

    async def keys(_: web.Request) -> web.Response:
        return web.json_response({"keys": [published]})

    jwks.router.add_get("/jwks.json", keys)
    jr = web.AppRunner(jwks)
    await jr.setup()
    s = web.TCPSite(jr, "127.0.0.1", 0)
    await s.start()
    url = f"http://127.0.0.1:{jr.addresses[0][1]}/jwks.json"
    signer = PyJWS()

    def token(i: int) -> str:
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": f"user-{i}",
            "exp": int(time.time()) + 3600,
            "scope": "orders:read users:read",
            "tenant": "acme",
            "name": "Maria",
        }
        return signer.encode(json.dumps(claims).encode(), key, "RS256", {"kid": "k"})

    tokens = [token(i) for i in range(count if variant == "cold" else 1)]
    identity = IdentitySettings(issuer=ISSUER, audience=(AUDIENCE,), jwks=url)
    async with Jwks(url, identity.algorithms) as known:
        if variant == "bare":
            app = web.Application()
            app.router.add_post("/graphql", bare)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            print(json.dumps({"port": runner.addresses[0][1], "tokens": tokens}), flush=True)
            await asyncio.Event().wait()
        auth: Authenticator = (
            VerifiedTokens(identity, known) if variant in {"token", "all", "cold", "graph"} else Nobody()
        )
        app = application(Graph() if variant == "graph" else Constant(), auth, GraphSettings(schema="a:b"))
        async with serving(app, "127.0.0.1", 0) as u:
            print(json.dumps({"port": int(u.rpartition(":")[2]), "tokens": tokens}), flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main(sys.argv[1], int(sys.argv[2])))
