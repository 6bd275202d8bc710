"""Puts a service together: its operations, and around them what every service does, in this order.

log -> count -> problems -> security -> handler. Counting stands before everything that can refuse, so that
refused calls count; problems stand before security, so that refusals are problem documents.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import aiohttp
import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from .counters import add_counters, count_calls, operation_of
from .jwks import JwksKeys
from .options import ServiceOptions
from .problems import answer_problems
from .security import SECURITY, Security, check_caller

ACCESS = logging.getLogger("parfinanciero.access")
MOST_BODY_BYTES = 64 * 1024
OPTIONS = web.AppKey("options", ServiceOptions)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a service: its id in the contract, where it answers, and the scope that it needs."""

    id: str
    method: str
    path: str
    scope: str
    handler: Handler


def assemble(
    service: str,
    operations: Sequence[Operation],
    options: ServiceOptions,
    storage: Callable[[web.Application], AsyncIterator[None]],
    *,
    most_body_bytes: int = MOST_BODY_BYTES,
    check: Middleware = check_caller,
) -> web.Application:
    """The application of `service` (the audience of its tokens is `api://<service>`).

    `storage` is a cleanup context that opens the service's store before the first call and closes it after
    the last. `check` is who asks for whom: bearer tokens unless a service says otherwise.
    """
    around = [count_calls, answer_problems, check]
    app = web.Application(
        middlewares=[log_access, *around] if options.access_log else around, client_max_size=most_body_bytes
    )
    app[OPTIONS] = options
    add_counters(app)
    for operation in operations:
        # Not `add_get`: it would answer HEAD under the same operation id.
        app.router.add_route(operation.method, operation.path, operation.handler, name=operation.id)

    async def security(app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as session:
            app[SECURITY] = Security(
                JwksKeys(options.jwks, session, options.clock),
                options.issuer,
                f"api://{service}",
                {operation.id: operation.scope for operation in operations},
            )
            yield

    app.cleanup_ctx.extend([security, storage])
    return app


def answer(value: object, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """`value` as a JSON answer."""
    return web.Response(
        status=status, body=msgspec.json.encode(value), content_type="application/json", headers=headers
    )


@web.middleware
async def log_access(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One line a call: operation, status, milliseconds. No path, because paths hold ids and keys."""
    start = time.perf_counter()
    status = 499  # Nobody was there to be answered.
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        milliseconds = (time.perf_counter() - start) * 1000
        ACCESS.info("%s %s %d %.1f ms", request.method, operation_of(request) or "-", status, milliseconds)
