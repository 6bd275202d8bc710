"""The graph of Parfinanciero: who the customers are, what they ordered, what they paid."""

import strawberry
from checkout import CheckoutResult, check_out
from entities import Order, Payment, User, orders, payments, users

from stolon import rest


@strawberry.type
class Query:
    """What can be asked."""

    me: User | None = rest.query(users.op("getUser", user_id=rest.caller("sub")), description="The caller.")
    user: User | None = rest.query(users.op("getUser"))
    users: rest.Connection[User] | None = rest.connection(users.op("listUsers"))
    order: Order | None = rest.query(orders.op("getOrder"))
    orders: rest.Connection[Order] | None = rest.connection(orders.op("listOrders"))
    payment: Payment | None = rest.query(payments.op("getPayment"))


@strawberry.type
class Mutation:
    """What can be changed."""

    create_order: Order | None = rest.mutation(orders.op("createOrder"))
    update_order: Order | None = rest.mutation(orders.op("updateOrder"))
    cancel_order: Order | None = rest.mutation(orders.op("cancelOrder"))
    update_user: User | None = rest.mutation(users.op("updateUser"))

    checkout: CheckoutResult | None = rest.field(
        resolver=check_out,
        scopes=["orders:write", "payments:read", "payments:write"],
        description="Order and pay in one go. A payment that is refused or not made undoes the order.",
    )


schema = rest.Schema(query=Query, mutation=Mutation)
