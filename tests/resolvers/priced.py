"""A small graph in which everything is served that has a price, over services that keep to their contracts and
their paging, whose tables are as long as a test wants.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from graph.declaring.schema import Schema
from stolon.testing import Request, Response, Service, Services, answer
from tests.graph.projects import INT, TEXT, Doc, an, contract, listed, nullable, operation, parameter, ref
from tests.resolvers.graphs import project, row_of, rows_of

SIZE: Doc = {**INT, "minimum": 1, "maximum": 5, "default": 2}
COUNT: Doc = {**INT, "minimum": 0}


def ids(name: str, **bounds: int) -> Doc:
    """A required parameter of several texts, separated by commas."""
    return parameter(name, listed(TEXT, **bounds), required=True, explode=False)


def paged(call: str, name: str, item: str, total: Doc | None, *parameters: Doc) -> Doc:
    """An operation that answers a page, with a total where one is given."""
    properties = {"data": listed(ref(item))} | ({} if total is None else {"total": total})
    return operation(call, name, an(properties), *parameters)


SHOP: Doc = contract(
    operation("GET /people/{id}", "getPerson", ref("Person"), statuses=("404",)),
    operation("GET /people", "listPeople", listed(ref("Person")), ids("ids", maxItems=3)),
    operation("GET /staff", "listStaff", listed(ref("Person"), maxItems=6), parameter("level")),
    operation("GET /friends/{id}", "listFriends", listed(ref("Person"))),
    operation("GET /cities/{id}", "getCity", ref("City"), statuses=("404",)),
    operation("GET /weather", "getWeather", an({"text": TEXT})),
    paged("GET /orders", "listOrders", "Order", COUNT, parameter("offset", INT), parameter("limit", SIZE),
          parameter("customer")),
    paged("GET /visits", "listVisits", "Visit", COUNT, parameter("page", INT), parameter("per_page", SIZE)),
    paged("GET /calls", "listCalls", "Visit", None, parameter("offset", INT), parameter("limit", SIZE)),
    operation("GET /events", "listEvents", an({"data": listed(ref("Visit")), "next_cursor": nullable(TEXT)}),
              parameter("cursor"), parameter("limit", SIZE), parameter("about")),
    paged("GET /ledger", "listLedger", "Visit", COUNT, parameter("page", INT), parameter("per_page", SIZE)),
    paged("GET /products", "listProducts", "Product", COUNT, ids("ids"), parameter("page", INT),
          parameter("per_page", SIZE)),
    operation("GET /payments", "listPayments", listed(ref("Payment")), ids("orders", maxItems=4)),
    operation("GET /notes", "listNotes", an({"data": listed(ref("Payment")), "next_cursor": nullable(TEXT)}),
              ids("orders"), parameter("cursor"), parameter("limit", SIZE)),
    operation("POST /visits", "addVisit", ref("Visit"), body=an({"who": TEXT})),
    Person=an({"id": TEXT, "name": TEXT, "boss": nullable(TEXT), "city": TEXT,
               "marks": listed(an({"of": TEXT}), maxItems=2), "tags": listed(an({"of": TEXT}))}),
    City=an({"id": TEXT, "mayor": TEXT}),
    Order=an({"id": TEXT, "customer": TEXT, "product": TEXT}),
    Visit=an({"id": TEXT, "who": TEXT}),
    Product=an({"id": TEXT, "maker": TEXT}),
    Payment=an({"id": TEXT, "order": TEXT, "payer": TEXT}),
)  # fmt: skip

MODULE = """
@rest.type(shop.schema("Person"), key="id", one=shop.op("getPerson"), many=shop.op("listPeople", ids=rest.keys))
class Person:
    id: rest.auto
    name: rest.auto
    boss: "Person | None" = rest.link(key="boss")
    city: "City | None" = rest.link(key="city")
    friends: "list[Person] | None" = rest.link(shop.op("listFriends", id=rest.this("id")))
    staff: "list[Person] | None" = rest.link(shop.op("listStaff", level="low"))
    orders: "rest.Connection[Order] | None" = rest.connection(shop.op("listOrders", customer=rest.this("id")))
    events: "rest.Connection[Visit] | None" = rest.connection(shop.op("listEvents", about=rest.this("id")))

    @rest.field(needs=["name"])
    def label(self) -> str:
        return str(self.name)

    @rest.field(needs=["boss"])
    async def chief(self, info: rest.Info) -> "Person | None":
        return None if self.boss is None else await info.context.load(Person, self.boss)


@rest.type(shop.schema("City"), key="id", one=shop.op("getCity"))
class City:
    id: rest.auto
    mayor: Person | None = rest.link(key="mayor")


@rest.type(shop.schema("Product"), key="id", many=shop.op("listProducts", ids=rest.keys))
class Product:
    id: rest.auto
    maker: Person | None = rest.link(key="maker")


@rest.type(shop.schema("Payment"))
class Payment:
    id: rest.auto
    payer: Person | None = rest.link(key="payer")


