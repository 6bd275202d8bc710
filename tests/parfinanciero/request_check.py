"""Holds a request to a service against the service's contract: by the document alone, with nothing of Stolon's.

Parameters are read as OpenAPI 3.1, section 4.8.12, writes them, in the styles that the example's contracts use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import jsonschema_rs

from tests.parfinanciero.contract_check import ContractCheck, resolved


def mistakes(
    check: ContractCheck, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> list[str]:
    """What the contract does not allow in this request; empty where all is well. `target` is as it was sent."""
    path, _, query = target.partition("?")
    template, operation = check.endpoint(method, path)
    found = [*_credentials(check, headers), *_body(check, operation, headers, body)]
    given: dict[tuple[str, str], str] = {("header", name.lower()): text for name, text in headers.items()}
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
    matched = re.fullmatch(pattern, path)
    assert matched is not None
    given |= {("path", name): unquote(text) for name, text in matched.groupdict().items()}
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    if len({name for name, _ in pairs}) < len(pairs):
        found.append(f"a query parameter stands twice: {query}")
    given |= {("query", name): text for name, text in pairs}
    known = [resolved(check.contract, one) for one in operation["parameters"]]
    names = {one["name"] for one in known if one["in"] == "query"}
    found += [f"{name} is no query parameter" for name, _ in pairs if name not in names]
    for one in known:
        place = (one["in"], one["name"].lower() if one["in"] == "header" else one["name"])
        if place in given:
            value = _read(one["schema"], given[place])
            found += [f"{one['name']}: {text}" for text in _faults(check, one["schema"], value)]
        elif one.get("required"):
            found.append(f"{one['name']} is missing")
    return found


def _credentials(check: ContractCheck, headers: Mapping[str, str]) -> Iterator[str]:
    ((scheme,),) = check.contract["security"]
    header, start = ("X-API-Key", "") if scheme == "key" else ("Authorization", "Bearer ")
    text = headers.get(header, "")
    if not text.startswith(start) or not text.removeprefix(start):
        yield f"{header} is missing"


def _body(
    check: ContractCheck, operation: dict[str, Any], headers: Mapping[str, str], body: bytes
) -> Iterator[str]:
    if "requestBody" not in operation:
        if body:
            yield "there is a body"
        return
    content = operation["requestBody"]["content"]
    media_type = headers.get("Content-Type", "").partition(";")[0]
    if media_type not in content:
        yield f"{media_type or 'nothing'} is no media type of the body"
        return
    yield from _faults(check, content[media_type]["schema"], json.loads(body))


def _read(schema: dict[str, Any], text: str) -> Any:
    """A parameter's value as its schema's type has it; what is none of it stays text, which the schema then tells."""
    if schema.get("type") == "array":
        return [_read(schema["items"], part) for part in text.split(",")]
    if schema.get("type") == "integer" and re.fullmatch("-?[0-9]+", text):
        return int(text)
    return text


def _faults(check: ContractCheck, schema: dict[str, Any], value: Any) -> list[str]:
    validator = jsonschema_rs.Draft202012Validator(
        {**schema, "components": {"schemas": check.schemas}}, validate_formats=True
    )
    return [f"{fault.instance_path}: {fault.message}" for fault in validator.iter_errors(value)]
