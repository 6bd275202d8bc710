"""`schema.graphql` at the root is what the bundled project exports, provenance included."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from click.testing import CliRunner
from graphql import GraphQLObjectType, build_schema, get_directive_values, validate_schema

from graph.cli import main

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "examples" / "parfinanciero"


def drift(committed: str, exported: str) -> str:
    """The difference as a reader of a failed test wants it; empty where there is none."""
    lines = difflib.unified_diff(
        committed.splitlines(), exported.splitlines(), "schema.graphql", "stolon export", lineterm=""
    )
    return "\n".join(lines)


@pytest.fixture(scope="module")
def exported() -> str:
    """What `stolon export` prints for the bundled project."""
    done = CliRunner().invoke(main, ["export", "--project", str(PROJECT)])
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def test_the_committed_schema_is_the_export(exported: str) -> None:
    """A change of contracts or declarations that changes the schema is seen in a diff of schema.graphql."""
    difference = drift((ROOT / "schema.graphql").read_text(), exported)
    assert not difference, f"make schema, and commit it:\n{difference}"


def test_a_drift_is_shown_line_by_line() -> None:
    """What a failed comparison prints names the line that went and the line that came."""
    shown = drift("type Query {\n  a: Int\n}\n", "type Query {\n  a: Int!\n}\n")
    assert shown.splitlines()[2:] == ["@@ -1,3 +1,3 @@", " type Query {", "-  a: Int", "+  a: Int!", " }"]


def test_every_field_that_crosses_a_network_says_where_its_value_comes_from(exported: str) -> None:
    """Each bound root field and link has @source with a service of the project and its operations."""
    schema = build_schema(exported)
    assert validate_schema(schema) == []
    source = schema.get_directive("source")
    assert source is not None
    sources = {
        f"{type_.name}.{name}": (stated["service"], stated["operations"])
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items()
        if field.ast_node is not None and (stated := get_directive_values(source, field.ast_node)) is not None
    }
    assert sources == {
        "Query.me": ("users", ["getUser", "listUsers"]),
        "Query.user": ("users", ["getUser", "listUsers"]),
        "Query.users": ("users", ["listUsers"]),
        "Query.order": ("orders", ["getOrder"]),
        "Query.orders": ("orders", ["listOrders"]),
        "Query.payment": ("payments", ["getPayment"]),
        "Query.expense": ("expenses", ["getExpense"]),
        "Query.searchExpenses": ("expenses", ["searchExpenses"]),
        "Query.categories": ("expenses", ["listCategories"]),
        "Query.projection": ("projections", ["getProjection"]),
        "Query.monthlyReport": ("reports_v2", ["getMonthlyReport"]),
        "Query.monthlyReports": ("reports_v2", ["listMonthlyReports"]),
        "Query.bestsellers": ("reports_v2", ["getMonthlyReport"]),
        "Query.report": ("reports", ["getReport"]),
        "Query.reports": ("reports", ["listReports"]),
        "Mutation.createOrder": ("orders", ["createOrder"]),
        "Mutation.updateOrder": ("orders", ["updateOrder"]),
        "Mutation.cancelOrder": ("orders", ["cancelOrder"]),
        "Mutation.updateUser": ("users", ["updateUser"]),
        "Mutation.noteExpense": ("expenses", ["createExpense"]),
        "Mutation.askProjection": ("projections", ["createProjection"]),
        "Mutation.sendEmail": ("notifications", ["sendEmail"]),
        "Mutation.setBudget": ("expenses", ["putBudget"]),
        "Budget.user": ("users", ["getUser", "listUsers"]),
        "Budget.category": ("expenses", ["listCategories"]),
        "User.openOrders": ("orders", ["listOrders"]),
        "User.orders": ("orders", ["listOrders"]),
        "User.paymentMethods": ("payments", ["listMethods"]),
        "User.expenses": ("expenses", ["listExpenses"]),
        "User.spending": ("expenses", ["listTotals"]),
        "User.projection": ("projections", ["listProjections"]),
        "User.emails": ("notifications", ["listEmails"]),
        "Order.customer": ("users", ["getUser", "listUsers"]),
        "Order.payments": ("payments", ["listPayments"]),
        "Order.history": ("orders", ["listOrderEvents"]),
        "Payment.order": ("orders", ["getOrder"]),
        "Expense.user": ("users", ["getUser", "listUsers"]),
        "Expense.category": ("expenses", ["listCategories"]),
        "Expense.receipt": ("storage", ["listObjects"]),
        "Spending.category": ("expenses", ["listCategories"]),
        "Spending.budget": ("expenses", ["listBudgets"]),
        "MonthlyReport.owner": ("users", ["getUser", "listUsers"]),
        "Email.recipient": ("users", ["getUser", "listUsers"]),
    }


def test_every_type_of_a_contract_says_which_service_it_is_of(exported: str) -> None:
    """Bound types, and those that nobody wrote, have @source with their service and schema: so each property has
    a provenance, too.
    """
    schema = build_schema(exported)
    source = schema.get_directive("source")
    assert source is not None
    sources = {
        name: (stated["service"], stated["schema"])
        for name, type_ in schema.type_map.items()
        if isinstance(type_, GraphQLObjectType)
        and type_.ast_node is not None
        and (stated := get_directive_values(source, type_.ast_node)) is not None
    }
    assert sources == {
        "Address": ("users", "Address"),
        "ArticleFigures": ("reports_v2", "ArticleFigures"),
        "Budget": ("expenses", "Budget"),
        "Category": ("expenses", "Category"),
        "Email": ("notifications", "Email"),
        "Expense": ("expenses", "Expense"),
        "MonthlyReport": ("reports_v2", "MonthlyReport"),
        "Order": ("orders", "Order"),
        "OrderFigures": ("reports_v2", "OrderFigures"),
        "OrderLine": ("orders", "OrderLine"),
        "OrderMoved": ("orders", "OrderMoved"),
        "OrderNoted": ("orders", "OrderNoted"),
        "OrderPlaced": ("orders", "OrderPlaced"),
        "Payment": ("payments", "Payment"),
        "PaymentAccount": ("payments", "Account"),
        "PaymentCard": ("payments", "Card"),
        "PaymentFigures": ("reports_v2", "PaymentFigures"),
        "Profile": ("users", "Profile"),
        "ProjectedMonth": ("projections", "ProjectedMonth"),
        "Projection": ("projections", "Projection"),
        "Receipt": ("storage", "StoredObject"),
        "Report": ("reports", "Report"),
        "Spending": ("expenses", "Total"),
        "StatusFigures": ("reports_v2", "StatusFigures"),
        "Turnover": ("reports_v2", "Turnover"),
        "User": ("users", "User"),
    }
