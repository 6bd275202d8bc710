"""Who may call: the bearer token's check (RFC 6750, RFC 7519), the operation's scope, the tenant.

The keys come from `jwks.py`. Refusals are problem documents with `WWW-Authenticate`; they never repeat the
token or a claim. A call that passes goes on to its handler, which finds the caller at `request[CALLER]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import jwt
from aiohttp import web
from aiohttp.typedefs import Handler

from .counters import operation_of
from .jwks import JwksKeys, KeysUnavailable
from .problems import Problem

LEEWAY_SECONDS = 5
REQUIRED_CLAIMS = ["iss", "sub", "aud", "iat", "nbf", "exp"]
TENANT_HEADER = "X-Tenant-ID"
ANY_TENANT = "*"  # The tenant of a program's own token: its request says for whom it acts.
TENANT = re.compile(r"[a-z][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the verified token says."""

    subject: str
    tenant: str
    scopes: frozenset[str]


CALLER = web.RequestKey("caller", Caller)


@dataclass(frozen=True, slots=True)
class Security:
    """The check of one service. `scopes` says which scope each operation id needs."""

    keys: JwksKeys
    issuer: str
    audience: str
    scopes: Mapping[str, str]

    async def caller(self, authorization: str | None) -> Caller:
        """The caller whom this `Authorization` header names. Raises `Problem` (401, or 503 without keys)."""
        if authorization is None:
            raise self._unauthorized("There is no bearer token", None)
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise self._unauthorized("The Authorization header holds no bearer token", None)
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            key = await self.keys.key(key_id) if isinstance(key_id, str) else None
            if key is None:
                raise self._unauthorized("The token is signed by no key of the issuer", "invalid_token")
            claims = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self.audience,
                issuer=self.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": REQUIRED_CLAIMS},
            )
        except jwt.ExpiredSignatureError:
            raise self._unauthorized("The token has expired", "invalid_token") from None
        except jwt.PyJWTError:
            raise self._unauthorized("The token is not valid here", "invalid_token") from None
        except KeysUnavailable as error:
            raise Problem(
                503, "keys-unavailable", "The token cannot be checked now", headers={"Retry-After": "1"}
            ) from error
        scope, tenant = claims.get("scope", ""), claims.get("tenant")
        if not isinstance(scope, str) or not isinstance(tenant, str):
            raise self._unauthorized("The token is not valid here", "invalid_token")
        return Caller(claims["sub"], tenant, frozenset(scope.split()))

    def permit(self, caller: Caller, operation: str, tenant_header: str | None) -> Caller:
        """The caller, for the one tenant of this call. Raises `Problem`: 400 without a tenant, 403 for another one
        or without the scope.
        """
        tenant = required_tenant(tenant_header)
        if caller.tenant not in (tenant, ANY_TENANT):
            raise self._forbidden("The token belongs to another tenant", "")
        scope = self.scopes[operation]
        if scope not in caller.scopes:
            raise self._forbidden(f"The token lacks the scope {scope}", f', scope="{scope}"')
        return replace(caller, tenant=tenant)

    def _unauthorized(self, title: str, error: str | None) -> Problem:
        challenge = f'Bearer realm="{self.audience}"' + (f', error="{error}"' if error else "")
        return Problem(401, "unauthorized", title, headers={"WWW-Authenticate": challenge})

    def _forbidden(self, title: str, more: str) -> Problem:
        challenge = f'Bearer realm="{self.audience}", error="insufficient_scope"{more}'
        return Problem(403, "forbidden", title, headers={"WWW-Authenticate": challenge})


def required_tenant(header: str | None) -> str:
    """The tenant that a call is made for. Raises `Problem` (400) without one, or for what is none."""
    if header is not None and TENANT.fullmatch(header):
        return header
    detail = f"must match {TENANT.pattern}" if header else "is required"
    fault = {"parameter": TENANT_HEADER, "detail": detail}
    raise Problem(400, "bad-request", "A parameter is wrong", errors=[fault])


SECURITY = web.AppKey("security", Security)


@web.middleware
async def check_caller(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Checks every call of an operation; what is no operation (`/internal/...`) needs no token."""
    operation = operation_of(request)
    if operation is not None:
        security = request.app[SECURITY]
        caller = await security.caller(request.headers.get("Authorization"))
        request[CALLER] = security.permit(caller, operation, request.headers.get(TENANT_HEADER))
    return await handler(request)
