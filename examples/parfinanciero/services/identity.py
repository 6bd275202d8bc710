"""The identity provider: publishes the keys of `signing.py`, gives programs their tokens (`tokens.py`) and hands out
the demo callers' tokens.

There are no passwords: whoever reaches `/internal/` on this machine gets a token, which nothing but the
demo's own services takes. A page in a browser does not reach it: requests whose `Host` is not this machine
are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from aiohttp import web
from aiohttp.typedefs import Handler
from cryptography.hazmat.primitives.asymmetric import rsa

from .application import MOST_BODY_BYTES, answer, log_access
from .clients import Secrets
from .counters import add_counters, count_calls
from .options import utc_now
from .problems import Problem, answer_problems
from .signing import PEOPLE, KeyRing, new_key
from .tokens import GRANTS, SECRETS, give_token

LOOPBACK = ("127.0.0.1", "localhost", "::1")
KEYS: Final = web.AppKey("keys", KeyRing)


@dataclass(frozen=True, slots=True)
class IdentityOptions:
    """Options of the identity provider; `issuer` is its own base URL, without a slash at the end."""

    issuer: str
    access_log: bool = False
    now: Callable[[], datetime] = utc_now
    new_id: Callable[[], UUID] = uuid4
    make_key: Callable[[], rsa.RSAPrivateKey] = new_key
    secrets: Secrets = field(default_factory=Secrets)


def create_app(options: IdentityOptions) -> web.Application:
    """The identity provider with a new key. Within one process its `KeyRing` is at `app[KEYS]`."""
    around = [count_calls, answer_problems, refuse_other_hosts]
    app = web.Application(
        middlewares=[log_access, *around] if options.access_log else around, client_max_size=MOST_BODY_BYTES
    )
    app[SECRETS] = options.secrets
    app[KEYS] = KeyRing(options.issuer, options.now, options.new_id, options.make_key)
    add_counters(app)
    app.router.add_route("GET", "/.well-known/jwks.json", _keys, name="getKeys")
    app.router.add_route("GET", "/.well-known/openid-configuration", _configuration, name="getConfiguration")
    app.router.add_route("POST", "/oauth/token", _grant, name="getToken")
    app.router.add_route("POST", "/internal/rotate", _rotate)
    app.router.add_route("POST", "/internal/tokens/{person}", _token)
    return app


@web.middleware
async def refuse_other_hosts(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers `/internal/` only under a name of this machine, so that no rebound DNS name reads tokens."""
    if request.path.startswith("/internal/") and request.url.host not in LOOPBACK:
        raise Problem(403, "forbidden", "Only this machine may ask for this")
    return await handler(request)


async def _keys(request: web.Request) -> web.Response:
    return answer(request.app[KEYS].published(), headers={"Cache-Control": "max-age=300"})


async def _configuration(request: web.Request) -> web.Response:
    issuer = request.app[KEYS].issuer
    return answer(
        {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "token_endpoint": f"{issuer}/oauth/token",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "grant_types_supported": list(GRANTS),
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
            "scopes_supported": sorted({scope for person in PEOPLE.values() for scope in person.scopes}),
        }
    )


async def _grant(request: web.Request) -> web.Response:
    return await give_token(request, request.app[KEYS])


async def _rotate(request: web.Request) -> web.Response:
    return answer({"kid": request.app[KEYS].rotate()})


async def _token(request: web.Request) -> web.Response:
    person = PEOPLE.get(request.match_info["person"])
    if person is None:
        raise Problem(404, "person-not-found", "There is no such person", f"Known are {', '.join(PEOPLE)}")
    # With the same scopes, but for somebody else: who puts load on the demo needs more people than it has.
    subject, tenant = (request.query.get(name) for name in ("subject", "tenant"))
    person = replace(person, subject=subject or person.subject, tenant=tenant or person.tenant)
    return answer({"token": request.app[KEYS].sign_for(person)}, headers={"Cache-Control": "no-store"})
