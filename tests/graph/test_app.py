"""A whole small project, served by its App: who asks, what services get of it, and how requests and servers end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler
from strawberry.aiohttp.views import GraphQLView

from adapters.service import Service
from adapters.stack import open_service
from examples.parfinanciero.services.signing import KeyRing
from graph.executing.lanes import Lanes
from graph.identity.auth import UNREAD_WARNING
from graph.serving.server import LIFE
from resolvers.caller import NOBODY
from resolvers.context import Context
from tests.graph.projects import TEXT, an, contract, load, operation, parameter, ref
from tests.graph.served import Asked, Gateway, Reply, Rest, rest, served, settled, toml, until

NOTES = contract(
    operation("GET /notes/{id}", "getNote", ref("Note")),
    operation("POST /notes", "addNote", ref("Note"), parameter("text", required=True)),
    Note=an({"id": TEXT, "text": TEXT, "tag": TEXT}),
)
TAGS = contract(operation("GET /tags/{id}", "getTag", ref("Tag")), Tag=an({"id": TEXT, "name": TEXT}))
MODULE = """
    import strawberry
    from stolon import rest

    notes = rest.contract("notes")
    tags = rest.contract("tags")


    @rest.type(tags.schema("Tag"), key="id", one=tags.op("getTag"), scopes=["tags"])
    class Tag:
        id: rest.auto
        name: rest.auto


    @rest.type(notes.schema("Note"), key="id", one=notes.op("getNote"))
    class Note:
        id: rest.auto
        text: rest.auto
        tag: Tag | None = rest.link(key="tag")


    @strawberry.type
    class Query:
        note: Note | None = rest.query(notes.op("getNote"))

        @strawberry.field
        def who(self, info: rest.Info) -> str | None:
            return info.context.caller.subject


    @strawberry.type
    class Mutation:
        add_note: Note | None = rest.mutation(notes.op("addNote"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
CONTRACTS = {"notes": NOTES, "tags": TAGS}
NOTE = {"id": "n1", "text": "hello", "tag": "t1"}
ISSUER, AUDIENCE = "https://id.example", "api://notes"
CONTEXT = web.RequestKey("stolon", Context)
READ = '{ note(id: "n1") { text } }'
ADD = 'mutation { addNote(text: "x") { text } }'


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing(ISSUER, lambda: datetime.now(UTC), uuid4)


@pytest.fixture
async def services(ring: KeyRing) -> AsyncIterator[tuple[Rest, Rest, Rest]]:
    """Notes, tags, and the identity provider."""
    async with rest() as notes, rest() as tags, rest() as identity:
        notes.on("GET /notes/n1", Reply(NOTE))
        notes.on("POST /notes", Reply(NOTE))
        tags.on("GET /tags/t1", Reply({"id": "t1", "name": "blue"}))
        identity.on("GET /jwks.json", lambda _: Reply(ring.published()))
        yield notes, tags, identity


def project(services: tuple[Rest, Rest, Rest], identity: bool = True) -> str:
    """The project file: tokens go to notes, and not to tags."""
    notes, tags, provider = services
    checked = (
        f'[identity]\nissuer = "{ISSUER}"\naudience = ["{AUDIENCE}"]\njwks = "{provider.url}/jwks.json"\n'
        if identity
        else ""
    )
    lines = toml({"notes": notes.url}, checked, credentials='"forward"', timeout='"20s"')
    return f'{lines}[services.tags]\nurl = "{tags.url}"\n[headers]\nforward = ["accept-language", "x-request-id"]\n'


@pytest.fixture
async def gateway(tmp_path, services) -> AsyncIterator[Gateway]:
    async with served(tmp_path, MODULE, CONTRACTS, project(services)) as made:
        yield made


@pytest.fixture
async def open_gateway(tmp_path, services) -> AsyncIterator[Gateway]:
    """The project without `[identity]`."""
    async with served(tmp_path, MODULE, CONTRACTS, project(services, identity=False)) as made:
        yield made


def signed(ring: KeyRing, subject: str = "ana", **more: object) -> str:
    life = timedelta(hours=-1) if more.pop("expired", False) else timedelta(hours=1)
    return ring.sign(subject, "acme", ["tags"], audience=[AUDIENCE], life=life, claims=more)


# --- who asks


async def test_what_a_service_gets_of_a_caller(gateway, services, ring):
    """A service gets the token only where the project says so; the tenant, and the headers of the allow-list; and
    nothing else that the client sent.
    """
    notes, tags, _ = services
    token = signed(ring)
    query = '{ who note(id: "n1") { text tag { name } } }'
    sent = {
        "accept_language": "de",
        "x_request_id": "r-7",
        "cookie": "a=b",
        "x_secret": "s",
        "x_forwarded_for": "1.2.3.4",
    }
    async with gateway.post(query, token=token, **sent) as response:
        assert response.status == 200
        assert response.headers["x-request-id"] == "r-7"
        assert await response.json() == {
            "data": {"who": "ana", "note": {"text": "hello", "tag": {"name": "blue"}}}
        }
    plain = {"accept", "accept-encoding", "host", "user-agent"}
    (to_notes,), (to_tags,) = notes.asked, tags.asked
    passed = {"accept-language": "de", "x-request-id": "r-7", "x-tenant-id": "acme"}
    assert {k: v for k, v in to_notes.headers.items() if k not in plain} == {
        **passed,
        "authorization": f"Bearer {token}",
    }
    assert {k: v for k, v in to_tags.headers.items() if k not in plain} == passed
    assert to_notes.headers["user-agent"].startswith("stolon/")


async def test_a_header_beyond_ascii_is_not_passed_on(gateway, services, ring):
    """A caller's header that no service can be sent is left out, and the calls go without it."""
    notes, _, _ = services
    async with gateway.post(READ, token=signed(ring), accept_language="français") as response:
        assert await response.json() == {"data": {"note": {"text": "hello"}}}
    (asked,) = notes.asked
    assert "accept-language" not in asked.headers


async def test_a_request_without_an_id_gets_one(gateway, services, ring):
    """Without an id of the client's own, or with one that is unsafe, a new one goes to services and to the client."""
    notes = services[0]
    for given in ({}, {"x_request_id": "a b"}):
        async with gateway.post(READ, token=signed(ring), **given) as response:
            made = response.headers["x-request-id"]
        assert len(made) == 32
        assert notes.asked[-1].headers["x-request-id"] == made


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("none", "A Bearer token is required."),
        ("expired", "The token is not valid: the token has expired."),
        ("audience", "The token is not valid."),
        ("issuer", "The token is not valid."),
        ("forged", "The token is not valid."),
        ("garbage", "The token is not valid."),
    ],
)
async def test_a_bad_token_is_401_with_a_graphql_body(gateway, services, ring, kind, message):
    """A missing or bad token is answered with 401, GraphQL's error body and a challenge, and nothing is called."""
    token = {
        "none": None,
        "expired": signed(ring, expired=True),
        "audience": signed(ring, aud=["api://other"]),
        "issuer": signed(ring, iss="https://other.example"),
        "forged": signed(KeyRing(ISSUER, lambda: datetime.now(UTC), uuid4)),
        "garbage": "x.y.z",
    }[kind]
    async with gateway.post(READ, token=token, x_request_id="r") as response:
        assert response.status == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert await response.json() == {
            "errors": [{"message": message, "extensions": {"code": "UNAUTHENTICATED", "requestId": "r"}}]
        }
    assert services[0].calls == {}


