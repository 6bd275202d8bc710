"""What customers pay with. The contract has a base that cards and accounts extend: an interface here.

A form for the checkout can so show all methods alike, and more of those that it knows.
"""

from typing import Any

import strawberry
from entities import User, payments
from strawberry.extensions import FieldExtension

from stolon import rest


class Masked(FieldExtension):
    """All but the last four characters are hidden: enough to recognise an account, and too little to use it."""

    async def resolve_async(self, next_: Any, source: Any, info: rest.Info, **arguments: Any) -> str | None:
        """Resolve the field, then hide."""
        value: str | None = await next_(source, info, **arguments)
        return None if value is None else "*" * (len(value) - 4) + value[-4:]


@strawberry.interface(description="What a customer pays with.")
class PaymentMethod:
    """What cards and accounts have in common."""

    token: str = strawberry.field(description="What checkout takes as the method.")
    label: str = strawberry.field(description="What the customer calls it.")


# Both are known by other names elsewhere in a company that has customers' cards and their accounts.
@rest.type(payments.schema("Card"), name="PaymentCard", scopes=["payments:read"])
class Card(PaymentMethod):
    """A payment card."""

    token: rest.auto
    label: rest.auto
    last_four: rest.auto
    expires: rest.auto


@rest.type(payments.schema("Account"), name="PaymentAccount", scopes=["payments:read"])
class Account(PaymentMethod):
    """A bank account."""

    token: rest.auto
    label: rest.auto
    iban: rest.auto = rest.field(extensions=[Masked()])


@rest.extend(User)
class MethodsOfUser:
    """What payments know of a customer."""

    payment_methods: list[PaymentMethod] | None = rest.link(
        payments.op("listMethods", customer_ids=rest.each("id")),
        group_by="customer_id",
        scopes=["payments:read"],
        description="What the customer can pay with.",
    )
