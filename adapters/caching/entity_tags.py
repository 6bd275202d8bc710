"""The tags by which kept answers are dropped when an entity changes: how reads, changes and texts spell them. Pure.

A `Store` (`adapters/caching/cache_store.py`) drops whatever has a tag; which tags an answer has, and which a
change drops, is said here and nowhere else.

| tag | an answer that has it |
| --- | --- |
| `User:*` | tells of users, whichever |
| `User:42` | tells of the user with the key 42 |
| `User:?` | may tell of any users: a list, a search |
| `*:?` | may tell of anything: of more types than are worth a tag each |

| a change to | drops |
| --- | --- |
| `User:42` | `User:42`, `User:?`, `*:?` |
| `User:*` | `User:*`, `*:?` |

The parts of a composite key are joined by commas. In a part `%`, `,`, `:`, `*` and `?` are percent-encoded (RFC 3986,
section 2.1, in UTF-8), so that no two keys are spelled the same, and none like a tag of another meaning. A key whose
spelling is longer than `MOST_TEXT` stands there as its digest.

Requests get tags in `resolvers/call.py`; `adapters/caching/cache.py` keeps answers with them and drops them. Whole
answers are kept in the same store with the tags of all their parts (`fewer`), so that one drop reaches both.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import unquote

Key: TypeAlias = tuple[str, ...]
"""The parts of a key, as canonical texts."""

ANY: Final = "*"
UNKNOWN: Final = "?"
ANYTHING: Final = f"{ANY}:{UNKNOWN}"
MOST_KEYS: Final = 100
"""Keys of one type that are told of one by one; an answer of more tells of any."""
MOST_TYPES: Final = 64
"""Types that are told of one by one; an answer of more tells of anything."""
MOST_TEXT: Final = 120
"""Characters of a key's spelling; longer ones are hashed."""
MOST_WRITTEN: Final = 4_096
"""Characters of a change as somebody writes it."""

_NAME: Final = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_RESERVED: Final = re.compile(r"[%,:*?]")
_NOT_ENCODED: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LONGEST_NAME: Final = 60


class Change(NamedTuple):
    """Something that changed: the entity of this type with this key, or with None any of them."""

    name: str
    key: Key | None = None

    def __str__(self) -> str:
        return _tag(self.name, ANY if self.key is None else _spelled(self.key))


class BadChange(ValueError):
    """A text that names no entity. The message says what was expected, and repeats nothing of the text."""


def read_tags(name: str, keys: Collection[Key] | None = None) -> tuple[str, ...]:
    """What an answer carries that tells of entities of one type: of these keys, or with None of whichever."""
    if keys is None or len(keys) > MOST_KEYS:
        return (_tag(name, ANY), _tag(name, UNKNOWN))
    head = _head(name)
    if len(keys) == 1:
        (key,) = keys
        return (f"{head}:{ANY}", f"{head}:{_spelled(key)}")
    own = [f"{head}:{_spelled(key)}" for key in keys]
    return (f"{head}:{ANY}", *dict.fromkeys(own))


def read_tags_of_types(names: Iterable[str]) -> tuple[str, ...]:
    """What an answer carries that tells of entities of these types, one cannot know which."""
    all_of = tuple(dict.fromkeys(names))
    if len(all_of) > MOST_TYPES:
        return (ANYTHING,)
    return tuple(tag for name in all_of for tag in read_tags(name))


def dropped_by(changes: Iterable[Change]) -> tuple[str, ...]:
    """The tags that changes drop, each once; none for no change."""
    tags: dict[str, None] = {}
    for name, key in changes:
        if key is None:
            tags[_tag(name, ANY)] = None
        else:
            tags[_tag(name, _spelled(key))] = None
            tags[_tag(name, UNKNOWN)] = None
    return (*tags, ANYTHING) if tags else ()


def change_of(text: str) -> Change:
    """The change that a text such as `User:42`, `Seat:7,12` or `User:*` names. Raises BadChange."""
    if len(text) > MOST_WRITTEN:
        raise BadChange(f"expected at most {MOST_WRITTEN} characters")
    name, colon, written = text.partition(":")
    if not colon or not _NAME.fullmatch(name):
        raise BadChange(
            "expected a type's name, a colon and a key, as 'User:42', or 'User:*' for all of a type"
        )
    if written == ANY:
        return Change(name)
    if not written:
        raise BadChange(f"expected a key after '{name}:', or '{name}:*' for all")
    stray = sorted({one for one in written if one in ":*?"})
    if stray:
        what = " and ".join(f"{one!r} (%{ord(one):02X})" for one in stray)
        raise BadChange(f"expected {what} in a key to be percent-encoded, or '{name}:*' for all")
    if _NOT_ENCODED.search(written):
        raise BadChange("expected two hexadecimal digits after each '%', which itself is written '%25'")
    try:
        return Change(name, tuple(unquote(part, errors="strict") for part in written.split(",")))
    except UnicodeDecodeError:
        raise BadChange("expected what is percent-encoded to be UTF-8") from None


def fewer(tags: Collection[str], most: int) -> tuple[str, ...] | None:
    """At most so many tags that every change drops which drops one of these: keys give way to `User:?`. None where
    there are too many even so, and what has them is better not kept.
    """
    if len(tags) <= most:
        return tuple(tags)
    types = {name for name, _, rest in (tag.partition(":") for tag in tags) if rest == ANY}
    widened: dict[str, None] = {}
    for tag in tags:
        name, _, rest = tag.partition(":")
        widened[f"{name}:{UNKNOWN}" if name in types and rest != ANY else tag] = None
    return tuple(widened) if len(widened) <= most else None


def _tag(name: str, rest: str) -> str:
    return f"{_head(name)}:{rest}"


def _head(name: str) -> str:
    # GraphQL bounds no name; a tag has at most 200 characters.
    return name if len(name) <= _LONGEST_NAME else _digest(name)


def _spelled(key: Key) -> str:
    if len(key) == 1 and key[0].isalnum() and len(key[0]) <= MOST_TEXT:  # as most are
        return key[0]
    parts = [_RESERVED.sub(_encoded, part) for part in key]
    text = parts[0] if len(parts) == 1 else ",".join(parts)
    return text if len(text) <= MOST_TEXT else _digest(text)


def _encoded(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def _digest(text: str) -> str:
    # A percent sign that no two digits follow is in no spelling.
    return f"%-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
