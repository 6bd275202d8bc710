"""What the benchmark of the gateway asks: four operations over posts and users, and a wide one over Parfinanciero.

`bench/gateway.py` asks them over HTTP, `bench/gateway_micro.py` executes those of the posts without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Operation:
    """One GraphQL document that is asked over and over; `name` is what the tables call it. `connections` ask it
    at once, fewer where one request takes long.
    """

    name: str
    text: str
    connections: int = 48


POSTS: Final = (
    Operation("posts, title", "{posts{title}}"),
    Operation("posts with users, batched", "{posts{id userId title user{id name email}}}"),
    Operation("one post with its user", "{post(id:1){id title user{name}}}"),
    Operation("no upstream", "{greet}"),
)

# By service, so that a new one is one more part. Parts of one root field stand together: `me` is asked once.
ME: Final = {
    "users": "id name city status loyaltyPoints profile { phone address { street city country } }",
    "orders": "orders(first: 36) { totalCount nodes { id status total lines { sku quantity unitPrice } } }",
    "expenses": """
        expenses(first: 100) {
          nodes { id amount merchant category { name } receipt { mediaType bytes } }
        }
        spending(fromMonth: "2026-01", toMonth: "2026-10") { month total count category { name budget } }""",
    "projections": "projection { id state months { month expected low high } compared { month actual } }",
    "notifications": "emails(first: 20) { nodes { id subject state createdAt } }",
}
"""What each service says of the caller. Storage is asked by `receipt`."""

ROOTS: Final = {
    "payments": """
        orders(first: 100) {
          totalCount
          nodes {
            id status currency total placedAt
            lines { sku quantity unitPrice }
            customer { id name city }
            payments { id state amount method }
          }
        }""",
    "reports": """
        monthlyReports(first: 12) {
          nodes {
            month
            turnover { currency total }
            orders { count customers byStatus { status count } }
            payments { count failed failureRate }
            topArticles { sku quantity }
            owner { id name email }
          }
        }""",
}
"""What is asked beside the caller, by the service for whose sake it is asked."""

WIDE: Final = Operation(
    "Parfinanciero, wide",
    "query Wide { me { %s } %s }" % (" ".join(ME.values()), " ".join(ROOTS.values())),  # noqa: UP031 - braces
    connections=8,
)


def squeezed(text: str) -> str:
    """The document on one line, as clients send it."""
    return " ".join(text.split())


def objects(value: object) -> int:
    """How many objects an answer has."""
    if isinstance(value, dict):
        return 1 + sum(map(objects, value.values()))
    return sum(map(objects, value)) if isinstance(value, list) else 0
