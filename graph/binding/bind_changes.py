"""Binding what calls tell of and change: `changes=` of `op(...)` against contract and types, or what is inferred.

`graph/binding/bind_calls.py` asks for each call that it binds; what comes out gives the tags of its requests
(`resolvers/loading/call_tags.py`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Final

from adapters.caching.entity_tags import BadChange, change_of
from adapters.contract.contract import Kind
from adapters.mistake import nearest
from graph.binding.call_site import Site
from graph.binding.call_targets import find_target
from graph.binding.inferred_changes import inferred
from graph.binding.keyed_types import KeyedType, KeyedTypes
from graph.declaring.mistakes import Mistakes
from resolvers.loading.call_tags import Changed, Changing, Given, Part, Told
from resolvers.loading.keys import canonical
from resolvers.source import TagsOf

_PART: Final = re.compile(r"(\{[^{}]*\}|[^{},]*)(,|\Z)")
_NO_KEY: Final = frozenset({Kind.OBJECT, Kind.ARRAY, Kind.UNION, Kind.ANY, Kind.NUMBER, Kind.BOOLEAN})
_FORM: Final = "'Order:{order_id}' or 'Order:*'"


def tags_of_call(site: Site, keyed: KeyedTypes, pick: tuple[str, ...], *, safe: bool) -> TagsOf:
    """What gives the tags of a call's requests. `pick` is where its value lies in its answer. Notes what is wrong
    with `changes=`.
    """
    contract, operation, ask, stated = site.contract, site.operation, site.ask, site.name.changes
    if ask.shows is not None:
        keyed.show(contract.name, operation.id, ask.shows)
    if safe:
        if stated is not None:
            site.wrong(f"changes=: {operation.id!r} is a read, which changes nothing")
        if ask.role in ("one", "many") and ask.shows is not None:
            return Told(partial(keyed.shown_beside, contract, operation, pick, ask.shows), ask.shows)
        return Told(partial(keyed.shown, contract, operation))
    if stated is None:
        return Changed(partial(inferred, keyed, contract, operation))
    changing = tuple(
        one for text in _texts(site, stated) if (one := _changing(site, keyed, text)) is not None
    )
    return Changed(lambda: changing)


def _texts(site: Site, stated: object) -> list[str]:
    if isinstance(stated, (list, tuple)) and all(isinstance(one, str) for one in stated):
        return list(stated)
    site.wrong(f"changes=: expected a list of texts such as {_FORM}")
    return []


def _changing(site: Site, keyed: KeyedTypes, text: str) -> Changing | None:
    """What one text says; None with mistakes noted."""
    name, colon, rest = text.partition(":")
    of = keyed.by_name.get(name)
    if of is None and name in keyed.failed:
        return None
    if colon and of is None:
        known = ", ".join(sorted(keyed.by_name)) or "none"
        hint = nearest(name, keyed.by_name)
        site.wrong(f"changes={text!r}: {name!r} is no bound type with a key (there are: {known}){hint}")
        return None
    if of is None or not rest:
        site.wrong(f"changes={text!r}: expected a type's name, a colon and a key, as {_FORM}")
        return None
    if rest == "*":
        return Changing(name)
    written = _parts(rest)
    if written is None:
        site.wrong(
            f"changes={text!r}: expected each part of the key as text or as one '{{name}}', as {_FORM}"
        )
        return None
    if len(written) != len(of.parts):
        parts = ", ".join(map(repr, of.parts))
        site.wrong(f"changes={text!r}: the key of {name} is {parts}, and this has {len(written)} parts")
        return None
    found = [_part(site, of, text, place, part) for place, part in enumerate(written)]
    key = tuple(one for one in found if one is not None)
    return Changing(name, key) if len(key) == len(found) else None


def _parts(written: str) -> list[str] | None:
    """The parts of a key, apart; None where braces stand amid text."""
    parts: list[str] = []
    at, more = 0, True
    while more:
        found = _PART.match(written, at)
        if found is None:
            return None
        parts.append(found[1])
        at, more = found.end(), found[2] == ","
    return parts


def _part(site: Site, of: KeyedType, text: str, place: int, written: str) -> Part | None:
    kind = of.kinds[place]
    if not written.startswith("{"):
        try:
            constant = change_of(f"{of.name}:{written}").key
        except BadChange as wrong:
            site.wrong(f"changes={text!r}: {wrong}")
            return None
        known = None if constant is None else canonical(kind, constant[0])
        if known is None:
            site.wrong(
                f"changes={text!r}: {written!r} is no {of.parts[place]!r} of {of.name}, which is {kind}"
            )
        return known
    told = Mistakes()
    target = find_target(replace(site, mistakes=told), written[1:-1])
    if target is None:
        for mistake in told.found:
            site.wrong(f"changes={text!r}: {mistake.message}")
        return None
    given = site.contract.schema(target.use).kind
    if given in _NO_KEY:
        site.wrong(
            f"changes={text!r}: {written} is {given}, and a key is text or an integer; write '{of.name}:*'"
        )
        return None
    return Given(kind, target.parameter, target.body or ())
