"""A use of the contract's model as a JSON Schema (2020-12), for checking what is sent.

`adapters/contract/constraints.py` compiles it. It says what the model knows: a construct that the model reads as
`Kind.ANY` or `Kind.UNION` allows everything here.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any, Final

from adapters.contract.contract import Bounds, Contract, Kind, Schema, Use

_KEYWORDS: Final = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusive_minimum": "exclusiveMinimum",
    "exclusive_maximum": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "min_items": "minItems",
    "max_items": "maxItems",
}


def json_schema(
    contract: Contract, use: Use, without: frozenset[str] = frozenset(), *, answers: bool = False
) -> dict[str, Any]:
    """The JSON Schema of values that may be sent where `use` stands; with `answers`, of what a service may answer.

    Properties that are read-only (of answers: write-only) are left out: they are neither required nor, in an
    object that is closed, allowed. Formats say nothing here. Every schema stands once under `$defs` for each
    nullability in which it is used. `without` are properties of the object itself that others supply, so that nobody
    asks for them.
    """
    writer = _Writer(contract, answers=answers)
    schema = contract.schema(use)
    if without:
        left = tuple(one for one in schema.properties if one.name not in without)
        reference = writer.define(replace(schema, properties=left), use.nullable)
    else:
        reference = writer.refer(use)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **reference,
        "$defs": writer.definitions(),
    }


class _Writer:
    def __init__(self, contract: Contract, *, answers: bool) -> None:
        self._contract = contract
        self._answers = answers
        self._names: dict[tuple[str, bool], str] = {}
        self._waiting: deque[tuple[str, bool]] = deque()

    def refer(self, use: Use) -> dict[str, Any]:
        key = (use.schema, use.nullable)
        if key not in self._names:
            self._names[key] = f"s{len(self._names)}"
            self._waiting.append(key)
        return {"$ref": f"#/$defs/{self._names[key]}"}

    def definitions(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self._waiting:
            key = self._waiting.popleft()
            found[self._names[key]] = self.define(self._contract.schema(key[0]), key[1])
        return found

    def define(self, schema: Schema, nullable: bool) -> dict[str, Any]:
        written: dict[str, Any] = {}
        if schema.json_type != "any":
            written["type"] = [schema.json_type, "null"] if nullable else schema.json_type
        if schema.enum is not None:
            written["enum"] = [*schema.enum, None] if nullable else list(schema.enum)
        written |= _bounds(schema.bounds)
        if schema.kind is Kind.OBJECT:
            sent = [one for one in schema.properties if not self._left_out(one.use)]
            written["properties"] = {one.name: self.refer(one.use) for one in sent}
            written["required"] = [one.name for one in sent if one.required]
            if not schema.additional:
                written["additionalProperties"] = False
        if schema.items is not None:
            written["items"] = self.refer(schema.items)
        return written

    def _left_out(self, use: Use) -> bool:
        return use.write_only if self._answers else use.read_only


def _bounds(bounds: Bounds) -> dict[str, Any]:
    stated = {keyword: getattr(bounds, name) for name, keyword in _KEYWORDS.items()}
    written = {keyword: value for keyword, value in stated.items() if value is not None}
    return {**written, "uniqueItems": True} if bounds.unique_items else written
