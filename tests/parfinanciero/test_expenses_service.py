"""The expenses service over HTTP, each answer held against its contract."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

import pytest

from examples.parfinanciero.inprocess import Example
from examples.parfinanciero.services import seed_expenses
from examples.parfinanciero.services.clients import CLIENTS
from examples.parfinanciero.services.clients import Client as Program
from examples.parfinanciero.services.receipts import MOST_BYTES
from tests.parfinanciero.conftest import Answer, Client

PDF = seed_expenses.receipt_pdf("one line")
LARGE = base64.b64encode(PDF + bytes(MOST_BYTES)).decode()
PNG = b"\x89PNG\r\n\x1a\n and so on"
BODY = {
    "user_id": "u-0001",
    "category_id": "travel",
    "amount": "120.50",
    "spent_on": "2026-10-30",
    "merchant": "North Rail",
}
MINE = [row for row in seed_expenses.expenses() if row.user_id == "u-0001"]


async def note(client: Client, **changes: object) -> Answer:
    """A new expense."""
    return await client.send("expenses", "POST", "/v1/expenses", body={**BODY, **changes})


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


@pytest.mark.parametrize("limit", [1, 50, 153, 154])
async def test_cursors_lead_to_the_end(client: Client, limit: int) -> None:
    """Following next_cursor lists every expense of a user once, newest first, and ends with a null cursor."""
    found: list[dict[str, str]] = []
    query: dict[str, str | int] = {"user_id": "u-0001", "limit": limit}
    calls = 0
    while calls < 200:
        part = (await client.send("expenses", "GET", "/v1/expenses", query=query)).body
        found += part["expenses"]
        calls += 1
        if part["next_cursor"] is None:
            break
        query["cursor"] = part["next_cursor"]
    ordered = sorted(sorted(MINE, key=lambda row: row.id), key=lambda row: row.spent_on, reverse=True)
    assert [one["id"] for one in found] == [row.id for row in ordered]
    assert calls == -(-len(MINE) // limit)


async def test_a_category_filters(client: Client) -> None:
    """Only the tenant's expenses of the category are listed, of all users where none is named."""
    query: dict[str, str | int] = {"category_id": "health", "limit": 200}
    answer = await client.send("expenses", "GET", "/v1/expenses", query=query)
    expected = [
        row for row in seed_expenses.expenses() if row.category_id == "health" and row.tenant == "acme"
    ]
    assert {one["id"] for one in answer.body["expenses"]} <= {row.id for row in expected}
    assert len(answer.body["expenses"]) == min(200, len(expected))


@pytest.mark.parametrize("cursor", ["x", "%%%", "WzEsIDJd", "WyIyMDI2LTAxLTAxIiwgIngiXQ"])
async def test_a_made_up_cursor_is_refused(client: Client, cursor: str) -> None:
    """A cursor that the service did not hand out is a wrong parameter."""
    answer = await client.send("expenses", "GET", "/v1/expenses", query={"cursor": cursor})
    assert (answer.status, answer.mistakes) == (400, [("cursor", "must be the next_cursor of an answer")])


async def test_an_expense_is_noted_with_every_digit(client: Client) -> None:
    """createExpense answers 201 and a Location at which the same expense is found, of this tenant alone."""
    made = await note(client, amount="100000000000000.10", note="For the trip.")
    found = await client.send("expenses", "GET", made.headers["Location"])
    assert made.body == found.body
    assert made.body == {
        **BODY,
        "id": made.body["id"],
        "amount": "100000000000000.10",
        "note": "For the trip.",
        "receipt_id": None,
        "receipt_name": None,
    }
    missing = await client.send("expenses", "GET", f"/v1/expenses/{'0' * 8}-0000-4000-8000-{'0' * 12}")
    assert (made.status, missing.status, missing.body["title"]) == (201, 404, "There is no such expense")


async def test_every_mistake_of_a_body_is_told(client: Client) -> None:
    """A wrong body is refused once with all mistakes, a category that there is none of among them."""
    answer = await note(
        client, amount="-1", category_id="yachts", spent_on="2026-02-30", merchant="", extra=1
    )
    assert (answer.status, sorted(answer.mistakes)) == (
        422,
        [
            ("#/amount", "must match [0-9]{1,15}(\\.[0-9]{1,2})?"),
            ("#/category_id", "is the id of no category"),
            (
                "#/extra",
                "is not known here; known are user_id, category_id, amount, spent_on, merchant, note",
            ),
            ("#/merchant", "must have 1 to 120 characters"),
            ("#/spent_on", "must be a date"),
        ],
    )


