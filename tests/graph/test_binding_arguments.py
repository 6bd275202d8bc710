"""What nobody binds becomes an argument of the field; what the declaration binds does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stolon import testing
from tests.graph.projects import (
    BIG,
    INT,
    MONEY,
    TEXT,
    an,
    contract,
    data,
    description_of,
    error,
    field_text,
    listed,
    load,
    operation,
    parameter,
    ref,
    signature,
    type_text,
)

ITEM = an({"id": TEXT, "name": TEXT})


def module(op: str, annotation: str = "list[Item] | None", more: str = "", **options: str) -> str:
    """A module with one query over things."""
    decorator = options.get("decorator", 'things.schema("Item"), key="id"')
    return f"""
        import strawberry
        from stolon import rest

        things = rest.contract("things")

        @rest.type({decorator})
        class Item:
            id: rest.auto
            name: rest.auto
            {options.get("field", "")}

        @strawberry.type
        class Query:
            found: {annotation} = rest.query({op})
            {more}

        schema = rest.Schema(query=Query)
    """


def things(*parameters: dict, **more: object) -> dict:
    """A contract with one search."""
    return contract(
        operation("GET /search", "search", listed(ref("Item")), *parameters, summary="Finds items."),
        Item=ITEM,
    )


SEARCH = module('things.op("search")')


def services() -> testing.Services:
    """A service that finds nothing."""
    made = testing.Services()
    made.answer("things", "search", json=[])
    return made


def test_an_argument_has_the_contracts_type_default_description_and_deprecation(tmp_path: Path) -> None:
    """Required ones are non-null; of optional ones null means the same as nothing."""
    schema = load(
        tmp_path,
        SEARCH,
        {
            "things": things(
                parameter("q", required=True, description="What to find."),
                parameter("min-price", MONEY),
                parameter("max", {**INT, "default": 10}),
                parameter("state", {"type": "string", "enum": ["on", "off"], "default": "off"}),
                parameter("states", listed({"type": "string", "enum": ["on", "off"]})),
                parameter("since", {"type": "string", "format": "date-time"}),
                parameter("exact", {"type": "boolean", "default": False}, deprecated=True),
                parameter("after_id", BIG),
                parameter("sort", {**listed(TEXT), "default": ["name"]}),
                parameter("X-Locale", place="header"),
                parameter("class"),
                parameter("$top", INT),
                parameter("1st", INT),
                parameter("self"),
                parameter("info"),
            )
        },
    )
    assert field_text(schema, "Query", "found") == (
        "found(q: String!, minPrice: Decimal, max: Int = 10, state: FoundState = OFF, states: [FoundStates!], "
        'since: DateTime, exact: Boolean = false @deprecated(reason: "Deprecated by its contract."), '
        'afterId: BigInt, sort: [String!] = ["name"], xLocale: String, class: String, top: Int, _1st: Int, '
        'self: String, info: String): [Item!] @source(service: "things", operations: ["search"])'
    )
    assert description_of(schema, "Query", "found") == "Finds items."
    assert '"""What to find."""' in type_text(schema, "Query")


async def test_arguments_reach_the_parameters_that_they_stand_for(tmp_path: Path) -> None:
    """Enums go out as the upstream's values, decimals and times as they were written, omitted ones not at all."""
    schema = load(
        tmp_path,
        SEARCH,
        {
            "things": things(
                parameter("q", required=True),
                parameter("min-price", MONEY),
                parameter("states", listed({"type": "string", "enum": ["on", "off"]})),
                parameter("since", {"type": "string", "format": "date-time"}),
                parameter("day", {"type": "string", "format": "date"}),
                parameter("after_id", BIG),
                parameter("X-Locale", place="header"),
                parameter("self"),
                parameter("left", {**INT, "default": 3}),
            )
        },
    )
    scripted = services()
    query = """{ found(q: "a b", minPrice: "10.10", states: [ON, OFF], since: "2026-11-20T10:00:00.120+01:00",
        day: "2026-11-20", afterId: "9007199254740993", xLocale: "de", self: "me") { id } }"""
    assert await data(schema, query, scripted) == {"found": []}
    assert [one.target for one in scripted.requests] == [
        "/search?q=a%20b&min-price=10.10&states=on&states=off&since=2026-11-20T10%3A00%3A00.120%2B01%3A00"
        "&day=2026-11-20&after_id=9007199254740993&self=me&left=3"
    ]
    assert scripted.requests[0].headers["x-locale"] == "de"
    assert await data(schema, '{ found(q: "a", minPrice: null, left: null) { id } }', scripted) == {
        "found": []
    }
    assert scripted.requests[1].target == "/search?q=a"


