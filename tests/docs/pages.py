"""The blocks of hand-written pages in docs/: what each is, by the words after its fence.

- `python FILE`, `toml stolon.toml`: a file of the page's project, in the place of an earlier one of the name.
- `graphql [file:FILE] [SUBJECT SCOPE...]`: a query over the project as it is then, and `json` below it: the whole
  answer; of a subscription a list of all. The file, a `text FILE` block of the page, is the variable `file`.
- `text calls` below that: the calls that were made. `console`: commands with what they print.
- `yaml CONTRACT`: an excerpt of a contract of docs/garden. `log FILE`: lines that a source file logs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.docs.garden import DOCS

_BLOCK = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HOW_TO = sorted((DOCS / "how-to").glob("*.md"))
RUNBOOK = sorted((DOCS / "runbook").glob("*.md"))


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the words beside it, its text, and the line that it begins in."""

    language: str
    words: tuple[str, ...]
    text: str
    line: int

    @property
    def kind(self) -> str:
        """`text calls` is another kind than `text`."""
        return "calls" if (self.language, self.words) == ("text", ("calls",)) else self.language


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(found[1], tuple((found[2] or "").split()), found[3], text.count("\n", 0, found.start()) + 1)
        for found in _BLOCK.finditer(text)
    ]
