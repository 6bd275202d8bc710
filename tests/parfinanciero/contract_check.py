"""Holds a service's answers against its own contract, so that every test of a service is also one of its
contract.

Schemas are closed on the way (no member that the contract does not know), and 3.0's `nullable` becomes a
type.
"""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

CONTRACTS = Path(__file__).resolve().parents[2] / "examples" / "parfinanciero" / "contracts"
SERVICES = (
    *("users", "orders", "payments", "expenses", "storage", "projections"),
    *("reports", "reports_v2", "notifications"),
)
"""The contracts; each is of the service of its name, but for the second version of reports."""


def document(service: str) -> dict[str, Any]:
    """The service's contract as it stands in its file."""
    return yaml.safe_load((CONTRACTS / f"{service}.yaml").read_text(encoding="utf-8"))


def operations(contract: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation of every endpoint."""
    for path, item in contract["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def resolved(contract: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What a node's `$ref` leads to, or the node itself."""
    while "$ref" in node:
        target: Any = contract
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


class ContractCheck:
    """Checks answers of one service."""

    def __init__(self, service: str) -> None:
        self.contract = document(service)
        self.schemas = closed(copy.deepcopy(self.contract["components"]["schemas"]))
        bases = {
            f"#/components/schemas/{name}": [
                {"$ref": one} for one in node["discriminator"]["mapping"].values()
            ]
            for name, node in self.schemas.items()
            if "discriminator" in node and "oneOf" not in node
        }
        self.schemas = told_apart(self.schemas, bases)

    def operation(self, method: str, path: str) -> dict[str, Any]:
        """The operation that answers under this path."""
        return self.endpoint(method, path)[1]

    def endpoint(self, method: str, path: str) -> tuple[str, dict[str, Any]]:
        """Path template and operation that answer under this path; one without a parameter before others."""
        found = sorted(operations(self.contract), key=lambda one: one[1].count("{"))
        for known, template, operation in found:
            if known == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
                return template, operation
        raise AssertionError(f"the contract has no {method} {path}")

    def check(self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Fails unless the contract allows this answer."""
        responses = self.operation(method, path)["responses"]
        assert str(status) in responses, f"{method} {path} does not declare {status}"
        response = resolved(self.contract, responses[str(status)])
        for name, header in response.get("headers", {}).items():
            assert name in headers or not resolved(self.contract, header).get("required"), name
        if "content" not in response:
            assert body == b""
            return
        media_type = headers["Content-Type"].partition(";")[0]
        assert media_type in response["content"], media_type
        if not media_type.endswith("json"):
            return
        schema = {**response["content"][media_type]["schema"], "components": {"schemas": self.schemas}}
        faults = jsonschema_rs.Draft202012Validator(schema, validate_formats=True).iter_errors(
            json.loads(body)
        )
        assert [str(fault) for fault in faults] == []


def contract_check(service: str, path: str) -> ContractCheck:
    """The check of what this service answers at a path."""
    return _of_contract("reports_v2" if service == "reports" and path.startswith("/v2/") else service)


@functools.cache
def _of_contract(contract: str) -> ContractCheck:
    """The check of a contract, which is read once."""
    return ContractCheck(contract)


def closed(node: Any) -> Any:
    """The schemas as JSON Schema 2020-12, objects without members beyond the declared ones."""
    if isinstance(node, list):
        return [closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    node = {name: closed(value) for name, value in node.items()}
    if node.pop("nullable", False) is True:
        node["type"] = [node["type"], "null"]
    if "allOf" in node:
        # The parts do not know of each other's members; the whole does.
        for part in node["allOf"]:
            part.pop("additionalProperties", None)
        node["unevaluatedProperties"] = False
    elif node.get("type") == "object" and "properties" in node and "discriminator" not in node:
        node.setdefault("additionalProperties", False)
    return node


def told_apart(node: Any, bases: Mapping[str, list[dict[str, str]]]) -> Any:
    """The schemas with what extends a base wherever the base stands: JSON Schema knows no discriminators."""
    if isinstance(node, list):
        return [told_apart(each, bases) for each in node]
    if not isinstance(node, dict):
        return node
    if node.get("$ref") in bases:
        return {"oneOf": bases[node["$ref"]]}
    return {name: value if name == "allOf" else told_apart(value, bases) for name, value in node.items()}
