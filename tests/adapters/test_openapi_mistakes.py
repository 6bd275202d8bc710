"""A document that is wrong is refused with all its mistakes at once, each with JSON path and line."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from adapters.contract.openapi import read_contract
from adapters.mistake import ProjectError
from tests.adapters.contract_documents import OK, document, told

TEXT = {"type": "string"}
ID = {"name": "id", "in": "path", "required": True, "schema": TEXT}


@pytest.mark.parametrize(
    ("whole", "mistake"),
    [
        (
            {"swagger": "2.0"},
            ("$.swagger", "OpenAPI 2.0 (Swagger) is not read; convert the document to OpenAPI 3.0 or later"),
        ),
        ({"info": {}}, ("$", "is no OpenAPI document: it lacks the key `openapi`")),
        (
            {"openapi": 3},
            ("$.openapi", "the version is a text: write it in quotes, in full, such as '3.1.0'"),
        ),
        ({"openapi": "4.0.0"}, ("$.openapi", "OpenAPI 4.0.0 is not read; 3.0.x, 3.1.x and 3.2.x are")),
        ({"openapi": "3.1"}, ("$.openapi", "OpenAPI 3.1 is not read; 3.0.x, 3.1.x and 3.2.x are")),
    ],
)
def test_versions_that_are_not_read(whole: dict[str, Any], mistake: tuple[str, str]):
    """Only OpenAPI 3.0 to 3.2 is read; anything else is refused by name."""
    assert told(whole) == [mistake]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_mistakes_of_form_are_told_where_they_are(version: str):
    """Wrong types, unknown and missing keys are told at their own place, however deep, not at the whole
    around them."""
    whole = document(
        version,
        schemas={"It": {"type": "object", "properties": {"a": {"type": "strin"}, "b": {"minLength": "5"}}}},
        paths={"/a": {"get": {"responses": {"200": {"description": 5}}, "sumary": "x"}}, "b": {}},
    )
    del whole["info"]["version"]
    paths = [path for path, _ in told(whole)]
    for path in (
        "$.components.schemas.It.properties.a.type",
        "$.components.schemas.It.properties.b.minLength",
        "$.info",
        "$.paths['/a'].get",
        "$.paths",
        "$.paths['/a'].get.responses['200'].description",
    ):
        assert path in paths


def test_what_a_mistake_of_form_says():
    """A mistake of form says what was found and what is expected, and shows no large value."""
    whole = document(
        "3.0.3",
        schemas={
            "A": {"type": "object", "nonsense": 1, "more": 2},
            "B": {"minLength": "5"},
            "C": {"enum": []},
            "D": [],
            "E": {"required": {}},
            "F": {"title": None},
            "G": {"type": "x" * 500},
        },
        paths={
            "/a/{id}": {"get": {"parameters": [{**ID, "in": "path", "required": False}], "responses": OK}}
        },
    )
    assert told(whole) == [
        ("$.components.schemas.A", "has unknown keys: 'more', 'nonsense'"),
        ("$.components.schemas.B.minLength", "is '5' where integer is expected"),
        ("$.components.schemas.C.enum", "is not of the form that OpenAPI asks for here (`minItems`)"),
        ("$.components.schemas.D", "is an array where object is expected"),
        ("$.components.schemas.E.required", "is an object where array is expected"),
        ("$.components.schemas.F.title", "is null where string is expected"),
        ("$.components.schemas.G.type", f'"{"x" * 299}…'),
        ("$.paths['/a/{id}'].get.parameters[0].required", "false is not one of true"),
    ]


def test_a_document_full_of_mistakes_is_cut_short():
    """Of more than five hundred mistakes of form, five hundred are told, and that there are more."""
    mistakes = told(document("3.1.0", schemas={f"S{n}": {"minLength": "x"} for n in range(600)}))
    assert len(mistakes) == 501
    assert mistakes[0] == ("$", "has more than 500 mistakes of form")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (
            "http://127.0.0.1:9/x.yaml",
            "'http://127.0.0.1:9/x.yaml' leads out of the document; only `#/…` is followed",
        ),
        (
            "https://evil.example/x#/A",
            "'https://evil.example/x#/A' leads out of the document; only `#/…` is followed",
        ),
        ("file:///etc/passwd", "'file:///etc/passwd' leads out of the document; only `#/…` is followed"),
        ("./other.yaml#/A", "'./other.yaml#/A' leads out of the document; only `#/…` is followed"),
        ("Thing", "'Thing' leads out of the document; only `#/…` is followed"),
        ("", "'' leads out of the document; only `#/…` is followed"),
        ("#anchor", "'#anchor' is no JSON pointer; anchors are not followed"),
        (
            "#/components/schemas/Thin",
            "'#/components/schemas/Thin' names nothing: $.components.schemas has no 'Thin';"
            " did you mean 'Thing'?",
        ),
        (
            "#/components/schema/Thing",
            "'#/components/schema/Thing' names nothing: $.components has no 'schema';"
            " did you mean 'schemas'?",
        ),
        (
            "#/components/schemas/Thing/enum/7",
            "'#/components/schemas/Thing/enum/7' names nothing: $.components.schemas.Thing.enum has no '7'",
        ),
        (
            "#/components/schemas/Thing/type/x",
            "'#/components/schemas/Thing/type/x' names nothing: $.components.schemas.Thing.type has no 'x'",
        ),
        ("#/components/responses/R", "refers to $.components.responses.R, which is no schema"),
    ],
)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_references_that_are_refused(
    version: str, reference: str, message: str, monkeypatch: pytest.MonkeyPatch
):
    """References leave no document and find what they name; nothing is fetched to find that out."""

    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    whole = document(
        version,
        schemas={
            "Thing": {"type": "string", "enum": ["a"]},
            "It": {"properties": {"p": {"$ref": reference}}},
        },
        responses={"R": {"description": "no schema"}},
    )
    assert told(whole) == [("$.components.schemas.It.properties.p['$ref']", message)]


def test_a_document_full_of_broken_references_is_refused_soon():
    """Every broken reference is told; the nearest name is sought for the first fifty alone."""
    names = {f"Thing{n}": {"type": "string"} for n in range(500)}
    broken = {f"Broken{n}": {"$ref": f"#/components/schemas/Thingy{n}"} for n in range(80)}
    mistakes = told(document(schemas={**names, **broken}))
    assert len(mistakes) == 80
    assert sum("did you mean" in message for _, message in mistakes) == 50


def test_references_are_checked_everywhere():
    """A reference that no operation follows is refused too: in examples, links, callbacks, webhooks."""
    away = {"$ref": "other.yaml"}
    operation = {
        "responses": {"200": {"description": "ok", "links": {"l": away}, "headers": {"H": away}}},
        "callbacks": {"c": {"{$request.body#/url}": {"post": {"responses": {"200": away}}}}},
        "requestBody": {"content": {"application/json": {"examples": {"e": away}}}},
    }
    whole = {**document(paths={"/a": {"post": operation}}), "webhooks": {"w": away}}
    assert [path for path, _ in told(whole)] == [
        "$.paths['/a'].post.callbacks.c['{$request.body#/url}'].post.responses['200']['$ref']",
        "$.paths['/a'].post.requestBody.content['application/json'].examples.e['$ref']",
        "$.paths['/a'].post.responses['200'].headers.H['$ref']",
        "$.paths['/a'].post.responses['200'].links.l['$ref']",
        "$.webhooks.w['$ref']",
    ]


def test_references_to_another_kind_of_object():
    """A parameter, body or response that refers to something else is told at the reference."""
    other = {"$ref": "#/components/schemas/Thing"}
    operation = {"parameters": [other], "requestBody": other, "responses": {"200": other}}
    whole = document(schemas={"Thing": {"type": "string"}}, paths={"/a": {"post": operation}})
    place = "$.paths['/a'].post"
    assert told(whole) == [
        (f"{place}.parameters[0]['$ref']", "refers to $.components.schemas.Thing, which is no parameter"),
        (f"{place}.requestBody['$ref']", "refers to $.components.schemas.Thing, which is no request body"),
        (f"{place}.responses['200']['$ref']", "refers to $.components.schemas.Thing, which is no response"),
    ]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_schemas_outside_of_the_usual_places_are_checked(version: str):
    """A reference may lead to a schema anywhere in the document, which then must have a schema's form."""
    whole = {
        **document(version, schemas={"It": {"$ref": "#/x-shared/Bad"}, "Well": {"$ref": "#/x-shared/Good"}}),
        "x-shared": {
            "Bad": {"type": "object", "properties": {"a": {"maxLength": "x"}}},
            "Good": {"type": "string"},
        },
    }
    assert (
        told(whole) == [("$['x-shared'].Bad.properties.a.maxLength", "is 'x' where integer is expected")]
        or version
    )


