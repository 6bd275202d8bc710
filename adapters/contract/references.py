"""References within one document: every `$ref` checked at once, then followed from place to place.

A reference never leaves its document: files and URLs are refused unread. `adapters/contract/structure.py` checks what
references point to; `adapters/contract/schemas.py` and `adapters/contract/operations.py` follow them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from adapters.json_path import JsonPath, Tell, json_path, pointer_steps
from adapters.mistake import nearest

# Keys whose value maps names to objects: a key below them is a name, so that a property may be called
# `default` or `$ref`.
_NAMES: Final = frozenset(
    (
        *(
            "properties",
            "patternProperties",
            "$defs",
            "definitions",
            "dependentSchemas",
            "schemas",
            "responses",
        ),
        *(
            "parameters",
            "requestBodies",
            "headers",
            "securitySchemes",
            "links",
            "callbacks",
            "pathItems",
            "paths",
        ),
        *("webhooks", "content", "encoding", "variables", "mediaTypes", "additionalOperations"),
    )
)
# Keys whose value is data of the described service, in which `$ref` means nothing.
_DATA: Final = frozenset(
    ("default", "example", "enum", "const", "value", "dataValue", "security", "mapping", "scopes")
)
MOST_SUGGESTIONS: Final = 50
"""Broken references for which the nearest name is sought: it takes time that grows with the document."""

_INDEX: Final = re.compile("0|[1-9][0-9]{0,8}")


def references(root: Mapping[str, object]) -> Iterator[tuple[JsonPath, object]]:
    """Every reference of the document: the place of the object that holds `$ref`, and what stands there."""
    pending: list[tuple[JsonPath, object, bool]] = [((), root, False)]
    while pending:
        path, value, names = pending.pop()
        if isinstance(value, list):
            pending.extend(((*path, index), one, False) for index, one in enumerate(value))
        elif isinstance(value, dict):
            if not names and "$ref" in value:
                yield path, value["$ref"]
            for key, one in value.items():
                if names:
                    pending.append(((*path, key), one, False))
                elif key == "examples":
                    # A map of named Example objects, or (JSON Schema) a list of data.
                    if isinstance(one, dict):
                        pending.append(((*path, key), one, True))
                elif key not in _DATA and not key.startswith("x-"):
                    pending.append(((*path, key), one, key in _NAMES and isinstance(one, dict)))


class References:
    """The references of one document. `follow` gives None for what `check` tells as a mistake."""

    def __init__(self, root: Mapping[str, object]) -> None:
        self._root = root
        self._targets: dict[str, JsonPath] = {}
        self._values: dict[JsonPath, object] = {(): root}
        self._suggestions: dict[str, str] = {}

    def check(self, tell: Tell) -> None:
        """Tell every reference that leaves the document, finds nothing, or leads back to itself."""
        for path, reference in references(self._root):
            place = (*path, "$ref")
            if not isinstance(reference, str):
                tell(place, "a reference is a text")
                continue
            target = self._target(reference, place, tell)
            if target is not None:
                self._check_loop(path, target, tell)

    def target(self, reference: object) -> JsonPath | None:
        """Where a reference leads, or None for one that leads nowhere."""
        return self._target(reference, (), _silent) if isinstance(reference, str) else None

    def at(self, path: JsonPath) -> tuple[JsonPath, object]:
        """A place that `target` gave, and what stands there."""
        return path, self._values[path]

    def follow(self, path: JsonPath, value: object) -> tuple[JsonPath, object] | None:
        """The place and value behind a chain of references; None where it breaks off or goes in a circle."""
        seen: set[JsonPath] = set()
        while isinstance(value, dict) and "$ref" in value:
            target = self.target(value["$ref"])
            if target is None or target in seen:
                return None
            seen.add(target)
            path, value = target, self._values[target]
        return path, value

    def follow_object(self, path: JsonPath, value: object) -> tuple[JsonPath, dict[str, object]] | None:
        """As `follow`, and None too where no object stands at the end."""
        found = self.follow(path, value)
        if found is None:
            return None
        at, target = found
        return (at, target) if isinstance(target, dict) else None

    def wrong_section(self, place: JsonPath, section: str) -> bool:
        """Whether a place is a component of another section: a response where a schema is expected."""
        return len(place) == 3 and place[0] == "components" and place[1] != section

    def _check_loop(self, start: JsonPath, target: JsonPath, tell: Tell) -> None:
        chain = [start]
        seen = {start}
        while True:
            chain.append(target)
            if target == start:
                tell((*start, "$ref"), "refers to itself: " + " -> ".join(json_path(one) for one in chain))
                return
            value = self._values[target]
            further = self.target(value["$ref"]) if isinstance(value, dict) and "$ref" in value else None
            if further is None or target in seen:
                return
            seen.add(target)
            target = further

    def _target(self, reference: str, place: JsonPath, tell: Tell) -> JsonPath | None:
        found = self._targets.get(reference)
        if found is None:
            # What leads nowhere is looked up each time, to be told at each of its places.
            found = self._resolve(reference, place, tell)
            if found is not None:
                self._targets[reference] = found
        return found

    def _resolve(self, reference: str, place: JsonPath, tell: Tell) -> JsonPath | None:
        before, mark, fragment = reference.partition("#")
        if before or not mark:
            tell(place, f"{_short(reference)} leads out of the document; only `#/…` is followed")
            return None
        steps = pointer_steps(fragment)
        if steps is None:
            tell(place, f"{_short(reference)} is no JSON pointer; anchors are not followed")
            return None
        value: object = self._root
        path: list[str | int] = []
        for step in steps:
            if isinstance(value, dict) and step in value:
                path.append(step)
                value = value[step]
            elif isinstance(value, list) and _INDEX.fullmatch(step) and int(step) < len(value):
                path.append(int(step))
                value = value[int(step)]
            else:
                if reference not in self._suggestions and len(self._suggestions) < MOST_SUGGESTIONS:
                    self._suggestions[reference] = nearest(step, value if isinstance(value, dict) else ())
                like = self._suggestions.get(reference, "")
                where = f"{json_path(tuple(path))} has no {_short(step)}{like}"
                tell(place, f"{_short(reference)} names nothing: {where}")
                return None
        self._values[tuple(path)] = value
        return tuple(path)


def _short(text: str) -> str:
    return repr(text if len(text) <= 200 else text[:200] + "…")


def _silent(path: JsonPath, message: str) -> None:
    """What `check` has told is not told again."""
