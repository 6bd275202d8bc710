"""Loading one contract's file: YAML or JSON, bounded, without a line of it executed or fetched.

`load_document` gives JSON's own types (numbers with a point as Decimal, so that no digit is lost) and can
tell afterwards on which line a value stands. The document goes to `adapters/contract/openapi.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from adapters.contract.document_events import Event, Unreadable, json_events, yaml_events
from adapters.json_path import JsonPath, json_path
from adapters.mistake import Mistake, ProjectError, nearest


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may cost: bytes of the file, levels of nesting, and values once every YAML alias is
    written out."""

    size: int = 8 * 1024 * 1024
    depth: int = 100
    nodes: int = 1_000_000


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True)
class Document:
    """A document that was read. `root` holds dicts with text keys, lists, str, int, Decimal, bool and None."""

    file: Path
    root: Mapping[str, object] = field(repr=False)
    text: str = field(repr=False)
    limits: Limits = DEFAULT_LIMITS

    def line(self, path: JsonPath) -> int:
        """The line, from 1, of the value at that path, or of the nearest value around it that stands in the text."""
        known = self._lines
        while path and path not in known:
            path = path[:-1]
        return known.get(path, 1)

    @cached_property
    def _lines(self) -> Mapping[JsonPath, int]:
        # Only a document with a mistake pays for this second pass.
        builder = _Builder(self.limits, lines={})
        builder.build(_events(self.file, self.text))
        return builder.lines or {}


def load_document(file: Path, limits: Limits = DEFAULT_LIMITS) -> Document:
    """Read a `.json` file as JSON (RFC 8259), every other one as YAML 1.2. Raises ProjectError with all that
    is wrong."""
    try:
        text = _text(file, limits)
        builder = _Builder(limits)
        root = builder.build(_events(file, text))
        mistakes = [Mistake(file, line, json_path(path), message) for line, path, message in builder.mistakes]
    except Unreadable as error:
        raise ProjectError([Mistake(file, error.line, "", error.message)]) from None
    if mistakes:
        raise ProjectError(mistakes)
    if not isinstance(root, dict):
        raise ProjectError([Mistake(file, 1, "$", "a contract is an object with the key `openapi`")])
    return Document(file, root, text, limits)


def _events(file: Path, text: str) -> Iterator[Event]:
    return json_events(text) if file.suffix.lower() == ".json" else yaml_events(text)


def _text(file: Path, limits: Limits) -> str:
    try:
        if not file.is_file():
            raise Unreadable(0, "there is no such file" if not file.exists() else "is no regular file")
        with file.open("rb") as opened:
            data = opened.read(limits.size + 1)
    except OSError as error:
        raise Unreadable(0, f"cannot be read: {error.strerror or 'unknown reason'}") from None
    if len(data) > limits.size:
        raise Unreadable(0, f"is larger than {limits.size} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, "is not UTF-8") from None
    if not text.strip():
        raise Unreadable(0, "is empty")
    return text


@dataclass(slots=True)
class _Frame:
    """A list or mapping that is being built. `weight` counts its values, `height` its levels, aliases written out."""

    value: dict[str, object] | list[object]
    anchor: str | None
    key: str | None = None
    merging: bool = False
    weight: int = 1
    height: int = 1
    keys: dict[str, int] = field(default_factory=dict)
    merged: list[dict[str, object]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: object
    weight: int
    height: int


class _Builder:
    """Makes values from events, without recursion. Given `lines`, it notes there where every value stands."""

    def __init__(self, limits: Limits, lines: dict[JsonPath, int] | None = None) -> None:
        self.limits = limits
        self.lines = lines
        self.mistakes: list[tuple[int, JsonPath, str]] = []
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Anchored | None] = {}
        self._nodes = 0
        self._root: object = None

    def build(self, events: Iterable[Event]) -> object:
        """The root value. Raises Unreadable where going on makes no sense."""
        for event in events:
            frame = self._frames[-1] if self._frames else None
            if event.kind == "end":
                self._close(event)
            elif frame is not None and isinstance(frame.value, dict) and frame.key is None:
                self._key(frame, event)
            elif event.kind in ("map", "list"):
                self._open(event)
            else:
                self._leaf(event)
        return self._root

    def _key(self, frame: _Frame, event: Event) -> None:
        if event.kind != "scalar":
            raise Unreadable(event.line, "a key of an object is text, nothing else")
        frame.key = event.text
        frame.merging = event.merge
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(event.text, 1, 0)
        self._note(event.line)
        if event.merge:
            return
        if event.text in frame.keys:
            first = frame.keys[event.text]
            self.mistakes.append((event.line, self._path(), f"stands twice, first on line {first}"))
        frame.keys.setdefault(event.text, event.line)

    def _open(self, event: Event) -> None:
        self._note(event.line)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._frames.append(_Frame({} if event.kind == "map" else [], event.anchor))
        self._count(event.line, 1, 0)

    def _leaf(self, event: Event) -> None:
        self._note(event.line)
        if event.kind == "scalar":
            found = _Anchored(event.value, 1, 0)
            if event.anchor is not None:
                self._anchors[event.anchor] = found
        else:
            name = event.anchor or ""
            if name not in self._anchors:
                raise Unreadable(event.line, f"the alias *{name} names nothing{nearest(name, self._anchors)}")
            known = self._anchors[name]
            if known is None:
                raise Unreadable(event.line, f"the alias *{name} stands inside of what it names")
            found = known
        self._count(event.line, found.weight, found.height)
        self._put(found, event.line)

    def _close(self, event: Event) -> None:
        frame = self._frames.pop()
        if isinstance(frame.value, dict):
            for source in frame.merged:
                # What the mapping says itself wins over all; among sources, the earlier one.
                for key, value in source.items():
                    frame.value.setdefault(key, value)
        found = _Anchored(frame.value, frame.weight, frame.height)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = found
        self._put(found, event.line)

    def _put(self, found: _Anchored, line: int) -> None:
        if not self._frames:
            self._root = found.value
            return
        frame = self._frames[-1]
        frame.weight += found.weight
        frame.height = max(frame.height, found.height + 1)
        if isinstance(frame.value, list):
            frame.value.append(found.value)
        elif frame.key is not None:
            if frame.merging:
                frame.merged += _merge_sources(found.value, line)
            else:
                frame.value.setdefault(frame.key, found.value)
            frame.key = None

    def _count(self, line: int, weight: int, height: int) -> None:
        self._nodes += weight
        if self._nodes > self.limits.nodes:
            raise Unreadable(
                line, f"holds more than {self.limits.nodes} values once its aliases are written out"
            )
        if len(self._frames) + height > self.limits.depth:
            raise Unreadable(line, f"is nested deeper than {self.limits.depth} levels")

    def _path(self) -> JsonPath:
        steps: list[str | int] = []
        for frame in self._frames:
            if isinstance(frame.value, list):
                steps.append(len(frame.value))
            elif frame.key is not None:
                steps.append(frame.key)
        return tuple(steps)

    def _note(self, line: int) -> None:
        if self.lines is not None:
            self.lines.setdefault(self._path(), line)


def _merge_sources(value: object, line: int) -> list[dict[str, object]]:
    """The objects that a merge key (yaml.org/type/merge) takes keys from."""
    sources = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
    if len(sources) != (len(value) if isinstance(value, list) else 1):
        raise Unreadable(line, "a merge key `<<` takes objects only")
    return sources
