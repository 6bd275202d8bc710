"""The notifications service over HTTP: an outbox behind a key and a rate, each answer held against its contract."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from examples.parfinanciero.inprocess import Example, example
from examples.parfinanciero.services import seed
from tests.parfinanciero.conftest import Answer, Client

BODY = {"recipient_id": "u-0001", "to": "ana@example.com", "subject": "Hello", "text": "How are you?"}


class Clock:
    """Seconds that go by when the test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """The services' clock."""
    return Clock()


@pytest.fixture
async def parfinanciero(
    seeded_folder: Path, tmp_path: Path, signing_key: rsa.RSAPrivateKey, clock: Clock
) -> AsyncIterator[Example]:
    """The running example by the test's clock."""
    shutil.copytree(seeded_folder, tmp_path, dirs_exist_ok=True)
    async with example(tmp_path, clock=clock, make_key=lambda: signing_key) as running:
        yield running


async def send(client: Client, **changes: object) -> Answer:
    """A new e-mail."""
    return await client.send("notifications", "POST", "/v1/emails", body={**BODY, **changes})


async def test_an_email_is_kept(client: Client) -> None:
    """sendEmail answers 201 with a Location; the e-mail is queued there, the first of its recipient, of this tenant
    alone.
    """
    made = await send(client)
    path = made.headers["Location"]
    assert (made.status, made.body) == (
        201,
        {**BODY, "id": made.body["id"], "state": "queued", "created_at": made.body["created_at"]},
    )
    assert (await client.send("notifications", "GET", path)).body == made.body
    listed = await client.send(
        "notifications", "GET", "/v1/emails", query={"filter[recipient]": "u-0001", "amount": 1}
    )
    assert listed.body["emails"] == [made.body]
    assert (await client.send("notifications", "GET", path, tenant="globex")).status == 404
    assert (await client.send("notifications", "GET", "/v1/emails", tenant="globex")).body["found"] == 0


async def test_shipped_orders_are_told_of(client: Client) -> None:
    """The outbox begins with one e-mail for each shipped order of the callers, the newest first."""
    answer = await client.send("notifications", "GET", "/v1/emails", query={"amount": 100})
    shipped = [
        row
        for row in seed.dataset().orders
        if row.customer_id in ("u-0001", "u-0002", "u-0003") and row.status == "shipped"
    ]
    assert answer.body["found"] == len(shipped)
    assert [one["created_at"] for one in answer.body["emails"]] == sorted(
        (row.placed_at for row in shipped), reverse=True
    )


async def test_the_rate_is_told_and_kept(client: Client, clock: Clock) -> None:
    """Ten sends a minute: each answer says what is left, the eleventh is 429 with Retry-After, and a new window
    begins when the minute is over. Refused bodies count too.
    """
    told = [(await send(client, subject="" if turn == 0 else "Hello")) for turn in range(10)]
    assert [one.status for one in told] == [422] + [201] * 9
    assert [one.headers["RateLimit"] for one in told] == [
        f'"sends";r={left};t=60' for left in range(9, -1, -1)
    ]
    clock.seconds += 59.5
    refused = await send(client)
    assert {name: refused.headers[name] for name in ("RateLimit-Policy", "RateLimit", "Retry-After")} == {
        "RateLimit-Policy": '"sends";q=10;w=60',
        "RateLimit": '"sends";r=0;t=1',
        "Retry-After": "1",
    }
    assert (refused.status, refused.body["detail"]) == (429, "10 sends in 60 seconds are allowed")
    clock.seconds += 0.5
    assert (await send(client)).status == 201


async def test_reads_have_a_rate_of_their_own(client: Client, clock: Clock) -> None:
    """A hundred reads a minute, of whatever operation, whether or not anything is sent meanwhile."""
    missing = f"/v1/emails/{'0' * 8}-0000-4000-8000-{'0' * 12}"
    statuses = {(await client.send("notifications", "GET", missing)).status for _ in range(99)}
    last = await client.send("notifications", "GET", "/v1/emails")
    over = await client.send("notifications", "GET", missing)
    assert (statuses, last.status, last.headers["RateLimit"]) == ({404}, 200, '"reads";r=0;t=60')
    assert (over.status, over.headers["Retry-After"]) == (429, "60")
    assert (await send(client)).status == 201


@pytest.mark.parametrize("key", [None, "", "wrong", "ключ".encode().decode("latin-1")])
async def test_without_the_key_nothing_is_answered(client: Client, key: str | None) -> None:
    """No key, or another, is 401 with a challenge, and takes nothing from the rate."""
    answer = await client.send("notifications", "GET", "/v1/emails", headers={"X-API-Key": key})
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'ApiKey header="X-API-Key"')
    assert "RateLimit" not in answer.headers
    after = await client.send("notifications", "GET", "/v1/emails")
    assert after.headers["RateLimit"] == '"reads";r=99;t=60'


async def test_a_service_without_a_key_takes_none(client: Client, parfinanciero: Example) -> None:
    """Started without a key the service refuses everybody, an empty key too."""
    await parfinanciero.stop("notifications")
    parfinanciero.secrets["notifications"] = ""
    await parfinanciero.start("notifications")
    assert (await client.send("notifications", "GET", "/v1/emails")).status == 401


async def test_the_tenant_is_required(client: Client) -> None:
    """A call with the key but without a tenant is 400 and names the header."""
    answer = await client.send("notifications", "GET", "/v1/emails", headers={"X-Tenant-ID": None})
    assert (answer.status, answer.mistakes) == (400, [("X-Tenant-ID", "is required")])


async def test_every_mistake_of_a_body_is_told(client: Client) -> None:
    """A wrong e-mail is refused with all mistakes."""
    answer = await send(client, to="nobody", text=None, cc="x")
    assert (answer.status, [where for where, _ in answer.mistakes]) == (422, ["#/cc", "#/to", "#/text"])
