"""Why a token is not valid, in words for whoever develops the project: no claim's value and no part of a token.

`graph/identity/auth.py` logs it in `stolon dev` and `stolon demo`; clients never get it, since it would help who
guesses.
"""

from __future__ import annotations

from typing import Final

import jwt

from graph.identity.claims import BadClaims
from graph.identity.jwks import UnknownKey

# The first that fits counts: an invalid signature is a kind of what cannot be decoded.
_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (jwt.InvalidSignatureError, "its signature is not of the key that it names"),
    (jwt.InvalidAudienceError, "its audience (aud) is not of [identity] audience"),
    (jwt.InvalidIssuerError, "its issuer (iss) is not [identity] issuer"),
    (jwt.InvalidAlgorithmError, "its algorithm (alg) is not of [identity] algorithms"),
    (UnknownKey, "the key set of [identity] jwks has no key for its kid and alg"),
    (jwt.DecodeError, "it cannot be decoded"),
)


def fault_of(error: Exception) -> str:
    """The reason behind a refusal: from the kind of the exception alone, whose text may name values."""
    if isinstance(error, BadClaims):
        return str(error)
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"it has no {error.claim} claim"
    found = (reason for kind, reason in _REASONS if isinstance(error, kind))
    return next(found, "it is not as RFC 7519 wants it")
