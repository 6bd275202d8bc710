"""The public idiom with quoted forward references: types that name each other across modules, both kinds of keys."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from stolon import rest

if TYPE_CHECKING:
    from sales import Order

users_api = rest.contract("users")
places = rest.contract("places")


@rest.type(
    users_api.schema("User"),
    key="id",
    one=users_api.op("getUser", user_id=rest.key),
    many=users_api.op("listUsers", ids=rest.keys, pick="data"),
    scopes=["users:read"],
    description="Somebody.",
)
class User:
    """A user."""

    id: rest.auto
    name: rest.auto
    email: rest.auto = rest.field(scopes=["users:pii"])
    age: int | None
    city: str | None = rest.field(path="profile.address.city", name="town")
    boss: "User | None" = rest.link(key="boss_id", public=True)
    latest: Annotated["Order", strawberry.lazy("sales")] | None = rest.link(key="latest_id")
    place: "Place | None" = rest.link(key=("country", "zip"))

    @rest.field(needs=["name", "age"], description="How to greet.")
    def label(self) -> str:
        """Name and age."""
        return f"{self.name} ({self.age})"

    @strawberry.field
    async def older(self, info: rest.Info, years: int = 1) -> int | None:
        """The age in some years."""
        boss = await info.context.load(User, "1")
        return None if self.age is None or boss is None else self.age + years


@rest.type(
    places.schema("Place"),
    key=("country", "zip"),
    one=places.op("getPlace", country=rest.key("country"), zip=rest.key("zip")),
    many=places.op("findPlaces", {"keys": rest.keys}, safe=True),
)
class Place:
    """A place with a key of two parts."""

    country: rest.auto
    zip: rest.auto
    name: rest.auto
