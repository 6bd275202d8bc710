"""Errors in the form that clients get: a code for each, nothing of what failed unforeseen, and no more than
can be read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

from graphql import GraphQLError, GraphQLSyntaxError

from resolvers.fault import Code, FieldError, Violation

MOST_PLACES: Final = 100
"""How many places of one failed step are told one by one."""

_LOG: Final = logging.getLogger("stolon.graphql")
_NULL: Final = "Cannot return null for non-nullable field"


def error_list(errors: Iterable[GraphQLError], *, detail: bool = False) -> list[dict[str, Any]]:
    """The errors of one answer, in their order; of one step's more than 100 places, the rest as one error
    that counts them.

    `detail` adds the service and the operation that failed.
    """
    shown: list[dict[str, Any]] = []
    places: dict[tuple[object, ...], int] = {}
    rest: dict[tuple[object, ...], dict[str, Any]] = {}
    for error in errors:
        step = _step(error)
        places[step] = places.get(step, 0) + 1
        if places[step] <= MOST_PLACES:
            shown.append(formatted(error, detail=detail))
        elif step in rest:
            rest[step]["extensions"]["morePlaces"] += 1
        else:
            rest[step] = _first_of_rest(error, detail=detail)
    for more in rest.values():
        count = more["extensions"]["morePlaces"]
        more["message"] = f"The same at {count} more {'place' if count == 1 else 'places'}: {more['message']}"
    return [*shown, *rest.values()]


def _step(error: GraphQLError) -> tuple[object, ...]:
    """What tells failed steps apart: the path without list positions, and the code."""
    original = error.original_error
    code = original.fault.code if isinstance(original, FieldError) else None
    return (code, *(step for step in error.path or () if isinstance(step, str)))


def _first_of_rest(error: GraphQLError, *, detail: bool) -> dict[str, Any]:
    made = formatted(error, detail=detail)
    made["extensions"] = {**made["extensions"], "morePlaces": 1}
    return made


def formatted(error: GraphQLError, *, detail: bool = False) -> dict[str, Any]:
    """One error as GraphQL's section 7.1.2 says, with its code. Unforeseen ones are logged and say nothing."""
    original = error.original_error
    message = error.message
    extensions: dict[str, Any] = dict(error.extensions or {})
    if isinstance(original, FieldError):
        fault = original.fault
        if isinstance(original, Violation):
            _LOG.warning("%s", message, extra={"path": error.path})
        if detail and fault.service is not None:
            extensions |= {"service": fault.service, "operation": fault.operation}
    elif isinstance(error, GraphQLSyntaxError):
        extensions.setdefault("code", "GRAPHQL_PARSE_FAILED")
    elif original is None or isinstance(original, GraphQLError):
        extensions.setdefault("code", _code(error))
    else:
        # What a resolver raised may name anything: clients get the path, the log the rest.
        _LOG.error("a resolver failed at %s", error.path, exc_info=original)
        if not message.startswith(_NULL):
            message = "Internal error."
        extensions.setdefault("code", str(Code.INTERNAL_SERVER_ERROR))
    made: dict[str, Any] = {"message": message}
    if error.locations:
        made["locations"] = [{"line": one.line, "column": one.column} for one in error.locations]
    if error.path is not None:
        made["path"] = list(error.path)
    made["extensions"] = extensions
    return made


def _code(error: GraphQLError) -> str:
    if error.path is not None:
        return str(Code.BAD_USER_INPUT)
    return "BAD_USER_INPUT" if error.message.startswith("Variable ") else "GRAPHQL_VALIDATION_FAILED"
