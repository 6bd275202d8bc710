"""The graph of Parfinanciero: who the customers are, what they ordered, paid and spent, and what is made of it."""

import strawberry
from budgets import Budget
from checkout import CheckoutResult, check_out
from entities import Order, Payment, User, orders, payments, users
from figures import MonthlyReport, Report, reports, reports_v2
from messages import Email, InPerson, notifications
from methods import Account, Card
from progress import projection_progress
from receipts import keep_receipt
from spending import Category, Expense, Projection, expenses, projections

from stolon import rest


@strawberry.type
class Query:
    """What can be asked."""

    me: User | None = rest.query(users.op("getUser", user_id=rest.caller("sub")), description="The caller.")
    user: User | None = rest.query(users.op("getUser"))
    users: rest.Connection[User] | None = rest.connection(users.op("listUsers"))
    order: Order | None = rest.query(orders.op("getOrder"))
    orders: rest.Connection[Order] | None = rest.connection(orders.op("listOrders"))
    payment: Payment | None = rest.query(payments.op("getPayment"))
    expense: Expense | None = rest.query(expenses.op("getExpense"))
    # A POST that changes nothing: said to be safe, it is a query, batched and shared like any other.
    search_expenses: list[Expense] | None = rest.query(
        expenses.op("searchExpenses", user_id=rest.caller("sub"), safe=True),
        description="What the caller spent and all criteria fit.",
    )
    categories: list[Category] | None = rest.query(expenses.op("listCategories"))
    projection: Projection | None = rest.query(projections.op("getProjection"))
    monthly_report: MonthlyReport | None = rest.query(reports_v2.op("getMonthlyReport"))
    # What the service says of the next page is a link in a header, so that nothing else could tell.
    monthly_reports: rest.Connection[MonthlyReport] | None = rest.connection(
        reports_v2.op("listMonthlyReports", paging=rest.by_link(size="limit"))
    )
    # The shop's window. Reports are fetched with the gateway's own token, which it lends to verified callers alone,
    # unless a field says that it is for everybody. A visitor has no tenant, so whose window it is is said, too. And
    # it is lit while reports are down: with what was there within the hour, or with nothing.
    bestsellers: rest.auto = rest.query(
        reports_v2.op(
            "getMonthlyReport",
            {"X-Tenant-ID": "acme"},
            pick="top_articles",
            fallback=[rest.stale("60m"), rest.constant([])],
        ),
        public=True,
        description="What sold best in a month, for everybody to see.",
    )
    report: Report | None = rest.query(
        reports.op("getReport"), deprecation_reason="The service's first version ends: ask monthlyReport."
    )
    # Its sheets are counted from 0, which the contract says in words alone.
    reports: rest.Connection[Report] | None = rest.connection(
        reports.op("listReports", paging=rest.by_page(page="sheet", size="months", first=0)),
        deprecation_reason="The service's first version ends: ask monthlyReports.",
    )


@strawberry.type
class Mutation:
    """What can be changed."""

    create_order: Order | None = rest.mutation(orders.op("createOrder"))
    update_order: Order | None = rest.mutation(orders.op("updateOrder"))
    cancel_order: Order | None = rest.mutation(orders.op("cancelOrder"))
    update_user: User | None = rest.mutation(users.op("updateUser"))
    note_expense: Expense | None = rest.mutation(
        expenses.op("createExpense", user_id=rest.caller("sub")),
        scopes=["expenses:write"],
        description="Note what the caller spent.",
    )
    ask_projection: Projection | None = rest.mutation(
        projections.op("createProjection", user_id=rest.caller("sub")),
        scopes=["projections:write"],
        description="Ask what the caller will spend. It takes a while: ask projection by the id until it is ready.",
    )
    send_email: Email | None = rest.mutation(
        notifications.op("sendEmail"), scopes=["notifications:write"], permission_classes=[InPerson]
    )
    set_budget: Budget | None = rest.mutation(
        expenses.op("putBudget", user_id=rest.caller("sub")),
        scopes=["expenses:write"],
        description="Say what the caller means to spend on a category in a month.",
    )

    checkout: CheckoutResult | None = rest.field(
        resolver=check_out,
        scopes=["orders:write", "payments:read", "payments:write"],
        description="Order and pay in one go. A payment that is refused or not made undoes the order.",
    )
    keep_receipt: Expense | None = rest.field(
        resolver=keep_receipt,
        scopes=["expenses:write"],
        description="Upload the receipt of an expense.",
    )


@strawberry.type
class Subscription:
    """What can be waited for."""

    projection_progress = strawberry.subscription(
        resolver=projection_progress, description="A projection now, and again when it is ready."
    )


# No field says that it answers cards or accounts: they are answered as what they have in common.
schema = rest.Schema(query=Query, mutation=Mutation, subscription=Subscription, types=[Card, Account])
