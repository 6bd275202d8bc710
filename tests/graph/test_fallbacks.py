"""Fallbacks from declarations and settings to clients: what is given where a service dies, and how they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.mistake import ProjectError
from adapters.policies.fallback_rule import Fallback
from graph.project.project import load_project
from stolon import testing
from tests.graph import projects
from tests.graph.served import Reply, Rest, rest, served, toml

CITIES = projects.contract(
    projects.operation(
        "GET /cities", "listCities", projects.an({"data": projects.listed(projects.ref("City"))})
    ),
    projects.operation("GET /cities/{id}", "getCity", projects.ref("City")),
    projects.operation(
        "POST /search", "search", projects.listed(projects.ref("City")), body=projects.ref("Words")
    ),
    projects.operation(
        "GET /paged",
        "pageCities",
        projects.an({"items": projects.listed(projects.ref("City")), "total": projects.INT}),
        projects.parameter("page", projects.INT),
        projects.parameter("per_page", projects.INT),
    ),
    projects.operation("POST /cities", "addCity", projects.ref("City"), body=projects.ref("Words")),
    projects.operation("PUT /cities/{id}", "putCity", projects.ref("City"), body=projects.ref("Words")),
    projects.operation("GET /alive", "isAlive"),
    City=projects.an(
        {
            "id": {**projects.TEXT, "readOnly": True},
            "name": projects.TEXT,
            "secret": {**projects.TEXT, "writeOnly": True},
        }
    ),
    Words=projects.an({"words": projects.TEXT}),
)
MODULE = """
    import strawberry
    from stolon import rest

    cities = rest.contract("cities")


    @rest.type(cities.schema("City"), key="id", one=cities.op("getCity"))
    class City:
        id: rest.auto
        name: rest.auto


    @strawberry.type
    class Query:
        city: City | None = rest.query(cities.op("getCity"))
        cities: list[City] | None = rest.query(cities.op("listCities", fallback=FALLBACK))


    @strawberry.type
    class Mutation:
        add_city: City | None = rest.mutation(cities.op("addCity"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
STALE = MODULE.replace("FALLBACK", 'rest.stale("60m")')
CONSTANT = MODULE.replace("FALLBACK", 'rest.constant([{"id": "0", "name": "Nowhere"}])')
BOTH = MODULE.replace("FALLBACK", '[rest.stale("60m"), rest.constant([])]')
ASK = "{ cities { name } }"
OSLO = {"id": "1", "name": "Oslo"}
DEAD = Reply({}, 503)
LANES = pytest.mark.parametrize("lane", ["fast", "plan", "reference"])


@pytest.fixture
async def cities() -> AsyncIterator[Rest]:
    async with rest() as made:
        made.on("GET /cities", Reply({"data": [OSLO]}))
        made.on("GET /cities/1", Reply(OSLO))
        made.on("POST /cities", DEAD)
        yield made


def project(cities: Rest, more: str = "", lane: str = "fast") -> str:
    retry = "\n[services.cities.retry]\nretries = 0\n"
    return toml({"cities": cities.url}, more=f'lane = "{lane}"') + retry + more


# --- served


@LANES
async def test_a_warm_cache_answers_where_the_service_is_dead(tmp_path: Path, cities: Rest, lane: str):
    """Stale, with its age, on each lane; while the service is well nothing is marked."""
    async with served(tmp_path, STALE, {"cities": CITIES}, project(cities, lane=lane)) as gateway:
        for _ in range(2):  # the fast lane runs from the second time on
            assert await gateway.ask(ASK) == {"data": {"cities": [{"name": "Oslo"}]}}
        cities.on("GET /cities", DEAD)
        for _ in range(2):
            answer = await gateway.ask(ASK)
            age = answer["extensions"]["stale"].pop("age")
            assert answer == {"data": {"cities": [{"name": "Oslo"}]}, "extensions": {"stale": {}}}
            assert age in range(30)
        cities.on("GET /cities", Reply({"data": []}))
        assert await gateway.ask(ASK) == {"data": {"cities": []}}
    assert cities.calls == {"GET /cities": 5}


@LANES
async def test_a_cold_cache_has_nothing_to_give(tmp_path: Path, cities: Rest, lane: str):
    """The trouble is told as ever."""
    cities.on("GET /cities", DEAD)
    async with served(tmp_path, STALE, {"cities": CITIES}, project(cities, lane=lane)) as gateway:
        answer = await gateway.ask(ASK)
    assert answer["data"] == {"cities": None}
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["UPSTREAM_UNAVAILABLE"]
    assert "extensions" not in answer


@LANES
async def test_a_constant_stands_for_what_is_picked(tmp_path: Path, cities: Rest, lane: str):
    """Within the envelope that the contract shows; the client is told that it is none of the service's."""
    cities.on("GET /cities", DEAD)
    async with served(tmp_path, CONSTANT, {"cities": CITIES}, project(cities, lane=lane)) as gateway:
        for _ in range(2):
            assert await gateway.ask(ASK) == {
                "data": {"cities": [{"name": "Nowhere"}]},
                "extensions": {"constant": {"count": 1}},
            }


async def test_a_service_that_hangs_up_is_dead_too(tmp_path: Path):
    """No socket listens there any more: the kept answer is given, and then the constant would be."""
    async with rest() as cities:
        cities.on("GET /cities", Reply({"data": [OSLO]}))
        settings = project(cities)
        both = served(tmp_path, BOTH, {"cities": CITIES}, settings)
        gateway = await both.__aenter__()
        await gateway.ask(ASK)
    try:
        answer = await gateway.ask(ASK)
        assert answer["data"] == {"cities": [{"name": "Oslo"}]}
        assert list(answer["extensions"]) == ["stale"]
    finally:
        await both.__aexit__(None, None, None)


async def test_who_may_see_detail_sees_whose_answers_these_are(tmp_path: Path, cities: Rest):
    """Services and operations, in a fixed order, with the age of each."""
    more = '[services.cities.operations.getCity.fallback]\nstale = "1m"\n'
    query = '{ cities { name } city(id: "1") { name } }'
    module = MODULE.replace("FALLBACK", "rest.constant([])")
    async with served(tmp_path, module, {"cities": CITIES}, project(cities, more), detail=True) as gateway:
        await gateway.ask(query)
        cities.on("GET /cities", DEAD)
        cities.on("GET /cities/1", DEAD)
        answer = await gateway.ask(query)
    stale = answer["extensions"]["stale"]
    assert stale == {
        "age": stale["age"],
        "calls": [{"service": "cities", "operation": "getCity", "age": stale["age"]}],
    }
    assert answer["extensions"]["constant"] == {
        "count": 1,
        "calls": [{"service": "cities", "operation": "listCities"}],
    }
    assert answer["data"] == {"cities": [], "city": {"name": "Oslo"}}


async def test_what_a_service_lets_be_used_stale_is_marked_as_well(tmp_path: Path, cities: Rest):
    """RFC 5861's stale-if-error, without any fallback."""
    control = {"cache-control": "max-age=0, stale-if-error=600"}
    cities.on("GET /cities/1", Reply(OSLO, headers=control))
    query = '{ city(id: "1") { name } }'
    async with served(tmp_path, STALE, {"cities": CITIES}, project(cities)) as gateway:
        await gateway.ask(query)
        cities.on("GET /cities/1", DEAD)
        answer = await gateway.ask(query)
    assert list(answer["extensions"]) == ["stale"]


@LANES
async def test_a_mutation_never_falls_back(tmp_path: Path, cities: Rest, lane: str):
    """Its failure is told, and nothing is marked."""
    change = 'mutation { addCity(input: {words: "x"}) { name } }'
    async with served(tmp_path, STALE, {"cities": CITIES}, project(cities, lane=lane)) as gateway:
        answer = await gateway.ask(change)
    assert answer["data"] == {"addCity": None}
    assert len(answer["errors"]) == 1
    assert "extensions" not in answer


async def test_one_callers_stale_answer_is_no_other_callers(tmp_path: Path, cities: Rest):
    """Partitions hold where services are dead."""
    settings = project(cities).replace(
        "[services.cities]\n", '[services.cities]\ncredentials = "forward"\n', 1
    )
    async with served(tmp_path, STALE, {"cities": CITIES}, settings) as gateway:
        await gateway.ask(ASK, token="ada")
        cities.on("GET /cities", DEAD)
        assert (await gateway.ask(ASK, token="ada"))["data"] == {"cities": [{"name": "Oslo"}]}
        assert (await gateway.ask(ASK, token="ben"))["data"] == {"cities": None}


# --- in tests of projects, and in resolvers


async def test_constants_hold_over_scripted_services_too(tmp_path: Path):
    """A project's own tests see what clients would."""
    schema = projects.load(tmp_path, CONSTANT, {"cities": CITIES})
    services = testing.Services()
    services.answer("cities", "listCities", status=500)
    answer = await testing.execute(schema, ASK, services)
    assert (answer.data, answer.errors) == ({"cities": [{"name": "Nowhere"}]}, [])
    assert answer.extensions == {"constant": {"count": 1}}


async def test_a_resolvers_call_may_have_one(tmp_path: Path):
    """`context.call` takes what `op(...)` says, of each of its calls for itself."""
    module = """
        import strawberry
        from stolon import rest

        cities = rest.contract("cities")


        @strawberry.type
        class Query:
            @strawberry.field
            async def names(self, info: rest.Info) -> list[str]:
                guarded = cities.op("getCity", fallback=rest.constant({"id": "0", "name": "Nowhere"}))
                other = cities.op("getCity", fallback=rest.constant({"id": "0", "name": "Elsewhere"}))
                calls = (guarded, "1"), (other, "2")
                return [(await info.context.call(op, id=one)).name for op, one in calls]


        schema = rest.Schema(query=Query)
    """
    schema = projects.load(tmp_path, module, {"cities": CITIES})
    services = testing.Services()
    services.answer("cities", "getCity", status=503)
    assert await projects.data(schema, "{ names }", services) == {"names": ["Nowhere", "Elsewhere"]}


@pytest.mark.parametrize("of_type", ["", ", fallback=rest.constant(NOWHERE)"])
async def test_a_query_by_key_may_have_one(tmp_path: Path, of_type: str):
    """Its own, also where its type is fetched without one; or its type's, where it says none itself."""
    module = """
        import strawberry
        from stolon import rest

        cities = rest.contract("cities")
        NOWHERE = {"id": "0", "name": "Nowhere"}


        @rest.type(cities.schema("City"), key="id", one=cities.op("getCity"OF_TYPE))
        class City:
            name: rest.auto


        @strawberry.type
        class Query:
            own: City | None = rest.query(
                cities.op("getCity", fallback=rest.constant({"id": "0", "name": "Elsewhere"}))
            )
            plain: City | None = rest.query(cities.op("getCity"))


        schema = rest.Schema(query=Query)
    """
    schema = projects.load(tmp_path, module.replace("OF_TYPE", of_type), {"cities": CITIES})
    services = testing.Services()
    services.answer("cities", "getCity", status=503)
    answer = await testing.execute(schema, '{ own(id: "1") { name } plain(id: "2") { name } }', services)
    plain = {"name": "Nowhere"} if of_type else None
    assert answer.data == {"own": {"name": "Elsewhere"}, "plain": plain}
    assert len(answer.errors) == (0 if of_type else 1)


# --- what is declared


def declared(tmp_path: Path, field: str) -> list[str]:
    module = f"""
        import strawberry
        from stolon import rest

        cities = rest.contract("cities")


        @rest.type(cities.schema("City"))
        class City:
            id: rest.auto


        @strawberry.type
        class Query:
            one: City | None = rest.query(cities.op("getCity"))
            {field}


        @strawberry.type
        class Mutation:
            put: City | None = rest.mutation(cities.op("putCity"))


        schema = rest.Schema(query=Query, mutation=Mutation)
    """
    return projects.refused(tmp_path, module, {"cities": CITIES})


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ('rest.constant({"id": "1"})', "it breaks the contract of 'getCity': $ lacks the property 'name'"),
        (
            'rest.constant({"id": 1, "name": "x"})',
            "it breaks the contract of 'getCity': $.id must be string",
        ),
        ("rest.constant([])", "it breaks the contract of 'getCity': $ must be object"),
        ("rest.constant(object())", "it breaks the contract of 'getCity': $ is no JSON value"),
    ],
)
def test_a_constant_is_what_the_contract_says(tmp_path: Path, said: str, wrong: str):
    """Where it is not, file and line are told."""
    told = declared(tmp_path, f'x: City | None = rest.query(cities.op("getCity", fallback={said}))')
    assert told == [f"schema.py:15: Query.x: rest.constant(...): {wrong}"]


