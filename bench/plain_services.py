"""How a gateway written by hand calls Parfinanciero's services: each with the credentials that it takes.

`bench/plain_parfinanciero.py` asks here, once for each call.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import jwt
import msgspec
from cachetools import TTLCache

EXCHANGED: Final = frozenset({"expenses", "projections"})
OWN: Final = frozenset({"storage", "reports"})
KEPT: Final = 1_000
LIFE: Final = 240.0  # seconds; the tokens themselves hold for five minutes
_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a kind of token


class Tokens:
    """Tokens of the identity provider, kept while they hold. `environ` is what the project's file takes, too."""

    def __init__(self, session: aiohttp.ClientSession, environ: Mapping[str, str]) -> None:
        self._session = session
        self._url = f"{environ['IDENTITY_URL']}/oauth/token"
        self._secret = environ["GATEWAY_SECRET"]
        self._kept: TTLCache[tuple[str, str], str] = TTLCache(KEPT, LIFE, timer=time.monotonic)

    async def of(self, service: str, caller: str) -> str:
        """A token for the service: the caller's exchanged, or the gateway's own where `caller` is empty."""
        known = self._kept.get((service, caller))
        if known is not None:
            return known
        form = {"client_id": "gateway", "client_secret": self._secret, "audience": f"api://{service}"}
        if caller:
            form |= {"grant_type": _EXCHANGE, "subject_token": caller, "subject_token_type": _ACCESS_TOKEN}
        else:
            form["grant_type"] = "client_credentials"
        async with self._session.post(self._url, data=form) as answer:
            answer.raise_for_status()
            token = str((await answer.json())["access_token"])
        self._kept[service, caller] = token
        return token


class Services:
    """The services as one caller sees them. What the token says is believed."""

    def __init__(
        self, session: aiohttp.ClientSession, tokens: Tokens, environ: Mapping[str, str], authorization: str
    ) -> None:
        self._session = session
        self._tokens = tokens
        self._environ = environ
        self._token = authorization.removeprefix("Bearer ")
        claims = jwt.decode(self._token, options={"verify_signature": False})
        self.subject = str(claims["sub"])
        self._tenant = str(claims["tenant"])

    async def get(self, service: str, path: str) -> Any:
        """What a service answers, decoded."""
        headers = {"x-tenant-id": self._tenant}
        if service == "notifications":
            headers["x-api-key"] = self._environ["NOTIFICATIONS_KEY"]
        else:
            headers["authorization"] = f"Bearer {await self._token_for(service)}"
        async with self._session.get(
            self._environ[f"{service.upper()}_URL"] + path, headers=headers
        ) as answer:
            answer.raise_for_status()
            return msgspec.json.decode(await answer.read())

    async def _token_for(self, service: str) -> str:
        if service in EXCHANGED:
            return await self._tokens.of(service, self._token)
        return await self._tokens.of(service, "") if service in OWN else self._token
