"""The projections service over HTTP, each answer held against its contract; its work waits for the test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from examples.parfinanciero.inprocess import Example, example
from examples.parfinanciero.services import holt, projections, seed_expenses
from examples.parfinanciero.services.projection_work import later, series
from tests.parfinanciero.conftest import Answer, Client

ASKED = {"user_id": "u-0001", "months": 3}


class Held:
    """The time that a projection takes: nobody's goes by before the test says so."""

    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.free = asyncio.Event()

    async def pause(self, _seconds: float) -> None:
        self.waiting.set()
        await self.free.wait()


@pytest.fixture
def held() -> Held:
    """A pause for this test."""
    return Held()


@pytest.fixture
async def parfinanciero(
    seeded_folder: Path, tmp_path: Path, signing_key: rsa.RSAPrivateKey, held: Held
) -> AsyncIterator[Example]:
    """The running example, in which work waits for the test."""
    shutil.copytree(seeded_folder, tmp_path, dirs_exist_ok=True)
    async with example(tmp_path, pause=held.pause, make_key=lambda: signing_key) as running:
        yield running


async def ask(client: Client, **changes: object) -> Answer:
    """A new projection."""
    return await client.send("projections", "POST", "/v1/projections", body={**ASKED, **changes})


async def settled(client: Client, path: str) -> dict[str, object]:
    """The projection once it is no longer pending."""
    async with asyncio.timeout(20):
        while True:
            found = await client.send("projections", "GET", path)
            if found.body["state"] != "pending":
                assert "Retry-After" not in found.headers
                return found.body
            assert found.headers["Retry-After"] == "1"


async def test_a_projection_is_asked_for_and_looked_at_later(
    client: Client, parfinanciero: Example, held: Held
) -> None:
    """createProjection answers 202 with a Location; it is pending there, then ready, by Holt's model of what was
    spent, and from then on the user's latest.
    """
    asked = await ask(client)
    path = asked.headers["Location"]
    assert (asked.status, asked.headers["Retry-After"], path) == (
        202,
        "1",
        f"/v1/projections/{asked.body['id']}",
    )
    await held.waiting.wait()
    assert (await client.send("projections", "GET", path)).body == asked.body
    held.free.set()
    ready = await settled(client, path)

    spent: dict[str, float] = {}
    for row in seed_expenses.expenses():
        if row.user_id == "u-0001":
            spent[row.spent_on[:7]] = round(spent.get(row.spent_on[:7], 0) + float(row.amount), 2)
    expected = holt.ahead(holt.fit([spent[month] for month in sorted(spent)]), 3)
    assert ready == {
        **asked.body,
        "state": "ready",
        "ready_at": ready["ready_at"],
        "months": [
            {
                "month": month,
                "expected": f"{one.expected:.2f}",
                "low": f"{one.low:.2f}",
                "high": f"{one.high:.2f}",
            }
            for month, one in zip(("2026-11", "2026-12", "2027-01"), expected, strict=True)
        ],
    }
    assert parfinanciero.calls("expenses") == {"listExpenses": 1, "listTotals": 1}
    latest = await client.send("projections", "GET", "/v1/projections", query={"user_ids": "u-0001,nobody"})
    assert latest.body == {"projections": [ready]}


async def test_too_short_a_past_fails_and_says_why(client: Client, held: Held) -> None:
    """Somebody who spent nothing, or hardly ever, gets a projection that failed, with the reason."""
    held.free.set()
    asked = await ask(client, user_id="nobody")
    failed = await settled(client, asked.headers["Location"])
    assert failed == {
        **asked.body,
        "state": "failed",
        "ready_at": failed["ready_at"],
        "reason": "a projection needs 4 months with expenses",
    }


async def test_work_outlives_a_restart(client: Client, parfinanciero: Example, held: Held) -> None:
    """What was pending when the service stopped is worked out when it is there again."""
    asked = await ask(client)
    await held.waiting.wait()
    await parfinanciero.stop("projections")
    held.free.set()
    await parfinanciero.start("projections")
    assert (await settled(client, asked.headers["Location"]))["state"] == "ready"


