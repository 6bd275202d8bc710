"""Who asks: the bearer token of a request, checked (DESIGN section 9) and turned into a `Caller`, or refused.

`graph/http/http.py` asks an `Authenticator` before it reads the body. The keys come from `graph/identity/jwks.py`;
the caller goes on to `resolvers/`. No message here holds a token or a claim.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Protocol

import jwt
from cachetools import TLRUCache
from multidict import MultiMapping

from adapters.messages import Identity
from graph.http.refused import Refused
from graph.identity.bearer import bearer_token, unauthenticated
from graph.identity.claims import BadClaims, expiry, partition, tenant_of, words
from graph.identity.jwks import Jwks, KeysUnavailable, UnknownKey
from graph.identity.signing_keys import SigningKey
from graph.identity.token_faults import fault_of
from graph.settings.settings import IdentitySettings
from resolvers.caller import NOBODY, Caller

REMEMBERED_SECONDS: Final = 300.0
REMEMBERED_BYTES: Final = 16 << 20
UNREAD_WARNING: Final = (
    "the project has no [identity]: tokens are passed on to services unread, and no caller is authenticated"
)
_log: Final = logging.getLogger("stolon.identity")


class Authenticator(Protocol):
    """Turns the headers of a request into its caller, or raises `Refused`."""

    async def caller(self, headers: MultiMapping[str]) -> Caller:
        """The caller whom these headers name; `NOBODY` where anonymous callers are welcome and no token
        came.
        """
        ...


class UnreadTokens:
    """The authenticator of a project without `[identity]`: tokens go to the services as they came.

    Callers are separated by a keyed hash of the token; the key is made anew with each process.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = secrets.token_bytes(32) if key is None else key
        _log.warning(UNREAD_WARNING)

    async def caller(self, headers: MultiMapping[str]) -> Caller:
        """The unverified caller. Raises `Refused` for an Authorization header that bears no single token."""
        token = bearer_token(headers)
        if token is None:
            return NOBODY
        digest = hmac.new(self._key, token.encode(), hashlib.sha256).hexdigest()
        return Caller(identity=Identity(partition=f"unverified:{digest}", token=token))


@dataclass(frozen=True, slots=True)
class _Verified:
    borne: str = field(repr=False)
    caller: Caller = field(repr=False)
    key: SigningKey
    until: float
    weight: int


def _until(_hash: int, verified: _Verified, _now: float) -> float:
    return verified.until


def _weight(verified: _Verified) -> int:
    return verified.weight


class VerifiedTokens:
    """The authenticator of a project with `[identity]`: every token is checked against the issuer's published
    keys.

    A token that held is remembered with the header that bore it, by that header's hash: for five minutes at most,
    never beyond its `exp`, and only as long as its key stays published; that spares the 50 µs of the signature.
    `now` is seconds since 1970. With `detail` the log says why a token is refused.
    """

    def __init__(
        self,
        identity: IdentitySettings,
        keys: Jwks,
        now: Callable[[], float] = time.time,
        *,
        detail: bool = False,
    ) -> None:
        self._identity = identity
        self._detail = detail
        self._keys = keys
        self._now = now
        self._remembered: TLRUCache[int, _Verified] = TLRUCache(
            REMEMBERED_BYTES, ttu=_until, timer=now, getsizeof=_weight
        )

    async def caller(self, headers: MultiMapping[str]) -> Caller:
        """The verified caller.

        Raises `Refused`: 401 for a missing or bad token, 403 for a tenant header that does not agree with the
        token, 503 where the issuer's keys could not be fetched yet.
        """
        all_borne = headers.getall("authorization", ())
        borne = all_borne[0] if len(all_borne) == 1 else ""
        try:
            # By Python's own hash, which each process keys anew: the text decides, as in a dictionary, but is no key.
            known = self._remembered[hash(borne)]  # a third of what its `get` costs
        except KeyError:
            known = None
        if known is not None and known.borne == borne and self._keys.publishes(known.key):
            caller = known.caller
        else:
            caller = await self._unknown(headers, borne)
        if self._identity.tenant_header in headers:
            self._check_tenant(headers, caller)
        return caller

    async def _unknown(self, headers: MultiMapping[str], borne: str) -> Caller:
        token = bearer_token(headers)
        if token is not None:
            return await self._checked(token, borne)
        if self._identity.anonymous:
            return NOBODY
        raise unauthenticated("A Bearer token is required.", error=None)

    async def _checked(self, token: str, borne: str) -> Caller:
        try:
            verified = await self._verified(token, borne)
        except (jwt.PyJWTError, UnknownKey) as error:
            self._tell(error)
            # What exactly failed would help only who guesses; the issuer's own clients see good tokens work.
            raise unauthenticated("The token is not valid.") from None
        except BadClaims as error:
            self._tell(error)
            raise unauthenticated(f"The token is not valid: {error}.") from None
        except KeysUnavailable:
            raise Refused(
                503,
                "IDENTITY_UNAVAILABLE",
                "The keys of the identity provider could not be fetched yet.",
                {"retry-after": "10"},
            ) from None
        self._remembered[hash(borne)] = verified
        return verified.caller

    def _tell(self, error: Exception) -> None:
        if self._detail:
            _log.info("a token is not valid: %s", fault_of(error))

    async def _verified(self, token: str, borne: str) -> _Verified:
        identity = self._identity
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        # jku, x5u, jwk and x5c are never looked at: only [identity] says where keys come from. No extension
        # of the header is understood here, so that a critical one refuses the token (RFC 7515, section
        # 4.1.11).
        if algorithm not in identity.algorithms:
            raise jwt.InvalidAlgorithmError
        if "crit" in header:
            raise jwt.InvalidTokenError
        key = await self._keys.key(header.get("kid"), algorithm)
        claims: dict[str, Any] = jwt.decode(
            token,
            key.usable[algorithm],
            algorithms=[algorithm],
            issuer=identity.issuer,
            audience=identity.audience,
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
        now = self._now()
        ends = expiry(
            claims, now, identity.leeway
        )  # against the clock that was given, which PyJWT cannot take
        scopes = words(claims, identity.scopes_claim)
        caller = Caller(
            identity=Identity(
                partition=f"verified:{partition(claims, identity.scopes_claim, scopes, token)}",
                token=token,
                tenant=tenant_of(claims, identity.tenant_claim),
            ),
            authenticated=True,
            scopes=scopes,
            roles=words(claims, identity.roles_claim, "roles"),
            claims=_frozen(claims),
        )
        # A decoded token takes some times the room of its text; the header that bore it may be longer.
        return _Verified(
            borne, caller, key, min(now + REMEMBERED_SECONDS, ends), 4 * len(token) + len(borne) + 1024
        )

    def _check_tenant(self, headers: MultiMapping[str], caller: Caller) -> None:
        if headers.getall(self._identity.tenant_header) != [caller.identity.tenant]:
            raise Refused(
                403,
                "FORBIDDEN",
                f"The header {self._identity.tenant_header} does not agree with the tenant of the token.",
            )


def _frozen(claims: Mapping[str, Any]) -> Mapping[str, object]:
    return MappingProxyType(dict(claims))
