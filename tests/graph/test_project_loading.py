"""Loading a project: its own modules by path, afresh, and whatever is wrong with them at its line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from adapters.mistake import ProjectError
from graph.declaring.schema import Schema
from graph.project.project import load_project, load_schema
from tests.graph.projects import TEXT, an, contract, load, operation, ref, refused, type_names, write

USERS = {"users": contract(operation("GET /user", "getUser", ref("User")), User=an({"id": TEXT}))}
MODULE = """
    import strawberry
    from stolon import rest

    users = rest.contract("users")

    @strawberry.type
    class Query:
        user: rest.auto = rest.query(users.op("getUser"))

    schema = rest.Schema(query=Query)
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import strawberry\nx = (1,\n", "schema.py:2: invalid syntax: '(' was never closed"),
        ("import nosuchmodule\n", "schema.py:1: ModuleNotFoundError: No module named 'nosuchmodule'"),
        ("def f():\n    raise ValueError('why')\n\nf()\n", "schema.py:2: ValueError: why"),
        (
            "from stolon import rest\nrest.nothing\n",
            "schema.py:2: AttributeError: rest has no 'nothing'",
        ),
        ("x = 1\n", "schema.py: module 'schema' has no 'schema'"),
        ("schema = 1\n", "schema.py: 'schema' of module 'schema' is int, not a rest.Schema"),
        (
            MODULE.replace("schema = ", "schem = "),
            "schema.py: module 'schema' has no 'schema'; did you mean 'schem'?",
        ),
        (
            "import strawberry\n\n@strawberry.type\nclass Query:\n    x: int = 1\n\n"
            "schema = strawberry.Schema(query=Query)\n",
            "schema.py: 'schema' of module 'schema' is Schema, not a rest.Schema",
        ),
    ],
)
def test_a_module_that_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    """One line for each, without a traceback."""
    assert refused(tmp_path, text, USERS) == [told]


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("shema:schema", "there is no module 'shema'; did you mean 'schema'?"),
        ("api.shema:schema", "there is no module 'api.shema'; did you mean 'api.schema'?"),
        ("far.away:schema", "there is no module 'far.away'"),
        ("schema.inner:schema", "there is no module 'schema.inner'; did you mean 'schema'?"),
        ("schema:shema", "module 'schema' has no 'shema'; did you mean 'schema'?"),
        ("schema:api", "module 'schema' has no 'api'; there are 'schema'"),
        ("schema:Query", "'Query' of module 'schema' is type, not a rest.Schema; there are 'schema'"),
    ],
)
def test_a_setting_that_names_no_schema_is_told_on_its_line(tmp_path: Path, target: str, told: str) -> None:
    """With what it should be, and the nearest module or attribute."""
    write(tmp_path, MODULE, USERS, f'# first\n[graph]\nschema = "{target}"\n')
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "__init__.py").write_text("")
    (tmp_path / "api" / "schema.py").write_text("")
    with pytest.raises(ProjectError) as caught:
        load_project(tmp_path, {})
    assert [str(one) for one in caught.value.mistakes] == [
        f"{tmp_path}/stolon.toml:3: graph.schema: {told} (expected 'module:attribute' of a rest.Schema)"
    ]


def test_a_mistake_in_a_module_that_the_schemas_module_imports_is_told_there(tmp_path: Path) -> None:
    """The innermost line of the project's own code counts."""
    text = "import entities\n"
    assert refused(tmp_path, text, USERS, entities="x = 1\ny = x / 0\n") == [
        "entities.py:2: ZeroDivisionError: division by zero"
    ]
    assert refused(tmp_path, text, USERS, entities="class\n") == [
        "entities.py:1: invalid syntax: invalid syntax"
    ]


@pytest.mark.parametrize("hidden", ["graph", "stolon", "resolvers", "adapters"])
def test_a_module_that_would_hide_a_package_of_stolon_is_refused_by_name(tmp_path: Path, hidden: str) -> None:
    """Whether it is a file or a package, and before anything is imported."""
    told = [f"{hidden}: hides Stolon's own package {hidden!r}: rename it"]
    assert refused(tmp_path, "raise SystemExit\n", USERS, **{hidden: "x = 1\n"}) == [
        one.replace(":", ".py:", 1) for one in told
    ]
    (tmp_path / f"{hidden}.py").unlink()
    (tmp_path / hidden).mkdir()
    (tmp_path / hidden / "__init__.py").write_text("")
    assert refused(tmp_path, "raise SystemExit\n", USERS) == told