async def test_keys_rotate_without_a_restart(gateway, services, ring):
    """A token of a key that was published after the start is accepted, by one fetch of the key set."""
    assert (await gateway.ask(READ, token=signed(ring)))["data"] == {"note": {"text": "hello"}}
    assert services[2].calls == {"GET /jwks.json": 1}
    ring.rotate()
    for _ in range(2):
        assert (await gateway.ask(READ, token=signed(ring)))["data"] == {"note": {"text": "hello"}}
    assert services[2].calls == {"GET /jwks.json": 2}


async def test_a_tenant_header_must_agree_with_the_token(gateway, services, ring):
    """The tenant that a client names must be the token's; services always get the token's."""
    async with gateway.post(READ, token=signed(ring), x_tenant_id="other", x_request_id="r") as response:
        assert response.status == 403
        assert [one["extensions"]["code"] for one in (await response.json())["errors"]] == ["FORBIDDEN"]
    assert services[0].calls == {}
    answer = await gateway.ask(READ, token=signed(ring), x_tenant_id="acme")
    assert answer == {"data": {"note": {"text": "hello"}}}
    assert services[0].asked[0].headers["x-tenant-id"] == "acme"
    await gateway.ask(READ, token=signed(ring, tenant=None))
    assert "x-tenant-id" not in services[0].asked[1].headers


