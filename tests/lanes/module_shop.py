"""The part of the world's module that is about orders and media: composite keys, connections, interfaces."""

from __future__ import annotations

from typing import Final

SHOP: Final = '''
@rest.type(
    shop.schema("Order"),
    key=("tenant", "number"),
    one=shop.op("getOrder"),
    many=shop.op("findOrders", keys=rest.keys, safe=True),
)
class Order:
    tenant: rest.auto
    number: rest.auto
    state: rest.auto
    placed_at: rest.auto
    lines: rest.auto
    customer: Person | None = rest.link(key="customer_id")
    parent: Order | None = rest.link(key=("tenant", "parent"))
    payments: rest.Connection[Payment] | None = rest.connection(
        shop.op("listPayments", order=rest.this("number"))
    )


@rest.type(shop.schema("Line"))
class Line:
    count: rest.auto
    note: rest.auto
    product: Product | None = rest.link(key="product_id")


@rest.type(
    shop.schema("Product"), key="id", one=shop.op("getProduct"), many=shop.op("listProducts", ids=rest.keys)
)
class Product(Made):
    id: rest.auto
    title: rest.auto
    price: rest.auto
    maker_link: Person | None = rest.link(key="maker_id")


@rest.type(shop.schema("Payment"))
class Payment:
    id: rest.auto
    amount: rest.auto
    payer: Person | None = rest.link(key="payer_id")


@rest.type(shop.schema("Event"))
class Event:
    at: rest.auto
    what: rest.auto
    who: Person | None = rest.link(key="who_id")


@rest.type(shop.schema("Review"))
class Review:
    id: rest.auto
    stars: rest.auto
    author: Person = rest.link(key="author_id")


@rest.type(shop.schema("Review"), scopes=["secrets"])
class Sealed:
    stars: rest.auto
    author: Person | None = rest.link(key="author_id")


@rest.type(shop.schema("Entry"))
class Entry:
    id: rest.auto
    amount: rest.auto
    order: Order | None = rest.link(key=("tenant", "order"))


@rest.type(
    media.schema("Article"), key="id", one=media.op("getArticle"), many=media.op("listArticles", ids=rest.keys)
)
class Article(Titled):
    id: rest.auto
    title: rest.auto
    words: rest.auto
    author: Person | None = rest.link(key="author_id")
    related: Article | None = rest.link(key="related_id")


@rest.type(media.schema("Video"), key="id", one=media.op("getVideo"))
class Video(Titled, Made):
    id: rest.auto
    title: rest.auto
    seconds: rest.auto


@strawberry.type
class Note(Titled):
    title: str | None
    lines: list[list[int | None]] | None = None


@rest.type(media.schema("Post"))
class Post:
    id: rest.auto
    kind: rest.auto
    poster: Person | None = rest.link(key="poster_id")

    @rest.field(needs=["kind", "of"])
    async def content(self, info: rest.Info) -> Content | None:
        ran(info, "content")
        return await content_of(info, self.kind, self.of)

    @rest.field(needs=["kind", "of"])
    async def must_titled(self, info: rest.Info) -> Titled:
        return await content_of(info, self.kind, self.of)


@rest.extend(Person)
class PersonArticles:
    """What media add to people."""

    surname: str | None = rest.field(path="name")

    @strawberry.field
    async def article(self, info: rest.Info, id: strawberry.ID) -> Article | None:
        return await info.context.load(Article, id)
'''
