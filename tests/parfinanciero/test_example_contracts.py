"""The example's contracts are valid, complete, and say what the services do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from examples.parfinanciero.services import media, orders, payments, users
from examples.parfinanciero.services.catalogue import SERVICES as APPLICATIONS
from examples.parfinanciero.services.options import ServiceOptions
from tests.parfinanciero.contract_check import SERVICES, document, operations, resolved

OPTIONS = ServiceOptions(database=Path("never-opened"), jwks="http://127.0.0.1/", issuer="nobody")
CONTRACTS_OF = {name: (name,) for name in APPLICATIONS} | {"reports": ("reports", "reports_v2")}


@pytest.mark.parametrize("service", SERVICES)
def test_contracts_are_valid(service: str) -> None:
    """Each contract is a valid document of its OpenAPI version: 3.0 for the oldest service, 3.1 for the others."""
    contract = document(service)
    validate(contract)
    assert contract["openapi"] == ("3.0.3" if service == "users" else "3.1.0")


@pytest.mark.parametrize("service", APPLICATIONS)
def test_contract_and_routes_agree(service: str) -> None:
    """A service routes exactly the operations of its contracts, under their ids."""
    routed = {
        (route.method, route.resource.canonical, route.resource.name)
        for route in APPLICATIONS[service](OPTIONS).router.routes()
        if route.resource is not None and not route.resource.canonical.startswith("/internal/")
    }
    assert routed == {
        (method, path, operation["operationId"])
        for contract in CONTRACTS_OF[service]
        for method, path, operation in operations(document(contract))
    }


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_takes_a_tenant_and_credentials(service: str) -> None:
    """Every operation requires the tenant header, and the contract's bearer token, or key, holds for all of them."""
    contract = document(service)
    keyed = service == "notifications"
    assert contract["security"] == [{"key" if keyed else "bearer": []}]
    for _, _, operation in operations(contract):
        parameters = [resolved(contract, parameter) for parameter in operation["parameters"]]
        assert [each["required"] for each in parameters if each["name"] == "X-Tenant-ID"] == [True]
        # Whoever has the key may call everything.
        assert ({"401"} if keyed else {"401", "403"}) <= operation["responses"].keys()
        assert "security" not in operation


@pytest.mark.parametrize("service", SERVICES)
def test_everything_is_described(service: str) -> None:
    """Every operation, parameter, header, response, body, schema and property has a description."""
    contract = document(service)
    assert [place for place, node in _describable(contract) if not node.get("description")] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_error_is_a_problem_document(service: str) -> None:
    """Every declared error answer is application/problem+json of the component Problem."""
    contract = document(service)
    for _, _, operation in operations(contract):
        for status, response in operation["responses"].items():
            if status >= "400":
                assert resolved(contract, response)["content"] == {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }


def test_enums_agree() -> None:
    """The enums of the contracts are those of the services."""
    schemas = {service: document(service)["components"]["schemas"] for service in SERVICES}
    assert tuple(schemas["users"]["UserStatus"]["enum"]) == users.STATUSES
    assert tuple(schemas["orders"]["OrderStatus"]["enum"]) == orders.STATUSES == tuple(orders.MOVES)
    assert tuple(schemas["orders"]["Currency"]["enum"]) == orders.CURRENCIES
    assert tuple(schemas["payments"]["Currency"]["enum"]) == payments.CURRENCIES
    assert tuple(schemas["expenses"]["MediaType"]["enum"]) == media.MEDIA_TYPES


def test_test_methods_are_described() -> None:
    """The description of createPayment names every test method."""
    described = document("payments")["paths"]["/v1/payments"]["post"]["description"]
    assert [method for method in payments.TEST_METHODS if f"`{method}`" not in described] == []


def _describable(contract: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "info", contract["info"]
    for method, path, operation in operations(contract):
        yield f"{method} {path}", operation
        if "requestBody" in operation:
            yield f"{method} {path} body", operation["requestBody"]
        for parameter in operation["parameters"]:
            yield f"{method} {path} {parameter}", resolved(contract, parameter)
        for status, response in operation["responses"].items():
            yield f"{method} {path} {status}", resolved(contract, response)
            for name, header in resolved(contract, response).get("headers", {}).items():
                yield f"{method} {path} {status} {name}", resolved(contract, header)
    for name, schema in contract["components"]["schemas"].items():
        yield name, schema
        for member, node in schema.get("properties", {}).items():
            yield f"{name}.{member}", node
    yield from contract["components"]["securitySchemes"].items()
