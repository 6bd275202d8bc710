"""The users service: HTTP on the outside, `user_store.py` within. Its contract is `contracts/users.yaml`.

Authorisation ends at scope and tenant: whoever may read users reads those of the tenant, not only themselves.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from . import seed
from .application import Operation, answer, assemble
from .checks import EMAIL, Body, Parameters, read_json
from .etags import etag, require_match, unchanged
from .options import ServiceOptions
from .problems import not_found
from .security import CALLER
from .user_store import StoredUser, UserStore

STATUSES = ("active", "suspended", "closed")
MEMBERS = ("name", "email", "status", "birth_date", "profile", "preferences")
COUNTRY = re.compile(r"[A-Z]{2}")
STORE: Final = web.AppKey("users", UserStore)


def create_app(options: ServiceOptions) -> web.Application:
    """The users service; it opens its database, and fills a new one, when the application starts."""

    async def storage(app: web.Application) -> AsyncIterator[None]:
        app[STORE] = store = UserStore(options.database, seed.users())
        yield
        store.close()

    operations = [
        Operation("listUsers", "GET", "/v1/users", "users:read", list_users),
        Operation("getUser", "GET", "/v1/users/{user_id}", "users:read", get_user),
        Operation("updateUser", "PATCH", "/v1/users/{user_id}", "users:write", update_user),
    ]
    return assemble("users", operations, options, storage)


async def list_users(request: web.Request) -> web.Response:
    """`listUsers`: one page of the tenant's users, or of those with the given ids."""
    parameters = Parameters(request)
    ids = parameters.listed("ids", most=50)
    page = parameters.whole("page", 1, 1, 1_000_000)
    per_page = parameters.whole("per_page", 20, 1, 100)
    parameters.done()
    tenant = request[CALLER].tenant
    found, total = request.app[STORE].page(tenant, ids, (page - 1) * per_page, per_page)
    meta = {"page": page, "per_page": per_page, "total": total}
    return answer({"data": [user.document for user in found], "meta": meta})


async def get_user(request: web.Request) -> web.Response:
    """`getUser`: the user, or 304 where the client still has this version."""
    user = _find(request)
    if unchanged(request, user.version):
        return web.Response(status=304, headers={"ETag": etag(user.version)})
    return _envelope(user)


async def update_user(request: web.Request) -> web.Response:
    """`updateUser`: changes the members that the body names."""
    body = Body(await read_json(request), MEMBERS)
    changes = _changes(body)
    body.done()
    user = _find(request)
    require_match(request, user.version)
    # No other call can come between reading the version and this: there is no `await` in between.
    return _envelope(request.app[STORE].update(request[CALLER].tenant, user, changes))


def _changes(body: Body) -> dict[str, object]:
    body.some()
    changes: dict[str, object] = {}
    if "name" in body:
        changes["name"] = body.text("name", most=120)
    if "email" in body:
        changes["email"] = body.text("email", most=254, pattern=EMAIL)
    if "status" in body:
        changes["status"] = body.choice("status", STATUSES)
    if "birth_date" in body:
        changes["birth_date"] = body.day("birth_date")
    if "preferences" in body:
        changes["preferences"] = body.free("preferences")
    if "profile" in body:
        profile = body.part("profile", ("phone", "address"))
        address = profile.part("address", ("street", "city", "country"))
        if "phone" not in profile:
            profile.fault("phone", "is required")
        changes["profile"] = {
            "phone": profile.text("phone", most=32, least=0, nullable=True),
            "address": {
                "street": address.text("street", most=200),
                "city": address.text("city", most=100),
                "country": address.text("country", most=2, pattern=COUNTRY),
            },
        }
    return changes


def _find(request: web.Request) -> StoredUser:
    user = request.app[STORE].find(request[CALLER].tenant, request.match_info["user_id"])
    if user is None:
        raise not_found("user")
    return user


def _envelope(user: StoredUser) -> web.Response:
    return answer({"data": user.document}, headers={"ETag": etag(user.version)})
