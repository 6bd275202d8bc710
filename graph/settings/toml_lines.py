"""On which line each key of a TOML document stands, which `tomllib` does not say. Pure.

`graph/settings/settings.py` scans a document that `tomllib` has accepted, so the scanner reads structure only and
checks nothing.
"""

from __future__ import annotations

import re
import tomllib
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN_VALUE: Final = re.compile(r"[^,\]}#\n]*")


def lines_of(text: str) -> dict[KeyPath, int]:
    """Line (from 1) of every table, key and list item, by its path: `("services", "users", "url")`, `("a",
    "list", 0)`.

    `text` must be TOML 1.0 that `tomllib` accepts. A table that several headers name stands where it was
    first named.
    """
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self.counts: dict[KeyPath, int] = {}
        self._counted = 0
        self._line = 1

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self._skip()
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                self.at += 2
                table = self._located(self._key())
                index = self.counts.get(table, 0)
                self.counts[table] = index + 1
                table = (*table, index)
                self._note_all(table)
                self.at += 2
            elif self.text[self.at] == "[":
                self.at += 1
                table = self._located(self._key())
                self._note_all(table)
                self.at += 1
            else:
                self._pair(table)
            self._skip()
        return self.lines

    def _located(self, key: KeyPath) -> KeyPath:
        """The path with the index of the newest element put after every array of tables on its way."""
        path: KeyPath = ()
        for part in key[:-1]:
            path = (*path, part)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        return (*path, key[-1])

    def _pair(self, table: KeyPath) -> None:
        start = self.at
        path = (*table, *self._key())
        for length in range(len(table) + 1, len(path) + 1):
            self._note(path[:length], start)
        self.at += 1  # the `=`
        self._skip()
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening == "[":
            self._list(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            found = _STRING.match(self.text, self.at) or _PLAIN_VALUE.match(self.text, self.at)
            self.at = found.end() if found else len(self.text)

    def _list(self, path: KeyPath) -> None:
        self.at += 1
        self._skip()
        index = 0
        while self.text[self.at] != "]":
            self._note((*path, index))
            self._value((*path, index))
            index += 1
            self._skip()
            self._skip_comma()
        self.at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        self._skip()
        while self.text[self.at] != "}":
            self._pair(path)
            self._skip()
            self._skip_comma()
        self.at += 1

    def _key(self) -> KeyPath:
        parts: list[str] = []
        while True:
            self._skip()
            found = _STRING.match(self.text, self.at)
            if found:
                parts.append(str(tomllib.loads(f"key = {found[0]}")["key"]))
            else:
                found = _BARE_KEY.match(self.text, self.at)
                if found is None:  # cannot be in a document that tomllib accepts; never loop on it
                    raise ValueError("no TOML key where one must stand")
                parts.append(found[0])
            self.at = found.end()
            self._skip()
            if self.text[self.at] != ".":
                return tuple(parts)
            self.at += 1

    def _skip(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _skip_comma(self) -> None:
        if self.text[self.at] == ",":
            self.at += 1
            self._skip()

    def _note_all(self, path: KeyPath) -> None:
        for length in range(1, len(path) + 1):
            self._note(path[:length])

    def _note(self, path: KeyPath, at: int | None = None) -> None:
        at = self.at if at is None else at
        if at > self._counted:
            self._line += self.text.count("\n", self._counted, at)
            self._counted = at
        self.lines.setdefault(path, self._line)
