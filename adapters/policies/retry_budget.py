"""How much extra load retries may be: a bucket of tokens for each service.

`adapters/policies/retry.py` tells it of every call and takes a token for every repetition. When a service goes
down for good, each of its callers wants to repeat every call; the budget is what keeps that from doubling and
tripling the load on a service which has too much of it already.
"""

from __future__ import annotations

from typing import Final

_TOKEN: Final = 1_000_000
"""Tokens are counted in millionths: sums of floats would drift, and the bound would no longer be exact."""


class RetryBudget:
    """Tokens for repetitions: `burst` at first and at most; each call adds `share` of one.

    So that, over any stretch of time, repetitions <= burst + share * calls. No clock: what is bounded is the load
    on top of that of the calls, however fast they come.
    """

    __slots__ = ("_adds", "_most", "_tokens")

    def __init__(self, share: float, burst: int) -> None:
        self._adds = round(share * _TOKEN)
        self._most = burst * _TOKEN
        self._tokens = self._most

    def __repr__(self) -> str:
        return f"RetryBudget(tokens={self._tokens / _TOKEN:g})"

    def called(self) -> None:
        """A call begins, whatever becomes of it."""
        tokens = self._tokens + self._adds
        self._tokens = tokens if tokens < self._most else self._most

    def take(self) -> bool:
        """Whether one repetition is in the budget; if so, its token is gone."""
        if self._tokens < _TOKEN:
            return False
        self._tokens -= _TOKEN
        return True
