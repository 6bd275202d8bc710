"""A blog for tests of islands: a resolver hangs on `User`, so that a step which yields users and asks for it is an
island; posts, and what else they lead to, stay with the program.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from graph.declaring.schema import Schema
from stolon.testing import Services, answer, caller
from tests.graph.projects import INT, TEXT, an, contract, listed, nullable, operation, parameter, ref
from tests.resolvers.graphs import asked, row_of, rows_of
from tests.resolvers.three_lanes import Came, agreed, on_lane

BLOG: Final = contract(
    operation("GET /posts", "listPosts", listed(ref("Post"))),
    operation("GET /users/{id}", "getUser", ref("User"), statuses=("404",)),
    operation("GET /users", "listUsers", listed(ref("User")), parameter("ids", listed(TEXT), required=True,
              explode=False)),
    operation("GET /days/{id}", "getDay", ref("Day")),
    operation("GET /pets", "listPets", listed(ref("Pet")), parameter("of", listed(TEXT), required=True,
              explode=False)),
    Post=an({"id": TEXT, "title": TEXT, "author_id": nullable(TEXT), "at": {"type": "number"}},
            optional="author_id at"),
    User=an({"id": TEXT, "name": TEXT, "boss_id": nullable(TEXT)}, optional="boss_id"),
    Day=an({"id": TEXT, "first": TEXT, "writer_id": TEXT}),
    Pet={"oneOf": [ref("Cat"), ref("Dog")],
         "discriminator": {"propertyName": "kind", "mapping": {"cat": "Cat", "dog": "Dog"}}},
    Cat=an({"kind": TEXT, "of": TEXT, "lives": INT}),
    Dog=an({"kind": TEXT, "of": TEXT, "barks": {"type": "boolean"}}),
)  # fmt: skip

MODULE: Final = """
@rest.type(blog.schema("User"), key="id", one=blog.op("getUser"), many=blog.op("listUsers", ids=rest.keys))
class User:
    id: rest.auto
    name: rest.auto
    boss: "User | None" = rest.link(key="boss_id")

    @rest.field(needs=["name"])
    async def hello(self, info: rest.Info, loud: bool = False) -> str | None:
        path = ".".join(map(str, info.path.as_list()))
        info.context.caller.claims["ran"].append(path)
        if path in info.context.caller.claims["slow"]:
            await info.context.caller.claims["gate"]
        if self.name == "bad":
            raise rest.FieldError(rest.Fault(rest.Code.CONFLICT, "not this one"))
        return f"{info.path.typename} {self.name}{'!' if loud else ''}"

    @rest.field(needs=["name"])
    def sure_hello(self, info: rest.Info) -> str:
        info.context.caller.claims["ran"].append("sure " + self.name)
        return None if self.name == "bad" else self.name

    @rest.field(needs=["id"])
    async def again(self, info: rest.Info) -> str | None:
        found = await info.schema.execute(info.context.caller.claims["query"], context_value=info.context)
        return f"{found.data} {found.errors}"


@rest.type(blog.schema("Cat"))
class Cat:
    lives: rest.auto


@rest.type(blog.schema("Dog"))
class Dog:
    barks: rest.auto
    owner: User | None = rest.link(key="of")


@rest.type(blog.schema("Day"))
class Day:
    first: rest.auto
    writer: User | None = rest.link(key="writer_id")


@rest.type(blog.schema("Post"), key="id")
class Post:
    id: rest.auto
    title: rest.auto
    at: rest.auto
    author: User | None = rest.link(key="author_id")
    sure_author: User = rest.link(key="author_id")
    day: Day | None = rest.link(blog.op("getDay", id=rest.this("id")))
    pets: rest.auto = rest.link(blog.op("listPets", of=rest.each("author_id")), group_by="of")


@strawberry.type
class Plain:
    word: str
    user: User | None


@strawberry.type
class Query:
    posts: list[Post] | None = rest.query(blog.op("listPosts"))
    user: User | None = rest.query(blog.op("getUser"))

    @strawberry.field
    async def plain(self, info: rest.Info) -> Plain:
        info.context.caller.claims["ran"].append("plain")
        return Plain(word="w", user=await info.context.load(User, "u1"))


schema = rest.Schema(query=Query)
"""

USERS: Final = {"u1": "ana", "u2": "bo", "u3": "bad"}
POSTS: Final = [("p1", "u1"), ("p2", "u2"), ("p3", "u1"), ("p4", None)]


def blog(posts: Sequence[tuple[str, str | None]] | None = None, **more: Any) -> Services:
    """Four posts of two authors, or those given."""
    made = Services()
    rows = [{"id": key, "title": f"about {key}", "author_id": of} for key, of in posts or POSTS]
    users = [{"id": key, "name": name, "boss_id": "u1"} for key, name in USERS.items()]
    made.answer("blog", "listPosts", json=rows)
    made.on("blog", "getUser", row_of(users))
    made.on("blog", "listUsers", rows_of(users))
    made.on("blog", "getDay", lambda one: answer({"id": "d", "first": one.target[-2:], "writer_id": "u2"}))
    made.on(
        "blog",
        "listPets",
        lambda one: answer(
            [
                {"kind": "cat", "of": key, "lives": 9}
                if key == "u1"
                else {"kind": "dog", "of": key, "barks": True}
                for key in asked(one, "of")
            ]
        ),
    )
    for name, handler in more.items():
        made.on("blog", name, handler)
    return made


def asking(*slow: str, gate: asyncio.Future[None] | None = None, query: str = "") -> Any:
    """A caller whose resolvers note where they ran, and wait for the gate where they are slow."""
    return caller("me", ran=[], slow=slow, gate=gate, query=query)


async def fast(
    schema: Schema, query: str, services: Services | None = None, **options: Any
) -> tuple[Came, list[str]]:
    """What the fast lane makes of it, and the resolvers that ran."""
    who = options.pop("caller", None) or asking()
    found = await on_lane("fast", schema, query, services or blog(), caller=who, **options)
    return found, who.claims["ran"]


async def same(
    schema: Schema, query: str, services: Callable[[], Services] = blog, lane: str = "fast"
) -> Came:
    """What all lanes make of it alike; the resolvers that run too, where no null takes what is beside it."""
    found = await agreed(schema, query, services, caller=asking(), lanes=(lane,))
    if any(one["path"][-1] == "sureHello" for one in found.errors):
        return found
    ran = []
    for one in ("reference", "fast"):
        who = asking()
        await on_lane(one, schema, query, services(), caller=who)
        ran.append(Counter(who.claims["ran"]))
    assert ran[0] == ran[1]
    return found