@rest.type(shop.schema("Order"))
class Order:
    id: rest.auto
    product: Product | None = rest.link(key="product")
    payments: list[Payment] | None = rest.link(
        shop.op("listPayments", orders=rest.each("id")), group_by="order")
    notes: list[Payment] | None = rest.link(shop.op("listNotes", orders=rest.each("id")), group_by="order")


@rest.type(shop.schema("Visit"))
class Visit:
    id: rest.auto
    who: Person | None = rest.link(key="who")


@strawberry.type
class Query:
    me: Person | None = rest.query(shop.op("getPerson", id=rest.caller("sub")))
    staff: list[Person] | None = rest.query(shop.op("listStaff"))
    weather: rest.auto = rest.query(shop.op("getWeather"))
    orders: rest.Connection[Order] | None = rest.connection(shop.op("listOrders"))
    visits: rest.Connection[Visit] | None = rest.connection(shop.op("listVisits"))
    calls: rest.Connection[Visit] | None = rest.connection(shop.op("listCalls"))
    events: rest.Connection[Visit] | None = rest.connection(shop.op("listEvents"))
    ledger: list[Visit] | None = rest.query(shop.op("listLedger"))

    @strawberry.field
    async def team(self, info: rest.Info) -> list[Person]:
        return [await info.context.load(Person, "p1")]


@strawberry.type
class Mutation:
    add_visit: Visit | None = rest.mutation(shop.op("addVisit"))


schema = rest.Schema(query=Query, mutation=Mutation)
"""

BOUNDS = Service(name="shop", url="http://localhost", batch_limit=7, page_limit=9)


def priced(folder: Path) -> Schema:
    """The schema of the graph."""
    return project(folder, MODULE, shop=SHOP)


def rows(count: int) -> dict[str, list[Doc]]:
    """Tables: so many rows in each; they name each other round about."""

    def at(letter: str, number: int) -> str:
        return f"{letter}{number % max(count, 1)}"

    numbers = range(count)
    return {
        "people": [
            {"id": f"p{n}", "name": f"name {n}", "boss": at("p", n * 3 + 1), "city": at("c", n // 2),
             "marks": [], "tags": []} for n in numbers
        ],
        "cities": [{"id": f"c{n}", "mayor": at("p", n)} for n in numbers],
        "orders": [{"id": f"o{n}", "customer": at("p", n // 3), "product": at("d", n)} for n in numbers],
        "visits": [{"id": f"v{n}", "who": at("p", n * 2)} for n in numbers],
        "products": [{"id": f"d{n}", "maker": at("p", n + 1)} for n in numbers],
        "payments": [{"id": f"y{n}", "order": at("o", n // 2), "payer": at("p", n)} for n in numbers],
    }  # fmt: skip


def services(tables: dict[str, list[Doc]]) -> Services:
    """Services that hold these tables."""
    people, visits = tables["people"], tables["visits"]
    made = Services(shop=BOUNDS)
    handlers: dict[str, Callable[[Request], Response]] = {
        "getPerson": row_of(people),
        "listPeople": rows_of(people),
        "listStaff": lambda _: answer(people[:6]),
        "listFriends": lambda _: answer(people[:4]),
        "getCity": row_of(tables["cities"]),
        "getWeather": lambda _: answer({"text": "fine"}),
        "listOrders": lambda request: _offset(
            request, _of(tables["orders"], request, "customer"), total=True
        ),
        "listVisits": lambda request: _numbered(request, visits),
        "listCalls": lambda request: _offset(request, visits, total=False),
        "listEvents": lambda request: _cursor(request, visits),
        "listLedger": lambda request: _numbered(request, visits),
        "listProducts": lambda request: _numbered(request, _among(tables["products"], request, "ids", "id")),
        "listPayments": lambda request: answer(_among(tables["payments"], request, "orders", "order")),
        "listNotes": lambda request: _cursor(request, _among(tables["payments"], request, "orders", "order")),
        "addVisit": lambda _: answer({"id": "new", "who": "p0"}),
    }
    for name, handler in handlers.items():
        made.on("shop", name, handler)
    return made


def _query(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.target).query).items()}


def _of(listed_: list[Doc], request: Request, name: str) -> list[Doc]:
    wanted = _query(request).get(name)
    return [row for row in listed_ if wanted is None or row[name] == wanted]


def _among(listed_: list[Doc], request: Request, name: str, key: str) -> list[Doc]:
    wanted = set(_query(request)[name].split(","))
    return [row for row in listed_ if row[key] in wanted]


def _offset(request: Request, found: list[Any], *, total: bool) -> Response:
    asked = _query(request)
    start, size = int(asked.get("offset", 0)), int(asked.get("limit", 2))
    return answer({"data": found[start : start + size]} | ({"total": len(found)} if total else {}))


def _numbered(request: Request, found: list[Any]) -> Response:
    asked = _query(request)
    page, size = int(asked.get("page", 1)), int(asked.get("per_page", 2))
    return answer({"data": found[(page - 1) * size : page * size], "total": len(found)})


def _cursor(request: Request, found: list[Any]) -> Response:
    asked = _query(request)
    start, size = int(asked.get("cursor", "0")), int(asked.get("limit", 2))
    following = start + size
    return answer(
        {"data": found[start:following], "next_cursor": str(following) if following < len(found) else None}
    )
