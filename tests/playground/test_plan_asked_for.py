"""The panel "Plan" in headless Chromium: when it asks for plans, and what it says where there are none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.playground import plans
from tests.playground.chromium import Tab, executable
from tests.playground.graphiql import (
    ANSWER,
    answer,
    clean,
)
from tests.playground.plan_panel import (
    HIDE,
    NONE_YET,
    RUN,
    SAID,
    SHOW,
    TREE,
    WATERFALL,
    Planned,
    written,
)

pytestmark = pytest.mark.skipif(executable() is None, reason="there is no Chromium (apt install chromium)")


async def test_an_answer_without_steps_says_why(planned: Planned, chromium: Tab):
    """Who may not see the plan, an operation on the reference lane, one that was not planned, and one that calls
    nobody: the panel gives the reason in words, and draws nothing.
    """
    await written(chromium, planned, "{ hello }")
    await chromium.click(SHOW)
    alone = plans.PLAN | {
        "steps": [],
        "waves": 0,
        "calls": {"atMost": 0, "formula": "0"},
        "fields": {"hello": None},
    }
    for plan, expected in (
        (plans.REFUSED, plans.REFUSED["refused"]),
        (
            plans.REFERENCE,
            "It ran on the reference lane, without a plan: it asks for the schema itself, and for no service.",
        ),
        (None, "The answer brings no plan: the operation was not executed, or it is a subscription."),
        ({"from": "later"}, "The plan has a form that this page does not know."),
        (alone, "It calls no service: the graph answers it by itself."),
    ):
        planned.plan = plan
        await chromium.click(RUN)
        await chromium.until(f"document.querySelector('{SAID}').innerText === {json.dumps(expected)}")
        assert await chromium.evaluate(f"document.querySelector('{TREE}, {WATERFALL}')") is None
    await clean(chromium, planned, "no token")


async def test_plans_are_asked_for_while_the_panel_is_open(planned: Planned, chromium: Tab):
    """Closed, or with its box unticked, requests go as they are; a plan is shown by the panel and not in the
    answer, whose other extensions stay; the box is ticked again in a new page, for nothing is stored.
    """
    planned.plan = plans.PLAN
    await written(chromium, planned, "{ hello }")
    box = ".stolon-plan input[type=checkbox]"

    async def run() -> Any:
        await chromium.evaluate(f"document.querySelector('{ANSWER}').CodeMirror.setValue('')")
        await chromium.click(RUN)
        return (await answer(chromium, "data"))["extensions"]

    seen = [await run()]
    await chromium.click(SHOW)
    await chromium.until(NONE_YET)
    seen.append(await run())
    await chromium.click(box)
    seen.append(await run())
    await chromium.click(box)
    await chromium.click(HIDE)
    seen.append(await run())
    await chromium.click(SHOW)
    await chromium.click(box)
    await chromium.until("document.querySelector('.stolon-plan input').checked === false")
    await clean(chromium, planned, "plan")
    await written(chromium, planned, "{ hello }")
    await chromium.click(SHOW)
    await chromium.until("document.querySelector('.stolon-plan input').checked")
    seen.append(await run())

    assert planned.asked == [{}, {"plan": True}, {}, {}, {"plan": True}]
    assert seen == [{"kept": 1}] * 5