@pytest.mark.parametrize(
    ("stated", "argument", "target"),
    [
        (parameter("a", listed(TEXT)), 'a: ["x", "y"]', "/search?a=x&a=y"),
        (parameter("a", listed(TEXT), explode=False), 'a: ["x", "y"]', "/search?a=x,y"),
        (
            parameter("a", listed(TEXT), style="pipeDelimited", explode=False),
            'a: ["x", "y"]',
            "/search?a=x%7Cy",
        ),
        (
            parameter("a", listed(TEXT), style="spaceDelimited", explode=False),
            'a: ["x", "y"]',
            "/search?a=x%20y",
        ),
        (
            parameter("f", an({"min-a": INT, "b": TEXT}, optional="b"), style="deepObject", explode=True),
            "f: {minA: 1}",
            "/search?f%5Bmin-a%5D=1",
        ),
    ],
)
async def test_every_style_of_parameter_is_an_argument(
    tmp_path: Path, stated: dict, argument: str, target: str
) -> None:
    """The style is the contract's business: clients see lists and objects."""
    schema = load(tmp_path, SEARCH, {"things": things(stated)})
    scripted = services()
    assert await data(schema, f"{{ found({argument}) {{ id }} }}", scripted) == {"found": []}
    assert [one.target for one in scripted.requests] == [target]


@pytest.mark.parametrize(
    ("stated", "argument", "path", "message"),
    [
        (parameter("max-count", {**INT, "minimum": 1}), "maxCount: 0", ["maxCount"], "must be at least 1"),
        (parameter("q", {**TEXT, "pattern": "^a"}), 'q: "b"', ["q"], "must match the pattern ^a"),
        (parameter("ids", listed(TEXT, maxItems=1)), 'ids: ["a", "b"]', ["ids"], "must have at most 1 items"),
        (
            parameter("f", an({"min-a": {**INT, "maximum": 3}}), style="deepObject", explode=True),
            "f: {minA: 4}",
            ["f", "minA"],
            "must be at most 3",
        ),
    ],
)
async def test_bounds_are_checked_before_any_call(
    tmp_path: Path, stated: dict, argument: str, path: list, message: str
) -> None:
    """The error names the argument as clients know it, and nothing is called."""
    schema = load(tmp_path, SEARCH, {"things": things(stated)})
    scripted = services()
    assert await error(schema, f"{{ found({argument}) {{ id }} }}", scripted) == {
        "message": f"{'.'.join(path)}: {message}",
        "path": ["found"],
        "extensions": {
            "code": "BAD_USER_INPUT",
            "retryable": False,
            "fields": [{"path": path, "message": message}],
        },
    }
    assert scripted.calls == {}


async def test_parameters_of_one_name_become_arguments_of_two(tmp_path: Path) -> None:
    """The later is numbered, also where only GraphQL's names meet."""
    searched = contract(
        operation(
            "GET /search/{id}",
            "search",
            listed(ref("Item")),
            parameter("id"),
            parameter("foo_1"),
            parameter("foo1"),
        ),
        Item=ITEM,
    )
    schema = load(tmp_path, SEARCH, {"things": searched})
    assert signature(schema, "Query", "found") == (
        "found(id: String!, id2: String, foo1: String, foo12: String): [Item!]"
    )
    scripted = services()
    await data(schema, '{ found(id: "p", id2: "q", foo1: "a", foo12: "b") { id } }', scripted)
    assert [one.target for one in scripted.requests] == ["/search/p?id=q&foo_1=a&foo1=b"]


async def test_what_the_declaration_binds_is_no_argument(tmp_path: Path) -> None:
    """Constants, claims, and names that are no identifiers or stand in several places."""
    searched = contract(
        operation(
            "GET /search/{id}",
            "search",
            listed(ref("Item")),
            parameter("id"),
            parameter("filter[state]", {"type": "string", "enum": ["on", "off"]}),
            parameter("owner"),
            parameter("X-Plan", place="header"),
            parameter("class"),
            parameter("q"),
        ),
        Item=ITEM,
    )
    op = (
        'things.op("search", {"path:id": "7", "query:id": 8, "filter[state]": "on"}, '
        'owner=rest.caller("org.id"), x_plan="gold", class_="c")'
    )
    schema = load(tmp_path, module(op), {"things": searched})
    assert signature(schema, "Query", "found") == "found(q: String): [Item!]"
    scripted = services()
    who = testing.caller("u-1", org={"id": "o-1"})
    assert await data(schema, '{ found(q: "x") { id } }', scripted, caller=who) == {"found": []}
    assert [one.target for one in scripted.requests] == [
        "/search/7?id=8&filter%5Bstate%5D=on&owner=o-1&class=c&q=x"
    ]
    assert scripted.requests[0].headers["x-plan"] == "gold"


@pytest.mark.parametrize(
    ("who", "code"), [(testing.Caller(), "UNAUTHENTICATED"), (testing.caller("u-1"), "FORBIDDEN")]
)
async def test_a_claim_that_the_caller_lacks_is_an_error_without_a_call(
    tmp_path: Path, who: testing.Caller, code: str
) -> None:
    """A field over `rest.caller(...)` says which claim it needs."""
    schema = load(
        tmp_path,
        module('things.op("search", owner=rest.caller("org"))'),
        {"things": things(parameter("owner"))},
    )
    scripted = services()
    assert await error(schema, "{ found { id } }", scripted, caller=who) == {
        "message": "This field needs a caller whose token has the claim 'org'.",
        "path": ["found"],
        "extensions": {"code": code, "retryable": False},
    }
    assert scripted.calls == {}


