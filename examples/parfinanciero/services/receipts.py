"""Receipts of expenses: uploaded as files, or as base64 by callers that speak only JSON, and kept in storage.

The expenses service calls storage with a token of its own (`service_client.py`): its callers need no rights there.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from aiohttp import BodyPartReader, web

from .application import answer
from .checks import Body, Parameters, read_json
from .expense_store import EXPENSES, Expense
from .media import MEDIA_TYPES, is_of
from .problems import Problem, not_found
from .security import CALLER
from .seed_expenses import receipt_id
from .service_client import STORAGE, PeerUnavailable, unavailable

MOST_BYTES = 512 << 10
MOST_BODY_BYTES = MOST_BYTES * 4 // 3 + 4096
"""Of a body: base64 makes four bytes of three, and something stands around it."""
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,119}")
FILE_NAME_EXPECTED = "must have 1 to 120 letters, digits, spaces or . _ -, a letter or digit first"


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    media_type: str
    content: bytes


async def put_receipt(request: web.Request) -> web.Response:
    """`putReceipt`: keeps the file in storage, instead of the one that was there, and names it in the expense."""
    expense = _find(request)
    file = await (
        _form_file(request) if request.content_type == "multipart/form-data" else _json_file(request)
    )
    tenant = request[CALLER].tenant
    path = f"/v1/objects/{receipt_id(expense.id)}"
    try:
        kept = await request.app[STORAGE].send(
            "PUT", path, tenant, body=file.content, media_type=file.media_type
        )
    except PeerUnavailable as error:
        raise unavailable("storage") from error
    if kept.status not in (200, 201):
        raise unavailable("storage")
    return answer(request.app[EXPENSES].receive(tenant, expense, file.name))


async def get_receipt(request: web.Request) -> web.Response:
    """`getReceipt`: the file's bytes."""
    expense = _find(request)
    if expense.receipt_id is None:
        raise not_found("receipt")
    try:
        found = await request.app[STORAGE].send(
            "GET", f"/v1/objects/{expense.receipt_id}", request[CALLER].tenant
        )
    except PeerUnavailable as error:
        raise unavailable("storage") from error
    if found.status == 404:
        raise not_found("receipt")
    if found.status != 200:
        raise unavailable("storage")
    return web.Response(
        body=found.body,
        content_type=found.headers["Content-Type"],
        headers={
            "Content-Disposition": f'attachment; filename="{expense.receipt_name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _json_file(request: web.Request) -> _File:
    body = Body(await read_json(request), ("file_name", "media_type", "content"))
    name = body.text("file_name", most=120, pattern=FILE_NAME)
    media_type = body.choice("media_type", MEDIA_TYPES)
    text = body.text("content", most=MOST_BODY_BYTES)
    content = b""
    if text is not None and media_type is not None:
        try:
            content = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            body.fault("content", "must be base64")
        else:
            _check(body, media_type, content)
    body.done()
    return _File(str(name), str(media_type), content)


def _check(body: Body, media_type: str, content: bytes) -> None:
    if len(content) > MOST_BYTES:
        body.fault("content", f"must have at most {MOST_BYTES} bytes")
    elif not is_of(media_type, content):
        body.fault("content", f"must be {media_type}, as its first bytes say")


async def _form_file(request: web.Request) -> _File:
    """The one part `file` of a form (RFC 7578). Raises `Problem`: 400 for a broken form, 422 for a wrong file."""
    try:
        part = await (await request.multipart()).next()
    except (ValueError, AssertionError):
        raise Problem(400, "bad-form", "The body is no multipart form") from None
    if not isinstance(part, BodyPartReader) or part.name != "file":
        raise _wrong_file("is required, as the first part")
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        if len(content) > MOST_BYTES:
            raise Problem(413, "request-entity-too-large", "The file is too large")
    media_type = part.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    name = part.filename or ""
    if not FILE_NAME.fullmatch(name):
        raise _wrong_file(f"its name {FILE_NAME_EXPECTED}")
    if not is_of(media_type, bytes(content)):
        raise _wrong_file(f"must be one of {', '.join(MEDIA_TYPES)}, as its first bytes say")
    return _File(name, media_type, bytes(content))


def _wrong_file(detail: str) -> Problem:
    return Problem(
        422, "invalid-body", "The body is not valid", errors=[{"pointer": "#/file", "detail": detail}]
    )


def _find(request: web.Request) -> Expense:
    parameters = Parameters(request)
    expense_id = parameters.path_uuid("expense_id")
    parameters.done()
    found = request.app[EXPENSES].find(request[CALLER].tenant, expense_id)
    if found is None:
        raise not_found("expense")
    return found
