"""Operations of a document: ids, parameters, bodies and answers, and what makes one of them unusable."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.contract.contract import Answer, Body, Kind, Operation, Parameter, Use
from tests.adapters.contract_documents import FILE, OK, document, json_answer, read, told

BOTH = pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
TEXT = {"type": "string"}


def only(item: dict[str, Any], path: str = "/things", version: str = "3.1.0", **components: Any) -> Operation:
    """The only operation of a document with one path."""
    [operation] = read(document(version, paths={path: item}, **components)).operations.values()
    return operation


def parameters(
    *stated: Any, path: str = "/things", version: str = "3.1.0", **components: Any
) -> tuple[Parameter, ...]:
    """The parameters of an operation that states these."""
    return only(
        {"get": {"parameters": list(stated), "responses": OK}}, path, version, **components
    ).parameters


@BOTH
def test_an_operation_in_full(version: str):
    """An operation with everything that the model holds of it, references followed."""
    item = {
        "summary": "not read",
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
        "put": {
            "operationId": "putThing",
            "summary": "Put it",
            "description": "Puts a thing.",
            "deprecated": True,
            "parameters": [{"$ref": "#/components/parameters/Verbose"}],
            "requestBody": {"$ref": "#/components/requestBodies/Thing"},
            "responses": {
                "200": {"$ref": "#/components/responses/Thing"},
                "2XX": {"description": "accepted"},
                "default": {
                    "description": "a problem",
                    "content": {"application/problem+json": {"schema": TEXT}},
                },
            },
        },
    }
    found = only(
        item,
        "/things/{id}",
        version,
        parameters={
            "Verbose": {
                "name": "verbose",
                "in": "query",
                "description": "Say more.",
                "deprecated": True,
                "schema": {"type": "boolean", "default": False, "description": "not this"},
            }
        },
        requestBodies={"Thing": {"required": True, "content": {"application/json": {"schema": TEXT}}}},
        responses={
            "Thing": {
                "description": "the thing",
                "headers": {"ETag": {"schema": TEXT}, "Link": {"schema": TEXT}},
                "content": {"application/json; charset=utf-8": {"schema": TEXT}},
            }
        },
    )
    place, components = "#/paths/~1things~1{id}", "#/components"
    assert found == Operation(
        contract="things",
        id="putThing",
        method="PUT",
        path="/things/{id}",
        parameters=(
            Parameter(
                name="id",
                location="path",
                required=True,
                use=Use(f"{place}/parameters/0/schema"),
                style="simple",
                explode=False,
                pointer=f"{place}/parameters/0",
            ),
            Parameter(
                name="verbose",
                location="query",
                required=False,
                use=Use(
                    f"{components}/parameters/Verbose/schema",
                    default=False,
                    description="Say more.",
                    deprecated=True,
                ),
                style="form",
                explode=True,
                pointer=f"{components}/parameters/Verbose",
            ),
        ),
        body=Body(
            Use(f"{components}/requestBodies/Thing/content/application~1json/schema"),
            True,
            "application/json",
            f"{components}/requestBodies/Thing",
        ),
        answers=(
            Answer(
                "200",
                Use(f"{components}/responses/Thing/content/application~1json; charset=utf-8/schema"),
                "application/json; charset=utf-8",
                frozenset({"etag", "link"}),
                "the thing",
                f"{components}/responses/Thing",
            ),
            Answer("2XX", None, None, frozenset(), "accepted", f"{place}/put/responses/2XX"),
            Answer(
                "default",
                Use(f"{place}/put/responses/default/content/application~1problem+json/schema"),
                "application/problem+json",
                frozenset(),
                "a problem",
                f"{place}/put/responses/default",
            ),
        ),
        pointer=f"{place}/put",
        summary="Put it",
        description="Puts a thing.",
        deprecated=True,
    )


def test_the_contract_itself():
    """A contract has its name, file, title, version and description, and tables that nobody can change."""
    whole = document(paths={"/a": {"get": {"responses": OK}}, "x-more": {"get": 5}})
    whole["info"]["description"] = "All things."
    found = read(whole)
    assert (found.name, found.file, found.title, found.version, found.openapi, found.description) == (
        "things",
        FILE,
        "Things",
        "1.2.3",
        "3.1.0",
        "All things.",
    )
    for table in (found.operations, found.schemas, found.components):
        with pytest.raises(TypeError):
            table["x"] = None  # type: ignore[index]


def test_operations_without_an_id_are_named_by_method_and_path():
    """An operation without operationId is found as `METHOD /path`, every method in document order of the standard."""
    item = {
        method: {"responses": OK}
        for method in ("get", "put", "post", "delete", "options", "head", "patch", "trace")
    }
    found = read(document(paths={"/a": item}))
    assert list(found.operations) == [f"{method.upper()} /a" for method in item]


def test_methods_of_32():
    """OpenAPI 3.2's `query` and its additional operations are operations like others."""
    found = read(
        document(
            "3.2.0",
            paths={"/a": {"query": {"responses": OK}, "additionalOperations": {"COPY": {"responses": OK}}}},
        )
    )
    assert [(one.id, one.method) for one in found.operations.values()] == [
        ("QUERY /a", "QUERY"),
        ("COPY /a", "COPY"),
    ]


