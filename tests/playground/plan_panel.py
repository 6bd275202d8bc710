"""The panel "Plan" in a tab: where its parts are, and a server whose answers carry the plans that a test says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from graphql import ExecutionResult, build_schema, graphql_sync

from graph.executing.executor import Answer, GraphQLRequest
from graph.playground import Page, Playground
from graph.serving.server import application, serving
from graph.settings.settings import GraphSettings
from tests.graph.scripted_server import Everybody, Scripted
from tests.playground import plans
from tests.playground.chromium import Tab
from tests.playground.graphiql import (
    ESCAPE,
    QUERY,
    A,
    Site,
)

RUN = ".graphiql-execute-button"
SHOW, HIDE = '[aria-label="Show Plan"]', '[aria-label="Hide Plan"]'
TREE = ".stolon-plan-tree"
WATERFALL = ".stolon-waterfall"
CURSOR = ".stolon-under-cursor"
SAID = ".stolon-plan [role=status]"
NONE_YET = "document.querySelector('.stolon-plan')?.innerText.includes('Run an operation to see its plan.')"


@dataclass
class Planned:
    """A server whose answers carry the plans that the test says, and note what they were asked with."""

    plan: Any = None
    errors: list[dict[str, Any]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=lambda: plans.DATA)
    origin: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def page(self) -> str:
        return f"{self.origin}/graphql"

    async def __call__(self, document: GraphQLRequest) -> Answer:
        if document.operation_name == "IntrospectionQuery":
            assert "plan" not in document.extensions
            told: ExecutionResult = graphql_sync(build_schema(plans.SCHEMA), document.query)
            return Answer(data=told.data)
        self.asked.append(dict(document.extensions))
        asked = document.extensions.get("plan") is True
        return Answer(self.data, self.errors, {"plan": self.plan, "kept": 1} if asked else {"kept": 1})


@asynccontextmanager
async def serving_plans() -> AsyncIterator[Planned]:
    """The edge with the page on a free port, over answers that the test says."""
    one = Planned()
    page = Playground("/graphql", Page("Planned", introspection=True))
    app = application(Scripted(one), Everybody(), GraphSettings(schema="s:s"), drain=1.0, playground=page)
    async with serving(app, "127.0.0.1", 0) as origin:
        one.origin = origin
        yield one


async def written(page: Tab, site: Site, query: str) -> None:
    """Open the page of a server that anybody may ask, and put a query into its editor as by pasting."""
    await page.open(site.page)
    await page.click(f"{QUERY} .CodeMirror-lines")
    await page.press("a", A, ctrl=True)
    await page.send("Input.insertText", text=query)
    await page.press("Escape", ESCAPE)


async def texts(page: Tab, selector: str) -> list[str]:
    """What elements say, each in one line."""
    found: list[str] = await page.evaluate(
        f"[...document.querySelectorAll('{selector}')].map((one) => one.innerText.replace(/\\s+/g, ' ').trim())"
    )
    return found


async def ran(page: Tab) -> None:
    """Run what is written, and wait for the tree of its plan."""
    await page.click(RUN)
    await page.until(f"!!document.querySelector('{TREE}')")


async def shown(page: Tab, planned: Planned) -> None:
    """Run the scripted operation with the panel open, and wait for its plan."""
    planned.plan, planned.errors = plans.PLAN, [plans.DENIED]
    await written(page, planned, plans.QUERY)
    await page.click(SHOW)
    await ran(page)


async def said(page: Tab, text: str) -> None:
    """Wait until the panel says of the field under the cursor exactly this."""
    await page.until(f"document.querySelector('{CURSOR}').innerText === {json.dumps(text)}")


BARS = f"""[...document.querySelectorAll('{WATERFALL} li svg')].map((one) => {{
  const bar = one.querySelector('rect');
  const kind = (start) => [...(bar?.classList ?? [])].filter((name) => name.startsWith(start)).join(' ');
  return [one.getAttribute('aria-label'), kind('stolon-bar-'), kind('stolon-service') || kind('stolon-no')];
}})"""


async def told(page: Tab) -> list[str]:
    """What the tree says of each step."""
    return await texts(page, f"{TREE} .stolon-step")
