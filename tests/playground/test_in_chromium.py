"""The playground as a person meets it, in headless Chromium, against the bundled project."""

from __future__ import annotations

import json

import pytest

from graph.playground import Watched
from tests.playground.chromium import Tab, executable
from tests.playground.conftest import Served
from tests.playground.graphiql import (
    ENTER,
    ESCAPE,
    HEADERS,
    HINTS,
    QUERY,
    answer,
    clean,
    end_of_query,
    give_token,
    opened,
    text_of,
)

STORIES = [
    *("Me", "MyOrders", "OrdersByStatus", "Checkout", "Dashboard", "MonthsReview", "MyExpenses"),
    *("OrderHistory", "CheckoutForm", "Budgets", "ShopWindow", "ProjectionProgress"),
]
"""The bundled operations, in the order of their files."""

pytestmark = pytest.mark.skipif(executable() is None, reason="there is no Chromium (apt install chromium)")


async def test_a_query_is_typed_completed_and_run(served: Served, chromium: Tab):
    """With a token in the header editor a query is completed from the schema and run: data, and an error at
    its path.
    """
    token = served.example.token("bruno")  # who may not see e-mail addresses
    await opened(chromium, served)
    await give_token(chromium, token)

    await end_of_query(chromium)
    await chromium.type("{ me { na")
    await chromium.until(f"document.querySelector('{HINTS} li').textContent === 'name'")
    await chromium.press("Enter", ENTER)
    await chromium.type(" email")
    await chromium.press("Escape", ESCAPE)
    await chromium.press("Enter", ENTER, ctrl=True)

    told = await answer(chromium, "data")
    assert (await chromium.evaluate(text_of(QUERY))).endswith("{ me { name email}}")
    assert told["data"] == {"me": {"name": "Bruno Moreau", "email": None}}
    assert [(one["path"], one["extensions"]["code"]) for one in told["errors"]] == [
        (["me", "email"], "FORBIDDEN")
    ]
    await clean(chromium, served, token)


async def test_an_example_opens_in_a_tab_and_runs(served: Served, chromium: Tab):
    """An example operation of the project opens with its variables, and runs with the token given before."""
    token = served.example.token("ana")
    await opened(chromium, served)
    await give_token(chromium, token)
    await chromium.click('[aria-label="Show Examples"]')
    shown = "[...document.querySelectorAll('.stolon-examples strong')].map((one) => one.textContent)"
    assert await chromium.until(shown) == STORIES
    await chromium.click(".stolon-examples button", "Me")
    await chromium.click(".stolon-examples button", "MyOrders")
    tabs = "[...document.querySelectorAll('.graphiql-tab-button')].map((one) => one.textContent).join(' ')"
    assert await chromium.until(f"{tabs}.includes('MyOrders') && {tabs}") == "Me MyOrders"
    await chromium.click(".graphiql-execute-button")

    told = await answer(chromium, "data")
    assert "errors" not in told
    me = told["data"]["me"]
    assert (me["orders"]["totalCount"], len(me["orders"]["edges"])) == (36, 3)
    assert all(edge["node"]["payments"] for edge in me["orders"]["edges"])
    await clean(chromium, served, token)


async def test_a_subscription_runs_as_soon_as_it_is_opened(served: Served, chromium: Tab):
    """An example that is a subscription goes over the WebSocket, however soon it is run after it was opened."""
    token = served.example.token("ana")
    await opened(chromium, served)
    await give_token(chromium, token)
    await chromium.click('[aria-label="Show Examples"]')
    await chromium.click(".stolon-examples button", "ProjectionProgress")
    await chromium.until(f"{text_of(QUERY)}.includes('subscription')")
    await chromium.evaluate("document.querySelector('.graphiql-execute-button').click()")

    told = await answer(chromium, "projectionProgress")
    assert (told.get("errors"), told["data"]["projectionProgress"]["state"]) == (None, "READY")
    await clean(chromium, served, token)


async def test_the_explorer_writes_the_query(served: Served, chromium: Tab):
    """A field ticked in the explorer stands in the query."""
    token = served.example.token("ana")
    await opened(chromium, served)
    await give_token(chromium, token)
    await chromium.click('[aria-label="Show Examples"]')
    await chromium.click(".stolon-examples button", "Me")
    await chromium.click('[aria-label="Show Explorer"]')
    await chromium.click(".graphiql-explorer-node [data-field-name=birthDate] > span")

    await chromium.until(f"/me \\{{[^}}]*birthDate/s.test({text_of(QUERY)})")
    await clean(chromium, served, token)


async def test_dialogs_and_documentation_keep_to_the_policy(served: Served, chromium: Tab):
    """Settings, documentation, history and the dark theme break no rule of the policy either; there is no
    switch that would store headers.
    """
    token = served.example.token("ana")
    await opened(chromium, served)
    await give_token(chromium, token)
    await chromium.click('[aria-label="Show Documentation Explorer"]')
    await chromium.click(".graphiql-doc-explorer a", "Query")
    await chromium.click('[aria-label="Show History"]')
    await chromium.click('[aria-label="Open settings dialog"]')
    shown = await chromium.until("document.querySelector('[role=dialog]').innerText")
    await chromium.click("[role=dialog] button", "Dark")
    await chromium.until("document.body.classList.contains('graphiql-dark')")

    assert "Theme" in shown
    assert "Persist headers" not in shown
    await clean(chromium, served, token)


async def test_a_token_goes_with_the_page(served: Served, chromium: Tab):
    """After a reload the query is there again and the token is not; a query that was run with it left none
    in the history either.
    """
    token = served.example.token("ana")
    await opened(chromium, served)
    await give_token(chromium, token)
    await chromium.click('[aria-label="Show Examples"]')
    await chromium.click(".stolon-examples button", "Me")
    await chromium.click(".graphiql-execute-button")
    await answer(chromium, "data")
    await chromium.until(
        "(localStorage['graphiql:tabState'] ?? '').includes('query Me')"
    )  # written a moment later
    await clean(chromium, served, token)
    await opened(chromium, served)

    assert (await chromium.evaluate(text_of(QUERY))).startswith("# Who am I?")
    assert json.loads(await chromium.evaluate(text_of(HEADERS))) == {"Authorization": "Bearer "}
    await clean(chromium, served, token)


async def test_mistakes_of_the_project_are_shown(served: Served, chromium: Tab):
    """While a project is developed its mistakes stand in the page, and go when they are mended."""
    await opened(chromium, served)
    served.watched = Watched(1, ["schema.py:7: there is no <operation> 'getUsr'; did you mean 'getUser'?"])
    shown = await chromium.until("document.querySelector('[role=alert]').innerText")
    served.watched = Watched(2)
    await chromium.until("!document.querySelector('[role=alert]')")

    assert "schema.py:7: there is no <operation> 'getUsr'; did you mean 'getUser'?" in shown
