"""From what an upstream answered, or failed to, to the fault that a field shows: the one table of errors.

Pure: `resolvers/loading/store.py` asks; `resolvers/fault.py` holds what comes out. Nothing that a 5xx answer says
leaves here.
"""

from __future__ import annotations

import logging
import math
import re
from typing import Any, Final

from adapters.contract.contract import Kind
from adapters.failures import (
    BadAnswer,
    KeyReused,
    NotSent,
    RateExceeded,
    Refused,
    TimedOut,
    Unauthenticated,
    UpstreamFailure,
)
from adapters.messages import Response
from adapters.problem import Problem, read_problem, retry_after
from resolvers.fault import Code, Fault, violation
from resolvers.paging.paging import PageViolation
from resolvers.reading.leaf import found_type
from resolvers.reading.where import ROOT, Where, json_path
from resolvers.source import BoundOperation

_LOG: Final = logging.getLogger("stolon.upstream")

_LOGGED: Final = 500
"""Characters of a service's words in one log line at most."""
_SECRET: Final = re.compile(
    r"(?i:bearer|basic)[ +:=]+[^ \"',;&]+|eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*"  # credentials; a JWT's text
)

# What a client reads where the service's own words are not for it.
_MESSAGES: Final = {
    Code.BAD_USER_INPUT: "The service refused the input.",
    Code.UNAUTHENTICATED: "The service did not accept the caller's token.",
    Code.FORBIDDEN: "The caller may not do this.",
    Code.NOT_FOUND: "Not found.",
    Code.CONFLICT: "The service refused the change: it conflicts with the present state.",
    Code.RATE_LIMITED: "The service answers no more calls for now.",
    Code.UPSTREAM_TIMEOUT: "The service did not answer in time.",
    Code.OUTCOME_UNKNOWN: "The service did not say whether the change was made: look before trying again.",
    Code.UPSTREAM_UNAVAILABLE: "The service can't be reached.",
    Code.UPSTREAM_ERROR: "The service could not answer.",
}

_KEY_REUSED: Final = "The Idempotency-Key was used before, for another change."

_PASSING: Final = frozenset({Code.RATE_LIMITED, Code.UPSTREAM_TIMEOUT, Code.UPSTREAM_UNAVAILABLE})
"""Codes of calls without an answer that may fare better another time."""


def fault_of_response(
    call: BoundOperation, response: Response, *, forwarded: bool, now: float, request_id: str | None = None
) -> Fault | None:
    """The fault of an answer that is no success; None for a lookup's declared 404, which means that there is
    nothing.

    `forwarded`: the call carried the caller's own credentials. `now` is seconds since the epoch.
    """
    status = response.status
    problem = read_problem(response)
    code = _code(call, status, problem, forwarded=forwarded)
    if code is None:
        return None
    if status >= 500 or code is Code.UPSTREAM_ERROR:
        _log(call, response, problem, request_id, alarm=status in (401, 403))
    tells = problem is not None and status < 500 and not (status in (401, 403) and not forwarded)
    details: dict[str, Any] = {}
    message = _MESSAGES[code]
    if problem is not None and tells:
        message = problem.detail or problem.title or message
        details["problem"] = _shown(call, status, problem)
        if code is Code.BAD_USER_INPUT and problem.fields:
            details["fields"] = _fields(call, problem)
    if code is Code.RATE_LIMITED:
        wait = retry_after(response, now)
        if wait is not None:
            details["retryAfter"] = wait
    retryable = code is Code.RATE_LIMITED or (code is Code.UPSTREAM_UNAVAILABLE and call.safe)
    return Fault(code, message, retryable, call.service, call.operation.id, status, details)


def _code(call: BoundOperation, status: int, problem: Problem | None, *, forwarded: bool) -> Code | None:
    match status:
        case 400 | 422:
            return Code.BAD_USER_INPUT if _on_client_input(call, problem) else Code.UPSTREAM_ERROR
        case 401:
            return Code.UNAUTHENTICATED if forwarded else Code.UPSTREAM_ERROR
        case 403:
            return Code.FORBIDDEN if forwarded else Code.UPSTREAM_ERROR
        case 404 if call.declares_404:
            return None if call.safe else Code.NOT_FOUND
        case 409 | 412:
            return Code.CONFLICT
        case 429:
            return Code.RATE_LIMITED
        case 502 | 503 | 504:
            return Code.UPSTREAM_UNAVAILABLE
        case _:
            return Code.UPSTREAM_ERROR


def _on_client_input(call: BoundOperation, problem: Problem | None) -> bool:
    if not call.from_client:
        return False
    if problem is None or not problem.fields:
        return True
    # Complaints about nothing but values that Stolon supplied are Stolon's fault.
    named = [one for one in problem.fields if one.pointer is not None or one.name is not None]
    return not named or any(call.locate(one) is not None for one in named)


