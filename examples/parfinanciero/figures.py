"""Business figures by month, in both versions of the reports service: each has its contract, and fields of its own.

The service takes the gateway's own token, which may read every tenant's figures. So who may see them is said here.
"""

from entities import User

from stolon import rest

reports = rest.contract("reports")
reports_v2 = rest.contract("reports_v2")


@rest.type(reports.schema("Report"), key="month", scopes=["reports:read"])
class Report:
    """A month in a few figures, as the service's first version tells them."""

    month: rest.auto
    orders: rest.auto
    turnover_eur: rest.auto


@rest.type(reports_v2.schema("MonthlyReport"), key="month", scopes=["reports:read"])
class MonthlyReport:
    """Everything that is known of a month."""

    month: rest.auto
    turnover: rest.auto
    orders: rest.auto
    payments: rest.auto
    top_articles: rest.auto
    owner: User | None = rest.link(key="owner_id", description="Who answers for it.")
