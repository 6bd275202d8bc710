"""A schema, an operation, and what a server would tell of its plan: one step of every fate that the page words."""

from __future__ import annotations

from typing import Any

SCHEMA = """
type Query { me: User hello: String }
type User { id: ID! name: String label: String orders(first: Int = 20): OrderConnection }
type OrderConnection { edges: [OrderEdge] }
type OrderEdge { node: Order }
type Order { id: ID! payments: [Payment] customer: User seller: User audit: [Event] }
type Payment { state: String refund: Refund }
type Refund { id: ID! }
type Event { id: ID! }
"""
QUERY = """query Review {
  me { name label orders { edges { node { ...Parts } } } }
  again: me { id }
  hello
}

fragment Parts on Order {
  payments { state refund { id } }
  customer { name }
  seller { name }
  audit { id }
}
"""
NODE = "me.orders.edges.node"
DATA = {"me": {"name": "Ana", "label": "A", "orders": {"edges": []}}, "again": {"id": "u1"}, "hello": "world"}
DENIED = {
    "message": "The field needs the scope audit:read.",
    "path": ["me", "orders", "edges", 0, "node", "audit"],
    "extensions": {"code": "FORBIDDEN"},
}


def operation(service: str, name: str, path: str) -> dict[str, str]:
    return {"service": service, "operation": name, "method": "GET", "path": path}


def did(
    begun: float | None, ended: float | None, parents: int, asked: int, store: int = 0, **calls: int
) -> dict[str, Any]:
    """What a step did; `calls` are `upstream`, `flight` and `bytes`."""
    upstream, flight = calls.get("upstream", 0), calls.get("flight", 0)
    return {
        "parents": parents,
        "asked": asked,
        "fromStore": store,
        "calls": upstream + flight,
        "bytes": calls.get("bytes", 0),
        "begun": begun,
        "ended": ended,
        "served": {"upstream": upstream, "flight": flight},
    }


def step(number: int, after: int | None, path: str, field: str, kind: str, **told: Any) -> dict[str, Any]:
    """A step of a plan; what is not said is as in most steps."""
    return {
        "step": number,
        "after": after,
        "path": path,
        "field": field,
        "kind": kind,
        "operations": [],
        "parameters": [],
        "batch": None,
        "pick": None,
        "properties": [],
        "wave": 1,
        "shares": None,
        "scopes": [],
        "authenticated": False,
        "calls": {"atMost": 1, "formula": "1"},
        **told,
    }


def call(service: str, name: str, begun: float, ended: float, *steps: int, **told: Any) -> dict[str, Any]:
    """A call that was made."""
    return {
        "service": service,
        "operation": name,
        "begun": begun,
        "ended": ended,
        "status": 200,
        "bytes": 500,
        "served": "upstream",
        "steps": list(steps),
        **told,
    }


GET_USER = operation("users", "getUser", "/users/{user_id}")
LIST_USERS = operation("users", "listUsers", "/users")
KEYS = [
    {"name": "ids", "in": "query", "from": "the keys"},
    {"name": "user_id", "in": "path", "from": "the key"},
]
BY_KEY: dict[str, Any] = {
    "operations": [LIST_USERS, GET_USER],
    "parameters": KEYS,
    "batch": {"by": "key", "most": 50},
    "properties": ["name"],
    "pick": "data",
    "wave": 3,
}