@pytest.mark.parametrize(
    ("criteria", "fits"),
    [
        ({}, lambda row: True),
        ({"text": "RAIL"}, lambda row: row.merchant == "North Rail"),
        ({"text": "with colleagues"}, lambda row: row.note is not None),
        (
            {"category_id": "travel", "least_amount": "200"},
            lambda row: row.category_id == "travel" and row.amount >= 200,
        ),
        ({"text": "%"}, lambda row: False),
    ],
    ids=["everything", "merchant", "note", "category and amount", "no pattern"],
)
async def test_a_search_finds_what_fits(
    client: Client, criteria: dict[str, str], fits: Callable[[seed_expenses.SeedExpense], bool]
) -> None:
    """A search finds the user's expenses that all criteria fit, the newest first, a hundred at most."""
    body = {"user_id": "u-0001", **criteria}
    answer = await client.send("expenses", "POST", "/v1/expenses/search", body=body)
    ordered = sorted(sorted(MINE, key=lambda row: row.id), key=lambda row: row.spent_on, reverse=True)
    expected = [row.id for row in ordered if fits(row)][:100]
    assert (answer.status, [one["id"] for one in answer.body["expenses"]]) == (200, expected)


async def test_a_search_says_what_is_wrong(client: Client) -> None:
    """Criteria that are none are refused with their places."""
    body = {"text": "", "least_amount": "much", "since": "ever"}
    answer = await client.send("expenses", "POST", "/v1/expenses/search", body=body)
    assert (answer.status, [where for where, _ in answer.mistakes]) == (
        422,
        ["#/since", "#/user_id", "#/text", "#/least_amount"],
    )


async def test_totals_are_the_sums_of_the_expenses(client: Client) -> None:
    """listTotals sums what each named user spent, by month and category, to the cent; others' is not in it."""
    query = {"user_ids": "u-0001,u-0002,nobody", "from_month": "2026-08", "to_month": "2026-10"}
    answer = await client.send("expenses", "GET", "/v1/totals", query=query)
    sums: dict[tuple[str, str, str], list[Decimal]] = defaultdict(list)
    for row in seed_expenses.expenses():
        if row.user_id in ("u-0001", "u-0002") and row.spent_on >= "2026-08":
            sums[row.user_id, row.spent_on[:7], row.category_id].append(row.amount)
    assert answer.body["totals"] == [
        {
            "user_id": user_id,
            "category_id": category_id,
            "month": month,
            "total": str(sum(amounts)),
            "count": len(amounts),
        }
        for (user_id, month, category_id), amounts in sorted(sums.items())
    ]


@pytest.mark.parametrize(
    ("query", "mistakes"),
    [
        ({}, ["user_ids", "from_month", "to_month"]),
        ({"user_ids": "u-0001", "from_month": "2026-13", "to_month": "2026"}, ["from_month", "to_month"]),
        ({"user_ids": "u-0001", "from_month": "2026-02", "to_month": "2026-01"}, ["to_month"]),
        ({"user_ids": "u-0001", "from_month": "2023-10", "to_month": "2026-10"}, ["to_month"]),
    ],
)
async def test_totals_need_users_and_a_bounded_time(
    client: Client, query: dict[str, str], mistakes: list[str]
) -> None:
    """Users and both months are required, and the months are 36 in all at most, in their order."""
    answer = await client.send("expenses", "GET", "/v1/totals", query=query)
    assert (answer.status, [where for where, _ in answer.mistakes]) == (400, mistakes)


async def test_categories_are_listed_whole_or_by_id(client: Client) -> None:
    """listCategories answers all categories, or those that are named and exist."""
    whole = (await client.send("expenses", "GET", "/v1/categories")).body["categories"]
    some = await client.send("expenses", "GET", "/v1/categories", query={"ids": "travel,nothing,health"})
    assert whole == [
        {"id": one.id, "name": one.name, "budget": None if one.budget is None else str(one.budget)}
        for one in sorted(seed_expenses.CATEGORIES, key=lambda one: one.id)
    ]
    assert [one["id"] for one in some.body["categories"]] == ["health", "travel"]


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


async def test_other_tenants_see_nothing(client: Client, parfinanciero: Example) -> None:
    """globex finds neither acme's expenses nor their receipts nor what they come to."""
    row = next(row for row in MINE if row.receipt is not None)
    token = parfinanciero.keys.sign("u-0700", "globex", ["expenses:read"], audience=["api://expenses"])
    totals = {"user_ids": "u-0001", "from_month": "2026-01", "to_month": "2026-10"}
    seen = [
        await client.send("expenses", "GET", path, token=token, tenant="globex", query=query)
        for path, query in (
            (f"/v1/expenses/{row.id}", None),
            (f"/v1/expenses/{row.id}/receipt", None),
            ("/v1/expenses", {"user_id": "u-0001"}),
            ("/v1/totals", totals),
        )
    ]
    assert [one.status for one in seen] == [404, 404, 200, 200]
    assert (seen[2].body["expenses"], seen[3].body["totals"]) == ([], [])


async def test_the_callers_own_token_is_not_taken(client: Client, parfinanciero: Example) -> None:
    """A token for the gateway is none for expenses: it must be exchanged."""
    answer = await client.send("expenses", "GET", "/v1/expenses", token=parfinanciero.token("ana"))
    assert answer.status == 401
