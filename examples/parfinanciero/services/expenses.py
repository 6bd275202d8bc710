"""The expenses service: HTTP on the outside, `expense_store.py` within. Its contract is `contracts/expenses.yaml`.

Amounts are in euros, with every digit. Receipts are read and written in `receipts.py`, budgets in `budgets.py`.
Authorisation ends at scope and tenant.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from . import cursors, seed_expenses
from .application import OPTIONS, Operation, answer, assemble
from .budgets import list_budgets, put_budget
from .checks import UUID_TEXT, Body, Parameters, read_json
from .expense_store import EXPENSES, Expense, ExpenseStore
from .options import ServiceOptions
from .problems import not_found
from .receipts import MOST_BODY_BYTES, get_receipt, put_receipt
from .security import CALLER
from .service_client import STORAGE, ServiceClient

AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,2})?")
CATEGORY = re.compile(r"[a-z][a-z-]{0,39}")
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
MOST_MONTHS = 36
MOST_FOUND = 100
MEMBERS = ("user_id", "category_id", "amount", "spent_on", "merchant", "note")


def create_app(options: ServiceOptions) -> web.Application:
    """The expenses service; it opens its database, and fills a new one, when the application starts."""

    async def storage(app: web.Application) -> AsyncIterator[None]:
        app[EXPENSES] = store = ExpenseStore(
            options.database, seed_expenses.CATEGORIES, seed_expenses.expenses(), seed_expenses.BUDGETS
        )
        async with aiohttp.ClientSession() as session:
            app[STORAGE] = ServiceClient(
                session,
                options.clock,
                base_url=options.storage_url,
                token_url=f"{options.issuer}/oauth/token",
                client_id="expenses",
                secret=options.secret,
            )
            yield
        store.close()

    receipt = "/v1/expenses/{expense_id}/receipt"
    operations = [
        Operation("listExpenses", "GET", "/v1/expenses", "expenses:read", list_expenses),
        Operation("createExpense", "POST", "/v1/expenses", "expenses:write", create_expense),
        # Before the path of one expense, which would match it, too.
        Operation("searchExpenses", "POST", "/v1/expenses/search", "expenses:read", search_expenses),
        Operation("getExpense", "GET", "/v1/expenses/{expense_id}", "expenses:read", get_expense),
        Operation("getReceipt", "GET", receipt, "expenses:read", get_receipt),
        Operation("putReceipt", "PUT", receipt, "expenses:write", put_receipt),
        Operation("listCategories", "GET", "/v1/categories", "expenses:read", list_categories),
        Operation("listTotals", "GET", "/v1/totals", "expenses:read", list_totals),
        Operation("listBudgets", "GET", "/v1/users/{user_id}/budgets", "expenses:read", list_budgets),
        Operation(
            "putBudget", "PUT", "/v1/users/{user_id}/budgets/{category_id}", "expenses:write", put_budget
        ),
    ]
    return assemble("expenses", operations, options, storage, most_body_bytes=MOST_BODY_BYTES)


async def list_expenses(request: web.Request) -> web.Response:
    """`listExpenses`: a part of the tenant's expenses, the newest first."""
    parameters = Parameters(request)
    user_id = parameters.text("user_id", most=64)
    category_id = parameters.text("category_id", most=40)
    text = parameters.text("cursor", most=200)
    after = None if text is None else cursors.place(text)
    if text is not None and (after is None or not UUID_TEXT.fullmatch(after[1])):
        parameters.fault("cursor", "must be the next_cursor of an answer")
    limit = parameters.whole("limit", 50, 1, 200)
    parameters.done()
    # One more than asked for tells whether there is a next part.
    found = request.app[EXPENSES].page(request[CALLER].tenant, user_id, category_id, after, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    next_cursor = None if last is None else cursors.cursor((last.spent_on, last.id))
    return answer({"expenses": found[:limit], "next_cursor": next_cursor})


async def get_expense(request: web.Request) -> web.Response:
    """`getExpense`: the expense with this id."""
    parameters = Parameters(request)
    expense_id = parameters.path_uuid("expense_id")
    parameters.done()
    found = request.app[EXPENSES].find(request[CALLER].tenant, expense_id)
    if found is None:
        raise not_found("expense")
    return answer(found)


async def create_expense(request: web.Request) -> web.Response:
    """`createExpense`: notes what somebody spent."""
    body = Body(await read_json(request), MEMBERS)
    user_id = body.text("user_id", most=64)
    category_id = body.text("category_id", most=40, pattern=CATEGORY)
    if category_id is not None and not request.app[EXPENSES].categories([category_id]):
        body.fault("category_id", "is the id of no category")
    amount = body.decimal("amount", AMOUNT)
    spent_on = body.day("spent_on", nullable=False)
    merchant = body.text("merchant", most=120)
    note = body.text("note", most=500, least=0, nullable=True)
    body.done()
    made = Expense(
        id=str(request.app[OPTIONS].new_id()),
        user_id=str(user_id),
        category_id=str(category_id),
        amount=amount,
        spent_on=str(spent_on),
        merchant=str(merchant),
        note=note,
        receipt_id=None,
        receipt_name=None,
    )
    request.app[EXPENSES].add(request[CALLER].tenant, made)
    return answer(made, status=201, headers={"Location": f"/v1/expenses/{made.id}"})


async def search_expenses(request: web.Request) -> web.Response:
    """`searchExpenses`: what a user spent and all criteria fit."""
    body = Body(await read_json(request), ("user_id", "text", "category_id", "least_amount"))
    user_id = body.text("user_id", most=64)
    text = body.text("text", most=100) if "text" in body else None
    category_id = body.text("category_id", most=40) if "category_id" in body else None
    least = body.decimal("least_amount", AMOUNT) if "least_amount" in body else None
    body.done()
    found = request.app[EXPENSES].search(
        request[CALLER].tenant, str(user_id), text, category_id, least, MOST_FOUND
    )
    return answer({"expenses": found})


async def list_categories(request: web.Request) -> web.Response:
    """`listCategories`: all categories, or those with the given ids."""
    parameters = Parameters(request)
    ids = parameters.listed("ids", most=50)
    parameters.done()
    return answer({"categories": request.app[EXPENSES].categories(ids)})


async def list_totals(request: web.Request) -> web.Response:
    """`listTotals`: what the named users spent, by month and category."""
    parameters = Parameters(request)
    user_ids = parameters.listed("user_ids", most=50, required=True)
    since, until = (
        parameters.pattern(name, request.query.get(name), MONTH, "must be a month such as 2026-10")
        for name in ("from_month", "to_month")
    )
    if MONTH.fullmatch(since) and MONTH.fullmatch(until) and not 0 <= _months(since, until) < MOST_MONTHS:
        parameters.fault("to_month", f"must be from_month or one of the {MOST_MONTHS - 1} months after it")
    parameters.done()
    totals = request.app[EXPENSES].totals(request[CALLER].tenant, user_ids or [], since, until)
    return answer({"totals": totals})


def _months(since: str, until: str) -> int:
    """How many months after `since` the month `until` is."""
    (year, month), (last_year, last_month) = (map(int, one.split("-")) for one in (since, until))
    return (last_year - year) * 12 + last_month - month
