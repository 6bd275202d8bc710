"""What the services count, log and answer around their operations."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa

from examples.parfinanciero.inprocess import NAMES, Example, example
from examples.parfinanciero.services import identity, users
from examples.parfinanciero.services.application import log_access
from examples.parfinanciero.services.options import ServiceOptions
from examples.parfinanciero.services.problems import answer_problems
from tests.parfinanciero.conftest import Client


async def read(method: str, url: str) -> tuple[int, dict[str, str], Any]:
    """Status, headers and body of a call without a token."""
    async with aiohttp.ClientSession() as session, session.request(method, url) as response:
        return response.status, dict(response.headers), await response.json(content_type=None)


async def test_calls_are_counted_by_operation(client: Client, parfinanciero: Example) -> None:
    """Good, refused and failed calls count; other services' calls, the counters and unknown paths do not."""
    await client.send("users", "GET", "/v1/users/u-0001")
    await client.send("users", "GET", "/v1/users/nobody")
    await client.send("users", "GET", "/v1/users", query={"page": "x"})
    await client.send("users", "GET", "/v1/users/u-0001", headers={"Authorization": None})
    await read("GET", f"{parfinanciero.url('users')}/elsewhere")
    status, _, counted = await read("GET", f"{parfinanciero.url('users')}/internal/calls")
    assert (status, counted) == (200, {"getUser": 3, "listUsers": 1})
    assert (parfinanciero.calls("users"), parfinanciero.calls("orders")) == (counted, {})


async def test_counters_are_set_back(client: Client, parfinanciero: Example) -> None:
    """A reset, over HTTP or within the process, forgets all calls."""
    url = parfinanciero.url("users")
    await client.send("users", "GET", "/v1/users/u-0001")
    status, _, body = await read("POST", f"{url}/internal/calls/reset")
    assert (status, body, parfinanciero.calls("users")) == (204, None, {})
    await client.send("users", "GET", "/v1/users/u-0001")
    await client.send("orders", "GET", "/v1/orders")
    parfinanciero.reset()
    assert (parfinanciero.calls("users"), parfinanciero.calls("orders")) == ({}, {})


async def test_what_a_service_does_not_have_is_a_problem(parfinanciero: Example) -> None:
    """Unknown paths are 404 and unknown methods 405 with Allow, both problem documents of other types than
    404s of users.
    """
    base = parfinanciero.url("users")
    missing = await read("GET", f"{base}/elsewhere")
    method = await read("DELETE", f"{base}/v1/users/u-0001")
    assert (missing[0], missing[1]["Content-Type"], missing[2]["type"]) == (
        404,
        "application/problem+json",
        "https://parfinanciero.example/problems/not-found",
    )
    assert (method[0], method[2]["title"]) == (405, "Method Not Allowed")
    assert set(method[1]["Allow"].split(",")) == {"GET", "PATCH"}


async def test_a_failure_nobody_foresaw_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """An exception in a handler is a bare 500 for the client, and stands in the log."""

    async def fail(request: web.Request) -> web.Response:
        raise RuntimeError("secret detail")

    app = web.Application(middlewares=[answer_problems])
    app.router.add_get("/", fail)
    async with TestServer(app) as server:
        status, _, body = await read("GET", str(server.make_url("/")))
    assert (status, body) == (
        500,
        {
            "type": "https://parfinanciero.example/problems/internal",
            "title": "The service failed",
            "status": 500,
        },
    )
    assert "secret detail" in caplog.text


async def test_the_access_log_is_off_unless_wanted(
    client: Client, parfinanciero: Example, caplog: pytest.LogCaptureFixture
) -> None:
    """Without the option no call is logged."""
    caplog.set_level(logging.INFO)
    await client.send("users", "GET", "/v1/users/u-0001")
    assert [record for record in caplog.records if record.name.startswith(("parfinanciero", "aiohttp"))] == []


async def test_the_access_log_holds_no_ids(
    parfinanciero: Example, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With the option a call is one line: method, operation, status and time; neither ids nor tokens."""
    caplog.set_level(logging.INFO, logger="parfinanciero.access")
    app = users.create_app(
        ServiceOptions(
            database=tmp_path / "more.sqlite",
            jwks=parfinanciero.jwks,
            issuer=parfinanciero.issuer,
            access_log=True,
        )
    )
    token = parfinanciero.token("ana")
    headers = {"Authorization": f"Bearer {token}", "X-Tenant-ID": "acme"}
    async with TestServer(app) as server, aiohttp.ClientSession(headers=headers) as session:
        async with session.get(server.make_url("/v1/users/u-0001")) as response:
            assert response.status == 200
        async with session.get(server.make_url("/elsewhere")) as response:
            assert response.status == 404
    lines = [record.getMessage().split() for record in caplog.records]
    assert [line[:3] for line in lines] == [["GET", "getUser", "200"], ["GET", "-", "404"]]
    assert "u-0001" not in caplog.text
    assert token not in caplog.text


async def test_the_identity_provider_logs_when_wanted(caplog: pytest.LogCaptureFixture) -> None:
    """The identity provider's log holds no token either."""
    caplog.set_level(logging.INFO, logger="parfinanciero.access")
    app = identity.create_app(identity.IdentityOptions(issuer="http://127.0.0.1", access_log=True))
    async with TestServer(app) as server:
        _, _, body = await read("POST", str(server.make_url("/internal/tokens/ana")))
    assert [record.getMessage().split()[:3] for record in caplog.records] == [["POST", "-", "200"]]
    assert body["token"] not in caplog.text


async def test_a_call_without_an_answer_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A handler that is cancelled is logged as 499."""
    caplog.set_level(logging.INFO, logger="parfinanciero.access")
    begun = asyncio.Event()

    async def wait(request: web.Request) -> web.Response:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("never")

    app = web.Application(middlewares=[log_access])
    app.router.add_get("/", wait)
    async with TestServer(app) as server:
        call = asyncio.create_task(read("GET", str(server.make_url("/"))))
        await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert [record.getMessage().split()[:3] for record in caplog.records] == [["GET", "-", "499"]]


async def test_a_stopped_service_refuses_and_comes_back(client: Client, parfinanciero: Example) -> None:
    """In process too a service is stopped and started on the same port, with the same rows."""
    before = await client.send("users", "GET", "/v1/users/u-0001")
    url = parfinanciero.url("users")
    await parfinanciero.stop("users")
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.send("users", "GET", "/v1/users/u-0001")
    await parfinanciero.start("users")
    after = await client.send("users", "GET", "/v1/users/u-0001")
    assert (parfinanciero.url("users"), after.body) == (url, before.body)


async def test_everything_stops_when_the_block_raises(tmp_path: Path, signing_key: rsa.RSAPrivateKey) -> None:
    """An exception in the block stops every service of the process."""
    urls: list[str] = []

    async def fail_within() -> None:
        async with example(tmp_path, make_key=lambda: signing_key) as running:
            urls.extend(running.url(service) for service in NAMES)
            raise RuntimeError("within")

    with pytest.raises(RuntimeError, match="within"):
        await fail_within()
    assert len(urls) == 9
    for url in urls:
        with pytest.raises(aiohttp.ClientConnectorError):
            await read("GET", f"{url}/internal/calls")


async def test_a_service_that_cannot_start_leaves_nothing(
    tmp_path: Path, signing_key: rsa.RSAPrivateKey
) -> None:
    """A database that is none fails the start, and what had started is stopped."""
    (tmp_path / "orders.sqlite").write_text("no database " * 100)
    with pytest.raises(Exception, match="not a database"):
        async with example(tmp_path, make_key=lambda: signing_key):
            pytest.fail("it started")
