"""What the code says of its public names: signatures, docstrings, fields of classes, and strings below constants."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

import msgspec

_WIDE: Final = 96
_HIDDEN: Final = frozenset({"self", "init"})
"""`init` is there for type checkers alone."""
_PLAIN: Final = (str, int, float, tuple, type(None))


def signature(name: str, made: Any) -> str:
    """A call as it is written, with types and defaults; on several lines where it is long."""
    found = inspect.signature(made)
    # The signature of a Struct has no types.
    kept = (
        inspect.get_annotations(made) if isinstance(made, type) and issubclass(made, msgspec.Struct) else {}
    )
    parts: list[str] = []
    slash = star = False
    for one in found.parameters.values():
        if one.name in _HIDDEN:
            continue
        if slash and one.kind is not one.POSITIONAL_ONLY:
            parts.append("/")
            slash = False
        if one.kind is one.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        slash = slash or one.kind is one.POSITIONAL_ONLY
        parts.append(_parameter(one.replace(annotation=kept.get(one.name, one.annotation))))
    parts += ["/"] if slash else []
    returned = found.return_annotation
    end = "" if returned in (inspect.Signature.empty, None, "None") else f" -> {_type(returned)}"
    text = f"{name}({', '.join(parts)}){end}"
    return text if len(text) <= _WIDE else f"{name}(\n    {f',{chr(10)}    '.join(parts)},\n){end}"


def _parameter(one: inspect.Parameter) -> str:
    stars = "*" if one.kind is one.VAR_POSITIONAL else "**" if one.kind is one.VAR_KEYWORD else ""
    # What was not kept as text is shown by each Python in a way of its own.
    said = f": {_type(one.annotation)}" if isinstance(one.annotation, str) else ""
    if one.default is one.empty:
        return f"{stars}{one.name}{said}"
    default = repr(one.default) if isinstance(one.default, _PLAIN) else "..."
    return f"{one.name}{said}{' = ' if said else '='}{default}"


def _type(annotation: Any) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    text = re.sub(r"\bbuiltins\.", "", text)
    return text if "Literal" in text else text.replace("'", "")


def said(made: Any) -> str | None:
    """A docstring, its paragraphs kept, its lines joined."""
    text = inspect.getdoc(made)
    return None if text is None else joined(text)


def joined(text: str) -> str:
    """Paragraphs of one line each; lists and code keep their lines."""
    parts = re.split(r"\n\s*\n", inspect.cleandoc(text))
    return "\n\n".join(one if one.startswith(("```", "- ")) else " ".join(one.split()) for one in parts)


def strings_below(module: ModuleType | str) -> dict[str, str]:
    """What the strings below a module's or a class's assignments say, by name; of a class as `Class.name`."""
    found = sys.modules[module] if isinstance(module, str) else module
    tree = ast.parse(inspect.getsource(found))
    told = dict(_below(tree.body))
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            told |= {f"{node.name}.{name}": text for name, text in _below(node.body)}
    return told


def _below(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """A string says what the assignments right above it mean."""
    above: list[str] = []
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            above.append(node.target.id)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            above.append(node.targets[0].id)
        else:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and above:
                yield above[-1], joined(str(node.value.value))
            above = []


def fields_of(made: type[Any]) -> list[tuple[str, str]]:
    """The fields of a dataclass with their types."""
    return [(one.name, _type(one.type)) for one in dataclasses.fields(made)]


def methods_of(made: type[Any]) -> list[tuple[str, Any]]:
    """The public methods that a class itself defines, in order."""
    return [
        (name, one)
        for name, one in vars(made).items()
        if not name.startswith("_") and inspect.isfunction(one)
    ]


def properties_of(made: type[Any]) -> list[tuple[str, str]]:
    """The public properties of a class with what they say."""
    return [
        (name, said(one) or "")
        for name, one in vars(made).items()
        if not name.startswith("_") and isinstance(one, property)
    ]
