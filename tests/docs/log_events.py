"""What the sources log at warning and above, read off their text: file, logger, level, and the line's form.

Pure. A line's form is the template that is logged, as a pattern. Of a level that is worked out while it runs nothing
is said.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LEVELS = {"warning": "warning", "error": "error", "exception": "error", "critical": "error", "log": ""}
_PLACE = re.compile(r"%[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]")


@dataclass(frozen=True, slots=True)
class Event:
    """One call that logs. `level` is empty where it is worked out."""

    file: str
    line: int
    logger: str
    level: str
    template: str

    def is_form_of(self, line: str) -> bool:
        """Whether a line is this template with its places filled."""
        parts = [re.escape(one) for one in _PLACE.split(self.template)]
        return re.fullmatch(".+".join(parts), line) is not None


def events(root: Path, *folders: str) -> list[Event]:
    """Every event of the modules in the folders, by file and line."""
    files = sorted(file for folder in folders for file in (root / folder).rglob("*.py"))
    return [one for file in files for one in _of(file.relative_to(root).as_posix(), file.read_text("utf-8"))]


def _of(name: str, text: str) -> Iterator[Event]:
    tree = ast.parse(text)
    texts: dict[str, str] = {}
    loggers: dict[str, str] = {}
    for node in tree.body:
        target, value = _assigned(node)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            texts[target] = value.value
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "logging.getLogger":
            argument = value.args[0]
            own = name.removesuffix(".py").replace("/", ".")
            loggers[target] = str(argument.value) if isinstance(argument, ast.Constant) else own
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        logger = loggers.get(ast.unparse(call.func.value))
        if logger is None or call.func.attr not in LEVELS:
            continue
        said = call.args[1 if call.func.attr == "log" else 0]
        template = said.value if isinstance(said, ast.Constant) else texts.get(ast.unparse(said), "%s")
        yield Event(name, call.lineno, logger, LEVELS[call.func.attr], str(template))


def _assigned(node: ast.stmt) -> tuple[str, ast.expr | None]:
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]), node.value
    if isinstance(node, ast.AnnAssign):
        return ast.unparse(node.target), node.value
    return "", None
