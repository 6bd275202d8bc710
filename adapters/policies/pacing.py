"""Whether a service may be asked now, as to time: by its stated rate, and by what its answers told. No I/O: time is
an argument.

`adapters/policies/limit.py` has one for the service, and one for each operation with a rule of its own. What
answers tell is kept by party: where callers come with credentials of their own, a service counts each by itself,
and what one has used up is no other's loss.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from adapters.policies.quota import Quota
from adapters.policies.rate import Pace, gone, wait

MOST_PARTIES: Final = 1_000
"""Whose quotas are known at once; who was heard of the longest ago is forgotten first."""


class Told:
    """What one party was told: so many calls until then. Those under way may or may not be counted in it."""

    __slots__ = ("remaining", "under_way", "until")

    def __init__(self) -> None:
        self.remaining = 0
        self.until = 0.0
        self.under_way = 0


class Beat:
    """One stated pace, or None for none, and how far ahead of it calls are. Several pacings may share it."""

    __slots__ = ("arrival", "kept")

    def __init__(self, kept: Pace | None) -> None:
        self.kept = kept
        self.arrival = 0.0

    def wait(self, now: float, calls: int = 0) -> float:
        """The seconds until a call may go, once so many others have gone before it."""
        return 0.0 if self.kept is None else wait(self.kept, self.arrival, now, calls)

    def go(self, now: float) -> None:
        """A call goes."""
        if self.kept is not None:
            self.arrival = gone(self.kept, self.arrival, now)


class Pacing:
    """A beat, and what each party was told. Times are seconds on one clock."""

    __slots__ = ("_told", "beat")

    def __init__(self, beat: Beat) -> None:
        self.beat = beat
        self._told: OrderedDict[str, Told] = OrderedDict()

    def __len__(self) -> int:
        return len(self._told)

    def may(self, now: float, party: str) -> bool:
        """Whether a call may go now."""
        if self.beat.kept is None and not self._told:
            return True
        return self.wait(now, party) <= 0.0

    def wait(self, now: float, party: str) -> float:
        """The seconds until the party's call may go, as far as is known: an answer may tell of something sooner."""
        told = self._told.get(party) if self._told else None
        held = 0.0 if told is None or told.remaining > told.under_way else max(0.0, told.until - now)
        return max(held, self.beat.wait(now))

    def certain(self, now: float, party: str, calls: int) -> float:
        """The seconds that the party's call has to wait in any case, with so many calls before it."""
        told = self._told.get(party)
        held = 0.0 if told is None or told.remaining > 0 else max(0.0, told.until - now)
        return max(held, self.beat.wait(now, calls))

    def go(self, now: float, party: str) -> Told | None:
        """A call goes. Gives what `ended` wants to have back."""
        self.beat.go(now)
        if not self._told:
            return None
        told = self._told.get(party)
        if told is None:
            return None
        if told.until <= now and not told.under_way:
            del self._told[party]  # it tells nothing any more
            return None
        told.under_way += 1
        return told

    def ended(self, now: float, party: str, counted: Told | None, quota: Quota | None) -> None:
        """A call has ended, and its answer told this. Where none told anything it may have been counted."""
        if counted is not None:
            counted.under_way -= 1
            if quota is None:
                counted.remaining = max(0, counted.remaining - 1)
        if quota is None:
            return
        told = self._told.setdefault(party, Told())
        self._told.move_to_end(party)
        told.remaining, told.until = quota.remaining, now + quota.reset
        if len(self._told) > MOST_PARTIES:
            self._told.popitem(last=False)
