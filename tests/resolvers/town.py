"""A town for tests of compiled plans: leaves and links of every kind, objects in objects, lists in lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from stolon.testing import Request, Response, Services, answer
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
from tests.resolvers.graphs import asked, row_of, rows_of

SIZE: Final[Doc] = {**INT, "minimum": 1, "maximum": 50, "default": 10}

PEOPLE: Final = contract(
    operation("GET /all", "allPeople", listed(ref("Person")), parameter("mood")),
    operation("GET /some", "somePeople", listed(nullable(ref("Person")))),
    operation("GET /boxed", "boxedPeople",
              an({"data": an({"items": listed(ref("Person"))}), "note": TEXT}, optional="data")),
    operation("GET /by", "byMoods", listed(ref("Person")), parameter("moods", listed(TEXT), explode=False)),
    operation("GET /people/{id}", "getPerson", ref("Person"), parameter("id", INT, place="path"), statuses=("404",)),
    operation("GET /people", "listPeople", listed(ref("Person")),
              parameter("ids", listed(INT), required=True, explode=False)),
    operation("GET /walks", "listWalks", an({"items": listed(ref("Walk")), "total": INT}, optional="total"),
              parameter("of", INT), parameter("offset", INT), parameter("limit", SIZE)),
    operation("GET /notes", "listNotes", listed(ref("Note")),
              parameter("of", listed(INT), required=True, explode=False)),
    operation("GET /diary", "getDiary", ref("Diary"), parameter("of", INT, required=True), parameter("year", INT)),
    operation("GET /friends", "listFriends", listed(nullable(ref("Person"))), parameter("of", INT, required=True)),
    operation("GET /rows", "listRows", listed(ref("Note")), parameter("page", INT), parameter("per_page", SIZE)),
    operation("POST /people", "addPerson", ref("Person"), body=an({"name": TEXT})),
    Person=an(
        {
            "id": INT, "name": TEXT, "nick": TEXT, "note": nullable(TEXT), "points": BIG, "pay": MONEY,
            "height": {"type": "number"}, "alive": {"type": "boolean"},
            "mood": {"type": "string", "enum": ["glad", "sad"]},
            "born": {"type": "string", "format": "date"}, "seen": {"type": "string", "format": "date-time"},
            "uid": {"type": "string", "format": "uuid"}, "extra": {}, "tags": listed(nullable(TEXT)),
            "grid": listed(listed(INT)), "home": ref("Home"), "homes": listed(ref("Home")), "boss_id": nullable(INT),
            "secret": TEXT, "land": TEXT, "zip": TEXT, "class": TEXT, "f0": TEXT,
        },
        optional="nick note points pay height alive mood born seen uid extra tags grid home homes boss_id secret land"
        " zip class f0",
    ),
    Home=an({"street": TEXT, "geo": nullable(ref("Geo")), "keeper_id": INT, "past": listed(ref("Geo"))},
            optional="geo keeper_id past"),
    Geo=an({"lat": {"type": "number"}, "spot": TEXT}, optional="spot"),
    Note=an({"id": TEXT, "of": INT, "by": INT}, optional="by"),
    Walk=an({"id": TEXT, "to": INT, "km": {"type": "number"}}, optional="km"),
    Diary=an({"of": INT, "first": TEXT, "writer": INT}, optional="writer"),
)  # fmt: skip
PLACES: Final = contract(
    operation("GET /places/{land}/{zip}", "getPlace", ref("Place"), statuses=("404",)),
    operation("GET /flat", "listFlats", listed(ref("Flat")),
              parameter("ids", listed(TEXT), required=True, explode=False)),
    Place=an({"land": TEXT, "zip": TEXT, "name": TEXT, "mayor": INT}, optional="mayor"),
    Flat=an({"id": TEXT, "rent": {"type": "number", "format": "decimal"}, "size": {"type": "number"}, "rooms": INT}),
)  # fmt: skip

MODULE: Final = """
@rest.type(places.schema("Place"), key=("land", "zip"), one=places.op("getPlace"))
class Place:
    name: rest.auto
    mayor: "Person | None" = rest.link(key="mayor")


@rest.type(places.schema("Flat"), key="id", many=places.op("listFlats", ids=rest.keys))
class Flat:
    id: rest.auto
    rent: rest.auto
    size: rest.auto
    rooms: rest.auto


@rest.type(people.schema("Note"))
class Note:
    id: rest.auto
    by: "Person | None" = rest.link(key="by")


@rest.type(people.schema("Walk"))
class Walk:
    id: rest.auto
    km: rest.auto
    to: "Person | None" = rest.link(key="to")


@rest.type(people.schema("Diary"))
class Diary:
    first: rest.auto
    writer: "Person | None" = rest.link(key="writer")


@rest.type(people.schema("Geo"))
class Geo:
    lat: rest.auto
    spot: rest.auto


@rest.type(people.schema("Home"))
class Home:
    street: rest.auto
    geo: rest.auto
    past: rest.auto
    keeper: "Person | None" = rest.link(key="keeper_id")


