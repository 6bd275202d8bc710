"""Who sent the GraphQL request. `graph/identity/auth.py` makes a caller; the context hands it to resolvers and to
calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.messages import ANONYMOUS, Identity


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller, verified against the project's `[identity]`, or unverified where the project has none.

    `claims` are the verified token's claims, empty for anonymous and unverified callers. `scopes` and `roles` as
    the token grants them, from the claims that the project names. `identity` is what upstream calls may carry of
    the caller.
    """

    identity: Identity = field(default=ANONYMOUS, repr=False)
    authenticated: bool = False
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    claims: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def subject(self) -> str | None:
        """The `sub` claim (RFC 7519, section 4.1.2), or None."""
        value = self.claims.get("sub")
        return value if isinstance(value, str) else None


NOBODY = Caller()
