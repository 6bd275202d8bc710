"""What the services refuse before they do anything: tokens, scopes, tenants; and how they get their keys."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa

from examples.parfinanciero.inprocess import Example
from examples.parfinanciero.services.jwks import JwksKeys, KeysUnavailable
from examples.parfinanciero.services.signing import KeyRing
from tests.parfinanciero.conftest import Client

SERVICES = [("users", "/v1/users"), ("orders", "/v1/orders")]
SCOPES = ["users:read", "orders:read", "payments:read"]


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi"])
async def test_without_a_token_nothing_is_answered(client: Client, authorization: str | None) -> None:
    """A call without a bearer token is 401 with a bare challenge."""
    for service, path in SERVICES:
        answer = await client.send(service, "GET", path, headers={"Authorization": authorization})
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, f'Bearer realm="api://{service}"')


def _unsigned(token: str) -> str:
    header = base64.urlsafe_b64encode(b'{"alg":"none","kid":"x"}').decode().rstrip("=")
    return f"{header}.{token.split('.')[1]}."


def _hmac(ring: KeyRing) -> str:
    """Signed with the public key as an HMAC secret: the oldest trick against careless checks."""
    key = ring.published()["keys"][0]
    return jwt.encode(
        {"iss": ring.issuer, "sub": "u-0001", "aud": "api://users"},
        str(key["n"]),
        algorithm="HS256",
        headers={"kid": str(key["kid"])},
    )


BAD_TOKENS: dict[str, Callable[[KeyRing], str]] = {
    "rubbish": lambda ring: "not.a.token",
    "unsigned": lambda ring: _unsigned(ring.sign("u-0001", "acme", SCOPES)),
    "hmac": _hmac,
    "tampered": lambda ring: ring.sign("u-0001", "acme", SCOPES)[:-8] + "AAAAAAAA",
    "expired": lambda ring: ring.sign("u-0001", "acme", SCOPES, life=timedelta(seconds=-60)),
    "early": lambda ring: ring.sign("u-0001", "acme", SCOPES, claims={"nbf": 4_000_000_000}),
    "other issuer": lambda ring: ring.sign("u-0001", "acme", SCOPES, claims={"iss": "http://evil.example"}),
    "other audience": lambda ring: ring.sign("u-0001", "acme", SCOPES, audience=["api://parfinanciero"]),
    "no subject": lambda ring: ring.sign("u-0001", "acme", SCOPES, claims={"sub": None}),
    "no tenant": lambda ring: ring.sign("u-0001", "acme", SCOPES, claims={"tenant": None}),
    "odd scope": lambda ring: ring.sign("u-0001", "acme", SCOPES, claims={"scope": ["users:read"]}),
    "other provider": lambda ring: KeyRing(ring.issuer, lambda: datetime.now(UTC), uuid4).sign(
        "u-0001", "acme", SCOPES
    ),
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
async def test_bad_tokens_are_refused(client: Client, parfinanciero: Example, kind: str) -> None:
    """A token that is not exactly right is 401, and the answer repeats nothing of it."""
    token = BAD_TOKENS[kind](parfinanciero.keys)
    for service, path in SERVICES:
        answer = await client.send(service, "GET", path, token=token)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == f'Bearer realm="api://{service}", error="invalid_token"'
        assert token not in json.dumps(answer.body)


async def test_an_audience_of_one_service_is_none_of_another(client: Client, parfinanciero: Example) -> None:
    """A token for api://users opens users and not orders."""
    token = parfinanciero.keys.sign("u-0001", "acme", SCOPES, audience=["api://users"])
    statuses = [(await client.send(service, "GET", path, token=token)).status for service, path in SERVICES]
    assert statuses == [200, 401]


async def test_the_tenant_is_required(client: Client) -> None:
    """A call without X-Tenant-ID is 400 and names the header."""
    answer = await client.send("users", "GET", "/v1/users", headers={"X-Tenant-ID": None})
    assert (answer.status, answer.mistakes) == (400, [("X-Tenant-ID", "is required")])


async def test_the_tenant_must_be_the_tokens(client: Client) -> None:
    """A tenant other than the token's is 403, and the answer does not say which the token has."""
    answer = await client.send("users", "GET", "/v1/users", tenant="globex")
    assert (answer.status, answer.body["title"]) == (403, "The token belongs to another tenant")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api://users", error="insufficient_scope"'
    assert "acme" not in json.dumps(answer.body)


async def test_a_missing_scope_is_named(client: Client, parfinanciero: Example) -> None:
    """A token without the operation's scope is 403, and the challenge says which scope is missing."""
    answer = await client.send("orders", "GET", "/v1/orders", token=parfinanciero.sign("u-0001", "acme", []))
    assert answer.status == 403
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="api://orders", error="insufficient_scope", scope="orders:read"'
    )


async def test_a_new_key_is_learned_and_the_old_one_holds(client: Client, parfinanciero: Example) -> None:
    """A token of a key that was made since the keys were fetched is taken at once, one of the old key too."""
    tokens = [parfinanciero.token("ana")]
    statuses = [(await client.send("users", "GET", "/v1/users", token=tokens[0])).status]
    for _ in range(2):
        parfinanciero.keys.rotate()
        tokens.append(parfinanciero.token("ana"))
        statuses += [(await client.send("users", "GET", "/v1/users", token=token)).status for token in tokens]
    assert (statuses, parfinanciero.calls("identity")) == ([200] * 6, {"getKeys": 3})