def test_a_path_item_may_be_a_reference():
    """A path item that refers to another has its operations, beside its own, which win."""
    shared = {
        "get": {"operationId": "shared", "responses": OK},
        "put": {"operationId": "put", "responses": OK},
        "parameters": [{"name": "q", "in": "query", "schema": TEXT}],
    }
    item = {"$ref": "#/x-shared", "get": {"operationId": "own", "responses": OK}}
    whole = {**document("3.0.3", paths={"/a": item}), "x-shared": shared}
    assert [
        (one.id, one.pointer, [stated.name for stated in one.parameters])
        for one in read(whole).operations.values()
    ] == [("own", "#/paths/~1a/get", ["q"]), ("put", "#/x-shared/put", ["q"])]
    alone = document(
        "3.1.0", paths={"/a": {"$ref": "#/components/pathItems/Shared"}}, pathItems={"Shared": shared}
    )
    assert list(read(alone).operations) == ["shared", "put"]


@pytest.mark.parametrize(
    ("stated", "style", "explode"),
    [
        ({"name": "p", "in": "query"}, "form", True),
        ({"name": "p", "in": "query", "explode": False}, "form", False),
        ({"name": "p", "in": "query", "style": "pipeDelimited"}, "pipeDelimited", False),
        ({"name": "p", "in": "query", "style": "spaceDelimited"}, "spaceDelimited", False),
        ({"name": "p", "in": "header"}, "simple", False),
        ({"name": "p", "in": "header", "explode": True}, "simple", True),
        ({"name": "p", "in": "path", "required": True}, "simple", False),
        ({"name": "p", "in": "path", "required": True, "style": "label", "explode": True}, "label", True),
        ({"name": "p", "in": "path", "required": True, "style": "matrix"}, "matrix", False),
    ],
)
def test_styles_have_the_defaults_of_their_location(stated: dict[str, Any], style: str, explode: bool):
    """`style` and `explode` default by location and style, as the specification says."""
    path = "/a/{p}" if stated["in"] == "path" else "/a"
    [found] = parameters({**stated, "schema": {"type": "array", "items": TEXT}}, path=path)
    assert (found.style, found.explode) == (style, explode)


def test_deep_objects_and_reserved_characters():
    """deepObject is for query objects; allowReserved is kept."""
    schema = {"type": "object", "properties": {"state": TEXT}}
    found = parameters(
        {"name": "filter", "in": "query", "style": "deepObject", "schema": schema},
        {"name": "any", "in": "query", "style": "deepObject", "schema": {"type": "object"}},
        {"name": "path", "in": "query", "allowReserved": True, "schema": TEXT},
    )
    assert [(one.style, one.explode, one.allow_reserved) for one in found] == [
        ("deepObject", False, False),
        ("deepObject", False, False),
        ("form", True, True),
    ]


