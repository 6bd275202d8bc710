"""The panel "Plan" in headless Chromium: its tree, its waterfall, and the field under the cursor."""

from __future__ import annotations

import re

import pytest

from tests.playground import plans
from tests.playground.chromium import Tab, executable
from tests.playground.conftest import Served
from tests.playground.graphiql import (
    clean,
    cursor_at,
    give_token,
    opened,
)
from tests.playground.plan_panel import (
    BARS,
    CURSOR,
    SAID,
    SHOW,
    TREE,
    WATERFALL,
    Planned,
    ran,
    said,
    shown,
    texts,
    told,
)

pytestmark = pytest.mark.skipif(executable() is None, reason="there is no Chromium (apt install chromium)")

BY_KEY = (
    "users · listUsers GET /users users · getUser GET /users/{user_id} "
    "Parameters: ids (query) from the keys; user_id (path) from the key "
    "Batching: up to 50 keys in one call Picked: data: name "
)
ME = "users · getUser GET /users/{user_id} Parameters: user_id (path) from claim sub Picked: id, name "


EITHER = "users listUsers (GET /users) or users getUser (GET /users/{user_id})"


async def test_the_tree_says_what_each_step_is_and_did(planned: Planned, chromium: Tab):
    """Each step stands below the one it comes after, with its calls, batching, what is picked, wave, price and
    what happened; one without a call says why.
    """
    await shown(chromium, planned)

    assert await texts(chromium, ".stolon-plan-summary") == [
        "query Review: 9 steps in 4 waves, at most 8 + |payments| calls, where $first is at most 20; "
        "it made 7 calls in 16.0 ms"
    ]
    assert await chromium.evaluate(
        f"[...document.querySelectorAll('{TREE} li')].map((one) => "
        "[one.dataset.step, one.parentElement.closest('li')?.dataset.step ?? null])"
    ) == [
        *(["1", None], ["2", "1"], ["3", "1"], ["4", "3"], ["5", "4"]),
        *(["6", "3"], ["7", "3"], ["8", "3"], ["9", None]),
    ]
    assert await told(chromium) == [
        f"1 Query.me me {ME}Asks for: a caller who is known Price: wave 1, at most 1 call "
        "Did: 1 call · 1 parent, 1 asked, 0 from the store · 1.8 kB · 3.90 ms",
        "2 User.label me.label Python resolver Picked: name Price: wave 2, at most |label| calls "
        "Did: 0 calls · 1 parent, 0 asked, 0 from the store · 0.10 ms no call: the resolver asked no service",
        "3 User.orders me.orders orders · listOrders GET /orders Parameters: customer_id (query) from parent's id "
        "Batching: not batched Picked: items: id, customer_id Price: wave 2, at most 2 calls "
        "Did: 1 call · 1 parent, 1 asked, 0 from the store · 2.1 MB · 4.90 ms",
        f"4 Order.payments {plans.NODE}.payments payments · listPayments GET /payments "
        "Parameters: order_ids (query) from each parent's id Batching: up to 10 parents in one call Picked: state "
        "Price: wave 3, at most 2 calls (ceil(20 / 10)) "
        "Did: 2 calls · 1 of 2 under way already · 20 parents, 20 asked, 0 from the store · 812 B · 6.40 ms",
        f"5 Payment.refund {plans.NODE}.payments.refund payments · getRefund GET /refunds/{{id}} "
        "Batching: not batched Picked: id Price: wave 4, at most |payments| calls "
        "Did: 0 calls · 0 parents, 0 asked, 0 from the store no call: there are no parents",
        f"6 Order.customer {plans.NODE}.customer {BY_KEY}Price: wave 3, at most 1 call "
        "Did: 1 call · 20 parents, 20 asked, 0 from the store · 500 B · 3.90 ms",
        f"7 Order.seller {plans.NODE}.seller {BY_KEY}Shares: what step 6 got Price: wave 3, at most 1 call "
        "Did: 1 call · 20 parents, 20 asked, 4 from the store · 500 B · 3.90 ms",
        f"8 Order.audit {plans.NODE}.audit audit · listEvents GET /events Batching: not batched Picked: id "
        "Asks for: scope audit:read Price: wave 3, at most 1 call "
        "Did: 0 calls · 20 parents, 0 asked, 0 from the store · 0.10 ms "
        "no call: denied to this caller, which needs audit:read",
        f"9 Query.me again {ME}Shares: what step 1 got Price: wave 1, at most 1 call "
        "Did: 0 calls · 1 parent, 1 asked, 1 from the store · 3.90 ms no call: served from the request's store",
    ]
    await clean(chromium, planned, "no token")


