"""The reports service: business figures by month. HTTP on the outside, `report_store.py` within.

Two versions side by side, each with a contract of its own: `contracts/reports.yaml` is version 1, flat,
which says in every answer that it is deprecated (RFC 9745) and when it ends (RFC 8594);
`contracts/reports_v2.yaml` is version 2, nested and paged by links (RFC 8288). Both are made of the same rows.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from . import cursors, seed
from .application import Operation, answer, assemble
from .checks import Parameters
from .options import ServiceOptions
from .problems import Problem, not_found
from .report_store import MonthlyReport, ReportStore
from .security import CALLER

MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
MONTH_EXPECTED = "must be a month such as 2026-10"
DEPRECATED = datetime(2026, 6, 1, tzinfo=UTC)
SUNSET = datetime(2027, 6, 1, tzinfo=UTC)
V1_HEADERS = {
    "Deprecation": f"@{int(DEPRECATED.timestamp())}",
    "Sunset": format_datetime(SUNSET, usegmt=True),
}
STORE: Final = web.AppKey("reports", ReportStore)


def create_app(options: ServiceOptions) -> web.Application:
    """The reports service; it opens its database, and fills a new one, when the application starts."""

    async def storage(app: web.Application) -> AsyncIterator[None]:
        data = seed.dataset()
        app[STORE] = store = ReportStore(options.database, data.orders, data.payments)
        yield
        store.close()

    # The ids of version 2 are those of its own contract: within one service they must differ, too.
    operations = [
        Operation("listReports", "GET", "/v1/reports", "reports:read", _ending(list_reports)),
        Operation("getReport", "GET", "/v1/reports/{month}", "reports:read", _ending(get_report)),
        Operation("listMonthlyReports", "GET", "/v2/reports", "reports:read", list_monthly_reports),
        Operation("getMonthlyReport", "GET", "/v2/reports/{month}", "reports:read", get_monthly_report),
    ]
    return assemble("reports", operations, options, storage)


def _ending(handler: Handler) -> Handler:
    """The handler of version 1, its answers with the headers that say what comes of it."""

    async def handle(request: web.Request) -> web.StreamResponse:
        successor = request.path.replace("/v1/", "/v2/", 1)
        headers = {**V1_HEADERS, "Link": f'<{successor}>; rel="successor-version"'}
        try:
            response = await handler(request)
        except Problem as problem:
            problem.headers |= headers
            raise
        response.headers.update(headers)
        return response

    return handle


async def list_reports(request: web.Request) -> web.Response:
    """`listReports`: a sheet of months, the newest first, in a few figures each; the first sheet is the one of 0."""
    parameters = Parameters(request)
    sheet = parameters.whole("sheet", 0, 0, 1_000_000)
    months = parameters.whole("months", 12, 1, 60)
    parameters.done()
    # Few enough: one for each month that there was.
    found = request.app[STORE].months(request[CALLER].tenant, None, 1000)
    return answer([_flat(one) for one in found[sheet * months : (sheet + 1) * months]])


async def get_report(request: web.Request) -> web.Response:
    """`getReport`: one month in a few figures."""
    return answer(_flat(_found(request)))


async def list_monthly_reports(request: web.Request) -> web.Response:
    """`listMonthlyReports`: a part of the months, the newest first; the next part is a link."""
    parameters = Parameters(request)
    # No parameter of the contract: what stands in a link is its own business, and is followed as it is.
    page = parameters.text("page", most=100)
    after = None if page is None else cursors.place(page)
    if page is not None and after is None:
        parameters.fault("page", "must be that of a link")
    limit = parameters.whole("limit", 12, 1, 60)
    parameters.done()
    # One more than asked for tells whether there is a next part.
    before = None if after is None else after[1]
    found = request.app[STORE].months(request[CALLER].tenant, before, limit + 1)
    headers = {}
    if len(found) > limit:
        page = cursors.cursor(("before", found[limit - 1].month))
        target = f"/v2/reports?limit={limit}&page={page}"
        headers["Link"] = f'<{target}>; rel="next"'
    return answer(found[:limit], headers=headers)


async def get_monthly_report(request: web.Request) -> web.Response:
    """`getMonthlyReport`: everything that is known of one month."""
    return answer(_found(request))


def _found(request: web.Request) -> MonthlyReport:
    parameters = Parameters(request)
    month = parameters.pattern("month", request.match_info["month"], MONTH, MONTH_EXPECTED)
    parameters.done()
    found = request.app[STORE].month(request[CALLER].tenant, month)
    if found is None:
        raise not_found("report")
    return found


def _flat(report: MonthlyReport) -> dict[str, object]:
    """A month as version 1 shows it: turnover in euros only, the way it was before there were other currencies."""
    euros = [one.total for one in report.turnover if one.currency == "EUR"]
    return {
        "month": report.month,
        "owner": report.owner_id,
        "orders": report.orders.count,
        "turnover_eur": euros[0] if euros else "0.00",
    }