@pytest.mark.parametrize(
    ("style", "schema", "wanted"),
    [
        ("deepObject", TEXT, "deepObject writes an object, and 'p' is of kind string"),
        (
            "deepObject",
            {"type": "array", "items": TEXT},
            "deepObject writes an object, and 'p' is of kind array",
        ),
        (
            "pipeDelimited",
            {"type": "integer"},
            "pipeDelimited writes an array or object, and 'p' is of kind integer",
        ),
        (
            "spaceDelimited",
            {"enum": [1, 2]},
            "spaceDelimited writes an array or object, and 'p' is of kind integer",
        ),
    ],
)
def test_a_style_that_cannot_write_its_values_is_a_mistake(style: str, schema: Any, wanted: str):
    """deepObject needs an object, delimited styles a list or an object."""
    whole = document(
        paths={
            "/a": {
                "get": {
                    "parameters": [{"name": "p", "in": "query", "style": style, "schema": schema}],
                    "responses": OK,
                }
            }
        }
    )
    assert told(whole) == [("$.paths['/a'].get.parameters[0].style", wanted)]


@BOTH
def test_own_parameters_override_those_of_the_path(version: str):
    """Name and location identify a parameter; a header's name has no case."""
    item = {
        "parameters": [
            {"name": "a", "in": "query", "schema": TEXT},
            {"name": "X-B", "in": "header", "schema": TEXT},
            {"name": "c", "in": "query", "schema": TEXT},
        ],
        "get": {
            "parameters": [
                {"name": "x-b", "in": "header", "required": True, "schema": {"type": "integer"}},
                {"name": "a", "in": "header", "schema": TEXT},
                {"name": "c", "in": "query", "schema": {"type": "integer"}},
            ],
            "responses": OK,
        },
    }
    found = only(item, version=version).parameters
    assert [(one.name, one.location, one.pointer) for one in found] == [
        ("a", "query", "#/paths/~1things/parameters/0"),
        ("x-b", "header", "#/paths/~1things/get/parameters/0"),
        ("c", "query", "#/paths/~1things/get/parameters/2"),
        ("a", "header", "#/paths/~1things/get/parameters/1"),
    ]


def test_json_parameters():
    """A parameter with JSON content is sent as JSON text; an optional one of another type is left out."""
    found = parameters(
        {"name": "a", "in": "query", "content": {"application/json": {"schema": {"type": "integer"}}}},
        {"name": "b", "in": "query", "content": {"text/csv": {"schema": TEXT}}},
        {"name": "c", "in": "query", "content": {"application/json": {}}},
    )
    assert [(one.name, one.json, one.use.schema) for one in found] == [
        ("a", True, "#/paths/~1things/get/parameters/0/content/application~1json/schema"),
        ("c", True, "#/paths/~1things/get/parameters/2/content/application~1json/schema"),
    ]


def test_headers_that_openapi_ignores_are_ignored():
    """Accept, Content-Type and Authorization are no parameters, whatever a document says."""
    names = ["Accept", "content-type", "AUTHORIZATION", "X-Tenant"]
    found = parameters(*({"name": name, "in": "header", "required": True, "schema": TEXT} for name in names))
    assert [one.name for one in found] == ["X-Tenant"]


def test_cookies_are_left_out_or_make_an_operation_unusable():
    """Stolon sends no cookies: an optional one is left out, a required one is the reason not to call."""
    cookie = {"name": "sid", "in": "cookie", "schema": TEXT}
    assert parameters(cookie) == ()
    found = only({"get": {"parameters": [{**cookie, "required": True}], "responses": OK}})
    assert (found.parameters, found.unusable) == (
        (),
        "it requires 'sid' in 'cookie', and Stolon sends no cookies",
    )


def test_an_unusable_operation_is_kept_with_every_reason():
    """An upload makes its operation unusable, not the contract; all reasons are given."""
    post = {
        "parameters": [
            {"name": "sid", "in": "cookie", "required": True, "schema": TEXT},
            {"name": "x", "in": "query", "required": True, "content": {"text/csv": {"schema": TEXT}}},
        ],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": TEXT}}},
        "responses": OK,
    }
    found = only({"post": post})
    assert found.body is None
    assert found.unusable == (
        "it requires 'sid' in 'cookie', and Stolon sends no cookies; "
        "it requires the parameter 'x' as text/csv, not JSON; its body is multipart/form-data, not JSON"
    )


