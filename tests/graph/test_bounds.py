"""What a client may ask at most: each refusal says the figure and the limit, and nothing is called for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import graphql
import pytest
from graphql import GraphQLError, get_introspection_query
from strawberry.schema import schema

from adapters.mistake import ProjectError
from graph.documents import document_rules, documents
from graph.documents.bounds import exceeded
from graph.documents.document_figures import CEILING, Figures
from graph.documents.documents import Documents, Unfit
from graph.documents.validation import errors_of
from graph.http.error_form import INVALID
from graph.project.project import load_schema
from graph.settings.limits import READERS, Limits
from graph.settings.settings import read_settings
from stolon import testing
from tests.graph import projects
from tests.graph.served import Reply, rest, served, toml

USERS = projects.contract(
    projects.operation("GET /users/{id}", "getUser", projects.ref("User")),
    projects.operation("PUT /users/{id}", "putUser", projects.ref("User")),
    User=projects.an({"id": projects.TEXT, "name": projects.TEXT}),
)
MODULE = """
import strawberry
from stolon import rest

users = rest.contract("users")


@rest.type(users.schema("User"), key="id", one=users.op("getUser", id=rest.key))
class User:
    id: rest.auto
    name: rest.auto

    @strawberry.field
    def self(self) -> "User":
        return self


@strawberry.type
class Query:
    user: User | None = rest.query(users.op("getUser"))


@strawberry.type
class Mutation:
    put_user: User | None = rest.mutation(users.op("putUser"))


schema = rest.Schema(query=Query, mutation=Mutation)
"""
USER = 'user(id: "7")'
DEEP = f"{{{USER} {'{self' * 20} {{name}}{'}' * 20}}}"
DOUBLING = "{...F0}" + "".join(f"fragment F{n} on Query {{...F{n + 1} ...F{n + 1}}}" for n in range(40))
REFUSED = [
    (DEEP, "depth", 22, 20, "The operation is 22 levels deep; at most 20 are accepted."),
    (
        f"{{{' '.join(f'a{n}: __typename' for n in range(101))}}}",
        "aliases",
        101,
        100,
        "The operation has 101 aliases; at most 100 are accepted.",
    ),
    (
        f"{{{USER} {{name}} {' '.join(['__typename'] * 30)}}}",
        "root_fields",
        31,
        30,
        "The operation has 31 root fields; at most 30 are accepted.",
    ),
    (
        f"{{{USER} {{{'name ' * 500}}}}}",
        "fields",
        501,
        500,
        "The document has 501 fields; at most 500 are accepted.",
    ),
    (
        f"{DOUBLING} fragment F40 on Query {{{USER} {{name}}}}",
        "fields",
        CEILING,
        500,
        f"The document has {CEILING} or more fields; at most 500 are accepted.",
    ),
    (
        "{__schema{types{fields{type{fields{type{fields{name}}}}}}}}",
        "introspection_depth",
        3,
        2,
        "The operation nests 3 lists of types and fields in introspection; at most 2 are accepted.",
    ),
    (
        f"{{{USER} {{name}}}} # {'x' * 10}" + "\n#" * 10_000,
        "tokens",
        10_001,
        10_000,
        "The document has more than 10000 tokens; at most 10000 are accepted.",
    ),
]


@pytest.fixture
def made(tmp_path: Path) -> Any:
    """The project's schema."""
    projects.write(tmp_path, MODULE, {"users": USERS})
    return load_schema(tmp_path, "schema:schema")


@pytest.mark.parametrize(("query", "limit", "figure", "most", "message"), REFUSED)
async def test_a_document_over_a_limit_is_refused_before_any_call(
    tmp_path, query, limit, figure, most, message
):
    """Over any limit a document is a request error that names limit, figure and bound; no service is called."""
    async with rest() as users:
        users.on("GET /users/7", Reply(json={"id": "7", "name": "Ada"}))
        async with served(tmp_path, MODULE, {"users": USERS}, toml({"users": users.url})) as gateway:
            for accept, status in (("application/json", 200), ("application/graphql-response+json", 400)):
                async with gateway.post(query, accept=accept, x_request_id="r") as response:
                    assert response.status == status
                    body = await response.json(content_type=None)
                assert "data" not in body
                told = {"code": "LIMIT_EXCEEDED", "limit": limit, "figure": figure, "most": most}
                assert {"message": message, "extensions": {**told, "requestId": "r"}} in body["errors"]
        assert users.calls == {}


