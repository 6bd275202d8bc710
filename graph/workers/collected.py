"""What operators see and do of several workers, at the parent's second address: as if one process had served.

`graph/workers/workers.py` serves it; `graph/observing/second_address.py` is the same for one process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec
from aiohttp import web
from prometheus_client.exposition import choose_encoder

from graph.caching.drop_call import Dropping, add_drop_call
from graph.workers.channel import Figures
from graph.workers.figures import Shown, Total, as_one

_SAFE: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def collected_application(
    collect: Callable[[], Awaitable[Sequence[Figures]]], total: Total, dropping: Dropping
) -> web.Application:
    """The application for the second address. `collect` asks the workers that are there; `dropping` has them do what
    calls want dropped.
    """

    async def metrics(request: web.Request) -> web.Response:
        living = await collect()
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        body = encode(Shown(total.with_living(living)))
        return web.Response(body=body, headers={"content-type": content_type, **_SAFE})

    async def health(_: web.Request) -> web.Response:
        body = msgspec.json.encode(as_one(one.integrations for one in await collect()))
        return web.Response(body=body, headers={"content-type": "application/json", **_SAFE})

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/health/integrations", health)
    add_drop_call(app, dropping)
    return app