async def test_without_an_identity_provider_the_token_cannot_be_checked(
    client: Client, parfinanciero: Example
) -> None:
    """When no key was ever fetched and the provider is gone, a call is 503 with Retry-After, not 401."""
    token = parfinanciero.token("ana")
    await parfinanciero.stop("identity")
    answer = await client.send("users", "GET", "/v1/users", token=token)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


class Provider:
    """An identity provider that answers what the test says, and counts how often it is asked."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self.asked = 0
        self.answer: Callable[[], web.Response] = lambda: web.json_response(ring.published())
        self.seconds = 0.0

    async def handle(self, request: web.Request) -> web.Response:
        self.asked += 1
        return self.answer()

    def clock(self) -> float:
        """The time that the test sets."""
        return self.seconds


@pytest.fixture
def ring(signing_key: rsa.RSAPrivateKey) -> KeyRing:
    """Keys with the ids of their turn: the first is 00000000-0000-0000-0000-000000000001."""
    numbers = iter(range(1, 100))
    return KeyRing(
        "http://issuer", lambda: datetime.now(UTC), lambda: _uuid(next(numbers)), lambda: signing_key
    )


def _uuid(number: int) -> Any:
    return type(uuid4())(int=number)


@pytest.fixture
async def provider(ring: KeyRing) -> AsyncIterator[tuple[Provider, JwksKeys]]:
    """A provider on a socket, and the keys that are fetched from it."""
    provider = Provider(ring)
    app = web.Application()
    app.router.add_get("/jwks", provider.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield provider, JwksKeys(str(server.make_url("/jwks")), session, provider.clock)


FIRST, SECOND = str(_uuid(1)), str(_uuid(2))


async def test_keys_are_fetched_once(provider: tuple[Provider, JwksKeys]) -> None:
    """A known key is not fetched again while it is fresh, and is after five minutes."""
    source, keys = provider
    found = []
    for seconds in (0.0, 299.0, 300.0, 301.0):
        source.seconds = seconds
        found.append(await keys.key(FIRST) is not None)
    assert (found, source.asked) == ([True] * 4, 2)


async def test_unknown_keys_are_fetched_at_a_limited_rate(provider: tuple[Provider, JwksKeys]) -> None:
    """Made-up key ids fetch the keys once a second at most; a real new key is found after that."""
    source, keys = provider
    assert [await keys.key(f"made-up-{number}") for number in range(20)] == [None] * 20
    assert source.asked == 1
    assert source.ring.rotate() == SECOND
    source.seconds = 0.9
    assert await keys.key(SECOND) is None
    source.seconds = 1.0
    assert await keys.key(SECOND) is not None
    assert source.asked == 2


async def test_calls_that_come_together_fetch_the_keys_once(provider: tuple[Provider, JwksKeys]) -> None:
    """Whoever asks while the keys are being fetched waits for that fetch."""
    source, keys = provider
    found = await asyncio.gather(*(keys.key(FIRST) for _ in range(10)))
    assert ([key is not None for key in found], source.asked) == ([True] * 10, 1)


def _redirect() -> web.Response:
    return web.Response(status=302, headers={"Location": "/jwks"})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: web.Response(status=500), "the key set's URL answered 500"),
        (_redirect, "the key set's URL answered 302"),
        (lambda: web.Response(body=b" " * 70_000), "the key set is too large"),
        (lambda: web.Response(body=b"{}"), "the identity provider's answer is no key set"),
        (lambda: web.Response(body=b'{"keys": ['), "the identity provider's answer is no key set"),
    ],
)
async def test_what_is_no_key_set_is_no_answer(
    provider: tuple[Provider, JwksKeys], answer: Callable[[], web.Response], said: str
) -> None:
    """Errors, redirects, large bodies and other documents leave the keys unavailable."""
    source, keys = provider
    source.answer = answer
    with pytest.raises(KeysUnavailable, match=f"^{said}$"):
        await keys.key(FIRST)


async def test_known_keys_hold_while_the_provider_is_silent(provider: tuple[Provider, JwksKeys]) -> None:
    """A key that was published before still holds when it can no longer be refreshed."""
    source, keys = provider
    assert await keys.key(FIRST) is not None
    source.answer = lambda: web.Response(status=503)
    source.seconds = 400.0
    assert [await keys.key(FIRST) is not None for _ in range(3)] == [True] * 3
    assert source.asked == 2


async def test_only_signing_keys_are_taken(provider: tuple[Provider, JwksKeys]) -> None:
    """Keys of other kinds, for encryption, without an id or without content are passed over."""
    source, keys = provider
    good = source.ring.published()["keys"][0]
    odd: list[dict[str, object]] = [
        {**good, "kid": "enc", "use": "enc"},
        {**good, "kid": 5},
        {"kty": "oct", "kid": "oct", "k": "c2VjcmV0"},
        {"kty": "RSA", "kid": "empty"},
        {**good, "kid": "broken", "n": "!"},
        good,
    ]
    source.answer = lambda: web.json_response({"keys": odd})
    found = [await keys.key(key_id) is not None for key_id in ("enc", "oct", "empty", "broken", FIRST)]
    assert found == [False, False, False, False, True]
