"""Receipts of expenses over HTTP: uploaded as files or sent as base64, kept in storage, and handed out again."""

from __future__ import annotations

import base64

import pytest

from examples.parfinanciero.inprocess import Example
from examples.parfinanciero.services import seed_expenses
from examples.parfinanciero.services.clients import CLIENTS
from examples.parfinanciero.services.clients import Client as Program
from examples.parfinanciero.services.receipts import MOST_BYTES
from tests.parfinanciero.conftest import Answer, Client
from tests.parfinanciero.test_expenses_service import MINE, note

PDF = seed_expenses.receipt_pdf("one line")
LARGE = base64.b64encode(PDF + bytes(MOST_BYTES)).decode()
PNG = b"\x89PNG\r\n\x1a\n and so on"


async def upload(client: Client, expense_id: str, **changes: object) -> Answer:
    """A receipt in JSON."""
    file = {
        "file_name": "rail.pdf",
        "media_type": "application/pdf",
        "content": base64.b64encode(PDF).decode(),
    }
    return await client.send(
        "expenses", "PUT", f"/v1/expenses/{expense_id}/receipt", body={**file, **changes}
    )


async def test_a_receipt_in_json_is_kept_in_storage(client: Client, parfinanciero: Example) -> None:
    """A receipt sent as base64 comes back byte for byte, from storage, which the caller has no rights for."""
    made = (await note(client)).body
    kept = await upload(client, made["id"])
    assert kept.body == {**made, "receipt_id": f"receipt-{made['id']}", "receipt_name": "rail.pdf"}
    found = await client.send("expenses", "GET", f"/v1/expenses/{made['id']}/receipt")
    assert (found.body, found.headers["Content-Type"]) == (PDF, "application/pdf")
    assert found.headers["Content-Disposition"] == 'attachment; filename="rail.pdf"'
    assert parfinanciero.calls("storage") == {"putObject": 1, "getObject": 1}
    assert parfinanciero.calls("identity")["getToken"] == 1