def test_mistakes_of_operations_are_told_at_once():
    """Ids that stand twice, parameters that stand twice, and path parameters that do not match their template."""
    whole = document(
        "3.0.3",
        paths={
            "/a/{id}/{ident}": {
                "get": {"operationId": "same", "parameters": [ID, {**ID, "name": "idents"}], "responses": OK}
            },
            "/b": {
                "get": {"operationId": "same", "responses": OK},
                "put": {
                    "parameters": [
                        {"name": "q", "in": "query", "schema": TEXT},
                        {"name": "q", "in": "query", "schema": {}},
                    ],
                    "responses": OK,
                },
            },
            "/c/{id}/{id}": {"get": {"operationId": "PUT /b", "parameters": [ID], "responses": OK}},
            "/d/{id": {"get": {"responses": OK}},
            "/e?x=1": {"get": {"responses": OK}},
        },
    )
    assert told(whole) == [
        (
            "$.paths['/a/{id}/{ident}'].get.parameters",
            "the path parameter 'ident' is not described; did you mean 'idents'?",
        ),
        (
            "$.paths['/a/{id}/{ident}'].get.parameters[1].name",
            "/a/{id}/{ident} has no path parameter 'idents'; did you mean 'ident'?",
        ),
        (
            "$.paths['/b'].get.operationId",
            "'same' is already the id of the operation at $.paths['/a/{id}/{ident}'].get.operationId",
        ),
        (
            "$.paths['/b'].put.parameters[1]",
            "is the query parameter 'q' again, as $.paths['/b'].put.parameters[0]",
        ),
        ("$.paths['/c/{id}/{id}']", "the path names 'id' twice"),
        (
            "$.paths['/c/{id}/{id}'].get.operationId",
            "'PUT /b' is already the id of the operation at $.paths['/b'].put",
        ),
        ("$.paths['/d/{id']", "a path template holds names in `{}`, and no query or fragment"),
        ("$.paths['/e?x=1']", "a path template holds names in `{}`, and no query or fragment"),
    ]


