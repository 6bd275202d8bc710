"""Client credentials and exchanged tokens, over real sockets: how often an endpoint is asked, and what it costs."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from adapters.credentials.client_credentials import ClientToken
from adapters.credentials.credential_kinds import ClientCredentials, TokenEndpoint, TokenExchange
from adapters.credentials.credentials import Closing, close, credentials
from adapters.credentials.secrets import Secret
from adapters.credentials.token_client import TokenClient
from adapters.credentials.token_exchange import ExchangedTokens
from adapters.credentials.token_life import RENEWALS
from adapters.facts import Fact, TokenAsked
from adapters.failures import NotSent, Unauthenticated, Unavailable
from adapters.messages import Identity, Request, Response
from adapters.service import Service
from adapters.stack import open_service
from tests.adapters.wire import Act, Connection, Server, answer, says, says_and_closes, serving

READ = Request("users", "list", "GET", "/u", safe=True, entitled=True)


class Time:
    """A clock that a test moves; sockets go by the loop's own."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def grant(token: str, **more: object) -> bytes:
    return answer(
        json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 3600} | more).encode()
    )


def refusal(code: str, status: str = "400 Bad Request") -> bytes:
    return answer(json.dumps({"error": code}).encode(), status)


def counting(**more: object) -> Act:
    """Grants t1, t2, … in turn."""
    given = iter(range(1, 100))

    async def act(connection: Connection) -> None:
        await connection.say(grant(f"t{next(given)}", **more))

    return act


@dataclass
class Wire:
    """The service, without a socket: it accepts these tokens, or any."""

    accepted: set[str] | None = None
    tokens: list[str | None] = field(default_factory=list)

    async def __call__(self, request: Request) -> Response:
        text = request.headers.get("authorization")
        token = None if text is None else text.removeprefix("Bearer ")
        self.tokens.append(token)
        return Response(200 if self.accepted is None or token in self.accepted else 401, {}, b"")


@asynccontextmanager
async def client_token(
    server: Server,
    time: Callable[[], float],
    observers: tuple[Callable[[Fact], None], ...] = (),
    secret: Secret = Secret("s3cr3t"),  # noqa: B008 - frozen
    patience: float = 5.0,
) -> AsyncIterator[ClientToken]:
    endpoint = TokenEndpoint(server.url + "/token", "gateway", secret)
    client = TokenClient("users", endpoint, time, observers, lambda: 1.0, patience)
    policy = ClientToken(ClientCredentials(endpoint), client)
    try:
        yield policy
    finally:
        await policy.close()


@asynccontextmanager
async def exchange(
    server: Server, time: Callable[[], float], callers: int = 100
) -> AsyncIterator[ExchangedTokens]:
    endpoint = TokenEndpoint(server.url + "/token", "gateway", Secret("s3cr3t"))
    way = TokenExchange(endpoint, audience="api://users")
    policy = ExchangedTokens(way, TokenClient("users", endpoint, time, (), lambda: 1.0), callers)
    try:
        yield policy
    finally:
        await policy.close()


def of(token: str | None) -> Request:
    return Request("users", "list", "GET", "/u", safe=True, identity=Identity("p", token))


async def settle() -> None:
    """Until nothing is fetched in the background."""
    fetching = {one for one in asyncio.all_tasks() if one.get_name() == "token users"}
    if fetching:
        await asyncio.wait(fetching, timeout=5)


async def test_one_token_is_fetched_for_all():
    """Calls at once and calls afterwards share one token, which was asked for once."""
    wire = Wire()
    async with serving(counting()) as server, client_token(server, Time()) as policy:
        await asyncio.gather(*(policy(READ, wire) for _ in range(20)))
        await policy(READ, wire)
        assert wire.tokens == ["t1"] * 21
        assert server.lines == ["POST /token HTTP/1.1"]
        assert server.headers()["authorization"] == "Basic Z2F0ZXdheTpzM2NyM3Q="
        assert server.body() == b"grant_type=client_credentials"


