"""GraphiQL's page in a tab: where its editors are, and how a person uses them."""

from __future__ import annotations

import json
from typing import Any, Protocol

from tests.playground.chromium import Tab

QUERY = '[aria-label="Query Editor"] .CodeMirror'
HEADERS = '[aria-label="Headers"] .graphiql-editor:not(.hidden) .CodeMirror'
ANSWER = ".graphiql-response .CodeMirror"
HINTS = ".CodeMirror-hints"
ENTER, ESCAPE, END, HOME, RIGHT, DOWN, A = 13, 27, 35, 36, 39, 40, 65


class Site(Protocol):
    """Where the page stands, and all that it may ask."""

    @property
    def origin(self) -> str: ...
    @property
    def page(self) -> str: ...


async def opened(page: Tab, served: Site) -> None:
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


async def clean(page: Tab, served: Site, token: str) -> None:
    """Assert what must hold however the page was used: it asked nobody else, broke no rule, kept no token."""
    own = (f"{served.origin}/", f"{served.origin.replace('http', 'ws', 1)}/", "data:")
    elsewhere = [url for url in page.requests if not url.startswith(own)]
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


async def end_of_query(page: Tab) -> None:
    """Put the cursor behind the last letter of the query."""
    await page.click(f"{QUERY} .CodeMirror-lines")
    await page.press("End", END, ctrl=True)


async def cursor_at(page: Tab, text: str) -> None:
    """Put the cursor within the first occurrence of a text in the query, by the keyboard."""
    written: str = await page.evaluate(text_of(QUERY))
    before = written[: written.index(text)]
    await page.click(f"{QUERY} .CodeMirror-lines")
    await page.press("Home", HOME, ctrl=True)
    for _ in range(before.count("\n")):
        await page.press("ArrowDown", DOWN)
    await page.press("Home", HOME)
    await page.press("Home", HOME)  # the first goes to the text of an indented line, the second before it
    await page.press("Home", HOME)
    here = f"document.querySelector('{QUERY}').CodeMirror.getCursor().ch"
    for _ in range(len(before) - before.rfind("\n") - await page.evaluate(here)):
        await page.press("ArrowRight", RIGHT)
