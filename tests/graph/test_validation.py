"""Validating: graphql-core's verdict on every document, reached faster where there is nothing to complain of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
import strawberry
from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    parse,
    specified_rules,
    validate,
)
from hypothesis import given, settings
from strawberry.schema import schema as strawberry_schema

from graph.documents import validation
from graph.documents.validation import STRAWBERRY_RULES, errors_of
from tests.graph.mutated_documents import SEEDS, mutated, rich_schema

SCHEMA = rich_schema()
RULES = (*specified_rules, *STRAWBERRY_RULES)

Said = list[tuple[str, Any]]


def said(errors: list[GraphQLError]) -> Said:
    """Messages and places."""
    return [(error.message, error.locations) for error in errors]


@contextmanager
def asked() -> Iterator[list[object]]:
    """The documents that graphql-core is asked about while this is open."""
    documents: list[object] = []

    def noting(schema: Any, document: Any, rules: Any) -> list[GraphQLError]:
        documents.append(document)
        return validate(schema, document, rules)

    with mock.patch.object(validation, "validate", noting):
        yield documents


@settings(max_examples=300)
@given(mutated())
def test_the_verdict_is_graphql_cores(text):
    """What is wrong with a document, and that nothing is, is just what graphql-core says; it is asked itself only
    where something is wrong.
    """
    document = parse(text)
    expected = said(validate(SCHEMA, document, RULES))
    with asked() as documents:
        assert said(errors_of(SCHEMA, document, RULES)) == expected
    assert documents == ([document] if expected else [])


@pytest.mark.parametrize("text", SEEDS)
def test_valid_documents_are_found_so_without_graphql_core(text):
    """A valid document is validated once, by our walk alone."""
    with asked() as documents:
        assert errors_of(SCHEMA, parse(text), RULES) == []
    assert documents == []


BROKEN = {
    "ExecutableDefinitionsRule": "{user {id}} type T {id: ID}",
    "KnownOperationTypesRule": "mutation {shut(id: 1) {id}}",
    "UniqueOperationNamesRule": "query A {user {id}} query A {user {id}}",
    "LoneAnonymousOperationRule": "{user {id}} query A {user {id}}",
    "SingleFieldSubscriptionsRule": "subscription {shut {id} opened {id}}",
    "KnownTypeNamesRule": "query ($a: Nothing) {user {id}}",
    "FragmentsOnCompositeTypesRule": "{user {... on ID {id}}}",
    "VariablesAreInputTypesRule": "query ($a: User) {user {id}}",
    "ScalarLeafsRule": "{user {id {x}}}",
    "FieldsOnCorrectTypeRule": "{user {nothing}}",
    "UniqueFragmentNamesRule": "{user {...F}} fragment F on User {id} fragment F on User {id}",
    "KnownFragmentNamesRule": "{user {...F}}",
    "NoUnusedFragmentsRule": "{user {id}} fragment F on User {id}",
    "PossibleFragmentSpreadsRule": "{user {... on Order {id}}}",
    "NoFragmentCyclesRule": "{user {...F}} fragment F on User {friends(first: 1) {...F}}",
    "UniqueVariableNamesRule": "query ($a: ID, $a: ID) {user(id: $a) {id}}",
    "NoUndefinedVariablesRule": "{user {...F}} fragment F on User {friends(first: $n) {id}}",
    "NoUnusedVariablesRule": "query ($a: ID) {user {id}}",
    "KnownDirectivesRule": "{user @nothing {id}}",
    "UniqueDirectivesPerLocationRule": '{user @mark(note: "a") @mark(note: "b") {id}}',
    "DeferStreamDirectiveOnRootField": "mutation {... @defer {shut(id: 1) {id}}}",
    "DeferStreamDirectiveOnValidOperationsRule": "subscription {shut {... @defer {id}}}",
    "DeferStreamDirectiveLabel": "query ($l: String) {user {... @defer(label: $l) {id}}}",
    "StreamDirectiveOnListField": "{user {name @stream(initialCount: 0)}}",
    "KnownArgumentNamesRule": "{user(nothing: 1) {id}}",
    "UniqueArgumentNamesRule": "{user(id: 1, id: 2) {id}}",
    "ValuesOfCorrectTypeRule": '{things(filter: {least: "x"}) {__typename}}',
    "ProvidedRequiredArgumentsRule": "{node {id}}",
    "VariablesInAllowedPositionRule": "query ($a: Int) {user {friends(first: $a) {id}}}",
    "OverlappingFieldsCanBeMergedRule": "{user {x: id x: name}}",
    "UniqueInputFieldNamesRule": "{things(filter: {least: 1, least: 2}) {__typename}}",
    "MaxIntrospectionDepthRule": "{__schema {types {fields {type {fields {type {fields {name}}}}}}}}",
}


def test_every_rule_of_the_specification_is_here():
    """A rule that graphql-core adds is tried too, or this fails."""
    assert set(BROKEN) == {rule.__name__ for rule in specified_rules}


@pytest.mark.parametrize("rule", specified_rules, ids=lambda rule: rule.__name__)
def test_each_rule_is_kept(rule):
    """Each rule alone refuses what breaks it, as graphql-core does."""
    schema = SCHEMA
    if rule.__name__ == "KnownOperationTypesRule":
        schema = GraphQLSchema(SCHEMA.query_type)
    document = parse(BROKEN[rule.__name__])
    expected = said(validate(schema, document, (rule,)))
    assert expected
    assert said(errors_of(schema, document, (rule,))) == expected


def test_strawberrys_own_rules_are_those(monkeypatch):
    """What Strawberry would validate by is what is validated by here."""
    seen: list[Any] = []

    def validating(_schema: Any, _document: Any, rules: Any) -> list[GraphQLError]:
        seen.append(rules)
        return []

    monkeypatch.setattr(strawberry_schema, "validate", validating)
    strawberry_schema.validate_document(SCHEMA, parse("{user {id}}"), tuple(specified_rules))
    assert seen == [RULES]


@strawberry.input(one_of=True)
class Pick:
    """Just one of these."""

    a: strawberry.Maybe[str]
    b: strawberry.Maybe[str]


@strawberry.type
class Query:
    """Fields that only Strawberry's rules refuse."""

    @strawberry.field
    def pick(self, pick: Pick) -> str:
        """One of two."""
        return ""

    @strawberry.field
    def maybe(self, text: strawberry.Maybe[str]) -> str:
        """Absent, or not null."""
        return ""


