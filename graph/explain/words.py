"""Prices in words, for the tree and the chart."""

from __future__ import annotations

from graph.explain.report import Report


def price_of(calls: Report) -> str:
    """The bound on calls, and the formula that it comes from: `2 calls = 1 + ceil(10 / 50)`."""
    most, formula = calls["atMost"], calls["formula"]
    if most is None:
        return f"{formula} calls"
    return counted(most, "call") if formula == str(most) else f"{counted(most, 'call')} = {formula}"


def bound_of(calls: Report) -> str:
    """The same as a bound; of what calls nothing, that."""
    return "no call" if calls["atMost"] == 0 else f"at most {price_of(calls)}"


def counted(count: int, word: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{count} {word}{'' if count == 1 else 's'}"
