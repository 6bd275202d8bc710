"""Answers that go on: WebSockets and event streams of this process, counted, and ended before the server is.

The transports of streams open one each; `graph/serving/server.py` ends them when it begins to stop, since by
themselves they may last for days.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from multidict import MultiMapping

from graph.http.refused import Refused
from graph.identity.auth import Authenticator
from resolvers.caller import Caller

RECHECK_SECONDS: Final = 300.0
"""The longest that a caller is believed between two looks at the token: keys may be withdrawn before it expires."""
_SOONEST: Final = 1.0


class Streams:
    """The streams that are open: `most` at a time. Each gives what ends it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[int, Callable[[], Awaitable[object]]] = {}
        self._next = 0
        self._stopping = False

    def __len__(self) -> int:
        return len(self._open)

    @asynccontextmanager
    async def opened(self, end: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
        """While entered the stream counts; `end` is called when the server stops.

        Raises `Refused` (503) where too many are open, or the server is about to stop.
        """
        if len(self._open) >= self._most or self._stopping:
            said = "The server is about to stop" if self._stopping else f"{len(self._open)} streams are open"
            message = f"{said}; at most {self._most} are served at once. Try again later."
            raise Refused(503, "OVERLOADED", message, {"retry-after": "1"})
        self._next += 1
        number = self._next
        self._open[number] = end
        try:
            yield
        finally:
            self._open.pop(number, None)

    async def stop(self) -> None:
        """Ends every stream; no other is opened."""
        self._stopping = True
        await asyncio.gather(*(end() for end in list(self._open.values())), return_exceptions=True)


async def until_refused(
    authenticator: Authenticator,
    headers: MultiMapping[str],
    caller: Caller,
    now: Callable[[], float] = time.time,
) -> Refused:
    """Waits until the caller whom these headers name is no longer believed, and says why. The token is looked at
    again when it expires, and every five minutes. Keys that cannot be fetched just now refuse nobody.
    """
    while True:
        await asyncio.sleep(_seconds_to_recheck(caller.claims, now()))
        try:
            caller = await authenticator.caller(headers)
        except Refused as refused:
            if refused.status < 500:
                return refused


def _seconds_to_recheck(claims: Mapping[str, object], now: float) -> float:
    expires = claims.get("exp")
    if isinstance(expires, (int, float)):
        return min(max(expires - now, _SOONEST), RECHECK_SECONDS)
    return RECHECK_SECONDS
