"""The site of a call that is being bound: what was declared, what for, and where its mistakes are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from adapters.contract.contract import Contract, Operation, Schema
from graph.binding.results import Wanted, property_at
from graph.declaring.declare import OperationName
from graph.declaring.mistakes import Mistakes
from graph.types.naming import attribute_names

Role: TypeAlias = Literal["one", "many", "field", "list", "grouped", "connection", "mutation", "call"]
"""What a call is for: an entity's `one` or `many`, a field of one value or a whole list, a grouped link, a
connection, a mutation, or `context.call`.
"""

PAGED_ROLES: Final = frozenset({"many", "list", "grouped", "connection"})


@dataclass(frozen=True, slots=True)
class Parent:
    """The bound type that a call is a field of: its schema, and what its attributes are called upstream."""

    contract: Contract
    schema: Schema
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a call is bound for. `path` is what mistakes are about; `key` names the parts of an entity's key.

    `ids` are the parameters that hold a key of the field's type, and are IDs. `named` is what types are named
    after that have no name of their own. `shows` is the bound type that the answer, or each item of it, is shown as.
    `parent_is_unread` says that there is a parent, of which nothing is known since its contract or schema is wrong.
    """

    role: Role
    path: str
    wanted: Wanted
    parent: Parent | None = None
    key: tuple[str, ...] = ()
    ids: frozenset[str] = frozenset()
    named: str = ""
    shows: str | None = None
    parent_is_unread: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """One declared call together with its operation."""

    name: OperationName
    ask: Ask
    contract: Contract
    operation: Operation
    mistakes: Mistakes

    def wrong(self, message: str) -> None:
        """Note a mistake of this call."""
        self.mistakes.at(self.name.position, self.ask.path, message)


def upstream_path(parent: Parent, path: str) -> tuple[str, ...] | str:
    """The upstream names of a dotted path of attributes or properties; or what is wrong with it."""
    contract, schema = parent.contract, parent.schema
    made: list[str] = []
    for step in path.split("."):
        names = attribute_names(one.name for one in schema.properties) if made else parent.names
        upstream = step if schema.property(step) is not None else names.get(step, step)
        found = property_at(contract, schema, (upstream,))
        if isinstance(found, str):
            return found
        made.append(upstream)
        schema = contract.schema(found[0])
    return tuple(made)
