"""One service down, two services answering: what the example's graph says then, and afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.parfinanciero.graph_client import Graph

QUERY = """{
  me { name orders(first: 2) { nodes { id total payments { state } customer { name } } } }
  orders(first: 2) { nodes { id customer { name } payments { state } } }
  users(first: 1) { nodes { name } }
}"""


def blanked(whole: Any, path: str) -> Any:
    """The data with null at a path; `*` stands for every item of a list."""
    step, _, rest = path.partition(".")
    if step == "*":
        return [blanked(item, rest) if rest else None for item in whole]
    return {**whole, step: blanked(whole[step], rest) if rest else None}


def places(path: str) -> list[str]:
    """The paths of two items each, where a path has `*`."""
    return [path.replace("*", str(index)) for index in (0, 1)] if "*" in path else [path]


# What each service serves in the query above, as long as the others answer. The users that `me` led to are
# unknown without `me`, so users take more with them.
SERVED = {
    "users": ["me", "orders.nodes.*.customer", "users"],
    "orders": ["me.orders", "orders"],
    "payments": ["me.orders.nodes.*.payments", "orders.nodes.*.payments"],
}


@pytest.mark.parametrize("service", ["users", "orders", "payments"])
async def test_a_stopped_service_blanks_exactly_what_it_serves(graph: Graph, service: str) -> None:
    """Its fields are null with UPSTREAM_UNAVAILABLE, the rest of the answer stands; started again, all is back."""
    whole = await graph.ask(QUERY)
    assert whole.errors == []

    await graph.running.stop(service)
    partly = await graph.ask(QUERY)
    expected = whole.data
    for path in SERVED[service]:
        expected = blanked(expected, path)
    assert partly.data == expected
    assert partly.failed == sorted(
        (place, "UPSTREAM_UNAVAILABLE") for path in SERVED[service] for place in places(path)
    )
    assert {one["message"] for one in partly.errors} == {"The service can't be reached."}

    await graph.running.start(service)
    again = await graph.ask(QUERY)
    assert (again.errors, again.data) == ([], whole.data)


async def test_nothing_of_the_inside_is_told(graph: Graph) -> None:
    """An error for clients names no service, operation or address unless the project opens them."""
    await graph.running.stop("users")
    reply = await graph.ask("{me{name}}")
    assert reply.data == {"me": None}
    assert reply.errors == [
        {
            "message": "The service can't be reached.",
            "locations": [{"line": 1, "column": 2}],
            "path": ["me"],
            "extensions": {
                "code": "UPSTREAM_UNAVAILABLE",
                "retryable": True,
                "requestId": reply.errors[0]["extensions"]["requestId"],
            },
        }
    ]
