"""The storage service over HTTP: bytes in, bytes out, each answer held against its contract."""

from __future__ import annotations

import hashlib

import pytest

from examples.parfinanciero.inprocess import Example
from examples.parfinanciero.services import seed_expenses
from examples.parfinanciero.services.storage import MOST_BYTES
from tests.parfinanciero.conftest import Answer, Client

PDF = seed_expenses.receipt_pdf("one line")
PATH = "/v1/objects/a-file"


async def put(client: Client, content: bytes = PDF, media_type: str = "application/pdf") -> Answer:
    """An object under one name."""
    return await client.send("storage", "PUT", PATH, raw=content, headers={"Content-Type": media_type})


async def test_bytes_come_back_as_they_were(client: Client) -> None:
    """An object is served byte for byte, as an attachment of its own type, and never sniffed."""
    made = await put(client)
    digest = hashlib.sha256(PDF).hexdigest()
    assert (made.status, made.headers["Location"], made.headers["ETag"]) == (201, PATH, f'"{digest}"')
    assert made.body == {
        "id": "a-file",
        "media_type": "application/pdf",
        "bytes": len(PDF),
        "sha256": digest,
        "stored_at": made.body["stored_at"],
    }
    found = await client.send("storage", "GET", PATH)
    told = {
        name: found.headers[name]
        for name in ("Content-Type", "ETag", "Content-Disposition", "X-Content-Type-Options", "Cache-Control")
    }
    assert (found.status, found.body) == (200, PDF)
    assert told == {
        "Content-Type": "application/pdf",
        "ETag": f'"{digest}"',
        "Content-Disposition": "attachment",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }


async def test_a_client_that_has_the_bytes_gets_none(client: Client) -> None:
    """If-None-Match with the ETag is 304 without a body; with another it is the whole object."""
    tag = (await put(client)).headers["ETag"]
    same = await client.send("storage", "GET", PATH, headers={"If-None-Match": tag})
    other = await client.send("storage", "GET", PATH, headers={"If-None-Match": '"other"'})
    assert [(one.status, one.body) for one in (same, other)] == [(304, None), (200, PDF)]


async def test_an_object_is_replaced_and_forgotten(client: Client) -> None:
    """Putting again is 200 and replaces; deleting is 204, and 404 from then on."""
    jpeg = b"\xff\xd8\xff and so on"
    statuses = [(await put(client)).status, (await put(client, jpeg, "image/jpeg")).status]
    found = await client.send("storage", "GET", PATH)
    statuses += [(await client.send("storage", "DELETE", PATH)).status for _ in range(2)]
    statuses.append((await client.send("storage", "GET", PATH)).status)
    assert (statuses, found.body) == ([201, 200, 204, 404, 404], jpeg)


async def test_objects_are_described_together(client: Client) -> None:
    """listObjects describes those of the named objects that there are, seeded ones too, without their bytes."""
    await put(client)
    seeded = next(one for one in seed_expenses.receipts() if one.tenant == "acme")
    answer = await client.send(
        "storage", "GET", "/v1/objects", query={"ids": f"{seeded.object_id},none,a-file"}
    )
    assert [(one["id"], one["bytes"]) for one in answer.body["objects"]] == [
        ("a-file", len(PDF)),
        (seeded.object_id, len(seeded.content)),
    ]


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"<script>", "text/html", 415),
        (b"<script>", "image/png", 422),
        (b"", "application/pdf", 422),
        (PDF + bytes(MOST_BYTES), "application/pdf", 413),
    ],
)
async def test_what_is_no_such_file_is_refused(
    client: Client, content: bytes, media_type: str, status: int
) -> None:
    """Other media types, bytes that are not what they say, and too many are refused, and nothing is kept."""
    assert (await put(client, content, media_type)).status == status
    assert (await client.send("storage", "GET", PATH)).status == 404


async def test_a_name_has_a_form(client: Client) -> None:
    """A name with anything but small letters, digits and hyphens is a wrong parameter."""
    answer = await client.send("storage", "GET", "/v1/objects/A_file")
    assert (answer.status, answer.mistakes) == (
        400,
        [("object_id", "must have 1 to 64 small letters, digits or hyphens")],
    )


async def test_tenants_have_names_of_their_own(client: Client) -> None:
    """A program's token serves the tenant that the call names: the same name is another object there."""
    await put(client)
    elsewhere = await client.send("storage", "GET", PATH, tenant="globex")
    nowhere = await client.send("storage", "GET", PATH, tenant="*")
    assert (elsewhere.status, nowhere.status) == (404, 400)
    assert nowhere.mistakes == [("X-Tenant-ID", "must match [a-z][a-z0-9-]{0,31}")]


async def test_reading_rights_are_none_for_writing(client: Client, parfinanciero: Example) -> None:
    """A token with storage:read alone can't put."""
    token = parfinanciero.keys.sign("program", "*", ["storage:read"], audience=["api://storage"])
    answer = await client.send(
        "storage", "PUT", PATH, token=token, raw=PDF, headers={"Content-Type": "application/pdf"}
    )
    assert (answer.status, answer.body["title"]) == (403, "The token lacks the scope storage:write")