@pytest.mark.parametrize("text", ["{maybe(text: null)}", '{pick(pick: {a: "1", b: "2"})}'])
def test_strawberrys_own_rules_are_kept(text):
    """What only Strawberry knows to be wrong is refused as Strawberry does."""
    schema = strawberry.Schema(Query)._schema
    expected = said(strawberry_schema.validate_document(schema, parse(text), ()))
    assert expected
    assert said(errors_of(schema, parse(text), STRAWBERRY_RULES)) == expected


def nested(count: int, spread: int) -> str:
    """Fragments within each other, each spread so many times."""
    parts = [
        f"fragment F{number} on User {{friends(first: 1) {{{f'...F{number + 1} ' * spread}id}}}}"
        for number in range(count)
    ]
    return "{user {...F0}} " + " ".join(parts) + f" fragment F{count} on User {{id}}"


def spending(count: int) -> str:
    """Operations that share fragments, more than graphql-core looks into."""
    fragments = " ".join(f"fragment F{number} on User {{id}}" for number in range(count))
    spreads = " ".join(f"...F{number}" for number in range(count))
    return fragments + " ".join(f"query Q{number} {{user {{{spreads} }}}}" for number in range(count))


@pytest.mark.parametrize("text", [nested(250, 1), spending(250)], ids=["nested", "spending"])
def test_what_graphql_core_gives_up_is_given_up(text):
    """A document that is not looked into to its end is refused, never taken for valid."""
    document = parse(text)
    expected = said(validate(SCHEMA, document, RULES))
    assert [message for message, _ in expected][-1] == "Validation aborted."
    assert said(errors_of(SCHEMA, document, RULES)) == expected


def test_a_schema_that_is_not_valid_is_told():
    """Nothing is valid under a schema that is not, as graphql-core says."""
    schema = GraphQLSchema(GraphQLObjectType("Query", {}))
    with pytest.raises(TypeError, match="must define one or more fields"):
        errors_of(schema, parse("{a}"), ())
