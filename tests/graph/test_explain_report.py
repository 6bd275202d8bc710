"""The report of a plan: what it tells of each step, and what really happened."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from graph.declaring.schema import Schema
from graph.explain.report import NOTHING_RAN, fields_of, report
from graph.explain.variables import sent, stated
from resolvers.plan.coverage import Reason
from resolvers.run.ledger import CallMade, Ledger
from stolon import testing
from tests.graph import projects
from tests.graph.projects import TEXT, an, contract, operation, parameter, ref
from tests.resolvers.graphs import PEOPLE, POSTS, SOCIAL, person, post, project, social
from tests.resolvers.planned import operation as asked
from tests.resolvers.planned import planned
from tests.resolvers.priced import BOUNDS, priced

QUERY = "query Posts { posts { id author { name } } }"
NO_CALL = {"atMost": 0, "formula": "0", "where": {}}
ONE_CALL = {"atMost": 1, "formula": "1", "where": {}}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """People and posts."""
    return project(tmp_path_factory.mktemp("social"), SOCIAL, people=PEOPLE, posts=POSTS)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """A graph in which everything is served in every way."""
    return priced(tmp_path_factory.mktemp("priced"))


def steps(schema: Schema, query: str, *names: str) -> list[Any]:
    """Of each step what is told under these names."""
    told = report(planned(schema, query), None, {"shop": BOUNDS})["steps"]
    return [one[names[0]] if len(names) == 1 else tuple(one[name] for name in names) for one in told]


POSTS_STEP = {
    "step": 1,
    "after": None,
    "path": "posts",
    "field": "Query.posts",
    "kind": "list",
    "operations": [{"service": "posts", "operation": "listPosts", "method": "GET", "path": "/posts"}],
    "parameters": [{"name": "topic", "in": "query", "from": "argument topic"}],
    "batch": None,
    "pick": None,
    "properties": ["author_id", "id"],
    "wave": 1,
    "shares": None,
    "scopes": [],
    "authenticated": False,
    "calls": ONE_CALL,
}
AUTHOR_STEP = {
    "step": 2,
    "after": 1,
    "path": "posts.author",
    "field": "Post.author",
    "kind": "lookup",
    "operations": [
        {"service": "people", "operation": "listPeople", "method": "GET", "path": "/people"},
        {"service": "people", "operation": "getPerson", "method": "GET", "path": "/people/{id}"},
    ],
    "parameters": [
        {"name": "ids", "in": "query", "from": "the keys: each parent's author_id"},
        {"name": "id", "in": "path", "from": "the key: parent's author_id"},
    ],
    "batch": {"by": "key", "most": 4},
    "pick": None,
    "properties": ["id", "name"],
    "wave": 2,
    "shares": None,
    "scopes": [],
    "authenticated": False,
    "calls": {"atMost": None, "formula": "ceil(|posts| / 4)", "where": {"|posts|": None}},
}
PLAN = {
    "operation": {"kind": "query", "name": "Posts"},
    "lane": "plan",
    "reason": None,
    "waves": 2,
    "calls": {"atMost": None, "formula": "1 + ceil(|posts| / 4)", "where": {"|posts|": None}},
    "steps": [POSTS_STEP, AUTHOR_STEP],
    "fields": {"posts": 1, "posts.id": 1, "posts.author": 2, "posts.author.name": 2},
}


def test_a_plan_is_told_step_by_step(schema):
    """Steps from 1 in the document's order, each with everything that is known before it runs."""
    assert report(planned(schema, QUERY), None, {}) == PLAN


def test_what_happened_is_told_with_it(schema):
    """Counts, bytes and milliseconds since the run began, three decimals; a call counts for each of its steps."""
    plan = planned(schema, QUERY)
    clock = count(10)
    ledger = Ledger(plan, lambda: next(clock) / 1024)
    ledger.begin(0, 1)
    ledger.asked("a key", new=True)
    ledger.end(0)
    ledger.steps[1].parents, ledger.steps[1].asked, ledger.steps[1].from_store = 3, 3, 1
    ledger.calls += [
        CallMade("posts", "listPosts", 0.001, 0.0025, 200, 120, "upstream", (0,)),
        CallMade("people", "listPeople", 0.003, 0.0042001, None, 0, "flight", (0, 1)),
    ]
    ledger.more_calls = 2
    assert report(plan, ledger, {}) == {
        **PLAN,
        "steps": [
            {
                **POSTS_STEP,
                "did": {
                    "parents": 1,
                    "asked": 1,
                    "fromStore": 0,
                    "calls": 2,
                    "bytes": 120,
                    "begun": 0.977,
                    "ended": 1.953,
                    "served": {"upstream": 1, "flight": 1, "cache": 0},
                },
            },
            {
                **AUTHOR_STEP,
                "did": {
                    "parents": 3,
                    "asked": 3,
                    "fromStore": 1,
                    "calls": 1,
                    "bytes": 0,
                    "begun": None,
                    "ended": None,
                    "served": {"upstream": 0, "flight": 1, "cache": 0},
                },
            },
        ],
        "did": {
            "ms": 2.93,
            "calls": [
                {
                    "service": "posts",
                    "operation": "listPosts",
                    "begun": 1.0,
                    "ended": 2.5,
                    "status": 200,
                    "bytes": 120,
                    "served": "upstream",
                    "steps": [1],
                },
                {
                    "service": "people",
                    "operation": "listPeople",
                    "begun": 3.0,
                    "ended": 4.2,
                    "status": None,
                    "bytes": 0,
                    "served": "flight",
                    "steps": [1, 2],
                },
            ],
            "moreCalls": 2,
        },
    }


