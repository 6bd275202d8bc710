"""One token, kept for all who need it: fetched once, fetched anew before it ends, and when a service refuses it.

Its fetches are tasks of the client's: who stops waiting ends nothing, since the token is of use to the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from adapters.credentials.token_client import TokenClient
from adapters.credentials.token_life import Need, Token, may_renew, need, pause
from adapters.failures import NotSent, Unavailable, UpstreamFailure, again

Fetch: TypeAlias = Callable[[], Awaitable[Token]]


class TokenSlot:
    """A `Holder` needs only say how its token is fetched: `fetch` is not kept, it may hold a caller's token."""

    __slots__ = ("_client", "_failures", "_fetching", "_refusal", "_renewed", "_rests_until", "_token")

    def __init__(self, client: TokenClient) -> None:
        self._client = client
        self._token: Token | None = None
        self._fetching: asyncio.Task[Token | UpstreamFailure] | None = None
        self._renewed: float | None = None
        self._refusal: UpstreamFailure | None = None
        self._rests_until = 0.0
        self._failures = 0

    async def current(self, fetch: Fetch) -> str:
        """The token's text now. Raises UpstreamFailure, never sent, where there is none to be had."""
        token = self._token
        wanted = need(token, self._client.clock())
        if token is None or wanted is Need.NOW:
            return (await self._joined(fetch)).text
        if wanted is Need.SOON and not self._rests():
            _ = self._start(fetch)  # a task of the client's: nobody waits for it
        return token.text

    async def renewed(self, refused: str, fetch: Fetch) -> str | None:
        """Another token than the one refused; None where that was only just replaced, and would be again."""
        if self._fetching is None and self._token is not None and self._token.text == refused:
            now = self._client.clock()
            if not may_renew(self._renewed, now):
                return None
            self._renewed, self._token = now, None
        other = await self.current(fetch)
        return None if other == refused else other

    async def _joined(self, fetch: Fetch) -> Token:
        if self._refusal is not None and self._rests():
            raise again(self._refusal)
        task = self._start(fetch)
        # Not awaited itself: its cancellation, by closing, must not look like this call's.
        await asyncio.wait({task})
        if task.cancelled():
            raise Unavailable("the service was closed while its token was fetched", sent=False)
        outcome = task.result()
        if isinstance(outcome, UpstreamFailure):
            raise again(outcome)
        return outcome

    def _start(self, fetch: Fetch) -> asyncio.Task[Token | UpstreamFailure]:
        if self._fetching is None:
            self._fetching = self._client.own(self._fetch(fetch))
        return self._fetching

    async def _fetch(self, fetch: Fetch) -> Token | UpstreamFailure:
        try:
            token = await fetch()
        except UpstreamFailure as failure:
            if isinstance(failure, NotSent):  # an endpoint that does not answer is paced by its client
                self._failures += 1
                self._refusal = failure
                self._rests_until = self._client.clock() + pause(self._failures, self._client.chance)
            return failure
        else:
            self._failures, self._refusal, self._token = 0, None, token
            return token
        finally:
            self._fetching = None

    def _rests(self) -> bool:
        return self._refusal is not None and self._client.clock() < self._rests_until
