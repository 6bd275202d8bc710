"""Validating a document: graphql-core's rules, on a walk of our own that says quickly that a document is valid.

`graph/documents/document_rules.py` asks, once for each document that is not kept. Whatever is wrong with a
document is told by graphql-core itself: at the first sign of an error it validates anew, and its answer is the
answer. So the walk here has to be right about one thing alone: that no rule reported anything.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Final, cast

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    TypeInfo,
    ValidationContext,
    Visitor,
    assert_valid_schema,
    specified_rules,
    validate,
)
from graphql.language.ast import QUERY_DOCUMENT_KEYS
from graphql.pyutils import RefMap
from graphql.validation.validate import FragmentNestingVisitor
from graphql.validation.validation_context import VariableUsage, VariableUsageVisitor
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from graph.documents.rule_walk import Edited, Walk, looks_of

Rules = tuple[type[ASTValidationRule], ...]

STRAWBERRY_RULES: Final[Rules] = (MaybeNullValidationRule, OneOfInputValidationRule)
"""The rules that Strawberry adds to those of an execution context (`strawberry.schema.schema`)."""

_FAMILIAR: Final = frozenset({*specified_rules, *STRAWBERRY_RULES, FragmentNestingVisitor})
_METHODS: Final = ("enter_", "leave_")


class _Wrong(Exception):
    """Something is wrong with the document; what, graphql-core shall say."""


def errors_of(schema: GraphQLSchema, document: DocumentNode, rules: Rules) -> list[GraphQLError]:
    """What `graphql.validate` answers, of a document and a schema that are both left as they are."""
    return [] if _certainly_valid(schema, document, rules) else validate(schema, document, rules)


def _certainly_valid(schema: GraphQLSchema, document: DocumentNode, rules: Rules) -> bool:
    assert_valid_schema(schema)
    errors: list[GraphQLError] = []

    def on_error(error: GraphQLError) -> None:
        errors.append(error)  # also where a rule catches what is raised here
        raise _Wrong

    type_info = TypeInfo(schema)
    context = _Context(schema, document, type_info, on_error)
    try:
        visitors: list[Visitor] = [rule(context) for rule in rules]
        fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        if fragments:
            visitors.insert(0, FragmentNestingVisitor(fragments))
        if not all(map(_is_plain, visitors)):
            return False
        Walk(type_info, visitors, looks_of(tuple(map(type, visitors)))).visit(document)
    # GraphQLError: graphql-core's budget for fragments is spent. RecursionError: they nest too deeply.
    except (_Wrong, Edited, GraphQLError, RecursionError):
        return False
    return not errors


def _is_plain(visitor: Visitor) -> bool:
    """Whether the class alone says what the visitor looks at, as it does in all rules that come with the library."""
    one = type(visitor)
    return one in _FAMILIAR or (
        one.get_enter_leave_for_kind is Visitor.get_enter_leave_for_kind
        and not hasattr(one, "__getattr__")
        and not any(name.startswith(_METHODS) for name in vars(visitor) if name != "enter_leave_map")
    )


class _Context(ValidationContext):
    """graphql-core's context, which finds nodes by identity: they hash by value, each time through all below."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        type_info: TypeInfo,
        on_error: Callable[[GraphQLError], None],
    ) -> None:
        super().__init__(schema, document, type_info, on_error)
        self._fragment_spreads = cast("dict[Any, Any]", RefMap())
        self._recursive_variable_usages = cast("dict[Any, Any]", RefMap())
        self._usages: dict[int, list[VariableUsage]] = {}

    def get_variable_usages(
        self, node: OperationDefinitionNode | FragmentDefinitionNode
    ) -> list[VariableUsage]:
        """The variables used in an operation or a fragment, with the types expected there."""
        usages = self._usages.get(id(node))  # the document holds the node, and so its id
        if usages is None:
            visitor = VariableUsageVisitor(
                self._type_info, node if isinstance(node, FragmentDefinitionNode) else None
            )
            _UsageWalk(self._type_info, (visitor,), _USAGE_LOOKS).visit(node)
            usages = self._usages[id(node)] = visitor.usages
        return usages


class _UsageWalk(Walk):
    """Passes over fields that nothing hangs on, which cannot use a variable."""

    def visit(self, node: Node, key: str | int | None = None, parent: object = None) -> None:
        """Visit the node and what is below it."""
        if type(node) is not FieldNode or node.selection_set or node.arguments or node.directives:
            Walk.visit(self, node, key, parent)


_DEFINITIONS: Final = ("operation_definition", "fragment_definition")
# Definitions of variables use none: the visitor skips them.
_USAGE_LOOKS: Final = dataclasses.replace(
    looks_of((VariableUsageVisitor,)),
    keys={
        **looks_of((VariableUsageVisitor,)).keys,
        **{
            kind: tuple(key for key in QUERY_DOCUMENT_KEYS[kind] if key in {"directives", "selection_set"})
            for kind in _DEFINITIONS
        },
    },
)
