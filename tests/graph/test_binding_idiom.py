"""The public idiom (`tests/idiom/`): type checkers have nothing to say of it, and it is a graph."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from graph.project.project import load_schema
from stolon import testing
from tests.graph.projects import (
    BIG,
    INT,
    MONEY,
    TEXT,
    an,
    contract,
    data,
    fields_of,
    listed,
    nullable,
    operation,
    parameter,
    ref,
    write,
)

ROOT = Path(__file__).resolve().parents[2]
IDIOM = ROOT / "tests" / "idiom"
MODULES = sorted(one.name for one in IDIOM.glob("*.py"))

ADDRESS = an({"address": an({"city": TEXT})})
CONTRACTS = {
    "users": contract(
        operation("GET /users/{user-id}", "getUser", ref("User")),
        operation(
            "GET /users",
            "listUsers",
            an({"data": listed(ref("User")), "total": INT}),
            parameter("ids", listed(TEXT)),
            parameter("friend_of"),
            parameter("page", INT),
            parameter("per_page", INT),
        ),
        User=an(
            {
                "id": TEXT,
                "name": TEXT,
                "email": TEXT,
                "age": INT,
                "profile": ADDRESS,
                "bossId": TEXT,
                "latestId": TEXT,
                "country": TEXT,
                "zip": TEXT,
                "last": an({"name": TEXT}),
            },
            optional="age profile bossId latestId country zip",
        ),
    ),
    "places": contract(
        operation("GET /places/{country}/{zip}", "getPlace", ref("Place")),
        operation(
            "POST /places/find",
            "findPlaces",
            listed(ref("Place")),
            body=an({"keys": listed(an({"country": TEXT, "zip": TEXT}))}),
        ),
        Place=an({"country": TEXT, "zip": TEXT, "name": TEXT}),
    ),
    "orders": contract(
        operation("GET /orders/{id}", "getOrder", ref("Order")),
        operation(
            "GET /orders",
            "listOrders",
            an({"data": listed(ref("Order")), "next": nullable(TEXT)}),
            parameter("customer_id"),
            parameter("cursor"),
        ),
        operation("POST /orders", "createOrder", ref("Order"), body=ref("Wish")),
        Wish=an({"customer": TEXT, "sku": TEXT, "price": MONEY}),
        Order=an({"id": TEXT, "status": TEXT, "total": BIG, "customerId": TEXT}, optional="customerId"),
    ),
    "payments": contract(
        operation(
            "GET /events",
            "listEvents",
            an({"data": listed(ref("Payment")), "meta": an({"next": nullable(TEXT)})}),
            parameter("order"),
            parameter("from"),
        ),
        operation("GET /payments/{id}", "getPayment", ref("Payment")),
        operation(
            "GET /payments", "listPayments", listed(ref("Payment")), parameter("order_ids", listed(TEXT))
        ),
        operation(
            "POST /payments",
            "pay",
            ref("Payment"),
            parameter("filter[x]"),
            parameter("Idempotency-Key", place="header"),
            body=an({"order": TEXT}),
        ),
        Payment=an({"id": TEXT, "orderId": TEXT}),
    ),
}


def checked(*command: str) -> str:
    """What a type checker says; nothing where it is content."""
    path = os.pathsep.join((str(ROOT), str(IDIOM)))
    run = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=IDIOM,
        env={**os.environ, "MYPYPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return "" if run.returncode == 0 else run.stdout + run.stderr


@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy comes with `make check`")
def test_mypy_strict_is_clean_on_the_idiom(tmp_path: Path) -> None:
    """Quoted and future annotations, several modules, links, extensions, hand-written resolvers."""
    options = ["--strict", "--config-file=", f"--cache-dir={tmp_path}", "--follow-imports=silent"]
    assert checked("mypy", *options, *MODULES) == ""


@pytest.mark.skipif(find_spec("pyright") is None, reason="pyright comes with `make check`")
def test_pyright_strict_is_clean_on_the_idiom(tmp_path: Path) -> None:
    """The same modules, as an editor shows them."""
    settings = {
        "include": [str(IDIOM)],
        "strict": [str(IDIOM)],
        "extraPaths": [str(ROOT), str(IDIOM)],
        "pythonVersion": "3.11",
    }
    config = tmp_path / "pyrightconfig.json"
    config.write_text(json.dumps(settings), encoding="utf-8")
    assert checked("pyright", "--pythonpath", sys.executable, "-p", str(config)) == ""


async def test_the_idiom_is_a_graph(tmp_path: Path) -> None:
    """What type checkers like is what is served."""
    write(tmp_path, "", CONTRACTS)
    for name in MODULES:
        (tmp_path / name).write_text((IDIOM / name).read_text(encoding="utf-8"), encoding="utf-8")
    schema = load_schema(tmp_path, "schema:schema")
    assert fields_of(schema, "User") == [
        "id: ID!",
        "name: String!",
        "email: String",
        "age: Int",
        "town: String",
        "boss: User",
        "latest: Order",
        "place: Place",
        "label: String!",
        "older(years: Int! = 1): Int",
        "orders(first: Int, after: String): OrderConnection",
        "surname: String!",
        "orderCount: Int!",
        "friends(ids: [String!]): [User!]",
    ]
    scripted = testing.Services()
    user = {
        "id": "1",
        "name": "Ana",
        "email": "e",
        "age": 3,
        "last": {"name": "Luz"},
        "country": "PT",
        "zip": "1",
    }
    scripted.answer("users", "getUser", json=user)
    scripted.answer("places", "getPlace", json={"country": "PT", "zip": "1", "name": "Lisboa"})
    scripted.answer("orders", "createOrder", json={"id": "o", "status": "new", "total": 2**60})
    scripted.answer("orders", "getOrder", json={"id": "o", "status": "paid", "total": 2**60})
    scripted.answer("payments", "pay", json={"id": "p", "orderId": "o"})
    who = testing.caller("1", scopes=("users:read",))
    query = "{ me { label older(years: 2) surname place { name } } first { name } }"
    assert await data(schema, query, scripted, caller=who) == {
        "me": {"label": "Ana (3)", "older": 5, "surname": "Luz", "place": {"name": "Lisboa"}},
        "first": {"name": "Ana"},
    }
    assert scripted.calls == {"users.getUser": 1, "places.getPlace": 1}
    query = 'mutation { checkout(cart: {sku: "s", price: "1.10"}) { order { status total } reason } }'
    assert await data(schema, query, scripted, caller=who) == {
        "checkout": {"order": {"status": "paid", "total": str(2**60)}, "reason": None}
    }
