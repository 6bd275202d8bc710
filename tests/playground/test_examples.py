"""Example operations: read from the project's folder, checked against its schema, within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema

from adapters.mistake import Mistake
from graph.project.example_documents import MOST_BYTES, MOST_FILES, ExampleDocument, read_examples

SCHEMA = build_schema("type Query { me: User users: [User] } type User { id: ID name: String }")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The operations folder of a project."""
    made = tmp_path / "operations"
    made.mkdir()
    return made


def wrong(folder: Path) -> list[Mistake]:
    """The mistakes of the project's examples."""
    return read_examples(folder.parent, SCHEMA)[1]


def test_a_project_need_have_none(tmp_path):
    """Without the folder there are no examples, and nothing is wrong."""
    assert read_examples(tmp_path, SCHEMA) == ((), [])


def test_examples_are_read_in_the_order_of_their_files(folder):
    """An example is named after its operation, else after its file; its comment says what it shows."""
    (folder / "2-who.graphql").write_text(
        "#\n# Who am I?\n#   Really.\n\n# not this\nquery Me { me { id } }\n"
    )
    (folder / "1-all.graphql").write_text("{ users { ...N } } fragment N on User { name }")
    (folder / "2-who.json").write_text('{"a": 1}')
    (folder / "notes.txt").write_text("no example")

    assert read_examples(folder.parent, SCHEMA) == (
        (
            ExampleDocument("1-all", "query", "", "{ users { ...N } } fragment N on User { name }"),
            ExampleDocument(
                "Me",
                "query",
                "Who am I? Really.",
                "#\n# Who am I?\n#   Really.\n\n# not this\nquery Me { me { id } }\n",
                '{"a": 1}',
            ),
        ),
        [],
    )


def test_every_mistake_is_told_with_its_line(folder):
    """Syntax, fields that are not there, several operations and variables that are no object: all at once."""
    (folder / "a.graphql").write_text("query {\n  me {\n")
    (folder / "b.graphql").write_text("query B {\n  me { nam }\n}")
    (folder / "c.graphql").write_text("query C { me { id } } query D { me { id } }")
    (folder / "d.graphql").write_text("query E { me { id } }")
    (folder / "d.json").write_text("[1]")

    assert wrong(folder) == [
        Mistake(folder / "a.graphql", 3, "", "Syntax Error: Expected Name, found <EOF>."),
        Mistake(folder / "b.graphql", 2, "", "Cannot query field 'nam' on type 'User'. Did you mean 'name'?"),
        Mistake(folder / "c.graphql", 0, "", "has 2 operations; expected one, and any fragments"),
        Mistake(folder / "d.json", 0, "", "expected a JSON object: the values of the example's variables"),
    ]


def test_without_a_schema_only_the_form_is_checked(folder):
    """Where the schema could not be built, its mistakes are told, and not those that follow from them."""
    (folder / "b.graphql").write_text("{ nothing }")
    assert read_examples(folder.parent, None)[1] == []


def test_files_outside_of_the_project_are_not_read(folder, tmp_path_factory):
    """A link that leads out of the project's folder is refused."""
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.graphql"
    secret.write_text("{ me { id } }")
    (folder / "a.graphql").symlink_to(secret)
    assert wrong(folder) == [Mistake(folder / "a.graphql", 0, "", "leads out of the project's folder")]


def test_files_that_cannot_be_read_are_told(folder):
    """A file that is too large, no UTF-8 or no file is a mistake."""
    (folder / "a.graphql").write_text("#" * (MOST_BYTES + 1))
    (folder / "b.graphql").write_bytes(b"{ \xff }")
    (folder / "c.graphql").mkdir()
    assert wrong(folder) == [
        Mistake(folder / "a.graphql", 0, "", f"is larger than {MOST_BYTES} bytes"),
        Mistake(folder / "b.graphql", 0, "", "is not UTF-8"),
        Mistake(folder / "c.graphql", 0, "", "cannot be read: Is a directory"),
    ]


def test_there_are_at_most_a_hundred(folder):
    """More files than that are a mistake, and no more are read."""
    for number in range(MOST_FILES + 1):
        (folder / f"{number:03}.graphql").write_text("{ me { id } }")
    examples, mistakes = read_examples(folder.parent, SCHEMA)
    assert len(examples) == MOST_FILES
    assert mistakes == [Mistake(folder, 0, "", "holds 101 examples; at most 100 are read")]
