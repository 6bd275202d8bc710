"""docs/reference/idiom.md: every public name, `from stolon import Context, rest, testing`."""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import stolon
from graph.declaring import calls, rest
from graph.types import scalars
from resolvers.caller import Caller
from scripts.reference_pages import public_names as names
from scripts.reference_pages.settings_page import anchor
from scripts.reference_pages.words import Words
from stolon import testing

WITH_METHODS: Final = {"Contract": "contract", "Services": "services"}
"""Classes whose methods a project calls, and what an object of each is called here."""
INTRO: Final = """\
# The idiom

Every public name. A project's code imports `strawberry` and, from `stolon`, `rest`, `Context` and `testing`, and
nothing else. Declaring reads nothing and raises nothing: `rest.Schema(...)` checks everything against the contracts
and raises one `ProjectError` with all mistakes, each with its file and line."""
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "Contracts and their operations": ("contract", "Contract"),
    "What parameters are bound to": ("this", "each", "key", "keys", "caller"),
    "In place of an answer": ("stale", "constant"),
    "Types": ("type", "extend", "auto", "BigInt"),
    "Fields": ("field", "link", "query", "connection", "mutation"),
    "Stated paging": ("by_page", "by_offset", "by_cursor", "by_link"),
    "Connections": ("Connection", "Edge", "PageInfo"),
    "The schema": ("Schema",),
    "In resolvers": ("Info", "Code", "Fault", "FieldError"),
}


def page(words: Words, pages: Iterable[Path]) -> str:
    """The page's text. `pages` are those whose examples are linked to."""
    used = {one: one.read_text(encoding="utf-8") for one in pages}
    told = {**names.strings_below(scalars), **names.strings_below(calls), **names.strings_below(rest)}
    parts = [INTRO]
    grouped = {name for group in GROUPS.values() for name in group}
    groups = {**GROUPS, "More": tuple(name for name in rest.__all__ if name not in grouped)}
    for title, group in groups.items():
        if group:
            parts.append(f"## {title}")
        for name in group:
            if name in rest.__all__:
                parts += _name("rest", name, getattr(rest, name), told, words)
                parts += _examples(name, used)
        if title == "Fields":
            parts += _options(told)
    parts += ["## The context", *_context(words)]
    parts += ["## Testing", names.joined((inspect.getdoc(testing) or "").split("```")[0])]
    told |= names.strings_below(testing)
    for name in testing.__all__:
        parts += _name("testing", name, getattr(testing, name), told, words)
    others = sorted(set(stolon.__all__) - {"rest", "testing", "Context"})
    parts += [f"`stolon.{name}`: {words.of('names', name)}" for name in others]
    return "\n\n".join(parts) + "\n"


def _name(of: str, name: str, made: Any, told: Mapping[str, str], words: Words) -> Iterator[str]:
    yield f"### `{of}.{name}`"
    own = told.get(name)
    if inspect.isfunction(made):
        yield _code(names.signature(f"{of}.{name}", made))
        yield words.of("names", name, names.said(made))
    elif isinstance(made, type) and issubclass(made, enum.Enum):
        yield words.of("names", name, own or names.said(made))
        yield "One of " + ", ".join(f"[`{one}`](errors.md#{anchor(str(one.value))})" for one in made) + "."
    elif isinstance(made, type):
        yield from _class(of, name, made, words)
    else:
        yield words.of("names", name, own)


def _class(of: str, name: str, made: type[Any], words: Words) -> Iterator[str]:
    graphql = getattr(made, "__strawberry_definition__", None)
    if graphql is None and name != "Contract":
        yield _code(names.signature(f"{of}.{name}", made))
    yield words.of("names", name, names.said(made))
    if graphql is not None:
        shown = [one for one in graphql.fields if one.description]
        yield "\n".join(f"- `{_camel(one.name)}`: {one.description}" for one in shown)
        return
    for method, function in names.methods_of(made) if name in WITH_METHODS else ():
        yield _code(names.signature(f"{WITH_METHODS[name]}.{method}", function))
        yield names.said(function) or ""
    found = names.properties_of(made)
    if found:
        yield "\n".join(f"- `{one}`: {text}" for one, text in found)


def _options(told: Mapping[str, str]) -> Iterator[str]:
    """What `**options` may hold."""
    for kind, title in (
        (rest.FieldOptions, "Every field may also say"),
        (rest.SourceOptions, "A field that calls an operation may also say"),
    ):
        rows = []
        for name, annotation in kind.__annotations__.items():
            if kind is rest.SourceOptions and name in rest.FieldOptions.__annotations__:
                continue
            text = told.get(f"{kind.__name__}.{name}", "As in `strawberry.field`.")
            shown = getattr(annotation, "__forward_arg__", annotation)
            rows.append(f"| `{name}` | `{names._type(shown)}` | {text} |".replace("builtins.", ""))
        yield f"**{title}**:"
        yield "\n".join(["| option | type | meaning |", "| --- | --- | --- |", *rows])


def _context(words: Words) -> Iterator[str]:
    yield "`info.context` of a resolver. " + (names.said(stolon.Context) or "")
    for name, method in names.methods_of(stolon.Context):
        yield _code(names.signature(f"context.{name}", method))
        yield names.said(method) or ""
    yield "**`context.caller`** is who asks. " + (names.said(Caller) or "")
    rows = [f"- `{name}`: `{kind}`" for name, kind in names.fields_of(Caller)]
    rows += [f"- `{name}`: {text}" for name, text in names.properties_of(Caller)]
    yield "\n".join(rows)


def _examples(name: str, used: Mapping[Path, str]) -> Iterator[str]:
    """Where hand-written pages show the name in code."""
    pattern = re.compile(rf"\brest\.{name}\b" if name != "Contract" else r"\brest\.contract\b")
    found = [file for file, text in used.items() if any(pattern.search(one) for one in _blocks(text))]
    if found:
        yield "Shown in " + ", ".join(f"[{one.stem}]({_from_here(one)})" for one in found) + "."


def _from_here(page: Path) -> str:
    return f"../{page.name}" if page.parent.name == "docs" else f"../{page.parent.name}/{page.name}"


def _blocks(text: str) -> list[str]:
    return re.findall(r"^```python[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def _code(text: str) -> str:
    return f"```python\n{text}\n```"


def _camel(name: str) -> str:
    head, *rest_ = name.split("_")
    return head + "".join(one.title() for one in rest_)
