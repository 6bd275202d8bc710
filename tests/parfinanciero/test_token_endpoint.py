"""The identity provider's token endpoint: programs' own tokens, and callers' tokens exchanged."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from examples.parfinanciero.inprocess import Example
from examples.parfinanciero.services.clients import CLIENTS, read_secret, read_secrets
from examples.parfinanciero.services.tokens import ACCESS_TOKEN, EXCHANGE
from tests.parfinanciero.test_identity_provider import read, verified


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A plain HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session


class Endpoint:
    """The token endpoint, asked as some client."""

    def __init__(self, running: Example, session: aiohttp.ClientSession) -> None:
        self.running = running
        self.session = session

    async def ask(self, client: str = "gateway", **form: str) -> tuple[int, Any]:
        """Status and body of a call with basic credentials."""
        shown = base64.b64encode(f"{client}:{self.running.secrets.get(client, 'x')}".encode()).decode()
        url = f"{self.running.issuer}/oauth/token"
        return await read(self.session, "POST", url, data=form, headers={"Authorization": f"Basic {shown}"})

    async def exchange(self, token: str, **changes: str) -> tuple[int, Any]:
        """A caller's token exchanged for one for expenses."""
        form = {
            "grant_type": EXCHANGE,
            "subject_token": token,
            "subject_token_type": ACCESS_TOKEN,
            "audience": "api://expenses",
        }
        return await self.ask(**{**form, **changes})

    def claims(self, token: str, audience: str) -> dict[str, Any]:
        """What stands in a token that was given."""
        keys: Any = self.running.keys.published()["keys"]
        return verified(token, keys, self.running.issuer, audience)


@pytest.fixture
def endpoint(parfinanciero: Example, session: aiohttp.ClientSession) -> Endpoint:
    """The running provider's endpoint."""
    return Endpoint(parfinanciero, session)


async def test_a_program_gets_its_own_rights(endpoint: Endpoint) -> None:
    """Client credentials give all the client's scopes, for their services and every tenant, for five minutes."""
    status, given = await endpoint.ask(grant_type="client_credentials")
    claims = endpoint.claims(given["access_token"], "api://storage")
    assert (status, {name: given[name] for name in ("token_type", "expires_in", "scope")}) == (
        200,
        {"token_type": "Bearer", "expires_in": 300, "scope": "reports:read storage:read"},
    )
    assert {name: claims[name] for name in ("sub", "client_id", "tenant", "scope", "aud")} == {
        "sub": "gateway",
        "client_id": "gateway",
        "tenant": "*",
        "scope": "reports:read storage:read",
        "aud": ["api://reports", "api://storage"],
    }
    assert claims["exp"] - claims["iat"] == 300


async def test_rights_are_narrowed_by_what_is_asked(endpoint: Endpoint) -> None:
    """`scope` and `audience` give less than all, never more."""
    _, by_scope = await endpoint.ask(grant_type="client_credentials", scope="storage:read")
    _, by_audience = await endpoint.ask(grant_type="client_credentials", audience="api://reports")
    assert (by_scope["scope"], by_audience["scope"]) == ("storage:read", "reports:read")
    assert endpoint.claims(by_audience["access_token"], "api://reports")["aud"] == ["api://reports"]
    refused = [
        await endpoint.ask(grant_type="client_credentials", scope="storage:write"),
        await endpoint.ask(grant_type="client_credentials", audience="api://users"),
    ]
    assert [(status, body["error"]) for status, body in refused] == [
        (400, "invalid_scope"),
        (400, "invalid_target"),
    ]


async def test_a_callers_token_is_exchanged(endpoint: Endpoint) -> None:
    """An exchanged token is the caller's own still: subject, tenant, and those scopes that are of the audience; the
    program that acts stands beside.
    """
    status, given = await endpoint.exchange(endpoint.running.token("ana"))
    claims = endpoint.claims(given["access_token"], "api://expenses")
    assert (status, given["issued_token_type"], given["expires_in"]) == (200, ACCESS_TOKEN, 300)
    assert {name: claims[name] for name in ("sub", "tenant", "scope", "aud", "act")} == {
        "sub": "u-0001",
        "tenant": "acme",
        "scope": "expenses:read expenses:write",
        "aud": ["api://expenses"],
        "act": {"sub": "gateway"},
    }


