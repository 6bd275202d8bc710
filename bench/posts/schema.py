"""The graph of the benchmark: posts with their users, by one and by many, and one field without any service."""

from __future__ import annotations

import strawberry

from stolon import rest

blog = rest.contract("blog")


@rest.type(
    blog.schema("User"),
    key="id",
    one=blog.op("getUser", id=rest.key),
    many=blog.op("listUsers", id=rest.keys),
)
class User:
    """Whoever writes posts."""

    id: int
    name: rest.auto
    username: rest.auto
    email: rest.auto
    phone: rest.auto
    website: rest.auto


@rest.type(blog.schema("Post"), key="id", one=blog.op("getPost", id=rest.key))
class Post:
    """One post, with who wrote it."""

    id: int
    user_id: rest.auto
    title: rest.auto
    body: rest.auto
    user: User | None = rest.link(key="userId")


@strawberry.type
class Query:
    """The benchmark's four questions."""

    posts: list[Post] | None = rest.query(blog.op("listPosts"))
    post: Post | None = rest.query(blog.op("getPost"))

    @strawberry.field
    def greet(self) -> str:
        return "Hello World!"


schema = rest.Schema(query=Query)
