"""What a ledger wrote down, in the form of reports: counts, bytes, and milliseconds since the run began."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

from resolvers.run.ledger import CallMade, Ledger, Served


def run_did(ledger: Ledger) -> dict[str, Any]:
    """What the whole run did, call by call; `moreCalls` are those that were only counted."""
    return {
        "ms": _ms(ledger.now()),
        "calls": [_call(one) for one in ledger.calls],
        "moreCalls": ledger.more_calls,
    }


def step_did(ledger: Ledger, number: int) -> dict[str, Any]:
    """What one step did. A call that was made for several steps counts for each of them."""
    done = ledger.steps[number]
    calls = [one for one in ledger.calls if number in one.steps]
    served = Counter(one.served for one in calls)
    return {
        "parents": done.parents,
        "asked": done.asked,
        "fromStore": done.from_store,
        "calls": len(calls),
        "bytes": sum(one.bytes for one in calls),
        "begun": None if done.begun is None else _ms(done.begun),
        "ended": None if done.ended is None else _ms(done.ended),
        "served": {where: served[where] for where in get_args(Served)},
    }


def _call(one: CallMade) -> dict[str, Any]:
    return {
        "service": one.service,
        "operation": one.operation,
        "begun": _ms(one.begun),
        "ended": _ms(one.ended),
        "status": one.status,
        "bytes": one.bytes,
        "served": one.served,
        "steps": [number + 1 for number in one.steps],
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
