"""Plans, kept: an operation of the same text is planned once for each set of values of the booleans that decide
what is selected.

Bounded by count and by an estimate of bytes, so that a caller who never repeats a document costs no more
memory than one who does. `graph/plans.py` asks here for every request.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from cachetools import LRUCache

from resolvers.plan.coverage import Reason
from resolvers.plan.plan import Plan

MOST_OPERATIONS: Final = 1_000
MOST_BYTES: Final = 64 * 1024 * 1024
MOST_VARIANTS: Final = 32
"""Plans of one operation: `n` conditions have `2 ** n` values."""

# Bytes, measured with tracemalloc: of an operation, and of a field with its shape, its syntax and its share of steps.
_PER_OPERATION: Final = 2_000
_PER_FIELD: Final = 1_600

Key: TypeAlias = "tuple[str, str | None]"
"""A document's text and the name of its operation."""


@dataclass(slots=True, eq=False)
class Variants:
    """What is kept of one operation: the variables that decide what is selected (`conditions`), and for their
    values the plan, or the reason for which there is none.
    """

    conditions: tuple[str, ...]
    plans: dict[tuple[Hashable, ...], Plan | Reason] = field(default_factory=dict)


class PlanCache:
    """The plans of one schema: of at most `count` operations and at most `size` bytes, the least recently used
    going first.
    """

    def __init__(self, count: int = MOST_OPERATIONS, size: int = MOST_BYTES) -> None:
        # Each counts as an equal share at least, so that one bound keeps both.
        self._least = max(size // count, 1)
        self._kept: LRUCache[Key, Variants] = LRUCache(size, getsizeof=_weight(self._least))
        self.get = self._kept.get
        """What is kept of an operation, or None."""

    def __len__(self) -> int:
        """How many plans are kept."""
        return sum(len(one.plans) for one in self._kept.values())

    def keep(self, key: Key, variants: Variants, values: tuple[Hashable, ...], found: Plan | Reason) -> None:
        """Keep one more plan of an operation, unless that alone takes more than all may."""
        while len(variants.plans) >= MOST_VARIANTS:
            del variants.plans[next(iter(variants.plans))]
        variants.plans[values] = found
        self._kept.pop(key, None)  # what it weighs is asked when it is put in
        if self._kept.getsizeof(variants) <= self._kept.maxsize:
            self._kept[key] = variants


def _weight(least: int) -> Callable[[Variants], int]:
    def weight(variants: Variants) -> int:
        fields = sum(one.fields for one in variants.plans.values() if isinstance(one, Plan))
        return max(_PER_OPERATION + _PER_FIELD * fields, least)

    return weight
