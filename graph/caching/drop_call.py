"""`POST /invalidation` of the second address: what it is over HTTP (RFC 9110), and its errors (RFC 9457).

`graph/observing/second_address.py` has it for one process, where `graph/caching/open_caches.py` does it;
`graph/workers/collected.py` for several, where each worker does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import msgspec
from aiohttp import web

from graph.caching.drop_request import MOST_BYTES
from graph.caching.open_caches import DropCall, Dropped
from graph.http.refused import Refused
from graph.http.request_body import json_body
from graph.identity.bearer import bearer_token

PATH: Final = "/invalidation"
SECONDS: Final = 10.0
"""For a call's body to arrive."""
_RENAMED: Final = {413: "Content Too Large", 422: "Unprocessable Content"}
"""What RFC 9110 (sections 15.5.14 and 15.5.21) calls them; Python does so from 3.13 on."""
_SAFE: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

Dropping: TypeAlias = Callable[[DropCall], Awaitable[Dropped]]


def add_drop_call(app: web.Application, dropping: Dropping) -> None:
    """Let an application answer the call. `dropping` decides and does it."""

    async def invalidation(request: web.Request) -> web.Response:
        return _response(await dropping(await _call(request)))

    app.router.add_post(PATH, invalidation)


async def _call(request: web.Request) -> DropCall:
    try:
        token = bearer_token(request.headers)
    except Refused:
        token = None  # what bears no token as it should bears none
    try:
        return DropCall(token, await json_body(request, MOST_BYTES, SECONDS))
    except Refused as refused:
        return DropCall(token, refused=(refused.status, refused.message))


def _response(dropped: Dropped) -> web.Response:
    if dropped.status < 400:
        return web.Response(status=dropped.status, headers=_SAFE)
    problem: dict[str, Any] = {
        "title": _RENAMED.get(dropped.status) or HTTPStatus(dropped.status).phrase,
        "status": dropped.status,
        "detail": dropped.detail,
    }
    if dropped.errors:
        problem["errors"] = [{"pointer": pointer, "detail": detail} for pointer, detail in dropped.errors]
    headers = {"content-type": "application/problem+json", **_SAFE}
    if dropped.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    return web.Response(status=dropped.status, body=msgspec.json.encode(problem), headers=headers)
