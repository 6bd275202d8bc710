"""The projections service: what somebody will spend, worked out from what was. HTTP on the outside, the model in
`holt.py`, the work in `projection_work.py`. Its contract is `contracts/projections.yaml`.

It is slow, so it answers 202 and says where to look (RFC 9110, section 15.3.3). Authorisation ends at scope and
tenant.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from . import seed_projections
from .application import OPTIONS, Operation, answer, assemble
from .checks import Body, Parameters, read_json
from .options import ServiceOptions, timestamp
from .problems import Problem, not_found
from .projection_store import PROJECTIONS, Projection, ProjectionStore
from .projection_work import WORK, Work
from .security import CALLER
from .service_client import EXPENSES, ServiceClient

MOST_MONTHS = 12
USER = re.compile(r"[A-Za-z0-9._-]+")
MOST_PENDING = 100
"""Projections that may wait: more are refused, so that nobody waits for what will not come."""
RETRY_AFTER = {"Retry-After": "1"}


def create_app(options: ServiceOptions) -> web.Application:
    """The projections service; it goes on with the work that its last run left."""

    async def storage(app: web.Application) -> AsyncIterator[None]:
        app[PROJECTIONS] = store = ProjectionStore(options.database, seed_projections.projections())
        async with aiohttp.ClientSession() as session:
            app[EXPENSES] = ServiceClient(
                session,
                options.clock,
                base_url=options.expenses_url,
                token_url=f"{options.issuer}/oauth/token",
                client_id="projections",
                secret=options.secret,
            )
            app[WORK] = work = Work(store, app[EXPENSES], options)
            async with work:
                yield
        store.close()

    operations = [
        Operation("listProjections", "GET", "/v1/projections", "projections:read", list_projections),
        Operation("createProjection", "POST", "/v1/projections", "projections:write", create_projection),
        Operation(
            "getProjection", "GET", "/v1/projections/{projection_id}", "projections:read", get_projection
        ),
    ]
    return assemble("projections", operations, options, storage)


async def list_projections(request: web.Request) -> web.Response:
    """`listProjections`: the latest projection that is ready of each of the named users."""
    parameters = Parameters(request)
    user_ids = parameters.listed("user_ids", most=50, required=True)
    parameters.done()
    return answer({"projections": request.app[PROJECTIONS].latest(request[CALLER].tenant, user_ids or [])})


async def create_projection(request: web.Request) -> web.Response:
    """`createProjection`: takes the work on and says where its outcome will be."""
    body = Body(await read_json(request), ("user_id", "months"))
    user_id = body.text("user_id", most=64, pattern=USER)
    months = body.whole("months", 1, MOST_MONTHS)
    body.done()
    options, store = request.app[OPTIONS], request.app[PROJECTIONS]
    if store.pending() >= MOST_PENDING:
        raise Problem(503, "busy", "There is too much to work out now", headers=RETRY_AFTER)
    made = Projection(
        id=str(options.new_id()),
        user_id=str(user_id),
        state="pending",
        months_asked=months,
        created_at=timestamp(options.now()),
        ready_at=None,
        reason=None,
        months=[],
    )
    store.add(request[CALLER].tenant, made)
    request.app[WORK].wake()
    headers = {"Location": f"/v1/projections/{made.id}", **RETRY_AFTER}
    return answer(made, status=202, headers=headers)


async def get_projection(request: web.Request) -> web.Response:
    """`getProjection`: how far it is, and what came out."""
    parameters = Parameters(request)
    projection_id = parameters.path_uuid("projection_id")
    parameters.done()
    found = request.app[PROJECTIONS].find(request[CALLER].tenant, projection_id)
    if found is None:
        raise not_found("projection")
    return answer(found, headers=RETRY_AFTER if found.state == "pending" else None)
