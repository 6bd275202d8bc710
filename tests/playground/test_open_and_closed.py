"""What a project opens: introspection, the playground, and the names that an open server answers to."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from graphql import GraphQLError

from graph.app import App
from graph.executing.introspection import closed, without_suggestion
from graph.http.hosts import is_own, name_of
from graph.project.project import Project, load_project
from graph.serving.server import serving
from tests.playground.conftest import FOLDER

BROWSER = {"Accept": "text/html,*/*;q=0.8"}
MESSAGE = (
    "Introspection is closed here, so {} is not answered. "
    "The project opens it with introspection = true under [graph]."
)


def project(folder: Path, graph: str = "") -> Project:
    """A project that asks nobody."""
    (folder / "contracts").mkdir()
    (folder / "stolon.toml").write_text(f'[graph]\nschema = "schema:schema"\n{graph}')
    (folder / "schema.py").write_text(
        "import strawberry\nfrom stolon import rest\n\n\n@strawberry.input\nclass Words:\n    word: str = 'x'\n\n\n"
        "@strawberry.type\nclass Query:\n"
        "    @strawberry.field\n    def said(self, words: Words) -> str:\n        return words.word\n\n"
        "    @strawberry.field\n    def hello(self) -> str:\n        return 'world'\n\n\n"
        "schema = rest.Schema(query=Query)\n"
    )
    return load_project(folder, {})


async def asked(app: App, query: str, **headers: str) -> tuple[int, Any]:
    """Status and body of the answer of an app that is served for this one request."""
    async with (
        serving(app.application(), "127.0.0.1", 0) as url,
        aiohttp.ClientSession() as client,
        client.post(f"{url}/graphql", json={"query": query}, headers=headers) as response,
    ):
        return response.status, await response.json() if response.content_type.endswith("json") else None


async def shown(app: App, **headers: str) -> tuple[int, str]:
    """Status and media type of what a browser gets."""
    async with (
        serving(app.application(), "127.0.0.1", 0) as url,
        aiohttp.ClientSession() as client,
        client.get(f"{url}/graphql", headers=BROWSER | headers) as response,
    ):
        return response.status, response.content_type


def said(body: Any) -> list[tuple[str, str]]:
    """Message and code of each error."""
    return [(one["message"], one["extensions"]["code"]) for one in body["errors"]]


async def test_served_as_it_stands_a_project_is_closed(tmp_path):
    """Without a word in stolon.toml there is no page and no introspection, and data all the same."""
    app = App(project(tmp_path))
    assert await shown(app) == (400, "application/json")
    _, body = await asked(app, '{ hello __schema { types { name } } a: __type(name: "Query") { name } }')
    assert said(body) == [
        (MESSAGE.format("__schema"), "INTROSPECTION_DISABLED"),
        (MESSAGE.format("__type"), "INTROSPECTION_DISABLED"),
    ]
    assert "data" not in body
    _, body = await asked(app, "{ __typename hello }")
    assert body == {"data": {"__typename": "Query", "hello": "world"}}


async def test_closed_introspection_stays_closed_for_documents_known_already(tmp_path):
    """A document is refused each time that it comes."""
    query = "{ ...Hidden } fragment Hidden on Query { __schema { queryType { name } } }"
    app = App(project(tmp_path)).application()
    async with serving(app, "127.0.0.1", 0) as url, aiohttp.ClientSession() as client:
        for _ in range(3):
            async with client.post(f"{url}/graphql", json={"query": query}) as response:
                assert said(await response.json()) == [(MESSAGE.format("__schema"), "INTROSPECTION_DISABLED")]


async def test_closed_introspection_suggests_no_names(tmp_path):
    """Where introspection is closed, an error about a name that is not there names none that is."""
    _, body = await asked(App(project(tmp_path)), "{ helo }")
    assert [one["message"] for one in body["errors"]] == ["Cannot query field 'helo' on type 'Query'."]


async def test_closed_introspection_suggests_no_names_for_variables_either(tmp_path):
    """What is wrong with a variable's value is found later than what is wrong with a document, and told no longer."""
    app = App(project(tmp_path)).application()
    query = "query ($in: Words!) { said(words: $in) }"
    async with serving(app, "127.0.0.1", 0) as url, aiohttp.ClientSession() as client:
        body = {"query": query, "variables": {"in": {"wrod": "x"}}}
        async with client.post(f"{url}/graphql", json=body) as response:
            told = [one["message"] for one in (await response.json())["errors"]]
    assert told == [
        "Variable '$in' has invalid value: Expected value of type 'Words' not to include unknown field 'wrod'. "
        "Found: {'wrod': 'x'}."
    ]


