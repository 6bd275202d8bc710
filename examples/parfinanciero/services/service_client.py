"""Calls from one service to another: with a token of the caller's own (RFC 6749, client credentials), for one tenant.

The token is kept until shortly before its end; one that is refused is got anew, once. Answers are bounded.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus

import aiohttp
import msgspec
from aiohttp import web

from .problems import Problem
from .security import TENANT_HEADER

MOST_BYTES = 2 << 20
TIMEOUT = aiohttp.ClientTimeout(total=5)
SPARE_SECONDS = 30.0


class PeerUnavailable(Exception):
    """The other service, or the identity provider, gave no answer that is of use."""


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float


class ServiceClient:
    """One other service at `base_url`. `clock` gives seconds that only grow."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        clock: Callable[[], float],
        *,
        base_url: str,
        token_url: str,
        client_id: str,
        secret: str,
    ) -> None:
        self._session = session
        self._clock = clock
        self._base_url = base_url
        self._token_url = token_url
        # RFC 6749, section 2.3.1: both are encoded as forms are before they become basic credentials.
        shown = f"{quote_plus(client_id)}:{quote_plus(secret)}"
        self._credentials = f"Basic {base64.b64encode(shown.encode('ascii')).decode('ascii')}"
        self._token = ""
        self._ends = 0.0
        self._one_fetch = asyncio.Lock()

    async def send(
        self,
        method: str,
        path: str,
        tenant: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        media_type: str | None = None,
    ) -> PeerAnswer:
        """One call, and one more where the token was refused. Raises `PeerUnavailable`."""
        headers = {TENANT_HEADER: tenant} | ({} if media_type is None else {"Content-Type": media_type})

        async def once(token: str) -> PeerAnswer:
            sent = {**headers, "Authorization": f"Bearer {token}"}
            return await self._ask(method, self._base_url + path, params=query, data=body, headers=sent)

        token = await self._current()
        answer = await once(token)
        return await once(await self._current(token)) if answer.status == 401 else answer

    async def _current(self, refused: str = "") -> str:
        async with self._one_fetch:
            if self._token in ("", refused) or self._clock() >= self._ends:
                form = {"grant_type": "client_credentials"}
                answer = await self._ask(
                    "POST", self._token_url, data=form, headers={"Authorization": self._credentials}
                )
                if answer.status != 200:
                    raise PeerUnavailable("the identity provider grants no token")
                try:
                    granted = msgspec.json.decode(answer.body, type=_Granted)
                except msgspec.MsgspecError as error:
                    raise PeerUnavailable("the identity provider's answer is no token") from error
                self._token = granted.access_token
                self._ends = self._clock() + granted.expires_in - SPARE_SECONDS
            return self._token

    async def _ask(self, method: str, url: str, **more: Any) -> PeerAnswer:
        try:
            async with self._session.request(
                method, url, allow_redirects=False, timeout=TIMEOUT, **more
            ) as answer:
                body = bytearray()
                async for chunk in answer.content.iter_chunked(64 << 10):
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise PeerUnavailable("the answer is too large")
                return PeerAnswer(answer.status, answer.headers, bytes(body))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise PeerUnavailable("there is no answer") from error


STORAGE: Final = web.AppKey("storage", ServiceClient)
"""Storage, as the expenses service calls it."""
EXPENSES: Final = web.AppKey("expenses client", ServiceClient)
"""Expenses, as the projections service calls it."""


def unavailable(name: str) -> Problem:
    """The 503 of a call that needs the service `name`, which does not answer as it should."""
    return Problem(
        503, f"{name}-unavailable", f"The {name} service does not answer now", headers={"Retry-After": "1"}
    )
