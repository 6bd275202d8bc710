"""Which code clients get for what a service does: a schema over a scripted service, asked and answered wrongly."""

from __future__ import annotations

import ast
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graph.declaring.schema import Schema
from graph.project.project import load_schema
from stolon import testing

_CONTRACT: Final = """
openapi: 3.1.0
info: {title: Probe, version: "1"}
paths:
  /declared/{id}:
    get:
      operationId: declared
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {$ref: "#/components/responses/Thing"}, "404": {description: none}}
  /given:
    get:
      operationId: given
      parameters: [{name: word, in: query, schema: {type: string}}]
      responses: {"200": {$ref: "#/components/responses/Thing"}}
  /bare:
    get: {operationId: bare, responses: {"200": {$ref: "#/components/responses/Thing"}}}
  /change:
    post:
      operationId: change
      requestBody: {content: {application/json: {schema: {type: object, properties: {word: {type: string}}}}}}
      responses: {"200": {$ref: "#/components/responses/Thing"}}
components:
  responses:
    Thing: {description: "", content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}
  schemas:
    Thing: {type: object, properties: {id: {type: string}}}
"""
_MODULE: Final = """
import strawberry
from stolon import rest

probe = rest.contract("probe")

@strawberry.type
class Query:
    declared: rest.auto = rest.query(probe.op("declared"))
    given: rest.auto = rest.query(probe.op("given"))
    bare: rest.auto = rest.query(probe.op("bare"))

@strawberry.type
class Mutation:
    change: rest.auto = rest.mutation(probe.op("change"))

schema = rest.Schema(query=Query, mutation=Mutation)
"""
_TOML: Final = '[graph]\nschema = "schema:schema"\n[services.probe]\nurl = "http://127.0.0.1:1"\n'
ASKED: Final[Mapping[str, str]] = {
    "given": '{ given(word: "w") { id } }',
    "bare": "{ bare { id } }",
    "change": 'mutation { change(input: {word: "w"}) { id } }',
}
"""A read with a value of the client's, a read without, and a change."""
_CODE: Final = re.compile(r"[A-Z]+(?:_[A-Z]+)+")
STATUSES: Final = (302, 400, 401, 403, 404, 409, 412, 418, 422, 429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Row:
    """What happened, and the code for each way of asking; a dash where there is no error."""

    what: str
    codes: tuple[str, ...]


async def rows() -> list[Row]:
    """The whole table."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "contracts").mkdir()
        (project / "contracts" / "probe.yaml").write_text(_CONTRACT, encoding="utf-8")
        (project / "stolon.toml").write_text(_TOML, encoding="utf-8")
        (project / "probed_schema.py").write_text(_MODULE, encoding="utf-8")
        schema = load_schema(project, "probed_schema:schema")
        found = [
            Row(text, tuple([await _code(schema, name, handler, credentials) for name in ASKED]))
            for text, handler, credentials in _situations()
        ]
        nothing = await _asked(
            schema,
            '{ declared(id: "i") { id } }',
            "declared",
            lambda _: testing.answer(status=404),
            "forward",
        )
    return [Row("404 that the contract declares, on a lookup", (nothing, nothing, "")), *found]


def _situations() -> Iterator[tuple[str, testing.Handler, str]]:
    for status in STATUSES:
        if status in (401, 403):
            yield f"{status}, to the caller's own token", _status(status), "forward"
            yield f"{status}, to the gateway's credentials", _status(status), "none"
        else:
            yield str(status), _status(status), "forward"

    def failing(failure: Exception) -> testing.Handler:
        def handler(_: testing.Request) -> testing.Response:
            raise failure

        return handler

    yield "no connection", failing(testing.Unavailable("probe", sent=False)), "forward"
    yield "the connection ended before an answer", failing(testing.Unavailable("probe", sent=True)), "forward"
    yield "no answer in time", failing(testing.TimedOut("probe", sent=True)), "forward"
    yield "no time was left to send it", failing(testing.TimedOut("probe", sent=False)), "forward"
    yield "an answer cut short, or too long", failing(testing.BadAnswer("probe", sent=True)), "forward"
    yield "an answer that is not as the contract says", lambda _: testing.answer({"id": 7}), "forward"


def _status(status: int) -> testing.Handler:
    return lambda _: testing.answer({"title": "Refused."}, status=status)


async def _code(schema: Schema, name: str, handler: testing.Handler, credentials: str) -> str:
    return await _asked(schema, ASKED[name], name, handler, credentials)


async def _asked(
    schema: Schema, query: str, operation: str, handler: testing.Handler, credentials: str
) -> str:
    way = "forward" if credentials == "forward" else "none"
    service = testing.Service("probe", "http://127.0.0.1:1", credentials=way)
    services = testing.Services(probe=service)
    services.on("probe", operation, handler)
    answer = await testing.execute(schema, query, services, caller=testing.caller("ana"))
    return str(answer.errors[0]["extensions"]["code"]) if answer.errors else ""


def refusals(folder: Path) -> dict[str, set[int]]:
    """The codes of requests that are answered without being executed, read off the sources below the folder: by code
    the HTTP statuses, none where that is the form's to say.
    """
    found: dict[str, set[int]] = {}
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        named = dict(_constants(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                status, code, *_ = [*node.args, None, None]
                text = _text(code, named)
                if isinstance(status, ast.Constant) and isinstance(status.value, int) and text is not None:
                    found.setdefault(text, set()).add(status.value)
            elif isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    text = _text(value, named)
                    if isinstance(key, ast.Constant) and key.value == "code" and text is not None:
                        found.setdefault(text, set())
            elif isinstance(node, ast.Return) and _CODE.fullmatch(_text(node.value, {}) or ""):
                found.setdefault(_text(node.value, {}) or "", set())
        for name, text in named.items():
            if name in ("CODE", "INVALID", "NOT_CHOSEN"):
                found.setdefault(text, set())
    return found


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        value = node.value
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield target.id, value.value


def _text(node: ast.expr | None, named: Mapping[str, str]) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return named.get(node.id) if isinstance(node, ast.Name) else None
