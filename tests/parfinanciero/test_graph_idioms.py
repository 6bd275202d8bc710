"""Every idiom of the reference stands in the bundled project at least once: names and options are read off the code
of `rest`, so that a new one is missed here until the project uses it.
"""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from graphql import GraphQLInterfaceType, GraphQLUnionType, build_schema

import stolon
from graph.declaring.rest import FieldOptions, SourceOptions
from graph.project.project import Project
from stolon import rest
from tests.parfinanciero.graph_client import FOLDER

NOT_THE_GRAPH: Final = ("inprocess.py", "launch.py")
FIELDS: Final = ("field", "link", "query", "connection", "mutation")
PAGINGS: Final = ("by_page", "by_offset", "by_cursor", "by_link")
FOR_CHECKERS: Final = frozenset({"init"})
"""What is written nowhere: type checkers read it."""
IN_THE_SCHEMA: Final = {"BigInt": "BigInt", "Edge": "OrderEdge", "PageInfo": "PageInfo"}
"""What nobody writes, because contracts and connections bring it: by its name in the schema."""
OF_STRAWBERRY: Final = frozenset({"config", "scalar_overrides", "project", "extensions", "options"})
"""What `rest.Schema` takes as `strawberry.Schema` does, or from those who test."""


@dataclass(slots=True)
class Used:
    """What the project's modules use: names of `rest`, keywords by function, how operations are named and bound, and
    what is imported of `stolon`.
    """

    names: set[str] = field(default_factory=set)
    keywords: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    parts: set[str] = field(default_factory=set)
    operations: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)

    def take(self, tree: ast.AST) -> None:
        """Note what a module uses."""
        for node in ast.walk(tree):
            match node:
                case ast.ImportFrom(module="stolon"):
                    self.imported |= {one.name for one in node.names}
                case ast.Attribute(value=ast.Name(id="rest")):
                    self.names.add(node.attr)
                case ast.Call(func=ast.Attribute(value=ast.Name(id="rest"), attr=name)):
                    self.keywords[name] |= {one.arg for one in node.keywords if one.arg}
                    if node.args:
                        self.parts.add(name)
                case ast.Call(func=ast.Attribute(attr="op")):
                    self.keywords["op"] |= {one.arg for one in node.keywords if one.arg}
                    self.keywords["op"] |= {"bindings"} if len(node.args) > 1 else set()
                    self.operations |= {str(one.value) for one in node.args if isinstance(one, ast.Constant)}


@pytest.fixture(scope="module")
def used() -> Used:
    """What the bundled project uses."""
    found = Used()
    for file in sorted(FOLDER.glob("*.py")):
        if file.name not in NOT_THE_GRAPH:
            found.take(ast.parse(file.read_text("utf-8")))
    return found


def options(function: Callable[..., Any]) -> set[str]:
    """What may be said to a function by name."""
    parameters = inspect.signature(function).parameters.values()
    return {one.name for one in parameters if one.kind is one.KEYWORD_ONLY} - FOR_CHECKERS


def said(used: Used, functions: Iterable[str]) -> set[str]:
    """What is said to any of these functions by name."""
    return set().union(*(used.keywords[one] for one in functions))


def test_every_name_occurs(used: Used, bundled: Project) -> None:
    """Each public name of `rest` is written in the project, or is in its schema."""
    types = build_schema(bundled.schema.as_str()).type_map
    unwritten = set(rest.__all__) - used.names
    assert unwritten - {"Contract"} == set(IN_THE_SCHEMA)
    assert set(IN_THE_SCHEMA.values()) <= types.keys()
    assert isinstance(rest.contract("users"), rest.Contract)


def test_every_module_occurs(used: Used) -> None:
    """Resolvers use the context, tests the scripted services."""
    assert used.imported == set(stolon.__all__)


@pytest.mark.parametrize("function", ["type", *FIELDS])
def test_every_option_of_its_own_occurs(used: Used, function: str) -> None:
    """What only this function takes is said to it somewhere."""
    assert options(getattr(rest, function)) - used.keywords[function] == set()


def test_every_option_of_fields_occurs(used: Used) -> None:
    """What every field may say, some field or type of the project says."""
    known = {*FieldOptions.__annotations__, *SourceOptions.__annotations__}
    assert known - said(used, ("type", *FIELDS)) == set()
    assert {"public", "scopes", "permission_classes", "directives", "extensions"} <= known


def test_every_option_of_operations_occurs(used: Used) -> None:
    """What a call may say beside its bindings, and bindings whose names are no identifiers."""
    known = {"bindings", *options(rest.Contract.op)}
    assert known - used.keywords["op"] == set()
    assert {"pick", "paging", "safe"} <= known


def test_every_paging_can_be_seen(used: Used) -> None:
    """All that a paging can be stated by is stated for one of the services."""
    known = set().union(*(options(getattr(rest, one)) for one in PAGINGS))
    assert known - said(used, PAGINGS) == set()
    assert {"page", "offset", "cursor", "next", "more", "total"} <= known


def test_operations_are_named_in_both_ways(used: Used) -> None:
    """By their id, and by method and path."""
    assert {" " in one for one in used.operations} == {True, False}


def test_keys_are_whole_and_in_parts(used: Used) -> None:
    """`rest.key` and `rest.keys` are used as they are, and with the name of a part."""
    text = "".join(one.read_text("utf-8") for one in FOLDER.glob("*.py"))
    assert {"key", "keys"} <= used.parts
    assert set(re.findall(r"=rest\.(keys?)[,)]", text)) == {"key", "keys"}


def test_the_schema_has_each_kind_of_root_and_of_abstract_type(used: Used, bundled: Project) -> None:
    """Query, mutation and subscription; a union and an interface; and what `rest.Schema` takes for them."""
    schema = build_schema(bundled.schema.as_str())
    assert [schema.query_type, schema.mutation_type, schema.subscription_type].count(None) == 0
    kinds: Mapping[type, list[str]] = {
        kind: [name for name, one in schema.type_map.items() if isinstance(one, kind)]
        for kind in (GraphQLUnionType, GraphQLInterfaceType)
    }
    assert kinds == {GraphQLUnionType: ["OrderEvent"], GraphQLInterfaceType: ["PaymentMethod"]}
    known = {*inspect.signature(rest.Schema).parameters} - OF_STRAWBERRY
    assert known - used.keywords["Schema"] == set()


def test_what_is_not_used_is_told() -> None:
    """The check itself: a module that says nothing lacks everything, one that says more lacks less."""
    found = Used()
    found.take(ast.parse("from stolon import rest\nx = rest.link(a.op('GET /a', {}, pick='b'), key='c')"))
    assert (found.names, dict(found.keywords), found.parts, found.operations, found.imported) == (
        {"link"},
        {"link": {"key"}, "op": {"pick", "bindings"}},
        {"link"},
        {"GET /a"},
        {"rest"},
    )
    assert options(rest.link) - found.keywords["link"] == {"group_by"}


def test_the_projects_own_tests_pass() -> None:
    """`python -m unittest` in the project's folder, as its test file says."""
    done = subprocess.run(
        [sys.executable, "-B", "-m", "unittest"], cwd=FOLDER, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr.splitlines()[-1:]) == (0, ["OK"]), done.stderr
    assert "Ran 2 tests" in done.stderr
