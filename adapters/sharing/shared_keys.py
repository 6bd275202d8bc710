"""What replicas tell each other of clients' idempotency keys: the words of `adapters/policies/claims.py` for it.

`adapters/sharing/redis_keys.py` keeps the promise over a shared store. A claim is a lease: whoever holds one makes
the change, and where its holder dies, the next may make it when the lease is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from adapters.messages import Once, Response


@dataclass(frozen=True, slots=True)
class Mine:
    """The change is to be made here. `token` is the claim's own; `first` that nothing was known of the key."""

    token: bytes = field(repr=False)
    first: bool


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another replica makes the change, for at most so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """The change was made, with this answer."""

    answer: Response


@dataclass(frozen=True, slots=True)
class Otherwise:
    """The key was used for another payload."""


Claim: TypeAlias = Mine | Elsewhere | Answered | Otherwise


class SharedKeys(Protocol):
    """What all replicas know of keys. No method raises but for cancellation; all are bounded in time."""

    async def claim(self, service: str, once: Once, *, lease: float, keep: float) -> Claim | None:
        """Whose the change is: for `lease` seconds mine, if it is. The key is known for `keep` seconds from then on.
        None where nobody can say, since there is no store: each replica for itself.
        """

    async def land(
        self, service: str, once: Once, mine: Mine, answer: Response | None, *, sent: bool, keep: float
    ) -> None:
        """The end of a change that was mine: `answer` is what it succeeded with; without one it may have been `sent`,
        or else had no effect.
        """
