"""How often a service may be called, by the rate that it publishes: the generic cell rate algorithm. Pure.

`adapters/policies/limit.py` asks and tells. One number is kept, the theoretical arrival time: when the next call
would come if all came evenly (ITU-T I.371, annex A). A call may go while that is not too far ahead.

A bucket of tokens lets through its content and its refill, which is more in a minute than the rate says. Here the
refill is slowed down by what may go at once, so that a service which counts by the clock's minute, or by any other,
never counts more than its rate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_UNITS: Final = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_DUST: Final = 1e-6
"""Seconds that sums of floats may be wrong by: nobody waits for them."""
_TEXT: Final = re.compile(r"([1-9][0-9]{0,8})\s?/\s?(s|min|h|d)")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `calls` in any `seconds`."""

    calls: int
    seconds: float

    def __post_init__(self) -> None:
        if not (self.calls >= 1 and self.seconds > 0):
            raise ValueError("rate: calls must be at least 1, and seconds greater than 0")

    def __str__(self) -> str:
        unit = next((name for name, seconds in _UNITS.items() if seconds == self.seconds), None)
        return f"{self.calls}/{unit}" if unit else f"{self.calls} in {self.seconds:g} s"

    def shared(self, workers: int) -> Rate:
        """What one of so many has of it. Where there are fewer calls than workers each makes one, the more seldom."""
        if self.calls >= workers:
            return Rate(self.calls // workers, self.seconds)
        return Rate(1, self.seconds * workers / self.calls)

    @property
    def usual_burst(self) -> int:
        """How many go at once where nobody says it: a tenth, which costs a tenth of the rate."""
        return max(1, self.calls // 10)


def rate(text: str) -> Rate | None:
    """The rate that a text such as `10/s`, `100/min`, `5000/h` or `1/d` says, or None."""
    found = _TEXT.fullmatch(text)
    return None if found is None else Rate(int(found[1]), _UNITS[found[2]])


@dataclass(frozen=True, slots=True)
class Pace:
    """Calls one `interval` of seconds after the other, and so many of them `ahead` in time, in seconds."""

    interval: float
    ahead: float


def pace(allowed: Rate, burst: int) -> Pace:
    """The pace at which `burst` calls may go at once and no `seconds` ever see more than `calls`. Raises ValueError
    where more should go at once than may go at all.
    """
    if not 1 <= burst <= allowed.calls:
        raise ValueError("limit: burst must be at least 1, and at most the calls of the rate")
    interval = allowed.seconds / (allowed.calls - burst + 1)
    return Pace(interval, (burst - 1) * interval)


def wait(kept: Pace, arrival: float, now: float, calls: int = 0) -> float:
    """The seconds until a call may go, 0.0 for now, once so many others have gone before it. `arrival` is the
    theoretical arrival time, at first any in the past.
    """
    left = max(arrival, now) + calls * kept.interval - kept.ahead - now
    return left if left > _DUST else 0.0


def gone(kept: Pace, arrival: float, now: float) -> float:
    """The theoretical arrival time once a call has gone."""
    return max(arrival, now) + kept.interval
