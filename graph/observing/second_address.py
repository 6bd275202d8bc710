"""What operators see and do, on an address of its own: `/metrics`, `/health/integrations` and `/invalidation`.

`graph/app.py` listens here where the project or the command line names an address; nothing of it is served on
the main one. There is no sign-in to read: who reaches the address may, so that it is loopback unless stated. What
drops from the caches needs the key of `[admin]` (`graph/caching/drop_call.py`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from graph.caching.drop_call import Dropping, add_drop_call
from graph.observing.integrations import Integrations
from graph.serving.server import CannotListen
from graph.settings.address import Address

_SAFE: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def second_application(
    registry: CollectorRegistry, integrations: Integrations, dropping: Dropping
) -> web.Application:
    """The application for the second address. `dropping` does what calls want dropped."""

    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return web.Response(body=encode(registry), headers={"content-type": content_type, **_SAFE})

    async def health(_: web.Request) -> web.Response:
        body = msgspec.json.encode(integrations.report())
        return web.Response(body=body, headers={"content-type": "application/json", **_SAFE})

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/health/integrations", health)
    add_drop_call(app, dropping)
    return app


@asynccontextmanager
async def listening(app: web.Application, at: Address) -> AsyncIterator[str]:
    """The URL at which the application answers. Raises CannotListen."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, handler_cancellation=True)
    try:
        await runner.setup()
        try:
            await web.TCPSite(runner, at.host, at.port).start()
        except OSError as error:
            raise CannotListen(f"{at} cannot be listened on: {error.strerror}") from None
        bound = runner.addresses[0]
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        yield f"http://{shown}:{bound[1]}"
    finally:
        await runner.cleanup()
