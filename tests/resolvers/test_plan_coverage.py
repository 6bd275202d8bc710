"""What plans do not cover, and why."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from graph.declaring.schema import Schema
from resolvers.plan import coverage
from resolvers.plan.coverage import NotCovered, Reason
from resolvers.plan.planning import plan_of
from tests.resolvers.graphs import PEOPLE, POSTS, SOCIAL, project
from tests.resolvers.planned import operation, planned


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """People and posts."""
    return project(tmp_path_factory.mktemp("social"), SOCIAL, people=PEOPLE, posts=POSTS)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("subscription { me { id } }", Reason.SUBSCRIPTION),
        ("{ me { id } __schema { queryType { name } } }", Reason.INTROSPECTION),
        ('{ ...F } fragment F on Query { __type(name: "Query") { name } }', Reason.INTROSPECTION),
        ("query @other { me { id } }", Reason.DIRECTIVE),
        ("{ me { id @other } }", Reason.DIRECTIVE),
        ("{ me { ... @defer { id } } }", Reason.DIRECTIVE),
        ("mutation { me { id } }", Reason.NO_ROOT),
        ("query($x: Boolean!) { me { id @skip(if: $x) } }", Reason.CONDITION),
    ],
)
def test_what_is_not_covered_is_refused_with_its_reason(schema, query, reason):
    """Each kind of operation that the reference lane runs has a reason of its own."""
    with pytest.raises(NotCovered) as refused:
        planned(schema, query)
    assert (refused.value.reason, str(refused.value)) == (reason, reason.value)


def test_fragments_with_variables_of_their_own_are_not_covered(schema):
    """graphql-core's experiment is left to graphql-core."""
    asked = operation(schema, "{ ...F } fragment F on Query { me { id } }")
    ((name, details),) = asked.fragments.items()
    with_variables: Any = SimpleNamespace(definition=details.definition, variable_signatures={"x": object()})
    with pytest.raises(NotCovered) as refused:
        coverage.check(replace(asked, fragments={name: with_variables}))
    assert refused.value.reason is Reason.FRAGMENT_ARGUMENTS


@pytest.mark.parametrize(
    "query",
    [
        "{ me { __typename id } }",
        "{ me { id @skip(if: false) ...F @include(if: true) } } fragment F on Person { name }",
        "query Named($x: Boolean = true) { me { id @include(if: $x) } }",
    ],
)
def test_what_is_covered_passes(schema, query):
    """`__typename`, fragments, aliases, `@skip` and `@include` are run on plans."""
    coverage.check(operation(schema, query))
    assert planned(schema, query).steps != ()


def test_an_operation_of_too_many_fields_is_not_planned(schema, monkeypatch):
    """Fields are counted as they come out of fragments, for each type that they stand on."""
    monkeypatch.setattr("resolvers.plan.selecting.MOST_FIELDS", 3)
    meanings = schema.plans._meanings
    assert plan_of(operation(schema, "{ me { id name } }"), meanings).fields == 3
    with pytest.raises(NotCovered) as refused:
        plan_of(operation(schema, "{ me { id ...F } } fragment F on Person { name boss { id } }"), meanings)
    assert refused.value.reason is Reason.TOO_LARGE
