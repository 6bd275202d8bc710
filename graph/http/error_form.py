"""Errors in the form that clients get: a code for each, nothing of what failed unforeseen, and no more than
can be read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

from graphql import GraphQLError, GraphQLSyntaxError

from resolvers.fault import Code, FieldError

MOST_PLACES: Final = 100
"""How many places of one failed step are told one by one."""

_LOG: Final = logging.getLogger("stolon.graphql")
INVALID: Final = "GRAPHQL_VALIDATION_FAILED"
_ARGUMENTS: Final = "graphql.execution.values"
_PERMISSIONS: Final = "strawberry.permission"
_NULL: Final = "Cannot return null for non-nullable field"
_BROKEN: Final = frozenset({Code.CONTRACT_VIOLATION, Code.INCOMPLETE_BATCH})
_LOGGED_BELOW: Final = frozenset(
    {Code.UPSTREAM_ERROR, Code.UPSTREAM_TIMEOUT, Code.UPSTREAM_UNAVAILABLE, Code.OUTCOME_UNKNOWN}
)


def error_list(
    errors: Iterable[GraphQLError], *, detail: bool = False, pathless: str = INVALID
) -> list[dict[str, Any]]:
    """The errors of one answer, in their order; of one step's more than 100 places, the rest as one error
    that counts them.

    `detail` adds the service and the operation that failed. `pathless` is the code of errors without path and code:
    those of a document that is not valid, or of variables.
    """
    shown: list[dict[str, Any]] = []
    places: dict[tuple[object, ...], int] = {}
    rest: dict[tuple[object, ...], dict[str, Any]] = {}
    for error in errors:
        step = _step(error)
        places[step] = places.get(step, 0) + 1
        if places[step] <= MOST_PLACES:
            shown.append(formatted(error, detail=detail, pathless=pathless))
        elif step in rest:
            rest[step]["extensions"]["morePlaces"] += 1
        else:
            rest[step] = _first_of_rest(error, detail=detail, pathless=pathless)
    for more in rest.values():
        count = more["extensions"]["morePlaces"]
        more["message"] = f"The same at {count} more {'place' if count == 1 else 'places'}: {more['message']}"
    return [*shown, *rest.values()]


def _step(error: GraphQLError) -> tuple[object, ...]:
    """What tells failed steps apart: the path without list positions, and the code."""
    original = error.original_error
    code = original.fault.code if isinstance(original, FieldError) else None
    return (code, *(step for step in error.path or () if isinstance(step, str)))


def _first_of_rest(error: GraphQLError, *, detail: bool, pathless: str) -> dict[str, Any]:
    made = formatted(error, detail=detail, pathless=pathless)
    made["extensions"] = {**made["extensions"], "morePlaces": 1}
    return made


def formatted(error: GraphQLError, *, detail: bool = False, pathless: str = INVALID) -> dict[str, Any]:
    """One error as GraphQL's section 7.1.2 says, with its code. Unforeseen ones say nothing."""
    original = error.original_error
    message = error.message
    extensions: dict[str, Any] = dict(error.extensions or {})
    if isinstance(original, FieldError):
        fault = original.fault
        if detail and fault.service is not None:
            extensions |= {"service": fault.service, "operation": fault.operation}
    elif unforeseen(error) is not None:
        # What a resolver raised may name anything: clients get the path, the log the rest.
        if not message.startswith(_NULL):
            message = "Internal error."
        extensions = {"code": str(Code.INTERNAL_SERVER_ERROR)}
    else:
        extensions.setdefault("code", _code(error, pathless))
    made: dict[str, Any] = {"message": message}
    if error.locations:
        made["locations"] = [{"line": one.line, "column": one.column} for one in error.locations]
    if error.path is not None:
        made["path"] = list(error.path)
    made["extensions"] = extensions
    return made


def unforeseen(error: GraphQLError) -> Exception | None:
    """What nobody meant a client to see; None for faults, clients' mistakes and GraphQLErrors of a resolver's own.

    graphql-core raises errors of its own for values that a resolver should not have given, and these name the
    values.
    """
    original = error.original_error
    if original is None or isinstance(original, FieldError):
        return None
    if not isinstance(original, GraphQLError):
        return original
    module = _raised_in(original)
    return original if module.startswith("graphql.") and module != _ARGUMENTS and error.path else None


def _code(error: GraphQLError, pathless: str) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return "GRAPHQL_PARSE_FAILED"
    if error.path is None:
        return pathless
    module = "" if error.original_error is None else _raised_in(error.original_error)
    if module == _ARGUMENTS:
        return str(Code.BAD_USER_INPUT)
    return str(Code.FORBIDDEN if module == _PERMISSIONS else Code.INTERNAL_SERVER_ERROR)


def _raised_in(raised: BaseException) -> str:
    """The name of the module that raised it; nothing for one that was never raised."""
    trace = raised.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else str(trace.tb_frame.f_globals.get("__name__", ""))


def log_errors(errors: Iterable[GraphQLError], request_id: str | None) -> None:
    """Log what clients are not told: what nobody foresaw, and which service and operation each fault is of. Each
    failed step once, with its first place; nothing that a service or a client wrote.

    Failures of services (`UPSTREAM_…`) are logged where they are met, by `resolvers/errors.py`.
    """
    first: dict[tuple[object, ...], GraphQLError] = {}
    places: dict[tuple[object, ...], int] = {}
    for error in errors:
        if unforeseen(error) is None and not _of_interest(error.original_error):
            continue
        step = _step(error)
        first.setdefault(step, error)
        places[step] = places.get(step, 0) + 1
    for step, error in first.items():
        extra = {"request_id": request_id, "path": error.path, "places": places[step]}
        path = ".".join(map(str, error.path or ()))
        original = error.original_error
        if isinstance(original, FieldError):
            fault = original.fault
            extra |= {"service": fault.service, "operation": fault.operation}
            what = fault.message if fault.code in _BROKEN else f"{fault.code} at {path}"
            # A service that breaks its word is its team's business; a refused client is mostly its own.
            level = logging.WARNING if fault.code in _BROKEN else logging.INFO
            of = "" if fault.service is None else f"{fault.service}: {fault.operation}: "
            _LOG.log(level, "request %s: %s%s", request_id, of, what, extra=extra)
        else:
            _LOG.error(
                "request %s: a resolver failed at %s",
                request_id,
                path,
                exc_info=unforeseen(error),
                extra=extra,
            )


def _of_interest(original: Exception | None) -> bool:
    if not isinstance(original, FieldError):
        return False
    fault = original.fault
    return fault.code in _BROKEN or (fault.service is not None and fault.code not in _LOGGED_BELOW)
