"""Small projects for tests: contracts in a few words, modules as text, and the schema that they make."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from graphql import TypeDefinitionNode, parse, print_ast

from adapters.mistake import ProjectError
from graph.declaring.schema import Schema
from graph.project.project import load_schema
from stolon import testing

Doc = dict[str, Any]

TEXT: Doc = {"type": "string"}
INT: Doc = {"type": "integer", "format": "int32"}
BIG: Doc = {"type": "integer", "format": "int64"}
MONEY: Doc = {"type": "string", "format": "decimal"}


def ref(name: str) -> Doc:
    """A reference to a component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(items: Doc, **bounds: Any) -> Doc:
    """An array schema."""
    return {"type": "array", "items": items, **bounds}


def nullable(schema: Doc) -> Doc:
    """The schema, or null, as OpenAPI 3.1 says it."""
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def an(properties: Mapping[str, Doc], *, optional: str = "", **more: Any) -> Doc:
    """An object schema: everything is required but what `optional` names."""
    left_out = optional.split()
    required = [name for name in properties if name not in left_out]
    made: Doc = {"type": "object", "properties": dict(properties), **more}
    return {**made, "required": required} if required else made


def parameter(name: str, schema: Doc | None = None, place: str = "query", **more: Any) -> Doc:
    """A parameter; those of paths are required, as OpenAPI wants it."""
    made: Doc = {"name": name, "in": place, "schema": schema or TEXT, **more}
    return {**made, "required": True} if place == "path" else made


def operation(
    call: str,
    id: str | None = None,  # noqa: A002 - as OpenAPI calls it
    answer: Doc | None = None,
    *parameters: Doc,
    body: Doc | None = None,
    statuses: tuple[str, ...] = (),
    body_required: bool = True,
    headers: tuple[str, ...] = (),
    **more: Any,
) -> Doc:
    """An operation, as `operation("GET /users/{id}", "getUser", ref("User"))`; path parameters that nobody
    states are text. `statuses` are answered without a body.
    """
    method, path = call.split(" ")
    stated = {one["name"] for one in parameters if one["in"] == "path"}
    names = [part.split("}")[0] for part in path.split("{")[1:]]
    found = [parameter(name, place="path") for name in names if name not in stated]
    ok: Doc = {"description": "fine"}
    if headers:
        ok["headers"] = {name: {"schema": TEXT} for name in headers}
    if answer is not None:
        ok["content"] = {"application/json": {"schema": answer}}
    made: Doc = {
        "responses": {"200": ok, **{status: {"description": "not so"} for status in statuses}},
        "parameters": [*found, *parameters],
        **more,
    }
    if id is not None:
        made["operationId"] = id
    if body is not None:
        content = {"application/json": {"schema": body}}
        made["requestBody"] = {"required": body_required, "content": content}
    return {path: {method.lower(): made}}


def contract(*operations: Doc, version: str = "3.1.0", **schemas: Doc) -> Doc:
    """A contract of these operations and component schemas."""
    paths: Doc = {}
    for one in operations:
        for path, methods in one.items():
            paths.setdefault(path, {}).update(methods)
    return {
        "openapi": version,
        "info": {"title": "A service", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def write(
    folder: Path, module: str, contracts: Mapping[str, Doc], toml: str = "", **modules: str
) -> dict[str, Path]:
    """Write a project: `module` is its `schema.py`, `modules` are others by name. Gives their files."""
    (folder / "contracts").mkdir(parents=True, exist_ok=True)
    for name, document in contracts.items():
        (folder / "contracts" / f"{name}.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    if toml:
        (folder / "stolon.toml").write_text(toml, encoding="utf-8")
    files = {}
    for name, text in {"schema": module, **modules}.items():
        files[name] = folder / f"{name}.py"
        files[name].write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return files


def load(folder: Path, module: str, contracts: Mapping[str, Doc], toml: str = "", **modules: str) -> Schema:
    """The schema of a project that is right."""
    write(folder, module, contracts, toml, **modules)
    return load_schema(folder, "schema:schema")


def refused(
    folder: Path, module: str, contracts: Mapping[str, Doc], toml: str = "", **modules: str
) -> list[str]:
    """What is told of a project that is wrong: `file:line: path: message` of each mistake."""
    write(folder, module, contracts, toml, **modules)
    with pytest.raises(ProjectError) as caught:
        load_schema(folder, "schema:schema")
    return [str(one).replace(f"{folder}/", "") for one in caught.value.mistakes]


def type_text(schema: Schema, name: str) -> str:
    """The printed definition of one type, with descriptions and directives."""
    return print_ast(_definition(schema, name))


def field_text(schema: Schema, type_name: str, field: str) -> str:
    """One field as the schema prints it, with its directives, without descriptions."""
    return _printed(_field(schema, type_name, field), directives=True)


def signature(schema: Schema, type_name: str, field: str) -> str:
    """One field as the schema prints it, without directives and descriptions."""
    return _printed(_field(schema, type_name, field), directives=False)


def fields_of(schema: Schema, type_name: str) -> list[str]:
    """The signatures of all fields of a type (or an input), in order, without directives and descriptions."""
    return [_printed(one, directives=False) for one in _definition(schema, type_name).fields]


def description_of(schema: Schema, type_name: str, field: str = "") -> str | None:
    """The description of a type, or of one of its fields."""
    node = _field(schema, type_name, field) if field else _definition(schema, type_name)
    return None if node.description is None else node.description.value


def type_names(schema: Schema) -> list[str]:
    """The names of all types that the schema prints, in alphabetical order."""
    return sorted(
        one.name.value for one in parse(schema.as_str()).definitions if isinstance(one, TypeDefinitionNode)
    )


def _definition(schema: Schema, name: str) -> Any:
    for one in parse(schema.as_str()).definitions:
        if isinstance(one, TypeDefinitionNode) and one.name.value == name:
            return one
    raise AssertionError(f"no {name} in:\n{schema.as_str()}")


def _field(schema: Schema, type_name: str, field: str) -> Any:
    definition = _definition(schema, type_name)
    for one in definition.fields:
        if one.name.value == field:
            return one
    raise AssertionError(f"no {field} in:\n{print_ast(definition)}")


def _printed(node: Any, *, directives: bool) -> str:
    bare = replace(node, description=None)
    if not directives:
        bare = replace(bare, directives=())
    if getattr(node, "arguments", None):
        bare = replace(bare, arguments=tuple(replace(one, description=None) for one in node.arguments))
    return print_ast(bare)


async def data(schema: Schema, query: str, services: testing.Services, **options: Any) -> Any:
    """The data of an answer that has no errors."""
    answer = await testing.execute(schema, query, services, **options)
    assert answer.errors == [], answer.errors
    return answer.data


async def error(schema: Schema, query: str, services: testing.Services, **options: Any) -> Doc:
    """The one error of an answer, without its locations."""
    answer = await testing.execute(schema, query, services, **options)
    assert len(answer.errors) == 1, answer
    return {name: value for name, value in answer.errors[0].items() if name != "locations"}