def test_an_optional_body_that_is_no_json_is_left_out():
    """An operation that can be called without its body is called without it."""
    found = only({"post": {"requestBody": {"content": {"text/csv": {"schema": TEXT}}}, "responses": OK}})
    assert (found.body, found.unusable) == (None, None)


def test_the_whole_query_string_as_a_parameter():
    """OpenAPI 3.2's querystring parameters are nothing that Stolon sends."""
    parameter = {
        "name": "q",
        "in": "querystring",
        "required": True,
        "content": {"application/json": {"schema": TEXT}},
    }
    found = only({"get": {"parameters": [parameter], "responses": OK}}, version="3.2.0")
    assert (
        found.unusable == "it requires 'q' in 'querystring', and Stolon sends no parameters in 'querystring'"
    )


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (["application/json"], "application/json"),
        (["text/xml", "application/vnd.api+json", "application/json"], "application/json"),
        (["text/xml", "application/vnd.api+json"], "application/vnd.api+json"),
        (["Application/JSON;charset=UTF-8"], "Application/JSON;charset=UTF-8"),
        (["application/hal+json; v=1", "*/*"], "application/hal+json; v=1"),
        (["text/xml", "*/*"], "*/*"),
    ],
)
def test_the_media_type_of_json(content: list[str], media_type: str):
    """`application/json` comes first, then `+json`, then a range, whatever parameters stand behind."""
    stated = {one: {"schema": TEXT} for one in content}
    found = only({"get": {"responses": {"200": {"description": "ok", "content": stated}}}}).answers[0]
    assert (found.media_type, found.use is not None) == (media_type, True)
    body = only({"post": {"requestBody": {"content": stated}, "responses": OK}}).body
    assert body is not None
    assert body.media_type == ("application/json" if media_type == "*/*" else media_type)


def test_answers_that_are_no_json():
    """An answer without JSON has no use, and says what it is."""
    content = {"text/csv": {"schema": TEXT}, "text/plain": {}}
    found = only({"get": {"responses": {"200": {"description": "ok", "content": content}}}}).answers[0]
    assert (found.use, found.media_type) == (None, "text/csv")


def test_json_without_a_schema_is_anything():
    """A JSON answer without a schema is of any kind."""
    contract = read(
        document(
            paths={
                "/a": {
                    "get": {"responses": {"200": {"description": "ok", "content": {"application/json": {}}}}}
                }
            }
        )
    )
    [answer] = contract.operations["GET /a"].answers
    place = "#/paths/~1a/get/responses/200/content/application~1json/schema"
    assert answer.use == Use(place, nullable=True)
    assert contract.schemas[place].kind is Kind.ANY


def test_descriptions_beside_references():
    """From 3.1 on a description beside a reference to a parameter or response is the one of this place."""
    shared: dict[str, Any] = {
        "parameters": {"P": {"name": "p", "in": "query", "description": "there", "schema": TEXT}},
        "responses": {"R": {"description": "there"}},
    }
    item = {
        "get": {
            "parameters": [{"$ref": "#/components/parameters/P", "description": "here"}],
            "responses": {"200": {"$ref": "#/components/responses/R", "description": "here"}},
        }
    }
    for version, said in (("3.0.3", "there"), ("3.1.0", "here")):
        found = only(item, version=version, **shared)
        assert (found.parameters[0].use.description, found.answers[0].description) == (said, said)


def test_the_answer_that_a_result_is_read_from():
    """The lowest 2xx with a body is what an operation succeeds with; a status finds its class and the default."""
    found = only(
        {
            "get": {
                "responses": {
                    "204": {"description": "none"},
                    **json_answer(TEXT),
                    "4XX": {"description": "bad"},
                }
            }
        }
    )
    assert found.success is not None
    assert found.success.status == "200"
    assert [one and one.status for one in (found.answer(204), found.answer(404), found.answer(500))] == [
        "204",
        "4XX",
        None,
    ]
