"""What docs/caching.md has its readers try is so."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
from pathlib import Path

from graph.app import App
from graph.project.project import load_project
from graph.serving.server import serving
from tests.docs.garden import DOCS, GARDEN, garden
from tests.docs.pages import blocks
from tests.docs.walk import curl
from tests.readme_blocks import Block, steps


async def test_a_second_question_is_answered_from_what_is_kept(tmp_path: Path):
    """With the page's setting beside the tutorial's last schema, each command prints what is shown below it."""
    setting, commands = (
        next(one for one in blocks(DOCS / "caching.md") if one.language == kind)
        for kind in ("toml", "console")
    )
    schema = [one for one in blocks(DOCS / "tutorial.md") if one.words == ("schema.py",)][-1]
    shutil.copytree(GARDEN / "contracts", tmp_path / "contracts")
    whole = (GARDEN / "stolon.toml").read_text(encoding="utf-8") + setting.text
    (tmp_path / "stolon.toml").write_text(whole, encoding="utf-8")
    (tmp_path / "schema.py").write_text(schema.text, encoding="utf-8")
    async with garden() as environ:
        app = App(load_project(tmp_path, environ), detail=True)
        async with serving(app.application(), "127.0.0.1", 0) as url:
            shown = steps(Block("console", None, commands.text))
            printed = [await _printed(one.command.replace("http://127.0.0.1:8000", url)) for one in shown]
    assert printed == [one.output for one in shown]


async def _printed(command: str) -> tuple[str, ...]:
    """What `curl ... | grep -o PATTERN` prints."""
    asked, pattern = command.split(" | grep -o ")
    lines = await asyncio.to_thread(curl, shlex.split(asked))
    (wanted,) = shlex.split(pattern)
    return tuple(found for line in lines for found in re.findall(wanted, line))