async def test_the_waterfall_has_a_bar_for_each_step_and_call(planned: Planned, chromium: Tab):
    """Steps in their order, below each its calls, on one axis, in the colour of their service; what is drawn is
    said too.
    """
    await shown(chromium, planned)

    step, call = "stolon-bar-step", "stolon-bar-call"
    users, orders, payments, audit = (f"stolon-service-{number}" for number in range(4))
    assert await chromium.evaluate(BARS) == [
        ["Step 1, Query.me: 0.10 ms to 4.00 ms", step, users],
        ["Call users getUser: 0.20 ms to 3.90 ms, status 200, 1.8 kB", call, users],
        [
            "Step 2, User.label: 4.10 ms to 4.20 ms, no call: the resolver asked no service",
            step,
            "stolon-no-service",
        ],
        ["Step 3, User.orders: 4.10 ms to 9.00 ms", step, orders],
        ["Call orders listOrders: 4.20 ms to 8.80 ms, status 200, 2.1 MB", call, orders],
        ["Step 4, Order.payments: 9.10 ms to 15.5 ms", step, payments],
        ["Call payments listPayments: 9.20 ms to 14.0 ms, status 200, 812 B", call, payments],
        [
            "Call payments listPayments: 9.30 ms to 15.4 ms, no answer, under way already",
            f"{call} stolon-bar-flight stolon-bar-failed",
            payments,
        ],
        ["Step 5, Payment.refund: it never began", "", ""],
        ["Step 6, Order.customer: 9.10 ms to 13.0 ms", step, users],
        [
            "Call users listUsers: 9.20 ms to 12.8 ms, status 200, 500 B, for step 7 too",
            call,
            users,
        ],
        ["Step 7, Order.seller: 9.10 ms to 13.0 ms", step, users],
        [
            "Step 8, Order.audit: 9.10 ms to 9.20 ms, no call: denied to this caller, which needs audit:read",
            step,
            audit,
        ],
        ["Step 9, Query.me: 0.10 ms to 4.00 ms, no call: served from the request's store", step, users],
    ]
    places = await chromium.evaluate(
        f"[...document.querySelectorAll('{WATERFALL} li rect')].slice(0, 2)"
        ".map((one) => [one.getAttribute('x'), one.getAttribute('width')])"
    )
    assert places == [["0.625%", "24.375%"], ["1.250%", "23.125%"]]  # of 16 ms
    assert await texts(chromium, f"{WATERFALL} p") == ["2 further calls not drawn."]


async def test_the_field_under_the_cursor_says_who_serves_it(planned: Planned, chromium: Tab):
    """A field in a fragment, one that another step's answer holds, an alias, a resolver's and the graph's own:
    each says who serves it, and its step is pointed at; once the operation is another, nothing is said.
    """
    await shown(chromium, planned)

    for text, expected in (
        ("payments", "Order.payments is served by payments listPayments (GET /payments), step 4."),
        ("state", "Payment.state is part of step 4's answer, from payments listPayments (GET /payments)."),
        (
            "customer",
            f"Order.customer is served by {EITHER}, step 6.",
        ),
        ("label", "User.label is served by a Python resolver, step 2."),
        ("again", "Query.me is served by users getUser (GET /users/{user_id}), step 9."),
        ("hello", "Query.hello is answered by the graph itself, without a step."),
        ("Review", "Put the cursor on a field to read who serves it."),
    ):
        await cursor_at(chromium, text)
        await said(chromium, expected)
    await cursor_at(chromium, "seller")
    await said(
        chromium,
        f"Order.seller is served by {EITHER}, step 7.",
    )
    assert await texts(chromium, f"{TREE} [aria-current] b") == ["7"]

    await chromium.type(" ")
    await chromium.until(f"!document.querySelector('{CURSOR}')")
    assert await texts(chromium, SAID) == [
        "The operation was changed since: this is the plan of what was run."
    ]
    assert len(await told(chromium)) == 9