async def test_a_token_is_renewed_before_it_ends_and_nobody_waits():
    """In the last minute of its life the token is still used, while one call, and no other, fetches the next."""
    time, wire = Time(), Wire()
    async with serving(counting()) as server, client_token(server, time) as policy:
        await policy(READ, wire)
        time.now = 3600.0 - 60.0
        await asyncio.gather(policy(READ, wire), policy(READ, wire))
        assert wire.tokens == ["t1"] * 3
        await settle()
        await policy(READ, wire)
        assert wire.tokens == ["t1"] * 3 + ["t2"]
        assert len(server.requests) == 2


async def test_an_ended_token_is_not_used():
    """A token at its end is replaced first."""
    time, wire = Time(), Wire()
    async with serving(counting()) as server, client_token(server, time) as policy:
        await policy(READ, wire)
        time.now = 3600.0
        await policy(READ, wire)
    assert wire.tokens == ["t1", "t2"]


async def test_a_refused_token_is_fetched_anew_once_for_all():
    """Calls whose token is refused get one new token between them, and are each sent once more."""
    wire = Wire(accepted={"t2"})
    async with serving(counting()) as server, client_token(server, Time()) as policy:
        found = await asyncio.gather(*(policy(READ, wire) for _ in range(5)))
        assert [one.status for one in found] == [200] * 5
        assert sorted(map(str, wire.tokens)) == ["t1"] * 5 + ["t2"] * 5
        assert len(server.requests) == 2


async def test_a_service_that_refuses_everything_costs_few_tokens():
    """Where each token is refused, new ones are fetched at a limited rate, and the refusal is the answer."""
    time, wire = Time(), Wire(accepted=set())
    async with serving(counting()) as server, client_token(server, time) as policy:
        assert (await policy(READ, wire)).status == 401
        assert (await policy(READ, wire)).status == 401
        assert wire.tokens == ["t1", "t2", "t2"]
        assert len(server.requests) == 2
        time.now += RENEWALS
        assert (await policy(READ, wire)).status == 401
        assert wire.tokens == ["t1", "t2", "t2", "t2", "t3"]


async def test_an_endpoint_that_gives_the_same_token_again_is_believed():
    """Where the new token is the refused one, the call is not sent again."""
    wire = Wire(accepted=set())
    async with serving(says(grant("same"))) as server, client_token(server, Time()) as policy:
        assert (await policy(READ, wire)).status == 401
        assert wire.tokens == ["same"]
        assert len(server.requests) == 2


async def test_an_endpoint_that_fails_is_left_alone_for_a_while():
    """5xx, 429 and no answer are Unavailable, never sent, and ask for a pause that grows; a success ends it."""
    time, wire, facts = Time(), Wire(), list[Fact]()
    acts = (
        says(answer(b"", "503 Unavailable")),
        says_and_closes(),
        says(answer(b"", "429 Too Many Requests")),
        says(grant("t1")),
    )
    async with serving(*acts) as server, client_token(server, time, (facts.append,)) as policy:
        for asked, pause in ((1, 0.5), (2, 1.0), (3, 2.0)):
            found = await asyncio.gather(*(policy(READ, wire) for _ in range(3)), return_exceptions=True)
            assert [(type(one), getattr(one, "sent", None)) for one in found] == [(Unavailable, False)] * 3
            time.now += pause - 0.01
            with pytest.raises(Unavailable, match="its token endpoint does not answer"):
                await policy(READ, wire)
            assert len(server.requests) == asked
            time.now += 0.02
        assert (await policy(READ, wire)).status == 200
    outcomes = [one.outcome for one in facts if isinstance(one, TokenAsked)]
    assert outcomes == ["unavailable"] * 3 + ["granted"]
    assert wire.tokens == ["t1"]


async def test_a_failed_renewal_leaves_the_token_in_use():
    """While the endpoint is away, a token is used to its end, and the endpoint is not asked at every call."""
    time, wire = Time(), Wire()
    acts = (says(grant("t1")), says(answer(b"", "500 Broken")))
    async with serving(*acts) as server, client_token(server, time) as policy:
        await policy(READ, wire)
        time.now = 3550.0
        await policy(READ, wire)
        await settle()
        await policy(READ, wire)
        await settle()
        assert wire.tokens == ["t1"] * 3
        assert len(server.requests) == 2


