"""The page about the bundled project is true: every module and story is on it, and what to look for is there."""

from __future__ import annotations

import re

import pytest

from tests.docs.garden import DOCS
from tests.parfinanciero.graph_client import FOLDER, NAMES, STORIES

PAGE = (DOCS / "parfinanciero.md").read_text("utf-8")
NOT_THE_GRAPH = {"inprocess.py", "launch.py"}
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.splitlines() if "| " in line]
PLACES = [(cells[1].strip("`"), cells[2]) for cells in ROWS if re.fullmatch(r"`[\w.]+`", cells[1])]


def first_cells() -> list[str]:
    """The first cell of each row."""
    return [cells[0].removeprefix("| ").strip("`") for cells in ROWS]


@pytest.mark.parametrize(
    ("file", "look_for"), PLACES, ids=[f"{file}-{at}" for at, (file, _) in enumerate(PLACES)]
)
def test_what_to_look_for_is_there(file: str, look_for: str) -> None:
    """Each word of the last column stands in the file."""
    text = (FOLDER / file).read_text("utf-8")
    words = re.findall(r"`([^`]+)`", look_for)
    assert [word for word in words if word not in text] == []
    assert words != []


def test_everything_is_on_the_page() -> None:
    """Every module of the graph, every story and every service."""
    modules = {file.name for file in FOLDER.glob("*.py")} - NOT_THE_GRAPH | {"stolon.toml"}
    assert {file for file, _ in PLACES} == modules - {"personal.py"}
    cells = first_cells()
    assert [name for name in STORIES if name not in cells] == []
    assert [name for name in NAMES if name not in cells] == []
