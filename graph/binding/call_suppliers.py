"""Where a bound value comes from: the marks of `op(...)`, checked against what the call is for."""

from __future__ import annotations

from typing import Any

from adapters.mistake import nearest
from graph.binding.arguments import plain_value
from graph.binding.call_site import Site, upstream_path
from graph.declaring.declare import CallerMark, EachMark, KeyMark, KeysMark, ThisMark
from resolvers.source import Binding, Claim, Constant, Each, Key, Keys, Supplier, This


def find_supplier(site: Site, label: str, value: Any) -> Supplier | None:
    """The supplier that a mark or a constant stands for; None with a mistake noted where it makes no sense
    here.
    """
    match value:
        case ThisMark() | EachMark():
            return _of_parent(site, label, value)
        case CallerMark(claim):
            return Claim(claim)
        case KeyMark() | KeysMark():
            return _of_key(site, label, value)
        case _:
            return Constant(plain_value(value))


def _of_parent(site: Site, label: str, mark: ThisMark | EachMark) -> Supplier | None:
    written = f"{label}=rest.{'this' if isinstance(mark, ThisMark) else 'each'}({mark.path!r})"
    parent = site.ask.parent
    if parent is None and not site.ask.parent_is_unread:
        site.wrong(f"{written}: there is no parent here; it is for fields of bound types")
        return None
    if isinstance(mark, EachMark) and site.ask.role != "grouped":
        site.wrong(f"{written} is for links, together with group_by=")
        return None
    # The path is taken at its word where there is nothing to hold it against.
    upstream = tuple(mark.path.split(".")) if parent is None else upstream_path(parent, mark.path)
    if isinstance(upstream, str):
        site.wrong(f"{written}: {upstream}")
        return None
    return This(upstream) if isinstance(mark, ThisMark) else Each(upstream)


def _of_key(site: Site, label: str, mark: KeyMark | KeysMark) -> Supplier | None:
    single = isinstance(mark, KeyMark)
    written = f"{label}=rest.{'key' if single else 'keys'}"
    key, role, part = site.ask.key, site.ask.role, mark.part
    if role != "many" and not (role == "one" and single):
        site.wrong(f"{written} is for {'one= and many=' if single else 'many='}")
        return None
    if part is None and not single and len(key) > 1:
        return Keys(None, tuple(name.split(".")[-1] for name in key))
    if part is None and len(key) == 1:
        return Key(0) if single else Keys(0)
    if part not in key:
        shown = ", ".join(map(repr, key))
        site.wrong(f"{written}: say which part of the key ({shown}){nearest(part or '', key)}")
        return None
    place = key.index(part)
    return Key(place) if single else Keys(place)


def check_key_is_asked(site: Site, bindings: list[Binding]) -> None:
    """An entity's call must ask for every part of its key, and a `many` for a list of keys."""
    suppliers = [one.supplier for one in bindings]
    asked: set[int] = set()
    for one in suppliers:
        match one:
            case Key(part) | Keys(int(part)):
                asked.add(part)
            case Keys(None):
                asked |= set(range(len(site.ask.key)))
    absent = [repr(part) for place, part in enumerate(site.ask.key) if place not in asked]
    operation = site.operation.id
    if absent:
        mark = "rest.key" if site.ask.role == "one" else "rest.keys"
        site.wrong(f"nothing of {operation!r} is bound to the key {', '.join(absent)}: use {mark}")
    elif site.ask.role == "many" and not any(isinstance(one, Keys) for one in suppliers):
        site.wrong(f"{operation!r} takes one key at a time: bind the list of keys with rest.keys")