@pytest.mark.parametrize("text", [" ", "Did you mean ", " Did you mean 'a'", "Did you mean the "])
def test_what_clients_wrote_is_searched_in_one_go(text):
    """However long a message is that repeats a client's words, taking suggestions out of it takes no square of it."""
    error = GraphQLError(f"wrong: {text * (200_000 // len(text))} Did you mean 'a', 'b', or 'c'?")
    began = time.process_time()
    without_suggestion(error)
    assert time.process_time() - began < 1
    short = GraphQLError("no 'd'. Did you mean the enum value 'a', 'b', or 'c'? Found: 'd'.")
    assert without_suggestion(short).message == "no 'd'. Found: 'd'."


async def test_a_project_opens_each_by_its_setting(tmp_path):
    """`playground` and `introspection` under [graph] open one each."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with_page = App(project(tmp_path / "a", "playground = true\n"))
    with_schema = App(project(tmp_path / "b", "introspection = true\n"))

    assert await shown(with_page) == (200, "text/html")
    assert (await asked(with_page, "{ __schema { queryType { name } } }"))[1].keys() == {"errors"}
    assert await shown(with_schema) == (400, "application/json")
    _, body = await asked(with_schema, "{ __schema { queryType { name } } }")
    assert body == {"data": {"__schema": {"queryType": {"name": "Query"}}}}


async def test_an_open_server_opens_both_and_minds_its_name(tmp_path):
    """`stolon demo` opens page and introspection whatever the project says, for names of this machine only."""
    app = App(project(tmp_path), open_at="127.0.0.1")
    assert await shown(app) == (200, "text/html")
    assert (await asked(app, "{ __schema { queryType { name } } }"))[0] == 200
    assert await shown(app, Host="localhost:8000") == (200, "text/html")
    assert await shown(app, Host="rebound.example") == (421, "text/plain")
    assert await asked(app, "{ hello }", Host="rebound.example:8000") == (421, None)


async def test_a_server_that_is_not_open_answers_to_every_name(tmp_path):
    """In production names are the proxy's affair."""
    assert (await asked(App(project(tmp_path)), "{ hello }", Host="api.example"))[0] == 200


@pytest.mark.parametrize(
    ("host", "others", "own"),
    [
        ("localhost", [], True),
        ("LOCALHOST:8000", [], True),
        ("localhost.:8000", [], True),
        ("graph.localhost:80", [], True),
        ("127.0.0.1:8000", [], True),
        ("127.8.9.10", [], True),
        ("[::1]:8000", [], True),
        ("192.0.2.1", [], False),
        ("192.0.2.1", ["192.0.2.1"], True),
        ("localhost.example", [], False),
        ("127.0.0.1.example", [], False),
        ("notlocalhost", [], False),
        ("localhost:80:80", [], False),
        ("localhost@example", [], False),
        ("[::1", [], False),
        ("[2001:db8::1]:80", [], False),
        ("", [], False),
    ],
)
def test_own_names_are_those_of_loopback(host, others, own):
    """A name is this machine's own if it can lead nowhere else, or is the one that the server listens at."""
    assert is_own(host, others) is own


def test_the_port_is_no_part_of_the_name():
    """Names are compared without port, brackets, case and closing dot."""
    assert [name_of(one) for one in ("A:1", "[::1]:1", "a.", "a:x")] == ["a", "::1", "a", ""]


async def test_closing_leaves_the_projects_own_schema_open(tmp_path):
    """The schema that was closed is another: exporting and other integrations still see all of it."""
    schema = project(tmp_path).schema
    query = "{ __schema { queryType { name } } }"
    refused = await closed(schema).execute(query, context_value={})
    answered = await schema.execute(query, context_value={})

    assert refused.errors is not None
    assert answered.data == {"__schema": {"queryType": {"name": "Query"}}}


def test_the_bundled_project_brings_examples():
    """The examples of the bundled project fit its schema, and each says what it shows."""
    examples = load_project(FOLDER, {}).examples
    assert [(one.name, one.kind, one.variables is not None) for one in examples] == [
        ("Me", "query", False),
        ("MyOrders", "query", True),
        ("OrdersByStatus", "query", True),
        ("Checkout", "mutation", True),
        ("Dashboard", "query", False),
        ("MonthsReview", "query", True),
        ("MyExpenses", "query", False),
        ("OrderHistory", "query", False),
        ("CheckoutForm", "query", False),
        ("Budgets", "query", True),
        ("ShopWindow", "query", True),
        ("ProjectionProgress", "subscription", True),
    ]
    assert all(one.description for one in examples)
