"""What nobody binds becomes an argument of the field; what the declaration binds does not."""

from __future__ import annotations

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
