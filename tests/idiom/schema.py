"""The public idiom: roots, plain types that hold records, hand-written mutations, and the schema."""

from decimal import Decimal

import strawberry
from people import Place, User, places, users_api
from sales import Order, orders_api, payments_api

from stolon import Context, rest, testing


@strawberry.input
class CartInput:
    """What to order."""

    sku: str
    price: Decimal


@strawberry.type
class Receipt:
    """A plain type that holds a record."""

    order: Order | None
    reason: str | None = None


async def check_out(info: rest.Info, cart: CartInput) -> Receipt:
    """Order and pay."""
    context: Context = info.context
    subject: str | None = context.caller.subject
    body = {"customer": subject, "sku": cart.sku, "price": cart.price}
    order = await context.call(orders_api.op("createOrder"), body=body)
    try:
        await context.call(
            payments_api.op("pay", {"filter[x]": "y"}),
            idempotency_key=f"k-{order.id}",
            body={"order": order.id},
        )
    except rest.FieldError as failed:
        if failed.fault.code is rest.Code.OUTCOME_UNKNOWN:
            return Receipt(order=order, reason=failed.fault.message)
        raise
    return Receipt(order=await context.load(Order, order.id))


@strawberry.type
class Query:
    """Reading."""

    me: User | None = rest.query(
        users_api.op("getUser", user_id=rest.caller("sub")), description="The caller."
    )
    user: User | None = rest.query(users_api.op("getUser"), scopes=["users:read"])
    users: rest.Connection[User] | None = rest.connection(
        users_api.op(
            "listUsers", paging=rest.by_page(page="page", size="per_page", items="data", total="total")
        )
    )
    place: Place | None = rest.query(places.op("getPlace"), public=True)
    raw: rest.auto = rest.query(places.op("findPlaces", safe=True))

    @strawberry.field
    async def first(self, info: rest.Info) -> User | None:
        """The first user."""
        return await info.context.load(User, "1")


@strawberry.type
class Mutation:
    """Changing."""

    create_order: Order | None = rest.mutation(orders_api.op("createOrder"))
    checkout: Receipt | None = strawberry.mutation(resolver=check_out, description="Order and pay.")


schema = rest.Schema(query=Query, mutation=Mutation, types=[Place])


async def tried() -> object:
    """How a project tests itself."""
    services = testing.Services()
    services.answer("users", "getUser", json={"id": "1", "name": "Ana"})
    result = await testing.execute(
        schema, "{ me { name } }", services, caller=testing.caller("1", scopes=("a",))
    )
    return result.data
