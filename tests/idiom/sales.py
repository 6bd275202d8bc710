"""The public idiom under `from __future__ import annotations`: links of every kind, connections, extensions."""

from __future__ import annotations

import strawberry
from people import User, users_api

from stolon import rest

orders_api = rest.contract("orders")
payments_api = rest.contract("payments")


@rest.type(orders_api.schema("Order"), key="id", one=orders_api.op("getOrder"), authenticated=True)
class Order:
    """An order."""

    id: rest.auto
    status: rest.auto
    total: rest.BigInt | None
    customer: User | None = rest.link(key="customer_id")
    payments: list[Payment] | None = rest.link(
        payments_api.op("listPayments", order_ids=rest.each("id")), group_by="order_id"
    )
    invoice: Payment | None = rest.link(
        payments_api.op("listPayments", order_ids=rest.each("id")),
        group_by="order_id",
        description="The only one.",
    )
    events: rest.Connection[Payment] | None = rest.connection(
        payments_api.op(
            "listEvents",
            order=rest.this("id"),
            paging=rest.by_cursor(cursor="from", next="meta.next", items="data"),
        )
    )


@rest.type(payments_api.schema("Payment"), key="id", one=payments_api.op("getPayment"))
class Payment:
    """A payment."""

    id: rest.auto
    order: Order | None = rest.link(key="order_id", deprecation_reason="Old.")


@rest.extend(User)
class UserOrders:
    """What this module adds to users."""

    orders: rest.Connection[Order] | None = rest.connection(
        orders_api.op("listOrders", customer_id=rest.this("id"))
    )
    surname: rest.auto = rest.field(path=("last", "name"))

    @strawberry.field
    def order_count(self) -> int:
        """How many orders."""
        return 0


@rest.extend(User)
class UserFriends:
    """Links by an operation of the user's own contract."""

    friends: list[User] | None = rest.link(users_api.op("listUsers", friend_of=rest.this("id"), pick="data"))
