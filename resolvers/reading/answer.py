"""From a response's bytes to the JSON value that an operation's `pick` names, with the place where it stands."""

from __future__ import annotations

from typing import Any, Final

from adapters.contract.contract import Use
from adapters.messages import Response
from resolvers.fault import Fault, FieldError, violation
from resolvers.reading.json_text import Unreadable, decoded
from resolvers.reading.leaf import found_type
from resolvers.reading.where import Where, json_path
from resolvers.source import BoundOperation

NO_BODY: Final = object()


def body_of(call: BoundOperation, response: Response) -> Any:
    """The decoded JSON body; `NO_BODY` where there is none. Raises FieldError (CONTRACT_VIOLATION) for what
    is no JSON.
    """
    if not response.body:
        return NO_BODY
    try:
        return decoded(response.body, exact=call.exact)
    except Unreadable:
        raise FieldError(_broken(call, "$", "JSON", "what is no JSON")) from None


def picked(call: BoundOperation, body: Any) -> tuple[Any, Where]:
    """The value that `pick` names and its place; None where it, or a step before it, is not there and need not
    be. True where the contract promises no body.

    Raises FieldError (CONTRACT_VIOLATION).
    """
    where: Where = call.root
    answer = call.success
    use = None if answer is None else answer.use
    if use is None:
        # Nothing is promised, so that all there is to say is that it went well.
        return True, where
    if body is NO_BODY:
        if use.nullable and not call.pick:
            return None, where
        raise FieldError(_broken(call, "$", "a JSON body", "nothing"))
    value = body
    here: Use | None = use
    nullable = use.nullable
    for step in call.pick:
        if value is None and nullable:
            return None, where
        if type(value) is not dict:
            raise FieldError(_broken(call, json_path(where), "object", found_type(value)))
        # Binding found every step of `pick` in the contract.
        declared = None if here is None else call.contract.schema(here).property(step)
        where = (where, step)
        if step not in value:
            if declared is None or not declared.required:
                return None, where
            raise FieldError(_broken(call, json_path(where), "a value", "nothing"))
        value = value[step]
        here = None if declared is None else declared.use
        nullable = declared is None or declared.use.nullable or not declared.required
    if value is None and not nullable:
        raise FieldError(_broken(call, json_path(where), "a value", "null"))
    return value, where


def _broken(call: BoundOperation, path: str, expected: str, found: str) -> Fault:
    return violation(path, expected, found, service=call.service, operation=call.operation.id)