async def test_what_is_just_within_the_limits_is_answered(tmp_path):
    """A document at its limits is executed."""
    limits = "[limits]\ndepth = 3\naliases = 1\nroot_fields = 2\nfields = 4\ntokens = 17\n"
    async with rest() as users:
        users.on("GET /users/7", Reply(json={"id": "7", "name": "Ada"}))
        async with served(tmp_path, MODULE, {"users": USERS}, toml({"users": users.url}) + limits) as gateway:
            query = f"{{__typename {USER} {{self {{a: name}}}}}}"
            assert await gateway.ask(query) == {
                "data": {"__typename": "Query", "user": {"self": {"a": "Ada"}}}
            }
            refused = await gateway.ask(query + "#")
            assert refused["errors"][0]["message"] == (
                "The document has more than 17 tokens; at most 17 are accepted."
            )
        assert users.calls == {"GET /users/7": 1}


async def test_all_limits_exceeded_are_told_at_once():
    """A document over several limits is told all of them."""
    documents = Documents(Limits(depth=1, aliases=1, fields=2, root_fields=1))
    with pytest.raises(Unfit) as caught:
        documents.choose("{a: b {c} d: e}", None)
    assert [error.extensions["limit"] for error in caught.value.errors if error.extensions] == [
        "depth",
        "aliases",
        "root_fields",
        "fields",
    ]


def test_operations_that_are_not_chosen_count_only_what_is_written():
    """The other operations of a document may be deeper; what is written in them costs validation, and counts."""
    documents = Documents(Limits(depth=1, fields=5))
    assert documents.choose("query A {a} query B {a {b}}", "A").operation.name.value == "A"  # type: ignore[union-attr]
    with pytest.raises(Unfit, match=r"has 6 fields"):
        documents.choose("query A {a} query B {a b c d e}", "A")
    assert list(exceeded(Figures(), 5, Limits(fields=5))) == []


async def test_cycles_are_validation_errors(made):
    """Fragments that spread each other are told by validation, as GraphQL says, and nothing loops."""
    answer = await testing.execute(
        made, "{...F} fragment F on Query {...G} fragment G on Query {...F}", testing.Services()
    )
    assert [(one["message"], one["extensions"]["code"]) for one in answer.errors] == [
        ("Cannot spread fragment 'F' within itself via 'G'.", INVALID)
    ]


async def test_the_limits_hold_whoever_serves_the_schema(made):
    """Another Strawberry integration gets the limits' defaults, and the rule that one operation is chosen."""
    for query, _, _, _, message in REFUSED[:-1]:
        result = await made.execute(query)
        assert message in [error.message for error in result.errors]
    result = await made.execute("query A {__typename} query B {__typename}")
    assert [error.message for error in result.errors] == ["The document has 2 operations: say operationName."]
    assert (await made.execute("{__typename}")).data == {"__typename": "Query"}
    assert (await made.execute(get_introspection_query())).errors is None


async def test_batches_are_refused_clearly(tmp_path):
    """A list of requests is refused with what to do instead; nothing of it is executed."""
    async with rest() as users:
        users.on("GET /users/7", Reply(json={"id": "7", "name": "Ada"}))
        async with served(tmp_path, MODULE, {"users": USERS}, toml({"users": users.url})) as gateway:
            for body in ([{"query": f"{{{USER} {{name}}}}"}], []):
                async with gateway.client.post(f"{gateway.url}/graphql", json=body) as response:
                    [error] = (await response.json())["errors"]
                assert (response.status, error["message"], error["extensions"]["code"]) == (
                    400,
                    "Batches of requests are not served: send one request, an object, and put its fields together.",
                    "BATCHING_NOT_SERVED",
                )
        assert users.calls == {}


async def test_an_answer_over_the_limit_is_an_error(tmp_path):
    """An answer larger than may be sent is replaced: data is null, and the error says figure and limit. That a
    mutation was executed shows by `data`.
    """
    limits = '[limits]\nanswer = "1KiB"\n'
    async with rest() as users:
        for endpoint in ("GET /users/7", "PUT /users/7"):
            users.on(endpoint, Reply(json={"id": "7", "name": "x" * 2000}))
        async with served(tmp_path, MODULE, {"users": USERS}, toml({"users": users.url}) + limits) as gateway:
            for query, size in ((f"{{{USER} {{name}}}}", 2029), ('mutation {putUser(id: "7") {name}}', 2032)):
                accept = "application/graphql-response+json"
                async with gateway.post(query, x_request_id="r", accept=accept) as response:
                    body = await response.json(content_type=None)
                told = {"code": "LIMIT_EXCEEDED", "limit": "answer", "figure": size, "most": 1024}
                message = f"The answer has {size} bytes; at most 1024 are sent. Ask for less at once."
                assert (response.status, body) == (
                    200,
                    {
                        "errors": [{"message": message, "extensions": {**told, "requestId": "r"}}],
                        "data": None,
                    },
                )
        assert users.calls == {"GET /users/7": 1, "PUT /users/7": 1}


# --- documents are parsed once


