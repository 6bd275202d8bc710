"""The tutorial, and the way to follow a how-to page, are true: who follows them gets what they show."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.garden import DOCS, GARDEN
from tests.docs.pages import Block as Shown
from tests.docs.pages import blocks
from tests.docs.walk import Walk
from tests.readme_blocks import Block, steps

TUTORIAL = DOCS / "tutorial.md"
BIND = DOCS / "how-to" / "bind.md"


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    """A reader in a checkout, of which the garden alone is there."""
    checkout = tmp_path / "stolon"
    shutil.copytree(GARDEN, checkout / "docs" / "garden")
    walk = Walk(checkout)
    for file in (checkout / "docs" / "garden").iterdir():
        if file.is_file():
            file.write_text(walk.with_ports(file.read_text(encoding="utf-8")), encoding="utf-8")
    try:
        yield walk
    finally:
        walk.close()


def followed(walk: Walk, page: list[Shown]) -> list[tuple[object, ...]]:
    """The commands that print something else than is shown, up to the first block with such a command."""
    wrong: list[tuple[object, ...]] = []
    for block in page:
        if wrong:
            break  # the rest would be wrong for the same reason, each after a while
        if block.language == "console":
            for step in steps(Block("console", None, block.text)):
                wrong += [(block.line, step.command, *one) for one in walk.wrong(step)]
        else:
            (name,) = block.words
            (walk.folder / name).write_text(walk.with_ports(block.text), encoding="utf-8")
    return wrong


def test_the_tutorial_works_from_an_empty_folder(walk: Walk):
    """Every file as it stands, every command in its order: each prints what the page shows, and nothing else."""
    assert followed(walk, blocks(TUTORIAL)) == []


def test_a_how_to_page_is_followed_as_is_told(walk: Walk):
    """The services start, a page's schema is served beside the garden's own files, and Ana's token is believed."""
    start, ask, end = blocks(DOCS / "README.md")
    schema = next(block for block in blocks(BIND) if block.words == ("schema.py",))
    assert followed(walk, [start, schema, ask, end]) == []
