"""What a verified token's claims say: when it counts, which scopes and tenant it grants, whose answers it may
share. Pure.

`graph/identity/auth.py` reads claims with these after the signature held; `resolvers/caller.py` carries the result
on.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec

_ABSENT: Final = object()
_OF_ONE_TOKEN: Final = frozenset({"exp", "iat", "nbf", "jti"})


class BadClaims(Exception):
    """Claims for which the token is refused. The message is for the client and holds no value of the
    token.
    """


def claim(claims: Mapping[str, Any], name: str) -> object:
    """The claim of exactly this name, else the one at the dotted path (`realm_access.roles`), else None."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def words(claims: Mapping[str, Any], name: str, what: str = "scopes") -> frozenset[str]:
    """The words of a claim that is text with spaces between them (RFC 8693, section 4.2) or a list of texts.

    Raises `BadClaims` where it is neither: scopes or roles (`what`) that cannot be read must not look like none.
    """
    found = claim(claims, name)
    if found is None:
        return frozenset()
    if isinstance(found, str):
        return frozenset(found.split())
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        return frozenset(found)
    raise BadClaims(f"a claim of {what} is neither text nor a list of texts")


def tenant_of(claims: Mapping[str, Any], name: str) -> str | None:
    """The tenant claim, or None. Raises `BadClaims` where it is no text."""
    found = claim(claims, name)
    if found is None or (isinstance(found, str) and found):
        return found
    raise BadClaims("the tenant claim is no text")


def expiry(claims: Mapping[str, Any], now: float, leeway: float) -> float:
    """When the token ends, in seconds since 1970 (RFC 7519, section 4.1.4), without the leeway.

    Raises `BadClaims` where the token has ended, has not begun (`nbf`), or was issued in the future (`iat`),
    each by more than the leeway in seconds.
    """
    ends = _moment(claims, "exp")
    if ends is None:
        raise BadClaims("the token has no exp claim")
    if now >= ends + leeway:
        raise BadClaims("the token has expired")
    for name in ("nbf", "iat"):
        begins = _moment(claims, name)
        if begins is not None and begins > now + leeway:
            raise BadClaims("the token is not valid yet")
    return ends


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    found = claims.get(name, _ABSENT)
    if found is _ABSENT:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise BadClaims(f"the {name} claim is no number")
    return float(found)


def partition(claims: Mapping[str, Any], scopes_claim: str, scopes: frozenset[str], token: str) -> str:
    """What separates this caller in caches and flights: a hash of every claim but those of the one token.

    Issuer, subject, tenant and scopes are in it, and so is whatever else a service may look at (roles, `acr`,
    `azp`), so that two tokens share answers only where no service could tell them apart but by time. A token
    without a subject shares with no other. Raises `BadClaims` for claims that are no Unicode text, or nested
    without end.
    """
    named = {
        name: value for name, value in claims.items() if name not in _OF_ONE_TOKEN and name != scopes_claim
    }
    alone = None if claims.get("sub") else token
    try:
        text = msgspec.json.encode([named, sorted(scopes), alone], order="deterministic")
    except (UnicodeEncodeError, RecursionError):  # JSON that PyJWT reads, but nothing can write again
        raise BadClaims("a claim cannot be read") from None
    return hashlib.sha256(text).hexdigest()