@pytest.fixture
def parses(monkeypatch) -> list[str]:
    """The documents that were parsed, and `validated` for each validation."""
    told: list[str] = []
    parse, validate = graphql.parse, errors_of

    def parsing(text: str, **options: Any) -> Any:
        told.append(text)
        return parse(text, **options)

    def validating(*args: Any) -> Any:
        told.append("validated")
        return validate(*args)

    def never(*_args: Any, **_options: Any) -> Any:
        raise AssertionError("parsed or validated a second time")

    monkeypatch.setattr(documents, "parse", parsing)
    monkeypatch.setattr(document_rules, "errors_of", validating)
    monkeypatch.setattr(schema, "validate_document", never)
    monkeypatch.setattr(schema, "parse", never)
    return told


async def test_a_document_is_parsed_and_validated_once(tmp_path, parses):
    """The second request of a text costs neither; an invalid document is parsed and validated each time."""
    async with rest() as users:
        users.on("GET /users/7", Reply(json={"id": "7", "name": "Ada"}))
        async with served(tmp_path, MODULE, {"users": USERS}, toml({"users": users.url})) as gateway:
            query = "query A($id: ID!) {user(id: $id) {name}} query B {__typename}"
            parses.clear()
            for _ in range(3):
                async with gateway.client.post(
                    f"{gateway.url}/graphql",
                    json={"query": query, "variables": {"id": "7"}, "operationName": "A"},
                ) as response:
                    assert await response.json() == {"data": {"user": {"name": "Ada"}}}
            async with gateway.client.get(
                f"{gateway.url}/graphql", params={"query": query, "operationName": "B"}
            ) as response:
                assert await response.json() == {"data": {"__typename": "Query"}}
            assert parses == [query, "validated"]
            for _ in range(2):
                assert "errors" in await gateway.ask("{nothing}")
            assert parses[2:] == ["{nothing}", "validated"] * 2
            for _ in range(2):
                assert "errors" in await gateway.ask("{")
            assert parses[6:] == ["{", "{"]
        assert users.calls == {"GET /users/7": 3}


def kept(documents: Documents, *queries: str) -> list[bool]:
    """Which of the documents are kept."""
    return [documents.choose(query, None).document.valid_under is not None for query in queries]


def test_the_documents_that_are_kept_are_bounded_by_count():
    """Only so many documents are kept; the least recently used go first."""
    documents = Documents(Limits(documents=2))
    for query in ("{a}", "{b}"):
        documents.choose(query, None).found_valid(())
    assert kept(documents, "{a}") == [True]
    documents.choose("{c}", None).found_valid(())
    assert (len(documents), kept(documents, "{a}", "{b}", "{c}")) == (2, [True, False, True])


def test_the_documents_that_are_kept_are_bounded_by_bytes():
    """Only so many bytes are kept, by an estimate; a document that alone is larger is not kept at all."""
    documents = Documents(Limits(documents=1000, document_bytes=12_000))
    documents.choose("{a}", None).found_valid(())
    documents.choose("{b c d e f g}", None).found_valid(())
    assert kept(documents, "{a}", "{b c d e f g}") == [True, True]
    documents.choose(f"{{{'a ' * 20}}}", None).found_valid(())
    assert kept(documents, "{a}", "{b c d e f g}", f"{{{'a ' * 20}}}") == [True, True, False]
    documents.choose("{h i j k l m}", None).found_valid(())
    assert kept(documents, "{h i j k l m}") == [True]
    assert len(documents) < 3


@pytest.mark.parametrize("padding", ["#{}\n", "{},", 'x: a(b: "{}") '], ids=["comment", "commas", "string"])
def test_the_bytes_of_a_document_are_those_of_its_text_too(padding):
    """A long text of few tokens counts with what it takes, in the text and in the tokens cut out of it."""
    query = "{" + padding.format("," * 4_000) + "a}"
    assert Documents().choose(query, None).document.weight > 2 * len(query)
    documents = Documents(Limits(documents=1000, document_bytes=20_000))
    for number in range(3):
        documents.choose(query.replace("a}", f"a{number}}}"), None).found_valid(())
    assert len(documents) == 1


def test_a_text_is_kept_once():
    """A kept document is found by the string that its syntax tree holds, not by a copy."""
    documents = Documents()
    chosen = documents.choose("{a}" + " " * 100, None)
    chosen.found_valid(())
    location = chosen.document.node.loc
    assert location is not None
    assert location.source.body is chosen.document.text
    assert documents.choose("".join(["{a}", " " * 100]), None) is chosen


def test_a_document_shows_nothing_of_its_text():
    """Clients write values into documents; these are in no representation."""
    chosen = Documents().choose('{a(secret: "s3cret")}', None)
    chosen.found_valid(())
    assert "s3cret" not in repr(chosen)
    assert "s3cret" not in repr(chosen.document)


