"""The module of the world's project, as text: every way in which the idiom serves a field, and plain Strawberry
beside it. Resolvers note that they ran in the list that the caller's claim `ran` holds, so that runs can be counted.
"""

from __future__ import annotations

from typing import Final

from tests.lanes.module_hoard import HOARD
from tests.lanes.module_people import PEOPLE
from tests.lanes.module_shop import SHOP

_HEAD: Final = '''
from __future__ import annotations

import asyncio
import enum
from typing import Annotated, Any, Union

import strawberry
from graphql import GraphQLError
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission

from stolon import rest

people = rest.contract("people")
shop = rest.contract("shop")
media = rest.contract("media")
hoard = rest.contract("hoard")


def ran(info, what):
    info.context.caller.claims["ran"].append(what)


class Staff(BasePermission):
    message = "Staff only."

    def has_permission(self, source, info, **kwargs):
        return bool(info.context.caller.claims.get("staff"))


class SlowPermission(BasePermission):
    message = "Not for guests."

    async def has_permission(self, source, info, **kwargs):
        await asyncio.sleep(0)
        return info.context.caller.authenticated


class Loud(FieldExtension):
    def resolve(self, next_, source, info, **kwargs):
        found = next_(source, info, **kwargs)
        return None if found is None else f"{found}!"

    async def resolve_async(self, next_, source, info, **kwargs):
        found = await next_(source, info, **kwargs)
        return None if found is None else f"{found}!"


class Refetched(FieldExtension):
    """Changes an argument before the field's own call is made."""

    def resolve(self, next_, source, info, **kwargs):
        return next_(source, info, **{**kwargs, "id": kwargs["id"].lower()})


@strawberry.interface
class Titled:
    title: str | None

    @strawberry.field
    def shout(self, info: rest.Info, mark: str = "!") -> str:
        ran(info, "shout")
        return f"{self.title}{mark}"


@strawberry.interface
class Made:
    @strawberry.field
    async def maker(self, info: rest.Info) -> Person | None:
        ran(info, "maker")
        return await info.context.load(Person, self.maker_id) if self.maker_id else None
'''

