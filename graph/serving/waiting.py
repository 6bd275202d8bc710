"""What is served in the place of a project that has never been right: its mistakes, at every path, with 503.

`graph/serving/develop.py` serves it until the project can be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from aiohttp import web

from graph.http.hosts import own_names_only
from graph.http.media_types import JSON, acceptable
from graph.http.streams import Streams
from graph.serving.life import LIFE, LIMITS, RUNNING, STREAMS, Life
from graph.serving.running import Running
from graph.settings.limits import Limits

CODE = "PROJECT_WRONG"
_TEXT = "text/plain"
_PAGE = "text/html"


def waiting_application(mistakes: Callable[[], Sequence[str]], host: str) -> web.Application:
    """The application that tells the mistakes: people in plain text, which browsers ask for anew by themselves, and
    programs as GraphQL errors. It answers to this machine's own names and `host` only.
    """
    app = web.Application(middlewares=[own_names_only([host])])
    app[LIFE] = Life(lambda: False, 0.0)
    app[RUNNING] = Running()
    app[LIMITS] = limits = Limits()
    app[STREAMS] = Streams(limits.streams)

    async def told(request: web.Request) -> web.Response:
        headers = {"retry-after": "1", "cache-control": "no-store", "x-content-type-options": "nosniff"}
        found = mistakes()
        accept = ", ".join(request.headers.getall("accept", []))
        if acceptable(accept, (JSON, _PAGE, _TEXT)) not in {_PAGE, _TEXT}:
            errors = [{"message": one, "extensions": {"code": CODE}} for one in found]
            body = msgspec.json.encode({"errors": errors})
            return web.Response(status=503, body=body, content_type=JSON, charset="utf-8", headers=headers)
        text = "\n".join(("The project has mistakes, and is served as soon as it has none:", "", *found, ""))
        return web.Response(status=503, text=text, headers={**headers, "refresh": "2"})

    async def live(_request: web.Request) -> web.Response:
        return web.Response(text="live\n")

    async def ready(_request: web.Request) -> web.Response:
        return web.Response(status=503, text="not ready\n")

    app.router.add_get("/health/live", live)
    app.router.add_get("/health/ready", ready)
    app.router.add_route("*", "/{path:.*}", told)
    return app
