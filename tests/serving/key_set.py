"""An identity provider's key set, which can be there or not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

IDENTITY = """
[identity]
issuer = "https://issuer.example"
audience = ["stolon"]
jwks = "{keys}"
anonymous = true
"""


@dataclass
class KeySet:
    """Where it lies, and whether it can be had now."""

    url: str = ""
    is_there: bool = True


@asynccontextmanager
async def key_set() -> AsyncIterator[KeySet]:
    """A key set without keys on loopback: who has fetched it knows all keys that there are."""
    keys = KeySet()

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"keys": []}, status=200 if keys.is_there else 503)

    app = web.Application()
    app.router.add_get("/keys", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        keys.url = f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
        yield keys
    finally:
        await runner.cleanup()
