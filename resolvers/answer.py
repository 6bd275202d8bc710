"""From a response's bytes to the JSON value that an operation's `pick` names, with the place where it stands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from adapters.messages import Response
from resolvers.fault import Fault, FieldError, violation
from resolvers.leaf import found_type
from resolvers.source import BoundOperation
from resolvers.where import ROOT, Where, json_path

_PLAIN: Final = msgspec.json.Decoder()
# Numbers with a fraction keep their digits where the contract says that some of them are decimals.
_EXACT: Final = msgspec.json.Decoder(float_hook=Decimal)

NO_BODY: Final = object()


def body_of(call: BoundOperation, response: Response) -> Any:
    """The decoded JSON body; `NO_BODY` where there is none. Raises FieldError (CONTRACT_VIOLATION) for what
    is no JSON.
    """
    if not response.body:
        return NO_BODY
    try:
        return (_EXACT if call.exact else _PLAIN).decode(response.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        # msgspec's own text may quote the body.
        raise FieldError(_broken(call, "$", "JSON", "what is no JSON")) from None


def picked(call: BoundOperation, body: Any) -> tuple[Any, Where]:
    """The value that `pick` names and its place; None where it, or a step before it, is null and may be.

    Raises FieldError (CONTRACT_VIOLATION).
    """
    where: Where = ROOT
    use = call.result
    nullable = use is None or use.nullable
    if body is NO_BODY:
        if nullable:
            return None, where
        raise FieldError(_broken(call, "$", "a JSON body", "nothing"))
    value = body
    for step in call.pick:
        if not isinstance(value, dict):
            raise FieldError(_broken(call, json_path(where), "object", found_type(value)))
        where = (where, step)
        if step not in value:
            if nullable:
                return None, where
            raise FieldError(_broken(call, json_path(where), "a value", "nothing"))
        value = value[step]
        if value is None and nullable:
            return None, where
    if value is None and not nullable:
        raise FieldError(_broken(call, json_path(where), "a value", "null"))
    return value, where


def _broken(call: BoundOperation, path: str, expected: str, found: str) -> Fault:
    return violation(path, expected, found, service=call.service, operation=call.operation.id)
