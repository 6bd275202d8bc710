"""`stolon explain`: from a query's text to its plan, on the command line and without it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from graphql import GraphQLError

from graph import cli
from graph.documents.documents import Unfit
from graph.explain.asking import ask, told
from graph.project.project import Project, load_project
from resolvers.plan.coverage import Reason
from resolvers.plan.plan import Plan
from tests.graph import projects
from tests.resolvers.graphs import HEAD
from tests.resolvers.priced import MODULE, SHOP

TOML = """\
[graph]
schema = "schema:schema"
{more}
[limits]
depth = 6

[services.shop]
url = "http://127.0.0.1:1"
batch_limit = 7
"""


def written(folder: Path, module: str = MODULE, more: str = "") -> Path:
    """The project, written into a folder."""
    text = f"{HEAD}shop = rest.contract('shop')\n\n{module}"
    projects.write(folder, text, {"shop": SHOP}, TOML.replace("{more}", more))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project."""
    return written(tmp_path_factory.mktemp("priced"))


@pytest.fixture(scope="module")
def project(folder: Path) -> Project:
    """The same project, read."""
    return load_project(folder, {})


def explain(folder: Path, *arguments: str, stdin: bytes | None = None) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `stolon explain`."""
    result: Result = CliRunner().invoke(
        cli.main, ["explain", "--project", str(folder), *arguments], input=stdin
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


WEATHER = """\
query (no name): 1 step in 1 wave of calls
at most 1 call
└─ 1 weather (Query.weather), wave 1: at most 1 call
      shop getWeather: GET /weather
      reads text
"""
CHART = """\
flowchart TD
  subgraph wave1["wave 1"]
    step1["1 weather<br/>shop getWeather: GET /weather<br/>at most 1 call"]
  end
