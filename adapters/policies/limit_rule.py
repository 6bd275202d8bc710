"""How much a service, or one operation of it, is asked at most: what `[services.NAME.limit]` says.

`graph/settings/service_tables.py` reads it, `adapters/policies/limit.py` keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from adapters.policies.rate import Pace, Rate, pace


@dataclass(frozen=True, slots=True)
class LimitRule:
    """At most `calls` under way at once, at most `queue` that wait for their turn, at most `rate` in its time, of
    which `burst` at once (a tenth where it is None). `learn`: what answers tell of their service's limits is heeded.

    Without `calls` as many as the service has connections; without `rate` as many as there are. An operation's
    own rule counts by itself what it says, and what it doesn't say (`calls`, `rate`) together with the service; what
    its answers tell holds for it alone.
    Raises ValueError for what cannot work.
    """

    calls: int | None = None
    queue: int = 1_000
    rate: Rate | None = None
    burst: int | None = None
    learn: bool = True

    def __post_init__(self) -> None:
        if self.calls is not None and self.calls < 1:
            raise ValueError("limit: calls must be at least 1")
        if self.queue < 0:
            raise ValueError("limit: queue must be at least 0")
        if self.burst is not None and self.rate is None:
            raise ValueError("limit: burst is of a rate, and there is none")
        _ = self.pace

    def with_service(self) -> LimitRule:
        """The rule of an operation which says nothing of its own: it counts together with the service."""
        return replace(self, calls=None, rate=None, burst=None)

    @property
    def pace(self) -> Pace | None:
        """The pace that keeps the rate; None without a rate."""
        if self.rate is None:
            return None
        return pace(self.rate, self.rate.usual_burst if self.burst is None else self.burst)