@pytest.mark.parametrize("within", ['""', '"soon"', '"0s"', '"20000m"', "60"])
def test_a_stale_answer_has_a_window(tmp_path: Path, within: str):
    """A duration of more than nothing, a week at most."""
    told = declared(
        tmp_path, f'x: City | None = rest.query(cities.op("getCity", fallback=rest.stale({within})))'
    )
    shown = within.replace('"', "'")
    expected = "expected a duration such as '30s' or '60m', a week at most"
    assert told == [f"schema.py:15: Query.x: rest.stale({shown}): {expected}"]


@pytest.mark.parametrize(
    "said",
    [
        '"stale"',
        '[rest.constant({"id": "1", "name": ""}), rest.stale("1m")]',
        '[rest.stale("1m"), rest.stale("1m")]',
        "{}",
    ],
)
def test_a_fallback_is_one_of_two_or_both_in_order(tmp_path: Path, said: str):
    """After a constant nothing would ever be tried."""
    told = declared(tmp_path, f'x: City | None = rest.query(cities.op("getCity", fallback={said}))')
    expected = "expected rest.stale(...), rest.constant(...), or both in this order"
    assert told == [f"schema.py:15: Query.x: {expected}"]


def test_a_list_in_pages_has_no_constant(tmp_path: Path):
    """One page of it could not be told from the whole."""
    told = declared(
        tmp_path, 'x: list[City] | None = rest.query(cities.op("pageCities", fallback=rest.constant([])))'
    )
    assert told == [
        "schema.py:15: Query.x: rest.constant(...): 'pageCities' pages, "
        "and a constant can't stand for a part of a list"
    ]


