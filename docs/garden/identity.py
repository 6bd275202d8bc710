"""An identity provider for trying: it signs whatever it is asked to, so that it is for nothing else.

`GET /token?sub=ana&scope=harvests:write` is a token, `GET /jwks.json` the key that checks it (RFC 7517).
"""

import json
import os
import time

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

PORT = 9300
KEY = ec.generate_private_key(ec.SECP256R1())


async def token(request: web.Request) -> web.Response:
    """A token for `sub`, with the scopes that are asked for."""
    now = int(time.time())
    issuer = os.environ.get("IDENTITY_URL", f"http://127.0.0.1:{PORT}")
    claims = {"iss": issuer, "aud": "garden", "iat": now, "exp": now + 3600, **request.query}
    return web.Response(text=jwt.encode(claims, KEY, "ES256", {"kid": "1"}))


async def keys(_request: web.Request) -> web.Response:
    """The key that tokens are checked with."""
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key()))
    return web.json_response({"keys": [{**public, "kid": "1", "alg": "ES256", "use": "sig"}]})


def application() -> web.Application:
    """The provider."""
    app = web.Application()
    app.add_routes([web.get("/token", token), web.get("/jwks.json", keys)])
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=PORT)
