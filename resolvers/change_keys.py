"""The idempotency keys that changes carry to services (draft-ietf-httpapi-idempotency-key-header-07): the client's
own, made one for each change, or new ones.

`resolvers/loading/store.py` asks for a key before each change; `resolvers/call.py` puts it where the operation's
contract wants it; `adapters/policies/retry.py` may then repeat the call, and `adapters/policies/idempotency.py`
knows the client's again.

A client sends one key with a whole GraphQL request. What a service gets is made of it, of who the caller is, of the
operation, of the root field under which the change is made, and of how many changes by this operation the field has
made before: the same request sent again makes the same keys in the same order, and no two changes share one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

import msgspec

from adapters.contract.contract import MISSING, Parameter
from adapters.messages import Once
from resolvers.caller import Caller

HEADERS: Final = frozenset({"idempotency-key", "x-idempotency-key"})
"""Header parameters that hold an idempotency key, in lower case."""

SAMPLE: Final = "00000000-0000-8000-8000-000000000000"
"""What keys look like: a contract whose header may hold this may hold them all."""

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number", order="deterministic")


@dataclass(frozen=True, slots=True)
class ChangeKey:
    """The key of one change. `known`: the client's own stands behind it, so that it may come again."""

    text: str
    known: bool

    def once(
        self, target: str, headers: Mapping[str, str], passed_on: Mapping[str, str], body: object
    ) -> Once | None:
        """What tells the change when it comes again: by everything that its call's contract declares, but for what is
        passed on with any call, such as the caller's languages. None where it never comes again.
        """
        if not self.known:
            return None
        own = sorted(one for one in headers.items() if one[0] not in passed_on)
        declared = _ENCODER.encode([target, own, [] if body is MISSING else [body]])
        return Once(self.text, hashlib.sha256(declared).digest())


def put(
    change: ChangeKey | None, place: Parameter | None, parameters: dict[Parameter, object]
) -> ChangeKey | None:
    """Put the key of a change in its place, and give it back; None where it has none, or where the declaration or a
    resolver put one there: that one is their own affair.
    """
    if change is None or place is None or place in parameters:
        return None
    parameters[place] = change.text
    return change


class ChangeKeys:
    """The keys of one request's changes. `client` is what the client sent, None for nothing."""

    def __init__(self, caller: Caller, client: str | None = None, new: Callable[[], UUID] = uuid4) -> None:
        self._caller = caller
        self._client = client
        self._new = new
        self._field = ""
        self._made: dict[tuple[str, str, str], int] = {}

    def enter(self, field: str) -> None:
        """What comes now is done by the root field of this response key. The root fields of a mutation run one after
        another (GraphQL, section 6.2.2).
        """
        self._field = field

    def next(self, service: str, operation: str) -> ChangeKey:
        """The key of the next change by this operation."""
        if self._client is None:
            return ChangeKey(str(self._new()), known=False)
        place = (service, operation, self._field)
        ordinal = self._made.get(place, 0)
        self._made[place] = ordinal + 1
        parts = (*whose(self._caller), self._client, *place, str(ordinal))
        return ChangeKey(str(_uuid(parts)), known=True)


def whose(caller: Caller) -> tuple[str, ...]:
    """What a caller is known by when it comes again, with a newer token too: issuer, subject and tenant. A token that
    was not read, or that names nobody, stands for itself.
    """
    identity = caller.identity
    if caller.authenticated and caller.subject:
        return ("subject", str(caller.claims.get("iss", "")), caller.subject, identity.tenant or "")
    if identity.token is not None:
        return ("token", identity.token)
    return ("anonymous",)


def _uuid(parts: tuple[str, ...]) -> UUID:
    """A UUID of version 8 (RFC 9562, section 5.8): 122 bits of SHA-256 over the parts, each preceded by its length,
    so that no two different lists spell the same bytes.
    """
    whole = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        whole.update(b"%d:%b" % (len(encoded), encoded))
    number = int.from_bytes(whole.digest()[:16], "big")
    number = number & ~(0xF << 76) | 8 << 76
    number = number & ~(0x3 << 62) | 2 << 62
    return UUID(int=number)