"""


def test_the_plan_is_printed_as_asked(folder):
    """A tree for people, JSON for programs, a chart; the query stands on the command line or comes from stdin."""
    query = "{ weather { text } }"
    assert explain(folder, query) == (0, WEATHER, "")
    assert explain(folder, "-", stdin=query.encode()) == (0, WEATHER, "")
    assert explain(folder, "--mermaid", query) == (0, CHART, "")
    code, out, err = explain(folder, "--json", query)
    assert (code, err) == (0, "")
    assert out.startswith('{\n  "operation": {\n    "kind": "query"')
    printed = json.loads(out)
    assert (printed["calls"], printed["fields"]) == (
        {"atMost": 1, "formula": "1", "where": {}},
        {"weather": 1, "weather.text": 1},
    )


def test_variables_give_sizes_their_figures(folder):
    """What is said is reckoned with; what is not stays open, with its bound."""
    query = "query($n: Int!, $m: Int = 3) { a: orders(first: $n) { nodes { id payments { id } } } events(first: $m) "
    query += "{ nodes { who { id } } } }"

    def calls(*options: str) -> Any:
        code, out, err = explain(folder, "--json", *options, query)
        assert (code, err) == (0, "")
        return json.loads(out)["calls"]

    assert calls() == {"atMost": 5, "formula": "2 + ceil($n / 4) + ceil(3 / 3)", "where": {"$n": 5}}
    assert calls("--variables", '{"n": 4, "m": null}') == {
        "atMost": 4,
        "formula": "2 + ceil(4 / 4) + ceil(2 / 3)",
        "where": {},
    }


def test_one_of_several_operations_is_named(folder):
    """Fragments come with it; which operation is not guessed."""
    query = "query A { ...F } query B { me { id } } fragment F on Query { weather { text } }"
    code, out, _ = explain(folder, "--operation", "A", query)
    assert (code, out) == (0, WEATHER.replace("(no name)", "A"))
    assert explain(folder, query) == (1, "", "query: The document has 2 operations: say operationName.\n")
    assert explain(folder, "--operation", "BB", query) == (
        1,
        "",
        "query: The document has no operation of the name 'BB'; did you mean 'B'?\n",
    )
    assert explain(folder, "--operation", "Weather", query) == (
        1,
        "",
        "query: The document has no operation of the name 'Weather'; there are 'A', 'B'\n",
    )


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        (
            "{ me {\n  nam bos { id } } }",
            "{}",
            "query:2:3: Cannot query field 'nam' on type 'Person'. Did you mean 'name'?\n"
            "query:2:7: Cannot query field 'bos' on type 'Person'. Did you mean 'boss'?\n",
        ),
        ("{ me { id ", "{}", "query:1:11: Syntax Error: Expected Name, found <EOF>.\n"),
        (
            "{ me { boss { boss { boss { boss { boss { boss { id } } } } } } } }",
            "{}",
            "query: The operation is 8 levels deep; at most 6 are accepted.\n",
        ),
        (
            "query($first: Int) { orders(first: $first) { totalCount } }",
            '{"frist": 1, "first": "x"}',
            "query: There is no variable '$frist' in the operation; did you mean '$first'?\n"
            "query:1:7: Variable '$first' has invalid value: Int cannot represent non-integer value: 'x'\n",
        ),
        (
            "query($all: Boolean!, $n: Int!) { orders(first: $n) { totalCount @include(if: $all) } }",
            "{}",
            "query:1:7: '$all' decides what is selected: say its value (Boolean!) in the variables\n",
        ),
    ],
)
def test_what_is_wrong_with_a_query_is_told_with_its_place(folder, query, variables, expected):
    """Line, column and the nearest name, everything at once, on stderr; the code is 1."""
    assert explain(folder, "--variables", variables, query) == (1, "", expected)


@pytest.mark.parametrize(
    ("arguments", "stdin", "expected"),
    [
        ([], None, "Missing argument 'QUERY'"),
        (["--json", "--mermaid", "{ a }"], None, "--json and --mermaid exclude each other"),
        (["--variables", "[1]", "{ a }"], None, "expected a JSON object"),
        (["--variables", "{", "{ a }"], None, "expected a JSON object"),
        (["--variables", "[" * 100_000, "{ a }"], None, "expected a JSON object"),
        (["-"], b"\xff", "the query is not UTF-8"),
        (["-"], b"#" * ((1 << 20) + 1), "the query is longer than 1048576 bytes"),
    ],
)
def test_what_is_wrong_with_the_command_line(folder, arguments, stdin, expected):
    """Usage ends with 2, as everywhere."""
    code, out, err = explain(folder, *arguments, stdin=stdin)
    assert (code, out) == (2, "")
    assert expected in " ".join(err.replace("│", " ").split())


def test_a_wrong_project_is_told_first(tmp_path):
    """Without a project there is no plan."""
    code, out, err = explain(tmp_path, "{ a }")
    assert (code, out) == (1, "")
    assert err.startswith(f"{tmp_path}/stolon.toml: ")


def test_what_needs_no_value_is_planned_without_one(project):
    """Only what decides the selection must be said: its default will do, an argument's value may stay open."""
    query = (
        "query($x: Boolean = false, $who: String!) { me { id @skip(if: $x) } staff(level: $who) { name } }"
    )
    asked = ask(project, query, {})
    assert isinstance(asked.found, Plan)
    assert (asked.found.fields, asked.variables) == (4, {"x": False})
    skipped = ask(project, query, {"x": True, "who": "anyone"})
    assert isinstance(skipped.found, Plan)
    assert (skipped.found.fields, skipped.variables) == (3, {"x": True, "who": "anyone"})


def test_errors_without_a_place_are_told_too(project):
    """One line each, whatever the message."""
    assert told([GraphQLError("two\nlines")]) == ["query: two lines"]
    with pytest.raises(Unfit):
        ask(project, "{ me { id } }", {"x": 1})


HOOKED = MODULE.replace("schema = rest.Schema(query=Query, mutation=Mutation)", """
from strawberry.extensions import SchemaExtension


class Loud(SchemaExtension):
    def resolve(self, next_, root, info, *args, **kwargs):
        return next_(root, info, *args, **kwargs)


schema = rest.Schema(query=Query, mutation=Mutation, extensions=[Loud])
""")  # fmt: skip


OWN = MODULE.replace("schema = rest.Schema(query=Query, mutation=Mutation)", """
from graphql.execution import Executor


class Own(Executor):
    pass


schema = rest.Schema(query=Query, mutation=Mutation, execution_context_class=Own)
""")  # fmt: skip


@pytest.mark.parametrize(
    ("module", "more", "query", "reason"),
    [
        (MODULE, 'lane = "reference"', "{ me { id } }", Reason.SWITCHED_OFF),
        (HOOKED, "", "{ me { id } }", Reason.RESOLVER_HOOKS),
        (OWN, "", "{ me { id } }", Reason.OWN_EXECUTOR),
        (MODULE, "", "{ __schema { queryType { name } } }", Reason.INTROSPECTION),
    ],
)
def test_what_would_run_on_the_reference_lane_says_so(tmp_path, module, more, query, reason):
    """By the project's switch, by its extensions, or by what is asked, as a request would."""
    asked = ask(load_project(written(tmp_path, module, more), {}), query, {})
    assert (asked.found, asked.operation.operation.value) == (reason, "query")
