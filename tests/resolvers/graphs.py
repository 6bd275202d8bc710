"""Small projects for tests of the store, and services that wait to be let go.

`project(...)` loads a schema from contracts (in the words of `tests/graph/projects.py`) and a module. `Gate` holds
calls back, so that a test decides which answer lands when, and counts how many are under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.parse import parse_qs, urlsplit

from graph.declaring.schema import Schema
from stolon.testing import Answer, Request, Response, Services, answer
from tests.graph.projects import TEXT, Doc, an, contract, listed, load, nullable, operation, parameter, ref

HEAD = (
    "from __future__ import annotations\n\nimport asyncio\n\nimport strawberry\n\nfrom stolon import rest\n\n"
)


def project(folder: Path, module: str, toml: str = "", /, **contracts: Doc) -> Schema:
    """A project's schema. Its module starts with Strawberry, `rest` and a name for each contract."""
    named = "".join(f"{name} = rest.contract({name!r})\n" for name in contracts)
    return load(folder, HEAD + named + "\n\n" + dedent(module), contracts, toml or "[graph]\n")


def asked(request: Request, name: str) -> list[str]:
    """The values of a comma-separated query parameter, in order."""

    found = parse_qs(urlsplit(request.target).query).get(name, [])
    return [one for text in found for one in text.split(",")]


def rows_of(
    rows: Iterable[Mapping[str, Any]], parameter: str = "ids", key: str = "id"
) -> Callable[[Request], Response]:
    """A handler of a `many`: the rows that were asked for, in the service's own order."""
    listed = list(rows)

    def handler(request: Request) -> Response:
        wanted = set(asked(request, parameter))
        return answer([row for row in listed if str(row[key]) in wanted])

    return handler


def row_of(rows: Iterable[Mapping[str, Any]], key: str = "id") -> Callable[[Request], Response]:
    """A handler of a `one`, whose key ends its path: the row, or 404."""
    by_key = {str(row[key]): row for row in rows}

    def handler(request: Request) -> Response:
        found = by_key.get(request.target.rpartition("/")[2])
        return answer(status=404) if found is None else answer(found)

    return handler


class Gate:
    """A handler that holds every call until it is let go. `most` is how many were under way at once."""

    def __init__(self, handler: Callable[[Request], Response]) -> None:
        self._handler = handler
        self.waiting: list[tuple[Request, asyncio.Future[None]]] = []
        self.most = 0
        self.cancelled = 0

    async def __call__(self, request: Request) -> Response:
        """Wait, then answer."""
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        mine = (request, opened)
        self.waiting.append(mine)
        self.most = max(self.most, len(self.waiting))
        try:
            await opened
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.waiting.remove(mine)
        return self._handler(request)

    def open(self, count: int | None = None) -> None:
        """Let the first so many calls go, or all that wait."""
        for _, opened in self.waiting[:count]:
            if not opened.done():
                opened.set_result(None)


async def turns(count: int = 200) -> None:
    """Let the loop turn, without time passing, until everything has come to rest that can."""
    for _ in range(count):
        await asyncio.sleep(0)


def codes(result: Answer) -> list[tuple[list[Any], str]]:
    """Path and code of each error, in their order."""
    return [(one.get("path", []), one["extensions"]["code"]) for one in result.errors]


# --- one project that many tests ask: people, what they post, and what is said about it

PEOPLE: Doc = contract(
    operation("GET /people/{id}", "getPerson", ref("Person"), statuses=("404",)),
    operation(
        "GET /people",
        "listPeople",
        listed(ref("Person")),
        parameter("ids", listed(TEXT, maxItems=4), required=True, explode=False),
    ),
    Person=an({"id": TEXT, "name": TEXT, "boss_id": nullable(TEXT)}, optional="boss_id"),
)

POSTS: Doc = contract(
    operation("GET /posts", "listPosts", listed(ref("Post")), parameter("topic")),
    operation("GET /posts/{id}", "getPost", ref("Post"), statuses=("404",)),
    operation(
        "GET /comments",
        "listComments",
        listed(ref("Comment")),
        parameter("post_ids", listed(TEXT), required=True, explode=False),
        parameter("state"),
    ),
    Post=an({"id": TEXT, "author_id": TEXT, "reviewer_id": nullable(TEXT)}, optional="reviewer_id"),
    Comment=an({"id": TEXT, "post_id": TEXT, "person_id": TEXT}),
)

SOCIAL = """
@rest.type(people.schema("Person"), key="id", one=people.op("getPerson"), many=people.op("listPeople", ids=rest.keys))
class Person:
    id: rest.auto
    name: rest.auto
    boss: "Person | None" = rest.link(key="boss_id")


@rest.type(posts.schema("Comment"))
class Comment:
    id: rest.auto
    person: Person | None = rest.link(key="person_id")


@rest.type(posts.schema("Post"), key="id", one=posts.op("getPost"))
class Post:
    id: rest.auto
    author: Person | None = rest.link(key="author_id")
    reviewer: Person | None = rest.link(key="reviewer_id")
    comments: list[Comment] | None = rest.link(
        posts.op("listComments", post_ids=rest.each("id")), group_by="post_id")

    @rest.field(needs=["author_id"])
    async def slow_author(self, info: rest.Info, turns: int = 1) -> Person | None:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await info.context.load(Person, self.author_id)


@strawberry.type
class Query:
    me: Person | None = rest.query(people.op("getPerson", id=rest.caller("sub")))
    person: Person | None = rest.query(people.op("getPerson"))
    post: Post | None = rest.query(posts.op("getPost"))
    posts: list[Post] | None = rest.query(posts.op("listPosts"))


schema = rest.Schema(query=Query)
"""


def person(key: str, boss: str | None = None) -> Doc:
    """One row of people."""
    return {"id": key, "name": f"name of {key}", "boss_id": boss}


def post(key: str, author: str, reviewer: str | None = None) -> Doc:
    """One row of posts."""
    return {"id": key, "author_id": author, "reviewer_id": reviewer}


def social(people: Iterable[Doc], posts: Iterable[Doc] = (), comments: Iterable[Doc] = ()) -> Services:
    """Services that hold these rows."""
    listed_people, listed_posts = list(people), list(posts)
    services = Services()
    services.on("people", "getPerson", row_of(listed_people))
    services.on("people", "listPeople", rows_of(listed_people))
    services.on("posts", "getPost", row_of(listed_posts))
    services.answer("posts", "listPosts", json=listed_posts)
    services.on("posts", "listComments", rows_of(comments, "post_ids", "post_id"))
    return services
