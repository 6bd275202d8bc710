"""Where classes and their fields stand in a project's code: looked up only when there is a mistake to tell."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from graph.declare import Position


def class_position(cls: type) -> Position:
    """Where a class stands, as far as Python tells; line 0 where it does not."""
    try:
        file = inspect.getsourcefile(cls)
        _, line = inspect.getsourcelines(cls)
    except (OSError, TypeError):
        return Position(Path(cls.__module__), 0)
    return Position(Path(file or cls.__module__), line)


def field_position(cls: type, name: str, otherwise: Position) -> Position:
    """Where a class annotates a field; `otherwise` where its source can't be read."""
    try:
        tree = ast.parse(otherwise.file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return otherwise
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__:
            for inside in node.body:
                if (
                    isinstance(inside, ast.AnnAssign)
                    and isinstance(inside.target, ast.Name)
                    and inside.target.id == name
                ):
                    return Position(otherwise.file, inside.lineno)
    return otherwise
