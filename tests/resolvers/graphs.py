"""Small projects for tests of the store: contracts written as Python values, a module, and services that wait to be let go.

`project(...)` writes the folder and loads its schema; `Gate` holds calls back, so that a test decides which answer lands
when, and counts how many are under way.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.parse import parse_qs, urlsplit

from graph.project import load_schema
from graph.schema import Schema
from stolon.testing import Answer, Request, Response, answer

HEAD = "from __future__ import annotations\n\nimport strawberry\n\nfrom stolon import rest\n\n"


def ref(name: str) -> dict[str, Any]:
    """A reference to a component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: Mapping[str, Any], **more: object) -> dict[str, Any]:
    """An array schema."""
    return {"type": "array", "items": dict(items), **more}


def thing(required: Iterable[str] = (), /, **properties: object) -> dict[str, Any]:
    """An object schema; a property is a schema, or the name of a type."""
    made = {name: {"type": one} if isinstance(one, str) else one for name, one in properties.items()}
    return {"type": "object", "required": list(required), "properties": made}


def operation(
    line: str,
    name: str,
    result: Mapping[str, Any] | None,
    *,
    query: Mapping[str, Mapping[str, Any]] | None = None,
    required: Iterable[str] = (),
    headers: Mapping[str, Mapping[str, Any]] | None = None,
    path: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
    missing: bool = False,
) -> dict[str, dict[str, Any]]:
    """One path item: `line` is `GET /users/{id}`; path parameters are text unless `path` says; `missing` declares 404."""
    method, _, url = line.partition(" ")
    needed = set(required)
    parameters: list[dict[str, Any]] = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": dict(path or {"type": "string"})}
        for part in url.split("/")
        if part.startswith("{")
    ]
    for place, named in (("query", query), ("header", headers)):
        parameters += [
            {"name": key, "in": place, "required": key in needed, "schema": dict(schema), "explode": False}
            if place == "query"
            else {"name": key, "in": place, "required": key in needed, "schema": dict(schema)}
            for key, schema in (named or {}).items()
        ]
    success: dict[str, Any] = {"description": "well"}
    if result is not None:
        success["content"] = {"application/json": {"schema": dict(result)}}
    made: dict[str, Any] = {"operationId": name, "parameters": parameters, "responses": {"200": success}}
    if missing:
        made["responses"]["404"] = {"description": "there is none"}
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": dict(body)}}}
    return {url: {method.lower(): made}}


def contract(schemas: Mapping[str, Any], *operations: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """An OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        for url, methods in one.items():
            paths.setdefault(url, {}).update(methods)
    return {
        "openapi": "3.1.0",
        "info": {"title": "a test", "version": "1"},
        "paths": paths,
        "components": {"schemas": dict(schemas)},
    }


def project(folder: Path, contracts: Mapping[str, Mapping[str, Any]], module: str, toml: str = "") -> Schema:
    """Write a project and load its schema. The module starts with Strawberry, `rest` and a name for each contract."""
    (folder / "contracts").mkdir(parents=True, exist_ok=True)
    for name, document in contracts.items():
        (folder / "contracts" / f"{name}.json").write_text(json.dumps(document))
    named = "".join(f"{name} = rest.contract({name!r})\n" for name in contracts)
    (folder / "schema.py").write_text(HEAD + named + "\n\n" + dedent(module))
    (folder / "stolon.toml").write_text(toml)
    return load_schema(folder, "schema:schema")


def asked(request: Request, name: str) -> list[str]:
    """The values of a comma-separated query parameter, in order."""

    found = parse_qs(urlsplit(request.target).query).get(name, [])
    return [one for text in found for one in text.split(",")]


def rows_of(
    rows: Iterable[Mapping[str, Any]], parameter: str = "ids", key: str = "id"
) -> Callable[[Request], Response]:
    """A handler of a `many`: the rows that were asked for, in the service's own order."""
    listed = list(rows)

    def handler(request: Request) -> Response:
        wanted = set(asked(request, parameter))
        return answer([row for row in listed if str(row[key]) in wanted])

    return handler


def row_of(rows: Iterable[Mapping[str, Any]], key: str = "id") -> Callable[[Request], Response]:
    """A handler of a `one`, whose key ends its path: the row, or 404."""
    by_key = {str(row[key]): row for row in rows}

    def handler(request: Request) -> Response:
        found = by_key.get(request.target.rpartition("/")[2])
        return answer(status=404) if found is None else answer(found)

    return handler


class Gate:
    """A handler that holds every call until it is let go. `most` is how many were under way at once."""

    def __init__(self, handler: Callable[[Request], Response]) -> None:
        self._handler = handler
        self.waiting: list[tuple[Request, asyncio.Future[None]]] = []
        self.most = 0
        self.cancelled = 0

    async def __call__(self, request: Request) -> Response:
        """Wait, then answer."""
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        mine = (request, opened)
        self.waiting.append(mine)
        self.most = max(self.most, len(self.waiting))
        try:
            await opened
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.waiting.remove(mine)
        return self._handler(request)

    def open(self, count: int | None = None) -> None:
        """Let the first so many calls go, or all that wait."""
        for _, opened in self.waiting[:count]:
            if not opened.done():
                opened.set_result(None)


async def turns(count: int = 200) -> None:
    """Let the loop turn, without time passing, until everything has come to rest that can."""
    for _ in range(count):
        await asyncio.sleep(0)


def codes(result: Answer) -> list[tuple[list[Any], str]]:
    """Path and code of each error, in their order."""
    return [(one.get("path", []), one["extensions"]["code"]) for one in result.errors]