async def test_headers_that_the_project_passes_on_are_nobodys_arguments(tmp_path: Path) -> None:
    """Neither are those of caching and tracing."""
    searched = things(
        parameter("Accept-Language", place="header"),
        parameter("X-Tenant-Id", place="header", required=True),
        parameter("If-None-Match", place="header"),
        parameter("traceparent", place="header"),
        parameter("q"),
    )
    toml = '[graph]\n[headers]\nforward = ["Accept-Language"]\n[identity]\nissuer = "i"\n'
    schema = load(tmp_path, SEARCH, {"things": searched}, toml)
    assert signature(schema, "Query", "found") == "found(q: String): [Item!]"
    scripted = services()
    passed = {"accept-language": "de"}
    assert await data(schema, "{ found { id } }", scripted, headers=passed) == {"found": []}
    assert scripted.requests[0].headers == {"accept-language": "de"}


async def test_keys_are_ids_also_as_arguments_of_the_types_own_one(tmp_path: Path) -> None:
    """An integer key travels as an ID and is sent as an integer; what can be none is refused before any call."""
    items = contract(
        operation("GET /items/{item-id}", "getItem", ref("Item"), parameter("item-id", BIG, place="path")),
        Item=an({"id": BIG, "name": TEXT}),
    )
    text = module(
        'things.op("getItem")',
        "Item | None",
        'same: Item | None = rest.query(things.op("GET /items/{item-id}"))',
        decorator='things.schema("Item"), key="id", one=things.op("getItem")',
    )
    schema = load(tmp_path, text, {"things": items})
    assert signature(schema, "Query", "found") == "found(itemId: ID!): Item"
    assert signature(schema, "Query", "same") == "same(itemId: ID!): Item"
    scripted = testing.Services()
    scripted.answer("things", "getItem", json={"id": 9007199254740993, "name": "n"})
    query = '{ found(itemId: "9007199254740993") { id } same(itemId: 9007199254740993) { id name } }'
    assert await data(schema, query, scripted) == {
        "found": {"id": "9007199254740993"},
        "same": {"id": "9007199254740993", "name": "n"},
    }
    assert [one.target for one in scripted.requests] == ["/items/9007199254740993"]
    assert await error(schema, '{ found(itemId: "x") { id } }', scripted) == {
        "message": "itemId: expected a key of this type",
        "path": ["found"],
        "extensions": {
            "code": "BAD_USER_INPUT",
            "retryable": False,
            "fields": [{"path": ["itemId"], "message": "expected a key of this type"}],
        },
    }
    assert scripted.calls == {"things.getItem": 1}


async def test_a_safe_post_is_a_query(tmp_path: Path) -> None:
    """`safe=True` lets a lookup be a POST; what its body needs and nobody binds is the argument `input`."""
    searched = contract(
        operation(
            "POST /search",
            "search",
            listed(ref("Item")),
            body=an({"text": TEXT, "kind": TEXT, "max": INT}, optional="max"),
        ),
        Item=ITEM,
    )
    schema = load(tmp_path, module('things.op("search", kind="book", safe=True)'), {"things": searched})
    assert signature(schema, "Query", "found") == "found(input: SearchInput!): [Item!]"
    scripted = services()
    assert await data(
        schema, '{ found(input: {text: "x"}) { id } again: found(input: {text: "x"}) { id } }', scripted
    )
    assert [json.loads(one.body or b"") for one in scripted.requests] == [{"text": "x", "kind": "book"}]
    assert scripted.requests[0].safe


async def test_paths_of_errors_follow_the_projects_own_naming(tmp_path: Path) -> None:
    """With `auto_camel_case=False` arguments, inputs and error paths are in snake case."""
    searched = things(
        parameter("max-count", {**INT, "minimum": 1}),
        parameter("f", an({"min-a": {**INT, "maximum": 3}}), style="deepObject", explode=True),
    )
    text = SEARCH.replace(
        "rest.Schema(query=Query)", "rest.Schema(query=Query, config=StrawberryConfig(auto_camel_case=False))"
    ).replace(
        "import strawberry\n",
        "import strawberry\n        from strawberry.schema.config import StrawberryConfig\n",
        1,
    )
    schema = load(tmp_path, text, {"things": searched})
    assert signature(schema, "Query", "found") == "found(max_count: Int, f: FoundFInput): [Item!]"
    for argument, path in (("max_count: 0", ["max_count"]), ("f: {min_a: 9}", ["f", "min_a"])):
        found = await error(schema, f"{{ found({argument}) {{ id }} }}", services())
        assert [one["path"] for one in found["extensions"]["fields"]] == [path]
