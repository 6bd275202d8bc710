"""A fault: why a field has no value, settled like any other result and raised anew for every field that
needed it.

`resolvers/errors.py` makes faults of upstream answers and failures; `resolvers/loading/store.py` settles them; a
field raises `FieldError`, which graphql-core places at the field's path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from resolvers.reading.where import Where, json_path, root_of


class Code(StrEnum):
    """`extensions.code` of an error, as clients see it."""

    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"
    UPSTREAM_TIMEOUT = "UPSTREAM_TIMEOUT"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE"
    UPSTREAM_ERROR = "UPSTREAM_ERROR"
    CONTRACT_VIOLATION = "CONTRACT_VIOLATION"
    INCOMPLETE_BATCH = "INCOMPLETE_BATCH"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """One failure of one step. Equal only to itself: the places that share it are places of one failure.

    `details` go into the error's `extensions` as they are; `status` is the upstream's, for resolvers.
    `service` and `operation` are shown only where the project lets them be seen, and always logged.
    """

    code: Code
    message: str
    retryable: bool = False
    service: str | None = None
    operation: str | None = None
    status: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class FieldError(Exception):
    """A fault at one field. A new one is raised for each place, since graphql-core writes the path into it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault

    @property
    def extensions(self) -> dict[str, Any]:
        """What graphql-core copies into the GraphQL error (GraphQL specification, section 7.1.2)."""
        return {"code": str(self.fault.code), "retryable": self.fault.retryable, **self.fault.details}


class Violation(FieldError):
    """A value that breaks its contract, at the place where it was met."""


def violation(
    path: str, expected: str, found: str, *, service: str | None = None, operation: str | None = None
) -> Fault:
    """The fault of a value that is not what its contract says. Names types, never the value."""
    return Fault(
        Code.CONTRACT_VIOLATION,
        f"The upstream's answer breaks its contract at {path}: expected {expected}, found {found}.",
        service=service,
        operation=operation,
        details={"violation": {"path": path, "expected": expected, "found": found}},
    )


def violation_at(where: Where, expected: str, found: str) -> Fault:
    """The same for a place in an answer, with the service and the operation that its root knows."""
    root = root_of(where)
    service, operation = (None, None) if root is None else (root.service, root.operation)
    return violation(json_path(where), expected, found, service=service, operation=operation)
