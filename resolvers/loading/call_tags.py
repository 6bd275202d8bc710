"""What the answer of a bound operation tells of, and what a bound operation changes, as tags of entities.

Binding makes one of these for each bound operation (`graph/binding/bind_changes.py`); `resolvers/call.py` asks it
for the tags of each request, which `adapters/caching/cache.py` keeps the answer with, or drops. The tags
themselves are the matter of `adapters/caching/entity_tags.py`.

Which types there are is known when the whole graph is bound, and operations are bound before: so what needs all of
them is worked out when it is first asked for, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from adapters.caching.entity_tags import Change, Key, dropped_by, read_tags, read_tags_of_types
from adapters.contract.contract import Kind, Parameter
from resolvers.loading.keys import canonical
from resolvers.reading.record import raw
from resolvers.source import Supplied


class Told:
    """What the answer of a read tells of. `others` are the names of the types that it can show, one cannot know which
    entities of them; `name` is the type of those whose keys the call asks for, where it does.
    """

    __slots__ = ("_others", "_own", "_tags")

    def __init__(self, others: Callable[[], Iterable[str]], name: str | None = None) -> None:
        self._others = others
        self._own = name
        self._tags: tuple[str, ...] | None = None

    def __call__(
        self, supplied: Supplied, parameters: Mapping[Parameter, object], body: object
    ) -> tuple[str, ...]:
        """The tags of the answer to one call."""
        tags = self._tags
        if tags is None:
            names = tuple(self._others())
            tags = self._tags = read_tags_of_types(names)
            if self._own in names:  # more of them than were asked for
                self._own = None
        if self._own is None:
            return tags
        keys = supplied.keys or ((supplied.key,) if supplied.key else ())
        # Those of lookups are canonical texts (`resolvers/loading/keys.py`).
        return (*read_tags(self._own, cast("tuple[Key, ...]", keys)), *tags)


@dataclass(frozen=True, slots=True)
class Given:
    """A part of a key that the call is given: the value of a parameter, or of a property at a path of the body.
    `kind` says which texts are one key.
    """

    kind: Kind
    parameter: Parameter | None
    body: tuple[str, ...] = ()


Part: TypeAlias = str | Given


@dataclass(frozen=True, slots=True)
class Changing:
    """What a call changes: the entity of a type with this key, or with None whichever."""

    name: str
    key: tuple[Part, ...] | None = None


class Changed:
    """What a change changes."""

    __slots__ = ("_changing", "_found")

    def __init__(self, changing: Callable[[], Sequence[Changing]]) -> None:
        self._changing = changing
        self._found: tuple[Changing, ...] | None = None

    @property
    def changing(self) -> tuple[Changing, ...]:
        """What it changes, whatever it is given."""
        if self._found is None:
            self._found = tuple(self._changing())
        return self._found

    def __call__(
        self, supplied: Supplied, parameters: Mapping[Parameter, object], body: object
    ) -> tuple[str, ...]:
        """The tags that one call drops."""
        return dropped_by([_change(one, parameters, body) for one in self.changing])


def _change(changing: Changing, parameters: Mapping[Parameter, object], body: object) -> Change:
    """What one call changes: whichever, where a part of the key was not given or can be none."""
    key: list[str] = []
    for part in changing.key or ():
        text = part if isinstance(part, str) else _text(part, parameters, body)
        if text is None:
            return Change(changing.name)
        key.append(text)
    return Change(changing.name, tuple(key) or None)


def _text(part: Given, parameters: Mapping[Parameter, object], body: object) -> str | None:
    value = raw(body, part.body) if part.parameter is None else parameters.get(part.parameter)
    return canonical(part.kind, value)