def test_an_answer_without_a_body_has_no_constant(tmp_path: Path):
    """There is nothing that it could stand for."""
    told = declared(
        tmp_path, 'x: bool | None = rest.query(cities.op("isAlive", fallback=rest.constant(True)))'
    )
    assert told == ["schema.py:15: Query.x: rest.constant(...): the answer of 'isAlive' has no JSON body"]


def test_a_mutation_declares_none(tmp_path: Path):
    """It is refused when the schema is built."""
    module = STALE.replace(
        'rest.mutation(cities.op("addCity"', 'rest.mutation(cities.op("addCity", fallback=rest.stale("1m")'
    )
    told = projects.refused(tmp_path, module, {"cities": CITIES})
    assert told == [
        "schema.py:21: Mutation.add_city: a fallback is for reads, and 'addCity' changes something"
    ]


# --- what is stated


def stated(tmp_path: Path, more: str, module: str = STALE) -> Any:
    text = toml({"cities": "http://localhost:1"}) + more
    projects.write(tmp_path, module, {"cities": CITIES}, text)
    try:
        return load_project(tmp_path, {}).settings.services["cities"].operations
    except ProjectError as error:
        return [str(one).replace(f"{tmp_path}/", "") for one in error.mistakes]


def test_an_operation_states_its_fallback(tmp_path: Path):
    """Inline or as a table of its own: the window in seconds, the constant as JSON."""
    more = """
[services.cities.operations]
getCity.fallback = { stale = "2m", constant = { id = "0", name = "Nowhere" } }

[services.cities.operations.listCities.fallback]
constant = { data = [] }
"""
    found = stated(tmp_path, more)
    assert {name: one.fallback for name, one in found.items()} == {
        "getCity": Fallback(120.0, b'{"id":"0","name":"Nowhere"}'),
        "listCities": Fallback(None, b'{"data":[]}'),
    }


