"""Plans, kept: an operation of the same text is planned once for each set of values of the booleans that decide
what is selected.

Bounded by count and by an estimate of bytes, so that a caller who never repeats a document costs no more
memory than one who does. `graph/executing/plans.py` asks here for every request.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from cachetools import LRUCache
from graphql import FragmentDefinitionNode, Location, OperationDefinitionNode

from resolvers.plan.coverage import Reason
from resolvers.plan.operation import Operation, conditions
from resolvers.plan.plan import Plan, Shape
from resolvers.plan.walking import objects

MOST_OPERATIONS: Final = 1_000
MOST_BYTES: Final = 64 * 1024 * 1024
MOST_VARIANTS: Final = 32
"""Plans of one operation: `n` conditions have `2 ** n` values."""

# Bytes, measured with tracemalloc over operations of 1 to 50 fields, objects and steps of every kind, before and
# after each was planned, compiled and run once (`tests/resolvers/test_fast_memory.py`), as what none of them took
# more than: of an operation, of a field, of an object and of a step; and of a token with what the parser made of it.
# A field's plan takes up to 700, its columns and its places in the types of what is decoded and what leaves 1,600;
# these types themselves are an object's 3,200, and what a step is compiled to takes 4,500. They are counted for what
# has no program too: plans are weighed before they are compiled. A plan holds the syntax of its fields, and that the
# whole document's tokens.
_PER_OPERATION: Final = 2_000
_PER_FIELD: Final = 700 + 1_600
_PER_OBJECT: Final = 3_200
_PER_STEP: Final = 4_500
_PER_TOKEN: Final = 700
_TEXTS: Final = 2  # the text, and the names, strings and comments in its tokens, which are no longer than it

Key: TypeAlias = "tuple[str, str | None]"
"""A document's text and the name of its operation."""


@dataclass(slots=True, eq=False)
class Variants:
    """What is kept of one operation: the variables that decide what is selected (`conditions`), and for their
    values the plan, or the reason for which there is none.

    `node` and `fragments` are the syntax that the plans were made of, or its equal; `syntax` is an estimate of
    its bytes, `taken` one of those of each plan with its program.
    """

    conditions: tuple[str, ...]
    plans: dict[tuple[Hashable, ...], Plan | Reason] = field(default_factory=dict)
    node: OperationDefinitionNode | None = field(default=None, repr=False)
    fragments: Mapping[str, FragmentDefinitionNode] = field(default_factory=dict, repr=False)
    syntax: int = 0
    taken: dict[tuple[Hashable, ...], int] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, operation: Operation, location: Location) -> Variants:
        """Nothing yet, of an operation that stands there."""
        fragments = {name: one.definition for name, one in operation.fragments.items()}
        return cls(conditions(operation.node, fragments), {}, operation.node, fragments, _syntax(location))

    def are_of(self, operation: Operation) -> bool:
        """Whether these are of that very operation. A text alone does not tell: an extension may have rewritten
        what was parsed, for one caller otherwise than for another, and what it wrote still names the text.
        """
        if self.node is operation.node:
            for name, one in operation.fragments.items():
                if one.definition is not self.fragments.get(name):
                    break
            else:
                return True
        fragments = {name: one.definition for name, one in operation.fragments.items()}
        if self.node != operation.node or self.fragments != fragments:
            return False
        # Parsed anew: who keeps what was parsed brings the same again, which then costs no comparing.
        self.node, self.fragments = operation.node, fragments
        return True


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
            oldest = next(iter(variants.plans))
            del variants.plans[oldest], variants.taken[oldest]
        variants.plans[values] = found
        variants.taken[values] = _taken(found) if isinstance(found, Plan) else 0
        self._kept.pop(key, None)  # what it weighs is asked when it is put in
        if self._kept.getsizeof(variants) <= self._kept.maxsize:
            self._kept[key] = variants


def _weight(least: int) -> Callable[[Variants], int]:
    def weight(variants: Variants) -> int:
        # Each plan may have been made of a parsing of its own, and what is compared with may be one more.
        syntax = variants.syntax * (len(variants.plans) + 1)
        return max(_PER_OPERATION + sum(variants.taken.values()) + syntax, least)

    return weight


def alive(plan: Plan) -> int:
    """An estimate of the bytes that a program of a plan keeps alive, where it is kept by itself."""
    locations = {
        id(node.loc): node.loc for one in plan.root.fields for node in one.nodes if node.loc is not None
    }
    sources = {id(one.source): one for one in locations.values()}
    return _PER_OPERATION + _taken(plan) + sum(map(_syntax, sources.values()))


def _syntax(location: Location) -> int:
    """An estimate of the bytes of a document."""
    return _TEXTS * sys.getsizeof(location.source.body) + _PER_TOKEN * _tokens(location)


def _taken(plan: Plan) -> int:
    """An estimate of the bytes of a plan and its program."""
    return _PER_FIELD * plan.fields + _PER_OBJECT * _objects(plan.root) + _PER_STEP * len(plan.steps)


def _objects(shape: Shape) -> int:
    """How many objects there are shapes of."""
    return sum(1 + sum(_objects(one.shape) for one in each.fields) for each in objects(shape))


def _tokens(location: Location) -> int:
    """How many tokens the document has, comments too."""
    count, token = 0, location.start_token.prev
    while token is not None:
        count, token = count + 1, token.prev
    token = location.start_token
    while token is not None:
        count, token = count + 1, token.next
    return count