async def test_a_project_without_identity_warns_once(tmp_path, services, caplog):
    """Without `[identity]` tokens pass unread, which is told once, at the start; callers are not authenticated."""
    async with served(tmp_path, MODULE, CONTRACTS, project(services, identity=False)) as gateway:
        query = '{ who note(id: "n1") { text tag { name } } }'
        for token in ("opaque-1", "opaque-2"):
            answer = await gateway.ask(query, token=token)
            assert answer["data"] == {"who": None, "note": {"text": "hello", "tag": None}}
            assert [one["extensions"]["code"] for one in answer["errors"]] == ["UNAUTHENTICATED"]
    assert [one.getMessage() for one in caplog.records] == [UNREAD_WARNING]
    assert [one.headers["authorization"] for one in services[0].asked] == [
        "Bearer opaque-1",
        "Bearer opaque-2",
    ]
    assert services[1].calls == {}


# --- whose answers they are


def by_token(arrived: list[str], wanted: int) -> tuple[asyncio.Event, object]:
    """A handler that tells each token its own text, once so many calls are there together."""
    there = asyncio.Event()

    async def handle(asked: Asked) -> Reply:
        arrived.append(asked.headers["authorization"])
        if len(arrived) == wanted:
            there.set()
        await there.wait()
        return Reply({**NOTE, "text": f"for {asked.headers['authorization']}"})

    return there, handle


@pytest.mark.parametrize("checked", [True, False], ids=["with identity", "without"])
async def test_an_answer_is_never_shared_between_tokens(tmp_path, services, ring, checked):
    """Equal requests of two tokens that are in flight together are two calls, each answered to its own token."""
    tokens = [signed(ring, "ana"), signed(ring, "bruno")] if checked else ["one", "two"]
    arrived: list[str] = []
    services[0].on("GET /notes/n1", by_token(arrived, 2)[1])
    async with served(tmp_path, MODULE, CONTRACTS, project(services, identity=checked)) as gateway:
        async with asyncio.timeout(10):
            answers = await asyncio.gather(*(gateway.ask(READ, token=token) for token in tokens))
    assert [one["data"]["note"]["text"] for one in answers] == [f"for Bearer {token}" for token in tokens]
    assert sorted(arrived) == sorted(f"Bearer {token}" for token in tokens)


async def test_equal_reads_of_one_token_are_one_call(open_gateway, services):
    """Equal requests of one token that are in flight together share one call."""
    arrived: list[str] = []
    there, handle = by_token(arrived, 99)
    services[0].on("GET /notes/n1", handle)
    # Each request asks for a note of its own beside the shared one: once those are there, all three have asked.
    for name in ("own1", "own2", "own3"):
        services[0].on(f"GET /notes/{name}", Reply(NOTE))
    query = 'query ($own: ID!) { note(id: "n1") { text } own: note(id: $own) { text } }'
    asking = [
        asyncio.create_task(open_gateway.ask(query, {"own": f"own{one}"}, token="one")) for one in (1, 2, 3)
    ]
    await until(lambda: len(services[0].calls) == 4)
    await settled()
    there.set()
    answers = await asyncio.gather(*asking)
    assert [one["data"]["note"]["text"] for one in answers] == ["for Bearer one"] * 3
    assert arrived == ["Bearer one"]
    assert services[0].calls == {f"GET /notes/{name}": 1 for name in ("n1", "own1", "own2", "own3")}


