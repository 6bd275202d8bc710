"""The build context: which of the checkout's files the builder gets, by `.dockerignore`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

Rule = tuple[bool, re.Pattern[str]]
"""Whether the pattern brings back in, and what it matches: a path with slashes, or a folder above it."""


def rules(text: str) -> list[Rule]:
    """The patterns of a `.dockerignore`: Go's filepath.Match, `**` for any folders, `!` to bring back in."""
    found = []
    for line in map(str.strip, text.splitlines()):
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!").strip("/")
            found.append((line.startswith("!"), re.compile(_expression(pattern) + r"(?:/.*)?", re.DOTALL)))
    return found


def is_in(path: str, ignored: Sequence[Rule]) -> bool:
    """Whether a file belongs to the context: the last pattern that matches it, or a folder above it, decides."""
    verdict = True
    for brings_in, pattern in ignored:
        if pattern.fullmatch(path):
            verdict = brings_in
    return verdict


def files(folder: Path, ignored: Sequence[Rule]) -> list[str]:
    """The context's files, as sorted paths relative to the folder."""
    found: list[str] = []
    for where, folders, names in os.walk(folder):
        here = Path(where).relative_to(folder)
        # Hidden folders hold repositories and environments, tens of thousands of files; nothing comes back out
        # of one that is itself left out.
        folders[:] = [
            name for name in folders if not name.startswith(".") or is_in((here / name).as_posix(), ignored)
        ]
        paths = ((here / name).as_posix() for name in names)
        found += [path for path in paths if is_in(path, ignored)]
    return sorted(found)


def _expression(pattern: str) -> str:
    """One pattern as a regular expression without its anchors."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.sub(
        r"\*\*/|\*\*|\*|\?|[^*?]+",
        lambda match: parts.get(match[0], re.escape(match[0])),
        pattern,
    )
