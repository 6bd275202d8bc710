"""Calls that are made through the proxy, and what they come to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from msgspec.structs import replace

from adapters.failures import UpstreamFailure
from adapters.messages import Departure, Request, Response, Send
from adapters.transport.transport import Transport
from tests.adapters.wire import Act, Server, serving
from tests.faults.leftovers import nothing_left
from tests.faults.proxy import Fault, Proxy, proxied

GET: Final = Request("users", "listUsers", "GET", "/users", safe=True)
POST: Final = Request("users", "createUser", "POST", "/users", body=b'{"name":"A"}')
DELETE: Final = Request("users", "deleteUser", "DELETE", "/users/1")

LOST: Final = ("Unavailable", True)
"""It hung up before there was an answer."""
SPOILT: Final = ("BadAnswer", True)
"""An answer had begun, and is of no use."""
UNREACHED: Final = ("Unavailable", False)
"""Nothing left."""
LATE: Final = ("TimedOut", True)
"""No answer came in time."""
REFUSED: Final = ("Refused", False)
"""It was not even tried."""


@asynccontextmanager
async def through(acts: tuple[Act, ...], *faults: Fault) -> AsyncIterator[tuple[Server, Proxy, Transport]]:
    """A service that does these acts, a proxy with these faults before it, and the bare transport to that. Afterwards
    nothing is left of any.
    """
    async with nothing_left(), serving(*acts) as server, proxied(server.url, *faults) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        async with Transport(url, connections=4, answer_limit=1000) as transport:
            yield server, proxy, transport


async def outcome(send: Send, request: Request) -> tuple[str, bool] | bytes:
    """The body of the answer, or the failure's class and whether it was sent."""
    try:
        response: Response = await send(replace(request, departure=Departure()))
    except UpstreamFailure as failure:
        return type(failure).__name__, failure.sent
    return response.body