@rest.type(people.schema("Person"), key="id", one=people.op("getPerson"), many=people.op("listPeople", ids=rest.keys))
class Person:
    id: rest.auto
    key: strawberry.ID = rest.field(path="id")
    name: rest.auto
    nick: rest.auto
    note: rest.auto
    points: rest.auto
    pay: rest.auto
    height: rest.auto
    alive: rest.auto
    mood: rest.auto
    born: rest.auto
    seen: rest.auto
    uid: rest.auto
    extra: rest.auto
    tags: rest.auto
    grid: rest.auto
    home: rest.auto
    homes: rest.auto
    street: str | None = rest.field(path="home.street")
    geo: Geo | None = rest.field(path="home.geo")
    past: list[Geo] | None = rest.field(path="home.past")
    secret: rest.auto = rest.field(scopes=["secrets"])
    klass: str | None = rest.field(path="class")
    f_0: str | None = rest.field(path="f0")
    boss: "Person | None" = rest.link(key="boss_id")
    sure_boss: "Person" = rest.link(key="boss_id")
    keeper: "Person | None" = rest.link(key="home.keeper_id")
    place: Place | None = rest.link(key=("land", "zip"))
    flat: Flat | None = rest.link(key="zip")
    friends: "list[Person | None] | None" = rest.link(people.op("listFriends", of=rest.this("id")))
    diary: Diary | None = rest.link(people.op("getDiary", of=rest.this("id")))
    keeper_diary: Diary | None = rest.link(people.op("getDiary", of=rest.this("home.keeper_id")))
    boss_diary: Diary | None = rest.link(people.op("getDiary", of=rest.this("boss_id")))
    notes: list[Note] | None = rest.link(people.op("listNotes", of=rest.each("id")), group_by="of")
    note_of: Note | None = rest.link(people.op("listNotes", of=rest.each("id")), group_by="of")
    walks: rest.Connection[Walk] | None = rest.connection(people.op("listWalks", of=rest.this("id")))

    @rest.field(needs=["name"])
    def shout(self) -> str:
        return self.name.upper()


@strawberry.type
class Plain:
    word: str


@strawberry.type
class Query:
    all: list[Person] | None = rest.query(people.op("allPeople"))
    every: list[Person] = rest.query(people.op("allPeople"))
    some: list[Person | None] | None = rest.query(people.op("somePeople"))
    boxed: list[Person] | None = rest.query(people.op("boxedPeople", pick="data.items"))
    sure_boxed: list[Person] = rest.query(people.op("boxedPeople", pick="data.items"))
    by: list[Person] | None = rest.query(people.op("byMoods"))
    person: Person | None = rest.query(people.op("getPerson"))
    me: Person | None = rest.query(people.op("getPerson", id=rest.caller("number")))
    place: Place | None = rest.query(places.op("getPlace"))
    flat: Flat | None = rest.query(key="id") if False else None
    rows: list[Note] | None = rest.query(people.op("listRows"))
    walks: rest.Connection[Walk] | None = rest.connection(people.op("listWalks"))

    @strawberry.field
    def plain(self) -> Plain:
        return Plain(word="w")


@strawberry.type
class Mutation:
    add: Person | None = rest.mutation(people.op("addPerson"))


schema = rest.Schema(query=Query, mutation=Mutation)
""".replace('    flat: Flat | None = rest.query(key="id") if False else None\n', "")

CONTRACTS: Final = {"people": PEOPLE, "places": PLACES}


def person(key: int, boss: int | None = None, **more: Any) -> dict[str, Any]:
    """One row of people, without what is optional."""
    return {"id": key, "name": f"name of {key}", "boss_id": boss, **more}


def by(parameter: str, rows: Callable[[int], object]) -> Callable[[Request], Response]:
    """A handler that answers by the value of a numeric parameter."""

    def handler(request: Request) -> Response:
        (value,) = parse_qs(urlsplit(request.target).query)[parameter]
        return answer(rows(int(value)))

    return handler


def window(rows: list[dict[str, Any]], *, total: bool = True) -> Callable[[Request], Response]:
    """A handler of a paged list, by offset and limit."""

    def handler(request: Request) -> Response:
        query = parse_qs(urlsplit(request.target).query)
        start, size = int(query.get("offset", ["0"])[0]), int(query.get("limit", ["10"])[0])
        return answer({"items": rows[start : start + size]} | ({"total": len(rows)} if total else {}))

    return handler


def town(people: Iterable[dict[str, Any]]) -> Services:
    """Services that hold these people; of everything else a little for everybody."""
    rows = list(people)
    made = Services()
    for name in ("allPeople", "somePeople", "byMoods"):
        made.answer("people", name, json=rows)
    made.answer("people", "boxedPeople", json={"data": {"items": rows}, "note": "n"})
    made.on("people", "getPerson", row_of(rows))
    made.on("people", "listPeople", rows_of(rows))
    made.on("people", "listFriends", by("of", lambda of: [person(of + 1), None, person(of + 2, of)]))
    made.on("people", "getDiary", by("of", lambda of: {"of": of, "first": f"day of {of}", "writer": 1}))
    made.on(
        "people",
        "listNotes",
        lambda one: answer([{"id": f"n{of}", "of": int(of), "by": 1} for of in asked(one, "of")]),
    )
    made.on("people", "listWalks", window([{"id": f"w{to}", "to": to, "km": to / 2} for to in range(1, 5)]))
    made.answer("places", "getPlace", json={"land": "ES", "zip": "1", "name": "Ur", "mayor": 2})
    made.on(
        "places",
        "listFlats",
        lambda one: answer([{"id": key, "rent": 1.25, "size": 2.5, "rooms": 3} for key in asked(one, "ids")]),
    )
    return made
