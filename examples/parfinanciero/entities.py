"""Customers, orders and payments: three services' types, linked both ways.

Visitors who did not sign in may look into the shop's window (`schema.py`), so customers and orders say that they are
for verified callers: nobody is asked before that is decided.
"""

from personal import Personal

from stolon import rest

users = rest.contract("users")
orders = rest.contract("orders")
payments = rest.contract("payments")


@rest.type(
    users.schema("User"),
    key="id",
    one=users.op("getUser", user_id=rest.key),
    many=users.op("listUsers", ids=rest.keys),
    authenticated=True,
)
class User:
    """A customer."""

    id: rest.auto
    name: rest.auto
    email: rest.auto = rest.field(scopes=["users:pii"], directives=[Personal(purpose="contact")])
    status: rest.auto
    created_at: rest.auto
    birth_date: rest.auto = rest.field(scopes=["users:pii"], directives=[Personal(purpose="age check")])
    loyalty_points: rest.auto
    profile: rest.auto
    preferences: rest.auto
    city: str | None = rest.field(path="profile.address.city", description="Where the customer lives.")
    # A constant: what the front page counts.
    open_orders: "rest.Connection[Order] | None" = rest.connection(
        orders.op("listOrders", customer_id=rest.this("id"), status="pending"),
        description="What the customer still has to pay.",
    )
    orders: "rest.Connection[Order] | None" = rest.connection(
        orders.op("listOrders", customer_id=rest.this("id")),
        description="What the customer ordered, the newest first.",
    )

    @rest.field(needs=["name", "profile"], description="How to address a parcel.")
    def label(self) -> str:
        """Name and city in one line."""
        return f"{self.name}, {self.profile.address.city}" if self.profile else str(self.name)


@rest.type(orders.schema("Order"), key="id", one=orders.op("getOrder"), authenticated=True)
class Order:
    """An order."""

    id: rest.auto
    status: rest.auto
    currency: rest.auto
    total: rest.auto
    lines: rest.auto
    placed_at: rest.auto
    note: rest.auto
    version: rest.auto
    customer: User | None = rest.link(key="customer_id", description="Who ordered.")
    payments: "list[Payment] | None" = rest.link(
        payments.op("listPayments", order_ids=rest.each("id")),
        group_by="order_id",
        description="What was paid for it.",
    )
    # Events of several kinds, which the contract tells apart: a union, made of the contract. And a paging that nobody
    # would recognise: whoever knows the event of some number asks for what came since.
    history: rest.auto = rest.link(
        orders.op(
            "listOrderEvents",
            order_id=rest.this("id"),
            paging=rest.by_cursor(cursor="since", size="most", items="events", next="last"),
        ),
        description="What happened to it, the oldest first.",
    )


@rest.type(payments.schema("Payment"), key="id", one=payments.op("getPayment"), scopes=["payments:read"])
class Payment:
    """A payment of an order."""

    id: rest.auto
    state: rest.auto
    amount: rest.auto
    currency: rest.auto
    method: rest.auto
    created_at: rest.auto
    failure_code: rest.auto
    order: Order | None = rest.link(key="order_id", description="What was paid.")
