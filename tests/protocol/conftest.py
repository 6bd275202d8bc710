"""What the tests of protocols share: node with the clients' own libraries, and a project that is served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.protocol import project
from tests.protocol.node import Node, installed


@pytest.fixture(scope="session")
def modules() -> Path:
    """The folder of the clients' modules."""
    return installed()


@pytest.fixture
def node(modules: Path, tmp_path: Path) -> Node:
    """Node in an empty folder that has the modules."""
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "node_modules").symlink_to(modules, target_is_directory=True)
    return Node(folder)


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[project.Front]:
    """The project, served with its own limits, where everybody may ask."""
    async with project.front(tmp_path / "project") as made:
        yield made
