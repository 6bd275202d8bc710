"""The client credentials way: the gateway's own token for a service (RFC 6749, section 4.4), one for all callers."""

from __future__ import annotations

from adapters.credentials.carried import bearing
from adapters.credentials.credential_kinds import ClientCredentials
from adapters.credentials.renewal import sent_with
from adapters.credentials.token_client import TokenClient
from adapters.credentials.token_grant import client_form
from adapters.credentials.token_life import Token
from adapters.credentials.token_slot import TokenSlot
from adapters.messages import Request, Response, Send


class ClientToken:
    """The policy, and the `Holder` of its token. `close` it."""

    def __init__(self, way: ClientCredentials, client: TokenClient) -> None:
        self._form = client_form(way)
        self._client = client
        self._slot = TokenSlot(client)

    async def __call__(self, request: Request, send: Send) -> Response:
        """Sends with the token; a token that is refused is fetched anew, once."""
        return await sent_with(request, send, self, bearing)

    async def current(self) -> str:
        """The token now."""
        return await self._slot.current(self._fetch)

    async def renewed(self, refused: str) -> str | None:
        """Another token, or None."""
        return await self._slot.renewed(refused, self._fetch)

    async def _fetch(self) -> Token:
        return await self._client.token(self._form)

    async def close(self) -> None:
        """Ends what is under way."""
        await self._client.close()