async def my_orders(page: Tab, served: Served, token: str) -> None:
    """Run the bundled project's example of that name with the panel open."""
    await opened(page, served)
    await give_token(page, token)
    await page.click('[aria-label="Show Examples"]')
    await page.click(".stolon-examples button", "MyOrders")
    await page.click(SHOW)
    await ran(page)


async def test_the_bundled_project_shows_its_plan(served: Served, chromium: Tab):
    """My latest orders with their payments: three services, three steps, one call each, one after the other."""
    token = served.example.token("ana")
    await my_orders(chromium, served, token)

    steps = [re.sub(r"[\d.]+ (k?B|ms)", "_", one) for one in await told(chromium)]
    assert [one.partition(" Parameters: ")[0] for one in steps] == [
        "1 Query.me me users · listUsers GET /v1/users users · getUser GET /v1/users/{user_id}",
        "2 User.orders me.orders orders · listOrders GET /v1/orders",
        "3 Order.payments me.orders.edges.node.payments payments · listPayments GET /v1/payments",
    ]
    assert [one.partition(" Did: ")[2] for one in steps] == [
        f"1 call · {parents}, {asked} asked, 0 from the store · _ · _"
        for parents, asked in (("1 parent", 1), ("1 parent", 1), ("3 parents", 3))
    ]
    bars = [(named.partition(":")[0], *drawn) for named, *drawn in await chromium.evaluate(BARS)]
    assert bars == [
        ("Step 1, Query.me", "stolon-bar-step", "stolon-service-0"),
        ("Call users getUser", "stolon-bar-call", "stolon-service-0"),
        ("Step 2, User.orders", "stolon-bar-step", "stolon-service-1"),
        ("Call orders listOrders", "stolon-bar-call", "stolon-service-1"),
        ("Step 3, Order.payments", "stolon-bar-step", "stolon-service-2"),
        ("Call payments listPayments", "stolon-bar-call", "stolon-service-2"),
    ]
    begun = await chromium.evaluate(
        f"[...document.querySelectorAll('{WATERFALL} .stolon-row-call rect')].map((one) => one.x.baseVal.value)"
    )
    assert begun == sorted(begun)
    assert len(set(begun)) == 3
    await cursor_at(chromium, "payments {")
    await said(chromium, "Order.payments is served by payments listPayments (GET /v1/payments), step 3.")
    await cursor_at(chromium, "totalCount")
    await said(
        chromium,
        "OrderConnection.totalCount is part of step 2's answer, from orders listOrders (GET /v1/orders).",
    )
    await clean(chromium, served, token)


async def test_the_bundled_project_shows_what_was_denied(served: Served, chromium: Tab):
    """Bruno may not see payments: their step was reached, asked nobody, and says why."""
    token = served.example.token("bruno")
    await my_orders(chromium, served, token)

    assert await texts(chromium, ".stolon-why") == [
        "no call: denied to this caller, which needs payments:read"
    ]
    assert [named.partition(":")[0] for named, *_ in await chromium.evaluate(BARS)] == [
        "Step 1, Query.me",
        "Call users getUser",
        "Step 2, User.orders",
        "Call orders listOrders",
        "Step 3, Order.payments",
    ]
    await clean(chromium, served, token)