FOUND = "services.cities.operations"


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        (
            "getCity.fallback = {}",
            f"stolon.toml:7: {FOUND}.getCity.fallback: expected stale, constant or both",
        ),
        (
            'getCity.fallback = "stale"',
            f"stolon.toml:7: {FOUND}.getCity.fallback: expected a table: [{FOUND}.getCity.fallback]",
        ),
        (
            'getCity.fallback = { stael = "1m" }',
            f"stolon.toml:7: {FOUND}.getCity.fallback.stael: unknown key; did you mean 'stale'?",
        ),
        (
            "getCity.fallback = { constant = 2026-01-01 }",
            f"stolon.toml:7: {FOUND}.getCity.fallback.constant: expected a value that JSON has too, found date",
        ),
        (
            "getCity.fallback = { constant = [nan] }",
            f"stolon.toml:7: {FOUND}.getCity.fallback.constant: expected a value that JSON has too, found float",
        ),
        (
            "listCities.fallback = { constant = [] }",
            f"stolon.toml: {FOUND}.listCities.fallback: constant: it breaks the contract of 'listCities': "
            "$ must be object",
        ),
        (
            'putCity.fallback = { stale = "1m" }',
            f"stolon.toml: {FOUND}.putCity.fallback: a fallback is for reads, and 'putCity' changes something",
        ),
        (
            'addCity.fallback = { stale = "1m" }',
            f"stolon.toml: {FOUND}.addCity.fallback: a fallback is for reads, and 'addCity' changes something",
        ),
    ],
)
def test_a_stated_fallback_that_cannot_be_is_refused(tmp_path: Path, more: str, wrong: str):
    """With its place, where the file shows one."""
    assert stated(tmp_path, f"[services.cities.operations]\n{more}\n") == [wrong]


def test_a_stated_constant_is_no_page(tmp_path: Path):
    """Where a field reads the operation in pages."""
    module = STALE.replace('"listCities", fallback=rest.stale("60m")', '"pageCities"')
    more = "[services.cities.operations]\npageCities.fallback = { constant = { items = [], total = 0 } }\n"
    assert stated(tmp_path, more, module) == [
        f"stolon.toml: {FOUND}.pageCities.fallback: constant: 'pageCities' pages, "
        "and a constant can't stand for a part of a list"
    ]


def test_stale_answers_need_a_cache(tmp_path: Path):
    """Whoever switches it off is told which fallbacks counted on it, declared ones too."""
    more = "[services.cities.cache]\nenabled = false\n"
    message = "enabled = false keeps no answers, and a fallback counts on a stale one"
    assert stated(tmp_path, more) == [f"stolon.toml: services.cities.cache: {message}"]
    assert not isinstance(stated(tmp_path, more, CONSTANT), list)
