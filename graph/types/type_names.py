"""The names of generated types: settled last, when it is known which types there are.

A generated type is named after its schema, or after its parent and property. Where two contracts, or a
contract and the project's own code, want one name, every generated one is prefixed with its contract's name.
Of two places of one contract that want one name, a schema of that very name has it, and the others are
numbered. Never are two merged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.union import StrawberryUnion

from adapters.contract.contract import Contract, Schema
from graph.types.naming import pascal

# What a generated type can't be called: GraphQL's own and Stolon's scalars, Relay's page info, and the names
# that SDL takes for root types (GraphQL, section 3.3.1).
RESERVED: Final = frozenset(
    {
        *("ID", "String", "Int", "Float", "Boolean", "JSON", "BigInt", "Decimal"),
        *("DateTime", "Date", "Time", "UUID", "Void", "PageInfo"),
        *("Query", "Mutation", "Subscription"),
    }
)

Definition: TypeAlias = StrawberryObjectDefinition | StrawberryEnumDefinition | StrawberryUnion


@dataclass(slots=True, eq=False)
class _Made:
    contract: str
    wanted: str
    rank: int
    definition: Definition

    def give(self, name: str) -> None:
        """Let the type have this name."""
        if isinstance(self.definition, StrawberryUnion):
            self.definition.graphql_name = name
        else:
            self.definition.name = name


@dataclass(slots=True)
class TypeNames:
    """The generated types of one graph, until they are named."""

    _made: list[_Made] = field(default_factory=list)

    def note(
        self,
        contract: Contract,
        schema: Schema,
        wanted: str,
        definition: Definition,
    ) -> None:
        """A type was made, and wants this name."""
        rank = 2 if schema.name is None else int(schema.name != wanted)
        self._made.append(_Made(contract.name, wanted, rank, definition))

    def settle(self, taken: Iterable[str]) -> list[str]:
        """Give every generated type its name, beside those that the project's own types have taken; what
        collides still.
        """
        own = {*taken, *RESERVED}
        by_name: dict[str, dict[str, list[_Made]]] = defaultdict(lambda: defaultdict(list))
        for made in self._made:
            by_name[made.wanted][made.contract].append(made)
        final: set[str] = set(own)
        numbered: list[tuple[str, _Made]] = []
        wrong: list[str] = []
        # Whoever keeps the name that it wants goes before those that are given another one.
        for name, contracts in sorted(by_name.items(), key=lambda pair: _clashes(pair[0], pair[1], own)):
            for contract, several in contracts.items():
                chosen = pascal(contract) + name if _clashes(name, contracts, own) else name
                if chosen in final:
                    wrong.append(
                        f"two types want the name {chosen!r}: rename one, or declare it with @rest.type"
                    )
                    continue
                first, *others = sorted(several, key=lambda made: made.rank)
                first.give(chosen)
                final.add(chosen)
                numbered += [(chosen, made) for made in others]
        for chosen, made in numbered:
            count = 2
            while f"{chosen}{count}" in final:
                count += 1
            made.give(f"{chosen}{count}")
            final.add(f"{chosen}{count}")
        return wrong


def _clashes(name: str, contracts: dict[str, list[_Made]], own: set[str]) -> bool:
    return name in own or len(contracts) > 1
