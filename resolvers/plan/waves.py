"""Pass: in which round of upstream calls each step can start.

After serving, whose order it relies on: a step comes after the one that holds its parents. Waves are counted,
not waited for: a step starts when its own parents are there, whatever else is under way.
"""

from __future__ import annotations

from graphql import OperationType

from resolvers.plan.meaning import Call
from resolvers.plan.plan import Step


def waves(steps: tuple[Step, ...], kind: OperationType) -> tuple[int, ...]:
    """Per step its wave, from 1. A resolver's own calls cannot be foreseen: it starts a wave only where it is
    itself after a call. The root fields of a mutation come one after another (GraphQL, section 6.2.2).
    """
    found: list[int] = []
    before = 0  # the waves of the root fields that a mutation has behind it
    highest = 0
    for step in steps:
        if step.after is None:
            if kind is OperationType.MUTATION:
                before = highest
            wave = before + 1
        else:
            wave = found[step.after] + isinstance(steps[step.after].field.meaning, Call)
        found.append(wave)
        highest = max(highest, wave if isinstance(step.field.meaning, Call) else wave - 1)
    return tuple(found)


def count(steps: tuple[Step, ...], found: tuple[int, ...]) -> int:
    """How many waves of upstream calls there are; resolvers' own not counted."""
    called = zip(steps, found, strict=True)
    return max((wave for step, wave in called if isinstance(step.field.meaning, Call)), default=0)