STEPS = [
    step(
        *(1, None, "me", "Query.me", "fetch"),
        operations=[GET_USER],
        parameters=[{"name": "user_id", "in": "path", "from": "claim sub"}],
        properties=["id", "name"],
        authenticated=True,
        did=did(0.1, 4.0, 1, 1, upstream=1, bytes=1812),
    ),
    step(
        *(2, 1, "me.label", "User.label", "resolver"),
        properties=["name"],
        wave=2,
        calls={"atMost": None, "formula": "|label|"},
        did=did(4.1, 4.2, 1, 0),
    ),
    step(
        *(3, 1, "me.orders", "User.orders", "pages"),
        operations=[operation("orders", "listOrders", "/orders")],
        parameters=[{"name": "customer_id", "in": "query", "from": "parent's id"}],
        pick="items",
        properties=["id", "customer_id"],
        wave=2,
        calls={"atMost": 2, "formula": "2"},
        did=did(4.1, 9.0, 1, 1, upstream=1, bytes=2_100_000),
    ),
    step(
        *(4, 3, f"{NODE}.payments", "Order.payments", "group"),
        operations=[operation("payments", "listPayments", "/payments")],
        parameters=[{"name": "order_ids", "in": "query", "from": "each parent's id"}],
        batch={"by": "parent", "most": 10},
        properties=["state"],
        wave=3,
        calls={"atMost": 2, "formula": "ceil(20 / 10)"},
        did=did(9.1, 15.5, 20, 20, upstream=1, flight=1, bytes=812),
    ),
    step(
        *(5, 4, f"{NODE}.payments.refund", "Payment.refund", "fetch"),
        operations=[operation("payments", "getRefund", "/refunds/{id}")],
        properties=["id"],
        wave=4,
        calls={"atMost": None, "formula": "|payments|"},
        did=did(None, None, 0, 0),
    ),
    step(
        *(6, 3, f"{NODE}.customer", "Order.customer", "lookup"),
        **BY_KEY,
        did=did(9.1, 13, 20, 20, upstream=1, bytes=500),
    ),
    step(
        *(7, 3, f"{NODE}.seller", "Order.seller", "lookup"),
        **BY_KEY,
        shares=6,
        did=did(9.1, 13, 20, 20, 4, upstream=1, bytes=500),
    ),
    step(
        *(8, 3, f"{NODE}.audit", "Order.audit", "list"),
        operations=[operation("audit", "listEvents", "/events")],
        properties=["id"],
        wave=3,
        scopes=["audit:read"],
        did=did(9.1, 9.2, 20, 0),
    ),
    step(
        *(9, None, "again", "Query.me", "fetch"),
        operations=[GET_USER],
        parameters=[{"name": "user_id", "in": "path", "from": "claim sub"}],
        properties=["id", "name"],
        shares=1,
        did=did(0.1, 4.0, 1, 1, 1),
    ),
]
PLAN: dict[str, Any] = {
    "operation": {"kind": "query", "name": "Review"},
    "lane": "plan",
    "reason": None,
    "waves": 4,
    "calls": {"atMost": None, "formula": "8 + |payments|", "where": {"|payments|": None, "$first": 20}},
    "steps": STEPS,
    "fields": {
        "me": 1,
        "me.name": 1,
        "me.label": 2,
        **dict.fromkeys(("me.orders", "me.orders.edges", NODE), 3),
        **dict.fromkeys((f"{NODE}.payments", f"{NODE}.payments.state"), 4),
        **dict.fromkeys((f"{NODE}.payments.refund", f"{NODE}.payments.refund.id"), 5),
        **dict.fromkeys((f"{NODE}.customer", f"{NODE}.customer.name"), 6),
        **dict.fromkeys((f"{NODE}.seller", f"{NODE}.seller.name"), 7),
        **dict.fromkeys((f"{NODE}.audit", f"{NODE}.audit.id"), 8),
        **dict.fromkeys(("again", "again.id"), 9),
        "hello": None,
    },
    "did": {
        "ms": 16.0,
        "calls": [
            call("users", "getUser", 0.2, 3.9, 1, bytes=1812),
            call("orders", "listOrders", 4.2, 8.8, 3, bytes=2_100_000),
            call("users", "listUsers", 9.2, 12.8, 6, 7),
            call("payments", "listPayments", 9.2, 14.0, 4, bytes=812),
            call("payments", "listPayments", 9.3, 15.4, 4, status=None, bytes=0, served="flight"),
        ],
        "moreCalls": 2,
    },
}
REFUSED = {"refused": "Plans are shown in development, and to callers with the project's diagnostic scope."}
REFERENCE: dict[str, Any] = {
    "operation": None,
    "lane": "reference",
    "reason": "introspection",
    "waves": None,
    "calls": None,
    "steps": [],
    "fields": {},
}