async def test_an_exchanged_token_ends_with_the_callers(endpoint: Endpoint) -> None:
    """What is given for a token that ends soon ends with it."""
    ring = endpoint.running.keys
    soon = ring.sign("u-0001", "acme", ["expenses:read"], claims={"exp": int(time.time()) + 60})
    _, given = await endpoint.exchange(soon)
    assert 55 <= given["expires_in"] <= 60


async def test_what_is_not_to_be_exchanged_is_refused(endpoint: Endpoint) -> None:
    """Another's token, an exchanged one, another audience or kind, rights that the caller has not, and a client that
    may not: each is refused with the RFC's word, and the token never repeated.
    """
    running = endpoint.running
    ana = running.token("ana")
    _, exchanged = await endpoint.exchange(ana)
    refused = [
        await endpoint.exchange("no.such.token"),
        await endpoint.exchange(exchanged["access_token"]),
        await endpoint.exchange(
            running.keys.sign("u-0001", "acme", ["expenses:read"], audience=["api://users"])
        ),
        await endpoint.exchange(ana, audience="api://reports"),
        await endpoint.exchange(ana, subject_token_type="urn:ietf:params:oauth:token-type:saml2"),
        await endpoint.exchange(running.token("bruno")),
        await endpoint.exchange(ana, scope="expenses:read projections:read"),
        await endpoint.exchange(ana, client="expenses"),
    ]
    assert [(status, body["error"]) for status, body in refused] == [
        (400, "invalid_grant"),
        (400, "invalid_grant"),
        (400, "invalid_grant"),
        (400, "invalid_target"),
        (400, "invalid_request"),
        (400, "invalid_scope"),
        (400, "invalid_scope"),
        (400, "invalid_target"),
    ]
    assert [body for _, body in refused if ana in str(body)] == []


@pytest.mark.parametrize(
    "authorization",
    ["Basic Z2F0ZXdheTp4", "Basic %%%", "Bearer x", "Basic bWFsbG9yeTp4", "Basic ", "Basic Z2F0ZXdheTo="],
)
async def test_an_unknown_client_gets_nothing(endpoint: Endpoint, authorization: str) -> None:
    """A wrong secret, an unknown client, or what is no credentials, is 401 invalid_client with a challenge."""
    async with endpoint.session.post(
        f"{endpoint.running.issuer}/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": authorization},
    ) as answer:
        body = await answer.json()
        assert (answer.status, body["error"], answer.headers["WWW-Authenticate"]) == (
            401,
            "invalid_client",
            'Basic realm="token"',
        )


async def test_the_secret_may_stand_in_the_form(endpoint: Endpoint) -> None:
    """A client may show itself in the form, too (RFC 6749, section 2.3.1); answers are not to be stored."""
    form = {
        "grant_type": "client_credentials",
        "client_id": "expenses",
        "client_secret": endpoint.running.secrets["expenses"],
    }
    async with endpoint.session.post(f"{endpoint.running.issuer}/oauth/token", data=form) as answer:
        body = await answer.json()
        assert (answer.status, body["scope"]) == (200, "storage:read storage:write")
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "media_type", "error"),
    [
        (b"{}", "application/json", "invalid_request"),
        (b"grant_type=a&grant_type=b", "application/x-www-form-urlencoded", "invalid_request"),
    ],
)
async def test_what_is_no_form_is_refused(
    endpoint: Endpoint, body: bytes, media_type: str, error: str
) -> None:
    """Another body, or a parameter that stands twice, is invalid_request."""
    url = f"{endpoint.running.issuer}/oauth/token"
    status, told = await read(endpoint.session, "POST", url, data=body, headers={"Content-Type": media_type})
    assert (status, told["error"]) == (400, error)


async def test_another_grant_is_refused(endpoint: Endpoint) -> None:
    """There are no passwords here."""
    status, told = await endpoint.ask(grant_type="password")
    assert (status, told["error"]) == (400, "unsupported_grant_type")


def test_secrets_are_read_from_files(tmp_path: Path) -> None:
    """Each client's secret stands in a file of its own; an empty or endless one is none, and none is shown."""
    for name in CLIENTS:
        (tmp_path / f"{name}.secret").write_text(f"secret of {name}\n")
    secrets = read_secrets(tmp_path)
    assert dict(secrets.by_client) == {name: f"secret of {name}" for name in CLIENTS}
    assert "secret of" not in repr(secrets)
    for content in ("", "\n", "x" * 1025):
        (tmp_path / "odd.secret").write_text(content)
        with pytest.raises(ValueError, match=r"^odd\.secret holds no secret$"):
            read_secret(tmp_path / "odd.secret")
