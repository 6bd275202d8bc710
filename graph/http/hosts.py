"""Which names a server that is open to this machine answers to: only this machine's own.

A page of the web could give its own name the address 127.0.0.1 (DNS rebinding) and would then be of the same
origin as the server; its requests still carry that name in `Host`. `graph/app.py` puts this before everything
in `demo` and `dev` (DESIGN section 11).
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
ANY_ADDRESS: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - taken out of what is admitted


def name_of(host: str) -> str:
    """The name in a `Host` header without its port, in lower case: `[::1]:8000` -> `::1`. Empty where malformed."""
    if host.startswith("["):
        name, bracket, _ = host[1:].partition("]")
        return name.lower() if bracket else ""
    name, _, port = host.partition(":")
    return name.lower().removesuffix(".") if not port or port.isdigit() else ""


def is_own(host: str, others: Iterable[str] = ()) -> bool:
    """Whether a `Host` header names this machine by itself: a loopback name or address, or one of `others`."""
    name = name_of(host)
    if name in LOOPBACK_NAMES or name in others or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def own_names_only(others: Iterable[str] = ()) -> Middleware:
    """Refuses requests under any other name: 421, Misdirected Request (RFC 9110, section 15.5.20).

    `others` are the names that the server was told to listen at; those that mean any address admit nothing.
    """
    more = frozenset(name.lower() for name in others) - ANY_ADDRESS

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_own(request.headers.get("host", ""), more):
            names = ", ".join(sorted(LOOPBACK_NAMES | more))
            return web.Response(
                status=421,
                text=f"This server is for its own machine: it answers to {names} only.\n",
                headers={"x-content-type-options": "nosniff", "cache-control": "no-store"},
            )
        return await handler(request)

    return check
