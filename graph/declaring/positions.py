"""Where classes and their fields stand in a project's code: looked up only when there is a mistake to tell."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from strawberry.types.field import StrawberryField

from graph.declaring.declare import Position


def class_position(cls: type) -> Position:
    """Where a class stands, as far as Python tells; line 0 where it does not."""
    try:
        file = inspect.getsourcefile(cls)
        _, line = inspect.getsourcelines(cls)
    except (OSError, TypeError):
        return Position(Path(cls.__module__), 0)
    return Position(Path(file or cls.__module__), line)


def field_position(one: StrawberryField, cls: type, otherwise: Position) -> Position:
    """Where a class, or the one that it has the field from, annotates a field; `otherwise` where its source
    does not say.
    """
    owner = one.origin if isinstance(one.origin, type) else cls
    try:
        tree = ast.parse(otherwise.file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return otherwise
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == owner.__name__:
            for inside in node.body:
                if (
                    isinstance(inside, ast.AnnAssign)
                    and isinstance(inside.target, ast.Name)
                    and inside.target.id == one.python_name
                ):
                    return Position(otherwise.file, inside.lineno)
    return otherwise
