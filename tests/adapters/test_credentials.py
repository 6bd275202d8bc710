"""Whose credentials go along, where they may travel, and that nobody else ever reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from adapters.credentials.credential_kinds import ApiKey, Basic, Tls
from adapters.credentials.credentials import credentials
from adapters.credentials.secrets import Secret
from adapters.failures import Unauthenticated
from adapters.messages import ANONYMOUS, Identity, Request, Response
from adapters.service import Service

TOKEN = "eyJhbGciOi.J9_-~+/x=="
CALLER = Identity("p1", TOKEN)
KEY = ApiKey(Secret("k1"), header="x-api-key")


def clock() -> float:
    return 0.0


async def passed(service: Service, request: Request) -> dict[str, str]:
    """The headers that go down from the service's credentials policy."""
    seen: list[dict[str, str]] = []

    async def send(request: Request) -> Response:
        seen.append(dict(request.headers))
        return Response(200, {}, b"")

    assert await credentials(service, clock)(request, send) == Response(200, {}, b"")
    (headers,) = seen
    return headers


def call(identity: Identity = CALLER, **headers: str) -> Request:
    return Request("users", "getUser", "GET", "/u", headers=headers, identity=identity)


async def test_none_sends_nothing():
    """Without credentials no token goes along, not even one that stands in the request's headers."""
    service = Service("users", "http://users.internal")
    assert await passed(service, call(accept="a")) == {"accept": "a"}
    assert await passed(service, call(authorization="Bearer x", accept="a")) == {"accept": "a"}


async def test_forward_sends_the_callers_own_token():
    """The caller's token replaces whatever authorization the request held."""
    service = Service("users", "https://users.internal", credentials="forward")
    assert await passed(service, call(accept="a")) == {"accept": "a", "authorization": f"Bearer {TOKEN}"}
    assert await passed(service, call(authorization="Basic x")) == {"authorization": f"Bearer {TOKEN}"}


async def test_forward_sends_nothing_for_an_anonymous_caller():
    """A caller without a token is passed on without one: the service decides."""
    service = Service("users", "https://users.internal", credentials="forward")
    assert await passed(service, call(ANONYMOUS, accept="a", authorization="Basic x")) == {"accept": "a"}


@pytest.mark.parametrize(
    ("way", "sent"),
    [
        (KEY, {"accept": "a", "x-api-key": "k1"}),
        (
            ApiKey(Secret("k1"), header="authorization", prefix="ApiKey"),
            {"accept": "a", "authorization": "ApiKey k1"},
        ),
        # RFC 7617, section 2: the example of the RFC.
        (
            Basic("Aladdin", Secret("open sesame")),
            {"accept": "a", "authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
        ),
        # RFC 7617, section 2.1: the example in UTF-8.
        (Basic("test", Secret("123£")), {"accept": "a", "authorization": "Basic dGVzdDoxMjPCow=="}),
    ],
)
async def test_the_gateways_own_credentials_go_along(way: ApiKey | Basic, sent: dict[str, str]):
    """A key or a user's password goes where the service wants it, in the place of whatever the request held."""
    service = Service("users", "https://users.internal", credentials=way)
    held = {"accept": "a", "authorization": "Bearer x"}
    if isinstance(way, ApiKey) and way.header == "x-api-key":
        held["x-api-key"] = "a client's"
    request = replace(call(CALLER, **held), entitled=True)
    assert await passed(service, request) == sent


@pytest.mark.parametrize("way", [KEY, Basic("u", Secret("p"))])
async def test_the_gateways_own_credentials_are_not_for_everybody(way: ApiKey | Basic):
    """A call that nothing entitles to them is refused before it leaves."""
    policy = credentials(Service("users", "https://users.internal", credentials=way), clock)

    async def send(request: Request) -> Response:
        raise AssertionError("it went on")

    with pytest.raises(Unauthenticated, match="own credentials are for verified callers and public fields"):
        await policy(call(), send)


async def test_a_certificate_of_the_gateways_own_is_not_for_everybody():
    """Mutual TLS lends the gateway's rights as a key does, whatever else the call carries."""
    tls = Tls(certificate=Path("c"), key=Path("k"))
    for way in ("none", "forward"):
        policy = credentials(Service("users", "https://users.internal", credentials=way, tls=tls), clock)
        with pytest.raises(Unauthenticated):
            await policy(call(), None)  # type: ignore[arg-type]  # it must not come to sending
    assert not Service("users", "https://users.internal", tls=Tls(authority=Path("c"))).lends


@pytest.mark.parametrize("token", ["a b", "a\r\nx-evil: 1", "", "é", "a=b", "a,b"])
async def test_what_is_no_token_in_form_is_not_forwarded(token: str):
    """A token that cannot stand in a header is Unauthenticated, never sent, never repeated."""
    service = Service("users", "https://users.internal", credentials="forward")

    async def send(request: Request) -> Response:
        raise AssertionError("it went on")

    with pytest.raises(Unauthenticated) as caught:
        await credentials(service, clock)(call(Identity("p", token)), send)
    assert str(caught.value) == "users: the caller's token is not a bearer token in form"
    assert caught.value.sent is False


@pytest.mark.parametrize(
    "url",
    [
        "https://users.example",
        "http://localhost:8080/api",
        "http://127.0.0.1",
        "http://127.9.9.9:1",
        "http://[::1]:9",
    ],
)
def test_tokens_travel_over_https_and_loopback(url: str):
    """https, or an address that no network sees, may get tokens."""
    assert credentials(Service("users", url, credentials="forward"), clock) is not None


@pytest.mark.parametrize(
    "url",
    ["http://users.example", "http://10.0.0.1", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
     "http://[::2]", "http://0.0.0.0"],
)  # fmt: skip
def test_tokens_do_not_travel_over_plain_http(url: str):
    """Plain HTTP to anywhere else is refused when the service is opened, by name and with what would do."""
    with pytest.raises(
        ValueError, match=r"service 'users' would get callers' tokens over plain HTTP: .* needs an https://"
    ):
        credentials(Service("users", url, credentials="forward"), clock)
    with pytest.raises(ValueError, match="would get credentials over plain HTTP"):
        credentials(Service("users", url, credentials=KEY), clock)
    assert credentials(Service("users", url), clock) is not None


def test_a_user_holds_no_colon():
    """RFC 7617, section 2: the colon ends the user."""
    with pytest.raises(ValueError, match="must not hold a colon"):
        Basic("a:b", Secret("p"))


def test_an_unknown_way_is_refused_with_the_nearest():
    """A misspelt way names the known ones and the nearest."""
    with pytest.raises(
        ValueError,
        match='service \'users\' must be "none" or "forward" or settings of another way, '
        "not 'foward'; did you mean 'forward'",
    ):
        credentials(Service("users", "https://h", credentials="foward"), clock)


def test_no_repr_shows_a_token_or_a_url():
    """Identities, requests and services can be logged as they are."""
    shown = repr([CALLER, call(authorization=f"Bearer {TOKEN}"), Service("users", "https://secret.example")])
    assert TOKEN not in shown
    assert "secret.example" not in shown


@pytest.mark.parametrize(
    "bound", ["timeout", "connections", "concurrency", "batch_limit", "answer_limit", "page_limit"]
)
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_bounds_of_a_service_are_greater_than_nothing(bound: str, value: float):
    """A bound of nothing would mean a service that is never called."""
    with pytest.raises(ValueError, match=f"{bound} of service 'users' must be greater than 0"):
        Service("users", "http://h", **{bound: value})  # type: ignore[arg-type]  # the names are the parameter
