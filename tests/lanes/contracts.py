"""The contracts of the world that both lanes are asked about: a property of every kind, every way to be called.

`world.py` declares a graph over them; `rows.py` makes what their services answer.
"""

from __future__ import annotations

from typing import Final

from tests.graph.projects import (
    BIG,
    INT,
    MONEY,
    TEXT,
    Doc,
    an,
    contract,
    listed,
    nullable,
    operation,
    parameter,
    ref,
)
from tests.lanes.contracts_hoard import HOARD

NUMBER: Final[Doc] = {"type": "number"}
YES_NO: Final[Doc] = {"type": "boolean"}
DAY, TIME, UUID = ({"type": "string", "format": one} for one in ("date", "date-time", "uuid"))
FREE: Final[Doc] = {"type": "object", "additionalProperties": True}
SIZE: Final[Doc] = {**INT, "minimum": 1, "maximum": 5, "default": 2}


def ids(name: str, of: Doc = TEXT, **bounds: int) -> Doc:
    """A required parameter of several values, separated by commas."""
    return parameter(name, listed(of, **bounds), required=True, explode=False)


PEOPLE: Final = contract(
    operation("GET /people/{id}", "getPerson", ref("Person"), statuses=("404",)),
    operation("GET /people", "listPeople", listed(ref("Person")), ids("ids", maxItems=3)),
    operation(
        "GET /staff",
        "listStaff",
        listed(ref("Person")),
        parameter("role", {**ref("Role"), "default": "maker"}),
        parameter("active", YES_NO),
        parameter("skills", listed({"type": "string", "enum": ["code", "cook", "sew"]}), explode=False),
        parameter("level", {**INT, "minimum": 0, "maximum": 9, "default": 1}),
    ),
    operation("GET /people/{id}/friends", "listFriends", listed(nullable(ref("Person")))),
    operation(
        "GET /teams/{id}", "getTeam", ref("Team"), parameter("id", INT, place="path"), statuses=("404",)
    ),
    operation("GET /badges", "listBadges", listed(ref("Badge")), ids("people"), parameter("metal")),
    operation("GET /lockers", "listLockers", listed(ref("Locker")), ids("people", maxItems=2)),
    operation("GET /secrets/{id}", "getSecret", an({"data": ref("Secret")}), statuses=("404",)),
    operation("POST /people", "createPerson", ref("Person"), body=ref("NewPerson"), statuses=("409",)),
    operation("POST /people/{id}/name", "rename", ref("Person"), body=TEXT),
    operation("DELETE /people/{id}", "dismiss", statuses=("404",)),
    Person=an(
        {
            "id": TEXT,
            "name": TEXT,
            "nick": nullable(TEXT),
            "age": INT,
            "points": BIG,
            "balance": MONEY,
            "rate": {"type": "number", "format": "decimal"},
            "height": NUMBER,
            "joinedAt": TIME,
            "born": DAY,
            "uid": UUID,
            "active": YES_NO,
            "extra": FREE,
            "anything": {},
            "role": ref("Role"),
            "roles": listed(ref("Role")),
            "tags": listed(nullable(TEXT)),
            "matrix": listed(listed(INT)),
            "home": ref("Home"),
            "homes": nullable(listed(ref("Home"))),
            "email": nullable(TEXT),
            "boss_id": nullable(TEXT),
            "team_id": nullable(INT),
        },
        optional="nick age born extra anything roles homes boss_id email",
    ),
    Role={"type": "string", "enum": ["maker", "team-lead", "guest"]},
    Home=an({"city": TEXT, "geo": nullable(ref("Geo")), "keeper_id": TEXT}, optional="keeper_id"),
    Geo=an({"lat": NUMBER, "marks": listed(listed(ref("Mark")))}, optional="marks"),
    Mark=an({"label": TEXT, "size": INT}, optional="size"),
    Team=an({"id": INT, "title": TEXT, "lead_id": TEXT, "kind": ref("Kind")}, optional="kind"),
    Kind={"type": "integer", "format": "int32", "enum": [1, 2, 3]},
    Badge=an({"id": TEXT, "person_id": TEXT, "giver_id": nullable(TEXT), "metal": TEXT}, optional="giver_id"),
    Locker=an({"number": BIG, "person_id": TEXT, "open": YES_NO}),
    Secret=an({"id": TEXT, "text": TEXT}),
    NewPerson=an(
        {
            "name": {**TEXT, "minLength": 1},
            "age": {**INT, "minimum": 0},
            "role": {**ref("Role"), "default": "guest"},
            "tags": listed(TEXT, maxItems=2),
            "home": an({"city": TEXT, "zip": nullable(TEXT)}, optional="zip"),
            "balance": MONEY,
            "joinedAt": TIME,
        },
        optional="age role tags home balance joinedAt",
    ),
)

