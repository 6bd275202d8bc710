"""The walk that calls rules, against graphql-core's own: the same calls in the same order, with equal arguments."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import BREAK, SKIP, Node, ParallelVisitor, TypeInfo, TypeInfoVisitor, Visitor, parse, visit
from graphql.validation.validate import query_document_keys_to_validate
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.documents.rule_walk import Edited, Walk, looks_of
from tests.graph.mutated_documents import SEEDS, mutated, rich_schema

SCHEMA = rich_schema()
ANSWERS = (None, None, None, None, None, SKIP, False, BREAK, True)


class Recorder(Visitor):
    """Notes every call in a log that all share, and answers what was drawn for it."""

    def __init__(self, log: list[Any], type_info: TypeInfo, answers: list[Any]) -> None:
        super().__init__()
        self.log, self.type_info, self.answers, self.count = log, type_info, answers, 0

    def note(
        self, action: str, node: Node, key: Any, parent: Any, path: list[Any], ancestors: list[Any]
    ) -> Any:
        """One call, with all that a rule can see at that time."""
        types = self.type_info
        # As text: wrappers such as `[ID!]` are made anew wherever the document writes them.
        seen = tuple(map(str, (types.get_type(), types.get_parent_type(), types.get_input_type())))
        asked = (
            types.get_field_def(),
            types.get_argument(),
            types.get_directive(),
            types.get_enum_value(),
            types.get_default_value(),
        )
        at = (id(node), key, id(parent), tuple(path), tuple(map(id, ancestors)))
        self.log.append((type(self).__name__, action, at, seen, asked))
        self.count += 1
        return self.answers[self.count % len(self.answers)] if self.answers else None


class Everything(Recorder):
    """Looks at every node, as it comes and as it goes."""

    def enter(self, *args: Any) -> Any:
        """Any node."""
        return self.note("enter", *args)

    def leave(self, *args: Any) -> Any:
        """Any node."""
        return self.note("leave", *args)


class Some(Recorder):
    """Looks at some kinds of nodes, and at one of them in a method without `self`."""

    def enter_field(self, *args: Any) -> Any:
        """Fields."""
        return self.note("enter_field", *args)

    def leave_argument(self, *args: Any) -> Any:
        """Arguments."""
        return self.note("leave_argument", *args)

    def enter_directive(self, *args: Any) -> Any:
        """Directives."""
        return self.note("enter_directive", *args)

    def leave_selection_set(self, *args: Any) -> Any:
        """Selections."""
        return self.note("leave_selection_set", *args)

    @staticmethod
    def enter_inline_fragment(*_: Any) -> Any:
        """Passed over, with all below."""
        return SKIP


class Values(Recorder):
    """Looks at variables, values and types."""

    def enter_variable(self, *args: Any) -> Any:
        """Variables."""
        return self.note("enter_variable", *args)

    def enter_string_value(self, *args: Any) -> Any:
        """Strings."""
        return self.note("enter_string_value", *args)

    def leave_object_value(self, *args: Any) -> Any:
        """Objects."""
        return self.note("leave_object_value", *args)

    def enter_named_type(self, *args: Any) -> Any:
        """Types."""
        return self.note("enter_named_type", *args)


def both(text: str, kinds: list[type[Recorder]], answers: list[Any]) -> tuple[list[Any], list[Any]]:
    """The log of graphql-core's walk, and that of ours."""
    document, logs = parse(text), []
    for ours in (False, True):
        log: list[Any] = []
        types = TypeInfo(SCHEMA)
        visitors = [one(log, types, answers) for one in kinds]
        if ours:
            Walk(types, visitors, looks_of(tuple(kinds))).visit(document)
        else:
            visit(
                document, TypeInfoVisitor(types, ParallelVisitor(visitors)), query_document_keys_to_validate
            )
        logs.append(log)
    return logs[0], logs[1]


@settings(max_examples=150)
@given(
    mutated(),
    st.lists(st.sampled_from((Everything, Some, Values)), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(ANSWERS), max_size=12),
)
def test_the_walk_is_graphql_cores(text, kinds, answers):
    """Every visitor is called for the same nodes with the same keys, paths, parents and types, whatever they skip."""
    expected, found = both(text, kinds, answers)
    assert found == expected


@pytest.mark.parametrize("kinds", [[Some], [Values], [Some, Values]])
def test_what_nobody_looks_at_changes_nothing(kinds):
    """Nodes that no visitor looks at are left out, and the rest is called as before."""
    for text in SEEDS:
        expected, found = both(text, kinds, [])
        assert found == expected
        assert found or kinds == [Values]


def test_a_rule_that_edits_is_told():
    """An answer that graphql-core would take for a change of the document is not passed over."""

    class Edits(Visitor):
        def enter_field(self, node: Any, *_: Any) -> Any:
            """Change it."""
            return node

    types = TypeInfo(SCHEMA)
    walk = Walk(types, [Edits()], looks_of((Edits,)))
    with pytest.raises(Edited):
        walk.visit(parse("{user {id}}"))
