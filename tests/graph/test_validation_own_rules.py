"""Rules of a project's own: whatever way they are written, graphql-core's verdict under them stands."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import (
    SKIP,
    ASTValidationRule,
    FieldNode,
    GraphQLError,
    NoDeprecatedCustomRule,
    ValidationRule,
    Visitor,
    parse,
    specified_rules,
    validate,
)

from graph.documents.validation import STRAWBERRY_RULES, errors_of
from tests.graph.mutated_documents import rich_schema

SCHEMA = rich_schema()
RULES = (*specified_rules, *STRAWBERRY_RULES)


def said(errors: list[GraphQLError]) -> list[tuple[str, Any]]:
    """Messages and places."""
    return [(error.message, error.locations) for error in errors]


class NoNames(ValidationRule):
    """A rule of a project's own, written as they are written."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Refuse fields called `name`."""
        if node.name.value == "name":
            self.report_error(GraphQLError("no names", node))


class OnInstance(ASTValidationRule):
    """A rule whose method is not in its class."""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.enter_field = lambda node, *_: context.report_error(GraphQLError("no fields", node))


class OwnLookup(ASTValidationRule):
    """A rule that answers itself what it looks at."""

    def get_enter_leave_for_kind(self, kind: str) -> Any:
        """The method for every kind."""
        return OnInstance(self.context).get_enter_leave_for_kind("field" if kind == "field" else "nothing")


class OnDemand(ASTValidationRule):
    """A rule whose methods are made when they are asked for."""

    def __getattr__(self, name: str) -> Any:
        if name == "enter_field":
            return lambda node, *_: self.report_error(GraphQLError("on demand", node))
        raise AttributeError(name)


class Swallows(NoNames):
    """A rule that catches everything, its own report too."""

    def enter_field(self, node: FieldNode, *args: Any) -> None:
        """Refuse, and let nobody hear of it."""
        try:
            super().enter_field(node, *args)
        except Exception:  # noqa: BLE001  # what such a rule is here for
            return


class Removes(ASTValidationRule):
    """A rule that changes the document for those after it."""

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        """Take names out, so that the next rule does not see them."""
        return Visitor.REMOVE if node.name.value == "name" else None


@pytest.mark.parametrize(
    "rules",
    [
        (NoNames,),
        (OnInstance,),
        (OwnLookup,),
        (OnDemand,),
        (Swallows,),
        (Removes, NoNames),
        (NoNames, Removes),
        (NoDeprecatedCustomRule, NoNames),
    ],
    ids=lambda rules: rules[0].__name__,
)
def test_rules_of_a_project_have_their_say(rules):
    """Whatever way a rule is written, graphql-core's verdict under it stands."""
    for text in ("{user {id}}", "{user {name}}"):
        document = parse(text)
        assert said(errors_of(SCHEMA, document, (*RULES, *rules))) == said(
            validate(SCHEMA, document, (*RULES, *rules))
        )


def test_what_a_rule_raises_is_raised():
    """A rule that fails is a mistake of its author, not of the document."""

    class Fails(ASTValidationRule):
        def enter_field(self, *_: Any) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        errors_of(SCHEMA, parse("{user {id}}"), (Fails,))


def test_rules_that_skip_are_asked_again_after():
    """A rule that passes over a field looks at the next one."""
    seen: list[str] = []

    class Skips(ASTValidationRule):
        def enter_field(self, node: FieldNode, *_: Any) -> Any:
            seen.append(node.name.value)
            return SKIP

    assert errors_of(SCHEMA, parse("{user {id name} node(id: 1) {id}}"), (Skips,)) == []
    assert seen == ["user", "node"]
