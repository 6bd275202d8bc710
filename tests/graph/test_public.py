"""Services called with the gateway's own credentials: for verified callers, and for fields that say public."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.credentials.credential_kinds import ApiKey, Tls
from adapters.credentials.credentials import credentials
from adapters.credentials.secrets import Secret
from adapters.messages import Request, Response
from adapters.service import Service
from graph.declaring.schema import Schema
from graph.identity.credential_cautions import cautions
from graph.settings.credential_settings import lending
from resolvers.caller import NOBODY, Caller
from stolon import testing
from tests.graph.projects import (
    TEXT,
    an,
    contract,
    field_text,
    listed,
    load,
    operation,
    parameter,
    ref,
    refused,
)

PAGING = (parameter("offset", {"type": "integer"}), parameter("limit", {"type": "integer", "maximum": 50}))
SHOP = contract(
    operation("GET /things/{id}", "getThing", ref("Thing")),
    operation("GET /things", "listThings", listed(ref("Thing")), parameter("ids", listed(TEXT))),
    operation(
        "GET /all", "allThings", an({"items": listed(ref("Thing")), "total": {"type": "integer"}}), *PAGING
    ),
    operation("GET /parts", "listParts", listed(ref("Part")), parameter("things", listed(TEXT))),
    operation("POST /things", "addThing", ref("Thing")),
    Thing=an({"id": TEXT, "like": TEXT}),
    Part=an({"id": TEXT, "thing": TEXT}),
)
MODULE = """
    import strawberry
    from stolon import rest

    shop = rest.contract("shop")
    of_things = shop.op("listParts", things=rest.each("id"))


    @rest.type(shop.schema("Part"))
    class Part:
        id: rest.auto


    @rest.type(shop.schema("Thing"), key="id", one=shop.op("getThing"), many=shop.op("listThings", ids=rest.keys))
    class Thing:
        id: rest.auto
        other: "Thing | None" = rest.link(key="like")
        shown: "Thing | None" = rest.link(key="like", public=True)
        parts: "list[Part] | None" = rest.link(of_things, group_by="thing")
        bits: "list[Part] | None" = rest.link(of_things, group_by="thing", public=True)


    @strawberry.type
    class Query:
        thing: Thing | None = rest.query(shop.op("getThing"))
        sight: Thing | None = rest.query(shop.op("getThing"), public=True)
        all: rest.Connection[Thing] | None = rest.connection(shop.op("allThings"))
        sights: rest.Connection[Thing] | None = rest.connection(shop.op("allThings"), public=True)

        @strawberry.field
        async def loaded(self, info: rest.Info) -> Thing | None:
            return await info.context.load(Thing, "a")

        @strawberry.field
        async def called(self, info: rest.Info) -> Thing | None:
            return await info.context.call(shop.op("getThing", id="a"))


    @strawberry.type
    class Mutation:
        add: Thing | None = rest.mutation(shop.op("addThing"))
        propose: Thing | None = rest.mutation(shop.op("addThing"), public=True)


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
TOML = """
[graph]
schema = "schema:schema"
[services.shop]
url = "https://shop.example"
[services.shop.credentials]
way = "api_key"
header = "x-key"
key = "${KEY}"
"""
ANA = testing.caller("ana")
UNVERIFIED = Caller(identity=testing.Identity(partition="unverified:x", token="t"))
OWN = Service("shop", "https://shop.example", credentials=ApiKey(Secret("k"), "x-key"))
THING = {"id": "a", "like": "b"}
DENIED = {"code": "UNAUTHENTICATED", "retryable": False}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    return load(tmp_path_factory.mktemp("public"), MODULE, {"shop": SHOP}, TOML)


@pytest.fixture(params=["plan", "reference"])
def lane(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def shop() -> testing.Services:
    """The service behind its own credentials policy: what that refuses is not answered."""
    policy = credentials(OWN, lambda: 0.0)

    def guarded(operation: str, json: object) -> None:
        async def answered(_: Request) -> Response:
            return testing.answer(json)

        async def handle(request: Request) -> Response:
            return await policy(request, answered)

        services.on("shop", operation, handle)

    services = testing.Services(shop=OWN)
    guarded("getThing", THING)
    guarded("listThings", [THING, {"id": "b", "like": "a"}])
    guarded("allThings", {"items": [THING], "total": 1})
    guarded("listParts", [{"id": "p", "thing": "a"}])
    guarded("addThing", THING)
    return services


async def answered(
    schema: Schema, shop: testing.Services, query: str, caller: Caller, lane: Any
) -> tuple[Any, dict[str, Any]]:
    """The data, and the errors' extensions by path."""
    answer = await testing.execute(schema, query, shop, caller=caller, lane=lane)
    return answer.data, {".".join(map(str, one["path"])): one["extensions"] for one in answer.errors}


@pytest.mark.parametrize("caller", [NOBODY, UNVERIFIED], ids=["anonymous", "unverified"])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ('{ thing(id: "a") { id } }', "thing"),
        ("{ all { totalCount } }", "all"),
        ("{ loaded { id } }", "loaded"),
        ("{ called { id } }", "called"),
        ("mutation { add { id } }", "add"),
    ],
)
async def test_nobody_unverified_is_lent_the_gateways_credentials(
    schema: Schema, shop: testing.Services, query: str, field: str, caller: Caller, lane: Any
):
    """A field of such a service, and a resolver's own call to it, is refused before anything is called."""
    assert await answered(schema, shop, query, caller, lane) == ({field: None}, {field: DENIED})
    assert shop.calls == {}