async def test_a_refused_client_is_an_alarm_and_asked_again_after_a_pause(caplog: pytest.LogCaptureFixture):
    """An endpoint that refuses the gateway is told in the log, by its code and without a secret; calls fail."""
    time, wire = Time(), Wire()
    acts = (says(refusal("invalid_client")), says(grant("t1")))
    async with serving(*acts) as server, client_token(server, time) as policy:
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                with pytest.raises(
                    NotSent, match="users: no token from its token endpoint: it answered 400"
                ) as caught:
                    await policy(READ, wire)
        assert len(server.requests) == 1
        time.now = 0.6
        await policy(READ, wire)
    assert [one.message for one in caplog.records] == [
        "ALARM: users: no token from its token endpoint: it answered 400 invalid_client"
    ]
    assert "s3cr3t" not in caplog.text + str(caught.value)
    assert wire.tokens == ["t1"]


async def test_a_rotated_client_secret_is_used_at_once(tmp_path: Path):
    """An endpoint that refuses the client with 401 is asked once more where the secret's file has changed."""
    file = tmp_path / "secret"
    file.write_text("old")

    async def rotate(connection: Connection) -> None:
        file.write_text("new")
        await connection.say(refusal("invalid_client", "401 Unauthorized"))

    async with serving(rotate, says(grant("t1"))) as server:
        async with client_token(server, Time(), secret=Secret(file=file)) as policy:
            assert (await policy(READ, Wire())).status == 200
        assert [server.headers(at)["authorization"] for at in (0, 1)] == [
            "Basic Z2F0ZXdheTpvbGQ=",
            "Basic Z2F0ZXdheTpuZXc=",
        ]


async def test_who_stops_waiting_ends_nothing():
    """A caller that goes away leaves the fetch to those who still wait."""
    go = asyncio.Event()

    async def slow(connection: Connection) -> None:
        await go.wait()
        await connection.say(grant("t1"))

    wire = Wire()
    async with serving(slow) as server, client_token(server, asyncio.get_running_loop().time) as policy:
        first = asyncio.ensure_future(policy(READ, wire))
        second = asyncio.ensure_future(policy(READ, wire))
        await server.arrived.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        go.set()
        assert (await second).status == 200
        assert len(server.requests) == 1


async def test_an_endpoint_that_stalls_is_given_up():
    """An endpoint has its own time, whatever time the call has."""
    clock = asyncio.get_running_loop().time
    async with serving(says()) as server, client_token(server, clock, patience=0.05) as policy:
        with pytest.raises(Unavailable, match="no token from its token endpoint: TimedOut"):
            await policy(READ, Wire())


async def test_closing_ends_what_waits_for_a_token():
    """Closing a service ends its fetch: who waits gets Unavailable, no task is left, and nothing is asked later."""
    async with serving(says()) as server:
        before = asyncio.all_tasks()
        async with client_token(server, Time()) as policy:
            waiting = asyncio.ensure_future(policy(READ, Wire()))
            await server.arrived.wait()
        with pytest.raises(Unavailable, match="closed while its token was fetched"):
            await waiting
        with pytest.raises(Unavailable, match="it is closed"):
            await policy(READ, Wire())
        assert {one for one in asyncio.all_tasks() - before if "accept" not in repr(one)} == set()


async def test_each_caller_has_a_token_of_its_own():
    """RFC 8693: each caller's token is exchanged once, for the service's audience, and never used for another."""
    wire = Wire()
    async with serving(counting()) as server, exchange(server, Time()) as policy:
        await asyncio.gather(*(policy(of("ann"), wire) for _ in range(5)))
        await policy(of("bob"), wire)
        await policy(of("ann"), wire)
        assert wire.tokens == ["t1"] * 5 + ["t2", "t1"]
        forms = [dict(parse_qsl(server.body(at).decode())) for at in range(len(server.requests))]
        assert [(one["subject_token"], one["audience"]) for one in forms] == [
            ("ann", "api://users"),
            ("bob", "api://users"),
        ]


