"""The tree keeps the rules of `layering.py`, and each rule finds what breaks it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.layering import (
    PROJECT,
    Import,
    Module,
    broken_imports,
    imports_of,
    missing_docstring,
    read_tree,
    untold_tests,
    vague_names,
)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def sources() -> list[Module]:
    """Every module of the project itself."""
    return read_tree(ROOT, *PROJECT)


@pytest.fixture(scope="module")
def tests() -> list[Module]:
    """Every module below tests/."""
    return read_tree(ROOT, "tests")


def test_every_layer_is_read(sources: list[Module]):
    """The rules below look at every layer and at the bundled project: none passes on an empty list."""
    assert {module.parts[0] for module in sources} == set(PROJECT)


def test_imports_point_down(sources: list[Module]):
    """graph -> resolvers -> adapters: never back, never inside a function, no library of another layer."""
    assert [line for module in sources for line in broken_imports(module)] == []


def test_files_are_named_after_what_they_hold(sources: list[Module], tests: list[Module]):
    """No file and no folder is called utils, helpers, common, base or manager."""
    assert [line for module in sources + tests for line in vague_names(module)] == []


def test_every_module_says_what_it_holds(sources: list[Module], tests: list[Module]):
    """Every module, tests too, starts with a docstring."""
    assert [line for module in sources + tests for line in missing_docstring(module)] == []


def test_every_test_states_its_rule(tests: list[Module]):
    """Every test function has a docstring: the tests are the specification."""
    assert [line for module in tests for line in untold_tests(module)] == []


@pytest.mark.parametrize(
    ("path", "source", "said"),
    [
        (
            "adapters/rest.py",
            "import resolvers.plan",
            "resolvers.plan; may import of the project only adapters",
        ),
        ("adapters/rest.py", "from graphql import GraphQLError", "graphql, which adapters knows nothing of"),
        ("adapters/rest.py", "import strawberry.types", "strawberry.types, which adapters knows nothing of"),
        (
            "resolvers/run.py",
            "from graph.app import App",
            "graph.app; may import of the project only adapters, resolvers",
        ),
        ("resolvers/run.py", "import aiohttp", "aiohttp, which resolvers knows nothing of"),
        (
            "graph/app.py",
            "from stolon import rest",
            "stolon; may import of the project only adapters, graph, resolvers",
        ),
        (
            "graph/cli.py",
            "import examples.demo",
            "examples.demo; may import of the project only adapters, graph, resolvers",
        ),
        (
            "stolon/x.py",
            "import examples",
            "examples; may import of the project only adapters, graph, resolvers, stolon",
        ),
        (
            "examples/shop/schema.py",
            "import resolvers",
            "resolvers; may import of the project only examples, stolon",
        ),
        (
            "examples/shop/services/users.py",
            "import stolon",
            "stolon; may import of the project only examples",
        ),
        (
            "examples/shop/services/users.py",
            "import strawberry",
            "strawberry, which examples knows nothing of",
        ),
    ],
)
def test_an_import_across_a_border_is_found(path: str, source: str, said: str):
    """Each border is kept, by a line that names the file, the import and what would be allowed."""
    assert broken_imports(Module(path, source)) == [f"{path}:1: imports {said}"]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "graph/app.py",
            "import aiohttp.web, strawberry\nfrom resolvers.caller import Caller\nimport adapters",
        ),
        ("resolvers/run.py", "import graphql\nfrom adapters.messages import Request\nfrom . import caller"),
        ("adapters/rest.py", "import aiohttp\nfrom .messages import Request"),
        ("stolon/__init__.py", "from graph.rest import type\nfrom resolvers.caller import Caller"),
        ("examples/parfinanciero/schema.py", "import strawberry\nfrom stolon import rest"),
        ("examples/parfinanciero/services/users.py", "import aiohttp, sqlite3\nfrom .storage import Storage"),
    ],
)
def test_an_import_down_or_sideways_is_allowed(path: str, source: str):
    """A layer may import itself, what stands below it, and the libraries that are its business."""
    assert broken_imports(Module(path, source)) == []


def test_an_upward_import_for_types_alone_is_found():
    """TYPE_CHECKING is no way around: a type from above ties a layer as much as a call."""
    module = Module(
        "resolvers/run.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from graph.app import App\n",
    )

    assert broken_imports(module) == [
        "resolvers/run.py:3: imports graph.app; may import of the project only adapters, resolvers"
    ]


def test_a_project_import_inside_a_function_is_found():
    """A cycle is not dodged in a function, method or lambda, by whichever way of importing."""
    module = Module(
        "graph/app.py",
        dedent(
            """
            import importlib

            async def start():
                import json
                from resolvers import caller

            class App:
                def stop(self):
                    return importlib.import_module("adapters.messages")

            load = lambda: __import__("graph.auth")
            """
        ),
    )

    assert broken_imports(module) == [
        "graph/app.py:6: imports resolvers inside a function; imports stand at the top",
        "graph/app.py:10: imports adapters.messages inside a function; imports stand at the top",
        "graph/app.py:12: imports graph.auth inside a function; imports stand at the top",
    ]


def test_relative_imports_are_resolved():
    """A relative import is read from the package of its file, and so cannot climb out unseen."""
    module = Module(
        "graph/sdl/print.py",
        "from . import names\nfrom .names import Name\nfrom ..auth import check\nfrom ...adapters import x",
    )

    assert imports_of(module) == [
        Import(1, "graph.sdl", local=False),
        Import(2, "graph.sdl.names", local=False),
        Import(3, "graph.auth", local=False),
        Import(4, "adapters", local=False),
    ]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("graph/utils.py", ["graph/utils.py:1: 'utils' says nothing of what it holds"]),
        ("adapters/helpers/json.py", ["adapters/helpers/json.py:1: 'helpers' says nothing of what it holds"]),
        ("resolvers/Base.py", ["resolvers/Base.py:1: 'Base' says nothing of what it holds"]),
        ("graph/database.py", []),
    ],
)
def test_a_vague_name_is_found(path: str, said: list[str]):
    """A vague file or folder name is found, whole words only."""
    assert vague_names(Module(path, "")) == said


@pytest.mark.parametrize(
    ("path", "source", "said"),
    [
        ("graph/app.py", "import json\n", ["graph/app.py:1: no module docstring"]),
        ("graph/app.py", "# a comment is none\n", ["graph/app.py:1: no module docstring"]),
        ("graph/__init__.py", "from . import app\n", ["graph/__init__.py:1: no module docstring"]),
        ("graph/__init__.py", "", []),
        ("graph/app.py", '"""Wires things together."""\n', []),
    ],
)
def test_a_missing_module_docstring_is_found(path: str, source: str, said: list[str]):
    """A module without a docstring is found; an empty package file needs none."""
    assert missing_docstring(Module(path, source)) == said


def test_a_test_without_a_rule_is_found():
    """Tests without a docstring are found, async ones and those in classes too; other functions need none."""
    module = Module(
        "tests/test_x.py",
        dedent(
            '''
            def test_told():
                """A rule."""
            def test_untold(): ...
            async def test_later(): ...
            class TestX:
                def test_inside(self): ...
            def make(): ...
            '''
        ),
    )

    assert sorted(untold_tests(module)) == [
        "tests/test_x.py:4: test_untold states no rule (a docstring)",
        "tests/test_x.py:5: test_later states no rule (a docstring)",
        "tests/test_x.py:7: test_inside states no rule (a docstring)",
    ]
