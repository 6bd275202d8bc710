"""The plans of a schema: what they are known by, and what they take of memory."""

from __future__ import annotations

import gc
import tracemalloc

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues

from resolvers.plan.cache import PlanCache
from resolvers.plan.coverage import NotCovered, Reason
from resolvers.plan.operation import Operation
from stolon import testing
from tests.graph import projects
from tests.graph.test_document_memory import MODULE, USERS
from tests.resolvers.planned import planned

REWRITTEN = MODULE.replace(
    "schema = rest.Schema(query=Query)",
    """
    from graphql import REMOVE, Visitor, visit
    from strawberry.extensions import SchemaExtension


    class Nameless(Visitor):
        def enter_field(self, node, *_):
            return REMOVE if node.name.value == "name" else None


    class WithoutNames(SchemaExtension):
        def on_execute(self):
            context = self.execution_context
            if "names" not in context.context.caller.scopes:
                context.graphql_document = visit(context.graphql_document, Nameless())
            yield


    schema = rest.Schema(query=Query, extensions=[WithoutNames])
    """,
)


@pytest.mark.parametrize(
    "query",
    [
        '{ user(id: "1") { id name } }',
        '{ user(id: "1") { ...F } } fragment F on User { id name }',
    ],
)
async def test_a_document_that_an_extension_rewrote_has_a_plan_of_its_own(tmp_path, query):
    """What an extension took out of one caller's document is in no plan of that caller, and in the other's."""
    schema = projects.load(tmp_path, REWRITTEN, {"users": USERS})
    services = testing.Services()
    services.answer("users", "getUser", json={"id": "1", "name": "Ana"})
    callers = [testing.caller("a", scopes=scopes) for scopes in (("names",), (), ("names",), ())]
    found = [(await testing.execute(schema, query, services, caller=one)).data for one in callers]
    whole, less = {"user": {"id": "1", "name": "Ana"}}, {"user": {"id": "1"}}
    assert found == [whole, less, whole, less]


SHAPES = {
    "short": '{ user(id: "1") { id } }',
    "fields": '{ user(id: "1") { ' + " ".join(f"a{n}: id" for n in range(90)) + " } }",
    "steps": "{ " + " ".join(f'a{n}: user(id: "{n}") {{ id }}' for n in range(25)) + " }",
    "string": '{ user(id: "' + "x" * 20_000 + '") { id } }',
    "wide": '{ user(id: "' + "\N{GRINNING FACE}" * 5_000 + '") { id } }',
    "comments": '{ user(id: "1") { id } }' + "\n#" * 2_000,
    "comment": '{ user(id: "1") { id } } #' + "x" * 20_000,
    "fragments": '{ user(id: "1") { ...F } } fragment F on User { ' + "id " * 200 + "}",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_plan_takes_no_more_than_it_counts_for(tmp_path, shape):
    """The estimate by which plans are bounded is never less than what one really takes, with the text and the syntax
    that it holds.
    """
    schema = projects.load(tmp_path, MODULE, {"users": USERS})
    # So many that none counts for an equal share, but for its own estimate.
    kept = schema.plans.kept = PlanCache(count=1_000_000, size=1 << 30)

    def plan(text: str) -> None:
        document = parse(text)
        (operation,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
        fragments = {
            one.name.value: FragmentDetails(one, None)
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }
        schema.plans.of(Operation(schema._schema, operation, fragments, VariableValues({}, {})))

    plan('{ user(id: "0") { id } }')
    weight = kept._kept.currsize
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(20):
            plan(SHAPES[shape] + " " * number)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(kept) == 21
    assert taken < kept._kept.currsize - weight


KINDS = MODULE.replace(
    """
    @strawberry.type
    class Query:
""",
    """
    @strawberry.interface
    class Kind:
        name: str

        @strawberry.field
        def others(self) -> list[Kind]:
            return []


    @strawberry.type
    class Query:
        @strawberry.field
        def kinds(self) -> list[Kind]:
            return []

""",
).replace(
    "schema = rest.Schema(query=Query)",
    """
    KINDS = [strawberry.type(type(f"Kind{number}", (Kind,), {"__module__": __name__})) for number in range(10)]
    schema = rest.Schema(query=Query, types=KINDS)
    """,
)


def test_types_that_are_taken_apart_for_nothing_count_too(tmp_path, monkeypatch):
    """What planning costs is bounded: by the types that values may have, though nothing is selected of most."""
    schema = projects.load(tmp_path, KINDS, {"users": USERS})
    query = "{ kinds { ... on Kind1 { others { ... on Kind2 { %s } } } } }"
    monkeypatch.setattr("resolvers.plan.selecting.MOST_LOOKS", 60)
    assert planned(schema, query % "others { name }").fields == 13
    with pytest.raises(NotCovered) as refused:
        planned(schema, query % "others { name } more: others { name }")
    assert refused.value.reason is Reason.TOO_LARGE