async def test_an_anonymous_callers_call_goes_without_a_token():
    """Nobody's token is not exchanged: the service decides whether that is enough."""
    wire = Wire()
    async with serving(counting()) as server, exchange(server, Time()) as policy:
        await policy(of(None), wire)
        assert wire.tokens == [None]
        assert server.requests == []


async def test_a_callers_token_that_is_refused_is_the_callers_fault():
    """invalid_grant and a token that is none in form are Unauthenticated; another caller is not concerned."""
    wire = Wire()
    acts = (says(refusal("invalid_grant")), says(grant("t1")))
    async with serving(*acts) as server, exchange(server, Time()) as policy:
        for _ in range(2):
            with pytest.raises(Unauthenticated, match="users: its token endpoint refused the caller's token"):
                await policy(of("ann"), wire)
        with pytest.raises(Unauthenticated, match="not a bearer token in form"):
            await policy(of("a b"), wire)
        assert (await policy(of("bob"), wire)).status == 200
        assert len(server.requests) == 2
    assert wire.tokens == ["t1"]


async def test_an_exchanged_token_is_used_for_five_minutes_at_most():
    """Whatever the endpoint says of its life, an exchanged token is exchanged anew after five minutes."""
    time, wire = Time(), Wire()
    async with serving(counting()) as server, exchange(server, time) as policy:
        await policy(of("ann"), wire)
        time.now = 300.0
        await policy(of("ann"), wire)
    assert wire.tokens == ["t1", "t2"]


async def test_a_refused_exchanged_token_is_exchanged_anew():
    """A service's 401 gets the caller's token exchanged anew, and the call sent once more."""
    wire = Wire(accepted={"t2"})
    async with serving(counting()) as server, exchange(server, Time()) as policy:
        assert (await policy(of("ann"), wire)).status == 200
    assert wire.tokens == ["t1", "t2"]


async def test_callers_are_kept_within_a_bound():
    """Of more callers than are kept, those that came longest ago are exchanged again."""
    wire = Wire()
    async with serving(counting()) as server, exchange(server, Time(), callers=2) as policy:
        for caller in ("a", "b", "c", "c", "a"):
            await policy(of(caller), wire)
    assert wire.tokens == ["t1", "t2", "t3", "t3", "t4"]


async def test_a_service_is_opened_with_its_token_endpoint():
    """The whole stack: the service gets the gateway's token, a wrong caller nothing, and closing leaves no task."""
    facts: list[Fact] = []
    async with serving(counting()) as tokens, serving(says(answer())) as server:
        before = asyncio.all_tasks()
        endpoint = TokenEndpoint(tokens.url + "/token", "gateway", Secret("s3cr3t"))
        service = Service("users", server.url, credentials=ClientCredentials(endpoint))
        async with open_service(service, asyncio.get_running_loop().time, (facts.append,)) as upstream:
            assert (await upstream.send(READ)).status == 200
            with pytest.raises(Unauthenticated):
                await upstream.send(of("ann"))
        assert {one for one in asyncio.all_tasks() - before if "accept" not in repr(one)} == set()
    assert server.headers()["authorization"] == "Bearer t1"
    assert len(server.requests) == len(tokens.requests) == 1
    assert [(one.service, one.outcome) for one in facts if isinstance(one, TokenAsked)] == [
        ("users", "granted")
    ]


@pytest.mark.parametrize("way", [ClientCredentials, TokenExchange])
async def test_a_token_endpoint_is_asked_over_https_or_loopback(
    way: type[ClientCredentials] | type[TokenExchange],
):
    """The gateway's secret does not travel over plain HTTP to another host."""
    plain = way(TokenEndpoint("http://id.example/token", "gateway", Secret("s")))
    with pytest.raises(ValueError, match="token endpoint of service 'users' would get the gateway's secret"):
        credentials(Service("users", "https://users.example", credentials=plain), Time())
    fine = way(TokenEndpoint("https://id.example/token", "gateway", Secret("s")))
    policy = credentials(Service("users", "https://users.example", credentials=fine), Time())
    assert isinstance(policy, Closing)
    await close(policy)
