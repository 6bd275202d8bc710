"""The rules of the house that can be read off the sources: which way imports point, names, docstrings.

Pure: a `Module` is a path and a text, a broken rule is one line of text with file and line. `test_layers.py`
runs the rules over the tree, and over small sources that break them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

LAYERS = ("adapters", "resolvers", "graph", "stolon")
"""Bottom to top: a layer imports itself and what stands before it."""

PROJECT = (*LAYERS, "examples")

FOREIGN: dict[str, frozenset[str]] = {
    "adapters": frozenset({"graphql", "strawberry", "aiodataloader"}),
    "resolvers": frozenset({"aiohttp", "uvloop"}),
}
"""Libraries that a layer knows nothing of."""

VAGUE = frozenset({"util", "utils", "helper", "helpers", "common", "base", "manager", "managers", "misc"})
"""File names under which no reader would search for a concept."""


@dataclass(frozen=True, slots=True)
class Module:
    """One source file: its path from the project's root, with slashes, and its text."""

    path: str
    text: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The dotted name in pieces; a package's own file counts as the package."""
        names = PurePosixPath(self.path).with_suffix("").parts
        return names[:-1] if names[-1] == "__init__" else names

    @property
    def package(self) -> tuple[str, ...]:
        """The package that a relative import starts from."""
        return PurePosixPath(self.path).parts[:-1]


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: where, what (dotted), and whether inside a function."""

    line: int
    target: str
    local: bool

    @property
    def top(self) -> str:
        """The top-level package that it comes from."""
        return self.target.partition(".")[0]


def read_tree(root: Path, *folders: str) -> list[Module]:
    """Every Python source below the folders, sorted by path."""
    paths = sorted(path for folder in folders for path in (root / folder).rglob("*.py"))
    return [Module(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


def imports_of(module: Module) -> list[Import]:
    """All imports, relative ones resolved, those by `import_module("name")` among them, in order of line."""
    found = _imports(ast.parse(module.text, module.path), module, local=False)
    return sorted(found, key=lambda each: (each.line, each.target))


def _imports(node: ast.AST, module: Module, *, local: bool) -> Iterator[Import]:
    match node:
        case ast.Import():
            yield from (Import(node.lineno, alias.name, local) for alias in node.names)
        case ast.ImportFrom(level=0, module=str(name)):
            yield Import(node.lineno, name, local)
        case ast.ImportFrom():
            start = module.package[: len(module.package) - node.level + 1]
            yield Import(node.lineno, ".".join((*start, *filter(None, [node.module]))), local)
        case ast.Call(
            func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            yield Import(node.lineno, name, local)
        case _:
            pass
    inside = local or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, module, local=inside)


def allowed(module: Module) -> frozenset[str]:
    """The project's packages that a module may import."""
    top = module.parts[0]
    if top != "examples":
        return frozenset(LAYERS[: LAYERS.index(top) + 1])
    # A service stands for somebody else's program: it knows neither Stolon nor GraphQL.
    return frozenset({"examples"}) if "services" in module.parts else frozenset({"examples", "stolon"})


def broken_imports(module: Module) -> list[str]:
    """Imports that point up, reach for a library of another layer, or hide in a function."""
    top, may = module.parts[0], allowed(module)
    foreign = FOREIGN.get(top, frozenset())
    if top == "examples" and "services" in module.parts:
        foreign = frozenset({"strawberry", "graphql"})
    said = []
    for each in imports_of(module):
        place = f"{module.path}:{each.line}: "
        if each.top in PROJECT and each.top not in may:
            said.append(
                f"{place}imports {each.target}; may import of the project only {', '.join(sorted(may))}"
            )
        if each.top in foreign:
            said.append(f"{place}imports {each.target}, which {top} knows nothing of")
        if each.local and each.top in PROJECT:
            said.append(f"{place}imports {each.target} inside a function; imports stand at the top")
    return said


def vague_names(module: Module) -> list[str]:
    """Files and folders named after no concept."""
    vague = [name for name in PurePosixPath(module.path).with_suffix("").parts if name.lower() in VAGUE]
    return [f"{module.path}:1: '{name}' says nothing of what it holds" for name in vague]


def missing_docstring(module: Module) -> list[str]:
    """A module that does not say what it holds. A package's empty `__init__.py` holds nothing."""
    tree = ast.parse(module.text, module.path)
    if ast.get_docstring(tree) or (module.path.endswith("__init__.py") and not tree.body):
        return []
    return [f"{module.path}:1: no module docstring"]


def untold_tests(module: Module) -> list[str]:
    """Test functions, in classes too, whose docstring does not state the rule that they show."""
    return [
        f"{module.path}:{node.lineno}: {node.name} states no rule (a docstring)"
        for node in ast.walk(ast.parse(module.text, module.path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