async def test_work_waits_while_expenses_are_down(client: Client, parfinanciero: Example, held: Held) -> None:
    """A projection stays pending while the expenses service does not answer, and is ready when it does."""
    await parfinanciero.stop("expenses")
    asked = await ask(client)
    await held.waiting.wait()
    held.free.set()
    assert (await client.send("projections", "GET", asked.headers["Location"])).body["state"] == "pending"
    await parfinanciero.start("expenses")
    assert (await settled(client, asked.headers["Location"]))["state"] == "ready"


async def test_there_is_an_end_to_what_waits(
    client: Client, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When too many projections wait, one more is 503 with Retry-After, and is not kept."""
    monkeypatch.setattr(projections, "MOST_PENDING", 2)
    statuses = [(await ask(client)).status for _ in range(2)]
    refused = await ask(client)
    assert (statuses, refused.status, refused.headers["Retry-After"]) == ([202, 202], 503, "1")
    assert refused.body["title"] == "There is too much to work out now"


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"months": 13}, ("#/months", "must be a whole number from 1 to 12")),
        ({"user_id": "a,b"}, ("#/user_id", "must match [A-Za-z0-9._-]+")),
    ],
)
async def test_what_cannot_be_projected_is_refused(
    client: Client, changes: dict[str, object], mistake: tuple[str, str]
) -> None:
    """More than a year, or what can be no user, is refused with its place."""
    answer = await ask(client, **changes)
    assert (answer.status, answer.mistakes) == (422, [mistake])


async def test_seeded_projections_have_months_to_compare(client: Client) -> None:
    """Each caller of the demo has a projection made in August 2026, whose first months have ended by now."""
    query = {"user_ids": "u-0001,u-0002,u-0003"}
    answer = await client.send("projections", "GET", "/v1/projections", query=query)
    assert [
        (one["user_id"], one["state"], [month["month"] for month in one["months"]][:3])
        for one in answer.body["projections"]
    ] == [(user, "ready", ["2026-08", "2026-09", "2026-10"]) for user in ("u-0001", "u-0002", "u-0003")]


async def test_other_tenants_see_nothing(client: Client, parfinanciero: Example) -> None:
    """globex finds no projection of acme, by id or by user."""
    asked = await ask(client)
    token = parfinanciero.keys.sign("u-0700", "globex", ["projections:read"], audience=["api://projections"])
    found = [
        await client.send("projections", "GET", path, token=token, tenant="globex", query=query)
        for path, query in (
            (asked.headers["Location"], None),
            ("/v1/projections", {"user_ids": "u-0001"}),
        )
    ]
    assert [(one.status, one.body.get("projections")) for one in found] == [(404, None), (200, [])]


async def test_a_service_without_its_secret_gets_no_token(
    parfinanciero: Example, held: Held, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """With a wrong secret the work waits, the log says that expenses do not answer, and never the secret."""
    right = parfinanciero.secrets["projections"]
    parfinanciero.secrets["projections"] = "not-the-secret"
    await parfinanciero.stop("identity")
    await parfinanciero.start("identity")
    parfinanciero.secrets["projections"] = right
    asked = await ask(client)
    await held.waiting.wait()
    held.waiting.clear()
    held.free.set()
    async with asyncio.timeout(20):
        while "projections wait" not in caplog.text:
            found = await client.send("projections", "GET", asked.headers["Location"])
    assert (found.body["state"], right in caplog.text) == ("pending", False)


def test_months_are_counted_over_years() -> None:
    """Months after and before one, over the ends of years."""
    assert [later("2026-11", months) for months in (0, 1, 2, -11, -23)] == [
        "2026-11",
        "2026-12",
        "2027-01",
        "2025-12",
        "2024-12",
    ]


def test_a_series_has_no_gaps() -> None:
    """The series begins with the first month that has an expense; one without any counts as nothing."""
    from_march = series({"2026-03": seed_expenses.CENT, "2026-05": seed_expenses.CENT}, "2026-06")
    assert [str(one) for one in from_march] == ["0.01", "0", "0.01", "0"]


async def test_nothing_is_left_running(parfinanciero: Example) -> None:
    """The work ends with its service: a stopped one refuses connections and leaves no task behind."""
    before = asyncio.all_tasks()
    await parfinanciero.stop("projections")
    left = {task for task in asyncio.all_tasks() - before if not task.done()}
    assert left == set()
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"{parfinanciero.url('projections')}/internal/calls")
