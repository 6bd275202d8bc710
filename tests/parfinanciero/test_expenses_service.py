"""The expenses service over HTTP, each answer held against its contract."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

import pytest

from examples.parfinanciero.inprocess import Example
from examples.parfinanciero.services import seed_expenses
from tests.parfinanciero.conftest import Answer, Client

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
