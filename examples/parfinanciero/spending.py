"""What customers spend, the receipts of it, and what they will spend.

It is added to `User` from here, so that no type becomes the module that imports all others.
"""

from decimal import Decimal

import strawberry
from entities import User

from stolon import rest

expenses = rest.contract("expenses")
storage = rest.contract("storage")
projections = rest.contract("projections")


@rest.type(
    expenses.schema("Category"),
    key="id",
    many=expenses.op("listCategories", ids=rest.keys),
    scopes=["expenses:read"],
)
class Category:
    """A kind of expense."""

    id: rest.auto
    name: rest.auto
    budget: rest.auto


# Storage speaks bytes, and Stolon JSON: the graph shows what is known of a file; expenses hand out its bytes. And
# storage can't know what it keeps, so that what it is here is said here.
@rest.type(
    storage.schema("StoredObject"),
    key="id",
    many=storage.op("listObjects", ids=rest.keys),
    scopes=["expenses:read"],
    description="The file that proves an expense.",
)
class Receipt:
    """The file that proves an expense."""

    media_type: rest.auto
    bytes: rest.auto
    sha256: rest.auto
    stored_at: rest.auto


@rest.type(expenses.schema("Expense"), key="id", one=expenses.op("getExpense"), scopes=["expenses:read"])
class Expense:
    """What somebody spent."""

    id: rest.auto
    amount: rest.auto
    spent_on: rest.auto
    merchant: rest.auto
    note: rest.auto
    receipt_name: rest.auto
    user: User | None = rest.link(key="user_id", description="Who spent it.")
    category: Category | None = rest.link(key="category_id", description="On what kind of thing.")
    receipt: Receipt | None = rest.link(key="receipt_id", description="The file; null without one.")


@rest.type(expenses.schema("Total"), key=("user_id", "category_id", "month"), scopes=["expenses:read"])
class Spending:
    """What one customer spent on one category in one month."""

    month: rest.auto
    total: rest.auto
    count: rest.auto
    category: Category | None = rest.link(key="category_id", description="On what kind of thing.")


@strawberry.type(description="A month as it was projected, and as it was.")
class ComparedMonth:
    """A month as it was projected, and as it was."""

    month: str = strawberry.field(description="The month.")
    expected: Decimal = strawberry.field(description="What was most likely spent.")
    actual: Decimal | None = strawberry.field(description="What was spent; null where nothing was yet.")


# Keyed by its user: what a customer's projection is, is the latest one.
@rest.type(
    projections.schema("Projection"),
    key="user_id",
    many=projections.op("listProjections", user_ids=rest.keys),
    scopes=["projections:read"],
)
class Projection:
    """What somebody will spend. While it is pending it is asked for again, by its id."""

    id: rest.auto
    user_id: rest.auto
    state: rest.auto
    created_at: rest.auto
    ready_at: rest.auto
    reason: rest.auto
    months: rest.auto

    # Another service's sums beside each month: more than one call's answer, so it is Python.
    @rest.field(
        needs=["user_id", "months"],
        scopes=["expenses:read"],
        description="Each month beside what was spent in it.",
    )
    async def compared(self, info: rest.Info) -> list[ComparedMonth] | None:
        """Projected months beside actual ones: one call, whatever their number."""
        if not self.months:
            return []
        totals = await info.context.call(
            expenses.op("listTotals", pick="totals"),
            user_ids=[self.user_id],
            from_month=self.months[0].month,
            to_month=self.months[-1].month,
        )
        actual: dict[str, Decimal] = {}
        for one in totals:
            actual[one.month] = actual.get(one.month, Decimal(0)) + one.total
        return [
            ComparedMonth(
                month=one.month,
                expected=one.expected,
                actual=actual.get(one.month),
            )
            for one in self.months
        ]


@rest.extend(User)
class SpendingOfUser:
    """What a customer's expenses add to the customer."""

    spending: list[Spending] | None = rest.link(
        expenses.op("listTotals", user_ids=rest.each("id")),
        group_by="user_id",
        description="What the customer spent, by month and category.",
    )
    projection: Projection | None = rest.link(
        key="id", description="What the customer will spend, as it was projected last."
    )
    # Not `expenses`: in this module that name is the contract's, and below the field it would be the field's.
    spent: rest.Connection[Expense] | None = rest.connection(
        expenses.op("listExpenses", user_id=rest.this("id")),
        name="expenses",
        description="What the customer spent, the newest first.",
    )
