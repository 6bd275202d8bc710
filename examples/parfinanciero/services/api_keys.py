"""Who may call a service that takes an API key: whoever shows the key, for the tenant that the call names."""

from __future__ import annotations

import hmac
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from .counters import operation_of
from .problems import Problem
from .security import CALLER, TENANT_HEADER, Caller, required_tenant

HEADER = "X-API-Key"
KEY: Final = web.AppKey("api key", str)


@web.middleware
async def check_key(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Checks every call of an operation; what is no operation (`/internal/...`) needs no key."""
    if operation_of(request) is not None:
        kept, shown = request.app[KEY], request.headers.get(HEADER, "")
        # A service that was given no key takes none.
        if not kept or not hmac.compare_digest(kept.encode(), shown.encode()):
            challenge = {"WWW-Authenticate": f'ApiKey header="{HEADER}"'}
            raise Problem(401, "unauthorized", "There is no key, or it is not valid here", headers=challenge)
        tenant = required_tenant(request.headers.get(TENANT_HEADER))
        request[CALLER] = Caller("key", tenant, frozenset())
    return await handler(request)