async def test_an_answer_carries_the_plan_that_it_came_from(schema):
    """What was asked, called and found in the store is what the services saw; nobody's keys or values are told."""
    services = social(
        [person("secret-7")], [post("a", "secret-7"), post("b", "secret-7"), post("c", "nobody")]
    )
    answer = await testing.execute(schema, QUERY, services, plan=True)
    told = answer.extensions["plan"]
    assert services.calls == {"posts.listPosts": 1, "people.listPeople": 1}
    assert [one["did"]["calls"] for one in told["steps"]] == [1, 1]
    did = told["steps"][1]["did"]
    assert (did["parents"], did["asked"], did["fromStore"]) == (3, 3, 1)
    assert [(one["operation"], one["status"], one["steps"]) for one in told["did"]["calls"]] == [
        ("listPosts", 200, [1]),
        ("listPeople", 200, [2]),
    ]
    assert "secret-7" not in str(told)
    without = await testing.execute(schema, QUERY, services)
    assert "plan" not in without.extensions


def test_without_a_plan_the_reason_is_told(schema):
    """The reference lane has no steps; what was never executed has neither."""
    node = asked(schema, "query Named { __typename }").node
    told: dict[str, Any] = {"lane": "reference", "waves": None, "calls": None, "steps": [], "fields": {}}
    assert report(Reason.INTROSPECTION, None, {}, node) == {
        **told,
        "operation": {"kind": "query", "name": "Named"},
        "reason": "introspection",
    }
    assert report(Reason.DIRECTIVE, None, {}) == {**told, "operation": None, "reason": "directive"}
    unnamed = report(Reason.DIRECTIVE, None, {}, asked(schema, "{ __typename }").node)
    assert unnamed["operation"] == {"kind": "query", "name": None}
    assert report(None, None, {}) == {"refused": NOTHING_RAN}


def test_each_kind_of_step_says_how_it_batches(shop):
    """By key, by parent, or not at all; and what is picked out of the answer."""
    query = """{ me { boss { id } } weather { text } staff { label } ledger { id } team { id }
    orders { nodes { product { id } payments { id } notes { id } } } }"""
    assert steps(shop, query, "path", "kind", "batch", "pick") == [
        ("me", "lookup", {"by": "key", "most": 3}, None),
        ("me.boss", "lookup", {"by": "key", "most": 3}, None),
        ("weather", "fetch", None, None),
        ("staff", "list", None, None),
        ("staff.label", "resolver", None, None),
        ("ledger", "list", None, "data"),
        ("team", "resolver", None, None),
        ("orders", "pages", None, "data"),
        ("orders.nodes.product", "lookup", {"by": "key", "most": 7}, "data"),
        ("orders.nodes.payments", "group", {"by": "parent", "most": 4}, None),
        ("orders.nodes.notes", "group", {"by": "parent", "most": 7}, "data"),
    ]
    assert steps(shop, 'mutation { addVisit(input: {who: "x"}) { id } }', "kind") == ["change"]
    assert steps(shop, "{ staff { city { id } } }", "batch") == [None, None]
    assert steps(shop, "{ me { boss { id } } }", "shares") == [None, 1]


def test_parameters_say_where_they_come_from(shop):
    """By name and place, from an argument, a parent, the keys, a claim, a constant, or the paging."""
    query = """{ me { friends { id } staff { id } orders { nodes { notes { id } } } events { nodes { id } } }
    visits { nodes { id } } weather { text } }"""
    told = [
        [f"{one['name']} in {one['in']}: {one['from']}" for one in each]
        for each in steps(shop, query, "parameters")
    ]
    assert told == [
        ["ids in query: the keys: claim sub", "id in path: the key: claim sub"],
        ["id in path: parent's id"],
        ["level in query: constant"],
        [
            "customer in query: parent's id",
            "offset in query: paging",
            "limit in query: paging",
        ],
        ["orders in query: each parent's id", "cursor in query: paging", "limit in query: paging"],
        ["about in query: parent's id", "cursor in query: paging", "limit in query: paging"],
        ["page in query: paging", "per_page in query: paging"],
        [],
    ]
    (body,) = steps(shop, 'mutation { addVisit(input: {who: "x"}) { id } }', "parameters")
    assert body == [{"name": "body", "in": "body", "from": "argument input"}]