def _fields(call: BoundOperation, problem: Problem) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    for one in problem.fields:
        path = call.locate(one)
        shown.append(
            {"message": one.message} if path is None else {"path": list(path), "message": one.message}
        )
    return shown


def _shown(call: BoundOperation, status: int, problem: Problem) -> dict[str, Any]:
    """RFC 9457's members (section 3.1), and those extension members that the contract declares for this
    status.
    """
    members: dict[str, Any] = {
        "type": problem.type,
        "title": problem.title,
        "status": status,
        "detail": problem.detail,
        "instance": problem.instance,
    }
    answer = call.operation.answer(status)
    if answer is not None and answer.use is not None:
        schema = call.contract.schema(answer.use)
        if schema.kind is Kind.OBJECT:
            declared = {one.name for one in schema.properties}
            members |= {
                name: value
                for name, value in problem.extensions.items()
                if name in declared and name not in members
            }
    return {name: value for name, value in members.items() if value is not None}


def fault_of_failure(call: BoundOperation, failure: UpstreamFailure, request_id: str | None = None) -> Fault:
    """The fault of a call that brought no answer. A change that may have been made is said to be unknown,
    never failed.
    """
    code = _failure_code(call, failure)
    _LOG.warning(
        "request %s: %s: %s",
        request_id,
        type(failure).__name__,
        failure,
        extra={
            "service": call.service,
            "operation": call.operation.id,
            "request_id": request_id,
            "sent": failure.sent,
        },
    )
    retryable = code in _PASSING and (call.safe or not failure.sent)
    # Whole seconds, as `Retry-After` has them; never 0, which would say that there is nothing to wait for.
    details: dict[str, Any] = (
        {"retryAfter": max(1, math.ceil(failure.retry_after))} if isinstance(failure, Refused) else {}
    )
    if isinstance(failure, KeyReused):
        problem = {"title": _KEY_REUSED, "status": 422}
        return Fault(code, _KEY_REUSED, False, call.service, call.operation.id, 422, {"problem": problem})
    return Fault(code, _MESSAGES[code], retryable, call.service, call.operation.id, details=details)


def _failure_code(call: BoundOperation, failure: UpstreamFailure) -> Code:
    if isinstance(failure, Unauthenticated):
        return Code.UNAUTHENTICATED
    if isinstance(failure, KeyReused):
        return Code.BAD_USER_INPUT
    if isinstance(failure, NotSent):
        return Code.UPSTREAM_ERROR
    if failure.sent and not call.safe:
        return Code.OUTCOME_UNKNOWN
    if isinstance(failure, RateExceeded):
        return Code.RATE_LIMITED
    if isinstance(failure, TimedOut):
        return Code.UPSTREAM_TIMEOUT
    if isinstance(failure, BadAnswer):
        return Code.UPSTREAM_ERROR
    return Code.UPSTREAM_UNAVAILABLE


def _log(
    call: BoundOperation, response: Response, problem: Problem | None, request_id: str | None, *, alarm: bool
) -> None:
    status = response.status
    level = logging.ERROR if alarm else logging.WARNING
    text = (
        f"ALARM: it refused the gateway's own credentials with {status}" if alarm else f"it answered {status}"
    )
    said = _said(response, problem)
    _LOG.log(
        level,
        "request %s: %s: %s: %s: %s",
        request_id,
        call.service,
        call.operation.id,
        text,
        said,
        extra={
            "service": call.service,
            "operation": call.operation.id,
            "status": status,
            "request_id": request_id,
            "problem": said,
        },
    )


def _said(response: Response, problem: Problem | None) -> str:
    """What the service said, for the log: one line, cut, and without what looks like a token that it repeats."""
    text = None if problem is None else problem.detail or problem.title
    if text is None:
        text = response.body[: 4 * _LOGGED].decode(errors="replace")
    return _SECRET.sub("[token]", " ".join(text.split()))[:_LOGGED]


def incomplete(call: BoundOperation, pages: int) -> Fault:
    """The fault of a list that its service pages further than it may be followed, or that ended early."""
    return Fault(
        Code.INCOMPLETE_BATCH,
        f"The service has more than the {pages} pages that are read at most; what was read is not the whole.",
        service=call.service,
        operation=call.operation.id,
    )


def page_fault(call: BoundOperation, broken: PageViolation) -> Fault:
    """The fault of a page that is not what the operation's paging says."""
    where: Where = ROOT
    for step in broken.path:
        where = (where, step)
    return _at(call, where, broken.expected, broken.found)


def not_a_list(call: BoundOperation, where: Where, value: object) -> Fault:
    """The fault of an answer that should be a list."""
    return _at(call, where, "array", found_type(value))


def no_key(call: BoundOperation, where: Where) -> Fault:
    """The fault of an item that can't be matched: it is no object, or its key is none."""
    return _at(call, where, "an object with its key", "something else")


def _at(call: BoundOperation, where: Where, expected: str, found: str) -> Fault:
    return violation(json_path(where), expected, found, service=call.service, operation=call.operation.id)
