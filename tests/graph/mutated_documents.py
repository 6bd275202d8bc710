"""Documents for whatever validates: a schema with everything in it, and documents changed token by token."""

from __future__ import annotations

from typing import Final

from graphql import (
    GraphQLDeferDirective,
    GraphQLError,
    GraphQLSchema,
    GraphQLStreamDirective,
    Lexer,
    Source,
    TokenKind,
    build_schema,
    parse,
)
from hypothesis import strategies as st


def rich_schema() -> GraphQLSchema:
    """Interfaces, unions, enums, inputs (one of them `@oneOf`), lists, directives and all three roots."""
    built = build_schema("""
        directive @mark(note: String!) on FIELD | QUERY | FRAGMENT_SPREAD
        directive @again(n: Int) repeatable on FIELD | VARIABLE_DEFINITION
        interface Node { id: ID! }
        type User implements Node { id: ID! name(short: Boolean = false): String! friends(first: Int!): [User] }
        type Order implements Node { id: ID! total: Float status: Status lines: [[Int]] owner: User }
        union Thing = User | Order
        enum Status { OPEN SHUT }
        input Filter { status: Status = OPEN ids: [ID!] not: Filter least: Int! }
        input Pick @oneOf { id: ID name: String }
        type Query {
          node(id: ID!): Node
          thing(pick: Pick): Thing
          things(filter: Filter, status: Status): [Thing!]
          user(id: ID): User
        }
        type Mutation { shut(id: ID!): Order }
        type Subscription { shut: Order opened(id: ID): Order }
    """)
    return GraphQLSchema(
        built.query_type,
        built.mutation_type,
        built.subscription_type,
        types=built.type_map.values(),
        directives=(*built.directives, GraphQLDeferDirective, GraphQLStreamDirective),
    )


SEEDS: Final = (
    'query A($id: ID!, $s: Status = OPEN) @mark(note: "q") '
    '{node(id: $id) {__typename id ... on User {name(short: true) ...F @mark(note: "s")}} '
    "x: things(status: $s) {...T}} "
    "fragment F on User {friends(first: 3) {id n: name}} "
    "fragment T on Thing {... on Order {status total} ... on User {name}}",
    'query ($f: Filter, $n: Int! @again(n: 1) @again, $ids: [ID!] = ["a"]) '
    "{a: things(filter: $f) {... on Node {id}} "
    "b: things(filter: {least: $n, ids: $ids, not: {least: 1}}) {__typename}}",
    'query ($p: ID!) {thing(pick: {id: $p}) {... on User {id}} other: thing(pick: {name: "n"}) {__typename}}',
    "mutation {shut(id: 1) {id owner {name @skip(if: false) @include(if: true)} lines}}",
    "subscription {opened(id: null) {id status}}",
    '{user {...D @defer(label: "d") friends(first: 2) @stream(initialCount: 1) {id}}} fragment D on User {name id}',
    '{__schema {types {name fields {name type {name}}}} __type(name: "User") {kind}}',
    "query One {user {...F}} query Two($x: Boolean!) {user {id @include(if: $x) ...F}} fragment F on User {id}",
)
"""Valid documents."""

_WORDS: Final = (
    "id name user node thing things friends status total owner User Order Thing Node Query Status Filter ID Int "
    'OPEN SHUT x A F T on query mutation subscription fragment true null 1 2.5 "t" $id $s $f @mark @again @skip '
    "@defer @stream first short filter least label if __typename { } ( ) [ ] : ! ... = $"
)


def tokens(text: str) -> list[str]:
    """The tokens of a document, as they are written."""
    lexer, found = Lexer(Source(text)), []
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        found.append(text[token.start : token.end])
    return found


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A document that can be read: a valid one, with up to four tokens taken out, doubled, changed or swapped."""
    parts = tokens(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(parts) - 1))
        act = draw(st.sampled_from(("out", "double", "change", "change", "swap")))
        before = list(parts)
        if act == "out":
            del parts[place]
        elif act == "double":
            parts.insert(place, parts[place])
        elif act == "change":
            parts[place] = draw(st.sampled_from(_WORDS.split(" ")))
        else:
            other = draw(st.integers(0, len(parts) - 1))
            parts[place], parts[other] = parts[other], parts[place]
        if not _reads(" ".join(parts)):
            parts = before
    return " ".join(parts)


def _reads(text: str) -> bool:
    try:
        parse(text)
    except GraphQLError:
        return False
    return True
