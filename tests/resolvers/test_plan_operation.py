"""Which variables decide what is selected."""

from __future__ import annotations

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

from resolvers.plan.operation import conditions, selections


def taken(query: str) -> tuple[OperationDefinitionNode, dict[str, FragmentDefinitionNode]]:
    """The operation of a document, and its fragments by name."""
    document = parse(query)
    (node,) = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    return node, {
        one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ a }", ()),
        ("{ a @skip(if: true) }", ()),
        ("query($x: Boolean!, $y: Boolean!) { b @skip(if: $y) a @include(if: $x) c(d: $z) }", ("x", "y")),
        ("{ a { ...F } } fragment F on T { b { ... on U @skip(if: $x) { c } } }", ("x",)),
        ("{ a { ...F @include(if: $x) ...F } } fragment F on T { b { ...F @skip(if: $y) } }", ("x", "y")),
        ("{ ...Missing @other(if: $x) }", ()),
    ],
)
def test_only_skip_and_include_decide(query, expected):
    """The variables of `@skip` and `@include`, wherever they stand, each once, sorted; no other directive counts."""
    assert conditions(*taken(query)) == expected


def test_each_fragment_is_read_once():
    """Every selection is given, those of a fragment once, however often it is spread, be it in itself."""
    node, fragments = taken("{ a { ...F ...F } ...F } fragment F on T { b ...F }")
    assert sorted(type(one).__name__ for one in selections(node, fragments)) == [
        "FieldNode",
        "FieldNode",
        "FragmentSpreadNode",
        "FragmentSpreadNode",
        "FragmentSpreadNode",
        "FragmentSpreadNode",
    ]
