"""What a call of the second address wants dropped from the caches: `{"entities": ["Order:42", "User:*"]}`, or
`{"everything": true}`. Pure.

`graph/caching/open_caches.py` asks, and does it. Whatever is wrong is told at once, each with its place (RFC 6901).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from adapters.caching.entity_tags import BadChange, Change, change_of
from adapters.mistake import nearest
from graph.binding.keyed_types import KeyedType
from resolvers.loading.keys import canonical

MOST_BYTES: Final = 64 << 10
"""Of a call's body."""
MOST_ENTITIES: Final = 1_000
_MEMBERS: Final = ("entities", "everything")
_FORM: Final = "expected 'entities', a list such as [\"Order:42\", \"User:*\"], or 'everything', true"


class Unfit(Exception):
    """A body that cannot be done. `errors` are the mistakes: JSON pointers, each with a sentence; none where it is no
    JSON at all.
    """

    def __init__(self, message: str, errors: list[tuple[str, str]] | None = None) -> None:
        super().__init__(message)
        self.errors = errors or []


@dataclass(frozen=True, slots=True)
class Drop:
    """What is to be dropped: what tells of these entities, or everything."""

    changes: tuple[Change, ...] = ()
    everything: bool = False


def drop_of(body: bytes, types: Mapping[str, KeyedType]) -> Drop:
    """What a body wants dropped, of the bound types that have keys. Raises Unfit with all that is wrong."""
    try:
        said: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unfit(f"The body is no JSON: {_FORM}.") from None
    if not isinstance(said, dict):
        raise Unfit("The body is not what it should be.", [("#", _FORM)])
    errors = [
        (f"#/{_escaped(name)}", f"is no member of this call{nearest(name, _MEMBERS)}")
        for name in said
        if name not in _MEMBERS
    ]
    present = [name for name in _MEMBERS if name in said]
    changes: list[Change] = []
    if len(present) != 1:
        errors.append(("#", _FORM if not present else f"{_FORM}; not both"))
    elif present == ["everything"]:
        if said["everything"] is not True:
            errors.append(("#/everything", "expected true"))
    else:
        changes = _changes(said["entities"], types, errors)
    if errors:
        raise Unfit("The body is not what it should be.", errors)
    return Drop(tuple(changes), everything=present == ["everything"])


def _changes(entities: Any, types: Mapping[str, KeyedType], errors: list[tuple[str, str]]) -> list[Change]:
    at = "#/entities"
    if not isinstance(entities, list) or not entities:
        errors.append((at, 'expected a list such as ["Order:42", "User:*"], not empty'))
        return []
    if len(entities) > MOST_ENTITIES:
        errors.append((at, f"expected at most {MOST_ENTITIES} entities"))
        return []
    found: list[Change] = []
    for place, text in enumerate(entities):
        try:
            found.append(_change(text, types))
        except BadChange as wrong:
            errors.append((f"{at}/{place}", str(wrong)))
    return found


def _change(text: Any, types: Mapping[str, KeyedType]) -> Change:
    """The change that an item of the list names, with its key in canonical form. Raises BadChange."""
    if not isinstance(text, str):
        raise BadChange("expected text, such as 'Order:42' or 'User:*'")
    name, key = change_of(text)
    of = types.get(name)
    if of is None:
        raise BadChange(f"{name[:80]!r} is no bound type with a key{nearest(name, types)}")
    if key is None:
        return Change(name)
    if len(key) != len(of.parts):
        parts = ", ".join(map(repr, of.parts))
        raise BadChange(
            f"the key of {name} is {parts}, and this has {len(key)}; a comma in one is written %2C"
        )
    texts = [canonical(kind, part) for kind, part in zip(of.kinds, key, strict=True)]
    wrong = [
        f"{part!r} ({kind})" for part, kind, one in zip(of.parts, of.kinds, texts, strict=True) if one is None
    ]
    if wrong:
        raise BadChange(f"expected a key of {name}: {', '.join(wrong)}")
    return Change(name, tuple(one for one in texts if one is not None))


def _escaped(name: str) -> str:
    """A member's name in a JSON pointer (RFC 6901, section 3), never long."""
    return name[:80].replace("~", "~0").replace("/", "~1")
