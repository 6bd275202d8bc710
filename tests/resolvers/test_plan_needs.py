"""What of each answer is decoded: what is selected, and what further steps need of it."""

from __future__ import annotations

import pytest

from graph.declaring.schema import Schema
from tests.resolvers.graphs import PEOPLE, POSTS, SOCIAL, project
from tests.resolvers.planned import planned
from tests.resolvers.priced import priced


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """The graph that plans are made over."""
    return priced(tmp_path_factory.mktemp("priced"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ staff { called: name __typename } }", [("name",)]),
        ("{ weather { text } }", [("text",)]),
        ("{ me { name } }", [("id", "name")]),
        ("{ staff { boss { name } } }", [("boss",), ("id", "name")]),
        ("{ staff { friends { name } } }", [("id",), ("name",)]),
        ("{ staff { staff { name } } }", [(), ("name",)]),
        ("{ staff { label } }", [("name",), ()]),
        ("{ staff { chief { name } } }", [("boss",), ()]),
        ("{ orders { edges { cursor node { payments { id } } } } }", [("id",), ("id", "order")]),
        ("{ orders { totalCount pageInfo { hasNextPage } } }", [()]),
        ("{ me { events { nodes { who { boss { id } } } } } }", [("id",), ("who",), ("boss", "id"), ("id",)]),
    ],
)
def test_what_is_read_is_decoded(schema, query, expected):
    """Per step, by upstream names: what is selected; the keys that links and parameters take; what tells the items of
    a batch apart; what resolvers said they need.
    """
    assert list(planned(schema, query).needs) == expected


def test_a_resolver_that_says_nothing_may_read_anything(tmp_path):
    """`needs=[…]` is what it sees; without it, every property is there."""
    module = SOCIAL.replace('@rest.field(needs=["author_id"])', "@rest.field()")
    schema = project(tmp_path, module, people=PEOPLE, posts=POSTS)
    assert planned(schema, "{ posts { id slowAuthor { id } } }").needs == (("*", "id"), ())


def test_properties_of_properties_are_named_by_their_path(tmp_path):
    """Dotted, and only as far down as they are read."""
    module = SOCIAL.replace(
        "    name: rest.auto\n", '    name: str | None = rest.field(path="home.street.name")\n', 1
    )
    document = {**PEOPLE, "components": {"schemas": {**PEOPLE["components"]["schemas"], "Person": PERSON}}}
    schema = project(tmp_path, module, people=document, posts=POSTS)
    assert planned(schema, '{ person(id: "1") { name boss { id } } }').needs == (
        ("boss_id", "home.street.name", "id"),
        ("id",),
    )


TEXT = {"type": "string"}
PERSON = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": TEXT,
        "boss_id": TEXT,
        "home": {
            "type": "object",
            "properties": {"street": {"type": "object", "properties": {"name": TEXT, "number": TEXT}}},
        },
    },
}