_ROOTS: Final = '''
@strawberry.type
class Card:
    """A plain type that holds a record."""

    text: str
    kind: Medium
    of: Person | None = None

    @strawberry.field
    async def deeper(self, info: rest.Info, levels: int = 1) -> Card | None:
        ran(info, "deeper")
        await asyncio.sleep(0)
        return None if levels < 1 else Card(text=f"{self.text}.", kind=self.kind, of=self.of)

    @strawberry.field
    def failing(self) -> str | None:
        raise GraphQLError("no such luck", extensions={"code": "LUCK"})

    @strawberry.field
    def nothing(self) -> str:
        return None

    @strawberry.field
    async def refused(self) -> str:
        raise rest.FieldError(rest.Fault(rest.Code.CONFLICT, "not now"))


Content = Annotated[Union[Article, Video, Note], strawberry.union("Content")]


async def content_of(info, kind, of):
    if kind == "article":
        return await info.context.load(Article, of)
    if kind == "video":
        return await info.context.call(media.op("getVideo"), id=of)
    return Note(title=of, lines=[[1, None], [len(of)]]) if kind == "note" else None


@strawberry.input
class Wish:
    kind: str = "article"
    of: strawberry.ID = strawberry.ID("a1")
    more: list[int] | None = None


@strawberry.type
class Query:
    me: Person | None = rest.query(people.op("getPerson", id=rest.caller("sub")))
    person: Person | None = rest.query(people.op("getPerson"))
    must_person: Person = rest.query(people.op("getPerson"))
    staff: list[Person] | None = rest.query(people.op("listStaff"))
    must_staff: list[Person] = rest.query(people.op("listStaff"))
    first: Person | None = rest.query(people.op("getPerson", id="p1"), permission_classes=[Staff])
    lower: Person | None = rest.query(people.op("getPerson"), extensions=[Refetched()])
    team: Team | None = rest.query(people.op("getTeam"))
    secret: Secret | None = rest.query(people.op("getSecret"))
    order: Order | None = rest.query(shop.op("getOrder"))
    orders: rest.Connection[Order] | None = rest.connection(shop.op("listOrders"))
    payments: rest.Connection[Payment] | None = rest.connection(shop.op("listPayments"))
    events: rest.Connection[Event] | None = rest.connection(shop.op("listEvents"))
    reviews: rest.Connection[Review] = rest.connection(shop.op("listReviews"))
    sealed: rest.Connection[Sealed] | None = rest.connection(shop.op("listReviews"))
    ledger: list[Entry] | None = rest.query(shop.op("listLedger"))
    product: Product | None = rest.query(shop.op("getProduct"))
    feed: list[Post] | None = rest.query(media.op("listFeed"))
    article: Article | None = rest.query(media.op("getArticle"))

    asset: Asset | None = rest.query(hoard.op("getAsset"))
    listed: list[Asset | None] | None = rest.query(hoard.op("listAssets"))
    must_listed: list[Asset] = rest.query(hoard.op("listAssets"))
    bond: Asset | None = rest.query(hoard.op("getBond"))
    vault: rest.Connection[Asset] | None = rest.connection(hoard.op("pageAssets"))
    claim: Claim | None = rest.query(hoard.op("getClaim"))
    filed: rest.Connection[Claim] = rest.connection(hoard.op("listFiled"))
    ride: Vehicle | None = rest.query(hoard.op("getRide"))
    must_ride: Vehicle = rest.query(hoard.op("getRide"))
    signals: rest.auto = rest.query(hoard.op("listSignals"))

    @strawberry.field
    async def found(self, info: rest.Info, form: str = "coin") -> list[Asset | None] | None:
        return await assets_of(info, form)

    @strawberry.field
    def fact(self) -> int:
        return 42

    @strawberry.field(permission_classes=[SlowPermission])
    async def loaded(self, info: rest.Info, ids: list[strawberry.ID]) -> list[Person | None]:
        ran(info, "loaded")
        return list(await asyncio.gather(*(info.context.load(Person, one) for one in ids)))

    @strawberry.field
    async def titled(self, info: rest.Info, wishes: list[Wish]) -> list[Titled | None] | None:
        ran(info, "titled")
        return [await content_of(info, one.kind, one.of) for one in wishes]

    @strawberry.field
    async def content(self, info: rest.Info, wish: Wish | None = None) -> Content | None:
        wish = wish or Wish()
        return await content_of(info, wish.kind, wish.of)

    @strawberry.field
    def card(self, text: str = "plain", kind: Medium = Medium.TEXT) -> Card:
        return Card(text=text, kind=kind)

    @strawberry.field
    async def grid(self, size: int = 2) -> list[list[Card]]:
        return [[Card(text=f"{row}{cell}", kind=Medium.TEXT) for cell in range(size)] for row in range(2)]

    @strawberry.field
    def echo(self, info: rest.Info, value: float | None = 1.5, flags: list[bool] | None = None) -> str:
        ran(info, "echo")
        return f"{value} {flags}"


@strawberry.type
class Mutation:
    create_person: Person | None = rest.mutation(people.op("createPerson"))
    rename: Person | None = rest.mutation(people.op("rename"))
    must_rename: Person = rest.mutation(people.op("rename"))
    dismiss: rest.auto = rest.mutation(people.op("dismiss"), scopes=["pii"])
    create_order: Order | None = rest.mutation(shop.op("createOrder"))
    set_state: Order | None = rest.mutation(shop.op("setState"))
    publish: Post | None = rest.mutation(media.op("publish"))
    add_asset: Asset | None = rest.mutation(hoard.op("addAsset"))
    must_add: Asset = rest.mutation(hoard.op("addAsset"))
    tow: Vehicle | None = rest.mutation(hoard.op("tow"))

    @strawberry.mutation
    async def checkout(self, info: rest.Info, tenant: str, person: strawberry.ID) -> Order | None:
        ran(info, "checkout")
        customer = await info.context.load(Person, person)
        lines = [{"product_id": "d1"}]
        made = await info.context.call(shop.op("createOrder"), body={"tenant": tenant, "lines": lines})
        return made if customer else None

    @strawberry.mutation
    def count(self, info: rest.Info, by: int = 1) -> int:
        ran(info, "count")
        if by < 0:
            raise ValueError("backwards")
        return by


schema = rest.Schema(query=Query, mutation=Mutation, types=[Note, Car, Truck])
'''

MODULE: Final = "\n\n".join((_HEAD, PEOPLE, SHOP, HOARD, _ROOTS))
