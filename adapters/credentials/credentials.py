"""Whose credentials a call carries: one policy per way, chosen by the service's `credentials` setting.

After the deadline, because getting credentials may take time; before the flight, because calls under different
credentials are different calls. The next place down is `adapters/policies/idempotency.py`.

| way | file | a call carries |
| --- | --- | --- |
| `none` | here | nothing |
| `forward` | here | the caller's own token |
| `exchange` | `adapters/credentials/token_exchange.py` | the caller's token, exchanged for the service's audience |
| `client_credentials` | `adapters/credentials/client_credentials.py` | the gateway's own token |
| `api_key` | `adapters/credentials/api_key.py` | the gateway's key |
| `basic` | `adapters/credentials/basic.py` | the gateway's user and password |

The last three, and a client certificate (`adapters/transport/mutual_tls.py`), are the gateway's own: they lend its
rights to whoever asks, so that only verified callers and fields declared `public` get them.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from adapters.credentials.api_key import api_key
from adapters.credentials.basic import basic
from adapters.credentials.carried import bare, bearing
from adapters.credentials.client_credentials import ClientToken
from adapters.credentials.credential_kinds import (
    ApiKey,
    Basic,
    ClientCredentials,
    TokenEndpoint,
    TokenExchange,
)
from adapters.credentials.token_client import TokenClient
from adapters.credentials.token_exchange import ExchangedTokens
from adapters.credentials.token_grant import is_b64token
from adapters.facts import Clock, Observer
from adapters.failures import Unauthenticated
from adapters.messages import Policy, Request, Response, Send
from adapters.mistake import nearest
from adapters.service import Service, base_url, private_enough

NAMED: Final = ("none", "forward")
"""The ways that need nothing but their name."""


@runtime_checkable
class Closing(Protocol):
    """A policy that has connections and tasks of its own."""

    async def close(self) -> None:
        """Ends them."""


async def close(policy: object) -> None:
    """Closes a policy that has anything to close."""
    if isinstance(policy, Closing):
        await policy.close()


def none(service: Service) -> Policy:
    """Calls go without credentials, whatever the caller sent."""

    def policy(request: Request, send: Send) -> Awaitable[Response]:
        return send(bare(request))

    return policy


def forward(service: Service) -> Policy:
    """The caller's own token goes along as `Authorization: Bearer` (RFC 6750, section 2.1).

    An anonymous caller's call goes without one: whether that is enough is the service's decision, told by its
    401. The policy raises `Unauthenticated` for a token that is no bearer token in form.
    """

    def policy(request: Request, send: Send) -> Awaitable[Response]:
        token = request.identity.token
        if token is None:
            return send(bare(request))
        if not is_b64token(token):
            raise Unauthenticated(f"{request.service}: the caller's token is not a bearer token in form")
        return send(bearing(request, token))

    return policy


@dataclass(frozen=True, slots=True)
class EntitledOnly:
    """A way of the gateway's own credentials, kept from those who have no right to them."""

    way: Policy

    async def __call__(self, request: Request, send: Send) -> Response:
        """Raises Unauthenticated, and sends nothing, for an unverified caller where the field is not public."""
        if not request.entitled:
            raise Unauthenticated(
                f"{request.service}: the gateway's own credentials are for verified callers and public fields"
            )
        return await self.way(request, send)

    async def close(self) -> None:
        """Closes the way, where it has anything to close."""
        await close(self.way)


def credentials(
    service: Service,
    clock: Clock,
    observers: tuple[Observer, ...] = (),
    chance: Callable[[], float] = random.random,
) -> Policy:
    """The policy that the service's settings name; `close` it.

    Raises ValueError for an unknown name, and where credentials would travel over plain HTTP to another host.
    """
    way = service.credentials
    if isinstance(way, str) and way not in NAMED:
        known = " or ".join(f'"{name}"' for name in NAMED)
        raise ValueError(
            f"credentials of service {service.name!r} must be {known} or settings of another way, not {way!r}"
            f"{nearest(way, NAMED)}"
        )
    if way != "none" and not private_enough(base_url(service.url)):
        whose = "callers' tokens" if way == "forward" else "credentials"
        raise ValueError(
            f"service {service.name!r} would get {whose} over plain HTTP: "
            "it needs an https:// URL, or http:// to localhost, 127.0.0.0/8 or [::1]"
        )
    policy = _opened(service, clock, observers, chance)
    return EntitledOnly(policy) if service.lends else policy


def _opened(
    service: Service, clock: Clock, observers: tuple[Observer, ...], chance: Callable[[], float]
) -> Policy:
    def client(endpoint: TokenEndpoint) -> TokenClient:
        return TokenClient(service.name, endpoint, clock, observers, chance)

    match service.credentials:
        case ApiKey() as way:
            return api_key(service.name, way, clock)
        case Basic() as way:
            return basic(service.name, way, clock)
        case ClientCredentials() as way:
            return ClientToken(way, client(way.endpoint))
        case TokenExchange() as way:
            return ExchangedTokens(way, client(way.endpoint))
        case str(way):
            return forward(service) if way == "forward" else none(service)
