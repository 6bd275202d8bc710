"""What people mean to spend: part of the expenses service. Each names a person and a category, and nothing else."""

from __future__ import annotations

import re

from aiohttp import web

from .application import answer
from .checks import Body, Parameters, read_json
from .expense_store import EXPENSES, Budget
from .problems import not_found
from .security import CALLER

AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,2})?")


async def list_budgets(request: web.Request) -> web.Response:
    """`listBudgets`: one person's budgets, of all categories or of those that are named."""
    parameters = Parameters(request)
    category_ids = parameters.listed("category_ids", most=50)
    parameters.done()
    found = request.app[EXPENSES].budgets(request[CALLER].tenant, request.match_info["user_id"], category_ids)
    return answer({"budgets": found})


async def put_budget(request: web.Request) -> web.Response:
    """`putBudget`: what a person means to spend on a category, in place of what was meant before."""
    body = Body(await read_json(request), ("amount",))
    amount = body.decimal("amount", AMOUNT)
    body.done()
    store, category_id = request.app[EXPENSES], request.match_info["category_id"]
    if not store.categories([category_id]):
        raise not_found("category")
    made = Budget(user_id=request.match_info["user_id"], category_id=category_id, amount=amount)
    store.mean(request[CALLER].tenant, made)
    return answer(made)
