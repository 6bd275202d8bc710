"""What documents come to, against a count that puts every fragment in where it is spread."""

from __future__ import annotations

import time
from typing import Any

import pytest
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, get_introspection_query, parse
from hypothesis import given
from hypothesis import strategies as st

from graph.documents.document_figures import CEILING, Figures, figures_of


def figures(text: str) -> Figures:
    """The figures of a document's only operation."""
    [(_, found)], _ = figures_of(parse(text))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a}", Figures(1, 0, 1, 1, 0)),
        ("{a b: c ... {d e: f {g}}}", Figures(2, 2, 5, 4, 0)),
        ("{a ...F ...F} fragment F on T {x: b {c}}", Figures(2, 2, 5, 3, 0)),
        ("{a {...F}} fragment F on T {b ...G} fragment G on T {c {d}}", Figures(3, 0, 4, 1, 0)),
        ("{...F} fragment G on T {c} fragment F on T {...G ...G}", Figures(1, 0, 2, 2, 0)),
        ("{...Unknown a}", Figures(1, 0, 1, 1, 0)),
        ("{fields {interfaces {possibleTypes}}}", Figures(3, 0, 3, 1, 0)),
        ("{__schema {types {fields {type {fields {name}}}}}}", Figures(6, 0, 6, 1, 2)),
        (
            "{__type(name: 1) {...F}} fragment F on T {fields {args {type {inputFields {name}}}}}",
            Figures(6, 0, 6, 1, 2),
        ),
        ("{...F} fragment F on T {a {...F} ...F}", Figures(1, 0, 1, 1, 0)),
        ("{...F} fragment F on T {a {...G}} fragment G on T {b {...F}}", Figures(2, 0, 2, 1, 0)),
    ],
)
def test_figures(text, expected):
    """Depth, aliases, fields, root fields and nested lists of introspection, fragments put in; cycles add nothing."""
    assert figures(text) == expected


def test_each_operation_has_figures_of_its_own():
    """Operations of one document are counted apart; what is written is counted over all."""
    operations, written = figures_of(parse("query A {a} query B {b {c} ...F} fragment F on T {d e}"))
    assert [(operation.name.value, found) for operation, found in operations if operation.name] == [
        ("A", Figures(1, 0, 1, 1, 0)),
        ("B", Figures(2, 0, 4, 3, 0)),
    ]
    assert written == 5


def test_the_introspection_of_tools_nests_one_list():
    """What GraphiQL and clients' generators ask nests types and fields once."""
    found = figures(
        get_introspection_query(specified_by_url=True, input_value_deprecation=True, type_depth=9)
    )
    assert (found.introspection_depth, found.depth <= 20, found.fields <= 500) == (1, True, True)


def test_counting_takes_time_in_proportion_to_the_document():
    """Fragments that double each other, or cycle through each other, cost no more than their text."""
    depth = 2_000
    doubled = "{...F0}" + "".join(
        f"fragment F{n} on T {{x: a {{...F{n + 1}}} y: b {{...F{n + 1}}}}}" for n in range(depth)
    )
    ring = "{...F0}" + "".join(f"fragment F{n} on T {{...F{(n + 1) % depth} a}}" for n in range(depth))
    clique = "{...F0}" + "".join(
        f"fragment F{n} on T {{{' '.join(f'...F{m}' for m in range(40))} a}}" for n in range(40)
    )
    parsed = [parse(text + f" fragment F{depth} on T {{z}}") for text in (doubled, ring, clique)]
    started = time.process_time()
    found = [figures_of(each)[0][0][1] for each in parsed]
    assert time.process_time() - started < 2
    assert found[0] == Figures(depth + 1, CEILING, CEILING, 2, 0)
    assert found[1].fields == depth
    assert found[2].fields >= 40


# --- against a count that expands

NAMES = st.sampled_from(["a", "b", "fields", "interfaces", "__schema", "__type", "type"])


def selections(fragments: int) -> st.SearchStrategy[str]:
    """Selection sets that spread fragments of lower numbers than `fragments`."""
    spread = [st.integers(0, fragments - 1).map(lambda n: f"...F{n}")] if fragments else []
    leaf = st.one_of(NAMES, NAMES.map(lambda name: f"x: {name}"), *spread)

    def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        some = st.lists(inner, min_size=1, max_size=4).map(" ".join)
        return st.one_of(
            st.tuples(NAMES, some).map(lambda pair: f"{pair[0]} {{{pair[1]}}}"),
            some.map(lambda text: f"... {{{text}}}"),
        )

    return st.lists(st.recursive(leaf, nested, max_leaves=8), min_size=1, max_size=4).map(" ".join)


@st.composite
def documents(draw: st.DrawFn) -> str:
    count = draw(st.integers(0, 5))
    fragments = [f"fragment F{n} on T {{{draw(selections(n))}}}" for n in range(count)]
    return " ".join(draw(st.permutations([f"{{{draw(selections(count))}}}", *fragments])))


def expanded(
    selection_set: Any, fragments: dict[str, FragmentDefinitionNode], inside: bool = False
) -> list[int]:
    """Depth, aliases, fields, root fields and introspection's lists, by putting everything in."""
    depth, aliases, fields, root, lists = 0, 0, 0, 0, 0
    for one in () if selection_set is None else selection_set.selections:
        if isinstance(one, FieldNode):
            name = one.name.value
            within = inside or name in {"__schema", "__type"}
            below = expanded(one.selection_set, fragments, within)
            here = int(within and name in {"fields", "interfaces", "possibleTypes", "inputFields"})
            depth, aliases = max(depth, below[0] + 1), aliases + below[1] + (one.alias is not None)
            fields, root, lists = fields + below[2] + 1, root + 1, max(lists, below[4] + here)
        else:
            spread = isinstance(one, FragmentSpreadNode)
            part = expanded(
                fragments[one.name.value].selection_set if spread else one.selection_set, fragments, inside
            )
            depth, aliases, fields = max(depth, part[0]), aliases + part[1], fields + part[2]
            root, lists = root + part[3], max(lists, part[4])
    return [depth, aliases, fields, root, lists]


@given(documents())
def test_figures_are_those_of_the_expanded_document(text):
    """Whatever is spread where, the figures are those of the document with its fragments written out."""
    node = parse(text)
    fragments = {one.name.value: one for one in node.definitions if isinstance(one, FragmentDefinitionNode)}
    [(operation, found)], written = figures_of(node)
    assert found == Figures(*expanded(operation.selection_set, fragments))
    assert written == sum(_written(one.selection_set) for one in node.definitions)  # type: ignore[attr-defined, misc]


def _written(selection_set: Any) -> int:
    count = 0
    for one in () if selection_set is None else selection_set.selections:
        count += isinstance(one, FieldNode)
        count += _written(getattr(one, "selection_set", None))
    return count
