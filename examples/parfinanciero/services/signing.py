"""The identity provider's keys, and the tokens that it signs with them (RS256; RFC 7515, 7517, 7519).

Keys live in memory only and are made anew at each start, so that no token outlives the process that signed
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

KEY_BITS = 2048
MOST_KEYS = 8
LIFE = timedelta(hours=12)
AUDIENCES = ("api://users", "api://orders", "api://payments", "api://parfinanciero")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody for whom tokens are signed: the subject, the tenant and the scopes."""

    subject: str
    tenant: str
    scopes: tuple[str, ...]


PEOPLE: Mapping[str, Person] = {
    "ana": Person(
        "u-0001",
        "acme",
        (
            *("users:read", "users:pii", "orders:read", "orders:write", "payments:read", "payments:write"),
            *("expenses:read", "expenses:write", "projections:read", "projections:write"),
            *("reports:read", "notifications:read", "notifications:write"),
        ),
    ),
    "bruno": Person("u-0002", "acme", ("users:read", "orders:read")),
    "carla": Person(
        "u-0003", "acme", ("users:read", "orders:read", "payments:read", "expenses:read", "projections:read")
    ),
}


def new_key() -> rsa.RSAPrivateKey:
    """A new RSA key of 2048 bits."""
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


class KeyRing:
    """Signing keys: the newest signs, the older ones stay published; the oldest of more than 8 is forgotten.

    `now` and `new_id` give the tokens' times and ids, `make` the keys.
    """

    def __init__(
        self,
        issuer: str,
        now: Callable[[], datetime],
        new_id: Callable[[], UUID],
        make: Callable[[], rsa.RSAPrivateKey] = new_key,
    ) -> None:
        self.issuer = issuer
        self._now = now
        self._new_id = new_id
        self._make = make
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self.rotate()

    def rotate(self) -> str:
        """Makes the key that signs from now on, and gives its id."""
        key_id = str(self._new_id())
        self._keys[key_id] = self._make()
        if len(self._keys) > MOST_KEYS:
            del self._keys[next(iter(self._keys))]
        return key_id

    def published(self) -> dict[str, list[dict[str, object]]]:
        """The public halves of all keys as a JWK set."""
        keys: list[dict[str, object]] = []
        for key_id, key in self._keys.items():
            public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
            keys.append(
                {
                    "kty": "RSA",
                    "use": "sig",
                    "alg": "RS256",
                    "kid": key_id,
                    "n": public["n"],
                    "e": public["e"],
                }
            )
        return {"keys": keys}

    def sign(
        self,
        subject: str,
        tenant: str,
        scopes: Iterable[str],
        *,
        audience: Iterable[str] = AUDIENCES,
        life: timedelta = LIFE,
        claims: Mapping[str, object] | None = None,
    ) -> str:
        """A token, valid from now for `life` (which may be negative, for tests); `claims` replace or add
        others.
        """
        key_id, key = next(reversed(self._keys.items()))
        now = int(self._now().timestamp())
        content: dict[str, object] = {
            "iss": self.issuer,
            "sub": subject,
            "aud": list(audience),
            "scope": " ".join(scopes),
            "tenant": tenant,
            "iat": now,
            "nbf": now,
            "exp": now + int(life.total_seconds()),
            "jti": str(self._new_id()),
        }
        return jwt.encode({**content, **(claims or {})}, key, algorithm="RS256", headers={"kid": key_id})

    def verified(self, token: str, audience: str) -> dict[str, Any]:
        """The claims of a token that one of these keys signed for this audience. Raises `jwt.PyJWTError`."""
        key_id = jwt.get_unverified_header(token).get("kid")
        key = self._keys.get(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise jwt.InvalidTokenError("no key of this ring")
        return jwt.decode(
            token,
            key.public_key(),
            algorithms=["RS256"],
            audience=audience,
            issuer=self.issuer,
            options={"require": ["sub", "scope", "tenant", "exp", "iat"]},
        )

    def left(self, claims: Mapping[str, Any]) -> timedelta:
        """How long these claims still hold."""
        return timedelta(seconds=claims["exp"] - int(self._now().timestamp()))

    def sign_for(self, person: Person) -> str:
        """A token as this person gets it."""
        return self.sign(person.subject, person.tenant, person.scopes)