def test_a_document_counts_as_valid_under_the_same_rules_alone():
    """Other rules, as of an extension that is there for some requests, validate anew."""

    class Rule: ...

    documents = Documents()
    chosen = documents.choose("{a}", None)
    assert not chosen.is_valid_under(())
    chosen.found_valid(())
    again = documents.choose("{a}", None)
    assert (again.is_valid_under(()), again.is_valid_under((Rule,))) == (True, False)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "name", "kind"),
    [
        ("{a}", None, "query"),
        ("query A {a} mutation B {b}", "B", "mutation"),
        ("query A {a} mutation B {b}", "A", "query"),
        ("subscription {a}", None, "subscription"),
    ],
)
def test_which_operation_is_chosen(query, name, kind):
    """The operation is the only one, or that of the name."""
    assert Documents().choose(query, name).kind.value == kind


@pytest.mark.parametrize(
    ("query", "name", "message", "code"),
    [
        ("query A {a} mutation B {b}", None, "The document has 2 operations: say operationName.", "R"),
        ("query A {a}", "C", "The document has no operation of the name 'C'.", "R"),
        ("{a} mutation B {b}", "", "The document has no operation of the name ''.", "R"),
        ("query A {a}", "x" * 100, f"The document has no operation of the name '{'x' * 64}'.", "R"),
        ("fragment F on T {a}", None, "The document has no operation.", "R"),
        ("type T {a: Int}", None, "The document has no operation.", "R"),
        ("{a", None, "Syntax Error: Expected Name, found <EOF>.", None),
        ("", None, "Syntax Error: Unexpected <EOF>.", None),
        (
            "{a" * 5000 + "}" * 5000,
            None,
            "Syntax Error: Document is nested too deeply. Parsing aborted.",
            None,
        ),
        ("\ud800", None, "Syntax Error: Invalid character: U+D800.", None),
    ],
)
def test_documents_without_a_choice_are_unfit(query, name, message, code):
    """Where no operation can be told, the error says why, and nothing is kept."""
    documents = Documents()
    with pytest.raises(Unfit) as caught:
        documents.choose(query, name)
    [error] = caught.value.errors
    assert isinstance(error, GraphQLError)
    assert error.message == message
    assert (error.extensions or {}).get("code") == ("OPERATION_RESOLUTION_FAILURE" if code else None)
    assert len(documents) == 0


# --- the settings


def test_every_limit_is_a_setting(tmp_path):
    """`[limits]` sets every limit there is, and each may be said."""
    assert set(READERS) == set(Limits.__struct_fields__)
    lines = []
    for name in READERS:
        default = getattr(Limits(), name)
        size = name in {"document_bytes", "answer", "upload_file", "upload", "message"}
        header = name == "budget_header"
        value = '"x-7"' if header else '"2KiB"' if size else '"3s"' if isinstance(default, float) else "7"
        lines.append(f"{name} = {value}")
    projects.write(
        tmp_path, "", {"users": USERS}, toml({"users": "http://127.0.0.1"}) + "[limits]\n" + "\n".join(lines)
    )
    limits = read_settings(tmp_path, {}).limits
    assert json.loads(json.dumps([getattr(limits, name) for name in READERS])) == [
        "x-7" if "x-7" in line else 2048 if "KiB" in line else 3.0 if '"3s"' in line else 7 for line in lines
    ]


def test_mistakes_in_limits_are_told(tmp_path):
    """An unknown limit is told with the nearest name, a value of the wrong kind with what was expected."""
    text = toml({"users": "http://127.0.0.1"}) + "[limits]\ndeph = 3\nfields = 0\nanswer = 5\n"
    projects.write(tmp_path, "", {"users": USERS}, text)
    with pytest.raises(ProjectError) as caught:
        read_settings(tmp_path, {})
    assert [(one.path, one.message) for one in caught.value.mistakes] == [
        ("limits.deph", "unknown key; did you mean 'depth'?"),
        ("limits.fields", "expected an integer from 1 to 1000000"),
        ("limits.answer", "expected a size as text, such as '64KiB' or '1MiB'; found integer"),
    ]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://app.example", "https://app.example"),
        ("https://App.Example:443/", "https://app.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("app.example", None),
        ("https://app.example/path", None),
        ("https://u:p@app.example", None),
        ("*", None),
        ("null", None),
    ],
)
def test_origins_are_read_as_browsers_write_them(tmp_path, given, read):
    """`origins` takes origins alone, and makes of each what a browser will send."""
    text = toml({"users": "http://127.0.0.1"}, f'origins = ["{given}"]')
    projects.write(tmp_path, "", {"users": USERS}, text)
    if read is not None:
        assert read_settings(tmp_path, {}).graph.origins == (read,)
        return
    with pytest.raises(ProjectError) as caught:
        read_settings(tmp_path, {})
    assert [one.message for one in caught.value.mistakes] == [
        "expected an origin such as 'https://app.example': a scheme, a host and perhaps a port"
    ]
