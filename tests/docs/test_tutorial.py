"""The tutorial is true: who follows it from its first line to its last gets what it shows."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.docs.garden import DOCS, GARDEN
from tests.docs.pages import blocks
from tests.docs.walk import Walk
from tests.readme_blocks import Block, steps

TUTORIAL = DOCS / "tutorial.md"


def test_the_tutorial_works_from_an_empty_folder(tmp_path: Path):
    """Every file as it stands, every command in its order: each prints what the page shows, and nothing else."""
    checkout = tmp_path / "stolon"
    shutil.copytree(GARDEN, checkout / "docs" / "garden")
    walk = Walk(checkout)
    for file in (checkout / "docs" / "garden").glob("*.py"):
        file.write_text(walk.with_ports(file.read_text(encoding="utf-8")), encoding="utf-8")
    wrong: list[tuple[object, ...]] = []
    try:
        for block in blocks(TUTORIAL):
            if wrong:
                break  # the rest would be wrong for the same reason, each after a while
            if block.language == "console":
                for step in steps(Block("console", None, block.text)):
                    wrong += [(block.line, step.command, *one) for one in walk.wrong(step)]
            else:
                (name,) = block.words
                (walk.folder / name).write_text(walk.with_ports(block.text), encoding="utf-8")
    finally:
        walk.close()
    assert wrong == []
