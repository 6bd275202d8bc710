"""One type for In and Out: where all that is decoded leaves, objects leave as they were decoded, and steps fill in
the fields that are missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graph.declaring.schema import Schema
from resolvers.fast.builders import ObjectBuilder, filled_by
from resolvers.fast.in_types import InObject
from stolon.testing import Services, answer
from tests.graph.projects import TEXT, an, contract, listed, operation, parameter, ref
from tests.resolvers.graphs import asked, project
from tests.resolvers.three_lanes import agreed

MODULE = """
@rest.type(blog.schema("User"), key="id", one=blog.op("getUser"), many=blog.op("listUsers", ids=rest.keys))
class User:
    id: rest.auto
    name: rest.auto
    boss_id: rest.auto
    boss: "User | None" = rest.link(key="bossId")


@rest.type(blog.schema("Day"))
class Day:
    day: rest.auto


@rest.type(blog.schema("Post"))
class Post:
    id: rest.auto
    user_id: str | None
    title: rest.auto
    user: User | None = rest.link(key="userId")
    day: Day | None = rest.link(blog.op("getDay", of=rest.this("title")))


@strawberry.type
class Query:
    posts: list[Post] | None = rest.query(blog.op("listPosts"))


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    blog = contract(
        operation("GET /posts", "listPosts", listed(ref("Post"))),
        operation(
            "GET /users", "listUsers", listed(ref("User")), parameter("ids", listed(TEXT), explode=False)
        ),
        operation("GET /users/{id}", "getUser", ref("User")),
        operation("GET /day", "getDay", ref("Day"), parameter("of", TEXT, required=True)),
        Post=an({"id": TEXT, "userId": TEXT, "title": TEXT}, optional="userId title"),
        User=an({"id": TEXT, "name": TEXT, "bossId": TEXT}, optional="bossId"),
        Day=an({"day": TEXT}),
    )
    return project(Path(tmp_path_factory.mktemp("serving")), MODULE, blog=blog)


def services(posts: list[dict[str, Any]], **more: Any) -> Services:
    made = Services()
    made.answer("blog", "listPosts", json=posts)
    people = {key: {"id": key, "name": key * 2, "bossId": "a"} | more for key in "abc"}
    made.on(
        "blog", "listUsers", lambda one: answer([people[key] for key in asked(one, "ids") if key in people])
    )
    made.on("blog", "getUser", lambda one: answer(people[one.target.rpartition("/")[2]]))
    made.on("blog", "getDay", lambda one: answer({"day": one.target.rpartition("=")[2]}))
    return made


POSTS = [{"id": "1", "userId": "a", "title": "x"}, {"id": "2", "userId": "b", "title": "y"}, {"id": "3"}]


@pytest.mark.parametrize(
    "query",
    [
        "{ posts { id userId title user { id name bossId boss { id name } } } }",
        "{ posts { user { name id } id userId title } }",
        "{ posts { id day { day } title } }",
        "{ posts { day { day } user { id } userId title } }",
        "{ posts { title userId again: userId user { name } } }",
        "{ first: posts { id user { id } } posts { userId user { id name } day { day } } }",
        "{ posts { id userId user { name } } more: posts { userId id } }",
    ],
)
@pytest.mark.parametrize("more", [{}, {"user": {"id": 7}, "boss": "none", "day": 1}])
async def test_what_a_step_fills_in_is_never_what_the_answer_held(
    schema: Schema, query: str, more: dict[str, Any]
):
    """Whatever stands in an answer under the name of a link's field, the field shows the link's value, or null."""
    await agreed(schema, query, lambda: services([post | more for post in POSTS], **more))


def person() -> InObject:
    made = InObject()
    for name in ("id", "name"):
        made.value(name, may_lack=False, nullable=False).as_leaf(str)
    return made


def test_one_type_serves_where_all_that_is_decoded_leaves():
    """Its fields stand in the order of the response keys, those that steps fill among them."""
    decoded = person()
    build = ObjectBuilder(("id", "boss", "name"), decoded, same=["id", "name"], filled=("boss",), steps=[3])
    made = decoded.made()(f0="1", f1="Ada")
    assert build([made], {}) == [made]
    assert build.fields() == [("f0", "id"), (filled_by(1), "boss"), ("f1", "name")]


@pytest.mark.parametrize(
    ("keys", "options"),
    [
        (("id", "boss"), {"same": ["id"], "filled": ("boss",)}),
        (("name", "id"), {"same": ["name", "id"]}),
        (("id", "boss", "name"), {"same": ["id", "name"], "filled": ("boss",), "islands": {4}}),
        (("id", "name"), {"same": ["id", "name"], "as_is": False}),
    ],
)
def test_a_type_of_its_own_leaves_where_less_leaves_or_in_another_order(
    keys: tuple[str, ...], options: dict[str, Any]
):
    """So it is for what is decoded and not shown, and for what has to be changed; and where islands look for it."""
    assert ObjectBuilder(keys, person(), **options).fields() is None


def test_two_shapes_of_one_object_leave_as_types_of_their_own():
    """What is decoded once and leaves twice is built twice."""
    decoded = person()
    one, other = (ObjectBuilder(("id", "name"), decoded, same=["id", "name"]) for _ in range(2))
    made = decoded.made()(f0="1", f1="Ada")
    for build in (one, other):
        build.columns = [lambda values, hung: [value.f0 for value in values]] * 2
        assert build([made], {}) != [made]