SHOP: Final = contract(
    operation(
        "GET /t/{tenant}/orders/{number}",
        "getOrder",
        ref("Order"),
        parameter("number", BIG, place="path"),
        statuses=("404",),
    ),
    operation(
        "POST /orders/find",
        "findOrders",
        an({"found": listed(ref("Order"))}),
        body=an({"keys": listed(an({"tenant": TEXT, "number": BIG}))}),
    ),
    operation(
        "GET /orders",
        "listOrders",
        an({"data": listed(ref("Order")), "total": INT}),
        parameter("page", INT),
        parameter("per_page", SIZE),
        parameter("customer"),
        parameter("open", YES_NO),
    ),
    operation(
        "GET /payments",
        "listPayments",
        an({"items": listed(ref("Payment")), "total": INT}, optional="total"),
        parameter("offset", INT),
        parameter("limit", SIZE),
        parameter("order", BIG),
    ),
    operation(
        "GET /events",
        "listEvents",
        an({"data": listed(ref("Event")), "next_cursor": nullable(TEXT)}, optional="next_cursor"),
        parameter("cursor"),
        parameter("limit", SIZE),
        parameter("about"),
    ),
    operation(
        "GET /reviews",
        "listReviews",
        listed(ref("Review")),
        parameter("limit", SIZE),
        parameter("person"),
        headers=("Link",),
    ),
    operation(
        "GET /ledger",
        "listLedger",
        an({"data": listed(ref("Entry")), "total": INT}),
        parameter("page", INT),
        parameter("per_page", SIZE),
    ),
    operation("GET /products/{id}", "getProduct", ref("Product"), statuses=("404",)),
    operation(
        "GET /products",
        "listProducts",
        an({"data": listed(ref("Product")), "total": INT}),
        ids("ids"),
        parameter("page", INT),
        parameter("per_page", SIZE),
    ),
    operation("POST /orders", "createOrder", ref("Order"), body=ref("NewOrder"), statuses=("409",)),
    operation(
        "PUT /t/{tenant}/orders/{number}/state",
        "setState",
        ref("Order"),
        parameter("number", BIG, place="path"),
        body=an({"state": ref("State")}),
    ),
    Order=an(
        {
            "tenant": TEXT,
            "number": BIG,
            "state": ref("State"),
            "placedAt": TIME,
            "customer_id": TEXT,
            "parent": nullable(BIG),
            "lines": listed(ref("Line")),
        },
        optional="parent",
    ),
    State={"type": "string", "enum": ["new", "paid", "sent"]},
    Line=an({"product_id": TEXT, "count": INT, "note": TEXT}, optional="note"),
    Payment=an({"id": TEXT, "amount": MONEY, "payer_id": nullable(TEXT)}, optional="payer_id"),
    Event=an({"at": TIME, "what": TEXT, "who_id": nullable(TEXT)}),
    Review=an({"id": TEXT, "stars": INT, "author_id": TEXT}),
    Entry=an({"id": INT, "amount": {"type": "number", "format": "decimal"}, "order": BIG, "tenant": TEXT}),
    Product=an({"id": TEXT, "title": TEXT, "price": MONEY, "maker_id": nullable(TEXT)}),
    NewOrder=an(
        {"tenant": TEXT, "lines": listed(ref("NewLine"), maxItems=3), "state": ref("State")}, optional="state"
    ),
    NewLine=an({"product_id": TEXT, "count": {**INT, "minimum": 1, "default": 1}}, optional="count"),
)

MEDIA: Final = contract(
    operation("GET /articles/{id}", "getArticle", ref("Article"), statuses=("404",)),
    operation("GET /articles", "listArticles", listed(ref("Article")), ids("ids")),
    operation("GET /videos/{id}", "getVideo", ref("Video"), statuses=("404",)),
    operation("GET /feed", "listFeed", listed(ref("Post")), parameter("topic")),
    operation("POST /posts", "publish", ref("Post"), body=an({"kind": TEXT, "of": TEXT})),
    Article=an(
        {"id": TEXT, "title": TEXT, "words": INT, "author_id": nullable(TEXT), "related_id": TEXT},
        optional="words related_id",
    ),
    Video=an({"id": TEXT, "title": nullable(TEXT), "seconds": NUMBER, "maker_id": TEXT}),
    Post=an({"id": TEXT, "kind": TEXT, "of": TEXT, "poster_id": nullable(TEXT)}),
)

CONTRACTS: Final = {"people": PEOPLE, "shop": SHOP, "media": MEDIA, "hoard": HOARD}