VAULT = contract(
    operation("GET /boxes/{tenant}/{number}", "getBox", ref("Box"), parameter("X-Tenant", place="header")),
    operation("POST /boxes/find", "findBoxes", an({"found": projects.listed(ref("Box"))}),
              body=an({"keys": projects.listed(an({"tenant": TEXT, "number": TEXT}))})),
    operation("GET /links", "listLinks", projects.listed(ref("Box")), parameter("limit", projects.INT),
              headers=("Link",)),
    Box=an({"tenant": TEXT, "number": TEXT, "next": TEXT}),
)  # fmt: skip
VAULT_MODULE = """
@rest.type(vault.schema("Box"), key=("tenant", "number"), one=vault.op("getBox"),
    many=vault.op("findBoxes", keys=rest.keys, safe=True, pick="found"), scopes=["boxes"])
class Box:
    number: rest.auto
    next: "Box | None" = rest.link(key=("tenant", "next"))

    @rest.field(needs=["number"], authenticated=True)
    def label(self) -> str | None:
        return self.number


@strawberry.type
class Holder:
    box: Box | None = None


@strawberry.type
class Query:
    box: Box | None = rest.query(vault.op("getBox"))
    links: rest.Connection[Box] | None = rest.connection(vault.op("listLinks", paging=rest.by_link(size="limit")))
    fact: int = 42

    @strawberry.field
    def holder(self) -> Holder:
        return Holder()


schema = rest.Schema(query=Query)
"""


def test_composite_keys_headers_and_scopes_are_told(tmp_path: Path):
    """Parts of keys one by one, headers that are passed on, and who may have a step's values."""
    toml = '[graph]\n[headers]\nforward = ["x-tenant"]\n[services.vault]\nurl = "http://localhost:1"\n'
    schema = project(tmp_path, VAULT_MODULE, toml, vault=VAULT)
    query = """{ box(tenant: "t", number: "1") { next { label } } links(first: 7) { nodes { next { number } } }
    holder { box { number } } fact }"""
    told = report(planned(schema, query), None, {})
    assert [(one["path"], one["kind"], one["scopes"], one["authenticated"]) for one in told["steps"]] == [
        ("box", "lookup", ["boxes"], False),
        ("box.next", "lookup", ["boxes"], False),
        ("box.next.label", "resolver", ["boxes"], True),
        ("links", "pages", ["boxes"], False),
        ("links.nodes.next", "lookup", ["boxes"], False),
        ("holder", "resolver", [], False),
    ]
    assert [one["calls"]["formula"] for one in told["steps"]] == [
        *("1", "1", "0"),
        *("1", "ceil(7 / 100)"),
        "0",
    ]
    assert [f"{one['name']}: {one['from']}" for one in told["steps"][1]["parameters"]] == [
        "keys: the keys: each parent's tenant, each parent's next",
        "X-Tenant: header x-tenant",
        "tenant: the key: parent's tenant",
        "number: the key: parent's next",
    ]
    assert told["steps"][3]["parameters"] == [{"name": "limit", "in": "query", "from": "paging"}]
    assert told["fields"]["fact"] is None
    assert (
        told["fields"]["holder.box.number"] == 6
    )  # what its parent holds is of its parent's step, guarded or not


def test_variables_of_a_request_are_all_known(schema):
    """What a request leaves out is left out; what is only explained stays open."""
    node = asked(schema, "query($a: Int, $b: Int = 3, $c: Int = null, $d: [Int] = [1]) { __typename }").node
    assert sent(node, {"a": 1, "z": 9}) == {"a": 1, "b": 3, "c": None, "d": [1]}
    assert sent(node, {}) == {"a": None, "b": 3, "c": None, "d": [1]}
    assert stated(node, {"b": 4}) == {"b": 4, "c": None, "d": [1]}


def test_a_path_that_types_serve_differently_is_told_once(tmp_path: Path):
    """Of several types at one path, the first that has the field says which step serves it."""
    module = VAULT_MODULE.replace(
        "    @strawberry.field\n    def holder",
        "    @strawberry.field\n    def either(self) -> Either:\n        return Holder()\n\n"
        "    @strawberry.field\n    def holder",
    ).replace(
        "@strawberry.type\nclass Query",
        "@strawberry.type\nclass Cup:\n    @strawberry.field\n    def box(self) -> str:\n        return ''\n\n\n"
        "from typing import Annotated, Union\n"
        "Either = Annotated[Union[Holder, Cup], strawberry.union('Either')]\n\n\n"
        "@strawberry.type\nclass Query",
    )
    schema = project(tmp_path, module, vault=VAULT)
    plan = planned(schema, "{ either { ... on Holder { box { number } } ... on Cup { box } } }")
    assert fields_of(plan) == {"either": 1, "either.box": 1, "either.box.number": 1}
    assert [".".join(one.path) for one in plan.steps] == ["either", "either.box"]
