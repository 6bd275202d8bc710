"""Loading a project: its settings, its modules and its schema, with every mistake of all three at once."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Final

from adapters.caching.cache_rule import UNSAID
from adapters.contract.contract import Contract
from adapters.mistake import Mistake, ProjectError, nearest, suggested
from graph.binding.bind_fallbacks import stated_mistakes
from graph.declaring.schema import Schema
from graph.project.example_documents import ExampleDocument, read_examples
from graph.project.import_mistakes import mistake_of, place_of
from graph.settings.settings import FILE, Settings, read_settings
from graph.settings.toml_document import Document
from resolvers.source import BoundOperation

_CHANGES: Final = ("PUT", "PATCH", "DELETE")
_OURS: Final = frozenset({"adapters", "resolvers", "graph", "stolon"})


@dataclass(frozen=True, slots=True)
class Project:
    """A project that can be served."""

    settings: Settings
    schema: Schema
    examples: tuple[ExampleDocument, ...] = ()


def load_project(folder: Path, environ: Mapping[str, str]) -> Project:
    """Read and bind a project. Raises ProjectError with every mistake of its settings, contracts and
    declarations.
    """
    folder = folder.resolve()
    mistakes: list[Mistake] = []
    settings: Settings | None = None
    try:
        settings = read_settings(folder, environ)
    except ProjectError as error:
        mistakes += error.mistakes
    schema: Schema | None = None
    # A project whose settings are wrong still has its declarations checked, as far as they can be found.
    target = settings.graph.schema if settings is not None else "schema:schema"
    if settings is not None or (folder / "schema.py").is_file():
        try:
            named = None if settings is None else partial(_at_setting, folder, environ)
            schema = load_schema(folder, target, named)
        except ProjectError as error:
            mistakes += error.mistakes
    if settings is not None:
        mistakes += _services(folder, settings, schema)
    examples, wrong = read_examples(folder, None if schema is None else schema._schema)
    mistakes += wrong
    if mistakes or settings is None or schema is None:
        raise ProjectError(mistakes)
    return Project(settings, schema, examples)


def load_schema(folder: Path, target: str, named: Callable[[str], Mistake] | None = None) -> Schema:
    """The schema that `module:attribute` names in a project's folder. Raises ProjectError. `named` makes the mistake
    of a target that names nothing, where it is written; else it is told of the module's file.
    """
    name, _, attribute = target.partition(":")
    hidden = sorted(
        one
        for one in folder.iterdir()
        if one.stem in _OURS and (one.suffix == ".py" or (one / "__init__.py").is_file())
    )
    if hidden:
        raise ProjectError(
            [Mistake(one, 0, "", f"hides Stolon's own package {one.stem!r}: rename it") for one in hidden]
        )
    file = folder / f"{name.replace('.', '/')}.py"
    if name.split(".")[0] in sys.stdlib_module_names:
        raise ProjectError([Mistake(file, 0, "", f"hides Python's own module {name!r}: rename it")])
    named = named or partial(Mistake, file, 0, "")
    with _on_path(folder):
        module = _imported(folder, name, file, named)
    found = getattr(module, attribute, None)
    if isinstance(found, Schema):
        return found
    known = [key for key, value in vars(module).items() if isinstance(value, Schema)]
    if found is None:
        what = f"module {name!r} has no {attribute!r}"
    else:
        what = f"{attribute!r} of module {name!r} is {type(found).__name__}, not a rest.Schema"
    # Where the module makes a schema, its name is what is wrong; else the module is.
    raise ProjectError(
        [named(f"{what}{suggested(attribute, known)}") if known else Mistake(file, 0, "", what)]
    )


def _at_setting(folder: Path, environ: Mapping[str, str], message: str) -> Mistake:
    """A mistake of what `[graph] schema` names, on its line."""
    document = Document.read(folder / FILE, environ)
    document.wrong(("graph", "schema"), f"{message} (expected 'module:attribute' of a rest.Schema)")
    return document.mistakes[-1]


def _modules(folder: Path, name: str) -> list[str]:
    """The modules of a project beside the one of that name, for a name that is not there."""
    package = name.rpartition(".")[0]
    found = [one.stem for one in folder.glob("*.py")]
    if package:
        found += [f"{package}.{one.stem}" for one in folder.joinpath(*package.split(".")).glob("*.py")]
    return found


def _imported(folder: Path, name: str, file: Path, named: Callable[[str], Mistake]) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ProjectError:
        raise
    except Exception as error:
        # Whatever a project's module raises while it is imported is a mistake of the project, told where it
        # is.
        absent = error.name if isinstance(error, ModuleNotFoundError) else None
        if absent and f"{name}.".startswith(f"{absent}.") and place_of(error.__traceback__, folder) is None:
            message = f"there is no module {name!r}{nearest(name, _modules(folder, name))}"
            raise ProjectError([named(message)]) from None
        raise ProjectError([mistake_of(error, folder, file)]) from error


@contextmanager
def _on_path(folder: Path) -> Iterator[None]:
    """Import from the folder, afresh: its modules, and those of another project of the same names, are let go
    first. They come back where the import fails, since whoever was made of them goes on.
    """
    names = {one.stem for one in folder.iterdir() if one.suffix == ".py" or one.is_dir()}
    gone = {
        name: sys.modules.pop(name)
        for name in list(sys.modules)
        if _is_of_a_project(name) and (name.split(".")[0] in names or _stands_in(name, folder))
    }
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    before = set(sys.modules)
    try:
        yield
    except BaseException:
        for name in _new(before, folder):
            del sys.modules[name]
        sys.modules.update(gone)
        raise
    finally:
        sys.path.remove(str(folder))
        _LOADED.update(_new(before, folder))


def _new(before: set[str], folder: Path) -> list[str]:
    return [name for name in set(sys.modules) - before if _stands_in(name, folder)]


_LOADED: Final[set[str]] = set()


def _is_of_a_project(name: str) -> bool:
    return name in _LOADED


def _stands_in(name: str, folder: Path) -> bool:
    file = getattr(sys.modules[name], "__file__", None)
    return file is not None and Path(file).resolve().is_relative_to(folder)


def _services(folder: Path, settings: Settings, schema: Schema | None) -> list[Mistake]:
    if schema is None:
        return []
    used = schema.graph.contracts.all_read
    calls = schema.graph.calls.bound
    return [
        *_unsaid(folder, settings, used),
        *_unknown(folder, settings, used),
        *_fallbacks(folder, settings, used, calls),
    ]


def _unsaid(folder: Path, settings: Settings, used: Mapping[str, Contract]) -> Iterator[Mistake]:
    for name in used:
        if name not in settings.services:
            message = f"the graph uses contract {name!r}: say its url in [services.{name}]"
            yield Mistake(folder / FILE, 0, f"services.{name}", message)


def _unknown(folder: Path, settings: Settings, used: Mapping[str, Contract]) -> Iterator[Mistake]:
    """Operations with settings that are in no contract, since a mistyped name would guard nothing; and with settings
    of answers that are never kept.
    """
    for name, contract in used.items():
        service = settings.services.get(name)
        for operation, rules in {} if service is None else service.operations.items():
            path = f"services.{name}.operations.{operation}"
            found = contract.operations.get(operation)
            if found is None:
                message = f"the contract has no such operation{nearest(operation, contract.operations)}"
                yield Mistake(folder / FILE, 0, path, message)
            elif rules.reuse != UNSAID and found.method in _CHANGES:
                message = (
                    f"{found.method} changes something: its answers are not kept, whatever is said of them"
                )
                yield Mistake(folder / FILE, 0, path, message)


def _fallbacks(
    folder: Path, settings: Settings, used: Mapping[str, Contract], calls: Sequence[BoundOperation]
) -> Iterator[Mistake]:
    """Fallbacks that are not what their operations answer, or that would never be given."""
    for name, contract in used.items():
        service = settings.services.get(name)
        if service is None:
            continue
        stated = {one: rules.fallback for one, rules in service.operations.items() if rules.fallback}
        for operation, fallback in stated.items():
            found = contract.operations.get(operation)
            path = f"services.{name}.operations.{operation}.fallback"
            wrong = () if found is None else stated_mistakes(contract, found, fallback, calls)
            for message in wrong:
                yield Mistake(folder / FILE, 0, path, message)
        declared = [one.fallback for one in calls if one.service == name and one.fallback]
        kept = [one for one in (*stated.values(), *declared) if one.stale is not None]
        if kept and not service.cache.enabled:
            message = "enabled = false keeps no answers, and a fallback counts on a stale one"
            yield Mistake(folder / FILE, 0, f"services.{name}.cache", message)
