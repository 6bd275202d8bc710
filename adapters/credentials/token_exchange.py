"""The exchange way: the caller's token is exchanged for one for the service's audience (RFC 8693).

One token for each caller's token, kept under its hash: neither is kept in clear as a key, and the caller's own is
not kept at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Final

from cachetools import LRUCache

from adapters.credentials.carried import bare, bearing
from adapters.credentials.credential_kinds import TokenExchange
from adapters.credentials.renewal import sent_with
from adapters.credentials.token_client import TokenClient
from adapters.credentials.token_grant import exchange_form, is_b64token
from adapters.credentials.token_life import Token
from adapters.credentials.token_slot import TokenSlot
from adapters.failures import Unauthenticated
from adapters.messages import Request, Response, Send

CALLERS: Final = 10_000
"""Callers whose exchanged tokens are kept; who came longest ago goes first."""

LONGEST: Final = 300.0
"""Seconds that an exchanged token is used: a caller's rights that were taken away end here too."""


class ExchangedTokens:
    """The policy. `close` it. An anonymous caller's call goes without a token, as with `forward`."""

    def __init__(self, way: TokenExchange, client: TokenClient, callers: int = CALLERS) -> None:
        self._way = way
        self._client = client
        self._slots: MutableMapping[bytes, TokenSlot] = LRUCache(callers)

    async def __call__(self, request: Request, send: Send) -> Response:
        """Sends with the caller's exchanged token; one that is refused is exchanged anew, once. Raises
        Unauthenticated for a token that is no bearer token in form, or that the endpoint refuses.
        """
        subject = request.identity.token
        if subject is None:
            return await send(bare(request))
        if not is_b64token(subject):
            raise Unauthenticated(f"{request.service}: the caller's token is not a bearer token in form")
        key = hashlib.sha256(subject.encode("ascii")).digest()
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = TokenSlot(self._client)
        return await sent_with(request, send, _OfCaller(self, slot, subject), bearing)

    async def exchanged(self, subject: str) -> Token:
        """A token of the endpoint for the caller's."""
        return await self._client.token(exchange_form(self._way, subject), LONGEST)

    async def close(self) -> None:
        """Ends what is under way."""
        await self._client.close()


@dataclass(frozen=True, slots=True)
class _OfCaller:
    """The `Holder` of one call."""

    tokens: ExchangedTokens
    slot: TokenSlot
    subject: str = field(repr=False)

    async def current(self) -> str:
        return await self.slot.current(self._fetch)

    async def renewed(self, refused: str) -> str | None:
        return await self.slot.renewed(refused, self._fetch)

    async def _fetch(self) -> Token:
        return await self.tokens.exchanged(self.subject)