def test_a_schema_module_with_the_name_of_one_of_pythons_is_refused(tmp_path: Path) -> None:
    """Python would import its own."""
    write(tmp_path, MODULE, USERS, json=MODULE)
    with pytest.raises(ProjectError) as caught:
        load_schema(tmp_path, "json:schema")
    assert [str(one) for one in caught.value.mistakes] == [
        f"{tmp_path}/json.py: hides Python's own module 'json': rename it"
    ]


def test_projects_with_modules_of_equal_names_do_not_meet(tmp_path: Path) -> None:
    """Each load imports afresh, from its own folder, and leaves the import path as it was."""
    path = list(sys.path)
    entities = "import strawberry\n\n@strawberry.type\nclass {name}:\n    x: int = 1\n"
    root = """
        import strawberry
        from entities import {name}
        from stolon import rest

        @strawberry.type
        class Query:
            it: {name} | None = None

        schema = rest.Schema(query=Query)
    """
    found = []
    for name in ("One", "Two", "One"):
        folder = tmp_path / name
        found.append(load(folder, root.format(name=name), USERS, entities=entities.format(name=name)))
    assert [type_names(one) for one in found] == [["One", "Query"], ["Query", "Two"], ["One", "Query"]]
    assert sys.path == path


def test_a_changed_module_is_read_again(tmp_path: Path) -> None:
    """A project that was mended is loaded as it is now."""
    assert refused(tmp_path, MODULE.replace("getUser", "getUsr"), USERS) != []
    assert isinstance(load(tmp_path, MODULE, USERS), Schema)


def test_the_schema_may_stand_in_a_package_of_the_project(tmp_path: Path) -> None:
    """`module:attribute` may be dotted."""
    write(tmp_path, "", USERS)
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "__init__.py").write_text("")
    write(tmp_path / "api", MODULE, {})
    (tmp_path / "api" / "contracts").rmdir()
    assert type_names(load_schema(tmp_path, "api.schema:schema")) == ["Query", "User"]


def test_a_contract_lies_where_the_project_file_says(tmp_path: Path) -> None:
    """Or in `contracts/` under its name, as YAML or JSON."""
    toml = '[graph]\nschema = "schema:schema"\n[services.users]\nurl = "http://127.0.0.1:1"\n'
    toml += 'contract = "docs/u.json"\n'
    write(tmp_path, MODULE, {**USERS, "other": USERS["users"]}, toml)
    (tmp_path / "docs").mkdir()
    (tmp_path / "contracts" / "users.json").rename(tmp_path / "docs" / "u.json")
    project = load_project(tmp_path, {})
    assert set(project.schema.graph.contracts.all_read) == {"users"}
    assert project.schema.graph.contracts.all_read["users"].file == tmp_path / "docs" / "u.json"


def test_settings_contracts_and_declarations_are_told_together(tmp_path: Path) -> None:
    """With a service missing for a contract that the graph uses."""
    toml = '[graph]\nschema = "schema:schema"\ncolour = 1\n'
    write(tmp_path, MODULE.replace("getUser", "getUsr"), USERS, toml)
    with pytest.raises(ProjectError) as caught:
        load_project(tmp_path, {})
    told = [str(one).replace(f"{tmp_path}/", "") for one in caught.value.mistakes]
    assert [one.split(": ")[0] for one in told] == ["schema.py:8", "stolon.toml:3"]
    write(tmp_path, MODULE, USERS, '[graph]\nschema = "schema:schema"\n')
    with pytest.raises(ProjectError) as caught:
        load_project(tmp_path, {})
    assert [one.message for one in caught.value.mistakes] == [
        "the graph uses contract 'users': say its url in [services.users]"
    ]


def test_a_schema_outside_of_a_project_says_what_is_missing(tmp_path: Path) -> None:
    """A folder with a stolon.toml or contracts/ makes a project."""
    write(tmp_path, MODULE.replace('rest.query(users.op("getUser"))', "1"), {})
    (tmp_path / "contracts").rmdir()
    with pytest.raises(ProjectError) as caught:
        load_schema(tmp_path, "schema:schema")
    assert [str(one).replace(f"{tmp_path}/", "") for one in caught.value.mistakes] == [
        "schema.py:10: schema: found no project here: a folder above with a stolon.toml, or contracts/ in it"
    ]


def test_a_schema_may_name_its_project_itself(tmp_path: Path) -> None:
    """`rest.Schema(..., project=folder)` serves code that stands elsewhere."""
    write(tmp_path / "elsewhere", "", USERS)
    text = MODULE.replace("query=Query", f"query=Query, project={str(tmp_path / 'elsewhere')!r}")
    assert type_names(load(tmp_path / "here", text, {})) == ["Query", "User"]
