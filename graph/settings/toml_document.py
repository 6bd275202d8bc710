"""One TOML file under reading: its tables with `${NAME}` put in, and the mistakes found so far, each with its
line.

`graph/settings/settings.py` asks it for the values of its tables; what is read where is said there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from adapters.mistake import Mistake, ProjectError, nearest
from graph.settings.environment import expand
from graph.settings.setting_kinds import Reader, Wrong
from graph.settings.toml_lines import KeyPath, lines_of

MOST_BYTES: Final = 1 << 20
_SYNTAX_LINE: Final = re.compile(r" \((?:at line (\d+), column \d+|at end of document)\)$")


@dataclass(slots=True)
class Document:
    """A file whose syntax is right. `raw` and `environ` stay out of every message and of `repr`."""

    file: Path
    raw: dict[str, Any] = field(repr=False)
    lines: Mapping[KeyPath, int] = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)
    mistakes: list[Mistake] = field(default_factory=list)

    @classmethod
    def read(cls, file: Path, environ: Mapping[str, str]) -> Document:
        """The document in `file`. Raises `ProjectError` where it is missing, too large, no UTF-8 or no
        TOML.
        """
        text = _text_of(file)
        try:
            return cls(file, tomllib.loads(text), lines_of(text), environ)
        except tomllib.TOMLDecodeError as error:
            found = _SYNTAX_LINE.search(str(error))
            line = int(found[1]) if found and found[1] else len(text.splitlines())
            message = f"is no TOML: {_SYNTAX_LINE.sub('', str(error))}"
            raise ProjectError([Mistake(file, line, "", message)]) from None
        except RecursionError:
            raise ProjectError([Mistake(file, 0, "", "is nested too deeply")]) from None

    def has(self, *path: str) -> bool:
        """Whether the file states a table or key at the path."""
        return path in self.lines

    def table(self, path: tuple[str, ...]) -> dict[str, Any]:
        """The table at the path as it is written; empty where the file has none. What is no table is a
        mistake.
        """
        found: Any = self.raw
        for part in path:
            found = found.get(part, {})
        if isinstance(found, dict):
            return found
        self.wrong(path, f"expected a table: [{'.'.join(path)}]")
        return {}

    def check_names(self, path: tuple[str, ...], known: Iterable[str], what: str) -> None:
        """A mistake, with the nearest known name, for every name in the table that is not among the known
        ones.
        """
        for name in self.table(path):
            if name not in known:
                self.wrong((*path, name), f"unknown {what}{nearest(name, known)}")

    def values(
        self, path: tuple[str, ...], readers: Mapping[str, Reader], tables: Iterable[str] = ()
    ) -> dict[str, Any]:
        """What the readers make of the table's values, without those that are wrong: these become
        mistakes. `tables` are known names too, of tables within this one that are read on their own.
        """
        self.check_names(path, (*readers, *tables), "key")
        values: dict[str, Any] = {}
        for name, written in self.table(path).items():
            if name not in readers:
                continue
            before = len(self.mistakes)
            value = self._expanded((*path, name), written)
            if len(self.mistakes) > before:
                continue
            try:
                values[name] = readers[name](value)
            except Wrong as wrong:
                self.wrong((*path, name, *wrong.inside), wrong.message)
        return values

    def wrong(self, path: KeyPath, message: str) -> None:
        """Notes a mistake at the path, on the line of the nearest thing around it that the file states."""
        around = (
            self.lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in self.lines
        )
        name = ""
        for part in path:
            name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
        self.mistakes.append(Mistake(self.file, next(around, 0), name, message))

    def _expanded(self, path: KeyPath, value: object) -> object:
        if isinstance(value, list):
            return [self._expanded((*path, index), item) for index, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        text, wrong = expand(value, self.environ)
        for message in wrong:
            self.wrong(path, message)
        return text


def _text_of(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else "it cannot be opened"
        raise ProjectError([Mistake(file, 0, "", f"{reason}; a project needs one")]) from None
    if len(content) > MOST_BYTES:
        raise ProjectError([Mistake(file, 0, "", f"is larger than {MOST_BYTES} bytes")])
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ProjectError([Mistake(file, line, "", "is not UTF-8, which TOML must be")]) from None
