"""Reads the fenced blocks of README.md: files to write, and console sessions to run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
_BLOCK = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, the file that it is (or None), and its text."""

    language: str
    file: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a console block and the output that the README shows; `&` at its end lets it run on."""

    command: str
    output: tuple[str, ...]

    @property
    def stays(self) -> bool:
        """Whether the command is left running."""
        return self.command.endswith(" &")


def blocks(text: str) -> list[Block]:
    """Every fenced block, in order."""
    return [Block(language, file or None, body) for language, file, body in _BLOCK.findall(text)]


def steps(block: Block) -> list[Step]:
    """The commands of a console block."""
    found: list[Step] = []
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, *output = part.splitlines()
        found.append(Step(command, tuple(output)))
    return found


def like(shown: str, printed: str) -> bool:
    """Whether a printed line is the shown one, where `…` stands for anything and a port for any port."""
    pattern = re.escape(shown).replace("…", ".*")
    return (
        re.fullmatch(re.sub(r"127\\\.0\\\.0\\\.1:\d+", r"127\\.0\\.0\\.1:\\d+", pattern), printed) is not None
    )
