"""How often a service may be called: windows of a minute, one for reads and one for sends, told in every answer.

The headers are those of draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` says what holds, `RateLimit`
what is left of it. Who goes on gets 429 with `Retry-After` (RFC 6585, section 4). The window is that of the one key.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from .problems import Problem

WINDOW_SECONDS = 60
CALLS = {"reads": 100, "sends": 10}


@dataclass(slots=True)
class _Window:
    ends: float = -math.inf
    left: int = 0


class Rates:
    """What is left of each policy. `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows = {policy: _Window() for policy in CALLS}

    def take(self, policy: str) -> tuple[bool, dict[str, str]]:
        """Whether one more call fits, and the headers that tell what is left."""
        window, now = self._windows[policy], self._clock()
        if now >= window.ends:
            window.ends, window.left = now + WINDOW_SECONDS, CALLS[policy]
        fits = window.left > 0
        window.left -= fits
        rest = math.ceil(window.ends - now)
        headers = {
            "RateLimit-Policy": f'"{policy}";q={CALLS[policy]};w={WINDOW_SECONDS}',
            "RateLimit": f'"{policy}";r={window.left};t={rest}',
        }
        return fits, headers if fits else {**headers, "Retry-After": str(rest)}


RATES: Final = web.AppKey("rates", Rates)


def rated(policy: str, handler: Handler) -> Handler:
    """The handler, called as often as the policy allows."""

    async def handle(request: web.Request) -> web.StreamResponse:
        fits, headers = request.app[RATES].take(policy)
        if not fits:
            detail = f"{CALLS[policy]} {policy} in {WINDOW_SECONDS} seconds are allowed"
            raise Problem(429, "too-many-requests", "There were too many calls", detail, headers=headers)
        try:
            response = await handler(request)
        except Problem as problem:
            problem.headers |= headers
            raise
        response.headers.update(headers)
        return response

    return handle