@pytest.mark.parametrize("caller", [NOBODY, UNVERIFIED, ANA], ids=["anonymous", "unverified", "verified"])
@pytest.mark.parametrize(
    ("query", "data", "calls"),
    [
        ('{ sight(id: "a") { id } }', {"sight": {"id": "a"}}, {"shop.getThing": 1}),
        ("{ sights { totalCount } }", {"sights": {"totalCount": 1}}, {"shop.allThings": 1}),
        (
            '{ sight(id: "a") { bits { id } } }',
            {"sight": {"bits": [{"id": "p"}]}},
            {"shop.getThing": 1, "shop.listParts": 1},
        ),
        ("mutation { propose { id } }", {"propose": {"id": "a"}}, {"shop.addThing": 1}),
    ],
)
async def test_public_fields_are_for_everybody(
    schema: Schema,
    shop: testing.Services,
    query: str,
    data: Any,
    calls: dict[str, int],
    caller: Caller,
    lane: Any,
):
    """What says public=True is called for anybody, with the gateway's credentials."""
    assert await answered(schema, shop, query, caller, lane) == (data, {})
    assert shop.calls == calls


async def test_what_a_public_field_leads_to_is_not_public(schema: Schema, shop: testing.Services, lane: Any):
    """Each field says it for itself: beside public ones, and below them, others stay refused."""
    query = '{ loaded { id } sight(id: "a") { shown { id } other { id } bits { id } parts { id } } }'
    data, errors = await answered(schema, shop, query, NOBODY, lane)
    assert data["loaded"] is None
    assert (data["sight"]["other"], data["sight"]["parts"]) == (None, None)
    assert data["sight"]["bits"] == [{"id": "p"}]
    assert data["sight"]["shown"] is not None
    assert errors == dict.fromkeys(("loaded", "sight.other", "sight.parts"), DENIED)


async def test_public_and_other_fields_share_what_they_ask_for(
    schema: Schema, shop: testing.Services, lane: Any
):
    """For a verified caller a key is asked for once, whether its fields are public or not."""
    query = '{ thing(id: "a") { parts { id } bits { id } } sight(id: "a") { id } loaded { id } }'
    _, errors = await answered(schema, shop, query, ANA, lane)
    assert errors == {}
    assert shop.calls == {"shop.getThing": 1, "shop.listParts": 1}


async def test_a_service_of_the_callers_own_token_decides_itself(tmp_path_factory: Any, lane: Any):
    """Where calls carry the caller's token, or nothing, nobody is refused beforehand."""
    for way in ('"forward"', '"none"'):
        toml = TOML.partition("[services.shop.credentials]")[0] + f"credentials = {way}\n"
        schema = load(tmp_path_factory.mktemp("forward"), MODULE, {"shop": SHOP}, toml)
        services = testing.Services()
        services.answer("shop", "getThing", json=THING)
        for query in ('{ thing(id: "a") { id } }', "{ loaded { id } }"):
            _, errors = await answered(schema, services, query, NOBODY, lane)
            assert errors == {}


async def test_public_and_other_fields_share_their_batches(schema: Schema, shop: testing.Services, lane: Any):
    """For a verified caller, keys of public fields and of others go upstream together."""
    query = '{ thing(id: "a") { id } sight(id: "b") { id } }'
    assert await answered(schema, shop, query, ANA, lane) == (
        {"thing": {"id": "a"}, "sight": {"id": "b"}},
        {},
    )
    assert shop.calls == {"shop.listThings": 1}


def test_the_schema_does_not_show_it(schema: Schema):
    """How a service is called is not in the schema: it may differ from place to place."""
    assert "@authenticated" not in field_text(schema, "Query", "thing")
    assert field_text(schema, "Query", "thing").replace("thing", "sight") == field_text(
        schema, "Query", "sight"
    )


def test_a_field_is_not_public_and_restricted(tmp_path: Any):
    """public=True beside scopes= or authenticated= contradicts itself."""
    module = MODULE.replace(
        'shop.op("getThing"), public=True', 'shop.op("getThing"), public=True, authenticated=True'
    )
    assert refused(tmp_path, module, {"shop": SHOP}) == [
        "schema.py:25: Query.sight: public=True is for everybody; scopes= and authenticated= are not"
    ]


@pytest.mark.parametrize(
    ("service", "lends"),
    [
        ({"credentials": "none"}, False),
        ({"credentials": "forward"}, False),
        ({"credentials": {"way": "exchange"}}, False),
        ({"credentials": {"way": "basic"}}, True),
        ({"credentials": {}}, True),
        ({"tls": {"authority": "a"}}, False),
        ({"tls": {"certificate": "c", "key": "k"}}, True),
        ("wrong", False),
    ],
)
def test_which_services_lend(service: object, lends: bool):
    """Keys, passwords, the gateway's own tokens and certificates are lent; what is written wrongly is closed."""
    assert lending({"services": {"shop": service}}) == (frozenset({"shop"}) if lends else frozenset())
    assert lending({"services": []}) == frozenset()


def test_what_check_says_of_credentials():
    """Keys in queries, and services that nobody can reach, are worth a word."""
    query = Service("q", "https://h", credentials=ApiKey(Secret("k"), query="key"))
    shown = Service("t", "https://h", tls=Tls(certificate=__file__, key=__file__))  # type: ignore[arg-type]
    told = [
        line.partition(",")[0]
        for line in cautions([query, OWN, shown, Service("n", "https://h")], verifies=False)
    ]
    own = "it is called with the gateway's own credentials"
    assert told == [
        "services.q: its key goes in the query",
        f"services.q: {own}",
        f"services.shop: {own}",
        f"services.t: {own}",
    ]
    assert [line[:11] for line in cautions([query, OWN], verifies=True)] == ["services.q:"]
