"""What plans do not cover: such operations run on the reference lane, and are counted by these reasons.

First of the passes, since nothing else need be worked out for what is not run on a plan.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from graphql import FieldNode, OperationType

from resolvers.plan.operation import CONDITIONS, Operation, selections


class Reason(StrEnum):
    """Why an operation runs on the reference lane."""

    SWITCHED_OFF = "switched_off"
    """The project chose the reference lane."""
    NO_CONTEXT = "no_context"
    """Another server executes the schema without a `stolon.Context`."""
    NO_ROOT = "no_root"
    """The schema has no root type for such an operation, as the answer will say."""
    SUBSCRIPTION = "subscription"
    INTROSPECTION = "introspection"
    """`__schema` or `__type`: the schema itself is asked for, and no service."""
    DIRECTIVE = "directive"
    """A directive other than `@skip` and `@include`, such as one of the project's own or `@defer`."""
    FRAGMENT_ARGUMENTS = "fragment_arguments"
    """A fragment with variables of its own, which is an experiment of graphql-core."""
    OWN_EXECUTOR = "own_executor"
    """The project gave its schema an `execution_context_class` of its own, which is to do the executing."""
    RESOLVER_HOOKS = "resolver_hooks"
    """A Strawberry extension or middleware that wraps every resolver."""
    CONDITION = "condition"
    """An `@skip` or `@include` without a value, as the answer will say."""
    TOO_LARGE = "too_large"
    """More fields, fragments put in and types told apart, than a plan may have."""


_INTROSPECTION: Final = frozenset({"__schema", "__type"})


class NotCovered(Exception):
    """The operation is not run on a plan, for this reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def check(operation: Operation) -> None:
    """Raises `NotCovered` for an operation that plans do not cover. That one is too large is found while planning."""
    if operation.node.operation is OperationType.SUBSCRIPTION:
        raise NotCovered(Reason.SUBSCRIPTION)
    if any(one.variable_signatures for one in operation.fragments.values()):
        raise NotCovered(Reason.FRAGMENT_ARGUMENTS)
    if operation.node.directives:
        raise NotCovered(Reason.DIRECTIVE)
    definitions = {name: one.definition for name, one in operation.fragments.items()}
    for selection in selections(operation.node, definitions):
        if isinstance(selection, FieldNode) and selection.name.value in _INTROSPECTION:
            raise NotCovered(Reason.INTROSPECTION)
        if any(one.name.value not in CONDITIONS for one in selection.directives or ()):
            raise NotCovered(Reason.DIRECTIVE)