async def test_an_uploaded_receipt_replaces_the_one_before(client: Client, parfinanciero: Example) -> None:
    """A file uploaded as a form is kept with its name and type, instead of the one that was there."""
    made = (await note(client)).body
    await upload(client, made["id"])
    kept = await client.send(
        "expenses",
        "PUT",
        f"/v1/expenses/{made['id']}/receipt",
        raw=form_of("ticket 2.png", "image/png", PNG),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert (kept.status, kept.body["receipt_name"]) == (200, "ticket 2.png")
    found = await client.send("expenses", "GET", f"/v1/expenses/{made['id']}/receipt")
    assert (found.body, found.headers["Content-Type"]) == (PNG, "image/png")


def form_of(name: str, media_type: str, content: bytes, field: str = "file") -> bytes:
    """A multipart body with one part, its boundary `b`."""
    head = f'--b\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
    return head.encode() + f"Content-Type: {media_type}\r\n\r\n".encode() + content + b"\r\n--b--\r\n"


@pytest.mark.parametrize(
    ("raw", "status", "said"),
    [
        (
            form_of("a.png", "image/png", PDF),
            422,
            "must be one of application/pdf, image/jpeg, image/png, as",
        ),
        (form_of("../a.png", "image/png", PNG), 422, "its name must have 1 to 120 letters"),
        (form_of("a.png", "image/png", PNG, field="other"), 422, "is required, as the first part"),
        (form_of("a.png", "image/png", PNG + bytes(MOST_BYTES)), 413, "The file is too large"),
        (b"no form", 400, "The body is no multipart form"),
    ],
    ids=["other content", "odd name", "other field", "too large", "no form"],
)
async def test_a_wrong_form_is_refused(client: Client, raw: bytes, status: int, said: str) -> None:
    """A form whose file is not what it says, has an odd name, is too large or not there keeps nothing."""
    made = (await note(client)).body
    path = f"/v1/expenses/{made['id']}/receipt"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await client.send("expenses", "PUT", path, raw=raw, headers=headers)
    told = answer.body["title"] if status != 422 else answer.mistakes[0][1]
    assert (answer.status, told.startswith(said)) == (status, True)
    assert (await client.send("expenses", "GET", path)).status == 404


@pytest.mark.parametrize(
    ("changes", "mistakes"),
    [
        ({"content": "%"}, [("#/content", "must be base64")]),
        ({"content": "aGVsbG8="}, [("#/content", "must be application/pdf, as its first bytes say")]),
        ({"content": LARGE}, [("#/content", "must have at most 524288 bytes")]),
        ({"file_name": 'a"b'}, [("#/file_name", "must match [A-Za-z0-9][A-Za-z0-9 ._-]{0,119}")]),
        ({"media_type": "text/html"}, [("#/media_type", "must be one of application/pdf, image/jpeg, image/png")]),
    ],
)  # fmt: skip
async def test_a_wrong_file_in_json_is_refused(
    client: Client, parfinanciero: Example, changes: dict[str, str], mistakes: list[tuple[str, str]]
) -> None:
    """What is no base64, too much, or not what it says, is told of with its place, and storage hears nothing."""
    made = (await note(client)).body
    answer = await upload(client, made["id"], **changes)
    assert (answer.status, answer.mistakes) == (422, mistakes)
    assert parfinanciero.calls("storage") == {}


async def test_a_seeded_receipt_is_a_pdf(client: Client) -> None:
    """An expense that is seeded with a receipt has its file in storage: one line that says what was spent."""
    row = next(row for row in MINE if row.receipt is not None)
    found = await client.send("expenses", "GET", f"/v1/expenses/{row.id}/receipt")
    line = f"({row.merchant}   {row.spent_on}   EUR {row.amount})".encode()
    assert (found.status, found.body[:5], line in found.body) == (200, b"%PDF-", True)


async def test_without_storage_a_receipt_is_unavailable(client: Client, parfinanciero: Example) -> None:
    """While storage is down receipts are 503 with Retry-After, nothing is noted, and the rest goes on."""
    made = (await note(client)).body
    await upload(client, made["id"])
    await parfinanciero.stop("storage")
    put = await upload(client, made["id"], file_name="other.pdf")
    get = await client.send("expenses", "GET", f"/v1/expenses/{made['id']}/receipt")
    assert [(one.status, one.body["title"], one.headers["Retry-After"]) for one in (put, get)] == [
        (503, "The storage service does not answer now", "1")
    ] * 2
    kept = await client.send("expenses", "GET", f"/v1/expenses/{made['id']}")
    assert (kept.status, kept.body["receipt_name"]) == (200, "rail.pdf")


async def test_what_storage_does_not_give_is_told(
    client: Client, parfinanciero: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receipt that storage has lost is 404; where storage refuses the service's own token it is 503."""
    made = (await note(client)).body
    path = f"/v1/expenses/{made['id']}/receipt"
    await upload(client, made["id"])
    await client.send("storage", "DELETE", f"/v1/objects/receipt-{made['id']}")
    lost = await client.send("expenses", "GET", path)
    assert (lost.status, lost.body["title"]) == (404, "There is no such receipt")
    statuses = []
    for scope in ("storage:read", "storage:write"):
        monkeypatch.setitem(CLIENTS, "expenses", Program((scope,)))
        await parfinanciero.stop("expenses")
        await parfinanciero.start("expenses")
        statuses.append(
            ((await upload(client, made["id"])).status, (await client.send("expenses", "GET", path)).status)
        )
    assert statuses == [(503, 404), (200, 503)]


async def test_a_token_of_an_old_key_is_got_anew(client: Client, parfinanciero: Example) -> None:
    """When the identity provider comes back with new keys, the service's own token is refused once and replaced."""
    made = (await note(client)).body
    await upload(client, made["id"])
    await parfinanciero.stop("identity")
    await parfinanciero.start("identity")
    parfinanciero.keys.rotate()
    await parfinanciero.stop("storage")
    await parfinanciero.start("storage")
    parfinanciero.reset()
    found = await client.send("expenses", "GET", f"/v1/expenses/{made['id']}/receipt")
    assert (found.status, found.body) == (200, PDF)
    assert (parfinanciero.calls("storage"), parfinanciero.calls("identity")["getToken"]) == (
        {"getObject": 2},
        1,
    )
