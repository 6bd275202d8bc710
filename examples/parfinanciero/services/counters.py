"""Counts the calls of each operation, refused and failed ones too, so that tests can say what a query costs.

Read at `GET /internal/calls`, set back by `POST /internal/calls/reset`; within one process at
`app[COUNTERS]`.
"""

from __future__ import annotations

from collections import Counter

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler


class Counters:
    """Calls by operation id since the start or the last `reset`."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()

    def count(self, operation: str) -> None:
        """Counts one call of `operation`."""
        self._calls[operation] += 1

    def calls(self) -> dict[str, int]:
        """A copy: operation id to number of calls; operations never called are absent."""
        return dict(self._calls)

    def reset(self) -> None:
        """Forgets all calls."""
        self._calls.clear()


COUNTERS = web.AppKey("counters", Counters)


def operation_of(request: web.Request) -> str | None:
    """The operation id of the route that was found for `request`, or None where there is none."""
    resource = request.match_info.route.resource
    return None if resource is None else resource.name


@web.middleware
async def count_calls(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Counts before anything can refuse the call."""
    operation = operation_of(request)
    if operation is not None:
        request.app[COUNTERS].count(operation)
    return await handler(request)


async def _read(request: web.Request) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(request.app[COUNTERS].calls()), content_type="application/json"
    )


async def _reset(request: web.Request) -> web.Response:
    request.app[COUNTERS].reset()
    return web.Response(status=204)


def add_counters(app: web.Application) -> None:
    """Gives `app` its counters and the two routes (unnamed, so that reading them is not counted)."""
    app[COUNTERS] = Counters()
    app.router.add_route("GET", "/internal/calls", _read)
    app.router.add_route("POST", "/internal/calls/reset", _reset)
