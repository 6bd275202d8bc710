"""The storage service: an API that speaks bytes. HTTP on the outside, `object_store.py` within. Its contract is
`contracts/storage.yaml`.

An object is put under a name that its owner chooses, and replaced by putting it again. It is served as what it is:
never as HTML, whatever was sent. Authorisation ends at scope and tenant.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from . import seed_expenses
from .application import OPTIONS, Operation, answer, assemble
from .checks import Parameters
from .media import MEDIA_TYPES, is_of
from .object_store import ObjectStore, StoredObject
from .options import ServiceOptions, timestamp
from .problems import Problem, not_found
from .security import CALLER

MOST_BYTES = 1 << 20
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
NAME_EXPECTED = "must have 1 to 64 small letters, digits or hyphens"
STORE: Final = web.AppKey("objects", ObjectStore)


def create_app(options: ServiceOptions) -> web.Application:
    """The storage service; it opens its database, and fills a new one, when the application starts."""

    async def storage(app: web.Application) -> AsyncIterator[None]:
        app[STORE] = store = ObjectStore(options.database, seed_expenses.receipts())
        yield
        store.close()

    path = "/v1/objects/{object_id}"
    operations = [
        Operation("listObjects", "GET", "/v1/objects", "storage:read", list_objects),
        Operation("getObject", "GET", path, "storage:read", get_object),
        Operation("putObject", "PUT", path, "storage:write", put_object),
        Operation("deleteObject", "DELETE", path, "storage:write", delete_object),
    ]
    return assemble("storage", operations, options, storage, most_body_bytes=MOST_BYTES)


async def list_objects(request: web.Request) -> web.Response:
    """`listObjects`: what is known of the named objects, without their bytes."""
    parameters = Parameters(request)
    ids = parameters.listed("ids", most=100, required=True)
    parameters.done()
    found = request.app[STORE].described(request[CALLER].tenant, ids or [])
    # Names are seldom given to other bytes: whoever does so knows it, and for the others a minute is soon enough.
    return answer({"objects": found}, headers={"Cache-Control": "private, max-age=60"})


async def get_object(request: web.Request) -> web.Response:
    """`getObject`: the bytes, or 304 where the client has them."""
    found = request.app[STORE].find(request[CALLER].tenant, _name(request))
    if found is None:
        raise not_found("object")
    kept, content = found
    headers = {"ETag": f'"{kept.sha256}"', "Cache-Control": "private, no-cache"}
    if any(tag.value in ("*", kept.sha256) for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    headers |= {"X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment"}
    return web.Response(body=content, content_type=kept.media_type, headers=headers)


async def put_object(request: web.Request) -> web.Response:
    """`putObject`: keeps the bytes under this name, instead of what it held before."""
    name = _name(request)
    if request.content_type not in MEDIA_TYPES:
        raise Problem(415, "unsupported-media-type", f"The body must be one of {', '.join(MEDIA_TYPES)}")
    content = await request.read()
    if not is_of(request.content_type, content):
        fault = {"pointer": "#", "detail": f"must be {request.content_type}, as its first bytes say"}
        raise Problem(422, "invalid-body", "The body is not valid", errors=[fault])
    kept = StoredObject(
        id=name,
        media_type=request.content_type,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        stored_at=timestamp(request.app[OPTIONS].now()),
    )
    replaced = request.app[STORE].put(request[CALLER].tenant, kept, content)
    headers = {"ETag": f'"{kept.sha256}"', "Location": f"/v1/objects/{name}"}
    return answer(kept, status=200 if replaced else 201, headers=headers)


async def delete_object(request: web.Request) -> web.Response:
    """`deleteObject`: forgets the object; 404 where there is none."""
    if not request.app[STORE].delete(request[CALLER].tenant, _name(request)):
        raise not_found("object")
    return web.Response(status=204)


def _name(request: web.Request) -> str:
    parameters = Parameters(request)
    name = parameters.pattern("object_id", request.match_info["object_id"], NAME, NAME_EXPECTED)
    parameters.done()
    return name
