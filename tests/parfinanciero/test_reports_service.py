"""The reports service over HTTP in both versions, each answer held against the contract of its version."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from examples.parfinanciero.services import seed
from tests.parfinanciero.conftest import Client

OCTOBER = [
    row for row in seed.dataset().orders if row.tenant == "acme" and row.placed_at.startswith("2026-10")
]
KEPT = [row for row in OCTOBER if row.status != "cancelled"]
MONTHS = sorted({row.placed_at[:7] for row in seed.dataset().orders if row.tenant == "acme"}, reverse=True)


def turnover() -> dict[str, Decimal]:
    """October's turnover by currency."""
    sums: dict[str, Decimal] = {}
    for row in KEPT:
        sums[row.currency] = sums.get(row.currency, Decimal(0)) + row.total
    return sums


async def test_a_report_is_the_sum_of_its_rows(client: Client) -> None:
    """Version 2 tells orders by state, turnover by currency to the cent, payments that failed and what sold best."""
    answer = await client.send("reports", "GET", "/v2/reports/2026-10")
    ids = {row.id for row in OCTOBER}
    payments = [row for row in seed.dataset().payments if row.order_id in ids]
    failed = sum(row.state == "failed" for row in payments)
    articles: Counter[str] = Counter()
    for row in KEPT:
        for sku, quantity, _ in row.lines:
            articles[sku] += quantity
    assert answer.body == {
        "month": "2026-10",
        "owner_id": "u-0002",
        "turnover": [{"currency": name, "total": str(total)} for name, total in sorted(turnover().items())],
        "orders": {
            "count": len(OCTOBER),
            "customers": len({row.customer_id for row in OCTOBER}),
            "by_status": [
                {"status": status, "count": count}
                for status, count in sorted(Counter(row.status for row in OCTOBER).items())
            ],
        },
        "payments": {
            "count": len(payments),
            "failed": failed,
            "failure_rate": round(failed / len(payments), 4),
        },
        "top_articles": [
            {"sku": sku, "quantity": quantity}
            for sku, quantity in sorted(articles.items(), key=lambda item: (-item[1], item[0]))[:5]
        ],
    }
    assert not {"Deprecation", "Sunset"} & set(answer.headers)


async def test_version_1_says_what_comes_of_it(client: Client) -> None:
    """Every answer of version 1, a 404 too, says since when it is deprecated, when it ends, and what is next."""
    found = await client.send("reports", "GET", "/v1/reports/2026-10")
    missing = await client.send("reports", "GET", "/v1/reports/1999-01")
    assert found.body == {
        "month": "2026-10",
        "owner": "u-0002",
        "orders": len(OCTOBER),
        "turnover_eur": str(turnover()["EUR"]),
    }
    assert missing.status == 404
    for answer, month in ((found, "2026-10"), (missing, "1999-01")):
        assert [answer.headers[name] for name in ("Deprecation", "Sunset", "Link")] == [
            "@1780272000",
            "Tue, 01 Jun 2027 00:00:00 GMT",
            f'</v2/reports/{month}>; rel="successor-version"',
        ]


@pytest.mark.parametrize("months", [1, 12, 25, 60])
async def test_version_1_is_paged_by_sheets_from_0(client: Client, months: int) -> None:
    """Version 1 lists every month once, the newest first; the first sheet is number 0, and one past the end empty."""
    sheets = [
        (await client.send("reports", "GET", "/v1/reports", query={"sheet": sheet, "months": months})).body
        for sheet in range(-(-len(MONTHS) // months) + 1)
    ]
    assert [one["month"] for sheet in sheets for one in sheet] == MONTHS
    assert sheets[-1] == []
    first = await client.send("reports", "GET", "/v1/reports")
    assert [one["month"] for one in first.body] == MONTHS[:12]


@pytest.mark.parametrize("limit", [1, 12, 25, 60])
async def test_version_2_is_paged_by_links(client: Client, limit: int) -> None:
    """Following the link `next` lists every month once; there is none at the end."""
    found: list[str] = []
    path, calls = f"/v2/reports?limit={limit}", 0
    while path:
        target, _, query = path.partition("?")
        pairs = dict(pair.split("=") for pair in query.split("&"))
        answer = await client.send("reports", "GET", target, query=pairs)
        found += [one["month"] for one in answer.body]
        calls += 1
        path = answer.headers.get("Link", "").partition(";")[0].strip("<>")
    assert (found, calls) == (MONTHS, -(-len(MONTHS) // limit))


async def test_tenants_have_figures_of_their_own(client: Client) -> None:
    """A program's token serves the tenant that the call names, and that one's rows alone."""
    answer = await client.send("reports", "GET", "/v2/reports/2026-10", tenant="globex")
    rows = [
        row for row in seed.dataset().orders if row.tenant == "globex" and row.placed_at.startswith("2026-10")
    ]
    assert (answer.body["orders"]["count"], answer.body["owner_id"]) == (len(rows), "u-0601")


@pytest.mark.parametrize(
    ("path", "query", "where"),
    [
        ("/v1/reports/october", {}, "month"),
        ("/v2/reports/2026-13", {}, "month"),
        ("/v2/reports", {"page": "2", "limit": "0"}, "page limit"),
    ],
)
async def test_what_is_no_month_is_refused(
    client: Client, path: str, query: dict[str, str], where: str
) -> None:
    """A month has a form, in both versions, and the mistakes come together."""
    answer = await client.send("reports", "GET", path, query=query)
    assert (answer.status, " ".join(one for one, _ in answer.mistakes)) == (400, where)


async def test_a_month_without_orders_has_no_report(client: Client) -> None:
    """Nothing was ordered, so there is nothing to report."""
    answer = await client.send("reports", "GET", "/v2/reports/1999-01")
    assert (answer.status, answer.body["title"]) == (404, "There is no such report")
