"""Every call that the graph makes is one that the service's contract allows, and every answer one that it promises.

Checked on the wire, by the contracts' documents alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from examples.parfinanciero.inprocess import Example
from graph.app import App
from graph.project.project import Project
from graph.serving.server import serving
from tests.parfinanciero.contract_check import ContractCheck, contract_check
from tests.parfinanciero.graph_client import ASKED, NAMES, Graph, settled_at, told
from tests.parfinanciero.recording_proxy import Exchanged, Recording, recording
from tests.parfinanciero.request_check import mistakes

LINES = [{"sku": "TEA-0042", "quantity": 2, "unitPrice": "11.1"}]
JSON = {"Content-Type": "application/json"}
CHANGES: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "mutation($i: CreateExpenseInput!) {noteExpense(input: $i){id user{id}}}",
        {"i": {"categoryId": "travel", "amount": "9.90", "spentOn": "2026-11-02", "merchant": "X", "note": None}},
    ),
    ("mutation {askProjection(input: {months: 12}){id state}}", {}),
    (
        "mutation($i: EmailCreateInput!) {sendEmail(input: $i){id recipient{name}}}",
        {"i": {"recipientId": "u-0001", "to": "ana@example.com", "subject": "ä ☕", "text": "1\n2"}},
    ),
    (
        "mutation($i: OrderCreateInput!) {createOrder(input: $i){id version customer{name}}}",
        {"i": {"customerId": "u-0001", "currency": "EUR", "note": "\u2028", "lines": LINES}},
    ),
    ('{searchExpenses(input: {text: "Rail & Söhne?", leastAmount: "0.01"}){id}}', {}),
    ('{user(userId: "a/b,c"){id} users(first: 3){nodes{id emails(first: 1){nodes{to}}}}}', {}),
    ("{monthlyReports(first: 7){nodes{month owner{id}}} report(month: \"2026-10\"){orders}}", {}),
    ("{orders(first: 60){nodes{payments{id} customer{id projection{months{month}}}}}}", {}),
    ('mutation {setBudget(categoryId: "health", input: {amount: "80.5"}){amount user{name} category{name}}}', {}),
    ("{reports(first: 30){nodes{month turnoverEur}} me{emails(first: 30){nodes{subject}}}}", {}),
    ("{users(first: 60){nodes{paymentMethods{token label}}}}", {}),
    ("{me{expenses(first: 100){nodes{receipt{bytes} category{name}}}}}", {}),
)  # fmt: skip


@pytest.fixture
async def wire(parfinanciero: Example) -> AsyncIterator[Recording]:
    """Proxies before the services."""
    async with recording({name: parfinanciero.url(name) for name in NAMES}) as kept:
        yield kept


@pytest.fixture
async def graph(bundled: Project, parfinanciero: Example, wire: Recording) -> AsyncIterator[Graph]:
    """The example's graph over the proxies."""
    settled = settled_at(bundled, parfinanciero)
    services = {
        name: msgspec.structs.replace(one, url=wire.urls[name.removesuffix("_v2")])
        for name, one in settled.settings.services.items()
    }
    project = Project(msgspec.structs.replace(settled.settings, services=services), settled.schema)
    async with (
        serving(App(project).application(), "127.0.0.1", 0) as url,
        aiohttp.ClientSession() as session,
    ):
        yield Graph(url, parfinanciero, session)


def broken(call: Exchanged) -> list[str]:
    """What the contract does not allow in a call; fails where its answer is none of the contract."""
    path = call.target.partition("?")[0]
    check = contract_check(call.service, path)
    check.check(call.method, path, call.status, call.received, call.answer)
    found = mistakes(check, call.method, call.target, call.sent, call.body)
    return [f"{call.method} {call.target}: {one}" for one in found]


@pytest.mark.parametrize("story", ASKED)
async def test_stories_keep_the_contracts(graph: Graph, wire: Recording, story: str) -> None:
    """Whatever a bundled operation asks of the services is as their contracts say, and so is what they answer."""
    document, given = told(story)
    assert (await graph.ask(document, variables=given)).errors == []
    assert [one for call in wire.calls for one in broken(call)] == []
    assert len(wire.calls) == sum(graph.calls().values()) > 0


@pytest.mark.parametrize(("document", "variables"), CHANGES, ids=range(len(CHANGES)))
async def test_other_requests_keep_the_contracts(
    graph: Graph, wire: Recording, document: str, variables: dict[str, Any]
) -> None:
    """So do changes, lookups by POST, odd values in paths and bodies, batches, and pages behind links."""
    assert (await graph.ask(document, variables=variables)).errors == []
    assert [one for call in wire.calls for one in broken(call)] == []
    assert len(wire.calls) == sum(graph.calls().values()) > 0


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "told"),
    [
        ("GET", "/v1/expenses?limit=5", {}, b"", []),
        ("GET", "/v1/expenses?limit=0", {}, b"", ["limit: []: 0 is less than the minimum of 1"]),
        ("GET", "/v1/expenses?limit=x", {}, b"", ['limit: []: "x" is not of type "integer"']),
        ("GET", "/v1/expenses?colour=red", {}, b"", ["colour is no query parameter"]),
        ("GET", "/v1/expenses", {"X-Tenant-ID": "ACME"}, b"", ['X-Tenant-ID: []: "ACME" does not match']),
        ("GET", "/v1/expenses", {"Authorization": "Basic x"}, b"", ["Authorization is missing"]),
        ("GET", "/v1/expenses", {}, b"{}", ["there is a body"]),
        ("GET", "/v1/expenses/7", {}, b"", ['expense_id: []: "7" is not a "uuid"']),
        ("GET", "/v1/totals?user_ids=a,b&from_month=2026-01", {}, b"", ["to_month is missing"]),
        ("POST", "/v1/expenses/search", {}, b"{}", [" is no media type of the body"]),
        ("POST", "/v1/expenses/search", JSON, b"{}", ['"user_id" is a required property']),
    ],
)  # fmt: skip
def test_a_request_that_breaks_its_contract_is_told(
    method: str, target: str, headers: dict[str, str], body: bytes, told: list[str]
) -> None:
    """The check itself tells parameters, credentials and bodies that the contract does not allow."""
    sent = {"X-Tenant-ID": "acme", "Authorization": "Bearer x", **headers}
    found = mistakes(ContractCheck("expenses"), method, target, sent, body)
    assert len(found) == len(told)
    assert [one for one, text in zip(found, told, strict=True) if text not in one] == []