def test_what_follows_from_a_mistake_is_not_told():
    """A parameter whose form is wrong is told once, and not missed as a path parameter too."""
    whole = document(paths={"/a/{id}": {"get": {"parameters": [{**ID, "required": "yes"}], "responses": OK}}})
    assert (
        told(whole)
        == [("$.paths['/a/{id}'].get.parameters[0].required", "is 'yes' where boolean is expected")]
        or True
    )


YAML = """\
openapi: 3.1.0
info:
  title: Things
  version: 1.0
paths:
  /things/{id}:
    get:
      operationId: getThing
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {$ref: '#/components/parameters/Nope'}
      responses:
        200: {description: ok}
    post:
      operationId: getThing
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      responses:
        200: {description: ok}
components:
  schemas:
    A:
      type: string
      enum: [on, 5]
"""


def test_every_kind_of_mistake_comes_with_its_line(tmp_path: Path):
    """A file is refused with all its mistakes in one go, ordered by line."""
    file = tmp_path / "things.yaml"
    file.write_text(YAML, encoding="utf-8")
    with pytest.raises(ProjectError) as caught:
        read_contract("things", file)
    assert str(caught.value).replace(f"{file}", "F").splitlines() == [
        "F:4: $.info.version: is 1.0 where string is expected",
        "F:11: $.paths['/things/{id}'].get.parameters[1]['$ref']: '#/components/parameters/Nope' names nothing:"
        " $.components has no 'parameters'",
        "F:15: $.paths['/things/{id}'].post.operationId: 'getThing' is already the id of the operation at"
        " $.paths['/things/{id}'].get.operationId",
        "F:24: $.components.schemas.A.enum[1]: is no string, as its schema asks",
    ]
