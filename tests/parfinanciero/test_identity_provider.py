"""The identity provider: its keys, its tokens, who gets them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from examples.parfinanciero.inprocess import Example
from examples.parfinanciero.services.signing import KeyRing, new_key


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A plain HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session


async def read(session: aiohttp.ClientSession, method: str, url: str, **options: Any) -> tuple[int, Any]:
    """Status and JSON body of one call."""
    async with session.request(method, url, **options) as response:
        return response.status, await response.json(content_type=None)


def verified(token: str, keys: list[dict[str, Any]], issuer: str, audience: str) -> dict[str, Any]:
    """The claims of a token that one of the published keys signed."""
    key = next(key for key in keys if key["kid"] == jwt.get_unverified_header(token)["kid"])
    return jwt.decode(token, jwt.PyJWK(key), algorithms=["RS256"], issuer=issuer, audience=audience)


async def test_the_provider_describes_itself(parfinanciero: Example, session: aiohttp.ClientSession) -> None:
    """The configuration names the issuer and the URL of the keys, which answers public keys only."""
    _, configuration = await read(session, "GET", f"{parfinanciero.issuer}/.well-known/openid-configuration")
    assert (configuration["issuer"], configuration["jwks_uri"]) == (parfinanciero.issuer, parfinanciero.jwks)
    _, published = await read(session, "GET", configuration["jwks_uri"])
    assert [sorted(key) for key in published["keys"]] == [["alg", "e", "kid", "kty", "n", "use"]]
    assert parfinanciero.calls("identity") == {"getConfiguration": 1, "getKeys": 1}


@pytest.mark.parametrize(
    ("person", "subject", "scope"),
    [
        (
            "ana",
            "u-0001",
            "users:read users:pii orders:read orders:write payments:read payments:write "
            "expenses:read expenses:write projections:read projections:write "
            "reports:read notifications:read notifications:write",
        ),
        ("bruno", "u-0002", "users:read orders:read"),
        ("carla", "u-0003", "users:read orders:read payments:read expenses:read projections:read"),
    ],
)
async def test_the_callers_tokens(
    parfinanciero: Example, session: aiohttp.ClientSession, person: str, subject: str, scope: str
) -> None:
    """Each caller's token has exactly these claims, is valid for 12 hours and has an id of its own."""
    _, published = await read(session, "GET", parfinanciero.jwks)
    seen = set()
    for _ in range(2):
        status, answer = await read(session, "POST", f"{parfinanciero.issuer}/internal/tokens/{person}")
        assert status == 200
        claims = verified(answer["token"], published["keys"], parfinanciero.issuer, "api://orders")
        seen.add(claims["jti"])
        assert claims == {
            "iss": parfinanciero.issuer,
            "sub": subject,
            "aud": ["api://users", "api://orders", "api://payments", "api://parfinanciero"],
            "scope": scope,
            "tenant": "acme",
            "iat": claims["iat"],
            "nbf": claims["iat"],
            "exp": claims["iat"] + 12 * 3600,
            "jti": claims["jti"],
        }
    assert len(seen) == 2


async def test_a_token_may_be_somebody_elses(parfinanciero: Example, session: aiohttp.ClientSession) -> None:
    """With a person's scopes, for another subject of another tenant: for loads that need more people than three."""
    _, published = await read(session, "GET", parfinanciero.jwks)
    path = f"{parfinanciero.issuer}/internal/tokens/bruno?subject=u-0601&tenant=globex"
    _, answer = await read(session, "POST", path)
    claims = verified(answer["token"], published["keys"], parfinanciero.issuer, "api://orders")
    assert (claims["sub"], claims["tenant"], claims["scope"]) == (
        "u-0601",
        "globex",
        "users:read orders:read",
    )


async def test_nobody_else_gets_a_token(parfinanciero: Example, session: aiohttp.ClientSession) -> None:
    """An unknown person is 404, and the answer says who is known."""
    status, answer = await read(session, "POST", f"{parfinanciero.issuer}/internal/tokens/mallory")
    assert (status, answer["detail"]) == (404, "Known are ana, bruno, carla")


@pytest.mark.parametrize("path", ["/internal/tokens/ana", "/internal/rotate"])
async def test_a_rebound_name_gets_nothing(
    parfinanciero: Example, session: aiohttp.ClientSession, path: str
) -> None:
    """Under a Host that is not this machine nothing internal is answered."""
    status, answer = await read(
        session, "POST", parfinanciero.issuer + path, headers={"Host": "evil.example:80"}
    )
    assert (status, answer["title"]) == (403, "Only this machine may ask for this")


async def test_a_rotation_keeps_the_old_keys_published(
    parfinanciero: Example, session: aiohttp.ClientSession
) -> None:
    """After a rotation new tokens are signed by the new key, and old tokens can still be verified."""
    old = parfinanciero.token("ana")
    status, answer = await read(session, "POST", f"{parfinanciero.issuer}/internal/rotate")
    new = parfinanciero.token("ana")
    _, published = await read(session, "GET", parfinanciero.jwks)
    assert (status, [key["kid"] for key in published["keys"]]) == (
        200,
        [jwt.get_unverified_header(old)["kid"], answer["kid"]],
    )
    assert jwt.get_unverified_header(new)["kid"] == answer["kid"]
    for token in (old, new):
        assert verified(token, published["keys"], parfinanciero.issuer, "api://users")["sub"] == "u-0001"


async def test_the_number_of_keys_is_bounded(parfinanciero: Example) -> None:
    """After many rotations the eight newest keys are published."""
    made = [parfinanciero.keys.rotate() for _ in range(10)]
    assert [key["kid"] for key in parfinanciero.keys.published()["keys"]] == made[-8:]


async def test_an_identity_provider_started_again_has_new_keys(parfinanciero: Example) -> None:
    """A new start of the provider publishes another key under the same address."""
    before = (parfinanciero.issuer, parfinanciero.keys.published()["keys"][0]["kid"])
    await parfinanciero.stop("identity")
    await parfinanciero.start("identity")
    after = (parfinanciero.issuer, parfinanciero.keys.published()["keys"][0]["kid"])
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)


def test_keys_are_made_anew() -> None:
    """Every key is a new one of 2048 bits."""
    first, second = new_key(), new_key()
    assert (first.key_size, second.key_size) == (2048, 2048)
    assert first.public_key() != second.public_key()


def test_a_key_ring_shows_no_key(parfinanciero_ring: KeyRing) -> None:
    """Neither the representation nor the published set holds a private part."""
    assert not {"d", "p", "q"} & set(parfinanciero_ring.published()["keys"][0])
    assert "RSA" not in repr(parfinanciero_ring)


@pytest.fixture
def parfinanciero_ring(signing_key: rsa.RSAPrivateKey) -> KeyRing:
    """A key ring on its own."""
    return KeyRing("http://issuer", lambda: datetime.now(UTC), uuid4, lambda: signing_key)
