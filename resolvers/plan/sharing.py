"""Pass: which steps ask the store for the same. A second step of the same entity, or of the same calls with the
same arguments, shares what the first one got; nothing is asked twice.

After serving. What is shared in the end depends on the values of the parents; this says where it may be.
"""

from __future__ import annotations

from collections.abc import Hashable

from graphql import print_ast

from resolvers.plan.meaning import Call
from resolvers.plan.plan import Step
from resolvers.source import Grouped, Lookup


def shares(steps: tuple[Step, ...]) -> tuple[int | None, ...]:
    """Per step the first step before it that asks for the same kind of thing; None where there is none."""
    first: dict[Hashable, int] = {}
    return tuple(None if (key := _key(step)) is None else _seen(first, key, step.number) for step in steps)


def _seen(first: dict[Hashable, int], key: Hashable, number: int) -> int | None:
    found = first.setdefault(key, number)
    return None if found == number else found


def _key(step: Step) -> Hashable | None:
    meaning = step.field.meaning
    if not isinstance(meaning, Call):
        return None
    if isinstance(meaning.source, Lookup):
        return meaning.source.entity.slot
    if not meaning.source.call.safe:
        return None  # a change is never shared
    arguments = sorted(print_ast(one) for one in step.field.details[0].node.arguments or ())
    of = meaning.source.asks if isinstance(meaning.source, Grouped) else id(meaning.source)
    return (of, tuple(arguments))
