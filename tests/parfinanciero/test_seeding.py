"""The seeded rows: the same every time, enough for the demo, and each in its own tenant."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from examples.parfinanciero.services import seed, seed_expenses
from examples.parfinanciero.services.database import open_database, transaction
from examples.parfinanciero.services.user_store import UserStore

DIGEST = "b8fd804fe2050a8433c73da8bbd2bac07395f945c5ed0c3fbb816e9f54c5ef4f"
CALLERS = ("u-0001", "u-0002", "u-0003")


def digest(data: seed.Dataset) -> str:
    """A fingerprint of every row."""
    return hashlib.sha256(msgspec.json.encode(data)).hexdigest()


def test_the_rows_are_the_same_every_time() -> None:
    """One seed gives one set of rows, on every machine and Python; another seed gives other rows."""
    assert (
        digest(seed.dataset.__wrapped__())
        == "4f16d0cfef935aad8297740d54d835ca9bf3091646900e4d8a560a894e3c66c8"
    )
    assert digest(seed.dataset.__wrapped__(1)) != digest(seed.dataset.__wrapped__(2))


def test_users_alone_are_those_of_the_whole() -> None:
    """Services that need only users start with the same ones as the others."""
    assert seed.users() == seed.dataset().users


def test_expenses_are_the_same_every_time() -> None:
    """3,019 expenses of users of both tenants, of which 575 have a receipt: the same on every machine and Python."""
    rows = seed_expenses.expenses.__wrapped__()
    assert (len(rows), sum(row.receipt is not None for row in rows)) == (3019, 575)
    assert hashlib.sha256(msgspec.json.encode(rows)).hexdigest() == DIGEST
    assert rows != seed_expenses.expenses.__wrapped__(1)


@pytest.mark.parametrize("caller", CALLERS)
def test_callers_spend_in_every_month(caller: str) -> None:
    """Each demo caller has expenses in each of the 24 months up to October 2026, so that there is a trend to tell."""
    months = {row.spent_on[:7] for row in seed_expenses.expenses() if row.user_id == caller}
    assert (len(months), min(months), max(months)) == (24, "2024-11", "2026-10")


def test_there_are_thousands_of_rows_in_two_tenants() -> None:
    """1,000 users, about 4,000 orders and 5,000 payments, in acme and globex."""
    data = seed.dataset()
    assert [len(rows) for rows in (data.users, data.orders, data.payments)] == [1000, 4135, 4850]
    assert Counter(user.tenant for user in data.users) == {"acme": 600, "globex": 400}


def test_rows_stay_in_their_tenant() -> None:
    """An order belongs to the tenant of its customer, and a payment to that of its order."""
    data = seed.dataset()
    tenants = {user.id: user.tenant for user in data.users}
    order_tenants = {order.id: order.tenant for order in data.orders}
    assert {order.tenant == tenants[order.customer_id] for order in data.orders} == {True}
    assert {payment.tenant == order_tenants[payment.order_id] for payment in data.payments} == {True}


def test_ids_are_unique() -> None:
    """No two rows of a kind share an id."""
    data = seed.dataset()
    assert [len({row.id for row in rows}) for rows in (data.users, data.orders, data.payments)] == [
        1000,
        4135,
        4850,
    ]


@pytest.mark.parametrize("caller", CALLERS)
def test_callers_have_many_orders_with_payments(caller: str) -> None:
    """Each demo caller has at least 30 orders, each of which has one to three payments."""
    data = seed.dataset()
    payments = Counter(payment.order_id for payment in data.payments)
    counts = [payments[order.id] for order in data.orders if order.customer_id == caller]
    assert len(counts) >= 30
    assert (min(counts), max(counts)) in {(1, 2), (1, 3)}


def test_money_is_paid_as_the_state_says() -> None:
    """What was captured is the total of a paid, shipped or delivered order, and nothing of any other."""
    data = seed.dataset()
    captured: Counter[str] = Counter()
    for payment in data.payments:
        captured[payment.order_id] += payment.amount if payment.state == "captured" else Decimal(0)  # type: ignore[assignment]  # a Counter adds decimals too
    assert [
        order.id
        for order in data.orders
        if captured[order.id] != (order.total if order.status in ("paid", "shipped", "delivered") else 0)
    ] == []


def test_a_file_is_filled_once(tmp_path: Path) -> None:
    """A second start keeps what was written since, and seeds nothing again."""
    rows = seed.dataset().users[:3]
    store = UserStore(tmp_path / "users.sqlite", rows)
    user = store.find("acme", "u-0001")
    assert user is not None
    store.update("acme", user, {"name": "Changed"})
    store.close()
    store = UserStore(tmp_path / "users.sqlite", rows)
    found, total = store.page("acme", None, 0, 10)
    store.close()
    assert (found[0].document["name"], found[0].version, total) == ("Changed", 2, 3)


def test_a_start_that_was_cut_off_is_made_good(tmp_path: Path) -> None:
    """When filling fails nothing is kept, and the next start fills the file."""

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO things VALUES (1)")
        raise RuntimeError("cut off")

    tables = ("CREATE TABLE things (id INTEGER) STRICT",)
    with pytest.raises(RuntimeError, match="cut off"):
        open_database(tmp_path / "things", tables, fail)

    def fill(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO things VALUES (2)")

    connection = open_database(tmp_path / "things", tables, fill)
    assert [tuple(row) for row in connection.execute("SELECT * FROM things")] == [(2,)]
    connection.close()


def test_a_transaction_is_whole_or_nothing(tmp_path: Path) -> None:
    """Statements of a block that raises leave no trace."""
    connection = open_database(tmp_path / "things", ("CREATE TABLE things (id INTEGER)",), lambda _: None)

    def fail_half_way() -> None:
        with transaction(connection):
            connection.execute("INSERT INTO things VALUES (1)")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert connection.execute("SELECT count(*) FROM things").fetchone()[0] == 0
    connection.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file with something else in it raises sqlite3's own error and stays as it is."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        open_database(path, (), lambda _: None)
    assert path.read_text() == "Dear Sir or Madam, " * 100
