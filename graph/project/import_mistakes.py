"""What a project's module raised while it was imported, as a mistake at the line of the project that it is of.

`graph/project/project.py` imports and asks; `graph/declaring/mistakes.py` is for what is found later, when the
schema is bound.
"""

from __future__ import annotations

import ast
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from adapters.mistake import Mistake, nearest
from graph.declaring import rest


def mistake_of(error: Exception, folder: Path, file: Path) -> Mistake:
    """The mistake that an exception tells of: at the innermost line of the folder's own code, or of `file` where
    there is none.
    """
    if isinstance(error, SyntaxError):
        return Mistake(Path(error.filename or file), error.lineno or 0, "", f"invalid syntax: {error.msg}")
    where, line = place_of(error.__traceback__, folder) or (file, 0)
    return Mistake(where, line, "", f"{type(error).__name__}: {_said(error, where, line)}")


def place_of(trace: TracebackType | None, folder: Path) -> tuple[Path, int] | None:
    """The innermost line of a traceback that is of the folder's own code; None where none is."""
    frames = [one for one in traceback.extract_tb(trace) if Path(one.filename).is_relative_to(folder)]
    return (Path(frames[-1].filename), frames[-1].lineno or 0) if frames else None


def _said(error: Exception, where: Path, line: int) -> str:
    if isinstance(error, AttributeError) and error.obj is rest:
        return f"rest has no {error.name!r}{nearest(error.name or '', rest.__all__)}"
    if isinstance(error, NameError) and error.name is not None:
        early = _early(where, line, error.name)
        if early is not None:
            return f"{error.name!r} is not defined yet: write the annotation in quotes, {early}"
    return str(error)


def _early(where: Path, line: int, name: str) -> str | None:
    """The annotation of that line, in quotes, where it names a class of the same file that is not there yet."""
    try:
        tree = ast.parse(where.read_bytes())
    except (OSError, ValueError, SyntaxError):
        return None
    if not any(isinstance(one, ast.ClassDef) and one.name == name for one in ast.walk(tree)):
        return None
    for annotation in _annotations(tree):
        named = any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(annotation))
        if named and annotation.lineno <= line <= (annotation.end_lineno or annotation.lineno):
            text = ast.unparse(annotation)
            return f'"{text}"' if '"' not in text else f"'{text}'"
    return None


def _annotations(tree: ast.AST) -> Iterator[ast.expr]:
    for one in ast.walk(tree):
        if isinstance(one, (ast.AnnAssign, ast.arg)) and one.annotation is not None:
            yield one.annotation
        elif isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)) and one.returns is not None:
            yield one.returns
