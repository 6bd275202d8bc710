"""Short ways to write OpenAPI documents in tests, and to read them without a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.contract.contract import Contract, Property, Schema
from adapters.contract.openapi import contract_of
from adapters.mistake import ProjectError

FILE = Path("contracts/things.yaml")
OK: dict[str, Any] = {"200": {"description": "it went well"}}


def document(version: str = "3.1.0", **parts: Any) -> dict[str, Any]:
    """A document of that version: `paths`, `schemas` and other parts of `components` by name."""
    paths = parts.pop("paths", {})
    return {
        "openapi": version,
        "info": {"title": "Things", "version": "1.2.3"},
        "paths": paths,
        "components": parts,
    }


def json_answer(schema: Any, media_type: str = "application/json") -> dict[str, Any]:
    """The `responses` of an operation that answers JSON of that schema."""
    return {"200": {"description": "it went well", "content": {media_type: {"schema": schema}}}}


def read(whole: Mapping[str, Any]) -> Contract:
    """The contract of a document."""
    return contract_of("things", FILE, whole, lambda path: 0)


def told(whole: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The mistakes of a document that must be refused: JSON path and message of each."""
    with pytest.raises(ProjectError) as caught:
        read(whole)
    assert {mistake.file for mistake in caught.value.mistakes} == {FILE}
    return [(mistake.path, mistake.message) for mistake in caught.value.mistakes]


def schema(whole: Any, version: str = "3.1.0", **others: Any) -> Schema:
    """One component schema, read alone or beside others."""
    return read(document(version, schemas={"It": whole, **others})).schemas["#/components/schemas/It"]


def properties(
    version: str = "3.1.0", *, beside: Mapping[str, Any] | None = None, **stated: Any
) -> dict[str, Property]:
    """The properties of one object schema, by name."""
    found = schema({"type": "object", "properties": stated}, version, **(beside or {}))
    return {one.name: one for one in found.properties}