async def test_services_that_get_no_token_share_nothing_either(tmp_path, services):
    """Where a service is asked without credentials, equal requests of two tokens are two calls all the same."""
    there = asyncio.Event()

    async def handle(asked: Asked) -> Reply:
        if services[0].calls["GET /notes/n1"] == 2:
            there.set()
        await there.wait()
        return Reply(NOTE)

    services[0].on("GET /notes/n1", handle)
    text = toml({"notes": services[0].url, "tags": services[1].url}, timeout='"20s"')
    async with served(tmp_path, MODULE, CONTRACTS, text) as gateway, asyncio.timeout(10):
        answers = await asyncio.gather(*(gateway.ask(READ, token=token) for token in ("one", "two")))
    assert [one["data"] for one in answers] == [{"note": {"text": "hello"}}] * 2
    assert services[0].calls == {"GET /notes/n1": 2}
    assert [one.headers.get("authorization") for one in services[0].asked] == [None, None]


async def test_errors_say_more_to_callers_with_the_diagnostic_scope(tmp_path, services, ring):
    """`diagnostic_scope` shows its callers, and nobody else, which service and operation an error is of."""
    services[0].on("GET /notes/n1", Reply(None, 500, text=""))
    text = project(services).replace("[identity]\n", '[identity]\ndiagnostic_scope = "diagnose"\n')
    async with served(tmp_path, MODULE, CONTRACTS, text) as gateway:
        shown = []
        for scope in ("diagnose", "diagnoses"):
            answer = await gateway.ask(READ, token=signed(ring, scope=scope), x_request_id="r")
            shown.append(answer["errors"][0]["extensions"])
    told = {"code": "UPSTREAM_ERROR", "retryable": False, "requestId": "r"}
    assert shown == [{**told, "service": "notes", "operation": "getNote"}, told]


async def test_tokens_are_in_no_log_and_no_error(tmp_path, services, ring, caplog):
    """Whatever happens to a request, no log record of any logger and no answer holds its token, not even in part."""
    caplog.set_level(logging.DEBUG)
    notes = services[0]
    answers: list[object] = []
    token, bad = signed(ring), signed(ring, expired=True)
    replies = [
        Reply(NOTE),
        lambda one: Reply({"detail": f"bad {one.headers['authorization']}"}, 500),
        lambda one: Reply(None, 502, text=str(one.headers)),
        Reply({"id": 5}),
        Reply(None, 302, {"location": "http://127.0.0.1:9/x"}),
    ]
    async with served(tmp_path, MODULE, CONTRACTS, project(services), detail=True) as gateway:
        for reply in replies:
            notes.on("GET /notes/n1", reply)
            answers.append(await gateway.ask(READ, token=token))
        for wrong in (bad, token + "x", "Basic " + token):
            async with gateway.post("{ who", token=wrong) as response:
                answers.append(f"{await response.text()} {response.headers}")
        answers.append(await gateway.ask("{ who", token=token))
    told = caplog.text + str(answers) + str([vars(one) for one in caplog.records])
    assert len(answers) == 9
    assert len(caplog.records) > 3
    for part in (*token.split("."), *bad.split(".")):
        assert part not in told


# --- how requests end


async def test_a_client_that_goes_ends_its_query(gateway, services, ring):
    """When the client hangs up, the query's upstream call is ended, and no task is left."""
    notes = services[0]
    begun, ended = asyncio.Event(), asyncio.Event()

    async def handle(_: Asked) -> Reply:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return Reply(NOTE)

    await gateway.ask("{ who }", token=signed(ring))
    before = asyncio.all_tasks()
    notes.on("GET /notes/n1", handle)
    asking = asyncio.create_task(gateway.ask(READ, token=signed(ring)))
    async with asyncio.timeout(10):
        await begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await ended.wait()
        await until(
            lambda: not {one for one in asyncio.all_tasks() - before if "start" not in repr(one.get_coro())}
        )


