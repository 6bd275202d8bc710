"""What people mean to spend, beside what they spent. A budget has no id: whose it is and of what is its key."""

from entities import User
from spending import Category, Spending, expenses

from stolon import rest


# One call for each person, with all categories that are asked for: `rest.key` is the one part, `rest.keys` the other.
@rest.type(
    expenses.schema("Budget"),
    key=("user_id", "category_id"),
    many=expenses.op(
        "listBudgets", user_id=rest.key("user_id"), category_ids=rest.keys("category_id"), pick="budgets"
    ),
    scopes=["expenses:read"],
)
class Budget:
    """What one customer means to spend on one category in a month."""

    amount: rest.auto
    user: User | None = rest.link(key="user_id", description="Whose it is.")
    category: Category | None = rest.link(key="category_id", description="On what kind of thing.")


@rest.extend(Spending)
class BudgetOfSpending:
    """What was meant, beside what was."""

    budget: Budget | None = rest.link(
        key=("user_id", "category_id"), description="What was meant to be spent; null where nothing was said."
    )
