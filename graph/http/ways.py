"""Which transport answers a request, and in which media type: by its method and three of its headers.

`graph/http/http.py` asks for each request, before its caller is known. Clients send few combinations of these, over
and over, so that what was found for one is remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from aiohttp import web

from graph.http.exchange import Exchange
from graph.http.media_types import acceptable
from graph.http.refused import Refused
from graph.http.whole_answer import Reply

MOST_REMEMBERED: Final = 256
MOST_CHARACTERS: Final = 512  # of what is remembered for one combination: real ones are shorter
_Key = tuple[str, str | None, str | None, str]


class Transport(Protocol):
    """One way in which requests arrive.

    `methods` are the HTTP methods that it answers to, `forms` the media types that it answers in: none where
    that is not for the client to say. One that `identifies` finds out by itself who asks.
    """

    @property
    def methods(self) -> Sequence[str]: ...

    @property
    def forms(self) -> Sequence[str]: ...

    @property
    def identifies(self) -> bool: ...

    def supports(self, request: web.Request) -> bool:
        """Whether this transport answers the request: by its method and the headers `Content-Type`, `Upgrade` and
        `Accept`, for the answer is remembered by these.
        """
        ...

    async def respond(self, request: web.Request, exchange: Exchange) -> Reply:
        """The answer. Raises `Refused` for what it does not execute, before it has begun to answer."""
        ...


class Way(NamedTuple):
    """How a request is answered; `media_type` is empty where there is no choice."""

    transport: Transport
    media_type: str


class Ways:
    """Transports are tried in their order; the first that supports a request answers it. At most 256 combinations
    are remembered, the oldest go first.
    """

    def __init__(self, transports: Sequence[Transport]) -> None:
        self._transports = tuple(transports)
        self._known: dict[_Key, Way] = {}

    def of(self, request: web.Request) -> Way:
        """The way of a request. Raises `Refused`: 405 where no transport wants it, 406 for an `Accept` that admits no
        form of the answer.
        """
        headers = request.headers
        accept = ", ".join(headers.getall("accept", ()))
        key = (request.method, headers.get("content-type"), headers.get("upgrade"), accept)
        way = self._known.get(key)
        if way is None:
            transport = self._transport(request)
            way = Way(transport, _form(accept, transport.forms))
            if sum(len(part) for part in key if part) <= MOST_CHARACTERS:
                if len(self._known) >= MOST_REMEMBERED:
                    del self._known[next(iter(self._known))]
                self._known[key] = way
        return way

    def _transport(self, request: web.Request) -> Transport:
        for transport in self._transports:
            if transport.supports(request):
                return transport
        methods = ", ".join(sorted({name for one in self._transports for name in one.methods}))
        raise Refused(405, "METHOD_NOT_ALLOWED", f"The endpoint accepts {methods}.", {"allow": methods})


def _form(accept: str, forms: Sequence[str]) -> str:
    if not forms:
        return ""
    found = acceptable(accept, forms, otherwise=forms[-1])
    if found is None:
        raise Refused(406, "NOT_ACCEPTABLE", f"Answers are {' or '.join(forms)}.")
    return found
