"""Which operations have answers that may be kept whole, and under which keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from graphql import parse
from graphql.execution.values import VariableValues
from hypothesis import given
from hypothesis import strategies as st

from adapters.messages import Identity
from graph.caching.answer_keys import AnswerKeys, Keepable, answer_keys, keepable
from graph.declaring.schema import Schema
from resolvers.caller import Caller
from resolvers.plan.operation import Operation
from tests.graph.projects import TEXT, an, contract, listed, load, nullable, operation, parameter, ref

SHOP = contract(
    operation("GET /things/{id}", "getThing", ref("Thing")),
    operation("GET /things", "listThings", listed(ref("Thing")), parameter("like"), parameter("for")),
    operation(
        "GET /all", "allThings", an({"items": listed(ref("Thing")), "total": {"type": "integer"}}),
        parameter("offset", {"type": "integer"}), parameter("limit", {"type": "integer", "maximum": 50}),
    ),
    operation("POST /things", "addThing", ref("Thing")),
    Thing=an({"id": TEXT, "like": nullable(TEXT), "cost": TEXT}),
)  # fmt: skip
MODULE = """
    import strawberry
    from stolon import rest

    shop = rest.contract("shop")


    @rest.type(shop.schema("Thing"), key="id", one=shop.op("getThing"))
    class Thing:
        id: rest.auto
        cost: rest.auto = rest.field(scopes=["costs"])
        liked: "Thing | None" = rest.link(key="like")
        mine: "list[Thing] | None" = rest.link(
            shop.op("listThings", {"like": rest.this("id"), "for": rest.caller("jti")})
        )

        @strawberry.field
        def shout(self) -> str:
            return self.id.upper()


    @strawberry.type
    class Query:
        thing: Thing | None = rest.query(shop.op("getThing"))
        all: rest.Connection[Thing] | None = rest.connection(shop.op("allThings"))
        named: str = "plain"

        @strawberry.field
        def hello(self) -> str:
            return "hello"


    @strawberry.type
    class Mutation:
        add: Thing | None = rest.mutation(shop.op("addThing"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
FREE = Keepable(b"o" * 32, for_all=True, claims=(), variables=("a", "b"))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
CALLERS = st.builds(
    lambda partition, tenant: Caller(Identity(partition, tenant=tenant)),
    st.sampled_from(["anonymous", "p1", "p2"]),
    st.sampled_from([None, "t1"]),
)


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    return load(tmp_path_factory.mktemp("shop"), MODULE, {"shop": SHOP})


def known(schema: Schema, text: str, generation: bytes = b"") -> Keepable | None:
    """What is known of the first operation of a document."""
    node: Any = parse(text).definitions[0]
    made = Operation(schema._schema, node, {}, VariableValues({}, {"yes": True}))
    return keepable(schema.plans.of(made), made, generation)


@pytest.mark.parametrize(
    "text",
    [
        "{ named }", "{ hello }", "{ __typename }", '{ thing(id: "1") { id shout } }',
        '{ thing(id: "1") { id } hello }', '{ thing(id: "1") { id } named }', "mutation { add { id } }",
    ],
)  # fmt: skip
def test_what_is_never_kept(schema: Schema, text: str):
    """Changes; whatever Python of the project's has a part in; and what needs no service."""
    assert known(schema, text) is None


@pytest.mark.parametrize(
    ("text", "for_all", "claims", "variables"),
    [
        ('{ thing(id: "1") { __typename id liked { id } } }', True, (), ()),
        ("{ all { nodes { id } pageInfo { hasNextPage } totalCount } }", True, (), ()),
        ("query ($b: ID!, $a: String) { thing(id: $b) { id } }", True, (), ("a", "b")),
        ('{ thing(id: "1") { cost } }', False, (), ()),
        ('{ thing(id: "1") { liked { cost } } }', False, (), ()),
        ('{ thing(id: "1") { mine { id } } }', False, ("jti",), ()),
    ],
)
def test_what_is_kept_and_for_whom(schema: Schema, text: str, for_all: bool, claims: Any, variables: Any):
    """Queries over services alone; for all callers only if nothing in them asks who it is."""
    found = known(schema, text)
    assert found is not None
    assert (found.for_all, found.claims, found.variables) == (for_all, claims, variables)


def test_operations_are_told_apart(schema: Schema):
    """By their whole text, by their name, and by the version of the project."""
    texts = ['{ thing(id: "1") { id } }', '{ thing(id: "2") { id } }', 'query A { thing(id: "1") { id } }']
    found = [known(schema, text, version) for text in texts for version in (b"", b"v2")]
    assert len({one.of for one in found if one is not None}) == 6
    of_two = "query A { thing(id: 1) { id } } query B { thing(id: 2) { id } }"
    both = [
        Operation(schema._schema, node, {}, VariableValues({}, {}))  # type: ignore[arg-type]  # both are operations
        for node in parse(of_two).definitions
    ]
    a, b = (keepable(schema.plans.of(one), one, b"") for one in both)
    assert a is not None
    assert b is not None
    assert a.of != b.of


def test_an_operation_without_a_text_is_not_kept(schema: Schema):
    """Who parses documents without keeping where they stand is served, and nothing is kept of it."""
    node: Any = parse('{ thing(id: "1") { id } }', no_location=True).definitions[0]
    made = Operation(schema._schema, node, {}, VariableValues({}, {}))
    assert keepable(schema.plans.of(made), made, b"") is None


def keys(
    variables: Mapping[str, Any], headers: Mapping[str, str], caller: Caller, about: Keepable = FREE
) -> AnswerKeys:
    found = answer_keys(about, variables, headers, caller)
    assert found is not None
    return found


REQUESTS = st.tuples(st.sampled_from(["", "x"]), st.sampled_from(["", "en", "pt"]), CALLERS)


@given(st.tuples(ANY_JSON, ANY_JSON) | ANY_JSON.map(lambda value: (value, value)), REQUESTS, REQUESTS)
def test_keys_differ_where_anything_does(values: tuple[Any, Any], first: Any, second: Any):
    """Two requests have one private key only if variables, headers and caller are the same; one key for all only if
    they are the same but for the caller, who has no tenant. No private key is one for all.
    """
    found, says, who = [], [], []
    for value, (more, language, caller) in zip(values, (first, second), strict=True):
        headers = {"accept-language": language, **({"x-more": more} if more else {})}
        found.append(keys({"a": value}, headers, caller))
        says.append((json.dumps(value, sort_keys=True), headers))
        who.append((caller.identity.partition, caller.identity.tenant))
    one, other = found
    is_same = says[0] == says[1]
    assert (one.private == other.private) is (is_same and who[0] == who[1])
    if one.shared is not None and other.shared is not None:
        assert (one.shared == other.shared) is is_same
    assert [each.shared is None for each in found] == [tenant is not None for _, tenant in who]
    assert not {one.private, other.private} & {one.shared, other.shared}


def test_variables_that_are_not_the_operations_count_for_nothing():
    """Neither what is not declared nor the order of what is makes another key; absent is not null."""
    anybody = Caller()
    assert keys({"a": 1, "b": {"x": 1, "y": 2}}, {}, anybody) == keys(
        {"b": {"y": 2, "x": 1}, "z": 3, "a": 1}, {}, anybody
    )
    assert keys({"a": None}, {}, anybody) != keys({}, {}, anybody)
    assert len({keys({"a": one}, {}, anybody).private for one in (1, True, "1", 1.5, [1], None)}) == 6


def test_headers_of_tracing_count_for_nothing():
    """What tells one request from another without changing its answer is in no key."""
    plain = keys({}, {"accept-language": "en"}, Caller())
    traced = {"accept-language": "en", "traceparent": "00-1", "x-request-id": "r"}
    assert keys({}, traced, Caller()) == plain


def test_claims_that_calls_are_made_from_are_in_the_key():
    """Even one that the partition leaves out, such as the token's own id; at a path, too; and nothing is for all."""
    about = Keepable(b"o" * 32, for_all=False, claims=("jti", "org.unit"), variables=())
    identity = Identity("p1")

    def of(**claims: Any) -> AnswerKeys:
        return keys({}, {}, Caller(identity, claims=claims), about)

    found = [of(jti="1"), of(jti="2"), of(jti="1", org={"unit": "a"}), of(jti="1", org={"unit": "b"}), of()]
    assert len({one.private for one in found}) == 5
    assert {one.shared for one in found} == {None}
    assert of(jti="1", other="x") == of(jti="1")


@pytest.mark.parametrize(
    ("variables", "headers"),
    [
        ({"a": object()}, {}),
        ({"a": "\ud800"}, {}),
        ({}, {"cache-control": "no-cache"}),
        ({}, {"pragma": "no-cache"}),
        ({}, {"if-none-match": '"a"'}),
    ],
)
def test_requests_that_pass_by(variables: Any, headers: Mapping[str, str]):
    """With a file, or what is no Unicode, there is no key; nor where the client asks, by a header that the project
    passes on, that no cache answer.
    """
    assert answer_keys(FREE, variables, headers, Caller()) is None


def test_nothing_readable_is_in_a_key(tmp_path: Path):
    """Keys are digests: they hold nothing of caller or variables in clear."""
    found = keys({"a": "maria@example.com"}, {}, Caller(Identity("secret-partition")))
    assert found.shared is not None
    assert {len(found.private), len(found.shared)} == {32}
    assert not any(text in found.private + found.shared for text in (b"maria", b"secret"))
