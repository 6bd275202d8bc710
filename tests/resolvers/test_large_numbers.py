"""Numbers that no double holds: they are JSON (RFC 8259, section 6), and matter to nobody but who reads them."""

from __future__ import annotations

import pytest

from graph.declaring.schema import Schema
from resolvers.reading.json_text import Unreadable, decoded
from stolon.testing import Response, Services
from tests.resolvers.blog import BLOG, MODULE, blog
from tests.resolvers.graphs import project
from tests.resolvers.three_lanes import agreed


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """Posts, some of them at a very late time."""
    return project(tmp_path_factory.mktemp("blog"), MODULE, blog=BLOG)


JSON = {"content-type": "application/json"}
POSTS = (
    b'[{"id":"p1","title":"t","author_id":"u1","at":1e400},{"id":"p2","title":"u","author_id":"u2","at":1.5}]'
)
USERS = b'[{"id":"u1","name":"ana","more":-1e999},{"id":"u2","name":"bo"}]'


def late() -> Services:
    """Posts and users with numbers that are too large."""
    return blog(
        listPosts=lambda _: Response(200, JSON, POSTS), listUsers=lambda _: Response(200, JSON, USERS)
    )


async def test_what_nobody_selected_is_nobodys_business(schema):
    """Of a list, and of rows of a batch, all lanes show the rest; no lane need be changed for it."""
    found = await agreed(schema, "{ posts { id author { name } } }", late)
    assert found.data == {
        "posts": [{"id": "p1", "author": {"name": "ana"}}, {"id": "p2", "author": {"name": "bo"}}]
    }
    assert found.errors == []


async def test_who_reads_it_is_told(schema):
    """The number breaks its contract at its own place, and nothing else does."""
    found = await agreed(schema, "{ posts { id at } }", late, lanes=("plan: fault",))
    assert found.data == {"posts": [{"id": "p1", "at": None}, {"id": "p2", "at": 1.5}]}
    assert [(one["path"], one["extensions"]["violation"]) for one in found.errors] == [
        (["posts", 0, "at"], {"path": "$[0].at", "expected": "Float", "found": "number"})
    ]


@pytest.mark.parametrize(
    "text", [b"", b"{", b'{"a":1e400', b'"\xff"', b"[" * 100_000, b"1e9999999999999999999"]
)
@pytest.mark.parametrize("exact", [True, False])
def test_what_is_no_json_is_unreadable(text, exact):
    """Cut off, no UTF-8, without an end of levels, or a number that nothing here holds."""
    with pytest.raises(Unreadable):
        decoded(text, exact=exact)
