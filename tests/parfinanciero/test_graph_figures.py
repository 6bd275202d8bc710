"""Reports and e-mails in the graph: two versions of one service, the gateway's own token and key, and a rate."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from examples.parfinanciero.inprocess import Example
from examples.parfinanciero.services.seed import dataset
from graph.app import App
from graph.project.project import Project
from graph.serving.server import serving
from tests.parfinanciero.graph_client import Graph, settled_at

MONTHS = sorted({row.placed_at[:7] for row in dataset().orders if row.tenant == "acme"}, reverse=True)
SEND = "mutation($input: EmailCreateInput!) {sendEmail(input: $input){id subject state to recipient{name}}}"
EMAIL = {"recipientId": "u-0001", "to": "ana@example.com", "subject": "Hello", "text": "How are you?"}


async def test_reports_are_paged_by_links_in_headers(graph: Graph) -> None:
    """Every month once, the newest first, though the service says only in a header where the list goes on."""
    query = (
        "query($after: String) {monthlyReports(first: 10, after: $after)"
        "{pageInfo{hasNextPage endCursor} nodes{month}}}"
    )
    seen: list[str] = []
    after, pages = None, 0
    for _ in range(10):
        reply = await graph.ask(query, variables={"after": after})
        assert (reply.errors, graph.calls()) == ([], {"reports.listMonthlyReports": 1})
        page = reply.data["monthlyReports"]
        seen += [one["month"] for one in page["nodes"]]
        pages += 1
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert (seen, pages) == (MONTHS, -(-len(MONTHS) // 10))


async def test_owners_of_many_reports_are_one_call(graph: Graph) -> None:
    """Those who answer for a year's reports are fetched together, each once."""
    reply = await graph.ask("{monthlyReports(first: 12){nodes{owner{id name}}}}")
    names = {one.id: one.name for one in dataset().users}
    owners = [node["owner"] for node in reply.data["monthlyReports"]["nodes"]]
    assert (reply.errors, owners) == ([], [{"id": one["id"], "name": names[one["id"]]} for one in owners])
    assert {one["id"] for one in owners} == {"u-0001", "u-0002", "u-0003"}
    assert graph.calls() == {"reports.listMonthlyReports": 1, "users.listUsers": 1}


async def test_both_versions_stand_side_by_side(graph: Graph) -> None:
    """One request may ask both versions of the service: they agree, and one token of the gateway's serves each."""
    reply = await graph.ask(
        '{report(month: "2026-10"){orders turnoverEur} '
        'monthlyReport(month: "2026-10"){orders{count} turnover{currency total}}}'
    )
    new = reply.data["monthlyReport"]
    euros = [one["total"] for one in new["turnover"] if one["currency"] == "EUR"]
    assert (reply.errors, reply.data["report"]) == (
        [],
        {"orders": new["orders"]["count"], "turnoverEur": euros[0]},
    )
    assert graph.calls() == {"reports.getReport": 1, "reports.getMonthlyReport": 1}


async def test_the_gateways_rights_are_not_for_everybody(graph: Graph) -> None:
    """Whoever lacks the scope sees neither figures nor e-mails, though the gateway's rights would open them."""
    reply = await graph.ask(
        '{monthlyReport(month: "2026-10"){month} me{emails{nodes{subject}}}}', person="carla"
    )
    assert reply.failed == [("me.emails", "FORBIDDEN"), ("monthlyReport", "FORBIDDEN")]
    assert graph.calls() == {"users.getUser": 1}


async def test_other_tenants_have_figures_of_their_own(graph: Graph) -> None:
    """The gateway's token serves every tenant; whose figures come is decided by the caller's own."""
    token = graph.running.sign("u-0700", "globex", ["users:read", "reports:read"])
    reply = await graph.ask('{monthlyReport(month: "2026-10"){orders{count} owner{id}}}', token=token)
    rows = [row for row in dataset().orders if row.tenant == "globex" and row.placed_at.startswith("2026-10")]
    assert (reply.errors, reply.data) == (
        [],
        {"monthlyReport": {"orders": {"count": len(rows)}, "owner": {"id": "u-0601"}}},
    )


async def test_an_email_is_sent_with_the_gateways_key(graph: Graph) -> None:
    """sendEmail puts it into the outbox, where it is the recipient's newest; the address is for who may see it."""
    sent = await graph.ask(SEND, variables={"input": EMAIL})
    assert (sent.errors, sent.data["sendEmail"]) == (
        [],
        {
            "id": sent.data["sendEmail"]["id"],
            "subject": "Hello",
            "state": "QUEUED",
            "to": "ana@example.com",
            "recipient": {"name": dataset().users[0].name},
        },
    )
    listed = await graph.ask("{me{emails(first: 1){totalCount nodes{id}}}}")
    shipped = [row for row in dataset().orders if row.customer_id == "u-0001" and row.status == "shipped"]
    assert listed.data["me"]["emails"] == {
        "totalCount": len(shipped) + 1,
        "nodes": [{"id": sent.data["sendEmail"]["id"]}],
    }


async def test_a_rate_that_is_used_up_is_told(graph: Graph) -> None:
    """The service allows ten e-mails a minute: the eleventh is RATE_LIMITED, with the seconds to wait."""
    replies = [await graph.ask(SEND, variables={"input": EMAIL}) for _ in range(11)]
    assert [reply.failed for reply in replies] == [[]] * 10 + [[("sendEmail", "RATE_LIMITED")]]
    assert 0 < replies[10].errors[0]["extensions"]["retryAfter"] <= 60


@pytest.fixture
async def refused(bundled: Project, parfinanciero: Example) -> AsyncIterator[Graph]:
    """The graph with a secret and a key that nobody knows."""
    wrong = dict.fromkeys(("gateway", "notifications"), "nobody-knows-this")
    kept = dict(parfinanciero.secrets)
    parfinanciero.secrets.update(wrong)
    settled = settled_at(bundled, parfinanciero)
    parfinanciero.secrets.update(kept)
    async with (
        serving(App(settled).application(), "127.0.0.1", 0) as url,
        aiohttp.ClientSession() as session,
    ):
        yield Graph(url, parfinanciero, session)


async def test_a_refused_gateway_is_not_the_callers_fault(
    refused: Graph, caplog: pytest.LogCaptureFixture
) -> None:
    """With a wrong secret or key its services' fields are UPSTREAM_ERROR, the others are there, and the secret stands
    neither in answer nor log.
    """
    reply = await refused.ask(
        '{me{name emails(first: 1){nodes{id}} expenses(first: 1){nodes{id}}} monthlyReport(month: "2026-10"){month}}'
    )
    assert reply.failed == [
        ("me.emails", "UPSTREAM_ERROR"),
        ("me.expenses", "UPSTREAM_ERROR"),
        ("monthlyReport", "UPSTREAM_ERROR"),
    ]
    assert reply.data["me"]["name"] == dataset().users[0].name
    assert "nobody-knows-this" not in f"{reply.errors}{caplog.text}"
    assert refused.calls() == {"users.getUser": 1, "notifications.listEmails": 1}
