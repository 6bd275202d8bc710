"""Which keys of a published key set may check signatures, and for which algorithms (RFC 7517, RFC 7518).
Pure.

`graph/identity/jwks.py` fetches the set; `graph/identity/auth.py` checks tokens with the keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm

MOST_KEYS: Final = 100
_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_BY_CURVE: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
    ("OKP", "Ed448"): frozenset({"EdDSA"}),
}


class BadKeySet(Exception):
    """What was published is no key set. The message holds nothing of it."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key. Two keys are equal when the same `kid` names the same key for the same algorithms.

    `usable` holds the key once for each algorithm that it may check.
    """

    kid: str | None
    digest: str
    usable: Mapping[str, jwt.PyJWK] = field(compare=False, repr=False)


def read_key_set(body: bytes, algorithms: Iterable[str]) -> tuple[SigningKey, ...]:
    """The keys of a JWK set (RFC 7517, section 5) that may check signatures of these algorithms; others are
    left out.

    Left out are symmetric and private keys, keys for encryption, RSA keys under 2048 bits, and keys that
    cannot be read. Raises `BadKeySet` where the body is no set, or one of more than 100 keys.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadKeySet("the key set is no JSON") from None
    published = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(published, list):
        raise BadKeySet("the key set has no list of keys")
    if len(published) > MOST_KEYS:
        raise BadKeySet(f"the key set holds more than {MOST_KEYS} keys")
    allowed = frozenset(algorithms)
    keys = (_signing_key(jwk, allowed) for jwk in published if isinstance(jwk, dict))
    return tuple(dict.fromkeys(key for key in keys if key is not None))


def _signing_key(jwk: Mapping[str, Any], allowed: frozenset[str]) -> SigningKey | None:
    kid = jwk.get("kid")
    if not _is_for_signatures(jwk) or not (kid is None or isinstance(kid, str)):
        return None
    names = _algorithms_of(jwk) & allowed
    try:
        usable = {name: jwt.PyJWK(dict(jwk), algorithm=name) for name in sorted(names)}
    except (
        jwt.PyJWTError,
        UnsupportedAlgorithm,
        ValueError,
        TypeError,
        ArithmeticError,
    ):  # a key that cannot be built checks nothing
        return None
    if not usable or any(key.Algorithm.check_key_length(key.key) for key in usable.values()):
        return None
    material = {name: jwk.get(name) for name in ("kty", "crv", "n", "e", "x", "y")}
    digest = hashlib.sha256(msgspec.json.encode([material, sorted(usable)])).hexdigest()
    return SigningKey(kid, digest, usable)


def _is_for_signatures(jwk: Mapping[str, Any]) -> bool:
    operations = jwk.get("key_ops", ["verify"])
    return (
        jwk.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and "d" not in jwk  # a private key that is published belongs to everybody
    )


def _algorithms_of(jwk: Mapping[str, Any]) -> frozenset[str]:
    kind, curve, stated = jwk.get("kty"), jwk.get("crv"), jwk.get("alg")
    if kind == "RSA":
        known = _RSA
    elif isinstance(kind, str) and isinstance(curve, str):
        known = _BY_CURVE.get((kind, curve), frozenset())
    else:
        known = frozenset()
    return known if stated is None else known & {str(stated)}
