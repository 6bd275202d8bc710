"""A call with credentials that can be renewed: sent once, and once more with other ones where they were refused.

The ways of `adapters/credentials/credentials.py` that hold something pass through here. Beside `retry` it is the
one place that repeats: a service that answers 401 has not done what it was asked (RFC 9110, section 15.5.2), so
that a change may be sent again too, and new credentials are its only remedy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from msgspec.structs import replace

from adapters.messages import Departure, Request, Response, Send

REFUSED: Final = 401

Put: TypeAlias = Callable[[Request, str], Request]
"""The request with credentials in their place."""


class Holder(Protocol):
    """Who has the credentials."""

    async def current(self) -> str:
        """The credentials now. Raises UpstreamFailure, never sent, where there are none."""

    async def renewed(self, refused: str) -> str | None:
        """Other credentials than those refused, or None where there are no others."""


async def sent_with(request: Request, send: Send, holder: Holder, put: Put) -> Response:
    """The answer to the request with the holder's credentials; that of the second attempt, where there was one."""
    given = await holder.current()
    # The first attempt's departure is its own: what was refused has had no effect, so that a second attempt
    # which never leaves, or a deadline between the two, leaves nothing unknown.
    first = replace(put(request, given), departure=Departure())
    refused = False
    try:
        response = await send(first)
        refused = response.status == REFUSED
    finally:
        if first.departure.sent and not refused:
            request.departure.mark()
    if not refused:
        return response
    other = await holder.renewed(given)
    return response if other is None else await send(put(request, other))
