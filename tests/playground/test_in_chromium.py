"""The playground as a person meets it, in headless Chromium, against the bundled project."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from graph.playground import Watched
from tests.playground.chromium import Tab, executable, tab
from tests.playground.conftest import Served

pytestmark = pytest.mark.skipif(executable() is None, reason="there is no Chromium (apt install chromium)")

QUERY = '[aria-label="Query Editor"] .CodeMirror'
HEADERS = '[aria-label="Headers"] .graphiql-editor:not(.hidden) .CodeMirror'
ANSWER = ".graphiql-response .CodeMirror"
HINTS = ".CodeMirror-hints"
ENTER, ESCAPE, END, A = 13, 27, 35, 65


@pytest.fixture
async def chromium(tmp_path: Path) -> AsyncIterator[Tab]:
    """A tab of a new browser."""
    async with tab(tmp_path / "profile") as one:
        yield one


async def opened(page: Tab, served: Served) -> None:
    """Open the playground, and wait for the first, refused, introspection without a token."""
    await page.open(served.page)
    await page.until(f"{text_of(ANSWER)}.includes('A Bearer token is required.')")


def text_of(editor: str) -> str:
    """A script: the text in an editor."""
    return f"document.querySelector('{editor}').CodeMirror.getValue()"


async def give_token(page: Tab, token: str) -> None:
    """Put a token into the header editor, as by pasting, and wait for the schema that comes with it."""
    await page.click(f"{HEADERS} .CodeMirror-lines")
    await page.press("a", A, ctrl=True)
    await page.send("Input.insertText", text=json.dumps({"Authorization": f"Bearer {token}"}))
    await page.until(f"{text_of(ANSWER)} === ''")


async def clean(page: Tab, served: Served, token: str) -> None:
    """Assert what must hold however the page was used: it asked nobody else, broke no rule, kept no token."""
    elsewhere = [url for url in page.requests if not url.startswith((f"{served.origin}/", "data:"))]
    stored = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    databases = await page.evaluate("indexedDB.databases()")
    refused = (
        f"{served.page} Failed to load resource: the server responded with a status of 401 (Unauthorized)"
    )
    assert (elsewhere, await page.evaluate("window.violations"), databases) == ([], [], [])
    assert [one for one in page.failures if one != refused] == []
    assert token not in stored
    assert "Bearer" not in stored


async def answer(page: Tab, key: str) -> Any:
    """The answer shown, once it has the key."""
    return json.loads(await page.until(f"{text_of(ANSWER)}.includes('\"{key}\"') && {text_of(ANSWER)}"))


async def test_a_query_is_typed_completed_and_run(served: Served, chromium: Tab):
    """With a token in the header editor a query is completed from the schema and run: data, and an error at
    its path.
    """
    token = served.example.token("bruno")  # who may not see e-mail addresses
    await opened(chromium, served)
    await give_token(chromium, token)

    await chromium.click(f"{QUERY} .CodeMirror-lines")
    await chromium.press("End", END, ctrl=True)
    await chromium.type("{ me { na")
    await chromium.until(f"document.querySelector('{HINTS} li').textContent === 'name'")
    await chromium.press("Enter", ENTER)
    await chromium.type(" email")
    await chromium.press("Escape", ESCAPE)
    await chromium.press("Enter", ENTER, ctrl=True)

    told = await answer(chromium, "data")
    assert (await chromium.evaluate(text_of(QUERY))).endswith("{ me { name email}}")
    assert told["data"] == {"me": {"name": "Leila Moreau", "email": None}}
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
    assert await chromium.until(shown) == ["Me", "MyOrders", "OrdersByStatus", "Checkout"]
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
