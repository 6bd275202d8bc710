"""The values of an operation's variables, as far as a price needs them: which sizes are known.

Of a request everything is known: what is neither sent nor has a default is left out. Of an operation that is
only explained, what nobody said stays open.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphql import OperationDefinitionNode, value_from_ast_untyped


def sent(operation: OperationDefinitionNode, given: Mapping[str, object]) -> dict[str, object]:
    """The values in a request that sent these: None for variables that are left out."""
    left_out = {one.variable.name.value: None for one in operation.variable_definitions or ()}
    return {**left_out, **stated(operation, given)}


def stated(operation: OperationDefinitionNode, given: Mapping[str, object]) -> dict[str, object]:
    """The values that are given, or that the operation has defaults for; any other is open."""
    found: dict[str, object] = {}
    for one in operation.variable_definitions or ():
        name = one.variable.name.value
        if name in given:
            found[name] = given[name]
        elif one.default_value is not None:
            found[name] = value_from_ast_untyped(one.default_value)
    return found
