"""The part of the world's module that is about people: properties, links and groups of every kind, resolvers of every
kind on a bound type.
"""

from __future__ import annotations

from typing import Final

PEOPLE: Final = """
@strawberry.enum
class Medium(enum.Enum):
    TEXT = "text"
    FILM = strawberry.enum_value("film", deprecation_reason="Old.")


@rest.type(
    people.schema("Person"), key="id", one=people.op("getPerson"), many=people.op("listPeople", ids=rest.keys)
)
class Person:
    id: rest.auto
    name: rest.auto
    nick: rest.auto
    age: rest.auto
    points: rest.auto
    balance: rest.auto
    rate: rest.auto
    height: rest.auto
    joined_at: rest.auto
    born: rest.auto
    uid: rest.auto
    active: rest.auto
    extra: rest.auto
    anything: rest.auto
    role: rest.auto
    roles: rest.auto
    tags: rest.auto
    matrix: rest.auto
    home: rest.auto
    homes: rest.auto
    email: rest.auto = rest.field(scopes=["pii"])
    city: str | None = rest.field(path="home.city")
    latitude: float | None = rest.field(path="home.geo.lat")
    boss: Person | None = rest.link(key="boss_id")
    must_boss: Person = rest.link(key="boss_id")
    team: Team | None = rest.link(key="team_id")
    keeper: Person | None = rest.link(people.op("getPerson", id=rest.this("home.keeper_id")))
    friends: list[Person | None] | None = rest.link(people.op("listFriends", id=rest.this("id")))
    must_friends: list[Person | None] = rest.link(people.op("listFriends", id=rest.this("id")))
    badges: list[Badge] | None = rest.link(people.op("listBadges", people=rest.each("id")), group_by="person_id")
    must_badges: list[Badge] = rest.link(
        people.op("listBadges", people=rest.each("boss_id"), metal="gold"), group_by="person_id"
    )
    locker: Locker | None = rest.link(people.op("listLockers", people=rest.each("id")), group_by="person_id")
    must_locker: Locker = rest.link(people.op("listLockers", people=rest.each("id")), group_by="person_id")
    secret: Secret | None = rest.link(key="id")
    orders: rest.Connection[Order] | None = rest.connection(shop.op("listOrders", customer=rest.this("id")))
    events: rest.Connection[Event] | None = rest.connection(shop.op("listEvents", about=rest.this("boss_id")))
    reviews: rest.Connection[Review] | None = rest.connection(shop.op("listReviews", person=rest.this("id")))

    @rest.field(needs=["name", "age"])
    def label(self, info: rest.Info, prefix: str = "") -> str:
        ran(info, "label")
        return f"{prefix}{self.name} {self.age}"

    @rest.field(needs=["id"])
    def fussy(self) -> str:
        if self.id.endswith("1"):
            raise ValueError(f"cannot bear {self.id}")
        return f"fine {self.id}"

    @rest.field(needs=["id"])
    async def hole(self) -> str:
        await asyncio.sleep(0)
        return None if self.id.endswith("2") else self.id

    @rest.field(needs=["id"], scopes=["pii"])
    def guarded(self) -> str | None:
        return f"guarded {self.id}"

    @strawberry.field
    async def mentor(self, info: rest.Info) -> Person | None:
        ran(info, "mentor")
        return None if self.boss_id is None else await info.context.load(Person, self.boss_id)

    @strawberry.field
    async def friends_of_boss(self, info: rest.Info) -> list[Person | None] | None:
        ran(info, "friends_of_boss")
        if self.boss_id is None:
            return None
        return await info.context.call(people.op("listFriends"), id=self.boss_id)

    @strawberry.field(permission_classes=[Staff])
    def salary(self) -> int | None:
        return len(self.name)

    @strawberry.field(extensions=[Loud()])
    def cry(self) -> str | None:
        return self.nick

    @strawberry.field
    def card(self, kind: Medium = Medium.TEXT) -> Card:
        return Card(text=self.name, kind=kind, of=self)

    @strawberry.field
    def twins(self, count: int = 2) -> list[Card | None]:
        return [None if one == 1 else Card(text=f"{one}", kind=Medium.FILM, of=self) for one in range(count)]


@rest.type(people.schema("Team"), key="id", one=people.op("getTeam"))
class Team:
    id: rest.auto
    title: rest.auto
    kind: rest.auto
    lead: Person | None = rest.link(key="lead_id")
    must_lead: Person = rest.link(key="lead_id")


@rest.type(people.schema("Badge"))
class Badge:
    id: rest.auto
    metal: rest.auto
    person: Person | None = rest.link(key="person_id")
    giver: Person | None = rest.link(key="giver_id")


@rest.type(people.schema("Locker"))
class Locker:
    number: rest.auto
    open: rest.auto
    holder: Person | None = rest.link(key="person_id")


@rest.type(people.schema("Secret"), key="id", one=people.op("getSecret"), scopes=["secrets"])
class Secret:
    id: rest.auto
    text: rest.auto
    owner: Person | None = rest.link(key="id")
"""