async def test_a_client_that_goes_does_not_end_its_mutation(gateway, services, ring):
    """When the client hangs up, its mutation runs to its end."""
    notes = services[0]
    begun, let_go, outcome = asyncio.Event(), asyncio.Event(), []

    async def handle(_: Asked) -> Reply:
        begun.set()
        try:
            await let_go.wait()
            outcome.append("made")
        except asyncio.CancelledError:
            outcome.append("cancelled")
            raise
        return Reply(NOTE)

    notes.on("POST /notes", handle)
    asking = asyncio.create_task(gateway.ask(ADD, token=signed(ring)))
    async with asyncio.timeout(10):
        await begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        for _ in range(50):
            await asyncio.sleep(0)
        assert (gateway.running, outcome) == (1, [])
        let_go.set()
        await until(lambda: gateway.running == 0)
    assert outcome == ["made"]


async def test_queries_come_over_get_and_mutations_do_not(gateway, services, ring):
    """GET serves queries; a mutation over it is 405, and not made."""
    headers = {"authorization": f"Bearer {signed(ring)}"}
    url = f"{gateway.url}/graphql"
    params = {"query": "query ($id: ID!) { note(id: $id) { text } }", "variables": '{"id": "n1"}'}
    async with gateway.client.get(url, params=params, headers=headers) as response:
        assert (response.status, await response.json()) == (200, {"data": {"note": {"text": "hello"}}})
    async with gateway.client.get(url, params={"query": ADD}, headers=headers) as response:
        assert (response.status, response.headers["allow"]) == (405, "POST")
    assert services[0].calls == {"GET /notes/n1": 1}


async def test_health_needs_no_token_and_follows_the_keys(tmp_path, services):
    """A server is ready once it has its provider's keys, until it is told to stop; alive all the while."""

    async def health(gateway: Gateway) -> list[int]:
        found = []
        for name in ("ready", "live"):
            async with gateway.client.get(f"{gateway.url}/health/{name}") as response:
                found.append(response.status)
        return found

    services[2].on("GET /jwks.json", Reply(None, 500))
    async with served(tmp_path, MODULE, CONTRACTS, project(services)) as gateway:
        assert await health(gateway) == [503, 200]
        async with gateway.post(READ, token="a.b.c") as response:
            assert response.status == 401
    async with served(tmp_path, MODULE, CONTRACTS, project(services, identity=False)) as gateway:
        assert await health(gateway) == [200, 200]
        gateway.app[LIFE].stop(asyncio.get_running_loop().time())
        assert await health(gateway) == [503, 200]


# --- another server


async def test_strawberrys_own_view_serves_the_schema(tmp_path, services):
    """Any Strawberry integration serves a `rest.Schema`: here aiohttp's view, its context a dict that holds ours."""
    notes = services[0]
    schema = load(tmp_path, MODULE, CONTRACTS)
    service = Service(name="notes", url=notes.url)
    async with open_service(service, asyncio.get_running_loop().time) as upstream:
        lane = Lanes(schema, {"notes": upstream, "tags": upstream})

        class View(GraphQLView[dict[str, object], None]):
            async def get_context(
                self, request: web.Request, response: web.StreamResponse
            ) -> dict[str, object]:
                return {"request": request, "stolon": request[CONTEXT]}

        @web.middleware
        async def with_context(request: web.Request, handler: Handler) -> web.StreamResponse:
            request[CONTEXT] = context = lane.context(NOBODY, {}, "r-9")
            try:
                return await handler(request)
            finally:
                await context.close()

        app = web.Application(middlewares=[with_context])
        app.router.add_route("*", "/graphql", View(schema=schema))
        async with TestServer(app) as server, aiohttp.ClientSession() as client:
            url = str(server.make_url("/graphql"))
            query = '{ note(id: "n1") { text tag { name } } again: note(id: "n1") { id } }'
            async with client.post(url, json={"query": query}) as response:
                answer = await response.json()
            assert answer["data"] == {"note": {"text": "hello", "tag": None}, "again": {"id": "n1"}}
            assert [one["extensions"]["code"] for one in answer["errors"]] == ["UNAUTHENTICATED"]
            many = {"query": "query A { __typename } query B { __typename }"}
            async with client.post(url, json=many) as response:
                assert [one["message"] for one in (await response.json())["errors"]] == [
                    "The document has 2 operations: say operationName."
                ]
    assert notes.calls == {"GET /notes/n1": 1}
